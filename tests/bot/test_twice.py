"""What comes twice counts once, to one bot or to two; what comes late or from before an upgrade is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot import buttons, replies
from playground.workspace.door import Answered, Door, Envelope, Missed, Outcome
from provisioning.errors import Cause
from provisioning.model import ApprovalPolicy, Decision, Phase
from tests.bot import samples
from tests.bot.conftest import Mode, Stage, bot_of, running
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
    await lena.command("/cluster extend build-7 24h")

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


async def test_two_approvers_at_two_bots_in_the_same_moment_are_one_decision_and_both_are_told(
    two: tuple[Stage, Tapped],
) -> None:
    stage, _ = two
    key = await asked(stage)
    omar, eva = stage.slack.person("U0OMAR"), stage.slack.person("U0EVA")
    await omar.waits_for(CARD)
    cards = [person.card(CARD, at="#team-a-approvals") for person in (omar, eva)]

    # In HTTP mode both go to one bot; in Socket Mode Slack hands them out in turn. Either knows what its cache shows.
    await asyncio.gather(*(card.click("Approve") for card in cards))

    await omar.waits_until(lambda: omar.sees("counts.") or omar.sees("Too late."))
    await eva.waits_until(lambda: eva.sees("counts.") or eva.sees("Too late."))
    assert omar.sees("counts.") != eva.sees("counts.")
    assert [vote.decision for vote in stage.desk.stored[key].it.status.votes] == [Decision.APPROVE]


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


async def test_the_same_signed_request_to_the_same_bot_is_refused() -> None:
    async with running(FakeDesk(), "http") as stage:
        tapped = Tapped(stage.slack.door)
        stage.slack.hands.door = tapped
        await stage.slack.person("U0LENA").command("/cluster list")

        # Within the second the signature is the same; a later one of Slack's own would have another.
        outcomes = [await stage.slack.door.send(tapped.sent[-1]) for _ in range(3)]

    assert any(isinstance(outcome, Missed) and "401" in outcome.detail for outcome in outcomes)


def _old_card(stage: Stage, *, action: str, value: str) -> None:
    """A card as an earlier version of the bot left it in #team-a-approvals."""
    button = {"type": "button", "action_id": action, "value": value, "text": {"type": "plain_text", "text": "Approve"}}
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "An old card"}},
        {"type": "actions", "elements": [button]},
    ]
    workspace = stage.slack.workspace
    channel = workspace.conversations.get("C0TEAMA")
    workspace.post(channel, user=workspace.team.bot_user, text="An old card", blocks=blocks)


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
