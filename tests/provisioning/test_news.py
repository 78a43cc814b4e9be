"""Events tell of changes, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from provisioning import news
from provisioning.ending import Ending
from provisioning.model import ClusterStatus
from provisioning.model import conditions as conditions_of
from provisioning.observe import observe
from provisioning.world import World
from tests.provisioning.manifests.examples import CREATED, cluster
from tests.provisioning.test_observe import AWAKE, SLEEP, deleted, look, paused, slept
from tests.provisioning.worlds import condition, finished

NOW = CREATED + timedelta(seconds=30)


def told(before: ClusterStatus, after: ClusterStatus) -> list[str]:
    return [each.reason for each in news.of_change(before, after)]


def after(before: ClusterStatus, world: World, **seen: Any) -> ClusterStatus:
    return observe(cluster(status=before.wire()), world, now=NOW, **seen)


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
    (failed,) = [each for each in news.of_change(look(World()), look(scene)) if each.warning]
    assert failed.reason == "NetworkFailed"
    assert "no such chart; what to do: " in failed.note


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
