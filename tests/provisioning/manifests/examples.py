"""One small, valid cluster to start from, and the catalog it chooses from. Tests change what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from provisioning import plan
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec, ClusterSpec, TenantCluster
from provisioning.objects import Meta, Stored

UID = "11111111-2222-3333-4444-555555555555"
CLUSTER_UID = "66666666-7777-8888-9999-000000000000"
NAMESPACE = "tenant-team-a"
TENANT = "team-a"
CREATED = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)

CATALOG: Manifest = {
    "flavors": [
        {"name": "small", "vcpu": 2, "memory": "4Gi"},
        {"name": "large", "vcpu": 8, "memory": "32Gi"},
        {"name": "roomy", "vcpu": 4, "memory": "16Gi", "disk": "100Gi", "storageClass": "fast"},
        {"name": "gpu", "vcpu": 16, "memory": "64Gi", "gpus": [{"device": "nvidia.com/GA102GL_A10", "count": 2}]},
        {"name": "typed", "vcpu": 4, "memory": "8Gi", "instancetype": "u1.xlarge"},
    ],
    "versions": [
        {
            "version": "v1.35.1",
            "image": "registry.example.org/workers:v1.35.1",
            "konnectivity": "v0.34.0",
        },
        {"version": "v1.34.4", "image": "registry.example.org/workers:v1.34.4", "recommended": True},
    ],
    "addOns": [
        {
            "name": "cilium",
            "default": True,
            "cni": True,
            "chart": {"repository": "https://helm.cilium.io/", "name": "cilium", "version": "1.18.x"},
            "values": {"routingMode": "tunnel", "tunnelPort": 8473, "MTU": 1350, "operator": {"replicas": 1}},
        },
        {
            "name": "cilium-ebpf",
            "cni": True,
            "replacesKubeProxy": True,
            "chart": {"repository": "https://helm.cilium.io/", "name": "cilium", "version": "1.18.x"},
            "values": {"kubeProxyReplacement": True},
        },
        {
            "name": "metrics-server",
            "default": True,
            "after": ["cilium"],
            "chart": {
                "repository": "https://kubernetes-sigs.github.io/metrics-server/",
                "name": "metrics-server",
                "version": "3.13.x",
            },
        },
        {
            "name": "cert-manager",
            "namespace": "cert-manager",
            "after": ["cilium"],
            "chart": {"repository": "oci://registry.example.org/charts", "name": "cert-manager", "version": "1.19.x"},
        },
    ],
    "hosted": {
        "cloudControllerManager": "registry.example.org/ccm:v1",
        "csiDriver": "registry.example.org/csi-driver:v1",
        "csiProvisioner": "registry.example.org/csi-provisioner:v1",
        "csiAttacher": "registry.example.org/csi-attacher:v1",
        "csiResizer": "registry.example.org/csi-resizer:v1",
        "clusterAutoscaler": "registry.example.org/cluster-autoscaler:v1",
    },
}

SPEC: Manifest = {
    "version": "v1.34.4",
    "pools": [{"name": "md0", "flavor": "small", "replicas": 2}],
    "addOns": [{"name": "cilium"}, {"name": "metrics-server"}],
    "network": {"pods": "10.243.0.0/16", "services": "10.95.0.0/16"},
}


def catalog(**changes: Any) -> CatalogSpec:
    return CatalogSpec.model_validate({**CATALOG, **changes})


def cluster(
    name: str = "web", *, namespace: str = NAMESPACE, status: Mapping[str, Any] | None = None, **changes: Any
) -> Stored[TenantCluster]:
    """A TenantCluster as the API server keeps it; `changes` replace fields of the spec."""
    spec = ClusterSpec.model_validate({**SPEC, **changes})
    meta = Meta(name=name, namespace=namespace, uid=UID, generation=1, created=CREATED)
    return Stored(meta, TenantCluster.model_validate({"spec": spec, "status": status or {}}))


def rendered(
    name: str = "web",
    *,
    workers_version: str = "",
    existing: Iterable[Manifest] = (),
    asleep: bool = False,
    offer: CatalogSpec | None = None,
    **changes: Any,
) -> list[Manifest]:
    """The example's manifests, its Cluster already there.

    `workers_version`: how far its control plane has come, on the way to the version that is wanted; nothing else
    stands. `existing`: everything that stands. `offer`: another Catalog.
    """
    there = [*existing]
    if workers_version:
        there.append(control_plane(str(changes.get("version", SPEC["version"])), reached=workers_version))
    return plan.render(
        cluster(name, **changes),
        offer or catalog(),
        tenant=TENANT,
        cluster_uid=CLUSTER_UID,
        existing=there,
        asleep=asleep,
    ).manifests


def control_plane(asked: str, *, reached: str = "", **spec: Any) -> Manifest:
    """A KamajiControlPlane that stands: the version that it is told to be, and the one that it has reached."""
    return {
        "apiVersion": "controlplane.cluster.x-k8s.io/v1alpha2",
        "kind": "KamajiControlPlane",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"version": asked, "replicas": 2, **spec},
        "status": {"version": reached, "ready": bool(reached), "readyReplicas": 2} if reached else {},
    }


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def only(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = of_kind(manifests, kind)
    return found


AUTOSCALED: Manifest = {"pools": [{"name": "md0", "flavor": "small", "min": 0, "max": 5}]}
TWO_POOLS: Manifest = {
    "version": "v1.35.1",
    "controlPlane": {"replicas": 3},
    "pools": [
        {"name": "workers", "flavor": "small", "replicas": 6},
        {"name": "big", "flavor": "large", "min": 1, "max": 4},
    ],
}
ADD_ONS: Manifest = {
    "addOns": [
        {"name": "cilium", "values": {"operator": {"replicas": 2}, "hubble": {"enabled": False}}},
        {"name": "metrics-server"},
        {"name": "cert-manager", "values": {"crds": {"enabled": True}}},
    ],
    "lifetime": "168h",
}
SPECIAL: Manifest = {
    "version": "v1.35.1",
    "pools": [
        {
            "name": "gpu",
            "flavor": "gpu",
            "min": 0,
            "max": 2,
            "labels": {"example.com/model": "a10", "accelerated": "yes"},
            "taints": [
                {"key": "nvidia.com/gpu", "effect": "NoSchedule"},
                {"key": "dedicated", "value": "training", "effect": "NoExecute"},
            ],
        },
        {
            "name": "roomy",
            "flavor": "roomy",
            "replicas": 3,
            "maxSurge": 0,
            "maxUnavailable": 1,
            "drainTimeout": "1h30m",
        },
        {"name": "typed", "flavor": "typed", "replicas": 1},
    ],
    "addOns": [{"name": "cilium-ebpf"}],
}
"""Pools of every kind, and a network that stands in for kube-proxy."""
STORAGE: Manifest = {
    "offer": catalog(
        hosted={
            **CATALOG["hosted"],
            "csiSnapshotter": "registry.example.org/csi-snapshotter:v1",
            "csiLivenessProbe": "registry.example.org/livenessprobe:v1",
            "csiNodeDriverRegistrar": "registry.example.org/csi-node-driver-registrar:v1",
        },
        storageClasses=[
            {"name": "standard", "default": True},
            {"name": "fast", "infra": "replicated-nvme", "bus": "virtio", "retain": True},
        ],
    )
}
"""A Catalog with everything that volumes need."""
BY_CAAPH: Manifest = {"offer": catalog(addOnEngine="HelmAddonProvider"), **ADD_ONS}
"""The add-ons again, by the other engine; what waits for another one is not there yet."""
WHOLE_CLUSTERS: Mapping[str, Manifest] = {
    "small": {},
    "autoscaled": AUTOSCALED,
    "two-pools": TWO_POOLS,
    "add-ons": ADD_ONS,
    "special": SPECIAL,
    "storage": STORAGE,
    "by-caaph": BY_CAAPH,
}
"""The clusters whose manifests are kept in `tests/golden/`."""
