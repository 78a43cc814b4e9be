"""Plays what the cloud controller manager and the node lifecycle controller do to a new Node: take its taints off.

Only while the tenant's own CCM Deployment is available in the management cluster, so that a dead CCM shows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from playground.simulated.kubevirt import CAPI_TAINT, CLOUD_TAINT
from playground.simulated.stage import Played, Stage
from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.objects import parse_time

CCM_MARK: Final = "cloud-controller-manager"
NOT_READY: Final = "node.kubernetes.io/not-ready"
KEPT: Final = {CAPI_TAINT["key"]}
"""Cluster API takes this one off itself."""
REMOVED: Final = {CLOUD_TAINT["key"], NOT_READY}
FIRST_LOOK: Final = timedelta(seconds=20)
"""How long one that has come up looks at every Node."""


async def act(stage: Stage, control_plane: Manifest) -> None:
    """Initialise the Nodes of one tenant."""
    meta = control_plane["metadata"]
    cluster = stage.owner(control_plane, resources.CLUSTERS)
    if cluster is None or "deletionTimestamp" in meta:
        return
    ccm = _available_ccm(stage, cluster)
    if not _any_new_machine(stage, cluster) and not (ccm and _is_new(ccm)):
        return
    client = await stage.tenants.client(meta["uid"])
    if client is None:
        return
    removed = REMOVED if ccm else {NOT_READY}
    for node in (await client.list(resources.NODES)).items:
        taints = node["spec"].get("taints") or []
        kept = [taint for taint in taints if taint["key"] not in removed]
        if kept != taints:
            patch = {"metadata": {"resourceVersion": node["metadata"]["resourceVersion"]}, "spec": {"taints": kept}}
            await client.merge(resources.NODES, node["metadata"]["name"], patch)


def _any_new_machine(stage: Stage, cluster: Manifest) -> bool:
    """Whether a Machine of the cluster has a Node that Cluster API does not call ready yet: only then we look."""
    meta = cluster["metadata"]
    return any(
        machine["spec"]["clusterName"] == meta["name"]
        and machine["metadata"]["namespace"] == meta["namespace"]
        and not _node_healthy(machine)
        for machine in stage.list(resources.MACHINES)
    )


def _node_healthy(machine: Manifest) -> bool:
    """Available comes a while after Ready, so Nodes are looked at for long enough to lose every taint."""
    conditions = (machine.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Available" and c["status"] == "True" for c in conditions)


def _available_ccm(stage: Stage, cluster: Manifest) -> Manifest | None:
    meta = cluster["metadata"]
    for deployment in stage.list(resources.DEPLOYMENTS):
        of = deployment["metadata"]
        if (
            CCM_MARK in of["name"]
            and (of.get("labels") or {}).get(names.CAPI_CLUSTER_LABEL) == meta["name"]
            and of["namespace"] == meta["namespace"]
            and (deployment.get("status") or {}).get("availableReplicas", 0) > 0
        ):
            return deployment
    return None


def _is_new(ccm: Manifest) -> bool:
    """Whether it has only just come up: then it takes over Nodes that were left to themselves meanwhile."""
    since = [c["lastTransitionTime"] for c in ccm["status"]["conditions"] if c["type"] == "Available"]
    return any(datetime.now(UTC) - parse_time(moment) < FIRST_LOOK for moment in since)


PLAYED = Played(
    "cloud",
    resources.KAMAJI_CONTROL_PLANES,
    act,
    looks_at=(resources.CLUSTERS, resources.MACHINES, resources.DEPLOYMENTS),
)
