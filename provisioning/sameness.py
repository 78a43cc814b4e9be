"""What follows from an object alone, worked out once: for as long as a cache hands out the very same manifest.

A cache hands out a new one when anything changes; who is given a manifest leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, TypeVar

from provisioning.manifest import Manifest

MOST: Final = 5000
"""Objects of which it is kept; then all is worked out anew."""

V = TypeVar("V")


class WorkedOut(Generic[V]):
    """By a key that tells objects apart."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[dict[str, Any], V]] = {}

    def of(self, key: Hashable, manifest: Manifest, work_out: Callable[[Manifest], V]) -> V:
        """What `work_out` says of the manifest, or said when this very one was asked about. Raises as that."""
        before = self._known.get(key)
        if before is not None and before[0] is manifest:
            return before[1]
        found = work_out(manifest)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = (manifest, found)
        return found
