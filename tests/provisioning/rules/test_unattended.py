"""What failed before it was ever ready is given up when nobody chooses, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import attention, names, observe, stage, standing, unattended
from provisioning.attention import Attention
from provisioning.losses import Losses
from provisioning.manifest import Manifest
from provisioning.model import ClusterStatus, LifetimePolicy, TenantCluster
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored, format_time, read
from provisioning.world import World
from tests import builders
from tests.builders import CLUSTER, GONE, NOW, REQUEST, tweak

HOUR = timedelta(hours=1)
POLICY = LifetimePolicy()
"""Two hours, when nothing else is said."""
SINCE = NOW - 2 * HOUR


def condition(type_: str, since: datetime = SINCE, reason: str = "WorkersFailed") -> Manifest:
    return {"type": type_, "status": "True", "reason": reason, "message": "", "lastTransitionTime": format_time(since)}


FAILED = tweak(
    CLUSTER,
    "status",
    {
        "observedGeneration": 1,
        "initialized": False,
        "hadReadyNode": False,
        "conditions": [condition("Stalled"), condition(unattended.CONDITION, reason=unattended.WAITS)],
    },
)
"""Since two hours ago nobody has chosen."""


def cluster(**changes: Any) -> Stored[TenantCluster]:
    manifest = FAILED
    for path, value in changes.items():
        manifest = tweak(manifest, path.replace("__", "."), value)
    return read(TenantCluster, manifest)


def asked(*, at: datetime, phase: str = "Pending", name: str = "web") -> Manifest:
    made = tweak(tweak(REQUEST, "metadata.creationTimestamp", format_time(at)), "spec.cluster", name)
    decided = {} if phase == "Pending" else {"decidedAt": format_time(at)}
    return tweak(made, "status", {"phase": phase, **decided})


def deletion(*, at: datetime, name: str = "web") -> Manifest:
    return tweak(tweak(asked(at=at, phase="Applied", name=name), "spec.action", "Delete"), "spec.desired", GONE)


def way_in(*, at: datetime, name: str = "web") -> Manifest:
    spec = {"cluster": name, "user": "ann", "role": "Viewer", "request": "pem", "validFor": "8h"}
    meta = {"name": "web-ann", "namespace": "team-a", "creationTimestamp": format_time(at)}
    return {"apiVersion": "clusterdesk.dev/v1alpha1", "kind": "ClusterAccess", "metadata": meta, "spec": spec}


def about(*requests: Manifest, accesses: Any = (), losses: Losses | None = None) -> Attention:
    return attention.of(cluster(), requests=requests, accesses=accesses, losses=losses)


NOBODY = Attention()


def due(there: Stored[TenantCluster], of: Attention = NOBODY, policy: Any = POLICY, now: datetime = NOW) -> bool:
    return unattended.is_due(there, policy, of, now=now)


def test_after_two_hours_without_a_choice_it_is_due_and_not_a_second_earlier() -> None:
    assert due(cluster())
    assert not due(cluster(), now=NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"status__initialized": True},
        {"status__initialized": GONE},
        {"status__hadReadyNode": True},
        {"status__hadReadyNode": GONE},
        {"metadata__annotations": {names.PAUSED_ANNOTATION: "true"}},
        {"spec__deletionProtection": True},
        {"metadata__deletionTimestamp": format_time(NOW)},
        {"status__conditions": [condition(unattended.CONDITION)]},
    ],
    ids=["ready", "not known", "had a worker", "workers not known", "paused", "protected", "goes already", "at work"],
)
def test_what_was_ready_or_may_have_been_is_protected_goes_or_is_at_work_is_never_due(changes: dict[str, Any]) -> None:
    assert unattended.kept_until(cluster(**changes), POLICY, NOBODY, now=NOW) is None
    assert not due(cluster(**changes), now=NOW + timedelta(days=365))


def test_where_nobody_has_noted_since_when_it_begins_now() -> None:
    found = cluster(status__conditions=[condition("Stalled", NOW - timedelta(days=9))])
    assert unattended.kept_until(found, POLICY, NOBODY, now=NOW) == NOW + 2 * HOUR


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata__generation": 2},
        {"metadata__annotations": {names.RECONCILE_ANNOTATION: "now"}},
    ],
    ids=["another spec", "another try"],
)
def test_a_choice_that_was_not_looked_at_yet_begins_the_time_anew(changes: dict[str, Any]) -> None:
    assert unattended.kept_until(cluster(**changes), POLICY, NOBODY, now=NOW) is None
    handled = {"metadata__annotations": {names.RECONCILE_ANNOTATION: "now"}, "status__lastHandledReconcileAt": "now"}
    assert due(cluster(**handled)), "that one was looked at before the time began"


@pytest.mark.parametrize(
    ("of", "wanted"),
    [
        (about(), True),
        (about(asked(at=SINCE - HOUR, phase="Applied")), True),
        (about(asked(at=NOW - HOUR, name="other")), True),
        (about(asked(at=SINCE - HOUR)), False),
        (about(asked(at=SINCE - HOUR, phase="Approved")), False),
        (about(asked(at=NOW - HOUR, phase="Denied")), False),
        (about(asked(at=NOW - HOUR, phase="Withdrawn")), False),
        (about(accesses=[way_in(at=NOW - HOUR)]), False),
        (about(accesses=[way_in(at=NOW - HOUR, name="other")]), True),
        (about(accesses=[way_in(at=builders.MADE - HOUR)]), True),
        (about(losses=Losses()), True),
        (about(losses=Losses(volumes=1, storage=1)), False),
        (about(losses=Losses(load_balancers=1)), False),
        (about({"metadata": {}, "spec": {"cluster": "web"}}), False),
        (about({"metadata": {}, "spec": {"cluster": "other"}}), True),
        (about(accesses=[tweak(way_in(at=builders.MADE - HOUR), "spec.ofYesterday", True)]), False),
    ],
)
def test_whoever_asks_for_something_else_or_has_something_in_it_keeps_it(of: Attention, wanted: bool) -> None:
    assert due(cluster()) is True
    assert due(cluster(), of) is wanted


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [(LifetimePolicy(failed="3h"), False), (LifetimePolicy(failed="90m"), True), (LifetimePolicy(failed="0s"), False)],
)
def test_how_long_is_the_tenants_to_say_and_where_it_is_nobodys_it_is_for_ever(policy: Any, wanted: bool) -> None:
    assert due(cluster(), policy=policy, now=NOW) is wanted
    assert not due(cluster(), policy=None, now=NOW + timedelta(days=365))
    assert unattended.kept(LifetimePolicy(failed="0s")) is None


def test_the_time_is_counted_from_what_was_noted_and_a_clock_that_goes_back_takes_nothing_away() -> None:
    assert unattended.kept_until(cluster(), POLICY, NOBODY, now=NOW - 5 * HOUR) == NOW
    assert not due(cluster(), now=NOW - 5 * HOUR)


def test_its_condition_says_when_and_what_helps_and_later_that_it_goes() -> None:
    found = unattended.condition(NOW, now=SINCE, generation=1)
    assert "no worker of it ever was: at 2026-08-03T12:00:00Z it is given up" in found.message
    (marked,) = unattended.given_up((found,))
    assert (marked.reason, marked.last_transition_time) == (unattended.GIVEN_UP, format_time(SINCE))
    going = replace(cluster().meta, deleting=True)
    status = cluster().it.status.model_copy(update={"conditions": (marked,)})
    there = cluster().it.model_copy(update={"status": status})
    gone = Stored(going, there)
    assert unattended.is_given_up(gone)
    assert unattended.is_to_be_told(gone, [asked(at=NOW), deletion(at=SINCE - HOUR), deletion(at=NOW, name="other")])
    assert not unattended.is_to_be_told(gone, [deletion(at=NOW)]), "whoever was to delete it was stopped before"
    told = status.model_copy(update={"conditions": unattended.told((marked,))})
    known = Stored(going, there.model_copy(update={"status": told}))
    assert unattended.is_given_up(known)
    assert not unattended.is_to_be_told(known, [])
    assert not unattended.is_given_up(Stored(cluster().meta, there)), "it was not deleted after all"
    assert not unattended.is_given_up(Stored(going, cluster().it)), "somebody deleted it"


def test_what_is_noted_in_its_request_stays_there_and_is_when_it_ended() -> None:
    request = builders.request(status={"phase": "Applied", "decidedAt": format_time(SINCE)})
    noted = request.it.status.model_copy(update={"conditions": standing.given_up(request, now=NOW)})
    told = Stored(request.meta, request.it.model_copy(update={"status": noted}))
    assert standing.is_given_up(told)
    assert standing.ended_at(told) == format_time(NOW)
    again = standing.conditions(told, noted, now=NOW + HOUR)
    assert conditions_of.is_true(again, stage.GIVEN_UP)
    assert conditions_of.is_true(again, "Ready")


# --- whatever happens, in whatever order


@dataclass
class Story:
    """One cluster, looked at now and then. `chosen` is when somebody chose last."""

    now: datetime = NOW
    cluster: Stored[TenantCluster] = field(default_factory=lambda: read(TenantCluster, CLUSTER))
    requests: list[Manifest] = field(default_factory=list)
    chosen: datetime = NOW
    failing: bool = True
    ready: bool = False

    def look(self) -> None:
        of = attention.of(self.cluster, requests=self.requests, accesses=())
        until = unattended.kept_until(self.cluster, POLICY, of, now=self.now)
        refusal = "no such flavor" if self.failing else ""
        status = observe.observe(self.cluster, World(), now=self.now, refusal=refusal, until=until)
        asked = self.cluster.meta.annotations.get(names.RECONCILE_ANNOTATION, "")
        self._put(status.model_copy(update={"last_handled_reconcile_at": asked}))
        if unattended.is_due(self.cluster, POLICY, of, now=self.now):
            assert not self.ready
            assert conditions_of.is_true(self.cluster.it.status.conditions, "Stalled")
            assert self.now - self.chosen >= 2 * HOUR

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def becomes_ready(self) -> None:
        self.ready = True
        self._put(self.cluster.it.status.model_copy(update={"initialized": True}))

    def heals(self) -> None:
        self.failing = not self.failing
        self.look()

    def changes(self) -> None:
        self._chosen(generation=self.cluster.meta.generation + 1)

    def tries_again(self) -> None:
        self._chosen(annotations={names.RECONCILE_ANNOTATION: format_time(self.now)})

    def asks(self) -> None:
        self.requests.append(asked(at=self.now))
        self.chosen = self.now

    def denies(self) -> None:
        if self.requests:
            self.requests[-1] = asked(at=self.now, phase="Denied")
            self.chosen = self.now

    def _chosen(self, **meta: Any) -> None:
        self.cluster = Stored(replace(self.cluster.meta, **meta), self.cluster.it)
        self.chosen = self.now

    def _put(self, status: ClusterStatus) -> None:
        self.cluster = Stored(self.cluster.meta, self.cluster.it.model_copy(update={"status": status}))


EVENTS: dict[str, Callable[[Story], None]] = {
    "look": Story.look,
    "ready": Story.becomes_ready,
    "heal": Story.heals,
    "change": Story.changes,
    "retry": Story.tries_again,
    "ask": Story.asks,
    "deny": Story.denies,
    "a minute": lambda story: story.wait(1),
    "an hour": lambda story: story.wait(60),
    "three hours": lambda story: story.wait(180),
    "the clock goes back": lambda story: story.wait(-30),
}


@given(st.lists(st.sampled_from([*EVENTS, "look", "look", "an hour"]), max_size=25))
def test_nothing_is_ever_given_up_that_was_ready_once_or_that_somebody_chose_about(events: list[str]) -> None:
    story = Story()
    for event in events:
        EVENTS[event](story)
    story.look()


def test_what_nobody_cares_about_is_given_up_in_the_end() -> None:
    story = Story()
    for _ in range(3):
        story.look()
    story.wait(120)
    of = attention.of(story.cluster, requests=(), accesses=())
    assert unattended.is_due(story.cluster, POLICY, of, now=story.now)
    assert story.cluster.it.status.gives_up_at == format_time(NOW + 2 * HOUR)
