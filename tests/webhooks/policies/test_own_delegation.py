"""Who decides instead of an approver is the approver's own to say, of known people, with an end."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import APPROVAL_DELEGATIONS, TENANTS
from tests.webhooks.estate import BLUE, CATALOG, NAMESPACE, TENANT, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.own_delegation import POLICY
from webhooks.trusted import Trusted

BOT = Trusted().bot
KIM = {"user": "kim", "slack": "UKIM"}
RED = manifest(TENANTS, "red", {"namespaces": ["tenant-red"], "members": [KIM, {"user": "lee"}]})
SPEC = {"approver": {"user": "bob"}, "delegate": KIM, "until": "2026-11-27T00:00:00Z"}
HOLIDAYS = manifest(APPROVAL_DELEGATIONS, "holidays", SPEC, namespace=BLUE)


def check(new: Any, *, user: str = "bob", there: Any = (RED,), **rest: Any) -> Any:
    return World(*WORLD, *there).check(POLICY, request(APPROVAL_DELEGATIONS, new, user=user, **rest))


def refused(verdict: Any) -> tuple[int, set[str]]:
    assert isinstance(verdict, Deny)
    return verdict.code, {cause.field for cause in verdict.causes}


def test_an_approver_says_who_decides_instead_by_kubectl_and_by_the_bot() -> None:
    assert check(HOLIDAYS) == Allow()
    by_bot = tweak(HOLIDAYS, "spec.approver.slack", "UBOB")
    assert check(by_bot, user=BOT) == Allow()
    assert refused(check(HOLIDAYS, user=BOT)) == (403, {"spec.approver.slack"})
    wrong = tweak(HOLIDAYS, "spec.approver.slack", "UANN")
    assert refused(check(wrong, user=BOT)) == (403, {"spec.approver.slack"})


def test_the_bot_speaks_for_an_approver_whom_the_tenant_knows_by_their_address() -> None:
    approvers = [{"user": "bo@example.com"}]
    by_bot = tweak(HOLIDAYS, "spec.approver", {"user": "bo@example.com", "slack": "UBO"})
    for email, code in ((True, None), (False, 403)):
        tenant = tweak(tweak(TENANT, "spec.approvers", approvers), "spec.identity", {"email": email})
        verdict = World(CATALOG, NAMESPACE, tenant, RED).check(POLICY, request(APPROVAL_DELEGATIONS, by_bot, user=BOT))
        assert (verdict.code if isinstance(verdict, Deny) else None) == code


@pytest.mark.parametrize("user", ["ann", "kim", "system:serviceaccount:clusterdesk-system:clusterdesk-provisioner"])
def test_nobody_else_says_it(user: str) -> None:
    assert refused(check(HOLIDAYS, user=user)) == (403, {"spec.approver.user"})


def test_who_does_not_decide_by_name_has_nothing_to_delegate() -> None:
    member = tweak(HOLIDAYS, "spec.approver.user", "kim")
    assert refused(check(tweak(member, "spec.delegate", {"user": "lee"}), user="kim")) == (403, {"spec.approver.user"})


def test_who_decides_instead_is_listed_by_some_tenant_with_that_account() -> None:
    unknown = check(HOLIDAYS, there=())
    assert refused(unknown) == (403, {"spec.delegate.user"})
    assert "kim is not listed by name in any tenant with the Slack account UKIM" in unknown.reason
    assert refused(check(tweak(HOLIDAYS, "spec.delegate.slack", "UEVE"))) == (403, {"spec.delegate.user"})
    without = check(tweak(HOLIDAYS, "spec.delegate", {"user": "kim"}))
    assert refused(without) == (403, {"spec.delegate.slack"})
    assert "must be UKIM" in without.reason
    assert check(tweak(HOLIDAYS, "spec.delegate", {"user": "lee"})) == Allow()
    assert refused(check(tweak(HOLIDAYS, "spec.delegate", {"user": "bob", "slack": "UBOB"}))) == (
        403,
        {"spec.delegate"},
    )


def test_a_tenant_that_cannot_be_read_hides_no_other() -> None:
    broken = tweak(RED, "metadata.name", "broken")
    assert check(HOLIDAYS, there=(tweak(broken, "spec.namespaces", []), RED)) == Allow()


@pytest.mark.parametrize("until", ["2026-11-24T12:00:00Z", "2027-03-01T00:00:00Z"])
def test_it_ends_in_time_to_come_and_not_too_far_away(until: str) -> None:
    assert refused(check(tweak(HOLIDAYS, "spec.until", until))) == (422, {"spec.until"})


def test_it_is_changed_by_the_approver_alone_and_marked_by_anybody() -> None:
    longer = tweak(HOLIDAYS, "spec.until", "2026-11-30T00:00:00Z")
    assert check(longer, old=HOLIDAYS) == Allow()
    assert isinstance(check(longer, old=HOLIDAYS, user="kim"), Deny)
    assert check(tweak(HOLIDAYS, "metadata.labels", {"a": "b"}), old=HOLIDAYS, user="kim") == Allow()


def test_a_namespace_of_nobody_has_none() -> None:
    assert refused(check(tweak(HOLIDAYS, "metadata.namespace", "elsewhere"))) == (403, {"metadata.namespace"})


def test_who_decides_about_large_requests_alone_delegates_that() -> None:
    line = {"above": {"nodes": 1}, "approvers": [{"user": "dan"}]}
    tenant = tweak(TENANT, "spec.approval", {"large": line})
    mine = tweak(HOLIDAYS, "spec.approver.user", "dan")
    asking = request(APPROVAL_DELEGATIONS, mine, user="dan")
    assert World(CATALOG, NAMESPACE, tenant, RED).check(POLICY, asking) == Allow()
    assert isinstance(World(CATALOG, NAMESPACE, TENANT, RED).check(POLICY, asking), Deny)
