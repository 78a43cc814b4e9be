"""What of an object goes beyond the fields that people in a tenant may write. Pure; which those are, policies say.

Lists of what is allowed, never of what is not: a field that a provider brings next year is the platform's until
somebody has looked at it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from webhooks import difference
from webhooks.tree import Tree


def beyond(value: Tree, allowed: Collection[str], at: str = "") -> Iterator[tuple[str, Any]]:
    """What is said outside of the allowed paths, each with its own: `network.certSANs`, `annotations[a.dev/b]`.

    Below an allowed path everything is. Nothing, false and an empty list say nothing. An empty text does, as the value
    of a label, and so does an empty object: KubeVirt switches things on by it.
    """
    for key, inner in value.items():
        path = f"{at}[{key}]" if "/" in key else f"{at}.{key}" if at else key
        if path in allowed or inner is None or inner is False or inner == []:
            continue
        if isinstance(inner, Mapping) and any(other.startswith((f"{path}.", f"{path}[")) for other in allowed):
            yield from beyond(inner, allowed, path)
        else:
            yield path, inner


def added(after: Tree, before: Tree, allowed: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The same, without what was there before: the platform may have written it, and controllers write the rest.

    Of a list that stays one may take away, as one may take away all of it.
    """
    there = dict(beyond(before, allowed))
    return (
        (path, value)
        for path, value in beyond(after, allowed)
        if path not in there or not (there[path] == value or difference.is_part(value, there[path]))
    )
