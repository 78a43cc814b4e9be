"""When App Home is drawn: at once for whoever looks, again when something changed, and never too often."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot import replies
from bot.audience import KEPT_PEOPLE, KEPT_SECONDS
from bot.blocks import Block
from bot.cards import card
from bot.homes import EVERY_SECONDS, FRESH_SECONDS, RESYNC_SECONDS, SELDOM_SECONDS, TOLD_SECONDS, UNSURE_SECONDS, Homes
from bot.outcomes import Later, Undeliverable, Unknown
from bot.publishing import Overtaken
from bot.refusals import Refusal, Unwelcome
from bot.weights import Weight
from provisioning.audit import Code, Event
from provisioning.model import Person, Subject
from provisioning.slack_groups import GroupsUnknown
from provisioning.trouble import Trouble
from provisioning.usage import Usage
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk
from tests.provisioning.waiting import running, until


@dataclass
class FakePublisher:
    """Slack's Homes: what stands there under which hash; `fail` holds what the next calls raise."""

    stands: dict[str, tuple[str, Block]] = field(default_factory=dict)
    weights: list[Weight] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)

    async def publish(self, slack: str, view: Block, *, hash_: str, weight: Weight) -> str:
        self.weights.append(weight)
        if self.fail:
            raise self.fail.pop(0)
        if hash_ and self.stands.get(slack, ("", {}))[0] != hash_:
            raise Overtaken("hash_conflict")
        made = f"h{len(self.weights)}"
        self.stands[slack] = (made, view)
        return made

    def said(self, slack: str) -> str:
        return "\n".join(card([part]).text for part in self.stands[slack][1]["blocks"])

    def hash_of(self, slack: str) -> str:
        return self.stands[slack][0]


@dataclass
class FakePeople:
    """Accounts as a tenant maps them; `refusals` are those of the others."""

    desk: FakeDesk
    refusals: dict[str, Refusal] = field(default_factory=dict)

    async def who(self, slack: str) -> Person:
        person = self.desk.person(slack)
        if slack in self.refusals or person is None:
            raise Unwelcome(self.refusals.get(slack, Refusal.UNMAPPED))
        return person


@dataclass
class Scene:
    desk: FakeDesk = field(default_factory=FakeDesk)
    slack: FakePublisher = field(default_factory=FakePublisher)
    seconds: float = 0.0
    missing: str = ""

    def __post_init__(self) -> None:
        self.told: list[Event] = []
        self.people = FakePeople(self.desk)
        self.homes = self.replica()

    def replica(self) -> Homes:
        """One more bot, on the same desk and Slack."""
        return Homes(
            desk=self.desk,
            people=self.people,
            publisher=self.slack,
            platform=frozenset(("U0PAT",)),
            waits=lambda: self.missing,
            tell=self.told.append,
            team="T0DESK",
            clock=lambda: self.seconds,
            now=lambda: samples.NOW,
        )

    async def look(self, slack: str = "U0LENA", homes: Homes | None = None) -> float | None:
        """Somebody opens their Home, and it is drawn."""
        homes = homes or self.homes
        homes.opened(slack, self.slack.hash_of(slack) if slack in self.slack.stands else "")
        return await homes.redraw(slack)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_whoever_looks_gets_their_home_at_once_and_it_is_looked_at_again(scene: Scene) -> None:
    assert await scene.look() == RESYNC_SECONDS

    assert replies.HOME_NO_CLUSTER in scene.slack.said("U0LENA")


async def test_what_did_not_change_is_not_published_again(scene: Scene) -> None:
    await scene.look()
    scene.seconds += EVERY_SECONDS
    await scene.look()
    scene.seconds += EVERY_SECONDS
    await scene.homes.redraw("U0LENA")

    assert len(scene.slack.weights) == 1


