"""What the API server said of an object last time: a guess to go on with while it is asked again. Never an answer.

A template of machines hardly ever changes, and everything that refers to it is measured by it. So a charge is worked
out by what is remembered, and reserved while the template is read, unless that was done a moment ago and a watch has
seen no change since; no yes is given before both have come, and none at all by what turns out to be otherwise now.
"""

from __future__ import annotations

from typing import Final

from provisioning.manifest import Manifest
from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES
from webhooks.facts import Answer, One, Query

KINDS: Final = (KUBEVIRT_MACHINE_TEMPLATES, VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES)
MOST: Final = 500
"""Objects that are remembered; of more, those that were not asked for longest are forgotten."""


class Recall:
    """The memory of one replica."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._seen: dict[Query, Manifest] = {}

    def guess(self, query: Query) -> Manifest | None:
        """What was there last time; None when nothing is remembered."""
        found = self._seen.pop(query, None)
        if found is not None:
            self._seen[query] = found
        return found

    def note(self, query: Query, answer: Answer) -> None:
        """Remember what was just read live."""
        if not isinstance(query, One) or query.resource not in KINDS:
            return
        self._seen.pop(query, None)
        if isinstance(answer, dict):
            self._seen[query] = answer
        while len(self._seen) > self._most:
            del self._seen[next(iter(self._seen))]
