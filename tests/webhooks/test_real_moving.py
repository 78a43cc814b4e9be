"""What others' tools write when clusters move and backups come back, on a real API server, with the door closed.

The writes are those of `clusterctl move` (cluster-api, `cmd/clusterctl/client/cluster/mover.go`) and of Velero
(`pkg/restore`), in their order: nothing of it is refused that the platform has room for, and all of it is charged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from provisioning.kube import Kube
from provisioning.ledgers import KubeLedgers
from provisioning.manifest import Manifest
from provisioning.names import CAPI_CLUSTER_LABEL
from provisioning.resources import (
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    SECRETS,
    VIRTUAL_MACHINES,
    Resource,
)
from provisioning.usage import Usage
from tests import foreign_kinds
from tests.webhooks.test_real import SYSTEM, Desk, behind_the_door
from tests.webhooks.test_real_ways import deployment, insisting, owner, reference, refused, template
from webhooks import marks
from webhooks.kinds import BUCKETS, GIT_REPOSITORIES
from webhooks.policies.own_infrastructure import MOVED_AWAY

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

VELERO = "system:serviceaccount:velero:velero"
SVELTOS_CLUSTERS = Resource("lib.projectsveltos.io", "v1beta1", "sveltosclusters", "SveltosCluster")
FINALIZER = "machine.cluster.x-k8s.io"
REPLICAS = 2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with (
        await Kube.connect(kubeconfig=control_plane.kubeconfig) as admin,
        behind_the_door(
            control_plane,
            admin,
            tmp_path_factory.mktemp("webhooks"),
            hard={"clusters": 2, "nodes": 9, "storage": "10Gi"},
            replicas=1,
            settings={"CLUSTERDESK_PLATFORM_USERS": VELERO},
        ) as desk,
        foreign_kinds.served(admin, (GIT_REPOSITORIES, BUCKETS, SVELTOS_CLUSTERS)),
    ):
        yield desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pat(desk: Desk) -> AsyncIterator[Kube]:
    """One of the platform, who runs `clusterctl`."""
    async with await Kube.connect(kubeconfig=desk.plane.kubeconfig_for("pat", ["system:masters"])) as pat:
        yield pat


async def used(desk: Desk) -> Usage:
    return (await KubeLedgers(desk.admin, SYSTEM).load(desk.tenant)).ledger.used()


def cluster(desk: Desk, name: str) -> Manifest:
    """As `clusterctl` brings one: it goes on when all of it is there."""
    refs = {"controlPlaneRef": KAMAJI_CONTROL_PLANES, "infrastructureRef": KUBEVIRT_CLUSTERS}
    return desk.new(CLUSTERS, name, {"paused": True, **{key: reference(kind, name) for key, kind in refs.items()}})


def parts(desk: Desk, name: str) -> list[tuple[Resource, str, Manifest]]:
    """What belongs to a cluster, the kind of each one's owner, and the object without it; owners come first."""
    small = template(desk, "small")
    pool = deployment(desk, f"{name}-md", replicas=REPLICAS, cluster=name)
    machine_set = {**pool, "kind": "MachineSet", "metadata": {**pool["metadata"], "name": f"{name}-set"}}
    machine = {
        **pool["spec"]["template"]["spec"],
        "bootstrap": {"dataSecretName": f"{name}-boot"},
        "infrastructureRef": reference(KUBEVIRT_MACHINES, f"{name}-0"),
    }
    labels = {CAPI_CLUSTER_LABEL: name}
    kamaji = {"cluster.x-k8s.io/managed-by": "kamaji"}
    guest = small["spec"]["template"]["spec"]
    return [
        (
            KAMAJI_CONTROL_PLANES,
            "Cluster",
            desk.new(KAMAJI_CONTROL_PLANES, name, {"version": "v1.34.2", "replicas": 1}),
        ),
        (KUBEVIRT_CLUSTERS, "Cluster", desk.new(KUBEVIRT_CLUSTERS, name, {}, annotations=kamaji)),
        (KUBEVIRT_MACHINE_TEMPLATES, "Cluster", small),
        (MACHINE_DEPLOYMENTS, "Cluster", pool),
        (MACHINE_SETS, "MachineDeployment", machine_set),
        (MACHINES, "MachineSet", desk.new(MACHINES, f"{name}-0", machine, labels=labels, finalizers=[FINALIZER])),
        (KUBEVIRT_MACHINES, "Machine", desk.new(KUBEVIRT_MACHINES, f"{name}-0", guest, labels=labels)),
        (SECRETS, "KamajiControlPlane", {**desk.new(SECRETS, f"{name}-kubeconfig"), "data": {"value": "YQ=="}}),
    ]


