"""Small, valid objects of ours to start from. A test writes down what it is about, and takes the rest from here.

`tweak(manifest, "spec.approval.required", 2)` gives a copy that differs in one place. `CATALOG`, `TENANT`, `CLUSTER`
and `REQUEST` are manifests; `catalog()`, `tenant()`, `cluster()`, `request()` the same as models, with fields of the
spec replaced.
"""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    Decision,
    Person,
    Tenant,
    TenantCluster,
    TenantSpec,
    Vote,
)
from provisioning.objects import Stored, format_time, read
from provisioning.usage import Usage

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)
MADE = datetime(2026, 8, 3, 9, tzinfo=UTC)
"""When the objects here were made: three hours before `NOW`."""
NAMESPACE = "team-a"
GONE = object()
"""`tweak(..., GONE)` takes the field away."""

ANN = Person(user="ann", slack="U0ANN")
BEN = Person(user="ben", slack="U0BEN")
CLEO = Person(user="cleo", slack="U0CLEO")
DAVE = Person(user="dave", slack="U0DAVE")
"""Ann is a member; Ben and Cleo decide; nobody has heard of Dave."""

CATALOG: Manifest = {
    "apiVersion": "clusterdesk.dev/v1alpha1",
    "kind": "Catalog",
    "metadata": {"name": "default"},
    "spec": {
        "flavors": [
            {"name": "small", "vcpu": 2, "memory": "4Gi"},
            {"name": "large", "vcpu": 8, "memory": "32Gi"},
        ],
        "versions": [
            {"version": "v1.36.0", "image": "registry.example.org/workers:v1.36.0"},
            {"version": "v1.35.1", "image": "registry.example.org/workers:v1.35.1", "recommended": True},
            {"version": "v1.34.4", "image": "registry.example.org/workers:v1.34.4"},
        ],
        "addOns": [
            {
                "name": "cilium",
                "default": True,
                "cni": True,
                "chart": {"repository": "https://charts.example.org", "name": "cilium", "version": "1.18.x"},
            },
            {
                "name": "cert-manager",
                "chart": {"repository": "https://charts.example.org", "name": "cert-manager", "version": "1.19.x"},
            },
        ],
        "hosted": {
            name: f"registry.example.org/{name.lower()}:v1"
            for name in (
                "cloudControllerManager",
                "csiDriver",
                "csiProvisioner",
                "csiAttacher",
                "csiResizer",
                "clusterAutoscaler",
            )
        },
    },
}

TENANT: Manifest = {
    "apiVersion": "clusterdesk.dev/v1alpha1",
    "kind": "Tenant",
    "metadata": {"name": "blue", "uid": "tenant-blue", "resourceVersion": "1", "generation": 1},
    "spec": {
        "namespaces": [NAMESPACE],
        "members": [{"user": "ann", "slack": "U0ANN"}],
        "approvers": [{"user": "ben", "slack": "U0BEN"}, {"user": "cleo", "slack": "U0CLEO"}],
        "quota": {"hard": {"clusters": 3, "nodes": 12, "vcpu": 40, "memory": "128Gi"}},
    },
}

CLUSTER: Manifest = {
    "apiVersion": "clusterdesk.dev/v1alpha1",
    "kind": "TenantCluster",
    "metadata": {
        "name": "web",
        "namespace": NAMESPACE,
        "uid": "cluster-web",
        "resourceVersion": "10",
        "generation": 1,
        "creationTimestamp": format_time(MADE),
    },
    "spec": {
        "version": "v1.35.1",
        "pools": [{"name": "md0", "flavor": "small", "replicas": 2}],
        "addOns": [{"name": "cilium"}],
        "network": {"pods": "10.243.0.0/16", "services": "10.95.0.0/16"},
    },
}

REQUEST: Manifest = {
    "apiVersion": "clusterdesk.dev/v1alpha1",
    "kind": "ClusterRequest",
    "metadata": {
        "name": "cr-abcdefghij",
        "namespace": NAMESPACE,
        "uid": "request-1",
        "resourceVersion": "20",
        "generation": 1,
        "creationTimestamp": format_time(MADE),
    },
    "spec": {
        "action": "Create",
        "cluster": "web",
        "desired": CLUSTER["spec"],
        "requester": {"user": "ann", "slack": "U0ANN"},
        "digest": digest_of(action=Action.CREATE, cluster="web", desired=ClusterSpec.model_validate(CLUSTER["spec"])),
    },
}