async def test_a_change_is_published_and_goes_behind_whoever_looks_at_nothing(scene: Scene) -> None:
    await scene.look()
    scene.desk.put_cluster(samples.cluster(status=samples.ready()))
    scene.seconds += EVERY_SECONDS

    await scene.homes.redraw("U0LENA")

    assert "build-7" in scene.slack.said("U0LENA")
    assert scene.slack.weights == [Weight.DECISION, Weight.PROGRESS]


async def test_changes_in_a_row_are_drawn_once(scene: Scene) -> None:
    await scene.look()
    scene.desk.put_cluster(samples.cluster())
    scene.seconds += 1

    assert await scene.homes.redraw("U0LENA") == EVERY_SECONDS - 1
    assert len(scene.slack.weights) == 1


async def test_a_home_that_nobody_has_looked_at_lately_is_drawn_seldom(scene: Scene) -> None:
    await scene.look()
    scene.seconds += FRESH_SECONDS
    await scene.homes.redraw("U0LENA")
    scene.desk.put_cluster(samples.cluster())
    scene.seconds += EVERY_SECONDS

    assert await scene.homes.redraw("U0LENA") == SELDOM_SECONDS - EVERY_SECONDS
    await scene.look()

    assert "build-7" in scene.slack.said("U0LENA")


async def test_a_home_that_somebody_else_has_drawn_since_is_drawn_again_a_moment_later(scene: Scene) -> None:
    other = scene.replica()
    await scene.look()
    scene.desk.put(samples.request())
    scene.seconds += EVERY_SECONDS
    await scene.look(homes=other)
    scene.desk.put_cluster(samples.cluster("late"))

    assert await scene.homes.redraw("U0LENA") == EVERY_SECONDS
    assert "late" not in scene.slack.said("U0LENA")
    scene.seconds += EVERY_SECONDS
    await scene.homes.redraw("U0LENA")

    assert "late" in scene.slack.said("U0LENA")


async def test_a_home_whose_answer_was_lost_is_drawn_again_over_whatever_stands_there(scene: Scene) -> None:
    scene.slack.fail = [Unknown("timeout")]

    assert await scene.look() == EVERY_SECONDS
    await scene.homes.redraw("U0LENA")

    assert "U0LENA" in scene.slack.stands


async def test_a_slack_that_throttles_is_left_alone_for_so_long_and_then_gets_the_newest(scene: Scene) -> None:
    scene.slack.fail = [Later("ratelimited", seconds=30)]

    assert await scene.look() == 30
    scene.desk.put_cluster(samples.cluster())
    await scene.homes.redraw("U0LENA")

    assert "build-7" in scene.slack.said("U0LENA")


async def test_a_home_that_slack_does_not_take_is_given_up(scene: Scene) -> None:
    scene.slack.fail = [Undeliverable("not_enabled")]

    assert await scene.look() is None
    assert len(scene.homes.audience) == 0


async def test_after_a_day_without_a_look_a_home_is_left_as_it_is(scene: Scene) -> None:
    await scene.look()
    scene.desk.put_cluster(samples.cluster())
    scene.seconds += KEPT_SECONDS

    assert await scene.homes.redraw("U0LENA") is None
    assert len(scene.homes.audience) == 0
    assert scene.homes.audience.of("team-a") == ()


async def test_only_so_many_are_kept_and_those_who_looked_last(scene: Scene) -> None:
    await scene.look()
    for number in range(KEPT_PEOPLE):
        scene.homes.opened(f"U{number}", "")

    assert len(scene.homes.audience) == KEPT_PEOPLE
    assert scene.homes.audience.get("U0LENA") is None
    assert scene.homes.audience.of("team-a") == ()


async def test_a_change_of_a_tenant_is_for_those_whose_home_tells_of_it(scene: Scene) -> None:
    scene.desk.tenants["team-b"] = samples.tenant("team-b", members=(), approvers=(samples.subject(samples.OMAR),))
    for slack in ("U0LENA", "U0OMAR", "U0PAT"):
        await scene.look(slack)

    assert set(scene.homes.audience.of("team-a")) == {"U0LENA", "U0OMAR", "U0PAT"}
    assert set(scene.homes.audience.of("team-b")) == {"U0OMAR", "U0PAT"}


