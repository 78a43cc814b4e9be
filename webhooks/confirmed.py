"""What of the caches was held against the API server a moment ago: it need not be asked again for that long.

Tenants, the Catalog and templates of machines hardly ever change, and each creation rests on them. To read them anew
every time would be the dearest part of a creation. So what was changed holds everywhere after `WITHIN`, however far a
replica's watch is behind. Where many of a kind are in use, one roll call, a list of revisions alone, says of all of
them that they are as they were found to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from provisioning.manifest import Revision, Revisions, revision_of
from provisioning.resources import Resource
from webhooks.facts import Answer, One, Query

WITHIN: Final = 2.0
"""Seconds for which a cached object counts as it was found to be."""
MOST: Final = 2000
"""Objects of a kind of which that is known; of more, those that were confirmed longest ago are forgotten."""
CROWD: Final = 8
"""Objects of a kind that were in use within `LATELY` seconds, from which on its roll is called in place of a read of
each."""
LATELY: Final = 10.0
SPARED: Final = 60.0
"""Seconds for which the roll of a kind is not called again that was too long."""


@dataclass
class _Found:
    at: float
    gist: object
    revision: Revision | None
    used: float


@dataclass
class _Kind:
    found: dict[Query, _Found] = field(default_factory=dict)
    spared_until: float = float("-inf")


class Confirmed:
    """The memory of one replica. Times are of the running loop's clock."""

    def __init__(self, within: float = WITHIN) -> None:
        self.within = within
        self._kinds: defaultdict[Resource, _Kind] = defaultdict(_Kind)

    def doubtful(self, queries: Iterable[Query], known: Mapping[Query, Answer], *, since: float) -> set[Query]:
        """Those that no API server that was asked since then has found to be just so."""
        return {query for query in queries if not self._holds(query, known[query], since)}

    def note(self, queries: Iterable[Query], known: Mapping[Query, Answer], asked: float) -> None:
        """They were found to be so by an API server that was `asked` then."""
        for query in queries:
            found = self._kinds[query.resource].found
            found.pop(query, None)
            answer = known[query]
            revision = revision_of(answer) if isinstance(answer, dict) else None
            found[query] = _Found(asked, gist(answer), revision, used=asked)
            if len(found) > MOST:
                del found[next(iter(found))]

    def crowded(self, queries: Iterable[Query], known: Mapping[Query, Answer], now: float) -> set[Resource]:
        """The kinds of those that were found to be just so before, where so many are in use that a list is less work
        than a read of each."""
        before = {query.resource for query in queries if self._holds(query, known[query], float("-inf"))}
        return {kind for kind in before if self._is_crowded(self._kinds[kind], now)}

    def called(self, kind: Resource, roll: Revisions | None, asked: float) -> None:
        """What an API server said that was `asked` for the roll then; None where it would be too long."""
        known = self._kinds[kind]
        if roll is None:
            known.spared_until = asked + SPARED
            return
        for query, found in list(known.found.items()):
            revision = roll.get((query.namespace, query.name)) if isinstance(query, One) else None
            if revision is None:
                del known.found[query]
            elif revision == found.revision:
                found.at = max(found.at, asked)
                known.found[query] = known.found.pop(query)

    def _is_crowded(self, kind: _Kind, now: float) -> bool:
        if now < kind.spared_until:
            return False
        in_use = (found for found in kind.found.values() if now - found.used < LATELY)
        return next(islice(in_use, CROWD - 1, None), None) is not None

    def _holds(self, query: Query, answer: Answer, since: float) -> bool:
        found = self._kinds[query.resource].found.get(query)
        if found is None:
            return False
        found.used = max(found.used, since)
        return found.at >= since and found.gist == gist(answer)


def gist(answer: Answer) -> object:
    """What a rule may judge by. The rest of an object, as the status of a Tenant, changes all the time."""
    if isinstance(answer, dict):
        meta = answer["metadata"]
        return meta.get("uid"), meta.get("labels"), answer.get("spec")
    return answer
