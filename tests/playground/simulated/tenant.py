"""A hand-written tenant cluster of the article's six resources, and what it takes to play its infrastructure."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from playground.controlplane import ControlPlane
from playground.processes import Processes
from playground.simulated import __main__ as simulated
from playground.simulated.tenants import Tenants
from provisioning.manifest import Manifest

T = TypeVar("T")


def tenant(namespace: str, name: str = "web", *, workers: int = 2, version: str = "v1.34.2") -> list[Manifest]:
    """Cluster, control plane, infrastructure, and one pool."""
    labels = {"cluster.x-k8s.io/cluster-name": name, "cluster.x-k8s.io/deployment-name": f"{name}-md0"}

    def object_(api_version: str, kind: str, suffix: str, spec: Manifest, **meta: Any) -> Manifest:
        metadata = {"name": f"{name}{suffix}", "namespace": namespace, **meta}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}

    vm = {
        "runStrategy": "Always",
        "template": {
            "spec": {
                "domain": {"cpu": {"cores": 2}, "memory": {"guest": "4Gi"}, "devices": {}},
                "volumes": [{"name": "system", "containerDisk": {"image": "example.org/node:v1.34.2"}}],
            }
        },
    }
    return [
        object_(
            "cluster.x-k8s.io/v1beta2",
            "Cluster",
            "",
            {
                "clusterNetwork": {
                    "pods": {"cidrBlocks": ["10.243.0.0/16"]},
                    "services": {"cidrBlocks": ["10.95.0.0/16"]},
                },
                "controlPlaneRef": {
                    "apiGroup": "controlplane.cluster.x-k8s.io",
                    "kind": "KamajiControlPlane",
                    "name": name,
                },
                "infrastructureRef": {
                    "apiGroup": "infrastructure.cluster.x-k8s.io",
                    "kind": "KubevirtCluster",
                    "name": name,
                },
            },
        ),
        object_(
            "controlplane.cluster.x-k8s.io/v1alpha2", "KamajiControlPlane", "", {"version": version, "replicas": 2}
        ),
        object_(
            "infrastructure.cluster.x-k8s.io/v1alpha1",
            "KubevirtCluster",
            "",
            {},
            annotations={"cluster.x-k8s.io/managed-by": "kamaji"},
        ),
        object_(
            "infrastructure.cluster.x-k8s.io/v1alpha1",
            "KubevirtMachineTemplate",
            "-md0",
            {
                "template": {
                    "spec": {
                        "virtualMachineBootstrapCheck": {"checkStrategy": "none"},
                        "virtualMachineTemplate": {"metadata": {"namespace": namespace}, "spec": vm},
                    }
                }
            },
        ),
        object_(
            "bootstrap.cluster.x-k8s.io/v1beta2",
            "KubeadmConfigTemplate",
            "-md0",
            {
                "template": {
                    "spec": {
                        "joinConfiguration": {
                            "nodeRegistration": {"kubeletExtraArgs": [{"name": "cloud-provider", "value": "external"}]}
                        }
                    }
                }
            },
        ),
        object_(
            "cluster.x-k8s.io/v1beta2",
            "MachineDeployment",
            "-md0",
            {
                "clusterName": name,
                "replicas": workers,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "clusterName": name,
                        "version": version,
                        "bootstrap": {
                            "configRef": {
                                "apiGroup": "bootstrap.cluster.x-k8s.io",
                                "kind": "KubeadmConfigTemplate",
                                "name": f"{name}-md0",
                            }
                        },
                        "infrastructureRef": {
                            "apiGroup": "infrastructure.cluster.x-k8s.io",
                            "kind": "KubevirtMachineTemplate",
                            "name": f"{name}-md0",
                        },
                    },
                },
            },
        ),
    ]


@contextlib.asynccontextmanager
async def infrastructure(plane: ControlPlane, state: Path, *, own_servers: bool = True) -> AsyncIterator[Tenants]:
    """Play the infrastructure of a control plane; everything started is stopped at the end."""
    processes = Processes(state / "logs")
    tenants = Tenants(processes, plane.binaries["kube-apiserver"], plane.etcd_url, state, own_servers=own_servers)
    task = asyncio.create_task(simulated.run(plane.kubeconfig, tenants))
    try:
        yield tenants
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await tenants.close()
        await processes.stop()


async def eventually(look: Callable[[], Awaitable[T]], *, seconds: float = 60.0) -> T:
    """What `look` returns once it is truthy; fails with its last value after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"not within {seconds} s, last seen: {seen}"
        await asyncio.sleep(0.2)
    return seen
