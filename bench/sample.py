"""What the benchmark measures with: a small catalog, a tenant, clusters of two workers, and how they look at rest.

Values only. The clusters are complete, as the webhook would have them, because no webhook of ours runs here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from provisioning import audit_heads, names, resources
from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterSpec
from provisioning.resources import Resource

TENANT = "bench"
NAMESPACE = "tenant-bench"
ELSEWHERE = "bench"
"""A namespace that is no tenant's: what is put there is none of the provisioner's business."""
SYSTEM = "clusterdesk-system"
WORKERS = 2
VERSION = "v1.35.1"
MOMENT = "2026-01-01T00:00:00Z"

_HOSTED = ("cloudControllerManager", "csiDriver", "csiProvisioner", "csiAttacher", "csiResizer", "clusterAutoscaler")


def grounds() -> list[Manifest]:
    """Namespaces, the Catalog and the Tenant."""
    cilium = {"repository": "https://charts.example.org", "name": "cilium", "version": "1.18.x"}
    metrics = {"repository": "https://charts.example.org", "name": "metrics-server", "version": "3.13.x"}
    catalog = {
        "flavors": [{"name": "small", "vcpu": 2, "memory": "4Gi"}],
        "versions": [{"version": VERSION, "image": "registry.example.org/workers:v1.35.1", "recommended": True}],
        "addOns": [
            {"name": "cilium", "default": True, "cni": True, "chart": cilium},
            {"name": "metrics-server", "default": True, "after": ["cilium"], "chart": metrics},
        ],
        "hosted": {name: f"registry.example.org/{name.lower()}:v1" for name in _HOSTED},
    }
    tenant = {
        "namespaces": [NAMESPACE],
        "members": [{"user": "ann"}],
        "approvers": [{"user": "ben"}],
        "quota": {"hard": {"clusters": 100_000}},
    }
    return [
        *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (SYSTEM, ELSEWHERE)),
        *(_of(resources.CONFIG_MAPS, audit_heads.name_of(service), SYSTEM) for service in audit_heads.SERVICES),
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE, "labels": {names.TENANT_LABEL: TENANT}},
        },
        _of(resources.CATALOGS, names.CATALOG, spec=catalog),
        _of(resources.TENANTS, TENANT, spec=tenant),
    ]


def spec() -> Manifest:
    return {
        "version": VERSION,
        "pools": [{"name": "md0", "flavor": "small", "replicas": WORKERS}],
        "addOns": [{"name": "cilium"}, {"name": "metrics-server"}],
        "network": {"pods": "10.243.0.0/16", "services": "10.95.0.0/16"},
    }


def cluster(name: str, namespace: str = NAMESPACE) -> Manifest:
    return _of(resources.TENANT_CLUSTERS, name, namespace, spec=spec())


def request(name: str) -> Manifest:
    """A ClusterRequest for the cluster of this name, which nobody has decided on yet."""
    wanted = ClusterSpec.model_validate(spec())
    content = {
        "action": Action.CREATE.value,
        "cluster": name,
        "desired": wanted.wire(),
        "requester": {"user": "ann"},
        "digest": digest_of(action=Action.CREATE, cluster=name, desired=wanted),
    }
    return _of(resources.CLUSTER_REQUESTS, f"cr-{name}", NAMESPACE, spec=content)


def company(deployment: Manifest, *, kubeconfig: bytes) -> list[Manifest]:
    """What Cluster API and Kamaji's provider add to a cluster: the machines of its pool, and the kubeconfig."""
    meta = deployment["metadata"]
    namespace, name = meta["namespace"], meta["labels"][names.CAPI_CLUSTER_LABEL]
    labels = {names.CAPI_CLUSTER_LABEL: name, "cluster.x-k8s.io/deployment-name": meta["name"]}
    template, pool = deployment["spec"]["template"], f"{meta['name']}-abcde"
    sets = {"clusterName": name, "replicas": WORKERS, "selector": {"matchLabels": labels}, "template": template}
    found = [_of(resources.MACHINE_SETS, pool, namespace, labels=labels, spec=sets)]
    for number in range(WORKERS):
        machine = f"{pool}-{number}"
        infrastructure = {"apiGroup": resources.KUBEVIRT_MACHINES.group, "kind": "KubevirtMachine", "name": machine}
        content = {**template["spec"], "infrastructureRef": infrastructure}
        found.append(_of(resources.MACHINES, machine, namespace, labels=labels, spec=content))
        virtual: Manifest = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": {"devices": {}}}}}}}
        found.append(_of(resources.KUBEVIRT_MACHINES, machine, namespace, labels=labels, spec=virtual))
    secret = {"type": "cluster.x-k8s.io/secret", "data": {"value": base64.b64encode(kubeconfig).decode()}}
    owned = {names.CAPI_CLUSTER_LABEL: name}
    return [*found, {**_of(resources.SECRETS, names.kubeconfig_secret(name), namespace, labels=owned), **secret}]


def at_rest(manifest: Manifest) -> Manifest | None:
    """The status that a part of a cluster has when all is well; None for what has none."""
    seen, kind = manifest["metadata"].get("generation", 1), manifest["kind"]
    counts = dict.fromkeys(("replicas", "readyReplicas", "upToDateReplicas", "availableReplicas"), WORKERS)
    initialization = {"infrastructureProvisioned": True, "controlPlaneInitialized": True}
    known: dict[str, Manifest] = {
        "Cluster": {"initialization": initialization, **_conditions("RemoteConnectionProbe", "Available")},
        "MachineDeployment": {"observedGeneration": seen, **counts, **_conditions("Available", "MachinesReady")},
        "MachineSet": {"observedGeneration": seen, **counts, **_conditions("MachinesReady")},
        "Machine": {"phase": "Running", **_conditions("Ready", "NodeHealthy", "BootstrapConfigReady")},
        "KubevirtMachine": {"ready": True, **_conditions("Ready")},
        "HelmRelease": {"observedGeneration": seen, **_conditions("Ready")},
        "ClusterResourceSet": {"observedGeneration": seen, **_conditions("ResourcesApplied")},
        "Deployment": {"observedGeneration": seen, "replicas": 1, "readyReplicas": 1, **_conditions("Available")},
    }
    if kind == "KamajiControlPlane":
        version, replicas = manifest["spec"]["version"], manifest["spec"].get("replicas", 1)
        ready = {"ready": True, "initialized": True, "version": version, "readyReplicas": replicas}
        return {**ready, "replicas": replicas, **_conditions("KamajiControlPlaneIsReady", "TenantControlPlaneCreated")}
    return known.get(kind)


def _conditions(*types: str) -> Manifest:
    return {
        "conditions": [
            {"type": type_, "status": "True", "reason": "Fine", "message": "all is well", "lastTransitionTime": MOMENT}
            for type_ in types
        ]
    }


def _of(kind: Resource, name: str, namespace: str = "", *, labels: Manifest | None = None, **more: Any) -> Manifest:
    place: Manifest = {"namespace": namespace} if namespace else {}
    marked = {"labels": labels} if labels else {}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, **place, **marked}, **more}


def numbered(first: int, last: int) -> Iterator[str]:
    """Names of clusters, `first` included, `last` not."""
    return (f"c{number:04}" for number in range(first, last))
