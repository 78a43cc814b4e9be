"""How each step on the way to Ready looks in the objects of a cluster. Pure reading; times are what the objects say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from provisioning import advice, names, obstacles, resources, steps
from provisioning.addons import caaph
from provisioning.addons.charts import CNI_LABEL
from provisioning.addons.target import ADD_ON_LABEL
from provisioning.manifest import Manifest
from provisioning.manifests.machine_deployment import DEPLOYMENT_LABEL
from provisioning.model import ClusterSpec, NodeCount, NodePool, StepState, TenantCluster
from provisioning.objects import Stored, format_time
from provisioning.steps import Obstacle, Sight
from provisioning.world import World

POD_PATIENCE: Final = timedelta(seconds=20)
"""How long Pods may take to start before anybody asks what keeps them."""
_INSTALLER = "see whether Flux, or whatever else the Catalog has install add-ons, runs"


def see(cluster: Stored[TenantCluster], world: World, *, refusal: str = "") -> tuple[Sight, ...]:
    """Every step as it looks now, in order. `refusal`: why the last attempt to apply the cluster failed, or empty."""
    before = (
        _accepted(world, refusal),
        _control_plane(cluster.it.spec, world),
        _network(cluster.it.spec, world),
        _workers(cluster, world),
        _storage(world),
        _add_ons(cluster, world),
    )
    return (*before, _probe(cluster, world)) if world.probed else before


def _accepted(world: World, refusal: str) -> Sight:
    if refusal:
        obstacle = Obstacle(refusal, hint=advice.about(refusal), final=True)
        return Sight(steps.ACCEPTED, world.cluster is not None, _made(world), obstacle=obstacle)
    if world.cluster is not None and "deletionTimestamp" in world.cluster["metadata"]:
        gone = "somebody deleted its Cluster; it is made again once that is gone"
        return Sight(steps.ACCEPTED, done=False, progress=gone)
    return Sight(steps.ACCEPTED, world.cluster is not None, _made(world), "its objects are being made")


def _made(world: World) -> str:
    made: str = world.cluster["metadata"].get("creationTimestamp", "") if world.cluster else ""
    return made


def _control_plane(spec: ClusterSpec, world: World) -> Sight:
    if world.cluster is None or world.control_plane is None:
        return Sight(steps.CONTROL_PLANE, done=False, progress="the control plane is being made")
    wanted, status = world.control_plane["spec"], world.control_plane.get("status") or {}
    obstacle = obstacles.of_control_plane(
        world.cluster, world.control_plane, silence=world.silence, its_pods=world.pods
    )
    settled = (
        status.get("ready") is True
        and spec.version == wanted.get("version") == status.get("version")
        and status.get("readyReplicas", 0) >= spec.control_plane.replicas
        and obstacles.initialized(world.cluster)
    )
    reached = status.get("version") or ""
    progress, patience = _upgrade(spec.version or "", wanted.get("version", ""), reached, len(world.machines))
    at = obstacles.latest([world.control_plane], "KamajiControlPlaneIsReady", "Available")
    # It is silently left alone until Cluster API has put an owner on it (Kamaji's provider, issue 126).
    hint = "look at the Pods of the control plane" if status else "see whether Cluster API and Kamaji's provider run"
    return Sight(steps.CONTROL_PLANE, settled and obstacle is None, at, progress, obstacle, patience, hint)


def _upgrade(wanted: str, asked: str, reached: str, workers: int) -> tuple[str, timedelta]:
    """How far a control plane is on its way to the wanted version, and how long it may be without moving."""
    if not reached or reached == wanted:
        return "the API server is starting", steps.STEP_PATIENCE
    if reached == asked:
        told = f"the control plane has reached {reached}, and goes on to {wanted} when every worker has"
        return told, steps.STEP_PATIENCE + steps.WORKER_PATIENCE * workers
    further = "" if asked == wanted else f", on its way to {wanted}"
    return f"the control plane is being upgraded to {asked}{further}", steps.STEP_PATIENCE


def _network(spec: ClusterSpec, world: World) -> Sight:
    networks = [release for release in world.releases if _is_network(release)]
    # None of the add-ons may be a network: then whoever made the Catalog brings it another way.
    known = bool(world.releases) or not spec.add_ons
    done = known and all(_release_ready(release) for release in networks)
    at = obstacles.latest(networks, "Ready")
    obstacle = None if done else obstacles.of_releases(networks, world.release_proxies)
    return Sight(steps.NETWORK, done, at, "the network is being installed", obstacle, hint=_INSTALLER)


def _workers(cluster: Stored[TenantCluster], world: World) -> Sight:
    spec = cluster.it.spec
    found = {deployment["metadata"]["name"]: deployment for deployment in world.machine_deployments}
    pools = {names.machine_deployment(cluster.meta.name, pool.name): pool for pool in spec.pools}
    count = nodes(cluster, world)
    done = (
        found.keys() == pools.keys()
        and all(_rolled_out(found[name], pool, spec.version or "") for name, pool in pools.items())
        and not any(_outdated(made, found) for made in world.machine_sets)
        and count.ready >= count.wanted
    )
    progress = f"{count.ready} of {count.wanted} workers are ready"
    at = obstacles.latest(world.machine_deployments, "Available", "MachinesReady", "RollingOut", "ScalingUp")
    sets = (*world.machine_sets, *world.machine_deployments)
    obstacle = None if done else obstacles.of_workers(world.machines, world.kubevirt_machines, sets)
    patience = steps.STEP_PATIENCE + steps.WORKER_PATIENCE * count.wanted
    hint = "look at the Machines and VirtualMachines of the cluster, and the console of one that does not join"
    return Sight(steps.WORKERS, done, at, progress, obstacle, patience, hint)


def _storage(world: World) -> Sight:
    """What makes volumes and load balancers: the controllers beside the control plane, and their part in the tenant."""
    done = (
        bool(world.deployments)
        and all(_available(deployment) for deployment in world.deployments)
        and all(_applied(one) for one in world.resource_sets)
    )
    at = max(
        obstacles.latest(world.deployments, "Available"), obstacles.latest(world.resource_sets, "ResourcesApplied")
    )
    obstacle = None
    if not done:
        hosted = obstacles.of_hosted(world.deployments, uninitialised=world.uninitialised, their_pods=world.pods)
        obstacle = hosted or obstacles.of_resource_sets(world.resource_sets)
    progress = "what runs beside the control plane is starting"
    return Sight(steps.STORAGE, done, at, progress, obstacle, hint="look at the Deployments of the cluster")


def _add_ons(cluster: Stored[TenantCluster], world: World) -> Sight:
    releases = [release for release in world.releases if not _is_network(release)]
    wanted = {add_on.name for add_on in cluster.it.spec.add_ons}
    present = {_add_on(release) for release in world.releases}
    networks = {_add_on(release) for release in world.releases if _is_network(release)}
    ready = [release for release in releases if _release_ready(release)]
    done = wanted == present and len(ready) == len(releases)
    progress = f"{len(ready)} of {len(wanted - networks)} add-ons are installed"
    at = obstacles.latest(releases, "Ready")
    obstacle = None if done else obstacles.of_releases(releases, world.release_proxies)
    return Sight(steps.ADD_ONS, done, at, progress, obstacle, hint=_INSTALLER)


def _probe(cluster: Stored[TenantCluster], world: World) -> Sight:
    """What the tenant says of itself. Silence is the control plane's matter; missing workers are the workers'."""
    if world.nodes_ready is None and not world.silence:
        # Who has just started has asked nobody yet. The last answer stands: no start of ours is an alarm.
        was_content = any(s.name == steps.PROBE and s.state is StepState.DONE for s in cluster.it.status.steps)
        return Sight(steps.PROBE, was_content, progress="the cluster is being asked")
    count = nodes(cluster, world)
    obstacle = obstacles.of_tenant(uninitialised=world.uninitialised, unready=world.unready)
    done = not world.silence and obstacle is None and count.ready >= count.wanted
    progress = f"the cluster itself calls {count.ready} of {count.wanted} workers ready"
    return Sight(steps.PROBE, done, progress=progress, obstacle=obstacle)


def _is_network(release: Manifest) -> bool:
    return CNI_LABEL in (release["metadata"].get("labels") or {})


def _add_on(release: Manifest) -> str:
    name: str = (release["metadata"].get("labels") or {}).get(ADD_ON_LABEL, "")
    return name


def _current(manifest: Manifest) -> bool:
    """Whether its controller has seen the object as it is now."""
    seen = (manifest.get("status") or {}).get("observedGeneration", 0)
    return bool(seen >= manifest["metadata"].get("generation", 0))


def _release_ready(release: Manifest) -> bool:
    if release["kind"] == resources.HELM_CHART_PROXIES.kind:
        return caaph.is_ready(release)
    return _current(release) and obstacles.conditions(release).get("Ready", {}).get("status") == "True"


def _applied(resource_set: Manifest) -> bool:
    return obstacles.conditions(resource_set).get("ResourcesApplied", {}).get("status") == "True"


def _available(deployment: Manifest) -> bool:
    return _current(deployment) and obstacles.conditions(deployment).get("Available", {}).get("status") == "True"


def _rolled_out(deployment: Manifest, pool: NodePool, version: str) -> bool:
    """Whether every machine of the pool is there, up to date and available, and none too many."""
    spec, status = deployment["spec"], deployment.get("status") or {}
    desired = spec.get("replicas", 0) if pool.autoscaled else pool.replicas
    counts = [status.get(field, 0) for field in ("replicas", "upToDateReplicas", "availableReplicas")]
    return (
        _current(deployment)
        and spec.get("replicas", 0) == desired
        and spec["template"]["spec"].get("version") == version
        and all(count == desired for count in counts)
    )


def _outdated(made: Manifest, deployments: Mapping[str, Manifest]) -> bool:
    """Whether a MachineSet has machines that its MachineDeployment does not want any more.

    Cluster API counts them as up to date for some seconds after the change: the count is another controller's.
    """
    owner = deployments.get((made["metadata"].get("labels") or {}).get(DEPLOYMENT_LABEL, ""))
    has_machines = made["spec"].get("replicas", 1) or (made.get("status") or {}).get("replicas", 0)
    return bool(owner and has_machines) and _makes(made) != _makes(owner or {})


def _makes(manifest: Manifest) -> tuple[object, ...]:
    """What tells the machines of one MachineDeployment or MachineSet from those of another."""
    machine = manifest["spec"]["template"]["spec"]
    references = (machine.get("infrastructureRef") or {}, machine["bootstrap"].get("configRef") or {})
    return machine.get("version"), *(reference.get("name") for reference in references)


def nodes(cluster: Stored[TenantCluster], world: World) -> NodeCount:
    """Workers that are ready, and how many are wanted now."""
    found = {deployment["metadata"]["name"]: deployment for deployment in world.machine_deployments}
    wanted = 0
    for pool in cluster.it.spec.pools:
        deployment = found.get(names.machine_deployment(cluster.meta.name, pool.name), {"spec": {}})
        # An autoscaled pool is as large as the autoscaler says.
        wanted += deployment["spec"].get("replicas", pool.min or 0) if pool.autoscaled else pool.replicas or 0
    machines = sum((d.get("status") or {}).get("readyReplicas", 0) for d in world.machine_deployments)
    return NodeCount(ready=machines if world.nodes_ready is None else world.nodes_ready, wanted=wanted)


def are_pods_of_interest(world: World, *, now: datetime) -> bool:
    """Whether something that runs in the management cluster has not come up for a while: its Pods would say why."""
    long_ago = format_time(now - POD_PATIENCE)
    kinds = {"Available": world.deployments, "KamajiControlPlaneIsReady": (world.control_plane,)}
    return any(
        (condition := obstacles.conditions(one).get(type_, {})).get("status") == "False"
        and condition.get("lastTransitionTime", "") <= long_ago
        for type_, all_of_it in kinds.items()
        for one in all_of_it
    )


def of_life(world: World) -> tuple[object, ...]:
    """What hints at how the tenant's API server would answer if it was asked: another value, another answer perhaps."""
    probe = obstacles.conditions(world.cluster).get("RemoteConnectionProbe", {})
    ready = [(md.get("status") or {}).get("readyReplicas", 0) for md in world.machine_deployments]
    return probe.get("status"), *ready
