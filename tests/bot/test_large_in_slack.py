"""Large requests and what is not approved in Slack, on the local Slack: who is asked, what is asked twice, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot import replies
from provisioning.errors import Cause
from provisioning.model import Action, Amounts, ApprovalPolicy, LargeRequests, Phase
from provisioning.objects import Stored
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk
from tests.bot.samples import LENA, OMAR, PAT
from tests.bot.test_deciding import HERE, KEY, asked, stands

LINE = "kubectl clusterdesk approve cr-7f3k2m4p6q -n tenant-team-a"


def large(**more: Any) -> ApprovalPolicy:
    """What Lena asks for comes to 6 vCPU."""
    return ApprovalPolicy(required=1, large=LargeRequests(above=Amounts(vcpu=4), **more))


async def test_a_large_request_is_decided_by_others_who_are_asked_themselves_and_asked_twice(stage: Stage) -> None:
    asked(stage.desk, approval=large(approvers=(samples.subject(PAT),)))
    pat, omar = stage.slack.person(PAT.slack), stage.slack.person(OMAR.slack)
    await stands(pat, "asks for a new cluster", "dm")
    card = pat.card("asks for a new cluster", at="dm")
    assert "A large request (vCPU 6 is above 4), so others decide than about smaller ones." in card.text

    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for(replies.NOT_AN_APPROVER)

    (question,) = (control.confirm for control in card.shown.controls if control.label == "Approve")
    assert question is not None
    assert "lena asks for a new cluster build-7, in team-a: 2 × small" in question.text  # noqa: RUF001 - the sign
    await card.click("Approve", confirm=False)
    assert stage.desk.stored[KEY].it.status.votes == ()
    await card.click("Approve")
    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED


async def test_as_many_agree_to_a_large_request_as_the_tenant_says(stage: Stage) -> None:
    asked(stage.desk, approval=large(required=2))
    omar, lena = stage.slack.person(OMAR.slack), stage.slack.person(LENA.slack)
    await omar.waits_for("Needs 2 approvals")
    assert omar.sees("A large request (vCPU 6 is above 4), so 2 must agree.")
    await lena.waits_for("A large request")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("1 more approval needed")


async def test_what_is_approved_at_a_terminal_has_no_button_for_it_and_is_denied_in_slack(stage: Stage) -> None:
    asked(stage.desk, approval=ApprovalPolicy(in_slack=False))
    omar, lena = stage.slack.person(OMAR.slack), stage.slack.person(LENA.slack)
    await omar.waits_for(LINE)
    assert "Approve" not in omar.card("asks for a new cluster", at=HERE).buttons
    await lena.waits_for(replies.APPROVED_AT_TERMINAL)
    await omar.card("asks for a new cluster", at=HERE).click(replies.DENY)
    await omar.modal.fill({replies.DENY_REASON: "too dear"})
    await omar.modal.submit()
    assert stage.desk.stored[KEY].it.status.phase is Phase.DENIED


async def test_the_button_of_a_card_from_before_says_how_and_takes_no_vote(stage: Stage) -> None:
    asked(stage.desk, approval=ApprovalPolicy(break_glass=(samples.subject(OMAR),)))
    omar = stage.slack.person(OMAR.slack)
    await omar.waits_for("asks for a new cluster")
    # Nobody has drawn the card anew since; that there is no room either helps nobody here.
    stage.desk.short = (Cause("spec.pools", "vCPU: asks for 6, 2 of 40 free"),)
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(in_slack=False))
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for(f"This one is not approved in Slack. It takes kubectl, which signs you in anew. {LINE}")
    assert stage.desk.stored[KEY].it.status.votes == ()
    await omar.waits_until(lambda: "Approve" not in omar.card("asks for a new cluster", at=HERE).buttons)


async def test_no_glass_is_broken_in_slack_where_approvals_are_not_for_slack(stage: Stage) -> None:
    glass = (samples.subject(LENA),)
    asked(stage.desk, approval=ApprovalPolicy(break_glass=glass))
    lena = stage.slack.person(LENA.slack)
    await lena.waits_for("asks for a new cluster")
    await lena.card("asks for a new cluster", at=HERE).click("Approve")
    await lena.waits_for(replies.OWN_REQUEST)
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(break_glass=glass, in_slack=False))
    await lena.card(replies.OWN_REQUEST, at=HERE).click(replies.BREAK_GLASS)
    await lena.waits_for("This one is not approved in Slack.")
    assert not lena.has_modal


async def test_to_approve_a_deletion_is_asked_twice(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    asked(stage.desk)
    deletion(stage.desk)
    omar = stage.slack.person(OMAR.slack)
    await omar.waits_for("asks to delete the cluster build-7")
    card = omar.card("asks to delete the cluster", at=HERE)
    await card.click("Approve", confirm=False)
    assert stage.desk.stored["tenant-team-a", "cr-gone"].it.status.votes == ()
    await card.click("Approve")
    assert stage.desk.stored["tenant-team-a", "cr-gone"].it.status.phase is Phase.APPROVED


async def test_the_form_says_who_decides_about_what_is_large(stage: Stage) -> None:
    asked(stage.desk, approval=large(required=2, approvers=(samples.subject(PAT), samples.subject(OMAR))))
    lena = stage.slack.person(LENA.slack)
    await lena.command("/cluster create build-9 medium")
    await lena.waits_until(lambda: lena.has_modal and "A large request" in lena.modal.text)
    assert "2 approvers of this tenant must agree: @pat or @omar" in lena.modal.text
    assert "so 2 must agree and others decide than about smaller ones." in lena.modal.text


def deletion(desk: FakeDesk) -> None:
    """Lena wants build-7 deleted."""
    wish = samples.request("cr-gone", action=Action.DELETE)
    desk.put(Stored(replace(wish.meta, created=desk.voting.now), wish.it))
