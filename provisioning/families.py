"""Objects that share what their owner was charged with, and what each finds taken of it by the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from provisioning import kinship
from provisioning.errors import MalformedQuantity, RuleError
from provisioning.kinship import Surroundings, name_of, uid_of
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from provisioning.usage import Usage


class Families:
    """Remembers whom it has found, for as long as what there is stays as it is.

    Others that share an owner's charge go before the one that is asked about: all of them, so that what is written now
    pays for what it takes beyond; or, for what is there already (`settled`), those that are older. Either way all that
    is beyond the owner's charge is charged once at least.
    """

    def __init__(self, there: Surroundings, *, settled: bool) -> None:
        self._there = there
        self.settled = settled
        self._earlier: dict[str, dict[str, Usage]] = {}
        self._children: dict[tuple[Resource, str], dict[str, list[Manifest]]] = {}

    def children(self, parent: Manifest, kind: Resource) -> list[Manifest]:
        """All of the kind that name this living object as their controller; worked out once for a whole namespace."""
        key = (kind, parent["metadata"]["namespace"])
        if key not in self._children:
            self._children[key] = kinship.families(kind, self._there, namespace=key[1])
        return self._children[key].get(uid_of(parent), [])

    def taken(
        self,
        family: str,
        manifest: Manifest,
        members: Callable[[], Iterable[Manifest]],
        weigh: Callable[[Manifest], Usage],
    ) -> Usage:
        """What others of the family take of what they share."""
        if not self.settled:
            others = (one for one in members() if name_of(one) != name_of(manifest))
            return sum((leniently(weigh, one) for one in others), Usage())
        if family not in self._earlier:
            total, earlier = Usage(), {}
            for one in sorted(members(), key=_age):
                earlier[name_of(one)] = total
                total += leniently(weigh, one)
            self._earlier[family] = earlier
        return self._earlier[family].get(name_of(manifest), Usage())


def beyond(weight: Usage, *entitled: Usage, taken: Usage | None = None) -> Usage:
    """The part of the weight that is more than is left of what the owner was charged with."""
    left = sum(entitled, Usage()) - (taken or Usage())
    return (weight - left.rises()).rises()


def leniently(weigh: Callable[[Manifest], Usage], manifest: Manifest) -> Usage:
    """A sibling that cannot be measured any more (its template is gone) stands in nobody's way; its slot keeps what it
    was charged with."""
    try:
        return weigh(manifest)
    except (MalformedQuantity, RuleError):
        return Usage()


def _age(manifest: Manifest) -> tuple[str, str]:
    meta = manifest["metadata"]
    return str(meta.get("creationTimestamp", "")), str(meta["uid"])
