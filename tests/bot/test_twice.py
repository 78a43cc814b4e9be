"""What comes twice counts once, to one bot or to two; what comes late or from before an upgrade is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field

import pytest
import structlog
from prometheus_client import REGISTRY

from bot import buttons, replies
from bot.service import Service
from playground.workspace import Driver
from playground.workspace.door import Answered, Door, Envelope, Missed, Outcome
from playground.workspace.http_door import HttpDoor
from provisioning.audit import Code, Event
from provisioning.errors import Cause
from provisioning.model import ApprovalPolicy, Decision, Phase
from tests.bot import samples
from tests.bot.conftest import SECRET, Mode, Stage, bot_of, running
from tests.bot.fake_desk import FakeDesk
from tests.bot.test_desk_in_slack import WISH, asked

MODES: tuple[Mode, ...] = ("http", "socket")
CARD = "asks for a new cluster"


@dataclass
class Tapped:
    """A door that keeps what went through it, so that Slack may deliver it once more."""

    door: Door
    sent: list[Envelope] = field(default_factory=list)

    async def send(self, envelope: Envelope) -> Outcome:
        self.sent.append(envelope)
        return await self.door.send(envelope)

    async def close(self) -> None:
        await self.door.close()


@pytest.fixture(params=MODES)
async def two(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Stage, Tapped]]:
    """Two bots on one desk; in HTTP mode a delivery goes to the one that came last."""
    async with running(FakeDesk(), request.param) as stage, bot_of(stage.slack, stage.desk, request.param, leads=False):
        tapped = Tapped(stage.slack.door)
        stage.slack.hands.door = tapped
        yield stage, tapped


async def again(stage: Stage, tapped: Tapped) -> Outcome:
    """Slack delivers the last thing once more, to the other bot where it can choose."""
    stage.slack.point_at(f"http://127.0.0.1:{stage.service.port}")
    return await stage.slack.door.send(tapped.sent[-1])


async def test_a_form_that_reaches_both_bots_is_one_request(two: tuple[Stage, Tapped]) -> None:
    stage, tapped = two
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)
    await lena.modal.submit()

    answer = await again(stage, tapped)

    assert len(stage.desk.stored) == 1
    assert isinstance(answer, Answered)
    assert replies.RECEIPT_TITLE in str(answer.body)


async def test_what_a_form_has_done_is_not_held_against_it_when_it_comes_again(two: tuple[Stage, Tapped]) -> None:
    stage, tapped = two
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)
    await lena.modal.submit()
    # A rule needed nobody's approval, and the cluster is there by now.
    stage.desk.causes = (Cause("metadata.name", "build-7 exists already"),)

    answer = await again(stage, tapped)

    assert len(stage.desk.stored) == 1
    assert isinstance(answer, Answered)
    assert replies.RECEIPT_TITLE in str(answer.body)


async def test_a_command_that_reaches_both_bots_asks_once(two: tuple[Stage, Tapped]) -> None:
    stage, tapped = two
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7 3")

    answer = await again(stage, tapped)

    assert [r.it.spec.cluster for r in stage.desk.stored.values()] == ["build-7"]
    assert isinstance(answer, Answered)
    assert "is noted" in str(answer.body)


async def test_a_press_that_reaches_both_bots_is_one_vote_and_neither_is_silent(two: tuple[Stage, Tapped]) -> None:
    stage, tapped = two
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=2))
    await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for(CARD)
    await omar.card(CARD, at="#team-a-approvals").click("Approve")
    await omar.waits_for("1 more approval needed")

    await again(stage, tapped)

    await omar.waits_for(replies.ALREADY_VOTED)
    assert [w for w in stage.desk.writes if w.startswith("vote")] == ["vote Approve omar"]


class Balanced:
    """A load balancer before bots in HTTP mode: each gets the next delivery."""

    def __init__(self, *services: Service) -> None:
        self._doors = [HttpDoor(f"http://127.0.0.1:{it.port}", signing_secret=SECRET) for it in services]
        self._turn = 0

    async def send(self, envelope: Envelope) -> Outcome:
        self._turn += 1
        return await self._doors[self._turn % len(self._doors)].send(envelope)

    async def close(self) -> None:
        for door in self._doors:
            await door.close()


@pytest.mark.parametrize("mode", MODES)
async def test_two_approvers_at_two_bots_in_the_same_moment_are_one_decision_and_both_are_told(mode: Mode) -> None:
    told: list[Event] = []
    async with (
        running(FakeDesk(), mode) as stage,
        bot_of(stage.slack, stage.desk, mode, tell=told.append, leads=False) as other,
    ):
        key = await asked(stage)
        omar, eva = stage.slack.person("U0OMAR"), stage.slack.person("U0EVA")
        await omar.waits_for(CARD)
        first, second = (person.card(CARD, at="#team-a-approvals") for person in (omar, eva))
        balanced = Balanced(stage.service, other)
        if mode == "http":
            stage.slack.hands.door = balanced

        # In Socket Mode Slack hands them out in turn, and each bot has two connections: what is between goes to one.
        between = stage.slack.events.send({"type": "user_change", "user": {"id": "U0NOBODY"}, "event_ts": "1.1"})
        await asyncio.gather(first.click("Approve"), between, second.click("Approve"))

        await omar.waits_until(lambda: omar.sees("counts.") or omar.sees("Too late."))
        await eva.waits_until(lambda: eva.sees("counts.") or eva.sees("Too late."))
        assert omar.sees("counts.") != eva.sees("counts.")
        assert [vote.decision for vote in stage.desk.stored[key].it.status.votes] == [Decision.APPROVE]
        presses = [[event.who for event in each if event.code is Code.BUTTON_PRESSED] for each in (stage.told, told)]
        assert sorted(map(len, presses)) == [1, 1], presses
        await balanced.close()


@pytest.mark.parametrize("ids", [("Ev1", "Ev1"), ("Ev1", "Ev2")])
async def test_an_event_that_comes_twice_does_no_harm(stage: Stage, ids: tuple[str, str]) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster list")
    account = stage.slack.workspace.people["U0LENA"].model_copy(update={"is_restricted": True})
    stage.slack.workspace.replace_person(account)

    for event_id in ids:
        event = {"type": "user_change", "user": {"id": "U0LENA"}, "event_ts": "1.1"}
        await stage.slack.events.send(event, event_id=event_id)

    async with asyncio.timeout(30):
        while not lena.sees(replies.GUEST):
            await lena.command("/cluster list")


async def test_slack_keeping_events_back_is_told_to_whoever_watches_over_the_bot(stage: Stage) -> None:
    before = REGISTRY.get_sample_value("clusterdesk_slack_rate_limited_total") or 0.0
    said = {"type": "app_rate_limited", "team_id": "T0LOCAL", "minute_rate_limited": 1518467820, "token": "t"}

    with structlog.testing.capture_logs() as lines:
        outcome = await stage.slack.door.send(Envelope("events_api", said))

    assert isinstance(outcome, Answered)
    assert [line["log_level"] for line in lines if line["event"] == "slack_keeps_events_back"] == ["warning"]
    assert REGISTRY.get_sample_value("clusterdesk_slack_rate_limited_total") == before + 1


async def test_the_same_signed_request_to_the_same_bot_is_refused() -> None:
    async with running(FakeDesk(), "http") as stage:
        tapped = Tapped(stage.slack.door)
        stage.slack.hands.door = tapped
        await stage.slack.person("U0LENA").command("/cluster list")

        # Within the second the signature is the same; a later one of Slack's own would have another.
        outcomes = [await stage.slack.door.send(tapped.sent[-1]) for _ in range(3)]

    assert any(isinstance(outcome, Missed) and "401" in outcome.detail for outcome in outcomes)


def _old_card(stage: Stage, *, action: str, value: str, words: str = "An old card") -> None:
    """A card as an earlier version of the bot left it in #team-a-approvals."""
    button = {"type": "button", "action_id": action, "value": value, "text": {"type": "plain_text", "text": "Approve"}}
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": words}},
        {"type": "actions", "elements": [button]},
    ]
    workspace = stage.slack.workspace
    channel = workspace.conversations.get("C0TEAMA")
    workspace.post(channel, user=workspace.team.bot_user, text=words, blocks=blocks)


