"""What people are told beside the cards: each message once, in its time, whoever is the leader."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import replies
from bot.messenger import Messenger
from bot.outcomes import Later, Undeliverable, Vanished
from bot.people import Whereabouts
from bot.prompter import LOOK_SECONDS
from provisioning import errors
from provisioning.model import (
    ApprovalPolicy,
    Decision,
    Delivery,
    Message,
    Phase,
    Question,
    RequestStatus,
    Subject,
    Surface,
    Tenant,
)
from provisioning.model.tenant import Channels
from provisioning.objects import Stored, format_time
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
NOON = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
"""A Thursday; when the sample request was made."""
STEPS = [{"after": "4h", "approvers": [{"user": "pat", "slack": "U0PAT"}]}]


@dataclass
class FakeDirectory:
    """Where people are; whoever is not named is in UTC."""

    known: dict[str, Whereabouts] = field(default_factory=dict)

    async def whereabouts(self, slack: str) -> Whereabouts:
        return self.known.get(slack, Whereabouts())


@dataclass
class Scene:
    desk: FakeDesk
    poster: FakePoster
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    now: datetime = NOON
    platform: str = "C0PLATFORM"

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another process takes over, knowing nothing."""
        self.messenger = Messenger(
            desk=self.desk,
            poster=self.poster,
            directory=self.directory,
            clock=lambda: self.now,
            platform=self.platform,
        )

    async def look(self, *, after: timedelta = timedelta()) -> float | None:
        self.now += after
        return await self.messenger.look(KEY)

    def posts(self, channel: str) -> list[str]:
        return [card.text for card in self.poster.at(channel)]

    @property
    def status(self) -> RequestStatus:
        return self.desk.stored[KEY].it.status


def tenant(**approval: Any) -> Stored[Tenant]:
    return samples.tenant(approval=ApprovalPolicy.model_validate({"required": 1, **approval}))


def scene(**approval: Any) -> Scene:
    """The card stands in the approvals channel."""
    desk = FakeDesk(tenants={"team-a": tenant(**approval)})
    card = Delivery(surface=Surface.APPROVER, channel="C0TEAMA", ts="7.0")
    desk.put(samples.request(status=RequestStatus(expires_at=samples.TOMORROW, deliveries=(card,))))
    return Scene(desk, FakePoster())


def asked(*, answer: str = "", told: Any = None) -> Question:
    return Question(asker=samples.OMAR, words=samples.HOSTILE, at=samples.LATER, answer=answer, told=told)


async def test_those_who_were_asked_are_reminded_below_the_card_and_it_is_written_down() -> None:
    it = scene()

    again = await it.look()
    assert it.posts("C0TEAMA") == []
    assert (again, it.status.next_reminder_at) == (600, "2026-03-05T13:30:00Z")
    await it.look(after=timedelta(minutes=30))

    (told,) = it.posts("C0TEAMA")
    assert told.startswith("⏰ <@U0EVA>, <@U0OMAR>: `lena` asks for a new cluster `build-7`")
    assert it.poster.threads == {"C0TEAMA": ["7.0"]}
    assert [(each.slack, each.times) for each in it.status.reminders] == [("U0EVA", 1), ("U0OMAR", 1)]
    assert it.status.next_reminder_at == "2026-03-05T14:30:00Z"


async def test_a_user_group_that_decides_is_reminded_by_its_name_where_the_card_stands() -> None:
    it = scene(escalation=[{"after": "4h", "approvers": [{"slackGroup": "S0BOSSES"}]}])
    approvers = (samples.subject(samples.OMAR), Subject(slack_group="S0LEADS"))
    it.desk.tenants["team-a"] = samples.tenant(approvers=approvers, approval=it.desk.tenants["team-a"].it.spec.approval)
    await it.look(after=timedelta(minutes=30))

    (told,) = it.posts("C0TEAMA")
    assert told.startswith("⏰ <!subteam^S0LEADS>, <@U0OMAR>: `lena` asks")
    assert it.status.unreachable == ()
    await it.look(after=timedelta(hours=3, minutes=30))
    await it.look()
    await it.look(after=timedelta(minutes=30))

    assert "<!subteam^S0BOSSES>" in it.posts("C0TEAMA")[-1]
    it.restart()
    sent = len(it.posts("C0TEAMA"))
    await it.look()
    assert len(it.posts("C0TEAMA")) == sent


