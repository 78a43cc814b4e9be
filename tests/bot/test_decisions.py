"""Who is asked about a large request, and what is asked twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import approvers, decisions, places, replies, verdicts
from bot.commands import outlooks
from bot.offers import Place
from bot.sights import Sight
from provisioning.lifecycle import Reason
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    Decision,
    DelegationSpec,
    EscalationStep,
    HandedOn,
    LargeRequests,
    NodePool,
    Person,
    Phase,
    RequestStatus,
    Subject,
    TenantCluster,
    Urgency,
    Vote,
    Waiver,
)
from provisioning.objects import Stored
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk
from tests.bot.samples import EVA, LENA, OMAR, PAT

MANY = samples.spec(pools=tuple(NodePool(name=f"pool-{n}", flavor="large", replicas=3) for n in range(20)))


def sight(
    policy: ApprovalPolicy, cluster: Stored[TenantCluster] | None = None, *, priced: bool = False, **asked: Any
) -> Sight:
    catalog = samples.priced() if priced else samples.catalog()
    return Sight(samples.request(**asked), samples.tenant(approval=policy), catalog, cluster=cluster)


def large(*who: Person, **more: Any) -> ApprovalPolicy:
    """What is asked for here comes to 6 vCPU."""
    line = LargeRequests(above=Amounts(vcpu=more.pop("vcpu", 4)), approvers=tuple(map(samples.subject, who)))
    return ApprovalPolicy(large=line, **more)


def accounts(*people: Person) -> tuple[str, ...]:
    return tuple(person.slack for person in people)


def question(seen: Sight) -> Any:
    """What a press on Approve asks first; None when it asks nothing."""
    (approve,) = (each for each in decisions.controls(seen) if each["text"]["text"] == "Approve")
    return approve.get("confirm")


def test_about_what_is_large_those_are_asked_who_decide_about_that() -> None:
    assert approvers.asked(sight(large(PAT, EVA))) == accounts(PAT, EVA)
    assert approvers.asked(sight(large(PAT, EVA, vcpu=6))) == accounts(OMAR, EVA)
    assert approvers.asked(sight(large(PAT, LENA))) == accounts(PAT), "nobody decides about their own"


def test_who_decides_about_that_alone_is_asked_beside_the_channel() -> None:
    beside = [it.account for it in places.targets(sight(large(PAT, EVA, LENA)), refused=(), old=False) if it.account]
    assert beside == [PAT.slack, LENA.slack], "Eva reads the channel, and Lena gets her own card as the requester"
    small = places.targets(sight(large(PAT, vcpu=6)), refused=(), old=False)
    assert [it.account for it in small if it.account] == [LENA.slack]


def test_a_rule_that_needs_nobody_else_needs_somebody_for_what_is_large() -> None:
    assert not approvers.are_needed(sight(ApprovalPolicy(required=0)))
    assert approvers.are_needed(sight(large(required=0)))


def test_whoever_is_named_for_large_requests_alone_has_an_account_all_the_same() -> None:
    tenant = samples.tenant(approval=large(PAT)).it.spec
    assert approvers.account_of(tenant, Person(user=PAT.user)) == PAT.slack


def deciding(seen: Sight, *approvers: Person, **more: Any) -> Sight:
    """The same, where these approve, and more is so of the sight."""
    tenant = samples.tenant(approvers=tuple(map(samples.subject, approvers)), approval=seen.tenant.it.spec.approval)
    return replace(seen, tenant=tenant, **more)


def test_a_refusal_names_everybody_whose_word_counts_and_never_whoever_asked() -> None:
    step = EscalationStep(after="1h", approvers=(Subject(slack_group="S0LEADS"),))
    handed = RequestStatus(handed_on=(HandedOn(step=0, at=samples.LATER, why=Urgency.TIME),))
    policy = ApprovalPolicy(escalation=(step,))
    instead = DelegationSpec(approver=OMAR, delegate=PAT, until=samples.TOMORROW)
    seen = deciding(sight(policy, status=handed), LENA, OMAR, samples.KAI, delegations=(instead,))
    assert approvers.others(seen) == ("<@U0OMAR>", "`oidc:kai_*bold*`", "<!subteam^S0LEADS>", "<@U0PAT>")

    own = deciding(sight(ApprovalPolicy(own_requests=True)), LENA, OMAR)
    assert approvers.others(own) == ("<@U0LENA>", "<@U0OMAR>")


def test_a_refusal_that_knows_nobody_else_still_says_why() -> None:
    for reason in (Reason.OWN_REQUEST, Reason.APPROVER_ASKED, Reason.ALREADY_VOTED):
        assert verdicts.why_not(None, reason) == replies.REFUSED[reason]
    many = [f"<@U{number}>" for number in range(replies.NAMED + 3)]
    assert verdicts.why_not(None, Reason.OWN_REQUEST, many).endswith(f"<@U{replies.NAMED - 1}> or 3 more.")


@pytest.mark.parametrize(
    ("phase", "decided", "said"),
    [
        (Phase.APPLIED, "2026-03-05T13:03:00Z", "after 3 min"),
        (Phase.DENIED, "2026-03-06T15:10:00Z", "after 26 h 10 min"),
        (Phase.EXPIRED, samples.TOMORROW, ""),
        (Phase.WITHDRAWN, samples.LATER, ""),
        (Phase.APPROVED, "2026-03-05T12:59:58Z", ""),
    ],
)
def test_what_people_decided_says_how_long_it_took(phase: Phase, decided: str, said: str) -> None:
    vote = Vote(voter=OMAR, decision=Decision.APPROVE, at=decided)
    line = verdicts.line(samples.request(status=RequestStatus(phase=phase, votes=(vote,), decided_at=decided)))
    assert line.endswith(f" · {said}") if said else " after " not in line


def test_a_card_says_each_way_there_is_to_be_asked_and_no_other() -> None:
    step = EscalationStep(after="1h", approvers=(samples.subject(PAT),))
    seen = sight(ApprovalPolicy(escalation=(step,)))
    assert approvers.why(seen) == "You are asked because you are an approver of `team-a`."

    instead = DelegationSpec(approver=OMAR, delegate=PAT, until=samples.TOMORROW)
    handed = RequestStatus(handed_on=(HandedOn(step=0, at=samples.LATER, why=Urgency.TIME),))
    seen = replace(sight(ApprovalPolicy(escalation=(step,)), status=handed), delegations=(instead,))
    ways = "you are an approver of `team-a`, you decide for <@U0OMAR> or it was handed on to you"
    assert approvers.why(seen) == f"You are asked because {ways}."

    leads = samples.tenant(approvers=(Subject(slack_group="S0LEADS"), Subject(group="k8s-leads")))
    seen = replace(seen, request=samples.request(), tenant=leads)
    assert approvers.why(seen) == "You are asked because you are in <!subteam^S0LEADS>."


@pytest.mark.parametrize(
    ("action", "vcpu", "title"),
    [
        (Action.CREATE, 4, "Approve this large request?"),
        (Action.CREATE, 6, None),
        (Action.DELETE, 6, "Approve this deletion?"),
        (Action.DELETE, 4, "Approve this deletion?"),
    ],
)
def test_what_is_large_and_what_is_deleted_is_asked_twice(action: Action, vcpu: int, title: str | None) -> None:
    there = samples.cluster() if action is Action.DELETE else None
    asked = question(sight(large(vcpu=vcpu), there, action=action))
    assert (asked["title"]["text"] if asked else None) == title


def test_the_question_says_what_whose_how_much_and_of_a_deletion_what_it_does_cost() -> None:
    # Two workers at 2 x 0.04 + 8 x 0.005, and the cluster at 0.1; without the one that an update adds.
    new = question(sight(large(), priced=True))["text"]["text"]
    gone = question(sight(large(), samples.cluster(), priced=True, action=Action.DELETE))["text"]["text"]
    workers = "2 × small (2 vCPU, 8Gi each)"  # noqa: RUF001 - the sign for times
    assert new == f"lena asks for a new cluster build-7, in team-a: 0.34 EUR an hour, {workers}."
    whole = "lena asks for the deletion of the cluster build-7, with everything in it, in team-a"
    assert gone == f"{whole}: 0.34 EUR an hour, {workers}."


def test_however_long_a_name_and_however_many_pools_the_question_fits_and_nothing_in_it_is_markup() -> None:
    hostile = Person(user=samples.HOSTILE * 3)
    words = question(sight(large(), desired=MANY, requester=hostile, priced=True))["text"]
    assert (words["type"], words["emoji"]) == ("plain_text", False)
    assert len(words["text"]) == 300
    assert "build-7, in team-a: " in words["text"]
    assert "EUR an hour" in words["text"]


def test_a_group_that_decides_about_large_requests_is_mentioned_and_not_asked_by_itself() -> None:
    line = LargeRequests(above=Amounts(vcpu=4), approvers=(Subject(slack_group="S0LEADS"), Subject(group="leads")))
    assert approvers.asked(sight(ApprovalPolicy(large=line))) == ()


def test_who_decides_about_a_deletion_is_told_by_what_is_there() -> None:
    desk, place = FakeDesk(), Place(samples.tenant(approval=large(PAT)), "tenant-team-a")
    told = outlooks.guess(
        desk, place, person=LENA, action=Action.DELETE, cluster="build-7", was=samples.spec(), becomes=None
    )
    assert [it.slack for it in told.approvers] == [PAT.slack]
    assert [note for note in told.notes if "vCPU 6 is above 4" in note]
    rule = Waiver(name="trials", actions=(Action.DELETE,), up_to=Amounts(vcpu=5))
    place = Place(samples.tenant(approval=ApprovalPolicy(waivers=(rule,))), "tenant-team-a")
    told = outlooks.guess(
        desk, place, person=LENA, action=Action.DELETE, cluster="build-7", was=samples.spec(), becomes=None
    )
    assert told.waiver == "", "what is there is larger than the rule is for"
