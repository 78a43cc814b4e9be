"""A ClusterRequest has to tell the truth when it is made."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.model import Action
from provisioning.resources import CLUSTER_REQUESTS
from tests.webhooks.estate import SPEC, WORLD, cluster, tweak
from tests.webhooks.estate import request as asked
from tests.webhooks.fakes import World
from tests.webhooks.reviews import request
from webhooks.decision import Allow, Deny
from webhooks.policies.request_rules import POLICY
from webhooks.trusted import Trusted

BOT = Trusted().bot


def check(new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(CLUSTER_REQUESTS, new, **rest))


def test_a_member_asks_for_a_cluster() -> None:
    assert check(asked()) == Allow()
    assert check(asked(Action.CHANGE), cluster()) == Allow()
    assert check(asked(Action.DELETE), cluster()) == Allow()


def test_who_asks_for_an_upgrade_is_warned_of_what_it_runs_into() -> None:
    budget = {"namespace": "shop", "name": "web", "expected": 1, "healthy": 1, "needed": 1}
    seen = {"precheck": {"checkedAt": "2026-08-03T11:40:00Z", "budgets": [budget]}}
    there = tweak(tweak(cluster(), "spec.version", "v1.33.4"), "status", seen)
    warned = (
        "PodDisruptionBudget shop/web never lets a Pod go: its only Pod must stay",
        "a worker waits up to 5m for such Pods, which then go with it",
        "the cluster was looked into 2026-08-03 11:40 UTC",
    )
    assert check(asked(Action.CHANGE), there) == Allow(warned)
    same = tweak(SPEC, "version", "v1.33.4")
    assert check(asked(Action.CHANGE, desired=same), there) == Allow(), "no upgrade"
    assert check(asked(Action.DELETE), there) == Allow()


def test_the_bot_asks_for_people_by_their_slack_account() -> None:
    assert check(asked(slack="UANN"), user=BOT) == Allow()


def test_somebody_known_by_their_address_asks_in_slack_where_the_tenant_lets_addresses_count() -> None:
    members = [{"user": "ann", "slack": "UANN"}, {"user": "fay@example.com"}]
    by_email = tweak(tweak(WORLD[1], "spec.members", members), "spec.identity", {"email": True})

    def check_in(tenant: Any, new: Any, user: str) -> Any:
        return World(WORLD[0], tenant, WORLD[2]).check(POLICY, request(CLUSTER_REQUESTS, new, user=user))

    fay = asked(user="fay@example.com", slack="UFAY")
    assert check_in(by_email, fay, BOT) == Allow()
    off = tweak(by_email, "spec.identity", {"email": False})
    for tenant, new, user in (
        (off, fay, BOT),
        (by_email, asked(user="fay@example.com", slack="UANN"), BOT),
        (by_email, asked(user="ann", slack="UFAY"), BOT),
        # By kubectl somebody could call another's account theirs, who would then seem to have asked.
        (by_email, fay, "fay@example.com"),
    ):
        verdict = check_in(tenant, new, user)
        assert isinstance(verdict, Deny)
        assert {cause.field for cause in verdict.causes} == {"spec.requester.slack"}


def test_who_decides_about_large_requests_alone_asks_as_any_approver_does() -> None:
    tenant = tweak(WORLD[1], "spec.approval.large", {"above": {"nodes": 1}, "approvers": [{"user": "zed"}]})
    mine = request(CLUSTER_REQUESTS, asked(user="zed"), user="zed")
    assert World(WORLD[0], tenant, WORLD[2]).check(POLICY, mine) == Allow()
    assert isinstance(World(*WORLD).check(POLICY, mine), Deny)


@pytest.mark.parametrize(
    ("action", "group", "user", "field"),
    [
        (Action.DELETE, "S0LEADS", BOT, ""),
        (Action.DELETE, "S0OTHER", BOT, "spec.slackGroup"),
        (Action.CREATE, "S0LEADS", BOT, "spec.slackGroup"),
        (Action.DELETE, "S0LEADS", "zed", "spec.slackGroup"),
    ],
    ids=["decides", "decides nothing", "no deletion", "not by the bot"],
)
def test_who_decides_by_a_user_group_gives_up_a_cluster_known_to_another_tenant_alone(
    action: Action, group: str, user: str, field: str
) -> None:
    tenant = tweak(WORLD[1], "spec.approvers", [{"slackGroup": "S0LEADS"}])
    other = tweak(tweak(WORLD[1], "metadata.name", "other"), "spec.members", [{"user": "zed", "slack": "UZED"}])
    there = [cluster()] if action is Action.DELETE else []
    slack = "UZED" if user == BOT else ""
    new = tweak(asked(action, user="zed", slack=slack), "spec.slackGroup", group)

    world = World(WORLD[0], tenant, tweak(other, "spec.namespaces", ["elsewhere"]), WORLD[2], *there)
    verdict = world.check(POLICY, request(CLUSTER_REQUESTS, new, user=user))

    if not field:
        assert verdict == Allow()
        return
    assert isinstance(verdict, Deny)
    assert field in {cause.field for cause in verdict.causes}


def test_a_member_by_group_asks_with_kubectl() -> None:
    assert check(asked(user="dan"), user="dan", groups=["blue-team"]) == Allow()


@pytest.mark.parametrize(
    ("new", "user", "field"),
    [
        (asked(user="ann"), "eve", "spec.requester.user"),
        (asked(user="eve"), "eve", "spec.requester.user"),
        (asked(user="bob", slack="UANN"), "bob", "spec.requester.slack"),
        (asked(user="ann", slack="UBOB"), BOT, "spec.requester.slack"),
        (asked(user="ann"), BOT, "spec.requester.slack"),
        (asked(user="eve", slack="UEVE"), BOT, "spec.requester.slack"),
    ],
    ids=[
        "for another",
        "no member",
        "another's slack",
        "bot mixes up",
        "bot without slack",
        "bot for a stranger",
    ],
)
def test_nobody_asks_in_another_name(new: Any, user: str, field: str) -> None:
    verdict = check(new, user=user)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.causes[0].field) == (403, field)


@pytest.mark.parametrize(
    ("new", "there", "field"),
    [
        (asked(), [cluster()], "spec.cluster"),
        (asked(Action.CHANGE), [], "spec.cluster"),
        (asked(Action.DELETE), [], "spec.cluster"),
        (asked(Action.DELETE), [tweak(cluster(), "spec.deletionProtection", True)], "spec.cluster"),
        (asked(Action.CHANGE), [tweak(cluster(), "metadata.generation", 4)], "spec.baseGeneration"),
        (tweak(asked(), "spec.baseGeneration", 1), [], "spec.baseGeneration"),
        (tweak(asked(), "spec.digest", "sha256:" + "0" * 64), [], "spec.digest"),
        (tweak(asked(), "spec.desired.pools.0.flavor", "huge"), [], "spec.digest"),
        (asked(desired=tweak({"spec": SPEC}, "spec.version", "v1.2.3")["spec"]), [], "spec.desired.version"),
    ],
)
def test_what_is_asked_for_must_fit_what_is_there_and_on_offer(new: Any, there: Any, field: str) -> None:
    verdict = check(new, *there)
    assert isinstance(verdict, Deny)
    assert verdict.code == 422
    assert field in {cause.field for cause in verdict.causes}


@pytest.mark.parametrize("action", Action)
def test_nothing_is_asked_of_what_our_model_does_not_read_any_more(action: Action) -> None:
    verdict = check(asked(action), tweak(cluster(), "spec.ofYesterday", True))
    assert isinstance(verdict, Deny)
    (cause,) = verdict.causes
    assert cause.field == "spec.cluster"
    assert cause.message.endswith(
        "was stored by an older version, and cannot be read any more; the platform may delete it"
    )


def test_wrong_person_and_wrong_wish_are_told_together() -> None:
    verdict = check(tweak(asked(user="eve"), "spec.digest", "sha256:" + "0" * 64), user="eve")
    assert isinstance(verdict, Deny)
    assert {c.field for c in verdict.causes} == {"spec.requester.user", "spec.digest"}


def test_a_namespace_without_a_tenant_takes_no_requests() -> None:
    assert isinstance(check(asked(namespace="elsewhere")), Deny)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ([], "there is no request cr-0"),
        ([asked(name="cr-0", status={"phase": "Denied"})], "does not wait any more"),
        ([asked(name="cr-0", user="bob")], "somebody else's"),
        ([asked(Action.DELETE, name="cr-0")], "asks for something else"),
        ([asked(name="cr-0")], ""),
    ],
)
def test_a_request_takes_the_place_of_ones_own_that_waits(there: Any, why: str) -> None:
    verdict = check(tweak(asked(), "spec.replaces", "cr-0"), *there)

    assert isinstance(verdict, Allow) is not bool(why)
    if isinstance(verdict, Deny):
        assert verdict.causes[0].field == "spec.replaces"
        assert why in verdict.reason


def test_what_has_not_got_its_own_place_yet_is_not_replaced() -> None:
    """Else the first of three would wait on beside the third, and both could be approved."""
    first = asked(name="cr-0")
    second = tweak(asked(name="cr-1"), "spec.replaces", "cr-0")
    third = tweak(asked(name="cr-2"), "spec.replaces", "cr-1")
    early = check(third, first, second)
    assert isinstance(early, Deny)
    assert "cr-1 is just taking the place of cr-0; try again in a moment" in early.reason
    taken_back = tweak(first, "status", {"phase": "Withdrawn", "replacedBy": "cr-1"})
    assert check(third, taken_back, second) == Allow()
    assert check(third, second) == Allow()
