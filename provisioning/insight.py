"""What only the API server can tell of a cluster: what goes with it, what keeps it. Asked when somebody wants to know,
and kept by nobody. Reading only; what is made of it, `losses` and `diagnosis` say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Final

from provisioning import diagnosis, errors, losses, names, resources
from provisioning.diagnosis import Diagnosis
from provisioning.kube import Kube
from provisioning.losses import Losses
from provisioning.manifest import Manifest
from provisioning.resources import Resource

EVENTS_READ: Final = 500
"""Events of one question. The API server keeps them for an hour, as a rule, and a namespace in trouble has many."""
_WARNINGS: Final = "type=Warning"


class Insight:
    """Asks an API server."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def losses(self, namespace: str, cluster: str) -> Losses:
        """What people made in a cluster that goes with it. Raises `KubeError`."""
        label = f"{names.CLUSTER_LABEL}={cluster}"
        services, claims = await asyncio.gather(
            self._kube.list(resources.SERVICES, namespace=namespace, labels=label),
            self._kube.list(resources.PERSISTENT_VOLUME_CLAIMS, namespace=namespace, labels=label),
        )
        return losses.of(services.items, claims.items)

    async def diagnosis(self, namespace: str, cluster: str, *, others: Collection[str]) -> Diagnosis:
        """What keeps a cluster. `others` are the other clusters of the namespace. What we may not see is left out, and
        named. Raises `KubeError` when the API server does not answer."""
        # Of its own Events all, also the good ones; of what is made for it what went wrong.
        asked = (f"regarding.name={cluster}", _WARNINGS)
        answers = await asyncio.gather(
            *(self._parts(kind, namespace, cluster) for kind in diagnosis.KINDS),
            *(self._events(namespace, fields) for fields in asked),
        )
        parts, told = answers[: len(diagnosis.KINDS)], answers[len(diagnosis.KINDS) :]
        unseen = [kind.kind for kind, found in zip(diagnosis.KINDS, parts, strict=True) if found is None]
        unseen += [resources.EVENTS.kind] if None in told else []
        # Both questions may bring the same Event.
        events = {event["metadata"]["name"]: event for found in told for event in found or ()}
        return diagnosis.of(
            [part for found in parts for part in found or ()],
            events.values(),
            cluster=cluster,
            others=others,
            unseen=unseen,
        )

    async def _parts(self, kind: Resource, namespace: str, cluster: str) -> list[Manifest] | None:
        """Those of the cluster; None where we may not look."""
        label = f"{names.CAPI_CLUSTER_LABEL}={cluster}"
        try:
            return (await self._kube.list(kind, namespace=namespace, labels=label)).items
        except errors.Forbidden:
            return None

    async def _events(self, namespace: str, fields: str) -> list[Manifest] | None:
        """The same of Events, as many as one page holds."""
        path, query = resources.EVENTS.path(namespace=namespace), {"fieldSelector": fields, "limit": EVENTS_READ}
        try:
            return (await self._kube.call("GET", path, query=query)).get("items") or []
        except errors.Forbidden:
            return None
