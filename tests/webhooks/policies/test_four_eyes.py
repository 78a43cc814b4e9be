"""Who may write what into the status of a ClusterRequest."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import giving_up
from provisioning.model import Action
from provisioning.names import REQUESTED_BY_ANNOTATION
from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, TENANTS
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, cluster, tweak
from tests.webhooks.estate import request as asked
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.four_eyes import POLICY
from webhooks.trusted import Trusted

BOT, PROVISIONER = Trusted().bot, Trusted().provisioner
NOW = "2026-11-24T12:00:00Z"

BOB = {"user": "bob"}
BOB_BY_SLACK = {"user": "bob", "slack": "UBOB"}


def vote(voter: Any = BOB, decision: str = "Approve", *, at: str = NOW, reason: str = "") -> Any:
    return {"voter": voter, "decision": decision, "at": at, **({"reason": reason} if reason else {})}


def decided(phase: str, *votes: Any, **more: Any) -> Any:
    return {"phase": phase, "votes": list(votes), "decidedAt": NOW, **more}


def write(after: Any, *more: Any, before: Any = None, user: str = "bob", tenant: Any = TENANT, **rest: Any) -> Any:
    world = World(CATALOG, NAMESPACE, tenant, *more)
    old = rest.pop("old", None) or asked(status=before)
    groups = rest.pop("groups", ())
    new = tweak(old, "status", after)
    asking = request(CLUSTER_REQUESTS, new, old=old, subresource="status", user=user, groups=groups)
    return world.check(POLICY, asking)


def test_an_approver_approves_with_kubectl() -> None:
    assert isinstance(write(decided("Approved", vote())), Allow)


def test_an_approver_approves_through_the_bot() -> None:
    assert isinstance(write(decided("Approved", vote(BOB_BY_SLACK)), user=BOT), Allow)


def test_an_approver_known_by_their_address_approves_through_the_bot_where_the_tenant_lets_addresses_count() -> None:
    approvers = [{"user": "bob", "slack": "UBOB"}, {"user": "fay@example.com"}]
    by_email = tweak(tweak(TENANT, "spec.approvers", approvers), "spec.identity", {"email": True})
    fay = {"user": "fay@example.com", "slack": "UFAY"}

    def approve(voter: Any, tenant: Any, user: str = BOT) -> Any:
        return write(decided("Approved", vote(voter)), tenant=tenant, user=user)

    assert isinstance(approve(fay, by_email), Allow)
    assert isinstance(approve(fay, tweak(by_email, "spec.identity", {"email": False})), Deny)
    assert isinstance(approve(fay, by_email, user="fay@example.com"), Deny)
    assert isinstance(approve({**fay, "slack": "UBOB"}, by_email), Deny), "that account is somebody else's"
    assert isinstance(approve({"user": "bob", "slack": "UFAY"}, by_email), Deny), "and that user has another one"


def test_an_approver_by_group_approves_with_kubectl() -> None:
    tenant = tweak(TENANT, "spec.approvers", [{"group": "leads"}])
    status = decided("Approved", {**vote({"user": "lea"}), "group": "leads"})
    assert isinstance(write(status, tenant=tenant, user="lea", groups=["leads"]), Allow)
    assert isinstance(write(status, tenant=tenant, user="lea"), Deny)
    unsaid = write(decided("Approved", vote({"user": "lea"})), tenant=tenant, user="lea", groups=["leads"])
    assert isinstance(unsaid, Deny)
    assert '"group": "leads"' in unsaid.reason


def test_nobody_claims_a_group_that_they_are_not_in() -> None:
    claimed = decided("Approved", {**vote(), "group": "blue-team"})
    assert isinstance(write(claimed, groups=["blue-team"]), Deny)


def test_who_is_no_approver_any_more_has_not_agreed() -> None:
    two = tweak(TENANT, "spec.approval.required", 2)
    first = {"phase": "Pending", "votes": [vote()]}
    both = decided("Approved", vote(), vote({"user": "cyd"}))
    without_bob = tweak(two, "spec.approvers", [{"user": "cyd"}, {"user": "dan"}])
    verdict = write(both, before=first, tenant=without_bob, user="cyd")
    assert isinstance(verdict, Deny)
    assert "status.phase: must be Pending after this, not Approved" in verdict.reason
    pending = {"phase": "Pending", "votes": both["votes"]}
    assert isinstance(write(pending, before=first, tenant=without_bob, user="cyd"), Allow)
    third = decided("Approved", *both["votes"], vote({"user": "dan"}))
    assert isinstance(write(third, before=pending, tenant=without_bob, user="dan"), Allow)


def test_the_first_denial_wins() -> None:
    assert isinstance(write(decided("Denied", vote(decision="Deny", reason="no"))), Allow)
    assert isinstance(write(decided("Approved", vote(decision="Deny", reason="no"))), Deny)


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_denial_says_why(reason: str) -> None:
    for status in (decided("Denied", vote(decision="Deny", reason=reason)), decided("Denied", vote(decision="Deny"))):
        verdict = write(status)
        assert isinstance(verdict, Deny)
        assert "bob must say why" in verdict.reason


def test_two_must_agree_where_the_policy_says_two() -> None:
    two = tweak(TENANT, "spec.approval.required", 2)
    first = {"phase": "Pending", "votes": [vote()]}
    assert isinstance(write(first, tenant=two), Allow)
    assert isinstance(write(decided("Approved", vote()), tenant=two), Deny)
    both = decided("Approved", vote(), vote({"user": "cyd"}))
    assert isinstance(write(both, before=first, tenant=two, user="cyd"), Allow)


@pytest.mark.parametrize(
    ("status", "user", "why"),
    [
        (decided("Approved", vote({"user": "ann"})), "ann", "somebody else must decide"),
        (decided("Approved", vote({"user": "eve"})), "eve", "not an approver"),
        (decided("Approved", vote()), "eve", "cannot be cast for somebody else"),
        (decided("Approved", vote()), PROVISIONER, "cannot be cast for somebody else"),
        (decided("Approved", vote(BOB_BY_SLACK)), "bob", "without slack"),
        (decided("Approved", vote({"user": "bob", "slack": "UEVE"})), BOT, "not listed as the Slack account"),
        (decided("Approved", vote()), BOT, "no Slack account of bob is known here"),
        (decided("Approved", vote({"user": "ann", "slack": "UANN"})), BOT, "somebody else must decide"),
        (decided("Approved"), "bob", "decided by votes"),
        (decided("Approved"), BOT, "decided by votes"),
        (decided("Approved"), PROVISIONER, "decided by votes"),
        (decided("Approved", waiver="small ones"), "bob", "decided by votes"),
        (decided("Applied"), BOT, "decided by votes"),
        (decided("Approved", vote(), vote({"user": "cyd"})), "bob", "one at a time"),
        (decided("Approved", vote(at="2026-11-24T01:00:00Z")), "bob", "cast now"),
        ({"phase": "Approved", "votes": [vote()]}, "bob", "must be"),
        ({"phase": "Pending", "votes": [vote()]}, "bob", "must be Approved"),
        (decided("Applied", vote()), "bob", "must be Approved"),
    ],
)
def test_nobody_gets_around_the_approvers(status: Any, user: str, why: str) -> None:
    verdict = write(status, user=user)
    assert isinstance(verdict, Deny)
    assert why in verdict.reason
    assert verdict.causes[0].field.startswith("status.")


def test_votes_that_were_cast_stay() -> None:
    two = tweak(TENANT, "spec.approval.required", 2)
    before = {"phase": "Pending", "votes": [vote()]}
    for after in ({"phase": "Pending"}, {"phase": "Pending", "votes": [vote({"user": "cyd"})]}):
        assert isinstance(write(after, before=before, tenant=two, user="cyd"), Deny)


def test_nobody_votes_twice_under_two_names() -> None:
    two = tweak(TENANT, "spec.approval.required", 2)
    before = {"phase": "Pending", "votes": [vote(BOB_BY_SLACK)]}
    again = write(decided("Approved", vote(BOB_BY_SLACK), vote()), before=before, tenant=two)
    assert isinstance(again, Deny)
    assert "voted already" in again.reason


@pytest.mark.parametrize("phase", ["Denied", "Withdrawn", "Expired", "Applied", "Failed", "Approved"])
def test_a_second_click_on_approve_is_refused_not_repeated(phase: str) -> None:
    verdict = write(decided("Approved", vote()), before={"phase": phase})
    assert isinstance(verdict, Deny)
    assert "decided" in verdict.reason


def test_the_requester_may_approve_where_the_policy_lets_them() -> None:
    alone = tweak(TENANT, "spec.approval.ownRequests", True)
    assert isinstance(write(decided("Approved", vote({"user": "ann"})), user="ann", tenant=alone), Allow)


def test_an_expired_request_takes_no_votes() -> None:
    old = tweak(asked(), "metadata.creationTimestamp", "2026-11-20T12:00:00Z")
    verdict = write(decided("Approved", vote()), old=old)
    assert isinstance(verdict, Deny)
    assert "expired" in verdict.reason


def test_the_requester_withdraws_and_nobody_else() -> None:
    assert isinstance(write(decided("Withdrawn"), user="ann"), Allow)
    assert isinstance(write(decided("Withdrawn"), user=BOT), Allow)
    assert isinstance(write(decided("Withdrawn"), user="bob"), Deny)


LEFT = tweak(TENANT, "spec.members", [{"user": "dan", "slack": "UDAN"}, {"user": "cyd"}])
"""Ann has left, and Dan and Cyd are members."""
BY_DAN = {"user": "dan", "slack": "UDAN"}
LEFT_ALONE = tweak(LEFT, "spec.approvers", [{"user": "bob", "slack": "UBOB"}])


@pytest.mark.parametrize(
    ("user", "by", "tenant", "is_taken"),
    [
        ("cyd", {"user": "cyd"}, LEFT_ALONE, True),
        ("cyd", None, LEFT_ALONE, False),
        ("cyd", {"user": "dan"}, LEFT_ALONE, False),
        ("bob", {"user": "bob"}, LEFT_ALONE, False),
        ("cyd", {"user": "cyd"}, LEFT, False),
        (BOT, BY_DAN, LEFT_ALONE, True),
        (BOT, {"user": "cyd"}, LEFT_ALONE, False),
        (BOT, {"user": "dan", "slack": "UBOB"}, LEFT_ALONE, False),
        (BOT, {"user": "bob", "slack": "UBOB"}, LEFT_ALONE, False),
        (BOT, BY_DAN, LEFT, False),
        (PROVISIONER, {"user": "cyd"}, LEFT_ALONE, False),
    ],
    ids=[
        *("a member", "who does not say so", "who names another", "no member", "while she is there"),
        *("the bot for a member", "for one by kubectl alone", "with another's account", "for no member"),
        *("while she is there, the bot", "the provisioner"),
    ],
)
def test_a_member_withdraws_for_who_has_left_by_either_door(user: str, by: Any, tenant: Any, *, is_taken: bool) -> None:
    after = decided("Withdrawn", **({"withdrawnBy": by} if by else {}))
    assert isinstance(write(after, user=user, tenant=tenant, old=asked(slack="UANN")), Allow if is_taken else Deny)


def test_that_somebody_is_gone_from_slack_the_bot_notes_and_a_member_withdraws_then() -> None:
    members = [{"user": "ann", "slack": "UANN"}, {"user": "cyd"}]
    tenant = tweak(LEFT_ALONE, "spec.members", members)
    gone = {"phase": "Pending", "unreachable": ["UANN"]}
    after = {**decided("Withdrawn", withdrawnBy={"user": "cyd"}), "unreachable": ["UANN"]}
    assert isinstance(write(after, before=gone, user="cyd", tenant=tenant), Allow)
    assert isinstance(write(after, before={"phase": "Pending"}, user="cyd", tenant=tenant), Deny)
    assert isinstance(write(gone, before={"phase": "Pending"}, user=BOT, tenant=tenant), Allow)


WAITS = {"type": "WaitsForRoom", "status": "True", "reason": "QuotaExceeded", "message": "", "lastTransitionTime": NOW}


def test_what_waits_for_room_is_withdrawn_by_the_requester_and_nobody_else() -> None:
    before = decided("Approved", vote(), conditions=[WAITS])
    after = {**before, "phase": "Withdrawn"}
    assert isinstance(write(after, before=before, user="ann"), Allow)
    assert isinstance(write(after, before=before, user=BOT), Allow)
    for user in ("bob", PROVISIONER):
        assert isinstance(write(after, before=before, user=user), Deny)


def test_what_is_being_done_is_not_withdrawn_any_more() -> None:
    before = decided("Approved", vote(), conditions=[])
    for user in ("ann", BOT):
        assert isinstance(write({**before, "phase": "Withdrawn"}, before=before, user=user), Deny)


@pytest.mark.parametrize("user", ["ann", BOT])
def test_that_something_waits_for_room_only_the_provisioner_says(user: str) -> None:
    before = decided("Approved", vote())
    assert isinstance(write({**before, "conditions": [WAITS]}, before=before, user=user), Deny)
    assert isinstance(write({**before, "conditions": [WAITS]}, before=before, user=PROVISIONER), Allow)


def test_the_provisioner_waives_only_by_a_rule_that_fits() -> None:
    waiver = {"name": "small ones", "actions": ["Create"], "upTo": {"nodes": 3}}
    tenant = tweak(TENANT, "spec.approval.waivers", [waiver])
    waived = decided("Approved", waiver="small ones")
    assert isinstance(write(waived, tenant=tenant, user=PROVISIONER), Allow)
    assert isinstance(write(waived, user=PROVISIONER), Deny)
    assert isinstance(write(waived, tenant=tenant, user="bob"), Deny)
    assert isinstance(write(decided("Approved", waiver="made up"), tenant=tenant, user=PROVISIONER), Deny)
    tight = tweak(TENANT, "spec.approval.waivers", [{**waiver, "upTo": {"nodes": 2}}])
    assert isinstance(write(waived, tenant=tight, user=PROVISIONER), Deny)


def test_an_extension_is_waived_against_the_cluster_as_it_is() -> None:
    waiver = {"name": "a later end", "actions": ["Change"], "extensionsOnly": True}
    tenant = tweak(TENANT, "spec.approval.waivers", [waiver])
    before = tweak(cluster(), "spec.lifetime", "24h")
    wish = asked(Action.CHANGE, desired={**before["spec"], "lifetime": "48h"})
    waived = decided("Approved", waiver="a later end")
    assert isinstance(write(waived, before, old=wish, tenant=tenant, user=PROVISIONER), Allow)
    bigger = tweak(before, "spec.pools.0.replicas", 3)
    assert isinstance(write(waived, bigger, old=wish, tenant=tenant, user=PROVISIONER), Deny)
    assert isinstance(write(waived, old=wish, tenant=tenant, user=PROVISIONER), Deny)


def test_a_deletion_is_waived_by_the_size_of_what_is_deleted() -> None:
    tenant = tweak(TENANT, "spec.approval.waivers", [{"name": "d", "actions": ["Delete"], "upTo": {"nodes": 3}}])
    waived, wish = decided("Approved", waiver="d"), asked(Action.DELETE)
    assert isinstance(write(waived, cluster(), old=wish, tenant=tenant, user=PROVISIONER), Allow)
    big = tweak(cluster(), "spec.pools.0.replicas", 9)
    assert isinstance(write(waived, big, old=wish, tenant=tenant, user=PROVISIONER), Deny)
    assert isinstance(write(waived, old=wish, tenant=tenant, user=PROVISIONER), Deny)


@pytest.mark.parametrize("phase", ["Applied", "Failed"])
def test_the_provisioner_says_what_became_of_an_approved_request(phase: str) -> None:
    before = decided("Approved", vote())
    after = {**before, "phase": phase, "message": "so it went"}
    assert isinstance(write(after, before=before, user=PROVISIONER), Allow)
    assert isinstance(write(after, before=before, user=BOT), Deny)
    assert isinstance(write({"phase": phase}, user=PROVISIONER), Deny)


def test_a_deletion_is_waived_of_what_its_requester_gives_up_before_it_was_ready() -> None:
    waived, wish = decided("Approved", waiver=giving_up.RULE), asked(Action.DELETE)
    theirs = tweak(cluster(), "metadata.annotations", {REQUESTED_BY_ANNOTATION: "ann"})
    building, ready = (tweak(theirs, "status", {"initialized": once}) for once in (False, True))
    members = tweak(TENANT, "spec.approvers", [{"user": "bob"}])
    assert isinstance(write(waived, building, old=wish, user=PROVISIONER, tenant=members), Allow)
    assert isinstance(write(waived, ready, old=wish, user=PROVISIONER, tenant=members), Deny)
    assert isinstance(write(waived, old=wish, user=PROVISIONER, tenant=members), Deny)
    assert isinstance(write(waived, building, old=wish, user="ann", tenant=members), Deny)
    others = tweak(building, "metadata.annotations", {REQUESTED_BY_ANNOTATION: "eve"})
    assert isinstance(write(waived, others, old=wish, user=PROVISIONER, tenant=members), Deny)


def test_a_waived_request_is_applied_and_keeps_its_waiver() -> None:
    before = decided("Approved", waiver="small ones")
    assert isinstance(write({**before, "phase": "Applied"}, before=before, user=PROVISIONER), Allow)
    assert isinstance(write(decided("Applied"), before=before, user=PROVISIONER), Deny)


def test_a_request_expires_when_its_time_is_over_and_not_before() -> None:
    assert isinstance(write(decided("Expired"), user=PROVISIONER), Deny)
    old = tweak(asked(), "metadata.creationTimestamp", "2026-11-20T12:00:00Z")
    assert isinstance(write(decided("Expired"), old=old, user=PROVISIONER), Allow)
    assert isinstance(write(decided("Expired"), old=old, user="bob"), Deny)


def test_the_bot_withdraws_for_people_in_slack_only() -> None:
    assert isinstance(write(decided("Withdrawn"), user=BOT, old=asked(user="ann", slack="UANN")), Allow)
    by_kubectl_alone = write(decided("Withdrawn"), user=BOT, old=asked(user="gus"))
    assert isinstance(by_kubectl_alone, Deny)
    assert "status.phase: no Slack account of gus is known here, so they do this by kubectl" in by_kubectl_alone.reason


@pytest.mark.parametrize(
    ("field", "value", "keeper"),
    [
        ("deliveries", [{"surface": "Approver", "channel": "C1", "ts": "1.2"}], BOT),
        ("expiresAt", "2026-11-25T11:00:00Z", PROVISIONER),
        ("observedGeneration", 1, PROVISIONER),
        (
            "conditions",
            [{"type": "Ready", "status": "True", "reason": "Applied", "lastTransitionTime": NOW}],
            PROVISIONER,
        ),
    ],
)
def test_bookkeeping_is_for_whoever_keeps_it(field: str, value: Any, keeper: str) -> None:
    noted = {"phase": "Pending", field: value}
    for user in (BOT, PROVISIONER, "bob", "ann"):
        verdict = write(noted, user=user)
        refused = [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []
        assert refused == ([] if user == keeper else [f"status.{field}"]), user


def test_words_come_with_a_decision_and_are_not_changed_afterwards() -> None:
    denied = decided("Denied", vote(decision="Deny", reason="too dear"), message="too dear")
    assert isinstance(write(denied), Allow)
    for user in ("bob", "ann", BOT):
        verdict = write({**denied, "message": "fine by me"}, before=denied, user=user)
        assert isinstance(verdict, Deny)
        assert "does not change without one" in verdict.reason


def test_a_vote_through_the_bot_may_come_with_bookkeeping() -> None:
    noted = [{"surface": "Approver", "channel": "C1", "ts": "1.2"}]
    assert isinstance(write(decided("Approved", vote(BOB_BY_SLACK), deliveries=noted), user=BOT), Allow)


# Decided instead of somebody, by a user group, alone, or taken back

DELEGATION = manifest(
    APPROVAL_DELEGATIONS,
    "of-bob",
    {
        "approver": {"user": "bob", "slack": "UBOB"},
        "delegate": {"user": "kim", "slack": "UKIM"},
        "until": "2026-11-25T00:00:00Z",
    },
)
RED = manifest(TENANTS, "red", {"namespaces": ["tenant-red"], "members": [{"user": "kim", "slack": "UKIM"}]})
FOR_BOB = {**vote({"user": "kim"}), "insteadOf": {"user": "bob", "slack": "UBOB"}}
FOR_BOB_BY_SLACK = {**FOR_BOB, "voter": {"user": "kim", "slack": "UKIM"}}


def test_who_decides_instead_of_an_approver_decides_as_long_as_it_lasts() -> None:
    assert isinstance(write(decided("Approved", FOR_BOB), DELEGATION, user="kim"), Allow)
    unsaid = write(decided("Approved", vote({"user": "kim"})), DELEGATION, user="kim")
    assert isinstance(unsaid, Deny)
    assert '"insteadOf": {"user": "bob", "slack": "UBOB"}' in unsaid.reason
    ended = tweak(DELEGATION, "spec.until", "2026-11-24T12:00:00Z")
    elsewhere = tweak(DELEGATION, "metadata.namespace", "tenant-red")
    for there in ((), (ended,), (elsewhere,)):
        verdict = write(decided("Approved", FOR_BOB), *there, user="kim")
        assert isinstance(verdict, Deny)
        assert "kim is not an approver" in verdict.reason


def test_the_bot_speaks_for_a_delegate_whom_another_tenant_lists() -> None:
    assert isinstance(write(decided("Approved", FOR_BOB_BY_SLACK), DELEGATION, RED, user=BOT), Allow)
    unknown = write(decided("Approved", FOR_BOB_BY_SLACK), DELEGATION, user=BOT)
    assert isinstance(unknown, Deny)
    assert "UKIM is not listed as the Slack account of kim" in unknown.reason


@pytest.mark.parametrize("named", ["spec.approvers", "spec.approval.breakGlass", "spec.approval.escalation"])
def test_the_bot_speaks_for_nobody_whom_this_tenant_names_without_an_account_whatever_another_one_says(
    named: str,
) -> None:
    """So whoever lists people without one need not trust the bot."""
    kim = [{"user": "kim"}]
    value = [{"after": "1m", "approvers": kim}] if named == "spec.approval.escalation" else kim
    tenant, alone = tweak(TENANT, named, value), named == "spec.approval.breakGlass"
    more = {"breakGlass": True, "reason": "prod is down"} if alone else {}
    by_kubectl = {**vote({"user": "kim"}), **more}
    by_bot = {**by_kubectl, "voter": {"user": "kim", "slack": "UKIM"}}
    by_address = {**by_kubectl, "voter": {"user": "kim", "slack": "UEVE"}}
    red = tweak(RED, "spec.members", [{"user": "kim", "slack": "UKIM"}])
    assert isinstance(write(decided("Approved", by_kubectl), red, tenant=tenant, user="kim"), Allow)
    for status in (by_bot, by_address):
        verdict = write(decided("Approved", status), red, tenant=tenant, user=BOT)
        assert isinstance(verdict, Deny)
        assert "kim" in verdict.reason


LEADS = tweak(TENANT, "spec.approvers", [{"slackGroup": "S0LEADS"}])
BY_LEADS = {**vote({"user": "kim", "slack": "UKIM"}), "slackGroup": "S0LEADS"}


def test_the_bot_vouches_for_a_user_group_that_the_tenant_names_and_nobody_else_does() -> None:
    status = decided("Approved", BY_LEADS)
    assert isinstance(write(status, RED, tenant=LEADS, user=BOT), Allow)
    for tenant, there in ((TENANT, (RED,)), (LEADS, ())):
        assert isinstance(write(status, *there, tenant=tenant, user=BOT), Deny)
    by_hand = {**BY_LEADS, "voter": {"user": "kim"}}
    assert isinstance(write(decided("Approved", by_hand), RED, tenant=LEADS, user="kim", groups=["S0LEADS"]), Deny)
    assert isinstance(write(decided("Approved", by_hand), RED, tenant=LEADS, user=PROVISIONER), Deny)


def test_who_is_listed_by_name_is_not_counted_by_a_user_group() -> None:
    both = tweak(TENANT, "spec.approvers", [{"user": "bob", "slack": "UBOB"}, {"slackGroup": "S0LEADS"}])
    claimed = {**vote(BOB_BY_SLACK), "slackGroup": "S0LEADS"}
    assert isinstance(write(decided("Approved", claimed), tenant=both, user=BOT), Deny)


GLASS = tweak(TENANT, "spec.approval", {"required": 2, "breakGlass": [{"user": "ann", "slack": "UANN"}]})
BROKEN = {**vote({"user": "ann"}, reason="prod is down"), "breakGlass": True}


def test_a_request_is_taken_through_alone_only_by_those_who_may_and_only_with_a_reason() -> None:
    assert isinstance(write(decided("Approved", BROKEN), tenant=GLASS, user="ann"), Allow)
    by_bot = {**BROKEN, "voter": {"user": "ann", "slack": "UANN"}}
    assert isinstance(write(decided("Approved", by_bot), tenant=GLASS, user=BOT), Allow)
    for status, tenant, user, why in (
        (decided("Approved", BROKEN), TENANT, "ann", "may not take a request of this tenant through alone"),
        (decided("Approved", {**BROKEN, "voter": BOB}), GLASS, "bob", "may not take a request"),
        (decided("Approved", {**BROKEN, "reason": " "}), GLASS, "ann", "must say why"),
        (decided("Approved", {**BROKEN, "breakGlass": False}), GLASS, "ann", "somebody else must decide"),
        ({"phase": "Pending", "votes": [BROKEN]}, GLASS, "ann", "must be Approved"),
    ):
        verdict = write(status, tenant=tenant, user=user)
        assert isinstance(verdict, Deny)
        assert why in verdict.reason


TWO = tweak(TENANT, "spec.approval.required", 2)
VOTED = {"phase": "Pending", "votes": [vote(BOB_BY_SLACK)]}


def test_whoever_voted_takes_it_back_and_nobody_else_does() -> None:
    back = {"phase": "Pending"}
    assert isinstance(write(back, before=VOTED, tenant=TWO, user="bob"), Allow)
    assert isinstance(write(back, before=VOTED, tenant=TWO, user=BOT), Allow)
    for user in ("cyd", "ann", PROVISIONER):
        verdict = write(back, before=VOTED, tenant=TWO, user=user)
        assert isinstance(verdict, Deny)
        assert "has no vote to take back" in verdict.reason
    by_kubectl = write(back, before={"phase": "Pending", "votes": [vote({"user": "cyd"})]}, tenant=TWO, user=BOT)
    assert isinstance(by_kubectl, Deny)
    assert "no Slack account of cyd is known here" in by_kubectl.reason


def test_whoever_voted_or_asked_by_kubectl_takes_it_back_in_slack_where_they_are_known_there() -> None:
    """Their account is in no record then: a tenant lists it, or lets their address count."""
    by_email = tweak(tweak(TWO, "spec.approvers", [{"user": "fay@example.com"}]), "spec.identity", {"email": True})
    by_fay = {"phase": "Pending", "votes": [vote({"user": "fay@example.com"})]}
    for email in (True, False):
        tenant = tweak(by_email, "spec.identity.email", email)
        verdict = write({"phase": "Pending"}, before=by_fay, tenant=tenant, user=BOT)
        assert isinstance(verdict, Allow) is email
        mine = asked(user="fay@example.com")
        assert isinstance(write(WITHDRAWN, old=mine, tenant=tenant, user=BOT), Allow) is email
    by_kim = {"phase": "Pending", "votes": [FOR_BOB]}
    assert isinstance(write({"phase": "Pending"}, DELEGATION, RED, before=by_kim, tenant=TWO, user=BOT), Allow)
    assert isinstance(write({"phase": "Pending"}, DELEGATION, before=by_kim, tenant=TWO, user=BOT), Deny)


def test_the_bot_takes_back_nobody_elses_vote_along_with_one() -> None:
    three = tweak(TENANT, "spec.approval.required", 3)
    both = {"phase": "Pending", "votes": [vote(BOB_BY_SLACK), vote({"user": "cyd"})]}
    verdict = write({"phase": "Pending"}, before=both, tenant=three, user=BOT)
    assert isinstance(verdict, Deny)
    assert 'status.votes: must be {"voter": {"user": "cyd"}' in verdict.reason


def test_somebody_who_voted_twice_takes_both_back() -> None:
    """They lost their role in between, and got it back."""
    three = tweak(TENANT, "spec.approval.required", 3)
    both = {"phase": "Pending", "votes": [vote(BOB_BY_SLACK), vote(BOB_BY_SLACK, at="2026-11-24T12:00:01Z")]}
    for user in (BOT, "bob"):
        assert isinstance(write({"phase": "Pending"}, before=both, tenant=three, user=user), Allow)


@pytest.mark.parametrize("decision", ["Approve", "Deny"])
def test_what_is_decided_is_not_taken_back(decision: str) -> None:
    phase = "Approved" if decision == "Approve" else "Denied"
    verdict = write({"phase": phase, "decidedAt": NOW}, before=decided(phase, vote(decision=decision)), user="bob")
    assert isinstance(verdict, Deny)
    assert "decided" in verdict.reason


# Requests that take the place of others, and what is noted while they wait.

WITHDRAWN = {"phase": "Withdrawn", "decidedAt": NOW}


def replacing(old: str = "cr-1", **more: Any) -> Any:
    return tweak(asked(name="cr-2", **more), "spec.replaces", old)


def test_a_request_is_taken_back_by_the_provisioner_for_the_one_that_replaces_it() -> None:
    status = {**WITHDRAWN, "replacedBy": "cr-2"}

    assert isinstance(write(status, replacing(), user=PROVISIONER), Allow)
    for user in ("ann", "bob", BOT):
        assert isinstance(write(status, replacing(), user=user), Deny), user


@pytest.mark.parametrize("others", [[], [asked(name="cr-2")], [replacing("cr-9")], [replacing(user="bob")]])
def test_nobodys_request_is_taken_back_for_one_that_does_not_replace_it(others: Any) -> None:
    assert isinstance(write({**WITHDRAWN, "replacedBy": "cr-2"}, *others, user=PROVISIONER), Deny)
    assert isinstance(write(WITHDRAWN, *others, user=PROVISIONER), Deny)


def test_a_request_that_is_approved_is_not_replaced_any_more() -> None:
    status = {**decided("Approved", vote()), **WITHDRAWN, "replacedBy": "cr-2"}

    assert isinstance(write(status, replacing(), before=decided("Approved", vote()), user=PROVISIONER), Deny)


@pytest.mark.parametrize(
    ("before", "stands"),
    [
        (None, False),
        (decided("Approved", vote()), False),
        (decided("Applied", vote()), False),
        (WITHDRAWN, True),
        ({**WITHDRAWN, "replacedBy": "cr-3"}, False),
        ({**WITHDRAWN, "replacedBy": "cr-2"}, True),
    ],
)
def test_a_request_that_replaces_another_is_decided_once_that_one_was_taken_back_for_it(
    before: Any, stands: bool
) -> None:
    older = asked(status=before)
    verdict = write(decided("Approved", vote()), older, old=replacing())
    waived = tweak(TENANT, "spec.approval.required", 0)
    settled = write(
        decided("Approved", waiver="no approval needed"), older, old=replacing(), user=PROVISIONER, tenant=waived
    )

    assert isinstance(verdict, Allow) is stands
    assert isinstance(settled, Allow) is stands


def test_one_that_came_too_late_is_ended_by_the_provisioner() -> None:
    late = {**WITHDRAWN, "message": "it was to replace cr-1, which is Approved already"}

    assert isinstance(write(late, asked(status=decided("Approved", vote())), old=replacing(), user=PROVISIONER), Allow)
    assert isinstance(write(late, asked(), old=replacing(), user=PROVISIONER), Deny)


ESCALATED = tweak(
    TENANT, "spec.approval.escalation", [{"after": "999h", "approvers": [{"user": "eva", "slack": "UEVA"}]}]
)
HANDED = {"step": 0, "at": NOW, "why": "NobodyReachable"}


def test_a_step_of_the_escalation_is_noted_by_the_bot_and_lets_decide() -> None:
    noted = {"phase": "Pending", "handedOn": [HANDED]}
    assert isinstance(write(noted, tenant=ESCALATED, user=BOT), Allow)

    status = {**noted, **decided("Approved", vote({"user": "eva"}))}
    assert isinstance(write(status, before=noted, tenant=ESCALATED, user="eva"), Allow)
    early = write(decided("Approved", vote({"user": "eva"})), tenant=ESCALATED, user="eva")
    assert isinstance(early, Deny)
    assert "not an approver" in early.reason


@pytest.mark.parametrize(
    ("after", "before", "user", "why"),
    [
        ([HANDED], [], "bob", "written by clusterdesk itself"),
        ([HANDED], [], PROVISIONER, "written by clusterdesk itself"),
        ([{**HANDED, "step": 1}], [], BOT, "which the tenant's escalation does not have"),
        ([{**HANDED, "at": "2026-11-24T01:00:00Z"}], [], BOT, "is noted when it happens"),
        ([], [HANDED], BOT, "only ever added to"),
    ],
)
def test_steps_are_noted_as_they_are_taken(after: Any, before: Any, user: str, why: str) -> None:
    pending = {"phase": "Pending"}
    verdict = write({**pending, "handedOn": after}, before={**pending, "handedOn": before}, tenant=ESCALATED, user=user)

    assert isinstance(verdict, Deny)
    assert why in verdict.reason


@pytest.mark.parametrize(
    "more",
    [
        {"questions": [{"asker": BOB_BY_SLACK, "words": "Why?", "at": NOW}]},
        {"reminders": [{"slack": "UBOB", "times": 1, "at": NOW}], "nextReminderAt": NOW},
        {"nudgedAt": NOW},
        {"strandedAt": NOW, "unreachable": ["UBOB"]},
    ],
)
def test_what_people_were_told_is_for_the_bot_to_note(more: Any) -> None:
    assert isinstance(write({"phase": "Pending", **more}, user=BOT), Allow)
    for user in ("ann", "bob", PROVISIONER):
        assert isinstance(write({"phase": "Pending", **more}, user=user), Deny), user


LARGE = {"above": {"vcpu": 5}, "approvers": [{"user": "dan", "slack": "UDAN"}, {"user": "eva"}]}
"""The request here is for 6 vCPU, an update's worker included."""


