"""A Cluster made by hand in a tenant's namespace gets what ours get, and nothing of that outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from provisioning import names, releases, resources
from provisioning.manifest import Manifest
from tests import builders
from tests.builders import NAMESPACE, tweak
from tests.fakes.objects import Kind, Refused
from tests.provisioning.backstage import CAPI_FINALIZER, FLUX_FINALIZER, Backstage, at_work
from tests.provisioning.waiting import until

POLICY = "spec.handMade"


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with at_work() as working:
        yield working


@pytest_asyncio.fixture
async def finished(stage: Backstage) -> Backstage:
    """With one that has everything, and what holds on to it in real life."""
    apply(stage)
    await until(lambda: has_everything(stage))
    stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": [CAPI_FINALIZER, names.FINALIZER]}})
    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": [FLUX_FINALIZER]}})
    await stage.caught_up()
    return stage


def apply(stage: Backstage, **labels: str) -> Manifest:
    """What a person applies, as it is when no webhook of ours has seen it."""
    reference = {"kind": "KamajiControlPlane", "name": "web"}
    meta = {"name": "web", "namespace": NAMESPACE, "labels": labels}
    return stage.put(resources.CLUSTERS, {"metadata": meta, "spec": {"controlPlaneRef": reference}})


def has_everything(stage: Backstage) -> bool:
    hosted = ("web-cloud-controller-manager", "web-csi-controller")
    return stage.there(resources.HELM_RELEASES, "web-cilium") and all(
        stage.there(resources.DEPLOYMENTS, name) for name in hosted
    )


def delete(stage: Backstage) -> None:
    stage.server.remove(resources.CLUSTERS, "web", NAMESPACE)


def cluster_api_is_done(stage: Backstage) -> None:
    kept = [f for f in stage.get(resources.CLUSTERS)["metadata"]["finalizers"] if f != CAPI_FINALIZER]
    stage.patch(resources.CLUSTERS, "web", {"metadata": {"finalizers": kept}})


def flux_lets_go(stage: Backstage) -> None:
    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": None}})


def leave_behind(stage: Backstage, kind: resources.Resource, name: str, **meta: object) -> None:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {names.CAPI_CLUSTER_LABEL: "web"}, **meta}
    stage.put(kind, {"metadata": metadata, "spec": {}})


async def test_it_gets_add_ons_and_hosted_components_though_no_webhook_marked_it(stage: Backstage) -> None:
    apply(stage)
    await until(lambda: has_everything(stage))
    meta = stage.get(resources.CLUSTERS)["metadata"]
    assert meta["labels"] == {
        names.ADDONS_LABEL: "default",
        names.TENANT_LABEL: "blue",
        names.CLUSTER_LABEL: "web",
    }
    assert meta["finalizers"] == [names.FINALIZER]


async def test_it_is_held_before_the_first_thing_is_added(stage: Backstage) -> None:
    apply(stage)
    await until(lambda: stage.there(resources.HELM_RELEASES, "web-cilium"))
    first_write = next(path for method, path in stage.server.requests if method == "PATCH")
    assert first_write.endswith("/clusters/web")


async def test_nothing_that_its_owner_wrote_is_changed(stage: Backstage) -> None:
    before = apply(stage, mine="1")["spec"]
    await until(lambda: has_everything(stage))
    after = stage.get(resources.CLUSTERS)
    assert after["spec"] == before
    assert after["metadata"]["labels"]["mine"] == "1"
    for kind in (resources.KAMAJI_CONTROL_PLANES, resources.MACHINE_DEPLOYMENTS, resources.TENANT_CLUSTERS):
        assert not stage.there(kind)


@pytest.mark.parametrize("label", ["none", "default", "whatever"])
async def test_no_label_opts_out(stage: Backstage, label: str) -> None:
    apply(stage, **{names.ADDONS_LABEL: label})
    await until(lambda: stage.there(resources.HELM_RELEASES, "web-cilium"))
    assert stage.get(resources.CLUSTERS)["metadata"]["labels"][names.ADDONS_LABEL] == "default"


async def test_a_tenants_policy_opts_out_whatever_the_label_says(stage: Backstage) -> None:
    stage.put(resources.TENANTS, tweak(builders.TENANT, POLICY, {"addOns": False}))
    await stage.caught_up()
    apply(stage, **{names.ADDONS_LABEL: "default"})
    await until(lambda: stage.get(resources.CLUSTERS)["metadata"]["labels"][names.ADDONS_LABEL] == "none")
    await quiet(stage)
    assert "finalizers" not in stage.get(resources.CLUSTERS)["metadata"]
    assert stage.server.all(resources.HELM_RELEASES) == []
    assert stage.server.all(resources.DEPLOYMENTS) == []


async def test_what_it_has_got_stays_when_its_tenant_opts_out_later_and_goes_with_it_all_the_same(
    finished: Backstage,
) -> None:
    finished.put(resources.TENANTS, tweak(builders.TENANT, POLICY, {"addOns": False}))
    await until(lambda: finished.get(resources.CLUSTERS)["metadata"]["labels"][names.ADDONS_LABEL] == "none")
    await quiet(finished)
    assert finished.there(resources.HELM_RELEASES, "web-cilium")
    assert finished.there(resources.DEPLOYMENTS, "web-csi-controller")
    flux_lets_go(finished)
    cluster_api_is_done(finished)
    delete(finished)
    await until(lambda: not finished.there(resources.CLUSTERS))
    assert finished.server.all(resources.HELM_RELEASES) == []


async def test_while_a_provider_is_missing_it_is_not_looked_at_again_and_again_and_gets_all_afterwards(
    stage: Backstage,
) -> None:
    stage.server.unserved.add("helmreleases")
    stage.server.expire_watches()
    await until(lambda: stage.landscape.caches[resources.HELM_RELEASES].missing)
    with capture_logs() as logs:
        apply(stage)
        await until(lambda: any("is not installed" in str(line.get("why")) for line in logs))
        await asyncio.sleep(1)
    assert [line for line in logs if line["event"] == "work_waits" and line["queue"] == "clusters"] == []
    stage.server.unserved.clear()
    await until(lambda: has_everything(stage))


async def test_what_keeps_it_from_having_all_is_told_in_events_of_the_cluster_and_so_is_the_end_of_that(
    stage: Backstage,
) -> None:
    def refuses(operation: str, kind: Kind, *_: object) -> None:
        if kind.plural == "helmreleases":
            raise Refused(403, "Forbidden", "no releases today")

    def told() -> list[tuple[str, str, str]]:
        events = [e for e in stage.server.all(resources.EVENTS, NAMESPACE) if e["regarding"]["kind"] == "Cluster"]
        return [(event["type"], event["reason"], event["note"]) for event in events]

    stage.server.objects.admission.append(refuses)
    apply(stage)
    await until(told)
    ((type_, reason, note), *_) = told()
    assert (type_, reason) == ("Warning", "AdditionsRefused")
    assert note.startswith("HelmRelease web-")
    assert "no releases today" in note
    stage.server.objects.admission.clear()
    await until(lambda: "AdditionsApplied" in [reason for _, reason, _ in told()])
    assert has_everything(stage)


async def test_one_in_nobodys_namespace_is_left_alone(stage: Backstage) -> None:
    meta = {"name": "web", "namespace": "elsewhere", "labels": {names.ADDONS_LABEL: "default"}}
    stage.put(resources.CLUSTERS, {"metadata": meta, "spec": {}})
    await quiet(stage)
    assert stage.server.all(resources.HELM_RELEASES) == []


async def test_releases_are_suspended_then_deleted_as_soon_as_its_deletion_begins(finished: Backstage) -> None:
    delete(finished)
    await until(lambda: "deletionTimestamp" in finished.get(resources.HELM_RELEASES, "web-cilium")["metadata"])
    releases = [event.object for event in finished.server.objects.history if event.kind.plural == "helmreleases"]
    first = next(release for release in releases if "deletionTimestamp" in release["metadata"])
    assert first["spec"]["suspend"] is True


async def test_it_goes_only_when_flux_and_cluster_api_are_done_and_nothing_of_ours_is_left(
    finished: Backstage,
) -> None:
    marks = {names.CAPI_CLUSTER_LABEL: "web", names.CLUSTER_LABEL: "web"}
    for kind in (resources.SERVICES, resources.PERSISTENT_VOLUME_CLAIMS, resources.DATA_VOLUMES):
        leave_behind(finished, kind, "left", labels=marks)
    delete(finished)
    flux_lets_go(finished)
    await until(lambda: not finished.there(resources.HELM_RELEASES, "web-cilium"))
    await quiet(finished)
    assert finished.there(resources.SERVICES, "left"), "swept while Cluster API was still at work"
    assert finished.there(resources.DEPLOYMENTS, "web-cloud-controller-manager")
    cluster_api_is_done(finished)
    await until(lambda: not finished.there(resources.CLUSTERS))
    for kind in (resources.SERVICES, resources.PERSISTENT_VOLUME_CLAIMS, resources.DATA_VOLUMES):
        assert not finished.there(kind, "left")
    # What it owns, the garbage collector takes.
    assert finished.server.all(resources.DEPLOYMENTS) == []


async def test_what_flux_holds_on_to_is_taken_from_it_in_the_end(finished: Backstage) -> None:
    delete(finished)
    cluster_api_is_done(finished)
    await until(lambda: "deletionTimestamp" in finished.get(resources.HELM_RELEASES, "web-cilium")["metadata"])
    finished.clock.ahead = releases.PATIENCE + timedelta(seconds=1)
    await until(lambda: not finished.there(resources.CLUSTERS))
    assert not finished.there(resources.HELM_RELEASES, "web-cilium")


async def test_what_its_owner_labelled_is_not_swept(finished: Backstage) -> None:
    leave_behind(finished, resources.CONFIG_MAPS, "theirs")
    leave_behind(finished, resources.VIRTUAL_MACHINES, "theirs")
    flux_lets_go(finished)
    cluster_api_is_done(finished)
    delete(finished)
    await until(lambda: not finished.there(resources.CLUSTERS))
    assert finished.there(resources.CONFIG_MAPS, "theirs")
    assert finished.there(resources.VIRTUAL_MACHINES, "theirs")


async def test_it_ends_though_its_namespace_is_no_tenants_any_more(finished: Backstage) -> None:
    finished.server.patch(resources.NAMESPACES, NAMESPACE, "", {"metadata": {"labels": {names.TENANT_LABEL: None}}})
    await finished.caught_up()
    flux_lets_go(finished)
    cluster_api_is_done(finished)
    delete(finished)
    await until(lambda: not finished.there(resources.CLUSTERS))


async def test_it_ends_though_somebody_has_made_a_tenant_cluster_of_its_name(finished: Backstage) -> None:
    finished.cluster()
    await until(lambda: "is not ours" in finished.condition()["message"])
    flux_lets_go(finished)
    cluster_api_is_done(finished)
    uid = finished.get(resources.CLUSTERS)["metadata"]["uid"]
    delete(finished)

    def made_anew() -> bool:
        return finished.there(resources.CLUSTERS) and finished.get(resources.CLUSTERS)["metadata"]["uid"] != uid

    await until(made_anew)
    await until(lambda: finished.there(resources.MACHINE_DEPLOYMENTS, "web-md0"))


async def quiet(stage: Backstage) -> None:
    """Wait until nothing is written any more."""
    before = -1
    while before != stage.server.objects.last:
        before = stage.server.objects.last
        await stage.caught_up()
        await asyncio.sleep(0.7)  # longer than ledgers are left to gather changes
