"""The heads of the audit trail's chains, in ConfigMaps of the service's own namespace: one a service, a key a process.

The chart makes the objects, so that no program of ours needs the right to make any.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Protocol

from provisioning import errors
from provisioning.audit import Head
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import CONFIG_MAPS

SERVICES: Final = ("bot", "provisioner", "webhooks")
"""Who writes a trail."""
KEPT: Final = 200
"""Heads of a service: those that were written last. About 25 kB."""
TRIES: Final = 10
"""Replicas write theirs into the same object; each lost race is one that another won."""


def name_of(service: str) -> str:
    return f"clusterdesk-audit-{service}"


class Heads(Protocol):
    """Where a process anchors its chain."""

    async def save(self, writer: str, head: Head, *, at: str) -> None:
        """Raises `KubeError`."""
        ...


@dataclass(frozen=True)
class KubeHeads:
    """The heads of one service, over the API server."""

    kube: Kube
    namespace: str
    service: str

    async def load(self) -> dict[str, Head]:
        """Every head, by writer; none where the object is not there. Raises `KubeError`."""
        found = await self.kube.find(CONFIG_MAPS, name_of(self.service), namespace=self.namespace)
        heads = {}
        for writer, text in ((found or {}).get("data") or {}).items():
            head = _read(text)
            if head is not None:
                heads[writer] = head
        return heads

    async def save(self, writer: str, head: Head, *, at: str) -> None:
        """Write one, and forget the oldest of too many. A compare-and-swap: the others' heads stay as they are."""
        for _ in range(TRIES):
            found = await self.kube.get(CONFIG_MAPS, name_of(self.service), namespace=self.namespace)
            try:
                await self.kube.replace(CONFIG_MAPS, {**found, "data": _with(found, writer, head, at)}, brief=True)
            except errors.Conflict:
                continue
            return
        raise errors.Conflict(f"{name_of(self.service)} is written by others all the time")


def _with(found: Manifest, writer: str, head: Head, at: str) -> dict[str, str]:
    data: dict[str, str] = found.get("data") or {}
    written = json.dumps({"at": at, "number": head.number, "hash": head.hash})
    # Each begins with its time, so that the youngest are the last by text as well.
    others = sorted((each for each in data.items() if each[0] != writer), key=lambda each: each[1], reverse=True)
    return {**dict(others[: KEPT - 1]), writer: written}


def _read(text: str) -> Head | None:
    """None for what is no head: its chain counts as one without."""
    try:
        content = json.loads(text)
        return Head(int(content["number"]), str(content["hash"]))
    except (ValueError, KeyError, TypeError):
        return None
