"""`python -m provisioning`: the provisioner. Reads its settings, wires everything together, runs until told to stop.

Every replica keeps the landscape in sight, so that a new leader can start at once; only the leader acts.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from datetime import datetime

import structlog

from provisioning import audit, audit_trail, health, lease, legacy_kube, logs, metrics, survey
from provisioning.access_keeper import AccessKeeper
from provisioning.audit import Tell
from provisioning.audit_heads import KubeHeads
from provisioning.catalog_keeper import CatalogKeeper
from provisioning.enactor import Enactor
from provisioning.feed import Feed
from provisioning.keeper import Keeper
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.lease import Elector
from provisioning.manifest import Key
from provisioning.prechecker import Prechecker
from provisioning.probe import Pace, Probe
from provisioning.queue import Queue
from provisioning.reconciler import Reconciler
from provisioning.settings import Settings
from provisioning.tenant_roles import TenantRoles

log = structlog.get_logger()

LEASE = "clusterdesk-provisioner"
Clock = Callable[[], datetime]


def main() -> None:
    settings = Settings()
    logs.configure(fmt=settings.log_format, level=settings.log_level)
    asyncio.run(_until_told(settings))


async def _until_told(settings: Settings) -> None:
    """Run; SIGTERM and SIGINT end the work in order, lease given back."""
    task = asyncio.ensure_future(run(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    log.info("stopped")


async def run(settings: Settings) -> None:
    """Provision until cancelled."""
    async with await Kube.connect(kubeconfig=settings.kubeconfig) as plain:
        kube = await legacy_kube.fitting(plain, settings.api_profile)
        landscape = Landscape(kube, namespace=settings.namespace)
        identity = lease.identity(settings.pod_name or socket.gethostname())
        elector = Elector(kube, name=LEASE, namespace=settings.namespace, identity=identity)
        heads = KubeHeads(plain, settings.namespace, "provisioner")
        async with (
            audit_trail.kept(heads, writer=identity, file=settings.audit_file, now=plain.clock) as tell,
            health.serving(settings.host, settings.health_port, waits=landscape.waits),
            asyncio.TaskGroup() as group,
        ):
            following = group.create_task(landscape.run())
            group.create_task(survey.tell(kube, settings.api_profile))
            await landscape.synced()
            log.info("ready", namespace=settings.namespace, health_port=settings.health_port)
            await elector.run(lambda: lead(kube, landscape, settings, tell=tell))
            following.cancel()


async def lead(
    kube: Kube, landscape: Landscape, settings: Settings, *, now: Clock | None = None, tell: Tell = audit.untold
) -> None:
    """What the leader does: queues of work, fed by what changes. How old an object is, the API server's clock says."""
    now = now or kube.now
    clusters: Queue[Key] = Queue("clusters")
    requests: Queue[Key] = Queue("requests")
    accesses: Queue[Key] = Queue("accesses")
    tenants: Queue[str] = Queue("tenants")
    catalogs: Queue[str] = Queue("catalogs")
    prechecker = Prechecker(changed=clusters.add, now=now)
    pace = Pace(content=settings.probe_seconds)
    probe = Probe(kube, changed=clusters.add, answered=prechecker.look, pace=pace)
    asked = probe if settings.probe_tenants else None
    reconciler = Reconciler(kube, landscape, probe=asked, prechecker=prechecker, now=now, tell=tell)
    enactor = Enactor(kube, landscape, now=now, tell=tell)
    access_keeper = AccessKeeper(kube, landscape, roles=TenantRoles(kube), now=now, tell=tell)
    keeper = Keeper(kube, landscape, namespace=settings.namespace, void_after=2 * settings.request_timeout, now=now)
    catalog_keeper = CatalogKeeper(kube, landscape, now=now)
    feed = Feed(landscape, clusters=clusters, requests=requests, accesses=accesses, tenants=tenants, catalogs=catalogs)
    stop = feed.start()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(clusters.work(reconciler.act, workers=settings.workers))
            group.create_task(requests.work(enactor.act, workers=2))
            group.create_task(accesses.work(access_keeper.act, workers=4))
            group.create_task(tenants.work(keeper.act, workers=2))
            group.create_task(catalogs.work(catalog_keeper.act, workers=1))
    finally:
        stop()
        for gauge in metrics.OF_THE_LEADER:
            gauge.clear()
        await probe.close()
        await prechecker.close()


if __name__ == "__main__":
    main()