def large(**more: Any) -> Any:
    return tweak(TENANT, "spec.approval", {"required": 1, "large": {**LARGE, **more}})


def test_about_a_large_request_others_decide_and_as_many_as_the_tenant_says() -> None:
    one, two = large(), large(required=2)
    assert isinstance(write(decided("Approved", vote({"user": "dan"})), user="dan", tenant=one), Allow)
    assert isinstance(write(decided("Approved", vote()), tenant=one), Deny), "bob decides about smaller ones"
    assert isinstance(write(decided("Approved", vote({"user": "dan"})), user="dan", tenant=two), Deny)
    by_dan = {"phase": "Pending", "votes": [vote({"user": "dan"})]}
    assert isinstance(write(by_dan, user="dan", tenant=two), Allow)
    both = decided("Approved", vote({"user": "dan"}), vote({"user": "eva"}))
    assert isinstance(write(both, before=by_dan, user="eva", tenant=two), Allow)


def test_about_what_is_above_no_bound_the_others_have_no_say() -> None:
    small = large(above={"vcpu": 6})
    assert isinstance(write(decided("Approved", vote()), tenant=small), Allow)
    assert isinstance(write(decided("Approved", vote({"user": "dan"})), user="dan", tenant=small), Deny)


def test_a_deletion_is_as_large_as_the_cluster_that_is_there() -> None:
    gone = asked(Action.DELETE)
    by_dan, by_bob = decided("Approved", vote({"user": "dan"})), decided("Approved", vote())
    assert isinstance(write(by_dan, cluster(), old=gone, user="dan", tenant=large()), Allow)
    assert isinstance(write(by_bob, cluster(), old=gone, tenant=large()), Deny)
    one = tweak(cluster(), "spec.pools", [{"name": "md0", "flavor": "small", "replicas": 1}])
    assert isinstance(write(by_bob, one, old=gone, tenant=large()), Allow)