async def test_a_user_group_is_nudged_and_without_a_card_for_all_it_is_not_promised_anything() -> None:
    it = scene()
    it.desk.tenants["team-a"] = samples.tenant(approvers=(Subject(slack_group="S0LEADS"),))
    it.desk.status(KEY, nudged_at=format_time(NOON + timedelta(minutes=1)))
    await it.look(after=timedelta(minutes=1))
    assert it.posts("C0TEAMA")[0].startswith("⏰ <!subteam^S0LEADS>: ")

    alone = scene()
    alone.desk.tenants["team-a"] = samples.tenant(approvers=(Subject(slack_group="S0LEADS"),), channels=Channels())
    await alone.look(after=timedelta(minutes=30))
    assert (alone.posts("C0TEAMA"), alone.status.next_reminder_at) == ([], None)


async def test_however_many_are_asked_each_of_them_is_called_by_name() -> None:
    it = scene()
    approvers = tuple(Subject(user=f"approver-{n}", slack=f"U0APPROVER{n:03}") for n in range(500))
    more = [{"user": f"more-{n}", "slack": f"U0MORE{n}"} for n in range(50)]
    policy = ApprovalPolicy.model_validate({"required": 1, "escalation": [{"after": "5m", "approvers": more}]})
    it.desk.tenants["team-a"] = samples.tenant(approvers=approvers, approval=policy)
    await it.look(after=timedelta(minutes=5))

    await it.look(after=timedelta(minutes=30))

    told = "".join(card.blocks[0]["text"]["text"] for card in it.poster.at("C0TEAMA"))
    assert all(f"<@{each.slack}>" in told for each in approvers)
    assert len(it.status.reminders) == len(approvers)


async def test_looking_again_and_a_new_leader_repeat_nothing() -> None:
    it = scene()
    await it.look(after=timedelta(minutes=30))

    await it.look(after=timedelta(minutes=1))
    it.restart()
    await it.look(after=timedelta(minutes=1))

    assert len(it.posts("C0TEAMA")) == 1


async def test_a_reminder_that_could_not_be_written_down_is_written_later_and_not_sent_again() -> None:
    it = scene()
    it.desk.down = True
    with pytest.raises(errors.Unavailable):
        await it.look(after=timedelta(minutes=30))
    it.desk.down = False

    await it.look(after=timedelta(minutes=1))

    assert len(it.posts("C0TEAMA")) == 1
    assert [each.times for each in it.status.reminders] == [1, 1]


async def test_a_cache_that_lags_behind_leads_to_no_second_reminder() -> None:
    it = scene()
    it.desk.lag = True
    await it.look(after=timedelta(minutes=30))

    await it.look(after=timedelta(seconds=1))
    it.desk.catch_up()

    assert len(it.posts("C0TEAMA")) == 1
    assert [each.times for each in it.status.reminders] == [1, 1]


async def test_each_is_reminded_in_their_own_working_hours() -> None:
    it = scene()
    it.directory.known["U0EVA"] = Whereabouts(zone="Asia/Tokyo")

    await it.look(after=timedelta(minutes=30))

    assert [each.slack for each in it.status.reminders] == ["U0OMAR"]
    await it.look(after=timedelta(hours=10, minutes=30))
    assert [each.slack for each in it.status.reminders] == ["U0OMAR", "U0EVA"]