async def test_whoever_leaves_a_tenant_hears_no_more_of_it(scene: Scene) -> None:
    await scene.look()
    scene.desk.tenants["team-a"] = samples.tenant(members=())
    scene.seconds += EVERY_SECONDS
    await scene.homes.redraw("U0LENA")

    assert scene.homes.audience.of("team-a") == ()
    assert replies.HOME_CLUSTERS not in scene.slack.said("U0LENA")


@pytest.mark.parametrize("refusal", [Refusal.GUEST, Refusal.STRANGER, Refusal.UNMAPPED])
async def test_whoever_may_not_reads_why_and_whom_to_ask(scene: Scene, refusal: Refusal) -> None:
    scene.people.refusals["U0GUS"] = refusal

    assert await scene.look("U0GUS") == RESYNC_SECONDS
    assert refusal in scene.slack.said("U0GUS")
    assert "<@U0PAT>" in scene.slack.said("U0GUS")
    # A guest is not helped by being added to a tenant.
    assert ("`U0GUS`" in scene.slack.said("U0GUS")) is (refusal is Refusal.UNMAPPED)


async def test_while_slack_does_not_say_who_somebody_is_it_is_asked_again_soon(scene: Scene) -> None:
    scene.people.refusals["U0LENA"] = Refusal.UNCERTAIN
    again = await scene.look()
    assert Refusal.UNCERTAIN in scene.slack.said("U0LENA")
    assert again is not None
    assert again < RESYNC_SECONDS
    del scene.people.refusals["U0LENA"]
    scene.seconds += again

    await scene.homes.redraw("U0LENA")

    assert replies.HOME_NO_CLUSTER in scene.slack.said("U0LENA")


async def test_the_platforms_people_see_all_tenants_without_being_in_one(scene: Scene) -> None:
    await scene.look("U0PAT")

    assert replies.HOME_TENANTS in scene.slack.said("U0PAT")


async def test_a_guest_sees_no_tenant_even_when_the_platform_lists_them(scene: Scene) -> None:
    scene.people.refusals["U0PAT"] = Refusal.GUEST

    await scene.look("U0PAT")

    assert replies.HOME_TENANTS not in scene.slack.said("U0PAT")


async def test_while_nothing_is_known_yet_that_is_said_and_soon_put_right(scene: Scene) -> None:
    scene.missing = "waiting for the first list of tenants"
    again = await scene.look()
    assert replies.NOT_READY in scene.slack.said("U0LENA")
    assert again is not None
    scene.missing = ""
    scene.seconds += again

    await scene.homes.redraw("U0LENA")

    assert replies.HOME_NO_CLUSTER in scene.slack.said("U0LENA")


async def test_what_the_platform_publishes_of_a_quota_is_seen(scene: Scene) -> None:
    await scene.look()
    scene.desk.used["team-a"] = Usage(nodes=7)
    scene.seconds += EVERY_SECONDS

    await scene.homes.redraw("U0LENA")

    assert "*7* of 20" in scene.slack.said("U0LENA")


class Leads:
    """A Slack in which Omar is in the one user group there is, when it tells."""

    tells = True

    async def held(self, slack: str, among: Collection[str], *, patient: bool = False) -> tuple[str, ...]:
        assert patient, "votes need Slack's answers more than a Home does"
        if not self.tells:
            raise GroupsUnknown("no answer")
        return tuple(among) if slack == "U0OMAR" else ()


