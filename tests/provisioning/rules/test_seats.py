"""By what somebody decides: instead of an approver for a while, by a user group of Slack, or alone in an emergency."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from provisioning import approval, backing, seats
from provisioning.lifecycle import Reason, Refused
from provisioning.model import (
    ApprovalDelegation,
    ClusterRequest,
    Decision,
    DelegationSpec,
    Person,
    Phase,
    TenantSpec,
)
from provisioning.objects import Meta, Stored, format_time
from tests import builders
from tests.builders import ANN, BEN, CLEO, DAVE, NOW, vote

TWO = {"required": 2}
FINN = Person(user="finn", slack="U0FINN")


def instead(approver: Person, delegate: Person) -> DelegationSpec:
    return DelegationSpec(approver=approver, delegate=delegate, until=format_time(NOW + timedelta(days=1)))


BY_DAVE = instead(BEN, DAVE)


def cast(request: Stored[ClusterRequest], voter: Person, *, glass: bool = False, **how: Any) -> Stored[ClusterRequest]:
    """The request after the vote."""
    wanted = vote(voter, how.pop("decision", Decision.APPROVE), reason=how.pop("reason", ""))
    wanted = wanted.model_copy(update={"break_glass": glass})
    given = {"tenant": builders.tenant(), "now": NOW, **how}
    return after(request, approval.cast(request, wanted, **given))


def after(request: Stored[ClusterRequest], status: Any) -> Stored[ClusterRequest]:
    return Stored(request.meta, request.it.model_copy(update={"status": status}))


def refused(request: Stored[ClusterRequest], voter: Person, **how: Any) -> Reason:
    with pytest.raises(Refused) as error:
        cast(request, voter, **how)
    return error.value.reason


# Instead of somebody


def test_a_delegate_decides_as_the_approver_would_and_the_vote_says_for_whom() -> None:
    status = cast(builders.request(), DAVE, delegations=[BY_DAVE]).it.status
    assert status.phase is Phase.APPROVED
    assert (status.votes[0].voter, status.votes[0].instead_of) == (DAVE, BEN)
    denied = cast(builders.request(), DAVE, delegations=[BY_DAVE], decision=Decision.DENY, reason="no").it.status
    assert (denied.phase, denied.votes[0].instead_of) == (Phase.DENIED, BEN)


def test_nobody_decides_instead_of_somebody_who_does_not_decide() -> None:
    assert refused(builders.request(), DAVE, delegations=[instead(ANN, DAVE)]) is Reason.NOT_AN_APPROVER
    by_group = builders.tenant(approvers=[{"group": "leads"}])
    assert refused(builders.request(), DAVE, delegations=[BY_DAVE], tenant=by_group) is Reason.NOT_AN_APPROVER


def test_what_was_delegated_is_not_given_on() -> None:
    chain = [BY_DAVE, instead(DAVE, FINN)]
    assert refused(builders.request(), FINN, delegations=chain) is Reason.NOT_AN_APPROVER


def test_a_delegate_does_not_decide_about_what_they_asked_for_by_whichever_name() -> None:
    own = builders.request(requester=DAVE)
    assert refused(own, DAVE, delegations=[BY_DAVE]) is Reason.OWN_REQUEST
    assert refused(own, Person(user="dave"), delegations=[BY_DAVE]) is Reason.OWN_REQUEST
    other_name = builders.request(requester=Person(user="dave-admin", slack="U0DAVE"))
    assert refused(other_name, Person(user="dave"), delegations=[BY_DAVE]) is Reason.OWN_REQUEST


def test_a_delegate_does_not_decide_about_what_the_approver_asked_for() -> None:
    assert refused(builders.request(requester=BEN), DAVE, delegations=[BY_DAVE]) is Reason.APPROVER_ASKED
    allowed = builders.tenant(approval={"ownRequests": True})
    status = cast(builders.request(requester=BEN), DAVE, delegations=[BY_DAVE], tenant=allowed).it.status
    assert status.phase is Phase.APPROVED


def test_an_approver_and_who_decides_for_them_are_one_word() -> None:
    tenant = builders.tenant(approval=TWO)
    by_delegate = cast(builders.request(), DAVE, delegations=[BY_DAVE], tenant=tenant)
    assert refused(by_delegate, BEN, delegations=[BY_DAVE], tenant=tenant) is Reason.ALREADY_VOTED
    by_approver = cast(builders.request(), BEN, tenant=tenant)
    assert refused(by_approver, DAVE, delegations=[BY_DAVE], tenant=tenant) is Reason.APPROVER_VOTED


def test_who_decides_for_two_has_one_vote_and_takes_the_seat_that_is_free() -> None:
    tenant, both = builders.tenant(approval=TWO), [BY_DAVE, instead(CLEO, DAVE)]
    once = cast(builders.request(), DAVE, delegations=both, tenant=tenant)
    assert refused(once, DAVE, delegations=both, tenant=tenant) is Reason.ALREADY_VOTED
    ben_first = cast(builders.request(), BEN, tenant=tenant)
    then = cast(ben_first, DAVE, delegations=both, tenant=tenant).it.status
    assert (then.phase, then.votes[1].instead_of) == (Phase.APPROVED, CLEO)


def test_an_approver_who_also_decides_for_another_votes_in_their_own_name() -> None:
    status = cast(builders.request(), CLEO, delegations=[instead(BEN, CLEO)]).it.status
    assert status.votes[0].instead_of is None


def test_a_vote_counts_as_long_as_the_delegation_lasts_and_its_approver_decides() -> None:
    tenant = builders.tenant(approval=TWO)
    once = cast(builders.request(), DAVE, delegations=[BY_DAVE], tenant=tenant)
    assert len(approval.agreed(once, tenant, [BY_DAVE])) == 1
    assert approval.agreed(once, tenant) == ()
    assert approval.agreed(once, tenant, [instead(CLEO, DAVE)]) == ()
    assert approval.agreed(once, builders.tenant(approvers=[{"user": "cleo"}]), [BY_DAVE]) == ()
    assert cast(once, CLEO, tenant=tenant).it.status.phase is Phase.PENDING
    assert cast(once, CLEO, tenant=tenant, delegations=[BY_DAVE]).it.status.phase is Phase.APPROVED


def test_a_delegation_is_in_force_until_its_end_and_no_longer() -> None:
    def stored(name: str, *, ends: timedelta, **meta: Any) -> Stored[ApprovalDelegation]:
        spec = DelegationSpec(approver=BEN, delegate=DAVE, until=format_time(NOW + ends))
        return Stored(Meta(name=name, namespace="team-a", **meta), ApprovalDelegation(spec=spec))

    lasting = stored("a", ends=timedelta(seconds=1))
    others = [stored("b", ends=timedelta()), stored("c", ends=timedelta(days=1), deleting=True)]
    assert seats.in_force([*others, lasting], NOW) == (lasting.it.spec,)


# By a user group of Slack

LEADS: dict[str, Any] = {"approvers": [{"slackGroup": "S0LEADS"}, {"group": "S0OTHERS"}]}


def test_who_is_in_a_user_group_that_decides_decides_and_the_vote_says_by_which() -> None:
    tenant = builders.tenant(**LEADS)
    status = cast(builders.request(), DAVE, tenant=tenant, slack_groups=("S0ALL", "S0LEADS")).it.status
    assert (status.phase, status.votes[0].slack_group) == (Phase.APPROVED, "S0LEADS")
    assert refused(builders.request(), DAVE, tenant=tenant) is Reason.NOT_AN_APPROVER


def test_a_group_of_kubernetes_is_never_taken_for_one_of_slack() -> None:
    tenant = builders.tenant(**LEADS)
    assert refused(builders.request(), DAVE, tenant=tenant, groups=("S0LEADS",)) is Reason.NOT_AN_APPROVER
    assert refused(builders.request(), DAVE, tenant=tenant, slack_groups=("S0OTHERS",)) is Reason.NOT_AN_APPROVER


def test_a_vote_by_a_user_group_counts_as_long_as_that_group_decides() -> None:
    tenant = builders.tenant(**LEADS, approval=TWO)
    once = cast(builders.request(), DAVE, tenant=tenant, slack_groups=("S0LEADS",))
    assert len(approval.agreed(once, tenant)) == 1
    assert approval.agreed(once, builders.tenant(approvers=[{"slackGroup": "S0ELSE"}])) == ()


# Alone, in an emergency

GLASS: dict[str, Any] = {"approval": {"required": 2, "breakGlass": [{"user": "ann", "slack": "U0ANN"}]}}


def test_who_may_takes_even_their_own_request_through_alone_and_says_why() -> None:
    tenant = builders.tenant(**GLASS)
    taken = cast(builders.request(), ANN, glass=True, reason="prod is down", tenant=tenant)
    assert taken.it.status.phase is Phase.APPROVED
    assert approval.agreed(taken, tenant) == ()
    assert approval.forced(taken, tenant) == taken.it.status.votes[0]
    assert refused(builders.request(), ANN, glass=True, reason="  ", tenant=tenant) is Reason.NO_REASON
    assert refused(builders.request(), ANN, tenant=tenant) is Reason.OWN_REQUEST


def test_nobody_else_does_and_nobody_at_all_where_the_tenant_says_nothing() -> None:
    how: dict[str, Any] = {"glass": True, "reason": "prod is down"}
    assert refused(builders.request(), BEN, tenant=builders.tenant(**GLASS), **how) is Reason.NO_BREAK_GLASS
    assert refused(builders.request(), ANN, **how) is Reason.NO_BREAK_GLASS
    tenant = builders.tenant(**GLASS)
    assert refused(builders.request(), ANN, tenant=tenant, decision=Decision.DENY, **how) is Reason.NO_BREAK_GLASS


def test_what_was_denied_is_not_taken_through() -> None:
    tenant = builders.tenant(**GLASS)
    denied = cast(builders.request(), BEN, decision=Decision.DENY, reason="no", tenant=tenant)
    assert refused(denied, ANN, glass=True, reason="prod is down", tenant=tenant) is Reason.ALREADY_DECIDED


def test_a_request_taken_through_stands_behind_its_change_as_long_as_whoever_did_it_may() -> None:
    tenant = builders.tenant(**GLASS)
    taken = cast(builders.request(), ANN, glass=True, reason="prod is down", tenant=tenant)
    spec = taken.it.spec
    how: dict[str, Any] = {"action": spec.action, "cluster": "web", "desired": spec.desired, "generation": 0}
    how["catalog"] = builders.catalog()
    assert backing.uncovered(taken, **how, tenant=tenant) == ""
    assert "nobody may still decide" in backing.uncovered(taken, **how, tenant=builders.tenant())


# Taken back


def test_a_vote_is_taken_back_until_the_last_one_and_counts_no_more() -> None:
    tenant = builders.tenant(approval=TWO)
    once = cast(builders.request(), BEN, tenant=tenant)
    back = after(once, approval.take_back(once, Person(user="ben"), tenant=tenant, now=NOW))
    assert (back.it.status.phase, back.it.status.votes) == (Phase.PENDING, ())
    assert cast(back, CLEO, tenant=tenant).it.status.phase is Phase.PENDING
    assert cast(cast(back, CLEO, tenant=tenant), BEN, tenant=tenant).it.status.phase is Phase.APPROVED


@pytest.mark.parametrize(
    ("request_", "person", "reason"),
    [
        (builders.request(), BEN, Reason.NOT_VOTED),
        (cast(builders.request(), BEN, tenant=builders.tenant(approval=TWO)), CLEO, Reason.NOT_VOTED),
        (cast(builders.request(), BEN), BEN, Reason.ALREADY_DECIDED),
        (cast(builders.request(), BEN, decision=Decision.DENY, reason="no"), BEN, Reason.ALREADY_DECIDED),
    ],
)
def test_there_is_nothing_to_take_back(request_: Stored[ClusterRequest], person: Person, reason: Reason) -> None:
    with pytest.raises(Refused) as error:
        approval.take_back(request_, person, tenant=builders.tenant(approval=TWO), now=NOW)
    assert error.value.reason is reason


def test_after_the_time_to_decide_nothing_is_taken_back() -> None:
    tenant: TenantSpec = builders.tenant(approval=TWO)
    once = cast(builders.request(), BEN, tenant=tenant)
    with pytest.raises(Refused) as error:
        approval.take_back(once, BEN, tenant=tenant, now=NOW + timedelta(days=2))
    assert error.value.reason is Reason.EXPIRED
