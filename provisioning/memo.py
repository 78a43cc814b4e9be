"""What one leader leaves to the next: a line in an annotation of the Lease by which they are elected.

So a new leader repeats nothing that people were told, and needs no object and no right of its own for that. What
must never live here: what is noted, which is for whoever notes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import GROUP, LEASES

PLATFORM_TOLD: Final = f"{GROUP}/platform-told"
DELEGATES_TOLD: Final = f"{GROUP}/delegates-told"
TRIES: Final = 10
"""The leader renews its lease every few seconds: a lost race is rare, and ten of them in a row are none."""


class Memo(Protocol):
    """A line that outlives the process."""

    async def read(self) -> str:
        """Empty before the first. Raises `KubeError`."""
        ...

    async def write(self, line: str) -> None:
        """Raises `KubeError`."""
        ...


@dataclass
class Remembered:
    """A `Memo` of this process alone, for where there is one process only."""

    line: str = ""

    async def read(self) -> str:
        return self.line

    async def write(self, line: str) -> None:
        self.line = line


@dataclass(frozen=True)
class LeaseMemo:
    """On the Lease `name`, which there is once somebody leads."""

    kube: Kube
    name: str
    namespace: str
    annotation: str = PLATFORM_TOLD

    async def read(self) -> str:
        found = await self.kube.find(LEASES, self.name, namespace=self.namespace)
        return str(_annotations(found or {"metadata": {}}).get(self.annotation, ""))

    async def write(self, line: str) -> None:
        for _ in range(TRIES):
            found = await self.kube.get(LEASES, self.name, namespace=self.namespace)
            meta = {**found["metadata"], "annotations": {**_annotations(found), self.annotation: line}}
            try:
                await self.kube.replace(LEASES, {**found, "metadata": meta})
            except errors.Conflict:
                continue
            return
        raise errors.Conflict(f"the lease {self.name} is written by others all the time")


def _annotations(manifest: Manifest) -> dict[str, str]:
    return manifest["metadata"].get("annotations") or {}
