"""Who waits for room, in which order, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from provisioning import quota, room
from provisioning.model import Action, Amounts, ApprovalPolicy, ClusterRequest, LifetimePolicy
from provisioning.objects import Stored, format_time
from provisioning.room import Needs, Turn
from provisioning.usage import Usage
from tests import builders
from tests.builders import MADE, NOW

HARD = quota.limits(Amounts(clusters=3, nodes=12, vcpu=40))
FOR_EVER = LifetimePolicy()


def waiting(
    name: str,
    *,
    at: int = 0,
    reason: str = room.NO_ROOM,
    phase: str = "Approved",
    state: str = "True",
    forced: bool = False,
) -> Stored[ClusterRequest]:
    """One that was approved, or taken through alone, so many minutes after they were made, and waits for room."""
    condition = {"type": room.WAITS, "status": state, "reason": reason, "lastTransitionTime": format_time(NOW)}
    decided = format_time(MADE + timedelta(minutes=at))
    vote = builders.vote(builders.BEN).model_copy(update={"break_glass": forced})
    status = {"phase": phase, "decidedAt": decided, "conditions": [condition], "votes": [vote.wire()]}
    made = builders.request(status=status)
    return Stored(replace(made.meta, name=name), made.it)


def test_what_is_approved_and_has_found_no_room_waits_and_nothing_else_does() -> None:
    assert room.waits(waiting("a"))
    assert not room.waits(waiting("a", state="False"))
    assert not room.waits(waiting("a", phase="Withdrawn"))
    assert not room.waits(builders.request(status={"phase": "Approved"}))


@pytest.mark.parametrize(
    ("phase", "state", "noted"),
    [("Approved", "True", "True"), ("Approved", "False", "False"), ("Applied", "True", None)],
)
def test_a_quick_look_at_what_is_not_parsed_finds_the_same(phase: str, state: str, noted: str | None) -> None:
    assert room.noted({"status": waiting("a", phase=phase, state=state).it.status.wire()}) == noted
    assert room.noted({"status": {"phase": phase}}) is None
    assert room.noted({}) is None
    assert room.noted(None) is None


def test_the_line_goes_by_the_moment_of_approval_and_then_by_name() -> None:
    line = [waiting("c", at=2), waiting("b", at=1), waiting("a", at=1)]

    assert [room.ahead(each, line) for each in line] == [2, 1, 0]


def test_who_comes_to_the_line_stands_behind_those_that_were_approved_earlier() -> None:
    fresh = builders.request(status={"phase": "Approved", "decidedAt": format_time(NOW)})

    assert room.ahead(fresh, [waiting("a"), waiting("b", phase="Applied")]) == 1


def test_what_has_found_room_stands_before_the_others_until_it_is_done() -> None:
    found, next_one = waiting("a", state="False", reason=room.FOUND), waiting("b", at=1)

    assert not room.waits(found)
    assert room.ahead(next_one, [found, next_one]) == 1
    assert room.ahead(next_one, [waiting("a", phase="Applied"), next_one]) == 0


def test_what_somebody_took_through_alone_goes_before_the_others_and_those_among_themselves_in_order() -> None:
    line = [waiting("a"), waiting("b", at=9, forced=True), waiting("c", at=8, forced=True), waiting("d", state="False")]

    assert [room.ahead(each, line) for each in line] == [2, 1, 0, 3]
    assert room.turn(line[1], line, [], FOR_EVER, now=NOW) == Turn(2, forced=True)


def test_what_has_found_room_keeps_its_place_for_an_hour_and_what_waits_for_some_has_no_such_end() -> None:
    assert room.to_be_written_by(waiting("a", state="False", reason=room.FOUND)) == NOW + timedelta(hours=1)
    assert room.to_be_written_by(waiting("a")) is None
    assert room.to_be_written_by(builders.request(status={"phase": "Approved"})) is None


def test_what_is_going_and_held_on_to_holds_up_nobody() -> None:
    found = waiting("a")
    going, next_one = Stored(replace(found.meta, deleting=True), found.it), waiting("b", at=1)

    assert room.ahead(next_one, [going, next_one]) == 0
    held = {"metadata": {"deletionTimestamp": format_time(NOW)}, "status": found.it.status.wire()}
    assert room.noted(held) is None


def test_what_asks_for_more_than_the_whole_quota_holds_up_nobody_and_has_no_place() -> None:
    giant, small = waiting("a", reason=room.TOO_LARGE), waiting("b", at=1)

    assert room.ahead(small, [giant, small]) == 0
    assert room.turn(giant, [giant, small], [], FOR_EVER, now=NOW) == Turn(0)


@pytest.mark.parametrize(("nodes", "reason"), [(12, room.NO_ROOM), (13, room.TOO_LARGE)])
def test_whether_there_ever_is_room_is_told_by_the_whole_quota(nodes: int, reason: str) -> None:
    assert room.of_shortage("why", Needs(after=Usage(nodes=nodes)), HARD).reason == reason


@pytest.mark.parametrize(("nodes", "reason"), [(12, room.NO_ROOM), (13, room.TOO_LARGE)])
def test_a_cluster_that_grows_must_fit_into_the_quota_as_a_whole(nodes: int, reason: str) -> None:
    # It was larger than the quota in vCPU before, and asks for none: that is not in its way.
    had = Usage(nodes=10, vcpu=99_000)

    assert room.of_shortage("why", Needs(had, Usage(nodes=nodes, vcpu=99_000)), HARD).reason == reason


def test_a_cluster_that_grows_needs_the_difference_and_one_that_shrinks_or_goes_nothing() -> None:
    had, catalog = builders.spec(), builders.catalog()
    grown = builders.spec(pools=[{"name": "md0", "flavor": "small", "replicas": 3}])

    assert room.needed(builders.request(desired=had), None, catalog).after.clusters == 1
    needs = room.needed(builders.request(Action.CHANGE, desired=grown), had, catalog)
    assert not needs.nothing
    more = needs.after - needs.before
    assert (more.clusters, more.nodes, more.vcpu) == (0, 1, 2000)
    assert room.needed(builders.request(Action.CHANGE, desired=had), grown, catalog).nothing
    assert room.needed(builders.request(Action.DELETE), had, catalog).nothing


def lives(name: str, **fields: Any) -> Any:
    return builders.cluster(name, **fields)


def test_room_may_come_when_the_next_cluster_ends() -> None:
    clusters = [lives("long", lifetime="30h"), lives("short", lifetime="24h"), lives("ever")]
    policy = LifetimePolicy(hibernation="2h")

    turn = room.turn(waiting("a"), [], clusters, policy, now=NOW)

    # One that sleeps keeps its room.
    assert turn == Turn(1, ("short", MADE + timedelta(hours=26)))


def test_of_what_has_no_end_is_protected_or_should_be_gone_nothing_is_expected() -> None:
    protected = lives("kept", lifetime="24h", deletionProtection=True)
    over = lives("over", lifetime="1h")

    assert room.turn(waiting("a"), [], [lives("ever"), protected, over], FOR_EVER, now=NOW) == Turn(1)


def test_it_waits_as_long_after_the_approval_as_it_might_have_waited_for_that() -> None:
    end = room.gives_up_at(waiting("a", at=5), ApprovalPolicy(expiry="2h"), now=NOW)

    assert end == MADE + timedelta(hours=2, minutes=5)
    assert "until 2026-08-03 11:05 UTC: vCPU" in room.given_up(room.of_shortage("vCPU", Needs(), HARD), end)


@pytest.mark.parametrize(("waited", "seconds"), [(0, 5), (60, 15), (3600, 300), (86_400, 300)])
def test_the_longer_it_has_waited_the_less_often_it_is_looked_at_unasked(waited: int, seconds: int) -> None:
    assert room.next_look(waiting("a"), now=MADE + timedelta(seconds=waited)).total_seconds() == seconds


def test_the_newest_cluster_since_it_was_asked_for_has_taken_of_the_room() -> None:
    def made(name: str, minutes: int) -> Any:
        cluster = builders.cluster(name)
        return Stored(replace(cluster.meta, created=MADE + timedelta(minutes=minutes)), cluster.it)

    asked = builders.request()
    others = [made("old", -5), made("new", 5), made("newest", 9), made("web", 10)]

    found = room.taken_by(asked, others)

    assert found is not None
    assert found.meta.name == "newest"
    assert room.taken_by(asked, others[:1]) is None


def test_those_behind_are_told_how_many_go_first() -> None:
    assert room.in_line(1).message == "1 goes first"
    assert room.in_line(3).message == "3 go first"
    assert room.in_line(3).reason == room.IN_LINE
