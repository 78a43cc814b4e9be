"""Says in the Catalog's status whether it can be relied on. Runs on the leader only; what is wrong, `offers` knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from provisioning import objects, offers, resources
from provisioning.errors import Cause
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.model import Catalog, CatalogStatus
from provisioning.model import conditions as conditions_of
from provisioning.model.conditions import Summary
from provisioning.objects import Stored

log = structlog.get_logger()


class CatalogKeeper:
    """`act` looks at one Catalog, by its name."""

    def __init__(self, kube: Kube, landscape: Landscape, *, now: Callable[[], datetime]) -> None:
        self._kube = kube
        self._landscape = landscape
        self._now = now

    async def act(self, name: str) -> None:
        """Write its conditions if they are others. A compare-and-swap: who is late looks again. Raises `KubeError`."""
        manifest = self._landscape.get(resources.CATALOGS, "", name)
        if manifest is None:
            return
        catalog = objects.read(Catalog, manifest)
        sizes = self._landscape.caches[resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES].list()
        faults = offers.faults(catalog.it.spec, {size["metadata"]["name"]: size for size in sizes})
        status = catalog_status(catalog, faults, now=self._now())
        if status == catalog.it.status:
            return
        wire = {**status.wire(), "conditions": conditions_of.wire(status.conditions)}
        await self._kube.replace(resources.CATALOGS, {**manifest, "status": wire}, subresource="status")
        log.info("catalog_looked_at", name=name, faults=[f"{fault.field}: {fault.message}" for fault in faults])


def catalog_status(catalog: Stored[Catalog], faults: tuple[Cause, ...], *, now: datetime) -> CatalogStatus:
    """Ready when nothing is wrong; otherwise stalled, because nobody but its author can mend it."""
    message = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
    sound = Summary(ready=True, reason="Sound")
    summary = Summary(stalled=True, reason="Faulty", message=message) if faults else sound
    wanted = summary.conditions(now=objects.format_time(now), generation=catalog.meta.generation)
    return CatalogStatus(
        observed_generation=catalog.meta.generation,
        conditions=conditions_of.merge(catalog.it.status.conditions, wanted),
    )