async def test_a_card_of_the_first_version_still_decides(stage: Stage) -> None:
    """Its button had the first 16 digits of the digest, and no more than three facts."""
    key = await asked(stage)
    digest = stage.desk.stored[key].it.spec.digest
    omar = stage.slack.person("U0OMAR")
    value = f'{{"namespace":"{key[0]}","id":"{key[1]}","digest":"{digest}"}}'
    _old_card(stage, action="request_approve", value=value)

    await omar.card("An old card", at="#team-a-approvals").click("Approve")

    await omar.waits_for("counts.")
    assert stage.desk.stored[key].it.status.phase is Phase.APPROVED


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("request_approve", "cr-7f3k2m4p6q"),
        ("request_approve", '{"namespace":"tenant-team-a","id":"cr-1","digest":"sha256:00","of":"tomorrow"}'),
        ("approve_v0", '{"request":"cr-7f3k2m4p6q"}'),
    ],
)
async def test_a_card_that_this_version_cannot_read_says_so(stage: Stage, action: str, value: str) -> None:
    omar = stage.slack.person("U0OMAR")
    _old_card(stage, action=action, value=value)

    await omar.card("An old card", at="#team-a-approvals").click("Approve")

    await omar.waits_for("I cannot read this card any more.")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"phase": Phase.EXPIRED, "decided_at": samples.LATER}, "Too late. ⌛ Expired"),
        ({"phase": Phase.WITHDRAWN, "decided_at": samples.LATER}, "Too late. ↩️ Withdrawn"),
        ({"phase": Phase.FAILED, "decided_at": samples.LATER}, "Too late."),
        (
            {"phase": Phase.WITHDRAWN, "decided_at": samples.LATER, "replaced_by": "cr-newer"},
            "Too late: this was changed since your card was drawn. The newer version is",
        ),
    ],
    ids=["expired", "withdrawn", "failed", "replaced"],
)
async def test_a_press_on_a_card_of_what_is_over_is_told_why_and_changes_nothing(
    stage: Stage, status: dict[str, object], why: str
) -> None:
    request = stage.desk.put(samples.request())
    before = stage.desk.status(request.key, **status).it.status.model_copy(update={"deliveries": ()})
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    pressed = (
        (omar, buttons.APPROVE),
        (omar, buttons.APPROVE_ANYWAY),
        (omar, buttons.KEEP_WAITING),
        (omar, buttons.DENY),
        (omar, buttons.ASK),
        (omar, buttons.TAKE_BACK),
        (lena, buttons.WITHDRAW),
    )

    for person, action in pressed:
        _old_card(stage, action=action, value=buttons.ticket_of(request).dumps(), words=action)
        await told_once_more(person, why, person.card(action, at="#team-a-approvals").click("Approve"))

    after = stage.desk.stored[request.key].it.status
    assert after.model_copy(update={"deliveries": ()}) == before
    assert not lena.has_modal
    assert not omar.has_modal


async def told_once_more(person: Driver, words: str, press: Awaitable[None]) -> None:
    before = len(person.cards(words, at="#team-a-approvals"))
    await press
    await person.waits_until(lambda: len(person.cards(words, at="#team-a-approvals")) > before)


async def test_a_card_of_a_request_that_is_gone_says_so(stage: Stage) -> None:
    omar = stage.slack.person("U0OMAR")
    _old_card(stage, action=buttons.APPROVE, value=buttons.ticket_of(samples.request("cr-gone")).dumps())

    await omar.card("An old card", at="#team-a-approvals").click("Approve")

    await omar.waits_for(replies.GONE)


async def test_a_form_opens_and_can_be_filled_while_the_cluster_api_is_down(stage: Stage) -> None:
    stage.desk.down = True
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7")

    assert lena.modal.value("Name") == ("build-7",)
    await lena.modal.fill(WISH)
    await lena.modal.submit()
    assert lena.modal.errors == {"Name": replies.NOT_SAVED}
    stage.desk.down = False
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
