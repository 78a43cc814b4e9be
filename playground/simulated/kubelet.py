"""Plays the kubelet of a Node that goes: removes its Pods, else draining the Node would never end."""

from __future__ import annotations

from playground.simulated.stage import Played, Stage
from provisioning import resources
from provisioning.manifest import Manifest


async def act(stage: Stage, machine: Manifest) -> None:
    """Remove the terminating Pods of the Node of a Machine that is being deleted."""
    node = ((machine.get("status") or {}).get("nodeRef") or {}).get("name")
    if node is None or "deletionTimestamp" not in machine["metadata"]:
        return
    cluster = stage.get(resources.CLUSTERS, machine["metadata"]["namespace"], machine["spec"]["clusterName"])
    if cluster is None or "deletionTimestamp" in cluster["metadata"]:
        return  # Cluster API does not drain the Nodes of a cluster that goes as a whole.
    name = cluster["spec"]["controlPlaneRef"]["name"]
    control_plane = stage.get(resources.KAMAJI_CONTROL_PLANES, machine["metadata"]["namespace"], name)
    client = await stage.tenants.client(control_plane["metadata"]["uid"]) if control_plane else None
    if client is None:
        return
    for pod in (await client.list(resources.PODS)).items:
        meta = pod["metadata"]
        if pod["spec"].get("nodeName") == node and "deletionTimestamp" in meta:
            await client.delete(
                resources.PODS, meta["name"], namespace=meta["namespace"], uid=meta["uid"], grace_seconds=0
            )


PLAYED = Played(
    "kubelet",
    resources.MACHINES,
    act,
    looks_at=(resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES),
)
