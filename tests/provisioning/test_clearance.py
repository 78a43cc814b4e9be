"""A leader gives up what failed before it was ever ready and nobody chooses about, whoever led before; nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from provisioning import audit, errors, names, resources, unattended
from provisioning import stage as stages
from provisioning.__main__ import lead
from provisioning.clearance import Clearance
from provisioning.events import Recorder
from provisioning.manifest import Manifest
from provisioning.model import TenantCluster
from provisioning.objects import Stored, format_time, parse_time
from provisioning.settings import Settings
from tests import builders
from tests.builders import CLUSTER, NAMESPACE, REQUEST, tweak
from tests.fakes.objects import Kind, Refused
from tests.provisioning.backstage import SYSTEM, Backstage, backstage
from tests.provisioning.waiting import running, until

HOURS = timedelta(hours=2, minutes=1)
NAME = REQUEST["metadata"]["name"]
MARKS = {names.REQUEST_ANNOTATION: NAME, names.REQUESTED_BY_ANNOTATION: "ann"}
HOPELESS = tweak(
    tweak(CLUSTER, "spec.pools", [{"name": "md0", "flavor": "unheard-of", "replicas": 2}]),
    "metadata.annotations",
    MARKS,
)
"""It cannot be rendered, so it will never be ready."""


class Scene:
    """The stage with whoever leads now; what is told in the trail."""

    def __init__(self, stage: Backstage) -> None:
        self.stage, self.told = stage, list[audit.Event]()

    def leads(self) -> Any:
        """Somebody leads, who remembers nothing."""
        settings = Settings(namespace=SYSTEM, probe_tenants=False)
        stage = self.stage
        return running(lead(stage.kube, stage.landscape, settings, now=stage.clock, tell=self.told.append))

    def touch(self) -> None:
        """Something changes, so that it is looked at."""
        labels = {"metadata": {"labels": {"touched": str(self.stage.server.objects.last)}}}
        self.stage.patch(resources.TENANT_CLUSTERS, "web", labels)

    def status(self) -> Manifest:
        found = self.stage.server.get(resources.TENANT_CLUSTERS, "web", NAMESPACE) or {}
        status: Manifest = found.get("status") or {}
        return status

    async def unattended(self) -> datetime:
        """When it is given up, once somebody has said so."""

        def looked() -> Any:
            self.touch()
            return self.status().get("givesUpAt")

        await until(looked)
        return parse_time(self.status()["givesUpAt"])

    async def stays(self) -> None:
        """It was looked at, more than once, and is there."""
        for _ in range(3):
            self.touch()
            await self.stage.caught_up()
            await asyncio.sleep(0.2)
        assert "deletionTimestamp" not in self.stage.get(resources.TENANT_CLUSTERS)["metadata"]

    def later(self, span: timedelta = HOURS) -> None:
        self.stage.clock.ahead += span
        self.touch()

    def questions(self) -> int:
        """How often it was asked what people have in it."""
        asked = self.stage.server.asked("GET", f"/namespaces/{NAMESPACE}/persistentvolumeclaims")
        return len([path for path in asked if "labelSelector" in path])

    def gone(self) -> bool:
        return not self.stage.there(resources.TENANT_CLUSTERS)

    def said(self) -> list[audit.Event]:
        """What the trail has of it."""
        return [event for event in self.told if event.code is audit.Code.CLUSTER_GIVEN_UP]

    def noted(self) -> Manifest:
        found = self.stage.get(resources.CLUSTER_REQUESTS, NAME)["status"].get("conditions") or []
        return next((each for each in found if each["type"] == stages.GIVEN_UP), {})


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """Ann has asked for it, and it has failed."""
    async with backstage() as stage:
        at = format_time(datetime.now(UTC) - timedelta(hours=1))
        applied = {"phase": "Applied", "decidedAt": at}
        stage.put(resources.CLUSTER_REQUESTS, REQUEST, status=applied)
        stage.cluster(HOPELESS)
        await stage.caught_up()
        yield Scene(stage)


async def test_it_is_told_when_it_goes_and_then_it_goes_and_whoever_asked_reads_why(scene: Scene) -> None:
    async with scene.leads():
        ends = await scene.unattended()
        assert timedelta(hours=1, minutes=59) < ends - scene.stage.clock() <= timedelta(hours=2)
        assert "at " + format_time(ends) in scene.stage.condition(unattended.CONDITION)["message"]
        await scene.stays()

        scene.later()
        await until(scene.gone)

    assert scene.noted()["reason"] == "NobodyChose"
    (told,) = scene.said()
    assert (told.who, told.about, told.facts["request"]) == ("ann", f"{NAMESPACE}/web", NAME)
    events = [event["reason"] for event in scene.stage.server.all(resources.EVENTS)]
    assert (events.count("Unattended"), events.count("GivenUp")) == (1, 1)


async def test_another_leader_goes_on_counting_where_the_one_before_was_stopped(scene: Scene) -> None:
    async with scene.leads():
        ends = await scene.unattended()
    scene.later(timedelta(hours=1))
    async with scene.leads():
        await scene.stays()
        assert await scene.unattended() == ends
    scene.later()
    async with scene.leads():
        await until(scene.gone)
    assert scene.noted()


def try_again(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.RECONCILE_ANNOTATION: "now"}}})


def change(stage: Backstage) -> None:
    pool = {"name": "md0", "flavor": "unheard-of-as-well", "replicas": 2}
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"pools": [pool]}})


def ask_and_withdraw(stage: Backstage) -> None:
    status = {"phase": "Withdrawn", "decidedAt": format_time(stage.clock())}
    asked = tweak(tweak(REQUEST, "metadata.name", "cr-more"), "metadata.creationTimestamp", format_time(stage.clock()))
    stage.put(resources.CLUSTER_REQUESTS, tweak(asked, "spec.action", "Change"), status=status)


@pytest.mark.parametrize("choose", [try_again, change, ask_and_withdraw])
async def test_after_a_choice_of_which_nothing_came_the_time_begins_anew(
    scene: Scene, choose: Callable[[Backstage], None]
) -> None:
    async with scene.leads():
        await scene.unattended()
    scene.stage.clock.ahead += HOURS
    choose(scene.stage)
    await scene.stage.caught_up()
    async with scene.leads():
        await scene.stays()
        assert await scene.unattended() - scene.stage.clock() > timedelta(hours=1, minutes=59)


def waits(stage: Backstage) -> None:
    asked = tweak(tweak(REQUEST, "metadata.name", "cr-more"), "metadata.creationTimestamp", format_time(stage.clock()))
    stage.put(resources.CLUSTER_REQUESTS, tweak(asked, "spec.action", "Change"))


def has_a_volume(stage: Backstage) -> None:
    labels = {names.CLUSTER_LABEL: "web"}
    meta = {"name": "pvc-1", "namespace": NAMESPACE, "labels": labels}
    stage.put(resources.PERSISTENT_VOLUME_CLAIMS, {"metadata": meta, "spec": {}})


def has_a_way_in(stage: Backstage) -> None:
    spec = {"cluster": "web", "user": "ann", "role": "Viewer", "request": "none", "validFor": "8h"}
    meta = {"name": "web-ann", "namespace": NAMESPACE}
    stage.put(resources.CLUSTER_ACCESSES, {"metadata": meta, "spec": spec})


def protects(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"deletionProtection": True}})


def pauses(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: "true"}}})


def keeps_for_ever(stage: Backstage) -> None:
    stage.put(resources.TENANTS, tweak(builders.TENANT, "spec.lifetime", {"failed": "0s"}))


def was_ready(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"status": {"initialized": True}}, "status")


@pytest.mark.parametrize(
    "happens",
    [waits, has_a_volume, has_a_way_in, protects, pauses, keeps_for_ever, was_ready],
    ids=lambda it: it.__name__,
)
async def test_what_somebody_wants_or_may_need_stays(scene: Scene, happens: Callable[[Backstage], None]) -> None:
    async with scene.leads():
        await scene.unattended()
    happens(scene.stage)
    await scene.stage.caught_up()
    scene.later()
    async with scene.leads():
        await until(lambda: "givesUpAt" not in scene.status())
        await scene.stays()


@pytest.mark.parametrize("happens", [waits, keeps_for_ever], ids=lambda it: it.__name__)
async def test_what_stays_in_any_case_costs_no_question_what_is_in_it(
    scene: Scene, happens: Callable[[Backstage], None]
) -> None:
    async with scene.leads():
        await scene.unattended()
        happens(scene.stage)
        await until(lambda: "givesUpAt" not in scene.status())
        questions = scene.questions()
        await scene.stays()
        assert 0 < questions == scene.questions()


async def due(scene: Scene) -> tuple[Clearance, Stored[TenantCluster]]:
    """It is to be given up by now, and nobody leads."""
    stage = scene.stage
    async with scene.leads():
        await scene.unattended()
    scene.later()
    await stage.caught_up()
    remembered = stage.landscape.tenant_cluster((NAMESPACE, "web"))
    assert remembered is not None
    recorder = Recorder(stage.kube, now=stage.clock)
    return Clearance(stage.kube, stage.landscape, recorder, now=stage.clock, tell=scene.told.append), remembered


async def test_before_anything_is_done_the_api_server_itself_is_asked(scene: Scene) -> None:
    clearance, remembered = await due(scene)
    stage = scene.stage

    waits(stage)
    await clearance.act(remembered)
    assert "deletionTimestamp" not in stage.get(resources.TENANT_CLUSTERS)["metadata"]
    stage.server.remove(resources.CLUSTER_REQUESTS, "cr-more", NAMESPACE)

    pauses(stage)
    await clearance.act(remembered)
    assert "deletionTimestamp" not in stage.get(resources.TENANT_CLUSTERS)["metadata"]
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.PAUSED_ANNOTATION: None}}})

    await clearance.act(remembered)
    assert "deletionTimestamp" in stage.get(resources.TENANT_CLUSTERS)["metadata"]


async def test_what_the_webhooks_refuse_stays_is_not_told_to_have_gone_and_is_tried_seldom(scene: Scene) -> None:
    tries = list[bool]()

    def not_by_us(operation: str, kind: Kind, _: Any, __: Any, dry_run: bool) -> None:
        if (operation, kind.plural) == ("DELETE", "tenantclusters"):
            tries.append(dry_run)
            raise Refused(403, "Forbidden", "admission webhook denied the request: 1 approver must agree")

    async with scene.leads():
        await scene.unattended()
        scene.stage.server.objects.admission.append(not_by_us)
        written = len(scene.stage.server.asked("PUT", "tenantclusters"))
        scene.later()
        await scene.stays()
        await asyncio.sleep(1)
        assert 0 < len(tries) <= 9, "four looks that something asked for, and the rest later each time"
        assert len(scene.stage.server.asked("PUT", "tenantclusters")) == written
        assert scene.stage.condition(unattended.CONDITION)["reason"] == unattended.WAITS
        scene.stage.server.objects.admission.clear()
        assert not scene.noted()
        assert not scene.said()


@pytest.mark.parametrize("status", [403, 409])
async def test_where_the_deletion_fails_after_all_whoever_deletes_it_then_is_somebody_else(
    scene: Scene, status: int
) -> None:
    clearance, remembered = await due(scene)

    def changed_meanwhile(operation: str, kind: Kind, _: Any, __: Any, dry_run: bool) -> None:
        if (operation, kind.plural, dry_run) == ("DELETE", "tenantclusters", False):
            raise Refused(status, {403: "Forbidden", 409: "Conflict"}[status], "not now")

    scene.stage.server.objects.admission.append(changed_meanwhile)
    with pytest.raises((errors.Forbidden, errors.Conflict)):
        await clearance.act(remembered)
    assert scene.stage.condition(unattended.CONDITION)["reason"] == unattended.WAITS

    scene.stage.server.objects.admission.clear()
    scene.stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await scene.stage.caught_up()
    async with scene.leads():
        await until(scene.gone)
    assert not scene.noted()
    assert not scene.said()


async def test_why_it_does_not_go_is_told_though_that_cannot_be_taken_back(scene: Scene) -> None:
    clearance, remembered = await due(scene)

    def not_now(operation: str, kind: Kind, _: Any, __: Any, dry_run: bool) -> None:
        if (operation, kind.plural, dry_run) == ("DELETE", "tenantclusters", False):
            scene.stage.server.objects.admission.append(broke)
            raise Refused(403, "Forbidden", "not now")

    def broke(*_: Any) -> None:
        raise Refused(500, "InternalError", "and then the API server broke")

    scene.stage.server.objects.admission.append(not_now)
    with pytest.raises(errors.Forbidden, match="not now"):
        await clearance.act(remembered)


async def test_one_that_came_of_no_request_is_told_of_as_well(scene: Scene) -> None:
    scene.stage.server.remove(resources.CLUSTER_REQUESTS, NAME, NAMESPACE)
    async with scene.leads():
        await scene.unattended()
        scene.later()
        await until(scene.gone)
    assert len(scene.said()) == 1


async def test_while_nobody_can_look_for_what_is_in_it_the_time_runs_and_nothing_is_done(scene: Scene) -> None:
    async with scene.leads():
        ends = await scene.unattended()
        scene.stage.server.fail(500, method="GET", plural="persistentvolumeclaims", times=999)
        await scene.stays()
        assert await scene.unattended() == ends
        scene.later()
        await scene.stays()
        scene.stage.server.heal()
        await until(scene.gone)


async def test_a_request_that_cannot_be_noted_in_holds_no_cluster(scene: Scene) -> None:
    async with scene.leads():
        await scene.unattended()
        scene.stage.server.fail(403, method="PUT", plural="clusterrequests", times=99)
        scene.later()
        await until(scene.gone)
    assert not scene.noted()


async def test_who_is_stopped_right_after_the_deletion_leaves_it_to_the_next_to_note_why(scene: Scene) -> None:
    async with scene.leads():
        await scene.unattended()
        scene.stage.server.fail(500, method="PUT", plural="clusterrequests", times=99)
        scene.later()
        await until(lambda: "deletionTimestamp" in scene.stage.get(resources.TENANT_CLUSTERS)["metadata"])
        await asyncio.sleep(0.3)
        assert not scene.gone(), "it is held until its request says why it goes"
    scene.stage.server.heal()
    scene.told.clear()
    async with scene.leads():
        await until(scene.gone)
    assert scene.noted()["status"] == "True"
    assert len(scene.said()) == 1
    assert "GivenUp" in {event["reason"] for event in scene.stage.server.all(resources.EVENTS)}