def tweak(manifest: Manifest, path: str, value: Any) -> Manifest:
    """A copy with the value at the path, such as `spec.pools[0].replicas`; with `GONE`, without it."""
    changed = copy.deepcopy(manifest)
    *parents, last = (int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", path))
    holder: Any = changed
    for part in parents:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else holder[part]
    if value is GONE:
        holder.pop(last)
    elif isinstance(holder, list) and last == len(holder):
        holder.append(value)
    else:
        holder[last] = value
    return changed


def envelope(**workers: int) -> Usage:
    """What a cluster costs: two control-plane replicas, the address of its API server, and these workers."""
    return Usage(clusters=1, control_plane_replicas=2, load_balancers=1, **workers)


def catalog(**spec: Any) -> CatalogSpec:
    """What is on offer, with these fields of the spec (as on the wire) replaced."""
    return CatalogSpec.model_validate({**CATALOG["spec"], **spec})


def tenant(**spec: Any) -> TenantSpec:
    """The tenant blue, with these fields of the spec replaced."""
    return stored_tenant(**spec).it.spec


def stored_tenant(**spec: Any) -> Stored[Tenant]:
    """The same as the API server keeps it."""
    return read(Tenant, {**TENANT, "spec": {**TENANT["spec"], **spec}})


def spec(**fields: Any) -> ClusterSpec:
    """What the cluster web should be, with these fields replaced; None takes one away."""
    wire = {k: v for k, v in {**CLUSTER["spec"], **fields}.items() if v is not None}
    return ClusterSpec.model_validate(wire)


def cluster(name: str = "web", **fields: Any) -> Stored[TenantCluster]:
    """The cluster as the API server keeps it."""
    manifest = tweak(CLUSTER, "metadata.name", name)
    return read(TenantCluster, {**manifest, "spec": {**CLUSTER["spec"], **fields}})


def request(
    action: Action = Action.CREATE,
    *,
    desired: ClusterSpec | None = None,
    base_generation: int = 0,
    requester: Person = ANN,
    status: Manifest | None = None,
) -> Stored[ClusterRequest]:
    """A request with a digest that fits it, as the API server keeps it. A deletion desires nothing."""
    if action is not Action.DELETE and desired is None:
        desired = spec()
    content: Manifest = {
        "action": action.value,
        "cluster": "web",
        "requester": requester.wire(),
        "digest": digest_of(action=action, cluster="web", desired=desired),
    }
    if desired is not None:
        content["desired"] = desired.wire()
    if base_generation:
        content["baseGeneration"] = base_generation
    return read(ClusterRequest, {**REQUEST, "spec": content, "status": status or {}})


def vote(voter: Person, decision: Decision = Decision.APPROVE, *, reason: str = "", at: datetime = NOW) -> Vote:
    return Vote(voter=voter, decision=decision, reason=reason, at=format_time(at))


def machine_template(*, namespace: str = NAMESPACE, name: str = "web-md0", **domain: Any) -> Manifest:
    """A KubevirtMachineTemplate whose machines have this `domain` (2 cores and 4Gi when nothing is said)."""
    machine = {"template": {"spec": {"domain": domain or {"cpu": {"cores": 2}, "memory": {"guest": "4Gi"}}}}}
    return {
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1alpha1",
        "kind": "KubevirtMachineTemplate",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {"spec": {"virtualMachineTemplate": {"spec": machine}}}},
    }


def machine_deployment(
    replicas: Any = 2, *, annotations: Manifest | None = None, surge: Any = None, kind: str = "RollingUpdate"
) -> Manifest:
    """A MachineDeployment made by hand."""
    rolling = {} if surge is None else {"rollingUpdate": {"maxSurge": surge}}
    return {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "MachineDeployment",
        "metadata": {"name": "hand-md0", "namespace": NAMESPACE, "annotations": annotations or {}},
        "spec": {
            "clusterName": "hand",
            "replicas": replicas,
            "rollout": {"strategy": {"type": kind, **rolling}},
            "template": {
                "spec": {
                    "clusterName": "hand",
                    "infrastructureRef": {"kind": "KubevirtMachineTemplate", "name": "web-md0"},
                }
            },
        },
    }
