"""What follows from an object of a cache alone, worked out once: its model, or how large a template's machines are.

Every review asks for its Tenant, many for the Catalog and for one and the same template. A cache hands out the very
same manifest until anything changes, and who is given one leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Final, TypeVar

from provisioning import footprint, objects
from provisioning.manifest import Manifest, key_of
from provisioning.model.base import Model
from provisioning.objects import Stored
from provisioning.usage import Usage

MOST: Final = 5000
"""Objects of which it is kept; then all is worked out anew."""

M = TypeVar("M", bound=Model)
V = TypeVar("V")

_known: dict[Hashable, tuple[Manifest, Any]] = {}


def read(model: type[M], manifest: Manifest) -> Stored[M]:
    """As `objects.read`. For what has no namespace."""
    return _once((model, manifest["metadata"]["name"]), manifest, partial(objects.read, model))


def size(template: Manifest) -> Usage:
    """As `footprint.of_machine`, of a template that says its size itself."""
    return _once(key_of(template), template, footprint.of_machine)


def _once(key: Hashable, manifest: Manifest, work_out: Callable[[Manifest], V]) -> V:
    before = _known.get(key)
    if before is None or before[0] is not manifest:
        if len(_known) >= MOST:
            _known.clear()
        before = _known[key] = (manifest, work_out(manifest))
    found: V = before[1]
    return found
