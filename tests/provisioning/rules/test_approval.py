"""Four eyes: who may decide, when it is decided, and what an approved request stands behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import approval, backing, room
from provisioning.lifecycle import Reason, Refused
from provisioning.model import (
    Action,
    ApprovalPolicy,
    ClusterRequest,
    Decision,
    DelegationSpec,
    Person,
    Phase,
    RequestStatus,
    TenantSpec,
)
from provisioning.objects import Stored, format_time
from provisioning.usage import Usage
from tests import builders
from tests.builders import ANN, BEN, CLEO, DAVE, MADE, NOW, vote

APPROVE, DENY = Decision.APPROVE, Decision.DENY
TWO = {"required": 2}
GI = 2**30


def cast(
    request: Stored[ClusterRequest],
    voter: Person,
    decision: Decision = APPROVE,
    *,
    tenant: TenantSpec | None = None,
    groups: tuple[str, ...] = (),
    now: Any = NOW,
    reason: str = "",
) -> Stored[ClusterRequest]:
    """The request after the vote."""
    wanted = vote(voter, decision, reason=reason)
    status = approval.cast(request, wanted, tenant=tenant or builders.tenant(), groups=groups, now=now)
    return Stored(request.meta, request.it.model_copy(update={"status": status}))


def refused(request: Stored[ClusterRequest], voter: Person, **how: Any) -> Reason:
    with pytest.raises(Refused) as error:
        cast(request, voter, **how)
    return error.value.reason


def test_one_approver_of_one_decides() -> None:
    status = cast(builders.request(), BEN).it.status
    assert status.phase is Phase.APPROVED
    assert [v.voter for v in status.votes] == [BEN]


def test_of_two_approvers_the_second_decides() -> None:
    tenant = builders.tenant(approval=TWO)
    once = cast(builders.request(), BEN, tenant=tenant)
    assert once.it.status.phase is Phase.PENDING
    assert cast(once, CLEO, tenant=tenant).it.status.phase is Phase.APPROVED


def test_the_first_denial_decides_whatever_was_agreed_before() -> None:
    tenant = builders.tenant(approval=TWO)
    denied = cast(cast(builders.request(), BEN, tenant=tenant), CLEO, DENY, tenant=tenant, reason="too large").it.status
    assert (denied.phase, denied.message) == (Phase.DENIED, "too large")


def test_nobody_counts_twice() -> None:
    tenant = builders.tenant(approval=TWO)
    once = cast(builders.request(), BEN, tenant=tenant)
    assert refused(once, BEN, tenant=tenant) is Reason.ALREADY_VOTED
    assert refused(once, BEN, decision=DENY, tenant=tenant) is Reason.ALREADY_VOTED
    assert refused(once, Person(user="ben"), tenant=tenant) is Reason.ALREADY_VOTED


def test_one_person_with_two_user_names_counts_once() -> None:
    tenant = builders.tenant(
        approval=TWO, approvers=[{"user": "ben", "slack": "U0BEN"}, {"user": "ben-admin", "slack": "U0BEN"}]
    )
    once = cast(builders.request(), Person(user="ben"), tenant=tenant)
    assert refused(once, Person(user="ben-admin"), tenant=tenant) is Reason.ALREADY_VOTED


def test_who_asks_does_not_decide_by_whichever_name() -> None:
    both = builders.tenant(approvers=[{"user": "ann", "slack": "U0ANN"}, {"user": "ann-admin", "slack": "U0ANN"}])
    for voter in (ANN, Person(user="ann"), Person(user="ann-admin", slack="U0ANN"), Person(user="ann-admin")):
        assert refused(builders.request(), voter, tenant=both) is Reason.OWN_REQUEST
        assert refused(builders.request(), voter, decision=DENY, tenant=both) is Reason.OWN_REQUEST


def test_who_asks_decides_where_the_policy_lets_them() -> None:
    tenant = builders.tenant(approvers=[{"user": "ann"}], approval={"ownRequests": True})
    assert cast(builders.request(), ANN, tenant=tenant).it.status.phase is Phase.APPROVED


def test_own_requests_make_nobody_an_approver() -> None:
    tenant = builders.tenant(approval={"ownRequests": True})
    assert refused(builders.request(), ANN, tenant=tenant) is Reason.NOT_AN_APPROVER


def test_who_is_no_approver_does_not_decide() -> None:
    assert refused(builders.request(), DAVE) is Reason.NOT_AN_APPROVER
    assert refused(builders.request(requester=BEN), ANN) is Reason.NOT_AN_APPROVER


def test_a_group_of_approvers_decides() -> None:
    tenant = builders.tenant(approvers=[{"group": "leads"}])
    assert cast(builders.request(), DAVE, tenant=tenant, groups=("leads",)).it.status.phase is Phase.APPROVED
    assert refused(builders.request(), DAVE, tenant=tenant) is Reason.NOT_AN_APPROVER


def test_a_second_click_on_approve_is_refused_not_repeated() -> None:
    assert refused(cast(builders.request(), BEN), BEN) is Reason.ALREADY_DECIDED


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.PENDING])
def test_what_is_decided_is_not_voted_on(phase: Phase) -> None:
    assert refused(builders.request(status={"phase": phase.value}), BEN) is Reason.ALREADY_DECIDED


def test_a_vote_after_the_expiry_is_too_late() -> None:
    tenant = builders.tenant(approval={"expiry": "2h"})
    assert refused(builders.request(), BEN, tenant=tenant, now=MADE + timedelta(hours=2)) is Reason.EXPIRED
    just = cast(builders.request(), BEN, tenant=tenant, now=MADE + timedelta(hours=2, seconds=-1))
    assert just.it.status.phase is Phase.APPROVED


def withdrawn(person: Person, request: Stored[ClusterRequest] | None = None) -> RequestStatus:
    return approval.withdraw(request or builders.request(), person, tenant=builders.tenant(), now=NOW)


def test_only_who_asked_takes_back() -> None:
    after = withdrawn(Person(user="ann"))
    assert (after.phase, after.withdrawn_by) == (Phase.WITHDRAWN, None)
    for other in (BEN, DAVE):
        with pytest.raises(Refused) as error:
            withdrawn(other)
        assert error.value.reason is Reason.NOT_YOURS


DAVES = {"members": [{"user": "dave", "slack": "U0DAVE"}]}
"""Dave is a member, and Ann, who asked, is none any more."""
WITH_ANN = {"members": [*DAVES["members"], {"user": "ann", "slack": "U0ANN"}]}


@pytest.mark.parametrize(
    ("tenant", "status", "may"),
    [
        (DAVES, {}, True),
        (WITH_ANN, {}, False),
        (WITH_ANN, {"unreachable": ["U0ANN"]}, True),
        (WITH_ANN, {"unreachable": ["U0BEN"]}, False),
        ({**DAVES, "approvers": [{"user": "ann"}]}, {}, False),
        ({**DAVES, "approval": {"large": {"above": {"vcpu": 1}, "approvers": [{"user": "ann"}]}}}, {}, False),
        ({"members": [*DAVES["members"], {"user": "ann-2", "slack": "U0ANN"}]}, {}, False),
        ({"members": [{"user": "cleo"}]}, {}, False),
        ({"members": []}, {}, False),
    ],
    ids=[
        *("she has left", "she is a member", "her account is gone", "another account is gone", "she decides"),
        *("she decides about some", "she has another name", "he is no member", "nobody is"),
    ],
)
def test_a_member_takes_back_what_was_asked_by_somebody_who_is_not_there_any_more(
    tenant: Any, status: Any, *, may: bool
) -> None:
    spec, asked = builders.tenant(**tenant), builders.request(status=status)
    assert approval.may_withdraw(asked, DAVE, tenant=spec) is may
    if may:
        after = approval.withdraw(asked, DAVE, tenant=spec, now=NOW)
        assert (after.phase, after.withdrawn_by) == (Phase.WITHDRAWN, DAVE)


def test_who_came_by_kubectl_may_be_in_a_group_that_nobody_can_ask() -> None:
    by_kubectl, by_slack = builders.request(requester=Person(user="gus")), builders.request()
    named = builders.tenant(**DAVES)
    grouped = builders.tenant(members=[*DAVES["members"], {"group": "blue-team"}])
    assert approval.may_withdraw(by_kubectl, DAVE, tenant=named)
    assert not approval.may_withdraw(by_kubectl, DAVE, tenant=grouped)
    assert approval.may_withdraw(by_slack, DAVE, tenant=grouped), "whoever comes by Slack is listed by name"


def test_a_member_by_group_takes_back_with_the_groups_they_are_in_now() -> None:
    tenant = builders.tenant(members=[{"group": "blue-team"}])
    assert approval.may_withdraw(builders.request(), DAVE, tenant=tenant, groups=["blue-team"])
    assert not approval.may_withdraw(builders.request(), DAVE, tenant=tenant)


def test_where_nobody_can_tell_whose_it_is_only_who_asked_takes_back() -> None:
    assert approval.may_withdraw(builders.request(), ANN, tenant=None)
    assert not approval.may_withdraw(builders.request(), DAVE, tenant=None)


def test_what_is_decided_is_not_taken_back() -> None:
    with pytest.raises(Refused) as error:
        withdrawn(ANN, cast(builders.request(), BEN))
    assert error.value.reason is Reason.ALREADY_DECIDED


def test_what_is_approved_and_waits_for_room_is_taken_back_by_whoever_asked_and_nobody_else() -> None:
    condition = {"type": room.WAITS, "status": "True", "reason": room.NO_ROOM, "lastTransitionTime": format_time(NOW)}
    waits = builders.request(status={"phase": "Approved", "conditions": [condition]})
    assert withdrawn(ANN, waits).phase is Phase.WITHDRAWN
    with pytest.raises(Refused) as error:
        withdrawn(BEN, waits)
    assert error.value.reason is Reason.NOT_YOURS


someone = st.sampled_from(
    [ANN, BEN, CLEO, DAVE, Person(user="ann"), Person(user="ben"), Person(user="x", slack="U0BEN")]
)


@given(st.lists(st.tuples(someone, st.sampled_from(Decision)), max_size=12), st.integers(1, 3))
def test_whatever_people_click_only_enough_different_approvers_approve(
    clicks: list[tuple[Person, Decision]], required: int
) -> None:
    tenant = builders.tenant(approval={"required": required})
    request = builders.request()
    for voter, decision in clicks:
        try:
            request = cast(request, voter, decision, tenant=tenant)
        except Refused:
            continue
    votes = request.it.status.votes
    assert {v.voter.user for v in votes} <= {"ben", "cleo"}
    assert len({v.voter.user for v in votes}) == len(votes)
    approvals = [v for v in votes if v.decision is APPROVE]
    assert (request.it.status.phase is Phase.APPROVED) == (len(votes) == len(approvals) >= required)
    assert (request.it.status.phase is Phase.DENIED) == (len(votes) > len(approvals))


SMALL = {"name": "small ones", "actions": ["Create", "Change"], "upTo": {"nodes": 3, "memory": "12Gi"}}


@pytest.mark.parametrize(
    ("action", "size", "rule"),
    [
        (Action.CREATE, Usage(1, 3, 99_000, 12 * GI), "small ones"),
        (Action.CHANGE, Usage(1, 1, 0, 0), "small ones"),
        (Action.CREATE, Usage(1, 4, 0, 0), None),
        (Action.CREATE, Usage(1, 3, 0, 12 * GI + 1), None),
        (Action.DELETE, Usage(1, 1, 0, 0), None),
    ],
)
def test_a_rule_lets_small_clusters_pass_and_no_others(action: Action, size: Usage, rule: str | None) -> None:
    policy = ApprovalPolicy.model_validate({"waivers": [SMALL]})
    assert approval.waiver_for(policy, action, size, builders.catalog()) == rule


def test_the_first_rule_that_fits_is_named() -> None:
    anything = {"name": "anything", "actions": ["Create", "Delete"]}
    policy = ApprovalPolicy.model_validate({"waivers": [SMALL, anything]})
    assert approval.waiver_for(policy, Action.CREATE, Usage(1, 1), builders.catalog()) == "small ones"
    assert approval.waiver_for(policy, Action.CREATE, Usage(1, 9), builders.catalog()) == "anything"
    assert approval.waiver_for(policy, Action.DELETE, Usage(1, 9), builders.catalog()) == "anything"


LONGER = {"name": "a later end", "actions": ["Change"], "extensionsOnly": True}


@pytest.mark.parametrize(
    ("old", "new", "extension"),
    [
        ({"lifetime": "24h"}, {"lifetime": "48h"}, True),
        ({"lifetime": "24h"}, {"lifetime": "23h"}, False),
        ({"lifetime": "24h"}, {"lifetime": "24h"}, False),
        ({"lifetime": "24h"}, {}, False),
        ({}, {"lifetime": "24h"}, False),
        ({"lifetime": "24h"}, {"lifetime": "48h", "deletionProtection": True}, False),
        ({"lifetime": "24h", "hibernation": {"enabled": True}}, {"lifetime": "48h"}, False),
    ],
)
def test_an_extension_is_a_later_end_and_nothing_else(old: Any, new: Any, extension: bool) -> None:
    assert approval.is_extension(builders.spec(**old), builders.spec(**new)) is extension


def test_what_is_made_or_deleted_is_no_extension() -> None:
    assert not approval.is_extension(None, builders.spec(lifetime="24h"))
    assert not approval.is_extension(builders.spec(lifetime="24h"), None)


def test_a_rule_for_extensions_lets_nothing_else_pass() -> None:
    policy = ApprovalPolicy.model_validate({"waivers": [LONGER]})
    assert approval.waiver_for(policy, Action.CHANGE, Usage(1, 1), builders.catalog()) is None
    assert approval.waiver_for(policy, Action.CHANGE, Usage(1, 1), builders.catalog(), extension=True) == "a later end"


def test_a_policy_that_requires_nobody_needs_nobody() -> None:
    nobody = ApprovalPolicy(required=0)
    assert approval.waiver_for(nobody, Action.DELETE, Usage(9, 9), builders.catalog()) == approval.NOBODY
    assert approval.waiver_for(ApprovalPolicy(), Action.DELETE, Usage(), builders.catalog()) is None


APPROVED = {"phase": "Approved", "votes": [vote(BEN).wire()]}


def uncovered(request: Stored[ClusterRequest], **change: Any) -> str:
    how: dict[str, Any] = {
        "action": request.it.spec.action,
        "cluster": "web",
        "desired": request.it.spec.desired,
        "generation": request.it.spec.base_generation,
        "catalog": builders.catalog(),
        "tenant": builders.tenant(),
    }
    return backing.uncovered(request, **{**how, **change})


@pytest.mark.parametrize(("action", "generation"), [(Action.CREATE, 0), (Action.CHANGE, 4), (Action.DELETE, 0)])
def test_an_approved_request_stands_behind_what_it_asks_for(action: Action, generation: int) -> None:
    assert uncovered(builders.request(action, base_generation=generation, status=APPROVED)) == ""


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.APPROVED])
def test_a_request_in_any_other_phase_stands_behind_nothing(phase: Phase) -> None:
    assert phase.value in uncovered(builders.request(status={"phase": phase.value}))


def test_it_stands_behind_nothing_once_those_who_agreed_decide_no_more() -> None:
    request = builders.request(status=APPROVED)
    without_ben = builders.tenant(approvers=[{"user": "cleo"}])
    assert "1 must agree, and of those who did only nobody may still decide" in uncovered(request, tenant=without_ben)
    assert "2 must agree, and of those who did only ben" in uncovered(request, tenant=builders.tenant(approval=TWO))


def test_of_a_delegation_that_has_ended_it_is_said_who_decided_instead_of_whom() -> None:
    votes = [
        {"voter": {"user": "kim"}, "decision": "Approve", "at": "2026-08-04T09:12:00Z", "insteadOf": {"user": "ben"}}
    ]
    request = builders.request(status={"phase": "Approved", "votes": votes})
    assert uncovered(request) == (
        "1 must agree, and of those who did only nobody may still decide: kim decided instead of ben, and that has "
        "ended; ask again"
    )
    lasting = DelegationSpec(approver=Person(user="ben"), delegate=Person(user="kim"), until="2026-09-01T00:00:00Z")
    assert uncovered(request, delegations=(lasting,)) == ""


def test_a_phase_without_votes_stands_behind_nothing() -> None:
    assert "nobody may still decide" in uncovered(builders.request(status={"phase": "Approved"}))
    waived = builders.request(status={"phase": "Approved", "waiver": "small ones"})
    assert "small ones, does not fit it any more" in uncovered(waived)


def test_who_voted_by_a_group_counts_as_long_as_the_group_decides() -> None:
    tenant = builders.tenant(approvers=[{"group": "leads"}])
    request = cast(builders.request(), DAVE, tenant=tenant, groups=("everybody", "leads"))
    assert request.it.status.votes[0].group == "leads"
    assert [v.voter for v in approval.agreed(request, tenant)] == [DAVE]
    assert approval.agreed(request, builders.tenant(approvers=[{"group": "others"}])) == ()


def test_who_lost_their_role_and_got_it_back_has_one_vote() -> None:
    by_name = builders.tenant(approval=TWO)
    by_group = builders.tenant(approval=TWO, approvers=[{"group": "leads"}])
    once = cast(builders.request(), BEN, tenant=by_name)
    twice = cast(once, BEN, tenant=by_group, groups=("leads",))
    both = builders.tenant(approval=TWO, approvers=[{"user": "ben", "slack": "U0BEN"}, {"group": "leads"}])
    assert len(twice.it.status.votes) == 2
    assert len(approval.agreed(twice, both)) == 1
    assert refused(twice, BEN, tenant=both) is Reason.ALREADY_VOTED


def test_it_stands_behind_no_other_action_or_cluster() -> None:
    request = builders.request(status=APPROVED)
    assert "change" in uncovered(request, action=Action.CHANGE)
    assert "delete" in uncovered(request, action=Action.DELETE, desired=None)
    assert "other" in uncovered(request, cluster="other")


def test_it_stands_behind_no_other_generation() -> None:
    request = builders.request(Action.CHANGE, base_generation=4, status=APPROVED)
    assert "generation 4" in uncovered(request, generation=5)
    assert "generation 0" in uncovered(builders.request(status=APPROVED), generation=1)


def test_a_deletion_is_for_the_cluster_that_was_there_when_it_was_asked_for() -> None:
    request = builders.request(Action.DELETE, status=APPROVED)
    asked = request.meta.created
    assert asked is not None
    assert uncovered(request, born=asked - timedelta(seconds=1)) == ""
    assert "before this web was made" in uncovered(request, born=asked + timedelta(seconds=1))


def test_a_deletion_is_for_whichever_generation() -> None:
    assert uncovered(builders.request(Action.DELETE, base_generation=4, status=APPROVED), generation=7) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"version": "v1.34.4"},
        {"pools": [{"name": "md0", "flavor": "small", "replicas": 3}]},
        {"pools": [{"name": "md0", "flavor": "large", "replicas": 2}]},
        {"addOns": [{"name": "cilium", "values": {"hubble": True}}]},
        {"addOns": [{"name": "cilium"}, {"name": "cert-manager"}]},
        {"lifetime": "1h"},
        {"controlPlane": {"replicas": 3}},
    ],
)
def test_it_stands_behind_no_other_spec(change: dict[str, Any]) -> None:
    assert "spec" in uncovered(builders.request(status=APPROVED), desired=builders.spec(**change))


def test_a_request_whose_digest_was_tampered_with_stands_behind_nothing() -> None:
    request = builders.request(status=APPROVED)
    spec = request.it.spec.model_copy(update={"desired": builders.spec(version="v1.34.4")})
    forged = Stored(request.meta, request.it.model_copy(update={"spec": spec}))
    assert "digest" in uncovered(forged)


def test_a_default_add_on_that_came_later_strands_no_approved_request() -> None:
    add_ons = [{**a, "default": True} for a in builders.CATALOG["spec"]["addOns"]]
    now = builders.catalog(addOns=add_ons)
    written = builders.spec(addOns=[{"name": "cilium"}, {"name": "cert-manager"}])
    assert uncovered(builders.request(status=APPROVED), catalog=now, desired=written) == ""


def test_a_request_for_something_does_not_stand_behind_nothing() -> None:
    assert uncovered(builders.request(status=APPROVED), desired=None) == "it wants something else"
