"""Reading strictly in raw manifests: what is not what it should be is an error, never empty and never zero. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from provisioning.errors import MalformedQuantity
from provisioning.manifest import Tree


def inside(manifest: Tree, *path: str) -> Tree:
    """The part of a manifest at the path, empty when it is not there. Anything but an object there is an error."""
    found = manifest
    for part in path:
        value = found.get(part)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise MalformedQuantity(f"{'.'.join(path)}: {part} is no object")
        found = value
    return found


def count(value: object, what: str) -> int:
    """A number of things as JSON writes it, as large as the API server's int32 at most."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    raise MalformedQuantity(f"{what}: {value!r} is no number that can be counted with")


def digits(value: object, what: str) -> int:
    """A number of things as an annotation or a percentage writes it."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        return count(int(value), what)
    raise MalformedQuantity(f"{what}: {value!r} is no number that can be counted with")


def items(holder: Tree, key: str) -> Sequence[object]:
    """The list under the key, empty when it is not there. Anything but a list there is an error."""
    found = holder.get(key) or ()
    if not isinstance(found, list | tuple):
        raise MalformedQuantity(f"{key} is no list")
    return found
