"""Delegations as people speak of them: which last, which count, and which say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioning import delegations, people
from provisioning.model import ApprovalDelegation, DelegationSpec, Person, Tenant, TenantSpec
from provisioning.objects import Meta, Stored, format_time, parse_time
from tests import builders
from tests.builders import ANN, BEN, CLEO, DAVE, NOW

SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=2)
AT_A_TERMINAL = Person(user=BEN.user)


def given(
    approver: Person = BEN, delegate: Person = DAVE, *, namespace: str = "a", until: datetime = SOON, **meta: Any
) -> Stored[ApprovalDelegation]:
    reason = meta.pop("reason", "")
    spec = DelegationSpec(approver=approver, delegate=delegate, until=format_time(until), reason=reason)
    made = Meta(name=approver.user, namespace=namespace, uid=f"uid-{namespace}-{approver.user}")
    return Stored(replace(made, **meta), ApprovalDelegation(spec=spec))


def test_those_that_say_the_same_are_one_and_who_ends_first_comes_first() -> None:
    found = [given(until=LATER, namespace="c"), given(namespace="b", reason="away"), given(namespace="a"), given(CLEO)]

    told = [(it.approver, parse_time(it.until), it.namespaces, it.reason) for it in delegations.lasting(found, NOW)]

    assert told == [(BEN, SOON, ("a", "b"), "away"), (CLEO, SOON, ("a",), ""), (BEN, LATER, ("c",), "")]


def test_what_is_over_or_being_deleted_does_not_last() -> None:
    assert delegations.lasting([given(until=NOW), given(deleting=True)], NOW) == ()


def test_every_word_about_it_leaves_another_mark() -> None:
    marks = [delegations.lasting([it], NOW)[0].marks["a"] for it in (given(), given(generation=2), given(uid="other"))]

    assert len(set(marks)) == 3
    assert delegations.lasting([given(resource_version="9")], NOW)[0].marks["a"] == marks[0]


def test_somebody_finds_those_of_their_own_and_those_to_them() -> None:
    found = delegations.lasting([given(), given(CLEO, BEN), given(CLEO, DAVE)], NOW)

    assert [it.delegate for it in delegations.by(AT_A_TERMINAL, found)] == [DAVE]
    assert [it.approver for it in delegations.to(BEN, found)] == [CLEO]


APART = {"large": {"above": {"vcpu": 4}, "inSlack": False}}
OTHERS = {"large": {"above": {"vcpu": 4}, "inSlack": False, "approvers": [{"user": "cleo", "slack": "U0CLEO"}]}}


@pytest.mark.parametrize(
    ("approval", "who", "in_slack", "large_at_terminal"),
    [
        ({}, BEN, True, False),
        ({}, ANN, False, False),
        ({"inSlack": False}, BEN, False, False),
        (APART, BEN, True, True),
        (OTHERS, BEN, True, False),
        (OTHERS, CLEO, False, False),
        ({"large": {**OTHERS["large"], "inSlack": True}}, CLEO, True, False),
        ({"inSlack": False, **APART}, BEN, False, False),
    ],
)
def test_a_word_in_slack_puts_somebody_in_ones_place_where_it_counts(
    approval: dict[str, Any], who: Person, in_slack: bool, large_at_terminal: bool
) -> None:
    tenant = builders.tenant(approvers=[{"user": "ben", "slack": "U0BEN"}], approval={"required": 1, **approval})

    assert people.delegates_in_slack(tenant, who) is in_slack
    assert people.delegates_large_at_terminal(tenant, who) is large_at_terminal


@pytest.mark.parametrize(
    ("tenant", "approver", "counts"),
    [
        (builders.tenant(), BEN, True),
        (builders.tenant(), ANN, False),
        (builders.tenant(approval={"inSlack": False}), BEN, False),
        (builders.tenant(approval={"inSlack": False}), AT_A_TERMINAL, True),
        (None, BEN, False),
    ],
)
def test_one_counts_while_the_tenant_lists_the_approver_and_hears_what_was_said(
    tenant: TenantSpec | None, approver: Person, counts: bool
) -> None:
    whose = Stored(Meta(name="blue"), Tenant(spec=tenant)) if tenant else None

    assert bool(delegations.counting([given(approver)], lambda _: whose)) is counts
