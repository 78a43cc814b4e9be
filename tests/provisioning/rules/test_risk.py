"""Which requests are large, and who decides about those."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import approval, people, quota, risk, seats
from provisioning.lifecycle import Reason, Refused
from provisioning.model import Action, Decision, DelegationSpec, Person, Phase, RequestStatus, TenantSpec
from provisioning.objects import Stored
from provisioning.usage import Usage
from tests import builders
from tests.builders import ANN, BEN, CLEO, DAVE, NOW, vote

CATALOG = builders.catalog()
PRICED = builders.catalog(prices={"currency": "EUR", "vcpu": "0.5"})
SMALL, GREAT = builders.spec(), builders.spec(pools=[{"name": "md0", "flavor": "large", "replicas": 2}])
"""Workers with one more for updates: 3 of 2 vCPU each, 3 of 8."""
LEADS = [{"user": "dave", "slack": "U0DAVE"}, {"user": "eve"}]


def tenant(large: Any = None, **policy: Any) -> TenantSpec:
    """What is above 12 vCPU is large."""
    line = {"above": {"vcpu": 12}, **(large or {})}
    return builders.tenant(approval={"required": 1, **policy, "large": line})


def about(spec: TenantSpec, *, desired: Any = GREAT, action: Action = Action.CREATE, present: Any = None) -> TenantSpec:
    asked = builders.request(action, desired=None if action is Action.DELETE else desired)
    return risk.about(spec, asked.it.spec, present, CATALOG)


def test_the_size_is_what_is_asked_for_and_of_a_deletion_what_is_there() -> None:
    create, change = (builders.request(it, desired=GREAT).it.spec for it in (Action.CREATE, Action.CHANGE))
    great, small = (quota.envelope(spec, CATALOG) for spec in (GREAT, SMALL))
    assert risk.asked_size(create, None, CATALOG) == great
    assert risk.asked_size(change, SMALL, CATALOG) == great
    assert risk.asked_size(builders.request(Action.DELETE).it.spec, SMALL, CATALOG) == small


def test_nobody_can_tell_the_size_of_what_is_gone_or_of_what_has_no_catalog() -> None:
    delete, create = builders.request(Action.DELETE).it.spec, builders.request().it.spec
    assert risk.asked_size(delete, None, CATALOG) is None
    assert risk.asked_size(create, None, None) is None
    assert risk.waiver(tenant(required=0), delete, None, CATALOG) is None


@pytest.mark.parametrize(
    ("above", "is_large"),
    [
        ({"vcpu": 24}, False),
        ({"vcpu": 23}, True),
        ({"vcpu": 24, "memory": "95Gi"}, True),
        ({"hourlyCost": "12"}, False),
        ({"hourlyCost": "11.999999"}, True),
    ],
)
def test_large_is_what_is_above_one_of_the_bounds(above: Any, *, is_large: bool) -> None:
    size = quota.envelope(GREAT, PRICED)
    assert (risk.large(tenant({"above": above}), size, PRICED) is not None) is is_large


def test_about_what_is_not_large_the_tenant_decides_as_it_is() -> None:
    plain = tenant({"required": 2, "approvers": LEADS})
    assert about(plain, desired=SMALL) == plain
    assert about(builders.tenant()) == builders.tenant()


def test_about_what_is_large_others_decide_and_more_of_them() -> None:
    decides = about(tenant({"required": 2, "approvers": LEADS, "inSlack": False}))
    assert [subject.user for subject in decides.approvers] == ["dave", "eve"]
    assert (decides.approval.required, decides.approval.in_slack) == (2, False)


def test_who_is_not_named_for_large_requests_decides_as_about_all_others() -> None:
    decides = about(tenant({"required": 2}))
    assert decides.approvers == tenant().approvers
    assert decides.approval.in_slack


def test_where_slack_is_not_for_approvals_it_is_not_for_large_ones_either() -> None:
    assert not about(tenant({"inSlack": True}, inSlack=False)).approval.in_slack


def test_what_is_large_needs_somebody_where_nobody_is_needed_else() -> None:
    nobody, asked = tenant(required=0), builders.request(desired=GREAT).it.spec
    assert about(nobody).approval.required == 1
    assert risk.waiver(nobody, asked, None, CATALOG) is None
    assert risk.waiver(nobody, builders.request(desired=SMALL).it.spec, None, CATALOG) == approval.NOBODY


def test_a_rule_that_fits_makes_approval_unnecessary_however_large() -> None:
    rule = {"name": "trials", "actions": ["Create"], "upTo": {"vcpu": 24}}
    assert risk.waiver(tenant(waivers=[rule]), builders.request(desired=GREAT).it.spec, None, CATALOG) == "trials"


def test_to_delete_a_large_cluster_is_large_and_to_make_it_small_is_not() -> None:
    plain = tenant({"required": 2})
    assert about(plain, action=Action.DELETE, present=GREAT).approval.required == 2
    assert about(plain, action=Action.DELETE, present=SMALL).approval.required == 1
    assert about(plain, action=Action.CHANGE, desired=SMALL, present=GREAT).approval.required == 1


def test_whoever_the_tenant_names_is_known_however_large_the_request() -> None:
    same = {"user": "ben-admin", "slack": "U0BEN"}
    decides = about(tenant({"approvers": [*LEADS, same]}))
    assert people.recognised(decides, Person(user="cleo")) == CLEO
    asked = builders.request(desired=GREAT, requester=Person(user="ben"))
    with pytest.raises(Refused) as refused:
        approval.check_voter(asked, Person(user="ben-admin"), tenant=decides, now=NOW)
    assert refused.value.reason is Reason.OWN_REQUEST, "two names of one person, by the account that both have"


def test_everybody_who_may_ever_decide_is_one_of_all() -> None:
    handed = [{"after": "1h", "approvers": [{"group": "on-call"}]}]
    all_of_them = risk.everybody(tenant({"approvers": LEADS}, escalation=handed)).approvers
    assert [it.user or it.group for it in all_of_them] == ["ben", "cleo", "dave", "eve", "on-call"]
    for person, some in ((BEN, True), (DAVE, True), (ANN, False)):
        assert people.approves_some(tenant({"approvers": LEADS}), person) is some


PROTECTED = builders.spec(deletionProtection=True)
LIFTED = Action.CHANGE


@pytest.mark.parametrize(
    ("policy", "required"),
    [({}, 1), ({"required": 0}, 1), ({"required": 2}, 2), ({"required": 0, "ownRequests": True}, 1)],
)
def test_what_takes_protection_off_needs_somebody_else_whatever_the_tenant_lets_one_do_alone(
    policy: Any, required: int
) -> None:
    decides = about(builders.tenant(approval=policy), action=LIFTED, desired=SMALL, present=PROTECTED)
    assert (decides.approval.required, decides.approval.own_requests) == (required, False)


@pytest.mark.parametrize(
    ("present", "desired"),
    [(SMALL, PROTECTED), (SMALL, GREAT), (PROTECTED, PROTECTED), (None, SMALL)],
    ids=["put on", "never there", "kept", "nothing there"],
)
def test_whatever_takes_no_protection_off_is_decided_as_it_was(present: Any, desired: Any) -> None:
    plain = builders.tenant(approval={"required": 0, "ownRequests": True})
    assert about(plain, action=LIFTED, desired=desired, present=present) == plain


@pytest.mark.parametrize(("unprotects", "rule"), [(False, None), (True, "trials")])
def test_a_waiver_takes_protection_off_only_where_it_says_so(*, unprotects: bool, rule: str | None) -> None:
    waivers = [{"name": "trials", "actions": ["Change"], "unprotects": unprotects}]
    asked = builders.request(LIFTED, desired=SMALL).it.spec
    for required in (0, 1):
        spec = builders.tenant(approval={"required": required, "waivers": waivers})
        assert risk.waiver(spec, asked, PROTECTED, CATALOG) == rule
        assert risk.waiver(spec, asked, SMALL, CATALOG) == ("trials" if required else approval.NOBODY)


def test_a_large_cluster_that_is_to_lose_its_protection_is_decided_by_those_who_decide_about_large_ones() -> None:
    great = GREAT.model_copy(update={"deletion_protection": True})
    spec = tenant({"required": 2, "approvers": LEADS}, ownRequests=True)
    decides = about(spec, action=LIFTED, desired=GREAT, present=great)
    assert [it.user for it in decides.approvers] == ["dave", "eve"]
    assert (decides.approval.required, decides.approval.own_requests) == (2, False)


AMOUNTS = st.fixed_dictionaries(
    {}, optional={name: st.integers(0, 40) for name in ("clusters", "nodes", "vcpu", "gpus")}
)
LINES = st.fixed_dictionaries(
    {"above": AMOUNTS, "approvers": st.lists(st.sampled_from(LEADS), max_size=2), "inSlack": st.booleans()},
    optional={"required": st.integers(1, 10)},
)
SIZES = st.builds(
    lambda nodes, vcpu, gpus: Usage(clusters=1, nodes=nodes, vcpu=vcpu * 1000, gpus=gpus), *[st.integers(0, 60)] * 3
)


@given(line=LINES, required=st.integers(0, 10), in_slack=st.booleans(), size=SIZES, more=SIZES)
def test_never_do_fewer_agree_or_by_an_easier_way_to_what_is_larger(
    line: Any, required: int, size: Usage, more: Usage, *, in_slack: bool
) -> None:
    plain = builders.tenant(approval={"required": required, "inSlack": in_slack, "large": line})
    smaller, larger = (risk.deciding(plain, each, CATALOG) for each in (size, size + more))
    assert larger.approval.required >= smaller.approval.required >= required
    assert larger.approval.in_slack <= smaller.approval.in_slack <= in_slack
    assert risk.deciding(larger, size + more, CATALOG) == larger, "asked again it stays as it is"


def in_slack_off(**policy: Any) -> TenantSpec:
    return builders.tenant(approval={"required": 1, "inSlack": False, **policy})


def test_where_approvals_are_not_for_slack_they_count_by_kubectl_alone() -> None:
    asked = builders.request()
    with pytest.raises(Refused) as refused:
        approval.cast(asked, vote(BEN), tenant=in_slack_off(), now=NOW)
    assert refused.value.reason is Reason.NOT_IN_SLACK
    assert approval.cast(asked, vote(Person(user="ben")), tenant=in_slack_off(), now=NOW).phase is Phase.APPROVED


@pytest.mark.parametrize(("slack", "counts"), [("U0BEN", False), ("", True)])
def test_nobody_decides_there_by_what_an_approver_said_in_slack(slack: str, *, counts: bool) -> None:
    approver, dave = Person(user="ben", slack=slack), Person(user="dave")
    lasting = (DelegationSpec(approver=approver, delegate=DAVE, until="2026-09-01T00:00:00Z"),)
    voted = builders.request(status={"votes": [vote(dave).model_copy(update={"instead_of": approver}).wire()]})

    assert bool(approval.agreed(voted, in_slack_off(), lasting)) is counts
    assert bool(seats.seats(in_slack_off(), dave, delegations=lasting)) is counts


def test_who_may_not_decide_at_all_is_told_that_first() -> None:
    with pytest.raises(Refused) as refused:
        approval.cast(builders.request(), vote(DAVE), tenant=in_slack_off(), now=NOW)
    assert refused.value.reason is Reason.NOT_AN_APPROVER


def test_a_denial_counts_from_slack_all_the_same() -> None:
    no = vote(BEN, Decision.DENY, reason="too dear")
    assert approval.cast(builders.request(), no, tenant=in_slack_off(), now=NOW).phase is Phase.DENIED


def test_nobody_takes_a_request_through_alone_from_slack_there() -> None:
    tenant = in_slack_off(breakGlass=[{"user": "ann", "slack": "U0ANN"}])
    alone = vote(ANN, reason="all is down").model_copy(update={"break_glass": True})
    with pytest.raises(Refused) as refused:
        approval.cast(builders.request(), alone, tenant=tenant, now=NOW)
    assert refused.value.reason is Reason.NOT_IN_SLACK
    by_kubectl = alone.model_copy(update={"voter": Person(user="ann")})
    after = approval.cast(builders.request(), by_kubectl, tenant=tenant, now=NOW)
    assert after.phase is Phase.APPROVED


def test_votes_from_slack_count_no_more_once_the_tenant_says_so_and_can_be_cast_again_by_kubectl() -> None:
    asked = builders.request()
    status = RequestStatus(votes=(vote(BEN), vote(Person(user="cleo"))))
    voted = Stored(asked.meta, asked.it.model_copy(update={"status": status}))
    assert [each.voter.user for each in approval.agreed(voted, in_slack_off(required=3))] == ["cleo"]
    again = approval.cast(voted, vote(Person(user="ben")), tenant=in_slack_off(required=2), now=NOW)
    assert again.phase is Phase.APPROVED
    with pytest.raises(Refused):
        approval.cast(voted, vote(CLEO), tenant=in_slack_off(required=3), now=NOW)


def test_what_was_taken_through_from_slack_has_nobody_behind_it_once_the_tenant_says_so() -> None:
    glass = [{"user": "ann", "slack": "U0ANN"}]
    asked = builders.request(status={"votes": [{**vote(ANN, reason="down").wire(), "breakGlass": True}]})
    assert approval.forced(asked, builders.tenant(approval={"breakGlass": glass})) is not None
    assert approval.forced(asked, in_slack_off(breakGlass=glass)) is None