async def test_whoever_has_voted_or_is_gone_is_not_reminded() -> None:
    it = scene(required=2)
    await it.desk.vote(*KEY, samples.OMAR, Decision.APPROVE, digest=it.desk.stored[KEY].it.spec.digest)
    it.directory.known["U0EVA"] = Whereabouts(is_there=False)

    await it.look(after=timedelta(minutes=30))

    assert it.posts("C0TEAMA") == []
    assert it.status.next_reminder_at is None
    assert it.status.unreachable == ("U0EVA",)


async def test_that_whoever_asked_is_gone_is_noted_and_nobody_is_reminded_less_for_it() -> None:
    it = scene()
    it.directory.known["U0LENA"] = Whereabouts(is_there=False)

    await it.look(after=timedelta(minutes=30))

    assert it.status.unreachable == ("U0LENA",)
    (told,) = it.posts("C0TEAMA")
    assert told.startswith("⏰ <@U0EVA>, <@U0OMAR>")


async def test_while_it_waits_for_room_only_whoever_asked_is_missed_until_they_are_back() -> None:
    it = scene()
    it.directory.known = {who: Whereabouts(is_there=False) for who in ("U0LENA", "U0EVA")}
    await it.look()
    assert [*it.status.unreachable] == ["U0LENA", "U0EVA"]
    waits = samples.waits_for_room()
    it.desk.status(KEY, phase=waits.phase, decided_at=waits.decided_at, conditions=waits.conditions)

    assert await it.look(after=timedelta(minutes=30)) == LOOK_SECONDS

    assert [*it.status.unreachable] == ["U0LENA"]
    assert it.posts("C0TEAMA") == []
    del it.directory.known["U0LENA"]
    assert await it.look(after=timedelta(minutes=30)) == LOOK_SECONDS
    assert [*it.status.unreachable] == []


@pytest.mark.parametrize("phase", [Phase.APPROVED, Phase.APPLIED, Phase.DENIED, Phase.WITHDRAWN, Phase.EXPIRED])
async def test_once_it_waits_for_nobody_nobody_is_missed_any_more(phase: Phase) -> None:
    it = scene()
    it.directory.known = {who: Whereabouts(is_there=False) for who in ("U0LENA", "U0EVA")}
    await it.look()
    it.desk.status(KEY, phase=phase, decided_at=samples.LATER)

    assert await it.look(after=timedelta(minutes=1)) is None

    assert it.status.unreachable == ()
    written = len(it.desk.waiting.records)
    await it.look(after=timedelta(minutes=1))
    assert len(it.desk.waiting.records) == written


async def test_without_a_channel_each_is_reminded_below_their_own_card() -> None:
    it = scene()
    it.desk.tenants["team-a"] = samples.tenant(channels=Channels())
    cards = tuple(Delivery(surface=Surface.APPROVER, channel=c, ts="7.0") for c in ("DOMAR", "DEVA"))
    it.desk.status(KEY, deliveries=cards)

    await it.look(after=timedelta(minutes=30))

    assert [len(it.posts(place)) for place in ("DOMAR", "DEVA", "C0TEAMA")] == [1, 1, 0]


async def test_a_nudge_reminds_now() -> None:
    it = scene()
    await it.look(after=timedelta(minutes=30))
    it.desk.waiting.now = it.now + timedelta(minutes=5)
    await it.desk.waiting.nudge(*KEY, samples.LENA)

    await it.look(after=timedelta(minutes=6))

    assert len(it.posts("C0TEAMA")) == 2


async def test_nobody_is_reminded_of_what_is_decided() -> None:
    it = scene()
    it.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.LATER)

    assert await it.look(after=timedelta(minutes=30)) is None
    assert it.poster.calls == []


async def test_a_request_is_handed_on_in_its_time_and_the_step_is_written_down_once() -> None:
    it = scene(escalation=STEPS)
    assert await it.look(after=timedelta(hours=3, minutes=59, seconds=30)) == 30
    before = it.status
    assert before.handed_on == ()

    await it.look(after=timedelta(seconds=30))
    await it.look()

    (step,) = it.status.handed_on
    assert (step.step, step.at, step.why.value) == (0, "2026-03-05T17:00:00Z", "NobodyDecided")