async def test_a_cluster_moves_in_and_out_by_clusterctl_and_is_charged_once(desk: Desk, pat: Kube) -> None:
    where = {"namespace": desk.namespace}
    made: dict[str, tuple[Resource, Manifest]] = {}
    for kind, above, manifest in [(CLUSTERS, "", cluster(desk, "moved")), *parts(desk, "moved")]:
        if above:
            manifest["metadata"]["ownerReferences"] = owner(made[above][1])
        made[kind.kind] = kind, await insisting(partial(pat.create, kind, manifest))
    await insisting(lambda: pat.merge(CLUSTERS, "moved", {"spec": {"paused": None}}, **where))
    # Two machines, and one for a rolling update; whatever was made of them is in there.
    charged = await used(desk)
    assert (charged.clusters, charged.nodes) == (1, REPLICAS + 1)

    await insisting(lambda: pat.merge(CLUSTERS, "moved", {"spec": {"paused": True}}, **where))
    for kind, manifest in reversed(made.values()):
        name = manifest["metadata"]["name"]
        there = await pat.get(kind, name, **where)
        notes = dict.fromkeys(there["metadata"].get("annotations") or {}, None) | {MOVED_AWAY: ""}
        await insisting(partial(pat.merge, kind, name, {"metadata": {"annotations": notes}}, **where))
        await insisting(partial(pat.merge, kind, name, {"metadata": {"finalizers": []}}, **where))
        await insisting(partial(pat.delete, kind, name, namespace=desk.namespace))
        assert await pat.find(kind, name, **where) is None


async def test_what_comes_back_without_its_owners_or_is_scaled_by_an_autoscaler_is_held_to_the_quota(
    desk: Desk,
) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    old = {"cdi.kubevirt.io/storage.import.endpoint": "https://somewhere", "velero.io/csi-volumesnapshot-class": "a"}
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "velero-a"}
    vm = template(desk, "x")["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"] | {"runStrategy": "Always"}
    first: list[tuple[Resource, Manifest]] = [
        (
            PERSISTENT_VOLUME_CLAIMS,
            desk.new(PERSISTENT_VOLUME_CLAIMS, "data", {**claim, "dataSource": source}, annotations=old),
        ),
        (SECRETS, {**desk.new(SECRETS, "back-ca"), "data": {"ca.crt": "YQ==", "ca.key": "YQ=="}}),
    ]
    # The control plane's keys are there already, and not known as its own any more: that one waits for an open door.
    rest = [(kind, it) for kind, _, it in parts(desk, "back") if kind is not KAMAJI_CONTROL_PLANES]
    last = [(VIRTUAL_MACHINES, desk.new(VIRTUAL_MACHINES, "back-0", vm)), (CLUSTERS, cluster(desk, "back"))]
    async with desk.person(VELERO) as velero:
        for kind, manifest in [*first, *rest, *last]:
            labelled = marks.labelled(manifest, {"velero.io/restore-name": "monday"})
            await insisting(partial(velero.create, kind, labelled))
        front = desk.new(KAMAJI_CONTROL_PLANES, "back", {"version": "v1.34.2", "replicas": 1})
        await refused("a Secret back-ca with a key already", lambda: velero.create(KAMAJI_CONTROL_PLANES, front))
        more = deployment(desk, "more", replicas=9, cluster="back")
        await refused("nodes: asks for 10", lambda: velero.create(MACHINE_DEPLOYMENTS, more))
    assert (await used(desk)).storage == 1 << 30
    async with desk.person("system:serviceaccount:kube-system:horizontal-pod-autoscaler") as autoscaler:
        scale = partial(autoscaler.merge, MACHINE_DEPLOYMENTS, "back-md", namespace=desk.namespace, subresource="scale")
        await insisting(lambda: scale({"spec": {"replicas": REPLICAS - 1}}))
        await refused("nodes: asks for", lambda: scale({"spec": {"replicas": 20}}))


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        (GIT_REPOSITORIES, {"url": "https://x", "interval": "5m", "provider": "azure"}, "by azure Flux would ask"),
        (BUCKETS, {"bucketName": "a", "endpoint": "x", "interval": "5m", "provider": "gcp"}, "by gcp Flux would ask"),
        (SVELTOS_CLUSTERS, {"workloadIdentity": {"provider": "azure", "endpoint": "https://x"}}, "a token of its own"),
        (SVELTOS_CLUSTERS, {"kubeconfigName": "mine"}, "must end with -kubeconfig"),
    ],
)
async def test_nobody_is_shown_a_token_of_a_controllers(desk: Desk, kind: Resource, spec: Any, told: str) -> None:
    async with desk.person("eve") as eve:
        await refused(told, lambda: eve.create(kind, desk.new(kind, "s", spec)))
