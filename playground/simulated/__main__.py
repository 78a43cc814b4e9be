"""`python -m playground.simulated`: run the simulated infrastructure beside a management cluster."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Annotated

import typer

from playground.processes import Processes
from playground.simulated import PLAYED
from playground.simulated.stage import Driver, Stage
from playground.simulated.tenants import Tenants
from provisioning.cache import Cache
from provisioning.kube import Kube


def main(
    *,
    kubeconfig: Annotated[Path, typer.Option(help="An administrator's kubeconfig of the management cluster.")],
    etcd: Annotated[str, typer.Option(help="URL of the etcd that tenants share.")],
    binaries: Annotated[Path, typer.Option(help="Folder that holds kube-apiserver.")],
    state_dir: Annotated[Path, typer.Option(help="Where tenants' certificates and ports are kept.")],
    tenant_apiservers: Annotated[
        bool, typer.Option(help="An API server for each tenant, or one that all of them share.")
    ] = True,
) -> None:
    """Play Kamaji, the KubeVirt provider, the helm-controller and the kubelets, until told to stop."""
    processes = Processes(logs=state_dir / "logs")
    tenants = Tenants(processes, binaries / "kube-apiserver", etcd, state_dir, own_servers=tenant_apiservers)
    asyncio.run(_until_told(kubeconfig, tenants))


async def _until_told(kubeconfig: Path, tenants: Tenants) -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel if task else loop.stop)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await run(kubeconfig, tenants)
    finally:
        await tenants.close()
        await tenants.processes.stop()


async def run(kubeconfig: Path, tenants: Tenants) -> None:
    """Play for ever."""
    kinds = {kind for played in PLAYED for kind in (played.resource, *played.looks_at)}
    async with await Kube.connect(kubeconfig=kubeconfig) as kube:
        caches = {kind: Cache(kube, kind) for kind in kinds}
        stage = Stage(kube, caches, tenants)
        async with asyncio.TaskGroup() as group:
            for cache in caches.values():
                group.create_task(cache.run())
            for cache in caches.values():
                await cache.synced.wait()
            for played in PLAYED:
                group.create_task(Driver(stage, played).run())


if __name__ == "__main__":
    typer.run(main)
