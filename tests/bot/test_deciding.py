"""Who decides, on the local Slack: instead of somebody, by a user group, alone in an emergency; votes taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import replies
from playground.workspace.errors import SlackError
from playground.workspace.faults import Fault
from playground.workspace.people import UserGroup
from playground.workspace.person import Driver
from provisioning import errors
from provisioning.lifecycle import Reason
from provisioning.model import ApprovalPolicy, DelegationSpec, Phase, Subject
from provisioning.model.tenant import Channels
from provisioning.objects import Stored, format_time
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk
from tests.bot.samples import EVA, LENA, OMAR, PAT

HERE = "#team-a-approvals"
KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
TWO = ApprovalPolicy(required=2)


def asked(desk: FakeDesk, **tenant: Any) -> None:
    """Lena has asked for build-7; Pat is a member too."""
    members = (samples.subject(LENA), samples.subject(PAT))
    desk.tenants["team-a"] = samples.tenant(**({"members": members} | tenant))
    request, now = samples.request(), datetime.now(UTC)
    # What was decided long ago is no news any more.
    desk.voting.now = now
    desk.put(Stored(replace(request.meta, created=now), request.it))


def delegated(desk: FakeDesk) -> None:
    """Pat decides for Omar."""
    ends = format_time(desk.voting.now + timedelta(days=1))
    spec = DelegationSpec(approver=OMAR, delegate=PAT, until=ends)
    desk.voting.given[KEY[0], OMAR.user] = spec


async def delegates(person: Driver, line: str) -> None:
    """By the form that the line fills."""
    await person.command(f"/cluster delegate {line}")
    await person.modal.submit()
    assert "decides for you until" in person.modal.text
    await person.modal.close()


async def stands(person: Driver, text: str, at: str) -> None:
    """A card with this text has come to this place."""
    await person.waits_until(lambda: bool(person.cards(text, at=at)))


# Instead of somebody


async def test_an_approver_has_somebody_decide_until_a_day_who_then_decides_for_them(stage: Stage) -> None:
    asked(stage.desk)
    omar, pat, lena = (stage.slack.person(who.slack) for who in (OMAR, PAT, LENA))
    await omar.waits_for("asks for a new cluster")

    await omar.command("/cluster delegate @pat until 2999-12-24")
    await omar.waits_for("That is too long: 92 days is the most.")
    await delegates(omar, "@pat 3d")
    await stands(pat, "You decide instead of @omar", "dm")
    await stands(pat, "@pat decides for @omar until", "dm")
    await pat.card("asks for a new cluster", at="dm").click("Approve")

    await lena.waits_for("is accepted and starts in a moment")
    await lena.waits_for("Approved by @pat for @omar")
    vote = stage.desk.stored[KEY].it.status.votes[0]
    assert (vote.voter, vote.instead_of) == (PAT, OMAR)


async def test_what_was_delegated_is_stopped_by_its_button(stage: Stage) -> None:
    asked(stage.desk)
    omar, pat = stage.slack.person(OMAR.slack), stage.slack.person(PAT.slack)
    await delegates(omar, "@pat until Fri")
    await stands(pat, "You decide instead of @omar", "dm")
    await omar.command("/cluster delegate show")
    await omar.waits_until(lambda: bool(omar.cards("decides for you until")))
    await omar.card("decides for you until").click(replies.STOP_DELEGATING)
    await omar.waits_for("@pat decides for you no longer.")
    await stands(pat, "You decide no longer instead of @omar", "dm")
    await omar.command("/cluster delegate stop")
    await omar.waits_for(replies.NOBODY_DELEGATED)

    await pat.waits_for("asks for a new cluster")
    await pat.card("asks for a new cluster", at=HERE).click("Approve")
    await pat.waits_for(replies.NOT_AN_APPROVER)


async def test_a_delegation_that_does_not_go_is_answered_with_why(stage: Stage) -> None:
    asked(stage.desk)
    for who, line, said in (
        (LENA, "@pat 3d", replies.NOT_LISTED),
        (OMAR, "@gus 3d", "No tenant knows @gus"),
        (OMAR, "@omar 3d", replies.DELEGATE_YOURSELF),
        (OMAR, "pat 3d", "pat is nobody I know."),
        (OMAR, "@pat 3d please", "I did not understand all of that."),
        (OMAR, "@pat until whenever", "whenever is no end that I know"),
        (OMAR, "@pat until 2020-01-01", "2020-01-01 is no end that I know"),
    ):
        person = stage.slack.person(who.slack)
        await person.command(f"/cluster delegate {line}")
        await person.waits_for(said)
    assert not stage.desk.voting.given


async def test_the_form_says_at_each_field_what_is_wrong_and_what_the_webhook_has_against_it(stage: Stage) -> None:
    asked(stage.desk)
    stage.desk.tenants["team-b"] = samples.tenant("team-b")
    omar, now = stage.slack.person(OMAR.slack), datetime.now(UTC)
    await omar.command("/cluster delegate")
    far = str(int((now + timedelta(days=93)).timestamp()))
    for filled, errors_ in (
        ({"who": "U0GUEST"}, {replies.DELEGATE_WHO: replies.no_delegate()}),
        ({"who": OMAR.slack}, {replies.DELEGATE_WHO: replies.DELEGATE_YOURSELF}),
        ({"who": PAT.slack, "until": "1000000000"}, {replies.DELEGATE_UNTIL: replies.END_OVER}),
        ({"until": far}, {replies.DELEGATE_UNTIL: replies.end_too_far(92)}),
    ):
        await omar.modal.fill(filled)
        await omar.modal.submit()
        assert omar.modal.errors == errors_
    await omar.modal.fill({"until": str(int((now + timedelta(days=1)).timestamp())), "tenants": ["Team B"]})
    stage.desk.refusal = errors.Forbidden("no", causes=(errors.Cause("spec.delegate", "is not to be trusted"),))
    await omar.modal.submit()
    assert omar.modal.errors == {replies.DELEGATE_WHO: "is not to be trusted"}
    stage.desk.refusal = None
    await omar.modal.submit()

    assert omar.modal.title == replies.DELEGATED_TITLE
    assert [place for place, _ in stage.desk.voting.given] == ["tenant-team-b"]


async def test_who_is_no_approver_any_more_when_the_form_is_sent_is_told(stage: Stage) -> None:
    asked(stage.desk)
    omar = stage.slack.person(OMAR.slack)
    await omar.command("/cluster delegate @pat 3d")
    stage.desk.tenants["team-a"] = samples.tenant(approvers=(samples.subject(EVA),), members=(samples.subject(OMAR),))

    await omar.modal.submit()

    assert replies.NOT_LISTED in omar.modal.text
    assert not stage.desk.voting.given


async def test_a_delegation_stands_in_both_homes_until_it_is_stopped_there(stage: Stage) -> None:
    asked(stage.desk)
    omar, pat = stage.slack.person(OMAR.slack), stage.slack.person(PAT.slack)
    for person in (omar, pat):
        await person.open_home()
    assert replies.HAVE_SOMEBODY_DECIDE not in pat.home.buttons
    await omar.home.click(replies.HAVE_SOMEBODY_DECIDE)
    await omar.modal.fill({"who": PAT.slack})
    await omar.modal.submit()
    await omar.modal.close()
    await omar.waits_until(lambda: "@pat decides for you until" in omar.home.text)
    await pat.waits_until(lambda: "You decide for @omar until" in pat.home.text)

    await omar.home.click(replies.STOP_DELEGATING)

    await omar.waits_until(lambda: "decides for you until" not in omar.home.text)
    await pat.waits_until(lambda: "You decide for @omar" not in pat.home.text)


async def test_where_nothing_is_approved_in_slack_nobody_is_put_in_somebodys_place_there(stage: Stage) -> None:
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(in_slack=False))
    omar = stage.slack.person(OMAR.slack)

    await omar.command("/cluster delegate @pat 3d")

    await omar.waits_for("Where you decide, nothing is approved in Slack")
    assert not stage.desk.voting.given


async def test_who_decides_instead_does_not_decide_about_requests_of_either(stage: Stage) -> None:
    asked(stage.desk)
    delegated(stage.desk)
    for requester, sentence in ((PAT, replies.OWN_REQUEST), (OMAR, replies.REFUSED[Reason.APPROVER_ASKED])):
        own = samples.request("cr-own", cluster="own", requester=requester)
        stage.desk.put(Stored(replace(own.meta, created=stage.desk.voting.now), own.it))
        pat = stage.slack.person(PAT.slack)
        await pat.waits_for("asks for a new cluster own")
        await pat.card("cluster own", at=HERE).click("Approve")
        await pat.waits_for(sentence)


# By a user group


LEADS = (Subject(slack_group="S0TEAMALEADS"),)
LISTED = tuple(samples.subject(who) for who in (LENA, OMAR, EVA, PAT))


async def test_who_is_in_the_user_group_decides_and_is_asked_by_a_mention(stage: Stage) -> None:
    asked(stage.desk, members=LISTED, approvers=LEADS)
    pat, omar = stage.slack.person(PAT.slack), stage.slack.person(OMAR.slack)
    await omar.waits_for("You are asked because you are in @team-a-leads.")
    await pat.card("asks for a new cluster", at=HERE).click("Approve")
    await pat.waits_for(f"{replies.NOT_AN_APPROVER} Ask @team-a-leads. You can comment in the thread of its card.")

    joined = UserGroup(id="S0TEAMALEADS", handle="team-a-leads", name="Team A leads", users=(PAT.slack,))
    await stage.slack.events.change_group(joined)
    await pat.card("asks for a new cluster", at=HERE).click("Approve")

    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED
    vote = stage.desk.stored[KEY].it.status.votes[0]
    assert (vote.voter, vote.slack_group) == (PAT, "S0TEAMALEADS")


async def test_a_group_that_slack_says_nothing_of_is_told_and_nothing_is_counted(stage: Stage) -> None:
    asked(stage.desk, members=LISTED, approvers=LEADS)
    omar = stage.slack.person(OMAR.slack)
    await omar.waits_for("asks for a new cluster")
    refusal = SlackError("plan_upgrade_required")
    stage.slack.api.faults.plan("usergroups.users.list", Fault.REFUSE, error=refusal, times=1)
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("Slack does not tell me who is in the group")
    assert stage.desk.stored[KEY].it.status.votes == ()
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED


# Alone, in an emergency


GLASS = ApprovalPolicy(required=2, break_glass=(samples.subject(LENA),))


async def test_a_glass_is_broken_with_a_reason_and_everybody_passed_over_is_told(stage: Stage) -> None:
    asked(stage.desk, approval=GLASS, channels=Channels(approvals="C0TEAMA", notified=("C0PLATFORM",)))
    lena, omar, eva, pat = (stage.slack.person(who.slack) for who in (LENA, OMAR, EVA, PAT))
    await lena.waits_for("asks for a new cluster")
    await lena.card("asks for a new cluster", at=HERE).click("Approve")
    await lena.waits_for(replies.OWN_REQUEST)
    await lena.card(replies.OWN_REQUEST, at=HERE).click(replies.BREAK_GLASS)
    assert "These are told at once: @omar, @eva." in lena.modal.text
    await lena.modal.submit()
    assert list(lena.modal.errors) == [replies.BREAK_GLASS_REASON]
    await lena.modal.fill({replies.BREAK_GLASS_REASON: "The *shop* is down"})
    await lena.modal.submit()

    for person in (omar, eva):
        await stands(person, "through alone.", "dm")
        told = person.card("through alone.", at="dm")
        assert "The *shop* is down" in told.text
        assert told.buttons == []
    await stands(pat, "through alone.", "#platform")
    await omar.waits_until(lambda: len(omar.cards("through alone.", at=HERE)) == 2)
    assert omar.sees("These would have been asked, and were not: @omar, @eva")
    await lena.waits_for("Taken through alone by @lena")
    vote = stage.desk.stored[KEY].it.status.votes[0]
    assert (vote.break_glass, vote.reason) == (True, "The *shop* is down")


async def test_whom_this_tenant_lists_without_an_account_is_told_that_their_word_counts_by_kubectl(
    stage: Stage,
) -> None:
    """Slack knows them through another tenant."""
    omar, elsewhere = Subject(user=OMAR.user), samples.tenant("team-b", members=(samples.subject(OMAR),))
    stage.desk.tenants["team-b"] = elsewhere
    asked(stage.desk, approvers=(omar, samples.subject(EVA)), approval=ApprovalPolicy(required=1, break_glass=(omar,)))
    driver = stage.slack.person(OMAR.slack)
    await driver.waits_for("asks for a new cluster")
    for button in ("Approve", "Deny…"):
        await driver.card("asks for a new cluster", at=HERE).click(button)
        await driver.waits_for(replies.REFUSED[Reason.NOT_BY_SLACK])
    assert stage.desk.stored[KEY].it.status.votes == ()
    assert not any(replies.BREAK_GLASS in card.buttons for card in driver.cards("", at=HERE))


async def test_nobody_is_offered_what_the_tenant_does_not_allow_them(stage: Stage) -> None:
    asked(stage.desk)
    lena = stage.slack.person(LENA.slack)
    await lena.waits_for("asks for a new cluster")
    await lena.card("asks for a new cluster", at=HERE).click("Approve")
    await lena.waits_for(f"{replies.OWN_REQUEST} Ask @omar or @eva.")
    assert lena.card(replies.OWN_REQUEST, at=HERE).buttons == []


async def test_an_approver_who_may_is_offered_it_while_others_are_missing(stage: Stage) -> None:
    asked(stage.desk, approval=ApprovalPolicy(required=2, break_glass=(samples.subject(OMAR),)))
    omar = stage.slack.person(OMAR.slack)
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("1 more approval needed")
    assert omar.card("1 more approval needed", at=HERE).buttons == [replies.TAKE_BACK_VOTE, replies.BREAK_GLASS]


# Taken back


async def test_a_vote_is_taken_back_and_the_others_are_counted_again(stage: Stage) -> None:
    asked(stage.desk, approval=TWO)
    omar, eva = stage.slack.person(OMAR.slack), stage.slack.person(EVA.slack)
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await eva.waits_for("Needs 2 approvals, @omar so far")
    await eva.card("asks for a new cluster", at=HERE).click(replies.TAKE_BACK_VOTE)
    await eva.waits_for(replies.REFUSED[Reason.NOT_VOTED])

    await omar.card("1 more approval needed", at=HERE).click(replies.TAKE_BACK_VOTE)
    await omar.waits_for("Your vote on the request about build-7 is taken back.")
    await eva.card("asks for a new cluster", at=HERE).click("Approve")
    await eva.waits_for("1 more approval needed")

    assert [vote.voter for vote in stage.desk.stored[KEY].it.status.votes] == [EVA]
    assert not omar.sees("1 more approval needed")


async def test_whoever_agreed_and_would_deny_by_now_is_offered_to_take_the_vote_back_first(stage: Stage) -> None:
    asked(stage.desk, approval=TWO)
    omar = stage.slack.person(OMAR.slack)
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("1 more approval needed")

    await omar.card("asks for a new cluster", at=HERE).click(replies.DENY)
    await omar.waits_for(replies.ALREADY_VOTED)
    await omar.card(replies.ALREADY_VOTED, at=HERE).click(replies.TAKE_BACK_VOTE)
    await omar.waits_for("Your vote on the request about build-7 is taken back.")
    await omar.card("asks for a new cluster", at=HERE).click(replies.DENY)
    await omar.modal.fill({replies.DENY_REASON: "Not this week"})
    await omar.modal.submit()

    assert stage.desk.stored[KEY].it.status.phase is Phase.DENIED


async def test_what_is_decided_is_not_taken_back(stage: Stage) -> None:
    asked(stage.desk, approval=TWO)
    omar, eva = stage.slack.person(OMAR.slack), stage.slack.person(EVA.slack)
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("1 more approval needed")
    await eva.card("asks for a new cluster", at=HERE).click("Approve")
    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED
    await omar.card("1 more approval needed", at=HERE).click(replies.TAKE_BACK_VOTE)
    await omar.waits_for("Too late.")
    assert len(stage.desk.stored[KEY].it.status.votes) == 2


# Told, not asked


async def test_people_and_channels_that_are_notified_read_what_was_decided_and_are_not_asked(stage: Stage) -> None:
    asked(stage.desk, channels=Channels(approvals="C0TEAMA", notified=("C0PLATFORM", PAT.slack)))
    omar, pat = stage.slack.person(OMAR.slack), stage.slack.person(PAT.slack)
    await omar.waits_for("asks for a new cluster")
    assert not pat.cards("asks for a new cluster", at="dm")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")

    for place in ("dm", "#platform"):
        await stands(pat, "Approved by @omar", place)
        (card,) = pat.cards("asks for a new cluster", at=place)
        assert card.buttons == []


async def test_what_the_webhook_has_against_a_vote_is_told_and_not_that_nobody_answers(stage: Stage) -> None:
    asked(stage.desk, approval=TWO)
    omar = stage.slack.person(OMAR.slack)
    await omar.waits_for("asks for a new cluster")
    why = "omar is listed here by kubectl only"
    stage.desk.refusal = errors.Forbidden("denied", causes=[errors.Cause("status.votes", why)])
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for(why)
    await omar.card("asks for a new cluster", at=HERE).click(replies.DENY)
    await omar.modal.fill({replies.DENY_REASON: "no"})
    await omar.modal.submit()
    assert omar.modal.errors == {replies.DENY_REASON: why}
    assert not omar.sees(replies.NOT_DECIDED)
