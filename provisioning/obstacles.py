"""What is in the way of a cluster, read from the conditions of its objects and said in plain words.

The deepest cause is wanted: a worker that finds no room, rather than a MachineDeployment that is not available.
Reading only: whether an obstacle is a failure, `provisioning.steps` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from provisioning.manifests.marks import Manifest
from provisioning.steps import Obstacle

Condition = Mapping[str, Any]

_CONTROL_PLANE: Final = (
    ("TenantControlPlaneCreated", "the control plane is not made yet"),
    ("TenantControlPlaneAddressReady", "the API server has no address yet"),
    ("ControlPlaneEndpointPatched", "the API server's address is not published yet"),
    ("InfrastructureClusterPatched", "the API server's address is not published yet"),
    ("KubeadmResourcesCreated", "what workers need to join is not there yet"),
    ("KamajiControlPlaneIsInitialized", "the API server is not up yet"),
    ("KamajiControlPlaneIsReady", "the API server is not ready yet"),
)
"""In the order in which they come true: the first that is not says where it hangs."""

_MACHINE: Final = {
    "Unschedulable": "a worker finds no room in the management cluster",
    "DVNotReady": "a worker's disk is not ready",
    "DVImagePullFailed": "a worker's disk image cannot be pulled",
    "VMNotReady": "a worker's virtual machine is not ready",
    "VMCreateFailed": "a worker's virtual machine could not be made",
    "BootstrapFailed": "a worker does not join",
}
"""Reasons of the KubeVirt provider; `WaitingFor...` ones are left out, they name what comes next and nothing wrong."""

_WAITING: Final = ("DependencyNotReady", "Progressing", "ProgressingWithRetry")
"""Reasons of Flux that say no more than that its turn has not come."""


def of_control_plane(cluster: Manifest, control_plane: Manifest, *, silence: str = "") -> Obstacle | None:
    """`silence`: why the tenant's API server could not be used when somebody looked; empty when it could."""
    found = conditions(control_plane)
    for type_, words in _CONTROL_PLANE:
        if _is(found.get(type_), "False"):
            return _obstacle(words, found[type_])
    probe = conditions(cluster).get("RemoteConnectionProbe")
    # Before the control plane was ever there, nobody could have answered.
    if initialized(cluster) and _is(probe, "False"):
        return _obstacle("the API server does not answer", probe or {})
    return Obstacle(silence) if silence and initialized(cluster) else None


def of_workers(machines: Iterable[Manifest], kubevirt_machines: Iterable[Manifest]) -> Obstacle | None:
    """The virtual machines first: nothing above them is ready before they are."""
    for machine in sorted(kubevirt_machines, key=_name):
        for condition in conditions(machine).values():
            words = _MACHINE.get(condition.get("reason", ""))
            if words and _is(condition, "False"):
                return _obstacle(words, condition)
    for machine in sorted(machines, key=_name):
        condition = conditions(machine).get("NodeHealthy", {})
        if _is(condition, "False") and condition.get("reason") == "NodeNotHealthy":
            return _obstacle(f"worker {_name(machine)} is not healthy", condition)
    return None


def of_releases(releases: Iterable[Manifest]) -> Obstacle | None:
    """The first add-on that fails by itself, not for want of another one."""
    for release in sorted(releases, key=_name):
        found = conditions(release)
        stalled, ready = found.get("Stalled"), found.get("Ready")
        if stalled is not None and _is(stalled, "True"):
            return _obstacle(f"add-on {release['spec']['releaseName']}", stalled, final=True)
        if ready is not None and _is(ready, "False") and ready.get("reason") not in _WAITING:
            return _obstacle(f"add-on {release['spec']['releaseName']}", ready)
    return None


def of_hosted(deployments: Iterable[Manifest]) -> Obstacle | None:
    for deployment in sorted(deployments, key=_name):
        condition = conditions(deployment).get("Available")
        if condition is not None and _is(condition, "False"):
            return _obstacle(f"{_name(deployment)} does not run", condition)
    return None


def conditions(manifest: Manifest | None) -> dict[str, Condition]:
    """An object's conditions by their type."""
    listed: list[Condition] = ((manifest or {}).get("status") or {}).get("conditions") or []
    return {condition["type"]: condition for condition in listed}


def initialized(cluster: Manifest) -> bool:
    """Whether the control plane has ever been up, as Cluster API keeps it."""
    seen = (cluster.get("status") or {}).get("initialization") or {}
    return bool(seen.get("controlPlaneInitialized"))


def latest(manifests: Iterable[Manifest], *types: str) -> str:
    """When the last of these conditions came to be as it is; empty when nobody says."""
    return max(_times(manifests, types), default="")


def _times(manifests: Iterable[Manifest], types: tuple[str, ...]) -> Iterator[str]:
    for manifest in manifests:
        for type_, condition in conditions(manifest).items():
            if type_ in types and condition.get("lastTransitionTime"):
                yield condition["lastTransitionTime"]


def _obstacle(words: str, condition: Condition, *, final: bool = False) -> Obstacle:
    detail = condition.get("message") or ""
    return Obstacle(
        message=f"{words}: {detail}" if detail else words,
        since=condition.get("lastTransitionTime") or "",
        final=final,
    )


def _is(condition: Condition | None, status: str) -> bool:
    return condition is not None and condition.get("status") == status


def _name(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name
