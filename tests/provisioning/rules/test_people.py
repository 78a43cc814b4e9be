"""Who somebody is to a tenant."""

from __future__ import annotations

import pytest

from provisioning import people
from provisioning.model import Person, Subject
from tests import builders
from tests.builders import ANN, BEN, DAVE


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Person(user="ann"), Person(user="ann"), True),
        (Person(user="ann", slack="U1"), Person(user="ann", slack="U2"), True),
        (Person(user="ann", slack="U1"), Person(user="ann-admin", slack="U1"), True),
        (Person(user="ann"), Person(user="ben"), False),
        (Person(user="ann", slack=""), Person(user="ben", slack=""), False),
        (Person(user="ann"), Person(user="Ann"), False),
    ],
)
def test_the_same_user_or_the_same_slack_account_is_the_same_person(one: Person, other: Person, same: bool) -> None:
    assert people.same(one, other) is same
    assert people.same(other, one) is same


def test_members_ask_and_approvers_decide() -> None:
    tenant = builders.tenant()
    assert people.member(tenant, ANN)
    assert not people.approver(tenant, ANN)
    assert people.approver(tenant, BEN)
    assert not people.member(tenant, BEN)
    assert not people.member(tenant, DAVE)
    assert not people.approver(tenant, DAVE)


def test_a_group_counts_for_those_who_are_in_it() -> None:
    tenant = builders.tenant(approvers=[{"group": "leads"}])
    assert people.approver(tenant, DAVE, ["system:authenticated", "leads"])
    assert not people.approver(tenant, DAVE, ["system:authenticated"])
    assert not people.approver(tenant, DAVE)


def test_a_user_called_as_a_group_is_not_in_it() -> None:
    tenant = builders.tenant(approvers=[{"group": "leads"}])
    assert not people.approver(tenant, Person(user="leads"))
    assert not people.approver(builders.tenant(approvers=[{"user": "ben"}]), DAVE, ["ben"])


def test_an_empty_subject_is_nobody() -> None:
    tenant = builders.tenant().model_copy(update={"members": (Subject(),)})
    assert not people.member(tenant, DAVE, [""])


def test_a_slack_account_is_whose_the_tenant_says() -> None:
    tenant = builders.tenant()
    assert people.by_slack(tenant, "U0ANN") == ANN
    assert people.by_slack(tenant, "U0BEN") == BEN
    assert people.by_slack(tenant, "U0NOBODY") is None


def test_no_slack_account_is_nobodys() -> None:
    assert people.by_slack(builders.tenant(members=[{"user": "ann"}]), "") is None


def test_a_slack_account_without_a_user_is_nobodys() -> None:
    tenant = builders.tenant().model_copy(update={"members": (Subject(slack="U0X"),)})
    assert people.by_slack(tenant, "U0X") is None


def test_somebody_by_kubectl_is_recognised_by_the_slack_account_that_is_listed() -> None:
    assert people.recognised(builders.tenant(), Person(user="ben")) == BEN
    assert people.recognised(builders.tenant(), Person(user="ben", slack="U9")) == Person(user="ben", slack="U9")
    assert people.recognised(builders.tenant(), Person(user="dave")) == Person(user="dave")