async def test_whoever_decides_by_a_user_group_of_slack_sees_what_waits_as_long_as_slack_tells(scene: Scene) -> None:
    scene.desk.tenants["team-a"] = samples.tenant(approvers=(Subject(slack_group="S0LEADS"),))
    scene.desk.tenants["team-b"] = samples.tenant("team-b", members=(samples.subject(samples.OMAR),))
    scene.desk.voting.groups = leads = Leads()
    scene.desk.put(samples.request())

    await scene.look("U0OMAR")
    assert "asks for a new cluster `build-7`" in scene.slack.said("U0OMAR")
    assert "U0OMAR" in scene.homes.audience.of("team-a")
    leads.tells = False
    scene.seconds += EVERY_SECONDS
    again = await scene.homes.redraw("U0OMAR")

    assert "asks for a new cluster" not in scene.slack.said("U0OMAR")
    assert again == UNSURE_SECONDS


async def test_whoever_sees_what_others_ask_for_is_told_of_once_an_hour_and_whoever_sees_none_is_not(
    scene: Scene,
) -> None:
    request = scene.desk.put(samples.request())
    for slack in ("U0LENA", "U0OMAR", "U0OMAR"):
        await scene.look(slack)
        scene.seconds += EVERY_SECONDS
    (event,) = scene.told
    assert event == Event(
        Code.HOME_SEEN,
        who="omar",
        where="slack:T0DESK",
        facts={"requests": f"tenant-team-a/{request.meta.name} {request.it.spec.digest[:23]}", "slack": "U0OMAR"},
    )

    scene.seconds += TOLD_SECONDS
    await scene.homes.redraw("U0OMAR")
    assert len(scene.told) == 1, "nobody has looked since"
    scene.desk.put(samples.request("cr-more", cluster="build-8"))
    scene.seconds += EVERY_SECONDS
    await scene.look("U0OMAR")
    assert len(scene.told) == 2
    assert "tenant-team-a/cr-more" in scene.told[1].facts["requests"]


async def test_a_home_that_slack_did_not_take_was_not_seen(scene: Scene) -> None:
    scene.desk.put(samples.request())
    scene.slack.fail = [Later("ratelimited", seconds=1)]
    await scene.look("U0OMAR")
    assert scene.told == []
    scene.seconds += EVERY_SECONDS
    await scene.homes.redraw("U0OMAR")
    assert [event.code for event in scene.told] == [Code.HOME_SEEN]


def following(scene: Scene) -> AbstractAsyncContextManager[Any]:
    """All that happens is followed."""
    desk = scene.desk
    changes = {"tenants": desk.tenant_changes, "requests": desk.request_changes, "clusters": desk.cluster_changes}
    return running(scene.homes.run(**changes, delegations=desk.voting.changes))


async def test_who_decides_for_whom_is_drawn_anew_for_whoever_it_is(scene: Scene) -> None:
    scene.desk.tenants["team-b"] = samples.tenant("team-b", members=(samples.subject(samples.PAT),), approvers=())
    await scene.look("U0PAT")
    async with following(scene):
        await asyncio.sleep(0)
        scene.seconds += EVERY_SECONDS
        until_then = samples.NOW + timedelta(days=1)
        scene.desk.voting.now = samples.NOW
        await scene.desk.voting.delegate(samples.OMAR, samples.PAT, tenants=("team-a",), until=until_then, reason="")
        await until(lambda: "You decide for <@U0OMAR>" in scene.slack.said("U0PAT"))
        scene.seconds += EVERY_SECONDS
        await scene.desk.voting.stop(samples.OMAR)
        await until(lambda: "You decide for <@U0OMAR>" not in scene.slack.said("U0PAT"))


async def test_when_approvals_are_paused_every_home_is_drawn_anew(scene: Scene) -> None:
    await scene.look("U0OMAR")
    desk = scene.desk
    async with following(scene):
        await asyncio.sleep(0)
        scene.seconds += EVERY_SECONDS
        desk.canary.says(Trouble.TAKEN)
        await until(lambda: replies.APPROVALS_PAUSED in scene.slack.said("U0OMAR"))
