"""The end of a cluster: in order, bounded, nothing left behind, nothing of others touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from provisioning import names, resources, teardown
from provisioning.resources import Resource
from tests.builders import NAMESPACE
from tests.fakes.api_server import Fault
from tests.provisioning.backstage import CAPI_FINALIZER, FLUX_FINALIZER, Backstage, at_work
from tests.provisioning.waiting import until

LABELS = {names.CAPI_CLUSTER_LABEL: "web"}


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    """With one cluster, wholly made, and everything that holds on to it in real life."""
    async with at_work() as working:
        working.cluster()
        await until(lambda: working.there(resources.DEPLOYMENTS, "web-csi-controller"))
        working.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": [CAPI_FINALIZER]}})
        working.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": [FLUX_FINALIZER]}})
        await working.caught_up()
        yield working


def delete(stage: Backstage) -> None:
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)


def deleting(stage: Backstage, resource: Resource, name: str = "web") -> bool:
    found = stage.server.get(resource, name, NAMESPACE)
    return found is None or "deletionTimestamp" in found["metadata"]


def flux_lets_go(stage: Backstage) -> None:
    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": None}})


def cluster_api_is_done(stage: Backstage) -> None:
    stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": None}})


def leave_behind(stage: Backstage, resource: Resource, name: str, **meta: object) -> None:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS, **meta}
    stage.put(resource, {"metadata": metadata, "spec": {}})


async def gone(stage: Backstage, *, seconds: float = 10) -> None:
    await until(lambda: not stage.there(resources.TENANT_CLUSTERS), seconds=seconds)


async def test_it_goes_in_order_and_leaves_nothing(stage: Backstage) -> None:
    for kind, name in (
        (resources.SERVICES, "lb"),
        (resources.PERSISTENT_VOLUME_CLAIMS, "data"),
        (resources.VIRTUAL_MACHINES, "vm"),
        (resources.SECRETS, "web-ca"),
    ):
        leave_behind(stage, kind, name)
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    assert stage.get(resources.HELM_RELEASES, "web-cilium")["spec"]["suspend"] is True
    await until(lambda: "HelmRelease web-cilium" in stage.condition()["message"])
    assert not deleting(stage, resources.CLUSTERS)
    flux_lets_go(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    assert stage.there(resources.DEPLOYMENTS, "web-csi-controller")
    assert stage.there(resources.SERVICES, "lb")
    await until(lambda: "being deleted" in stage.condition()["message"])
    cluster_api_is_done(stage)
    await gone(stage)
    assert [kind.kind for kind in teardown.SWEPT if stage.server.all(kind, NAMESPACE)] == []


async def test_releases_are_suspended_before_they_are_deleted(stage: Backstage) -> None:
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    path = f"/namespaces/{NAMESPACE}/helmreleases/web-cilium"
    asked = [method for method, asked in stage.server.requests if asked.endswith(path) and method != "GET"]
    assert asked[-2:] == ["PATCH", "DELETE"]


async def test_the_autoscaler_is_stilled_first(stage: Backstage) -> None:
    pool = {"name": "md0", "flavor": "small", "min": 1, "max": 3}
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [pool]}})
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-cluster-autoscaler"))
    await stage.caught_up()
    delete(stage)
    await until(lambda: stage.get(resources.DEPLOYMENTS, "web-cluster-autoscaler")["spec"]["replicas"] == 0)
    assert not deleting(stage, resources.CLUSTERS)


async def test_what_flux_holds_on_to_is_taken_from_it_in_the_end(stage: Backstage) -> None:
    delete(stage)
    await until(lambda: deleting(stage, resources.HELM_RELEASES, "web-cilium"))
    stage.clock.ahead = teardown.RELEASE_PATIENCE + timedelta(seconds=1)
    await until(lambda: not stage.there(resources.HELM_RELEASES, "web-cilium"))
    await until(lambda: deleting(stage, resources.CLUSTERS))


async def test_a_paused_cluster_is_woken_to_be_deleted(stage: Backstage) -> None:
    stage.patch(resources.CLUSTERS, "web", {"spec": {"paused": True}})
    await stage.caught_up()
    flux_lets_go(stage)
    delete(stage)
    await until(lambda: deleting(stage, resources.CLUSTERS))
    assert "paused" not in stage.get(resources.CLUSTERS)["spec"]


async def test_what_does_not_go_is_named_and_holds_the_tenant_cluster(stage: Backstage) -> None:
    leave_behind(stage, resources.SERVICES, "lb", finalizers=["cloud.example.com/address"])
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await until(lambda: stage.condition()["message"] == "still there: Service lb", seconds=10)
    assert stage.there(resources.TENANT_CLUSTERS)
    stage.patch(resources.SERVICES, "lb", {"metadata": {"finalizers": None}})
    await gone(stage)


async def test_what_belongs_to_other_clusters_stays(stage: Backstage) -> None:
    other = {"labels": {names.CAPI_CLUSTER_LABEL: "other"}}
    leave_behind(stage, resources.SERVICES, "others-lb", **other)
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await gone(stage)
    assert stage.there(resources.SERVICES, "others-lb")


async def test_an_api_server_that_cannot_list_is_no_proof_that_nothing_is_left(stage: Backstage) -> None:
    leave_behind(stage, resources.PERSISTENT_VOLUME_CLAIMS, "data")
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    stage.server.fail(503, method="GET", plural="persistentvolumeclaims", times=1000)
    delete(stage)
    await until(lambda: not stage.there(resources.CLUSTERS))
    await asyncio.sleep(0.5)
    assert stage.there(resources.TENANT_CLUSTERS)
    stage.server.heal()
    await gone(stage, seconds=15)
    assert not stage.there(resources.PERSISTENT_VOLUME_CLAIMS, "data")


async def test_a_kind_that_is_not_served_leaves_nothing(stage: Backstage) -> None:
    stage.server.unserved.add("datavolumes")
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    delete(stage)
    await gone(stage)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LOST, 500, 409])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_fault_at_any_step_only_costs_time(stage: Backstage, fault: Fault | int, method: str) -> None:
    flux_lets_go(stage)
    cluster_api_is_done(stage)
    leave_behind(stage, resources.SERVICES, "lb")
    stage.server.fail(fault, method=method, times=3)
    delete(stage)
    await gone(stage, seconds=20)
    assert stage.server.all(resources.SERVICES, NAMESPACE) == []


async def test_a_cluster_of_somebody_else_survives_a_tenant_cluster_that_never_got_it() -> None:
    async with at_work() as stage:
        meta = {"name": "web", "namespace": NAMESPACE, "labels": LABELS}
        stage.put(resources.CLUSTERS, {"metadata": meta, "spec": {}})
        leave_behind(stage, resources.SECRETS, "web-kubeconfig")
        await stage.caught_up()
        stage.cluster()
        await until(lambda: "is not ours" in stage.condition()["message"])
        delete(stage)
        await gone(stage)
        assert stage.there(resources.CLUSTERS)
        assert stage.there(resources.SECRETS, "web-kubeconfig")
