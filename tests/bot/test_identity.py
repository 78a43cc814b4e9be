"""Who is acted for in Slack and who is not, each with the sentence why; and people known by their e-mail address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot import replies
from provisioning.model import Decision, Phase, Subject
from provisioning.model.tenant import IdentityPolicy
from tests.bot import samples
from tests.bot.conftest import Stage, running
from tests.bot.fake_desk import FakeDesk

FAY = "pat@example.com"
"""The user whom the tenant lists by an address, without an account. In Slack it is Pat's."""


def tenant_by_email(**changes: Any) -> Any:
    members = (samples.subject(samples.LENA), Subject(user=FAY))
    return samples.tenant(members=members, identity=IdentityPolicy(email=True), **changes)


@pytest.fixture(params=["http", "socket"])
async def by_email(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with running(FakeDesk({"team-a": tenant_by_email()}), request.param, email=True) as made:
        yield made


async def change(stage: Stage, user: str, **changes: Any) -> None:
    """Somebody's account changes in Slack, and Slack says so."""
    people = stage.slack.workspace.people
    people[user] = people[user].model_copy(update=changes)
    await stage.slack.events.change_person(people[user])


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ("U0GUEST", replies.GUEST),
        ("U0STELLA", replies.STRANGER),
        ("U0GONE", replies.DELETED_ACCOUNT),
        ("U0PAT", replies.UNMAPPED),
    ],
    ids=["a guest", "of another workspace", "deactivated", "unknown"],
)
async def test_whoever_is_not_acted_for_is_told_why_whatever_they_try(stage: Stage, user: str, sentence: str) -> None:
    person = stage.slack.person(user)
    for line in ("create", "list", "access build-7"):
        await person.command(f"/cluster {line}", at="dm")
        await person.waits_for(sentence)
    assert not person.has_modal
    assert stage.desk.writes == []


async def test_a_bot_and_a_full_member_made_guest_are_told_as_well(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    for changes, sentence in (
        ({"is_bot": True}, replies.BOT),
        ({"is_bot": False, "is_ultra_restricted": True}, replies.GUEST),
        ({"is_ultra_restricted": False, "is_stranger": True}, replies.STRANGER),
        ({"is_stranger": False, "deleted": True}, replies.DELETED_ACCOUNT),
    ):
        await change(stage, "U0LENA", **changes)
        await lena.command("/cluster create")
        await lena.waits_for(sentence)
    assert not lena.has_modal


async def test_addresses_count_for_nothing_where_the_platform_has_not_switched_them_on(stage: Stage) -> None:
    stage.desk.tenants["team-a"] = tenant_by_email()
    pat = stage.slack.person("U0PAT")
    await pat.command("/cluster list")
    await pat.waits_for(replies.UNMAPPED)


async def test_addresses_count_for_nothing_where_the_tenant_does_not_let_them(by_email: Stage) -> None:
    by_email.desk.tenants["team-a"] = samples.tenant(members=(Subject(user=FAY),))
    pat = by_email.slack.person("U0PAT")
    await pat.command("/cluster list")
    await pat.waits_for(replies.UNMAPPED)


async def test_somebody_known_by_their_address_asks_and_decides_as_themselves(by_email: Stage) -> None:
    desk = by_email.desk
    pat, lena = by_email.slack.person("U0PAT"), by_email.slack.person("U0LENA")
    await pat.command("/cluster create")
    await pat.modal.fill({"Name": "build-7", "Workers": "1", "Reason": "builds"})
    await pat.modal.submit()
    (request,) = desk.stored.values()
    assert (request.it.spec.requester.user, request.it.spec.requester.slack) == (FAY, "U0PAT")
    await pat.waits_for("is waiting for approval")

    desk.tenants["team-a"] = tenant_by_email(approvers=(Subject(user=FAY),))
    await lena.command("/cluster create")
    await lena.modal.fill({"Name": "build-8", "Workers": "1", "Reason": "more"})
    await lena.modal.submit()
    await pat.waits_for("asks for a new cluster build-8")
    await pat.card("asks for a new cluster build-8", at="#team-a-approvals").click("Approve")
    await pat.waits_for("Your approval of the request about build-8 counts.")
    (vote,) = next(r for r in desk.stored.values() if r.it.spec.cluster == "build-8").it.status.votes
    assert (vote.voter.user, vote.voter.slack, vote.decision) == (FAY, "U0PAT", Decision.APPROVE)


async def test_an_account_that_is_listed_is_whose_the_list_says_whatever_its_address(by_email: Stage) -> None:
    await change(by_email, "U0LENA", email=FAY)
    await change(by_email, "U0PAT", email="elsewhere@example.com")
    lena = by_email.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill({"Name": "build-7", "Workers": "1", "Reason": "mine"})
    await lena.modal.submit()
    (request,) = by_email.desk.stored.values()
    assert request.it.spec.requester == samples.LENA


async def test_whoever_changes_their_address_to_somebodys_is_nobody_until_slack_has_confirmed_it(
    by_email: Stage,
) -> None:
    pat, omar = by_email.slack.person("U0PAT"), by_email.slack.person("U0OMAR")
    by_email.desk.tenants["team-a"] = tenant_by_email(approvers=())
    await omar.command("/cluster list")
    await omar.waits_for(replies.UNMAPPED)

    await change(by_email, "U0OMAR", email=FAY.upper(), is_email_confirmed=False)
    await omar.command("/cluster list")
    await omar.waits_for(replies.UNCONFIRMED)

    await pat.command("/cluster list")
    await pat.waits_for("No clusters yet")

    # Now nobody can tell any more which of the two is meant.
    await change(by_email, "U0OMAR", email=FAY, is_email_confirmed=True)
    for person in (omar, pat):
        await person.command("/cluster list")
        await person.waits_for(replies.AMBIGUOUS)


async def test_who_takes_an_address_of_letters_that_look_alike_is_nobody(by_email: Stage) -> None:
    await change(by_email, "U0PAT", email="p\N{CYRILLIC SMALL LETTER A}t@example.com")
    pat = by_email.slack.person("U0PAT")
    await pat.command("/cluster list")
    await pat.waits_for(replies.UNMAPPED)


async def test_a_guest_is_not_let_in_by_a_good_address(by_email: Stage) -> None:
    by_email.desk.tenants["team-a"] = tenant_by_email(approvers=(Subject(user="gus@partner.example"),))
    gus = by_email.slack.person("U0GUEST")
    await gus.command("/cluster list")
    await gus.waits_for(replies.GUEST)
    assert all(request.it.status.phase is Phase.PENDING for request in by_email.desk.stored.values())
