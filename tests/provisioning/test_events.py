"""Events tell of changes, each once. Repeated ones are counted, and those that cannot be written fail nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from provisioning import events, resources
from provisioning.ending import Ending
from provisioning.events import News, Recorder
from provisioning.model import ClusterStatus
from provisioning.model import conditions as conditions_of
from provisioning.observe import observe
from provisioning.world import World
from tests.fakes.api_server import connected
from tests.provisioning.manifests.examples import CREATED, NAMESPACE, UID, cluster
from tests.provisioning.test_observe import AWAKE, SLEEP, deleted, look, paused, slept
from tests.provisioning.worlds import condition, finished

NOW = CREATED + timedelta(seconds=30)


def told(before: ClusterStatus, after: ClusterStatus) -> list[str]:
    return [news.reason for news in events.of_change(before, after)]


def after(before: ClusterStatus, world: World, **seen: Any) -> ClusterStatus:
    return observe(cluster(status=before.wire()), world, now=NOW, **seen)


# --- what is worth one


def test_every_step_that_is_done_and_ready_itself_is_told_once() -> None:
    begun = look(World())
    assert told(ClusterStatus(), begun) == []
    done = after(begun, finished().world())
    assert told(begun, done) == [
        "AcceptedDone",
        "ControlPlaneDone",
        "NetworkDone",
        "WorkersDone",
        "StorageAndLoadBalancersDone",
        "AddOnsDone",
        "Ready",
    ]
    assert told(done, after(done, finished().world())) == []


def test_a_step_that_failed_is_told_as_a_warning_with_what_to_do() -> None:
    scene = finished()
    stalled = condition("Stalled", message="no such chart")
    scene["HelmRelease", "web-cilium"]["status"]["conditions"] = [stalled]
    (news,) = [n for n in events.of_change(look(World()), look(scene)) if n.warning]
    assert news.reason == "NetworkFailed"
    assert "no such chart; what to do: " in news.note


def test_a_refusal_is_told_again_only_when_it_is_another() -> None:
    fine = look(finished())
    refused = after(fine, finished().world(), refusal="no machines today")
    assert told(fine, refused) == ["NotReady", "Refused"]
    assert told(refused, after(refused, finished().world(), refusal="no machines today")) == []
    assert told(refused, after(refused, finished().world(), refusal="nor tomorrow")) == ["Refused"]


def test_a_step_that_failed_long_ago_silences_nothing_that_comes_later() -> None:
    scene = finished()
    scene["HelmRelease", "web-cilium"]["status"]["conditions"] = [condition("Stalled", message="no such chart")]
    failed = look(scene)
    refused = after(failed, scene.world(), refusal="no machines today")
    assert told(failed, refused) == ["Refused"]
    ending = Ending("it hangs", stuck=True)
    stuck = observe(deleted(cluster(status=failed.wire())), World(), now=NOW, ending=ending)
    assert told(failed, stuck) == ["Deleting", "Stalled"]


def test_sleep_is_told_on_its_way_and_when_it_is_reached() -> None:
    awake = look(finished(), rest=AWAKE)
    busy = finished()
    busy.add({"apiVersion": "x/v1", "kind": "Machine", "metadata": {"name": "m"}})
    falling = after(awake, busy.world(), rest=SLEEP)
    asleep = after(falling, slept().world(), rest=SLEEP)
    waking = after(asleep, slept().world(), rest=AWAKE)
    again = after(waking, finished().world(), rest=AWAKE)
    assert "FallingAsleep" in told(awake, falling)
    assert told(falling, asleep) == ["Hibernated"]
    assert told(asleep, waking) == ["Waking"]
    assert "Ready" in told(waking, again)


def test_a_deletion_is_told_once_and_again_when_it_is_stuck() -> None:
    fine = look(finished())
    going = observe(deleted(cluster(status=fine.wire())), World(), now=NOW, ending=Ending("the workers go"))
    assert told(fine, going) == ["Deleting"]
    further = observe(deleted(cluster(status=going.wire())), World(), now=NOW, ending=Ending("the rest goes"))
    assert told(going, further) == []
    stuck = observe(deleted(cluster(status=going.wire())), World(), now=NOW, ending=Ending("it hangs", stuck=True))
    assert told(going, stuck) == ["Stalled"]


def test_a_pause_is_told_when_it_begins_and_ends() -> None:
    fine = look(finished())
    left_alone = observe(paused(cluster(status=fine.wire())), finished().world(), now=NOW)
    assert told(fine, left_alone) == ["Paused"]
    assert told(left_alone, after(left_alone, finished().world())) == ["Resumed"]


def test_an_end_that_comes_near_is_told_at_every_warning() -> None:
    def expiring(message: str) -> ClusterStatus:
        near = conditions_of.make(
            "Expiring", True, reason="Soon", message=message, now="2026-08-03T09:00:00Z", generation=1
        )
        return ClusterStatus(conditions=(near,))

    assert told(ClusterStatus(), expiring("in 24 hours")) == ["Expiring"]
    assert told(expiring("in 24 hours"), expiring("in 24 hours")) == []
    assert told(expiring("in 24 hours"), expiring("in 1 hour")) == ["Expiring"]


# --- the writing


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


PUT_RIGHT = News("DriftPutRight", "Deployment web-csi-controller is again as it should be", "Apply")


async def test_an_event_says_of_what_it_is_and_whose_words_it_has() -> None:
    async with connected() as (server, kube):
        await Recorder(kube, now=lambda: NOW).tell(cluster(), [PUT_RIGHT])
        (event,) = server.all(resources.EVENTS, NAMESPACE)
    assert event["regarding"] == {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "TenantCluster",
        "namespace": NAMESPACE,
        "name": "web",
        "uid": UID,
    }
    assert (event["type"], event["reason"], event["action"]) == ("Normal", "DriftPutRight", "Apply")
    assert event["note"] == PUT_RIGHT.note
    assert event["eventTime"] == "2026-08-03T09:00:30.000000Z"


async def test_the_same_event_again_is_counted_and_not_in_every_second() -> None:
    async with connected() as (server, kube):
        clock = Clock()
        recorder = Recorder(kube, now=lambda: NOW, clock=clock)
        for _ in range(5):
            await recorder.tell(cluster(), [PUT_RIGHT])
        (event,) = server.all(resources.EVENTS, NAMESPACE)
        assert "series" not in event
        for times in (2, 3):
            clock.seconds += events.QUIET
            await recorder.tell(cluster(), [PUT_RIGHT])
            (event,) = server.all(resources.EVENTS, NAMESPACE)
            assert event["series"]["count"] == times


async def test_who_is_started_anew_goes_on_counting() -> None:
    async with connected() as (server, kube):
        for _ in range(2):
            await Recorder(kube, now=lambda: NOW).tell(cluster(), [PUT_RIGHT])
        (event,) = server.all(resources.EVENTS, NAMESPACE)
    assert event["series"]["count"] == 2


@pytest.mark.parametrize("answer", [403, 404, 500])
async def test_an_api_server_that_takes_no_events_fails_nothing(answer: int) -> None:
    async with connected() as (server, kube):
        server.fail(answer, plural="events", times=3)
        await Recorder(kube, now=lambda: NOW).tell(cluster(), [PUT_RIGHT, News("Other", "x" * 5000)])
        server.heal()
        await Recorder(kube, now=lambda: NOW).tell(cluster(), [News("Other", "x" * 5000)])
        assert all(len(event["note"]) <= events.NOTE_MAX for event in server.all(resources.EVENTS, NAMESPACE))
