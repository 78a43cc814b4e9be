"""What is in the way of a cluster, read from the conditions of its objects: in plain words, with what to do about it.

The deepest cause is wanted: a worker that finds no room, rather than a MachineDeployment that is not available.
Reading only: whether an obstacle is a failure, `provisioning.steps` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from provisioning import advice, pods
from provisioning.manifest import Manifest
from provisioning.manifests.marks import NAME_LABEL
from provisioning.steps import Obstacle

Condition = Mapping[str, Any]

_KAMAJI: Final = "look at the KamajiControlPlane, its TenantControlPlane, and the log of Kamaji's provider"
_CONTROL_PLANE: Final = (
    ("TenantControlPlaneCreated", "the control plane is not made yet", _KAMAJI),
    (
        "TenantControlPlaneAddressReady",
        "the API server has no address yet",
        "the management cluster has to give the cluster's Service an address: look at what makes its load balancers, "
        "and whether addresses are left",
    ),
    ("ControlPlaneEndpointPatched", "the API server's address is not published yet", _KAMAJI),
    ("InfrastructureClusterPatched", "the API server's address is not published yet", _KAMAJI),
    ("KubeadmResourcesCreated", "what workers need to join is not there yet", _KAMAJI),
    ("KamajiControlPlaneIsInitialized", "the API server is not up yet", "look at the Pods of the control plane"),
    ("KamajiControlPlaneIsReady", "the API server is not ready yet", "look at the Pods of the control plane"),
)
"""In the order in which they come true: the first that is not says where it hangs."""

_VM: Final = "look at the VirtualMachine and its virt-launcher Pod"
_DISK: Final = "look at the worker's DataVolume, its importer Pod, and the StorageClass of the flavor"
_MACHINE: Final = {
    "Unschedulable": (
        "a worker finds no room in the management cluster",
        "make room on the nodes that run virtual machines, or take a smaller flavor",
    ),
    "DVNotReady": ("a worker's disk is not ready", _DISK),
    "DVImagePullFailed": ("a worker's disk image cannot be pulled", _DISK),
    "VMNotReady": ("a worker's virtual machine is not ready", _VM),
    "VMCreateFailed": ("a worker's virtual machine could not be made", _VM),
    "BootstrapFailed": ("a worker does not join", "look at the machine's console, and the version in its image"),
}
"""Reasons of the KubeVirt provider; `WaitingFor...` ones are left out, they name what comes next and nothing wrong."""

MADE_BY: Final = "helmreleaseproxy.addons.cluster.x-k8s.io/helmchartproxy-name"
"""On a HelmReleaseProxy: the HelmChartProxy that it is of."""
_WAITING: Final = ("DependencyNotReady", "Progressing", "ProgressingWithRetry")
"""Reasons of Flux that say no more than that its turn has not come."""
_NOT_YET: Final = "dataSecretCreated is false"
"""What Cluster API says of a bootstrap config that its controller has not come to."""


def of_control_plane(
    cluster: Manifest, control_plane: Manifest, *, silence: str = "", its_pods: Iterable[Manifest] = ()
) -> Obstacle | None:
    """`silence`: why the tenant's API server could not be used when somebody looked; empty when it could."""
    found, why = conditions(control_plane), pods.trouble(its_pods, of=_name(control_plane))
    for type_, words, hint in _CONTROL_PLANE:
        if _is(found.get(type_), "False"):
            return _obstacle(words, found[type_], hint, why)
    for type_, condition in conditions(cluster).items():
        if condition.get("reason") == "InternalError" and type_ in ("InfrastructureReady", "ControlPlaneAvailable"):
            return _obstacle("Cluster API cannot work with this cluster", condition, "look at Cluster API's log")
    probe = conditions(cluster).get("RemoteConnectionProbe")
    hint = "look at the Pods of the control plane, and for a NetworkPolicy in between"
    # Before the control plane was ever there, nobody could have answered.
    if initialized(cluster) and _is(probe, "False"):
        return _obstacle("the API server does not answer", probe or {}, hint)
    return Obstacle(silence, hint=advice.about(silence) or hint) if silence and initialized(cluster) else None


def of_workers(
    machines: Iterable[Manifest], kubevirt_machines: Iterable[Manifest], sets: Iterable[Manifest] = ()
) -> Obstacle | None:
    """The virtual machines first: nothing above them is ready before they are."""
    machines = sorted(machines, key=_name)
    for machine in sorted(kubevirt_machines, key=_name):
        for condition in conditions(machine).values():
            words, hint = _MACHINE.get(condition.get("reason", ""), ("", ""))
            if words and _is(condition, "False"):
                return _obstacle(words, condition, hint)
    for machine in machines:
        bootstrap = conditions(machine).get("BootstrapConfigReady", {})
        if _is(bootstrap, "False") and bootstrap.get("message") and _NOT_YET not in bootstrap["message"]:
            return _obstacle(
                f"worker {_name(machine)} does not get what it needs to join",
                bootstrap,
                "look at its KubeadmConfig and the log of Cluster API's kubeadm provider",
            )
    for made in sorted(sets, key=_name):
        scaling = conditions(made).get("ScalingUp", {})
        if _is(scaling, "True") and "blocked because" in (scaling.get("message") or ""):
            return _obstacle(f"{made['kind']} {_name(made)} makes no workers", scaling, "mend what is named here")
    return next((found for machine in machines if (found := _of_health(machine)) is not None), None)