async def test_when_nobody_can_be_reached_the_next_in_line_come_at_once_and_then_the_platform() -> None:
    it = scene(escalation=STEPS)
    it.directory.known = {who: Whereabouts(is_there=False) for who in ("U0OMAR", "U0EVA")}

    await it.look()
    assert [(each.step, each.why.value) for each in it.status.handed_on] == [(0, "NobodyReachable")]
    assert it.posts("C0PLATFORM") == []

    it.directory.known["U0PAT"] = Whereabouts(is_there=False)
    await it.look()
    it.restart()
    await it.look()

    (told,) = it.posts("C0PLATFORM")
    assert "none of those who may decide for `team-a` can be reached in Slack" in told
    assert it.status.stranded_at == format_time(NOON)


async def test_who_can_be_reached_again_is_no_trouble_any_more_until_the_next_time() -> None:
    it = scene()
    it.poster.knows_names = True
    gone = {who: Whereabouts(is_there=False) for who in ("U0OMAR", "U0EVA")}
    it.directory.known = dict(gone)
    await it.look()

    it.directory.known = {"U0EVA": Whereabouts(is_there=False)}
    await it.look()
    assert it.status.stranded_at is None
    it.directory.known = dict(gone)
    await it.look(after=timedelta(hours=1))

    assert len(it.posts("C0PLATFORM")) == 2


async def test_without_a_platform_channel_it_is_noted_all_the_same() -> None:
    it = scene()
    it.platform = ""
    it.restart()
    it.directory.known = {who: Whereabouts(is_there=False) for who in ("U0OMAR", "U0EVA")}

    await it.look()

    assert it.poster.calls == []
    assert it.status.stranded_at


async def test_a_question_reaches_the_requester_once_as_a_message_of_its_own() -> None:
    it = scene()
    it.desk.status(KEY, questions=(asked(),))

    await it.look()
    it.restart()
    await it.look()

    (told,) = it.posts("DLENA")
    assert "Somebody who decides has a question about `build-7`" in told
    (kept,) = it.status.questions
    assert kept.told is not None
    assert kept.told.channel == "DLENA"


async def test_an_answer_takes_the_button_away_and_is_told_to_whoever_asked_below_their_card() -> None:
    it = scene()
    it.desk.status(KEY, questions=(asked(),))
    await it.look()
    told = it.status.questions[0].told
    it.desk.status(KEY, questions=(asked(answer="It is *large*", told=told),))

    await it.look()
    await it.look()

    (card,) = it.poster.at("DLENA")
    assert not [block for block in card.blocks if block["type"] == "actions"]
    (answer,) = it.posts("C0TEAMA")
    assert answer.startswith("💬 <@U0OMAR>: `lena` has answered your question")
    assert it.status.questions[0].answer_told


async def test_who_asked_and_has_no_card_is_told_of_the_answer_in_a_direct_message() -> None:
    """Their channel takes no cards, and they asked in App Home."""
    it = scene()
    told = Message(channel="DLENA", ts="", revision="")
    it.desk.status(KEY, deliveries=(), questions=(asked(answer="It is *large*", told=told),))

    await it.look()
    it.restart()
    await it.look()

    (answer,) = it.posts("DOMAR")
    assert "has answered your question about `build-7`" in answer
    assert it.status.questions[0].answer_told


async def test_a_question_of_a_request_that_is_decided_needs_no_answer() -> None:
    it = scene()
    it.desk.status(KEY, questions=(asked(),))
    await it.look()
    it.desk.status(KEY, phase=Phase.DENIED, decided_at=samples.LATER)

    await it.look()

    assert replies.NO_ANSWER_NEEDED in it.posts("DLENA")[0]


