"""What is approved and finds no room in the quota waits for some, in order, and is done once there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors, lifetime, resources, room
from provisioning.enactor import Enactor
from provisioning.feed import Feed
from provisioning.keeper import Keeper
from provisioning.manifest import Key, Manifest
from provisioning.objects import format_time
from provisioning.queue import Queue
from tests import builders
from tests.builders import GONE, NAMESPACE, tweak
from tests.fakes.api_server import Fault
from tests.fakes.objects import Kind, Refused
from tests.provisioning.backstage import SYSTEM, Backstage, backstage
from tests.provisioning.waiting import running, until

LARGE = tweak(builders.CLUSTER, "spec.pools[0].replicas", 40)["spec"]


@dataclass
class Quota:
    """Stands for our webhook: so many clusters and no more, in a dry run as well."""

    stage: Backstage
    most: int = 1
    tried: list[str] = field(default_factory=list)
    """What was to be made, in order; those of a dry run in brackets."""

    def judge(self, operation: str, kind: Kind, new: Manifest | None, _: Manifest | None, dry_run: bool) -> None:
        if operation != "CREATE" or kind.plural != resources.TENANT_CLUSTERS.plural or new is None:
            return
        name = new["metadata"]["name"]
        self.tried.append(f"({name})" if dry_run else name)
        if len(self.stage.server.all(resources.TENANT_CLUSTERS)) >= self.most:
            message = f"clusters: asks for 1, 0 of {self.most} free ({self.most} used)"
            causes = [{"reason": errors.NO_ROOM, "field": "spec", "message": message}]
            raise Refused(403, "Forbidden", "the quota of tenant blue has no room", causes=causes)


@dataclass
class Scene:
    stage: Backstage
    quota: Quota

    def approved(self, name: str, *, minutes: int = 0, alone: bool = False, **spec: Any) -> None:
        """Somebody agreed to a cluster of this name so many minutes ago, or took it through alone."""
        content = {**builders.REQUEST["spec"], "cluster": name, **spec}
        manifest = tweak(builders.REQUEST, "metadata.name", f"cr-{name}")
        manifest["spec"] = {key: value for key, value in content.items() if value is not GONE}
        decided = format_time(self.stage.clock() - timedelta(minutes=minutes))
        vote = {"voter": {"user": "ben"}, "decision": "Approve", "at": decided, "breakGlass": True}
        status = {"phase": "Approved", "decidedAt": decided, **({"votes": [vote]} if alone else {})}
        self.stage.put(resources.CLUSTER_REQUESTS, manifest, status=status)

    def built(self, name: str) -> None:
        self.stage.put(resources.TENANT_CLUSTERS, tweak(builders.CLUSTER, "metadata.name", name))

    def gone(self, name: str) -> None:
        self.stage.server.remove(resources.TENANT_CLUSTERS, name, NAMESPACE)

    async def look(self, name: str) -> float | None:
        await self.stage.caught_up()
        return await Enactor(self.stage.kube, self.stage.landscape, now=self.stage.clock).act((NAMESPACE, f"cr-{name}"))

    def status(self, name: str) -> Manifest:
        found: Manifest = self.stage.get(resources.CLUSTER_REQUESTS, f"cr-{name}")["status"]
        return found

    def condition(self, name: str, type_: str = room.WAITS) -> Manifest:
        return next((c for c in self.status(name).get("conditions", ()) if c["type"] == type_), {})


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    async with backstage() as stage:
        quota = Quota(stage)
        stage.server.objects.admission.append(quota.judge)
        made = Scene(stage, quota)
        made.built("first")
        quota.tried.clear()
        quota.most = 1
        yield made


async def test_what_finds_no_room_waits_and_says_since_when_and_why(scene: Scene) -> None:
    scene.approved("web")

    again = await scene.look("web")

    assert scene.status("web")["phase"] == "Approved"
    waits = scene.condition("web")
    assert (waits["status"], waits["reason"]) == ("True", room.NO_ROOM)
    assert waits["message"] == "clusters: asks for 1, 0 of 1 free (1 used)"
    assert waits["lastTransitionTime"]
    working = scene.condition("web", "Reconciling")
    assert working["status"] == "True"
    assert working["message"] == f"it is approved, and waits for room in the quota: {waits['message']}"
    assert again is not None
    assert 5 <= again <= 10


async def test_looking_again_only_tries_and_writes_nothing(scene: Scene) -> None:
    scene.approved("web")
    await scene.look("web")
    writes = scene.stage.server.objects.last

    await scene.look("web")

    assert scene.stage.server.objects.last == writes
    assert scene.quota.tried == ["web", "(web)"]


async def test_once_there_is_room_it_is_noted_first_and_then_done(scene: Scene) -> None:
    scene.approved("web")
    await scene.look("web")
    scene.gone("first")

    await scene.look("web")
    found = scene.condition("web")
    assert (scene.status("web")["phase"], found["status"], found["reason"]) == ("Approved", "False", room.FOUND)
    assert scene.condition("web", "Reconciling")["message"] == "it is approved, and about to be done"
    assert not scene.stage.there(resources.TENANT_CLUSTERS)

    await scene.look("web")
    assert (scene.status("web")["phase"], scene.condition("web")) == ("Applied", {})
    assert scene.stage.there(resources.TENANT_CLUSTERS)


async def test_who_takes_it_back_in_the_very_moment_gets_no_cluster(scene: Scene) -> None:
    scene.approved("web")
    await scene.look("web")
    scene.gone("first")
    await scene.stage.caught_up()
    enactor = Enactor(scene.stage.kube, scene.stage.landscape, now=scene.stage.clock)
    scene.stage.patch(resources.CLUSTER_REQUESTS, "cr-web", {"status": {"phase": "Withdrawn"}}, "status")

    with pytest.raises(errors.Conflict):
        await enactor.act((NAMESPACE, "cr-web"))
    await scene.look("web")

    assert scene.status("web")["phase"] == "Withdrawn"
    assert scene.condition("web") == {}
    assert not scene.stage.there(resources.TENANT_CLUSTERS)


async def test_what_was_approved_first_goes_first(scene: Scene) -> None:
    scene.approved("one", minutes=9)
    scene.approved("two", minutes=5)
    await scene.look("one")
    await scene.look("two")
    assert scene.condition("two")["reason"] == room.IN_LINE
    assert scene.condition("two")["message"] == "1 goes first"
    scene.gone("first")

    await scene.look("two")
    assert "(two)" not in scene.quota.tried
    for name in ("one", "one", "two", "two"):
        await scene.look(name)

    assert (scene.status("one")["phase"], scene.status("two")["phase"]) == ("Applied", "Approved")
    assert scene.condition("two")["reason"] == room.NO_ROOM


async def test_what_was_taken_through_alone_goes_before_the_line_and_never_above_the_quota(scene: Scene) -> None:
    scene.approved("one", minutes=9)
    scene.approved("alarm", alone=True)
    for name in ("one", "alarm", "alarm", "one"):
        await scene.look(name)
    assert scene.condition("alarm")["reason"] == room.NO_ROOM, "nobody is above the quota"
    assert scene.condition("one")["message"] == "1 goes first"
    scene.gone("first")

    for name in ("one", "alarm", "alarm"):
        await scene.look(name)

    assert (scene.status("alarm")["phase"], scene.status("one")["phase"]) == ("Applied", "Approved")


async def test_what_has_found_room_is_not_overtaken_before_it_is_done(scene: Scene) -> None:
    scene.approved("one", minutes=9)
    scene.approved("two", minutes=5)
    for name in ("one", "two"):
        await scene.look(name)
    scene.gone("first")
    await scene.look("one")

    await scene.look("two")

    assert scene.condition("two")["reason"] == room.IN_LINE
    assert "(two)" not in scene.quota.tried


async def test_what_has_found_room_is_done_though_somebody_comes_who_was_approved_earlier(scene: Scene) -> None:
    scene.approved("web", minutes=5)
    await scene.look("web")
    scene.gone("first")
    await scene.look("web")
    scene.quota.most = 0
    scene.approved("early", minutes=9)
    await scene.look("early")
    scene.quota.most = 1

    await scene.look("web")

    assert scene.status("web")["phase"] == "Applied"


async def test_what_is_done_and_not_noted_is_not_put_into_the_line_whatever_a_cache_remembers(scene: Scene) -> None:
    scene.quota.most = 2
    scene.approved("web", minutes=5)
    scene.stage.server.fail(Fault.LOST, method="POST", plural="tenantclusters")
    with pytest.raises(errors.Unavailable):
        await scene.look("web")
    scene.approved("early", minutes=9)
    await scene.look("early")
    assert scene.condition("early")["status"] == "True"
    await scene.stage.caught_up()
    scene.stage.landscape.caches[resources.TENANT_CLUSTERS].put((NAMESPACE, "web"), None)

    await Enactor(scene.stage.kube, scene.stage.landscape, now=scene.stage.clock).act((NAMESPACE, "cr-web"))

    assert scene.status("web")["phase"] == "Applied"


async def test_who_has_room_taken_from_under_them_waits_again(scene: Scene) -> None:
    scene.approved("web")
    await scene.look("web")
    scene.gone("first")
    await scene.look("web")
    scene.built("second")

    await scene.look("web")

    assert scene.status("web")["phase"] == "Approved"
    assert scene.condition("web")["status"] == "True"


async def test_what_needs_no_room_stands_in_no_line(scene: Scene) -> None:
    scene.approved("web", minutes=9)
    await scene.look("web")
    scene.approved("first", action="Delete", desired=GONE)

    await scene.look("first")

    assert scene.status("first")["phase"] == "Applied"


async def test_what_asks_for_more_than_the_whole_quota_waits_and_holds_up_nobody(scene: Scene) -> None:
    scene.approved("giant", minutes=9, desired=LARGE)
    await scene.look("giant")
    assert scene.condition("giant")["reason"] == room.TOO_LARGE
    scene.gone("first")
    scene.approved("web")

    await scene.look("web")

    assert scene.status("web")["phase"] == "Applied"


async def test_a_request_that_cannot_be_read_any_more_holds_up_nobody(scene: Scene) -> None:
    scene.approved("old", minutes=9)
    await scene.look("old")
    scene.stage.patch(resources.CLUSTER_REQUESTS, "cr-old", {"spec": {"action": "Rename"}})
    scene.approved("web")

    await scene.look("web")

    assert scene.condition("web")["reason"] == room.NO_ROOM


async def test_when_as_many_wait_as_may_another_one_fails_and_says_so(scene: Scene) -> None:
    scene.approved("web0", minutes=9)
    await scene.look("web0")
    conditions = scene.status("web0")["conditions"]
    for number in range(1, room.MOST):
        scene.approved(f"web{number}", minutes=5)
        scene.stage.patch(
            resources.CLUSTER_REQUESTS, f"cr-web{number}", {"status": {"conditions": conditions}}, "status"
        )
    scene.approved("another")

    await scene.look("another")
    await scene.look("web1")

    assert scene.status("another")["phase"] == "Failed"
    assert scene.status("another")["message"].startswith("there is no room for it, and 100 requests wait for some")
    assert scene.condition("web1")["reason"] == room.IN_LINE


async def test_what_has_waited_too_long_is_given_up_with_the_numbers(scene: Scene) -> None:
    scene.approved("web")
    await scene.look("web")
    scene.stage.clock.ahead = timedelta(hours=24, minutes=1)

    assert await scene.look("web") is None

    assert scene.status("web")["phase"] == "Failed"
    assert scene.status("web")["message"].startswith("there was no room for it until ")
    assert scene.status("web")["message"].endswith("UTC: clusters: asks for 1, 0 of 1 free (1 used)")
    assert scene.condition("web") == {}


async def test_what_nobody_can_even_try_holds_up_the_others_no_longer_than_it_may_wait(scene: Scene) -> None:
    def broken(operation: str, kind: Kind, new: Manifest | None, *_: Any) -> None:
        if kind.plural == resources.TENANT_CLUSTERS.plural and new is not None and new["metadata"]["name"] == "one":
            raise Refused(500, "InternalError", "failed calling webhook")

    scene.approved("one", minutes=9)
    scene.approved("two", minutes=5)
    for name in ("one", "two"):
        await scene.look(name)
    scene.gone("first")
    scene.stage.server.objects.admission.insert(0, broken)
    with pytest.raises(errors.Unavailable):
        await scene.look("one")
    scene.stage.clock.ahead = timedelta(hours=23, minutes=53)

    assert await scene.look("one") is None
    await scene.look("two")
    await scene.look("two")

    assert scene.status("one")["phase"] == "Failed"
    assert scene.status("one")["message"].endswith("failed calling webhook")
    assert scene.status("two")["phase"] == "Applied"


async def has_found_room(scene: Scene, *, fault: Fault | None = None) -> None:
    """`one` has found room and `two` waits behind it; whatever is written of `one` goes wrong from now on."""

    def broken(operation: str, kind: Kind, new: Manifest | None, _: Manifest | None, dry_run: bool) -> None:
        if kind.plural == resources.TENANT_CLUSTERS.plural and new is not None and new["metadata"]["name"] == "one":
            raise Refused(500, "InternalError", "failed calling webhook")

    scene.approved("one", minutes=9)
    scene.approved("two", minutes=5)
    for name in ("one", "two"):
        await scene.look(name)
    scene.gone("first")
    await scene.look("one")
    if fault is None:
        scene.stage.server.objects.admission.insert(0, broken)
    else:
        scene.stage.server.fail(fault, method="POST", plural="tenantclusters")


async def test_what_has_found_room_and_cannot_be_written_lets_those_behind_it_go_after_an_hour(scene: Scene) -> None:
    await has_found_room(scene)
    scene.stage.clock.ahead = timedelta(minutes=59)
    with pytest.raises(errors.Unavailable):
        await scene.look("one")
    await scene.look("two")
    assert scene.condition("two")["reason"] == room.IN_LINE
    scene.stage.clock.ahead = timedelta(minutes=61)

    assert await scene.look("one") is None
    for _ in range(2):
        await scene.look("two")

    time = lifetime.spell(room.WRITTEN_WITHIN)
    why = f"there was room for it, and for {time} it could not be written: failed calling webhook"
    assert (scene.status("one")["phase"], scene.status("one")["message"]) == ("Failed", why)
    assert scene.status("two")["phase"] == "Applied"


async def test_what_was_written_after_an_hour_and_only_the_answer_was_lost_has_not_failed(scene: Scene) -> None:
    await has_found_room(scene, fault=Fault.LOST)
    scene.stage.clock.ahead = timedelta(minutes=61)

    await scene.look("one")

    assert scene.status("one")["phase"] == "Applied"
    assert scene.stage.there(resources.TENANT_CLUSTERS, "one")


async def test_the_last_look_is_at_the_very_end(scene: Scene) -> None:
    scene.approved("web", minutes=24 * 60 - 1)

    again = await scene.look("web")

    assert again is not None
    assert again <= 62


async def test_a_denial_for_another_reason_as_well_is_not_waited_out(scene: Scene) -> None:
    def also_wrong(operation: str, kind: Kind, *_: Any) -> None:
        causes = [{"reason": errors.NO_ROOM, "message": "full"}, {"reason": "FieldValueForbidden", "message": "wrong"}]
        if kind.plural == resources.TENANT_CLUSTERS.plural and operation == "CREATE":
            raise Refused(403, "Forbidden", "for 2 reasons", causes=causes)

    scene.stage.server.objects.admission.insert(0, also_wrong)
    scene.approved("web")

    await scene.look("web")

    assert scene.status("web")["phase"] == "Failed"


async def test_room_that_comes_is_heard_of_and_so_is_a_place_in_the_line(scene: Scene) -> None:
    """All were approved so long ago that nobody would look at them unasked before this test gives up."""
    stage = scene.stage
    requests: Queue[Key] = Queue("requests")
    tenants: Queue[str] = Queue("tenants")
    others: dict[str, Any] = {name: Queue(name) for name in ("clusters", "accesses", "catalogs")}
    enactor = Enactor(stage.kube, stage.landscape, now=stage.clock)
    keeper = Keeper(stage.kube, stage.landscape, namespace=SYSTEM, void_after=120.0, now=stage.clock)
    stop = Feed(stage.landscape, requests=requests, tenants=tenants, **others).start()
    async with running(requests.work(enactor.act, workers=2), tenants.work(keeper.act)):
        for number, name in enumerate(("one", "two", "three")):
            scene.approved(name, minutes=600 - number)
            await until(lambda: scene.condition(name))  # noqa: B023 - it is awaited at once

        scene.gone("first")
        await until(lambda: scene.status("one")["phase"] == "Applied")
        await until(lambda: scene.condition("two")["reason"] == room.NO_ROOM)
        assert scene.condition("three")["reason"] == room.IN_LINE

        stage.patch(resources.CLUSTER_REQUESTS, "cr-two", {"status": {"phase": "Withdrawn"}}, "status")
        await until(lambda: scene.condition("three")["reason"] == room.NO_ROOM)
    stop()
