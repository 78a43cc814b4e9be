"""Who works at the desk that is measured, and what they type: tenants of one person each, and clusters that are ready.

Values only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench import sample
from provisioning import names, objects, plan, resources
from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import Action, CatalogSpec, ClusterSpec, TenantCluster

TEAM: Final = "T0BENCH"
EVERYWHERE: Final = "U0EVERYWHERE"
"""The Slack account of somebody who approves for every tenant."""
LINES: Final = (
    "list",
    "show {cluster}",
    "quota",
    "requests",
    "help",
    "create another small",
    "scale {cluster}",
)
"""What people type, in turns. The last two open a form, which asks Slack before it acknowledges."""


def account(tenant: int) -> str:
    return f"U0{tenant:05}"


def name(tenant: int) -> str:
    return f"team-{tenant:04}"


def namespace(tenant: int) -> str:
    return f"tenant-{name(tenant)}"


def cluster_name(number: int) -> str:
    return f"c{number:05}"


def grounds(tenant: int) -> Iterator[Manifest]:
    """A tenant and its namespace."""
    yield {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace(tenant), "labels": {names.TENANT_LABEL: name(tenant)}},
    }
    spec = {
        "namespaces": [namespace(tenant)],
        "members": [{"user": f"member-{tenant}", "slack": account(tenant)}],
        "approvers": [{"user": "everywhere", "slack": EVERYWHERE}],
        "quota": {"hard": {"clusters": 100, "nodes": 1000, "vcpu": 4000, "memory": "16Ti"}},
    }
    yield {
        "apiVersion": resources.TENANTS.api_version,
        "kind": "Tenant",
        "metadata": {"name": name(tenant)},
        "spec": spec,
    }


def cluster(number: int, where: str) -> Manifest:
    """A cluster, its status apart: the API server takes that in a second write."""
    made = sample.cluster(cluster_name(number), where)
    made["metadata"]["annotations"] = {names.REQUEST_ANNOTATION: request_name(number)}
    return made


def ready() -> Manifest:
    """The status of a cluster that came up a while ago."""
    steps = ("Accepted", "Control plane", "Network", "Workers", "Storage and load balancers", "Ready")
    times = {"startedAt": sample.MOMENT, "endedAt": sample.MOMENT}
    ready_ = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": "",
        "lastTransitionTime": sample.MOMENT,
        "observedGeneration": 1,
    }
    return {
        "observedGeneration": 1,
        "conditions": [ready_],
        "steps": [{"name": step, "state": "Done", **times} for step in steps],
        "version": sample.VERSION,
        "endpoint": "https://10.0.0.7:6443",
        "nodes": {"ready": sample.WORKERS, "wanted": sample.WORKERS},
        "inventory": [f"HelmRelease.helm.toolkit.fluxcd.io/part-{number}" for number in range(20)],
    }


def parts(number: int, where: str, uid: str) -> Iterator[Manifest]:
    """What Cluster API and Kamaji keep of a cluster: the bot looks at those too, for clusters made by hand."""
    ours = objects.read(TenantCluster, cluster(number, where))
    catalog = next(each["spec"] for each in sample.grounds() if each["kind"] == "Catalog")
    rendered = plan.render(ours, CatalogSpec.model_validate(catalog), tenant=name(0), cluster_uid=uid).manifests
    owner = {"apiVersion": "clusterdesk.dev/v1alpha1", "kind": "TenantCluster", "name": ours.meta.name, "uid": uid}
    for manifest in rendered:
        if manifest["kind"] in ("Cluster", "KamajiControlPlane"):
            manifest["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
            yield manifest


def request_name(number: int) -> str:
    return f"cr-{number:010}"


def request(number: int, where: str, tenant: int) -> Manifest:
    """The request by which a cluster came to be, its status apart."""
    desired = ClusterSpec.model_validate(sample.spec())
    spec = {
        "action": Action.CREATE.value,
        "cluster": cluster_name(number),
        "desired": desired.wire(),
        "requester": {"user": f"member-{tenant}", "slack": account(tenant)},
        "digest": digest_of(action=Action.CREATE, cluster=cluster_name(number), desired=desired),
    }
    return {
        "apiVersion": resources.CLUSTER_REQUESTS.api_version,
        "kind": "ClusterRequest",
        "metadata": {"name": request_name(number), "namespace": where},
        "spec": spec,
    }


def applied() -> Manifest:
    """The status of a request that was decided so long ago that nobody is told any more."""
    vote = {"voter": {"user": "everywhere", "slack": EVERYWHERE}, "decision": "Approve", "at": sample.MOMENT}
    return {"phase": "Applied", "votes": [vote], "decidedAt": sample.MOMENT}


def lines(count: int, *, tenants: int, clusters: int) -> Iterator[tuple[str, str]]:
    """Slack accounts and what they type, as many as are wanted: each person about a cluster of their own."""
    for number in range(count):
        tenant = number % tenants
        # Clusters are dealt out to the tenants in turns.
        own = cluster_name(tenant % clusters)
        yield account(tenant), LINES[(number // tenants + number) % len(LINES)].format(cluster=own)
