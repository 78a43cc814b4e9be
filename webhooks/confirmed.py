"""What of the caches was held against the API server a moment ago: it need not be asked again for that long.

Tenants, the Catalog and templates of machines hardly ever change, and each creation rests on them. To read them anew
every time would be the dearest part of a creation. So what was changed holds everywhere after `WITHIN`, however far a
replica's watch is behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from webhooks.facts import Answer, Query

WITHIN: Final = 2.0
"""Seconds for which a cached object counts as it was found to be."""
MOST: Final = 2000
"""Objects of which that is known; of more, those that were confirmed longest ago are forgotten."""


class Confirmed:
    """The memory of one replica. Times are of the running loop's clock."""

    def __init__(self, within: float = WITHIN) -> None:
        self._within = within
        self._known: dict[Query, tuple[float, object]] = {}

    def doubtful(self, queries: Iterable[Query], known: Mapping[Query, Answer], now: float) -> set[Query]:
        """Those that were not found to be just so within the last moment."""
        return {query for query in queries if not self._holds(query, known[query], now)}

    def note(self, queries: Iterable[Query], known: Mapping[Query, Answer], asked: float) -> None:
        """They were found to be so by an API server that was `asked` then."""
        for query in queries:
            self._known.pop(query, None)
            self._known[query] = (asked, gist(known[query]))
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def _holds(self, query: Query, answer: Answer, now: float) -> bool:
        at, found = self._known.get(query, (float("-inf"), None))
        return now - at < self._within and found == gist(answer)


def gist(answer: Answer) -> object:
    """What a rule may judge by. The rest of an object, as the status of a Tenant, changes all the time."""
    if isinstance(answer, dict):
        meta = answer["metadata"]
        return meta.get("uid"), meta.get("labels"), answer.get("spec")
    return answer
