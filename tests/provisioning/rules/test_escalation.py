"""To whom a request is handed on that nobody decides, and what they may from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from provisioning import approval, escalation, people
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Decision, HandedOn, Person, Phase, TenantSpec, Urgency
from provisioning.objects import Stored, format_time
from tests import builders
from tests.builders import ANN, BEN, MADE, vote

EVE, FAY = Person(user="eve", slack="U0EVE"), Person(user="fay", slack="U0FAY")
HOUR = timedelta(hours=1)
STEPS = [
    {"after": "4h", "approvers": [{"user": "eve", "slack": "U0EVE"}]},
    {"after": "8h", "approvers": [{"user": "fay", "slack": "U0FAY"}]},
]


def tenant(**approval: Any) -> TenantSpec:
    return builders.tenant(approval={"required": 1, "escalation": STEPS, **approval})


def handed(*steps: HandedOn) -> Stored[ClusterRequest]:
    return builders.request(status={"handedOn": [step.wire() | {"step": step.step} for step in steps]})


def early(step: int = 0) -> HandedOn:
    return HandedOn(step=step, at=format_time(MADE + HOUR), why=Urgency.UNREACHABLE)


def voted(request: Stored[ClusterRequest], who: Person, after: timedelta, it: TenantSpec) -> Phase:
    now = MADE + after
    wanted = vote(who).model_copy(update={"at": format_time(now)})
    return approval.cast(request, wanted, tenant=it, now=now).phase


@pytest.mark.parametrize(
    ("policy", "who", "asked"),
    [
        ({}, ANN, ["fay"]),
        ({}, FAY, []),
        ({"escalation": []}, ANN, ["ben", "cleo"]),
        ({"escalation": []}, BEN, ["cleo"]),
        ({"escalation": [], "large": {"above": {"nodes": 9}}}, ANN, ["ben", "cleo"]),
        ({"escalation": [], "large": {"above": {"nodes": 9}, "approvers": [{"user": "eve"}]}}, ANN, ["eve"]),
        ({"large": {"above": {"nodes": 9}, "approvers": [{"user": "eve"}]}}, ANN, ["fay"]),
    ],
)
def test_for_more_than_the_quota_one_asks_the_last_whom_the_tenant_names_and_never_oneself(
    policy: dict[str, Any], who: Person, asked: list[str]
) -> None:
    assert [it.user for it in escalation.above_quota(tenant(**policy), who)] == asked


@pytest.mark.parametrize(("who", "after"), [(EVE, 4 * HOUR), (EVE, 9 * HOUR), (FAY, 8 * HOUR), (BEN, 9 * HOUR)])
def test_whoever_it_was_handed_on_to_may_decide_from_then_on(who: Person, after: timedelta) -> None:
    assert voted(builders.request(), who, after, tenant()) is Phase.APPROVED


@pytest.mark.parametrize(("who", "after"), [(EVE, 4 * HOUR - timedelta(seconds=1)), (FAY, 5 * HOUR)])
def test_nobody_decides_before_it_is_handed_on_to_them(who: Person, after: timedelta) -> None:
    with pytest.raises(Refused) as refused:
        voted(builders.request(), who, after, tenant())

    assert refused.value.reason is Reason.NOT_AN_APPROVER


def test_a_step_that_was_taken_early_lets_decide_from_when_it_was() -> None:
    assert voted(handed(early()), EVE, HOUR, tenant()) is Phase.APPROVED
    with pytest.raises(Refused):
        voted(handed(early()), EVE, HOUR - timedelta(seconds=1), tenant())


def test_a_vote_counts_only_as_long_as_the_tenant_still_has_the_step() -> None:
    wanted = vote(EVE).model_copy(update={"at": format_time(MADE + 4 * HOUR)})
    request = builders.request(status={"phase": "Approved", "votes": [wanted.wire()]})

    assert len(approval.agreed(request, tenant())) == 1
    assert approval.agreed(request, tenant(escalation=STEPS[1:])) == ()


def test_whoever_asked_does_not_decide_because_it_was_handed_on_to_them() -> None:
    mine = tenant(escalation=[{"after": "1h", "approvers": [{"user": "ann", "slack": "U0ANN"}]}])
    with pytest.raises(Refused) as refused:
        voted(builders.request(), ANN, 2 * HOUR, mine)

    assert refused.value.reason is Reason.OWN_REQUEST


def test_the_tenant_says_whose_slack_account_it_is() -> None:
    assert people.by_slack(tenant(), "U0EVE") == EVE


def test_steps_are_due_in_their_order_by_their_time() -> None:
    request = builders.request()
    assert escalation.due(request, tenant(), unreachable=(), now=MADE + 3 * HOUR) is None
    assert escalation.next_at(request, tenant()) == MADE + 4 * HOUR

    first = escalation.due(request, tenant(), unreachable=(), now=MADE + 9 * HOUR)
    assert first == HandedOn(step=0, at=format_time(MADE + 9 * HOUR), why=Urgency.TIME)
    second = escalation.due(handed(first), tenant(), unreachable=(), now=MADE + 9 * HOUR)
    assert second is not None
    assert second.step == 1
    assert escalation.due(handed(first, second), tenant(), unreachable=(), now=MADE + 20 * HOUR) is None
    assert escalation.next_at(handed(first, second), tenant()) is None


def test_when_nobody_can_be_reached_the_next_in_line_are_asked_at_once() -> None:
    gone = {"U0BEN", "U0CLEO"}
    assert escalation.due(builders.request(), tenant(), unreachable={"U0BEN"}, now=MADE) is None

    found = escalation.due(builders.request(), tenant(), unreachable=gone, now=MADE)
    assert found == HandedOn(step=0, at=format_time(MADE), why=Urgency.UNREACHABLE)
    assert escalation.due(handed(found), tenant(), unreachable=gone, now=MADE) is None

    further = escalation.due(handed(found), tenant(), unreachable={*gone, "U0EVE"}, now=MADE)
    assert further is not None
    assert further.step == 1


def test_nobody_is_left_once_the_last_in_line_cannot_be_reached_either() -> None:
    everybody = {"U0BEN", "U0CLEO", "U0EVE", "U0FAY"}
    request = handed(early(0), early(1))

    assert escalation.is_stranded(request, tenant(), unreachable=everybody)
    assert not escalation.is_stranded(request, tenant(), unreachable=everybody - {"U0FAY"})


@pytest.mark.parametrize("other", [{"group": "leads"}, {"user": "gil"}, {"slackGroup": "S0LEADS"}])
def test_who_may_come_by_kubectl_or_by_a_group_counts_as_reachable(other: dict[str, str]) -> None:
    it = builders.tenant(approvers=[{"user": "ben", "slack": "U0BEN"}, other])

    assert not escalation.is_stranded(builders.request(), it, unreachable={"U0BEN"})


def test_a_request_of_the_only_approver_is_stranded_from_the_start() -> None:
    alone = {"approvers": [{"user": "ann", "slack": "U0ANN"}]}

    assert escalation.is_stranded(builders.request(), builders.tenant(**alone), unreachable=())
    own = builders.tenant(**alone, approval={"required": 1, "ownRequests": True})
    assert not escalation.is_stranded(builders.request(), own, unreachable=())


def test_those_who_could_decide_before_still_can() -> None:
    assert voted(builders.request(), BEN, 10 * HOUR, tenant()) is Phase.APPROVED
    denial = vote(EVE, Decision.DENY, reason="no").model_copy(update={"at": format_time(MADE + 5 * HOUR)})
    assert approval.cast(builders.request(), denial, tenant=tenant(), now=MADE + 5 * HOUR).phase is Phase.DENIED
