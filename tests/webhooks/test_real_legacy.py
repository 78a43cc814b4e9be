"""Where only the older generation of Cluster API's APIs is served, the door is asked, and its rules hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from provisioning import errors, legacy
from provisioning.kube import Kube
from provisioning.legacy_kube import LegacyKube
from provisioning.profile import Profile
from provisioning.resources import CLUSTERS, HELM_RELEASES, KAMAJI_CONTROL_PLANES
from tests.webhooks import test_real
from tests.webhooks.test_real import Desk, House, housed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(older_control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("webhooks")
    async with (
        await Kube.connect(kubeconfig=older_control_plane.kubeconfig) as plain,
        housed(older_control_plane, LegacyKube(plain), folder, profile=Profile.V1BETA1) as house,
    ):
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def desk(house: House) -> Desk:
    return await house.tenant()


async def test_raw_objects_of_the_older_generation_are_held_to_the_same_quota(desk: Desk) -> None:
    await test_real.test_raw_objects_are_held_to_the_same_quota_and_scaling_too(desk)


async def test_control_planes_of_the_older_generation_are_completed_and_held_to_the_same_rules(desk: Desk) -> None:
    async with await Kube.connect(kubeconfig=desk.plane.kubeconfig) as plain:
        kind = legacy.old(KAMAJI_CONTROL_PLANES)
        made = await plain.create(kind, desk.new(kind, "web", {"version": "v1.33.1"}))
        assert made["spec"]["addons"].keys() == {"coreDNS", "kubeProxy", "konnectivity"}
        with pytest.raises(errors.Invalid, match="one minor at a time"):
            await plain.merge(kind, "web", {"spec": {"version": "v1.35.1"}}, namespace=desk.namespace)


async def test_a_cluster_of_the_older_generation_is_marked_whole(desk: Desk) -> None:
    async with await Kube.connect(kubeconfig=desk.plane.kubeconfig) as plain:
        kind = legacy.old(CLUSTERS)
        made = await plain.create(kind, desk.new(kind, "hand", {}, annotations={"mine": "yes"}))
        assert made["metadata"]["labels"]["clusterdesk.dev/tenant"] == desk.tenant
        assert made["metadata"]["annotations"]["mine"] == "yes"


async def test_what_is_of_no_generation_is_judged_as_ever(desk: Desk) -> None:
    await test_real.test_an_autoscaler_aimed_at_a_tenant_is_refused_and_says_where_it_belongs(desk)
    assert (await desk.admin.list(HELM_RELEASES, namespace=desk.namespace)).items == []


async def test_a_control_plane_of_the_older_generation_brings_nothing_into_the_management_cluster(desk: Desk) -> None:
    kind = legacy.old(KAMAJI_CONTROL_PLANES)
    async with desk.person("eve") as eve:
        body = desk.new(kind, "own", {"version": "v1.33.1", "registry": "registry.example.org"})
        with pytest.raises(errors.Forbidden, match="images come from that run in the management cluster"):
            await eve.create(kind, body)


async def test_no_cluster_of_a_tenant_is_made_by_a_class_and_none_brings_what_belongs_elsewhere(desk: Desk) -> None:
    """Here no manager of Cluster API stands beside the door, which would refuse every topology without its feature."""
    kind = legacy.old(CLUSTERS)
    boot = {"name": "boot", "value": "helm install cluster-autoscaler autoscaler/cluster-autoscaler"}
    topology = {"class": "c", "version": "v1.33.1", "variables": [boot]}
    async with desk.person("eve") as eve:
        await eve.create(kind, desk.new(kind, "plain", {}))
        with pytest.raises(errors.Forbidden, match="only the platform makes clusters by a ClusterClass"):
            await eve.create(kind, desk.new(kind, "classy", {"topology": topology}))
        with pytest.raises(errors.Forbidden, match="only the platform makes clusters by a ClusterClass"):
            await eve.merge(kind, "plain", {"spec": {"topology": topology}}, namespace=desk.namespace)
    async with await Kube.connect(kubeconfig=desk.plane.kubeconfig) as plain:
        with pytest.raises(errors.Forbidden, match="beside the control plane"):
            await plain.create(kind, desk.new(kind, "classy", {"topology": topology}))
        quiet = {**topology, "variables": []}
        await plain.create(kind, desk.new(kind, "classy", {"topology": quiet}))