async def test_a_question_message_that_somebody_deleted_holds_nothing_up() -> None:
    it = scene()
    it.desk.status(KEY, questions=(asked(),))
    await it.look()
    it.desk.status(KEY, questions=(asked(answer="Yes", told=it.status.questions[0].told),))
    it.poster.fail["update"] = [Vanished("message_not_found")]

    await it.look()

    assert it.status.questions[0].answer_told


async def test_a_question_in_a_place_that_takes_nothing_any_more_keeps_nobody_from_being_reminded() -> None:
    it = scene()
    it.desk.status(KEY, questions=(asked(),))
    await it.look()
    it.desk.status(KEY, questions=(asked(answer="Yes", told=it.status.questions[0].told),))
    it.poster.closed["DLENA"] = "channel_not_found"

    await it.look(after=timedelta(minutes=30))

    assert it.status.questions[0].answer_told
    assert len(it.status.reminders) == 2


async def test_below_a_card_that_somebody_deleted_nothing_hangs_and_all_is_told_all_the_same() -> None:
    it = scene(escalation=STEPS)
    told = Message(channel="DLENA", ts="", revision="")
    it.desk.status(KEY, questions=(asked(answer="Yes", told=told),))
    it.poster.fail["post"] = [Vanished("thread_not_found")]

    await it.look()
    it.poster.fail["post"] = [Vanished("thread_not_found")]
    await it.look(after=timedelta(hours=4))

    assert len(it.posts("C0TEAMA")) == 2
    assert it.status.questions[0].answer_told
    assert len(it.status.handed_on) == 1
    assert len(it.status.reminders) >= 2


async def test_a_request_whose_tenant_is_not_there_for_a_while_is_not_forgotten() -> None:
    it = scene()
    tenants, it.desk.tenants = it.desk.tenants, {}
    assert await it.look() == LOOK_SECONDS
    it.desk.tenants = tenants

    await it.look(after=timedelta(minutes=30))

    assert len(it.posts("C0TEAMA")) == 1


async def test_a_requester_whom_slack_does_not_take_is_noted_and_not_tried_for_ever() -> None:
    it = scene()
    it.desk.status(KEY, questions=(asked(),))
    it.poster.fail["direct"] = [Undeliverable("user_disabled")]

    await it.look()
    await it.look()

    assert [call for call in it.poster.calls if call.startswith("post")] == []
    assert it.status.questions[0].told is not None


async def test_throttling_puts_a_message_off_and_loses_none() -> None:
    it = scene()
    it.poster.fail["post"] = [Later("ratelimited", seconds=30)]

    assert await it.look(after=timedelta(minutes=30)) == 30
    await it.look(after=timedelta(seconds=30))

    assert len(it.posts("C0TEAMA")) == 1


@pytest.mark.parametrize("killed_after", range(1, 5))
async def test_killed_at_any_call_the_next_leader_tells_what_is_left(killed_after: int) -> None:
    """A message that was posted and not written down may come twice; none is missing, and none comes a third time."""

    class Killed(BaseException):
        pass

    it = scene()
    it.desk.status(KEY, questions=(asked(),))
    it.now += timedelta(minutes=30)
    calls = [0]

    def count(method: Any) -> Any:
        async def counted(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            if calls[0] == killed_after:
                raise Killed
            return await method(*args, **kwargs)

        return counted

    record, post = it.desk.waiting.record, it.poster.post
    it.desk.waiting.record, it.poster.post = count(record), count(post)  # type: ignore[method-assign]
    with contextlib.suppress(Killed):
        await it.look()
    it.desk.waiting.record, it.poster.post = record, post  # type: ignore[method-assign]

    it.restart()
    for _ in range(3):
        await it.look()

    assert 1 <= len(it.posts("C0TEAMA")) <= 2
    assert 1 <= len(it.posts("DLENA")) <= 2
    assert len(it.status.reminders) == 2
