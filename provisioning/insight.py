"""What only the API server can tell of a cluster: what goes with it, what keeps it. Asked when somebody wants to know,
and kept by nobody. Reading only; what is made of it, `losses` and `diagnosis` say.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from provisioning import diagnosis, errors, happenings, losses, names, resources
from provisioning.diagnosis import Diagnosis
from provisioning.happenings import Whose
from provisioning.kube import PAGE, Kube
from provisioning.losses import Losses
from provisioning.manifest import Manifest
from provisioning.resources import Resource

EVENTS_READ: Final = 20 * PAGE
"""Events of one question, at most. The API server keeps them for an hour, as a rule, and a namespace in trouble has
many. It gives them by name, so that the latest may be the last ones."""


EVENTS_SECONDS: Final = 2.0
"""For the Events of one question: what else was found is told without the last of them."""


@dataclass(frozen=True)
class _Events:
    """The latest of a cluster's, of those that were read."""

    latest: list[Manifest]
    are_more: bool = False


class Insight:
    """Asks an API server. `events_read` bounds the Events of one question, in whole pages."""

    def __init__(self, kube: Kube, *, events_read: int = EVENTS_READ) -> None:
        self._kube = kube
        self._events_read = events_read

    async def losses(self, namespace: str, cluster: str) -> Losses:
        """What people made in a cluster that goes with it. Raises `KubeError`."""
        label = f"{names.CLUSTER_LABEL}={cluster}"
        services, claims = await asyncio.gather(
            self._kube.list(resources.SERVICES, namespace=namespace, labels=label),
            self._kube.list(resources.PERSISTENT_VOLUME_CLAIMS, namespace=namespace, labels=label),
        )
        return losses.of(services.items, claims.items)

    async def diagnosis(self, namespace: str, cluster: str, *, others: Collection[str]) -> Diagnosis:
        """What keeps a cluster. `others` are the other clusters of the namespace, whoever made them. What we may not
        see is left out, and named. Raises `KubeError` when the API server does not answer."""
        found = await asyncio.gather(*(self._parts(kind, namespace, cluster) for kind in diagnosis.KINDS))
        parts = [part for each in found for part in each or ()]
        unseen = [kind.kind for kind, each in zip(diagnosis.KINDS, found, strict=True) if each is None]
        whose = diagnosis.whose(parts, cluster=cluster, others=others, unseen=unseen)
        # Of its own Events all, also the good ones; of what is made for it what went wrong.
        asked = (f"regarding.name={cluster}", f"regarding.name!={cluster},type=Warning")
        told = await asyncio.gather(*(self._events(namespace, fields, whose) for fields in asked))
        unseen += [resources.EVENTS.kind] if None in told else []
        seen = [each for each in told if each is not None]
        events = [event for each in seen for event in each.latest]
        return diagnosis.of(parts, events, whose=whose, unseen=unseen, unread=any(each.are_more for each in seen))

    async def _parts(self, kind: Resource, namespace: str, cluster: str) -> list[Manifest] | None:
        """Those of the cluster; None where we may not look."""
        label = f"{names.CAPI_CLUSTER_LABEL}={cluster}"
        try:
            return (await self._kube.list(kind, namespace=namespace, labels=label)).items
        except errors.Forbidden:
            return None

    async def _events(self, namespace: str, fields: str, whose: Whose) -> _Events | None:
        """The same of Events, page by page, of which only the latest are kept."""
        query = {"fieldSelector": fields, "limit": PAGE}
        latest: list[Manifest] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EVENTS_SECONDS):
                for _ in range(0, self._events_read, PAGE):
                    try:
                        page = await self._kube.call("GET", resources.EVENTS.path(namespace=namespace), query=query)
                    except errors.Forbidden:
                        return None
                    latest = happenings.latest((*latest, *(page.get("items") or ())), whose)
                    following = page["metadata"].get("continue")
                    if not following:
                        return _Events(latest)
                    query["continue"] = following
        return _Events(latest, are_more=True)
