"""The management cluster as one thing: control plane, every CRD, Cluster API's managers. What `up` and the tests start.

Nothing of clusterdesk runs in it yet, and nobody plays the infrastructure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from playground import apply, clusterapi, controlplane, schemas
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.progress import Steps
from provisioning.kube import Kube


async def start_control_plane(processes: Processes, binaries: Binaries, state: Path, *, steps: Steps) -> ControlPlane:
    """etcd, API server and controllers in `state`, with every CRD served."""
    with steps.step("start etcd and kube-apiserver"):
        plane = await controlplane.start(processes, binaries, state)
    with steps.step("define the kinds"):
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as kube:
            await apply.define(kube, schemas.everything(binaries, clusterapi.converters(plane)))
            # With their namespaces, which clusterdesk's own webhooks judge as soon as they are registered.
            await apply.put(kube, clusterapi.permissions())
    return plane


async def start_cluster_api(
    processes: Processes, plane: ControlPlane, *, environ: Mapping[str, str], steps: Steps
) -> None:
    """Cluster API's managers, ready and with their webhooks registered."""
    with steps.step("start Cluster API"):
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as kube:
            # Before the managers: on a first start nobody calls the webhooks yet, on a later one they are there anyway.
            await apply.put(kube, clusterapi.webhooks(plane, plane.binaries))
            async with asyncio.TaskGroup() as group:
                for manager in clusterapi.MANAGERS:
                    group.create_task(clusterapi.start(processes, plane, manager, kube=kube, environ=environ))