def _of_health(machine: Manifest) -> Obstacle | None:
    """What follows from something else as a rule: from a network that is not there, for one."""
    found = conditions(machine)
    if _is(found.get("HealthCheckSucceeded"), "False"):
        hint = "Cluster API replaces it as far as the pool's health check lets it; look at the machine's console"
        return _obstacle(f"worker {_name(machine)} is given up", found["HealthCheckSucceeded"], hint, shallow=True)
    node = found.get("NodeHealthy", {})
    if _is(node, "False") and node.get("reason") == "NodeNotHealthy":
        hint = "look at the Node in the tenant cluster, and whether its network runs"
        return _obstacle(f"worker {_name(machine)} is not healthy", node, hint, shallow=True)
    return None


def of_releases(releases: Iterable[Manifest], proxies: Iterable[Manifest] = ()) -> Obstacle | None:
    """The first add-on that fails by itself, not for want of another one.

    `proxies` are the HelmReleaseProxies of this cluster: a HelmChartProxy says only that not all of its are ready.
    """
    below = {(proxy["metadata"].get("labels") or {}).get(MADE_BY): proxy for proxy in proxies}
    for release in sorted(releases, key=_name):
        found, words = conditions(release), f"add-on {release['spec'].get('releaseName') or _name(release)}"
        stalled, ready = found.get("Stalled"), found.get("Ready")
        if stalled is not None and _is(stalled, "True"):
            hint = "it is not tried again before it changes: mend its chart or its values"
            return _obstacle(words, stalled, hint, final=True)
        if release["spec"].get("suspend") and not _is(ready, "True"):
            return Obstacle(f"{words} is suspended", hint="somebody has told Flux to leave it alone: resume it")
        if ready is not None and _is(ready, "False") and ready.get("reason") not in _WAITING:
            proxy = below.get(_name(release), {"metadata": {}})
            why = conditions(proxy).get("Ready", {}).get("message") or ""
            return _obstacle(words, ready, f"the words are its installer's: kubectl describe {_typed(release)}", why)
    return None


def of_hosted(
    deployments: Iterable[Manifest], *, uninitialised: Iterable[str] = (), their_pods: Iterable[Manifest] = ()
) -> Obstacle | None:
    """What runs beside the control plane. `uninitialised`: Nodes that its cloud controller manager has to take over."""
    waiting, known = tuple(uninitialised), tuple(their_pods)
    for deployment in sorted(deployments, key=_name):
        found = conditions(deployment)
        condition = found.get("ReplicaFailure") if _is(found.get("ReplicaFailure"), "True") else found.get("Available")
        if condition is None or (condition["type"] == "Available" and not _is(condition, "False")):
            continue
        words = f"{_name(deployment)} does not run"
        if waiting and (deployment["metadata"].get("labels") or {}).get(NAME_LABEL) == "cloud-controller-manager":
            words = f"{words}, so {_count(waiting, 'worker')} not taken over and cannot be used"
        why = pods.trouble(known, of=_name(deployment))
        return _obstacle(
            words, condition, f"kubectl describe deployment {_name(deployment)}, and look at its Pods", why
        )
    return None


def of_resource_sets(resource_sets: Iterable[Manifest]) -> Obstacle | None:
    """Raw manifests that Cluster API puts into the tenant: the node part of the CSI driver and its StorageClasses."""
    for one in sorted(resource_sets, key=_name):
        condition = conditions(one).get("ResourcesApplied")
        if _is(condition, "False"):
            words = f"{_name(one)} is not applied to the cluster"
            return _obstacle(words, condition or {}, f"kubectl describe {_typed(one)}")
    return None


def of_tenant(*, uninitialised: Iterable[str], unready: Iterable[str]) -> Obstacle | None:
    """What our own look into the tenant finds."""
    waiting, down = tuple(uninitialised), tuple(unready)
    if waiting:
        words = f"{_count(waiting, 'worker')} not taken over by the cloud controller manager: {', '.join(waiting[:3])}"
        return Obstacle(words, hint="it runs, so its log says why: the Deployment <cluster>-cloud-controller-manager")
    if down:
        return Obstacle(f"in the cluster: {'; '.join(down)}", hint="look at these Pods in kube-system of the cluster")
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


def _obstacle(
    words: str, condition: Condition, hint: str, why: str = "", *, final: bool = False, shallow: bool = False
) -> Obstacle:
    """`why` is what lies below the condition, when somebody looked."""
    detail = why or condition.get("message") or ""
    return Obstacle(
        message=f"{words}: {detail}" if detail else words,
        since=condition.get("lastTransitionTime") or "",
        hint=advice.about(detail) or hint,
        final=final,
        shallow=shallow,
    )


def _is(condition: Condition | None, status: str) -> bool:
    return condition is not None and condition.get("status") == status


def _count(things: tuple[str, ...], noun: str) -> str:
    return f"1 {noun} is" if len(things) == 1 else f"{len(things)} {noun}s are"


def _typed(manifest: Manifest) -> str:
    return f"{manifest['kind'].lower()} {_name(manifest)}"


def _name(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name
