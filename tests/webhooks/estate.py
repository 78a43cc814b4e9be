"""A small estate: a catalog, the tenant blue with its namespace, and clusters that fit. Tests change copies of it."""

from __future__ import annotations

import copy
from typing import Any

from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterSpec
from provisioning.names import TENANT_LABEL
from provisioning.objects import parse
from provisioning.resources import (
    CATALOGS,
    CLUSTER_REQUESTS,
    CUSTOM_RESOURCE_DEFINITIONS,
    HELM_REPOSITORIES,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    NAMESPACES,
    OCI_REPOSITORIES,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from tests.webhooks.reviews import manifest
from webhooks.kinds import GIT_REPOSITORIES, HELM_CHARTS

BLUE = "tenant-blue"

CATALOG = manifest(
    CATALOGS,
    "default",
    {
        "flavors": [
            {"name": "small", "vcpu": 2, "memory": "4Gi"},
            {"name": "large", "vcpu": 8, "memory": "32Gi"},
        ],
        "versions": [
            {"version": "v1.34.2", "image": "x/disk:v1.34.2", "recommended": True},
            {"version": "v1.33.4", "image": "x/disk:v1.33.4"},
        ],
        "addOns": [
            {
                "name": "cilium",
                "chart": {"repository": "https://helm.example.org/", "name": "cilium", "version": "1.18.x"},
                "default": True,
            },
            {
                "name": "metrics",
                "chart": {"repository": "oci://registry.example.org/charts", "name": "metrics-server", "version": "3"},
            },
        ],
        "hosted": {
            "cloudControllerManager": "a",
            "csiDriver": "b",
            "csiProvisioner": "c",
            "csiAttacher": "d",
            "csiResizer": "e",
            "clusterAutoscaler": "f",
        },
    },
)

TENANT = manifest(
    TENANTS,
    "blue",
    {
        "namespaces": [BLUE],
        "members": [{"user": "ann", "slack": "UANN"}, {"group": "blue-team"}],
        "approvers": [{"user": "bob", "slack": "UBOB"}, {"user": "cyd"}, {"user": "ann", "slack": "UANN"}],
        "quota": {"hard": {"clusters": 2, "nodes": 10, "vcpu": 20, "memory": "40Gi"}},
        "approval": {"required": 1},
    },
)

NAMESPACE = manifest(NAMESPACES, BLUE, labels={TENANT_LABEL: "blue"})


def served(resource: Resource) -> Manifest:
    """The definition of a kind that the API server serves."""
    spec = {"versions": [{"name": resource.version, "served": True}]}
    return manifest(CUSTOM_RESOURCE_DEFINITIONS, f"{resource.plural}.{resource.group}", spec)


SOURCES = tuple(map(served, (HELM_REPOSITORIES, OCI_REPOSITORIES, HELM_CHARTS, GIT_REPOSITORIES)))
WORLD = (CATALOG, TENANT, NAMESPACE, *SOURCES)

SPEC = {
    "version": "v1.34.2",
    "pools": [{"name": "md0", "flavor": "small", "replicas": 2}],
    "addOns": [{"name": "cilium"}],
    "network": {"pods": "10.243.0.0/16", "services": "10.95.0.0/16"},
}


def tweak(original: Manifest, path: str, value: Any) -> Manifest:
    """A copy with one field changed: `spec.approval.required`. None takes the field away."""
    changed = copy.deepcopy(original)
    *parents, last = path.split(".")
    target: Any = changed
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
    if isinstance(target, list):
        target[int(last)] = value
    elif value is None:
        target.pop(last, None)
    else:
        target[last] = value
    return changed


def cluster(name: str = "web", spec: Any = None, **more: Any) -> Manifest:
    """A complete TenantCluster: 3 nodes with surge, 6 vCPU, 12Gi."""
    return manifest(TENANT_CLUSTERS, name, copy.deepcopy(SPEC if spec is None else spec), **more)


def request(
    action: Action = Action.CREATE,
    *,
    name: str = "cr-1",
    cluster: str = "web",
    desired: Any = SPEC,
    user: str = "ann",
    slack: str = "",
    status: Any = None,
    **more: Any,
) -> Manifest:
    """A ClusterRequest that tells the truth."""
    wanted = None if action is Action.DELETE else parse(ClusterSpec, desired)
    spec: Manifest = {
        "action": action.value,
        "cluster": cluster,
        "digest": digest_of(action=action, cluster=cluster, desired=wanted),
        "requester": {"user": user, **({"slack": slack} if slack else {})},
    }
    if wanted is not None:
        spec["desired"] = desired
    if action is Action.CHANGE:
        spec["baseGeneration"] = 1
    found = manifest(CLUSTER_REQUESTS, name, spec, **more)
    found["metadata"]["creationTimestamp"] = "2026-11-24T11:00:00Z"
    return {**found, "status": status} if status is not None else found


def template(name: str = "big", *, cores: int = 2, memory: str = "4Gi", **more: Any) -> Manifest:
    """A KubevirtMachineTemplate of one size."""
    domain = {"cpu": {"cores": cores}, "memory": {"guest": memory}}
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": domain}}}}}
    return manifest(KUBEVIRT_MACHINE_TEMPLATES, name, {"template": {"spec": machine}}, **more)


def deployment(name: str = "raw", *, replicas: int = 1, template: str = "big", **more: Any) -> Manifest:
    """A MachineDeployment made by hand; costs `replicas` and one for surge."""
    reference = {"apiGroup": KUBEVIRT_MACHINE_TEMPLATES.group, "kind": "KubevirtMachineTemplate", "name": template}
    spec = {"replicas": replicas, "clusterName": "web", "template": {"spec": {"infrastructureRef": reference}}}
    return manifest(MACHINE_DEPLOYMENTS, name, spec, **more)


def owned(child: Manifest, owner: Manifest) -> Manifest:
    """The child, with the owner as its controller."""
    meta = owner["metadata"]
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
    }
    return tweak(child, "metadata.ownerReferences", [reference])
