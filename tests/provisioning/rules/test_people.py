"""Who somebody is to a tenant."""

from __future__ import annotations

import pytest

from provisioning import people
from provisioning.model import Person, Subject, TenantSpec
from provisioning.model.tenant import IdentityPolicy
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


def by_email(*members: Subject, allowed: bool = True) -> TenantSpec:
    """A tenant with these members that lets e-mail addresses count."""
    identity = IdentityPolicy(email=allowed)
    return builders.tenant().model_copy(update={"members": members, "identity": identity})


LENA = Subject(user="lena@example.com")


@pytest.mark.parametrize("address", ["lena@example.com", "Lena@Example.COM"])
def test_an_address_stands_for_the_user_who_is_called_like_it(address: str) -> None:
    assert people.by_email(by_email(LENA), address) == {"lena@example.com"}
    assert people.by_email(by_email(Subject(user="Lena@example.com")), address) == {"Lena@example.com"}


@pytest.mark.parametrize(
    ("member", "address"),
    [
        (LENA, "omar@example.com"),
        (LENA, ""),
        (Subject(user="lena"), "lena"),
        (Subject(group="lena@example.com"), "lena@example.com"),
        (LENA, "l\u0435na@example.com"),
        (LENA, "lena@example.com\u200b"),
        (Subject(user="kim@example.com"), "\u212aim@example.com"),
        (Subject(user="l\u00e9na@example.com"), "l\u00e9na@example.com"),
    ],
    ids=[
        "another",
        "none",
        "no address",
        "a group",
        "a Cyrillic letter",
        "a hidden one",
        "the Kelvin sign",
        "not ASCII",
    ],
)
def test_what_is_not_the_very_address_stands_for_nobody(member: Subject, address: str) -> None:
    assert people.by_email(by_email(member), address) == frozenset()


def test_addresses_count_only_where_the_tenant_says_so() -> None:
    assert people.by_email(by_email(LENA, allowed=False), "lena@example.com") == frozenset()
    assert people.by_email(builders.tenant(members=[{"user": "lena@example.com"}]), "lena@example.com") == frozenset()


def test_who_is_listed_with_an_account_comes_with_that_one() -> None:
    with_account = by_email(Subject(user="lena@example.com", slack="U0LENA"))
    assert people.by_email(with_account, "lena@example.com") == frozenset()
    elsewhere = by_email(LENA)
    assert people.addressed([elsewhere], "lena@example.com") == {"lena@example.com"}
    assert people.addressed([elsewhere, with_account], "lena@example.com") == frozenset()


def test_an_address_that_fits_two_users_is_seen_to_fit_both() -> None:
    capitals = Subject(user="Lena@example.com")
    assert len(people.by_email(by_email(LENA, capitals), "lena@example.com")) == 2
    assert len(people.addressed([by_email(LENA), by_email(capitals)], "lena@example.com")) == 2


def test_the_bot_may_act_for_accounts_that_are_listed_and_for_addresses_where_those_count() -> None:
    lena = Person(user="lena@example.com", slack="U0LENA")
    assert people.vouched(builders.tenant(), ANN)
    assert people.vouched(by_email(LENA), lena)
    assert not people.vouched(by_email(LENA, allowed=False), lena)
    assert not people.vouched(by_email(LENA), Person(user="lena@example.com"))
    assert not people.vouched(by_email(LENA, Subject(user="Lena@example.com")), lena)
    assert not people.vouched(by_email(LENA, Subject(user="omar", slack="U0LENA")), lena)
    assert not people.vouched(by_email(Subject(user="lena@example.com", slack="U0REAL")), lena)


def test_somebody_by_kubectl_is_recognised_by_the_slack_account_that_is_listed() -> None:
    assert people.recognised(builders.tenant(), Person(user="ben")) == BEN
    assert people.recognised(builders.tenant(), Person(user="ben", slack="U9")) == Person(user="ben", slack="U9")
    assert people.recognised(builders.tenant(), Person(user="dave")) == Person(user="dave")


def test_who_decides_about_a_request_is_every_approver_but_whoever_asks() -> None:
    tenant = builders.tenant(approvers=[{"user": "ann"}, {"user": "ben"}, {"group": "leads"}])
    assert [it.user or it.group for it in people.deciders(tenant, ANN)] == ["ben", "leads"]
    own = builders.tenant(approvers=[{"user": "ann"}], approval={"ownRequests": True})
    assert [it.user for it in people.deciders(own, ANN)] == ["ann"]


def test_two_user_names_of_one_slack_account_are_one_person_who_does_not_decide_alone() -> None:
    tenant = builders.tenant(approvers=[{"user": "ann-admin", "slack": "U0ANN"}])
    assert people.deciders(tenant, Person(user="ann")) == ()


def test_as_many_must_be_named_as_must_agree_and_a_group_may_be_of_any_number() -> None:
    two = {"required": 2}
    assert people.suffice(builders.tenant(approval=two), ANN)
    assert not people.suffice(builders.tenant(approval=two), BEN)
    assert people.suffice(builders.tenant(approval=two, approvers=[{"group": "leads"}]), BEN)
    twice = [{"user": "ben"}, {"user": "ben"}]
    assert not people.suffice(builders.tenant(approval=two, approvers=twice), ANN), "one person named twice is one"


def test_a_user_group_of_slack_does_not_do_where_nothing_is_approved_in_slack() -> None:
    channels, group = {"approvals": "C0BLUE"}, {"slackGroup": "S0LEADS"}
    for approvers, in_slack, enough in (
        ([group], True, True),
        ([group], False, False),
        ([group, {"user": "ben"}], False, True),
    ):
        tenant = builders.tenant(approvers=approvers, channels=channels, approval={"inSlack": in_slack})
        assert people.suffice(tenant, ANN) is enough