def test_a_deletion_of_what_cannot_be_read_any_more_can_be_decided() -> None:
    gone, unread = asked(Action.DELETE), tweak(cluster(), "spec.ofYesterday", True)
    denied = decided("Denied", vote(decision="Deny", reason="no"))
    assert isinstance(write(denied, unread, old=gone, tenant=large()), Allow)
    waived = decided("Approved", waiver="no approval needed")
    refused = write(waived, unread, old=gone, user=PROVISIONER, tenant=tweak(TENANT, "spec.approval.required", 0))
    assert isinstance(refused, Deny)
    assert "ofYesterday" not in refused.reason


@pytest.mark.parametrize(
    "tenant",
    [tweak(TENANT, "spec.approval.inSlack", False), large(approvers=[], inSlack=False)],
    ids=["all", "large"],
)
def test_what_is_not_for_slack_the_bot_cannot_approve_whoever_pressed(tenant: Any) -> None:
    refused = write(decided("Approved", vote(BOB_BY_SLACK)), user=BOT, tenant=tenant)
    assert isinstance(refused, Deny)
    assert "bob would approve it in Slack, and it is approved by kubectl only" in refused.reason
    assert isinstance(write(decided("Approved", vote()), tenant=tenant), Allow)
    denial = decided("Denied", vote(BOB_BY_SLACK, "Deny", reason="no"), message="no")
    assert isinstance(write(denial, user=BOT, tenant=tenant), Allow)


def test_no_rule_waives_what_is_large_where_nobody_is_needed_else() -> None:
    nobody = tweak(large(), "spec.approval.required", 0)
    waived = decided("Approved", waiver="no approval needed")
    assert isinstance(write(waived, user=PROVISIONER, tenant=nobody), Deny)
    assert isinstance(write(waived, user=PROVISIONER, tenant=tweak(TENANT, "spec.approval.required", 0)), Allow)
