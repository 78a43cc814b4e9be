"""Who has to agree before a TenantCluster changes, and what counts as agreement."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import backing, giving_up, unattended
from provisioning.model import Action
from provisioning.names import (
    PAUSED_ANNOTATION,
    PREVIEW_ANNOTATION,
    RECONCILE_ANNOTATION,
    REQUEST_ANNOTATION,
    REQUESTED_BY_ANNOTATION,
    TOLD_ANNOTATION,
)
from provisioning.resources import CLUSTER_ACCESSES, TENANT_CLUSTERS
from tests.webhooks.estate import CATALOG, NAMESPACE, SPEC, TENANT, WORLD, cluster, tweak
from tests.webhooks.estate import request as asked
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.approved_only import POLICY
from webhooks.trusted import Trusted

APPROVED = {
    "phase": "Approved",
    "votes": [{"voter": {"user": "bob"}, "decision": "Approve", "at": "2026-11-24T11:30:00Z"}],
}
BIGGER = tweak({"spec": SPEC}, "spec.pools.0.replicas", 3)["spec"]


def check(new: Any, *more: Any, tenant: Any = TENANT, namespace: Any = NAMESPACE, **rest: Any) -> Any:
    world = World(CATALOG, tenant, namespace, *more)
    return world.check(POLICY, request(TENANT_CLUSTERS, new, **rest))


def backed(new: Any, name: str = "cr-1") -> Any:
    return tweak(new, "metadata.annotations", {REQUEST_ANNOTATION: name})


def test_without_a_request_a_new_cluster_is_refused_and_the_way_is_shown() -> None:
    verdict = check(cluster())
    assert isinstance(verdict, Deny)
    assert "1 approver of tenant blue must agree" in verdict.reason
    assert "ClusterRequest with action Create" in verdict.reason


def test_an_approved_request_for_exactly_this_admits_it() -> None:
    assert check(backed(cluster()), asked(status=APPROVED)) == Allow(audit={"approval": "cr-1"})


def test_what_the_defaults_filled_in_since_does_not_strand_an_approved_request() -> None:
    lean = tweak(asked(desired={"pools": SPEC["pools"]}), "status", APPROVED)
    assert isinstance(check(backed(cluster()), lean), Allow)


@pytest.mark.parametrize(
    ("behind", "why"),
    [
        (asked(status={"phase": "Pending"}), "it is Pending, not Approved"),
        (asked(), "it is Pending, not Approved"),
        (asked(status={"phase": "Applied"}), "it is Applied, not Approved"),
        (asked(status={"phase": "Denied"}), "it is Denied"),
        (asked(status=APPROVED, cluster="other"), "it asks to create other"),
        (asked(status=APPROVED, desired=BIGGER), "not the one that was approved"),
        (asked(Action.DELETE, status=APPROVED), "it asks to delete web"),
        (tweak(asked(status=APPROVED), "spec.digest", "sha256:" + "0" * 64), "digest"),
        (tweak(asked(status=APPROVED), "spec.baseGeneration", 1), "generation"),
        (asked(name="cr-2", status=APPROVED), "there is no ClusterRequest cr-1"),
        (asked(status=APPROVED, namespace="tenant-red"), "there is no ClusterRequest cr-1"),
    ],
)
def test_a_request_that_is_not_this_one_does_not_stand_behind_it(behind: Any, why: str) -> None:
    verdict = check(backed(cluster()), behind)
    assert isinstance(verdict, Deny)
    assert why in verdict.reason
    assert verdict.causes[0].field == f"metadata.annotations[{REQUEST_ANNOTATION}]"


def test_a_change_needs_a_request_made_for_this_generation() -> None:
    change = asked(Action.CHANGE, desired=BIGGER, status=APPROVED)
    after = backed(cluster(spec=BIGGER))
    assert isinstance(check(after, change, old=cluster()), Allow)
    verdict = check(after, change, old=tweak(cluster(), "metadata.generation", 2))
    assert isinstance(verdict, Deny)
    assert "generation 1" in verdict.reason


def test_an_old_approval_does_not_count_twice() -> None:
    change = asked(Action.CHANGE, desired=BIGGER, status={"phase": "Applied"})
    assert isinstance(check(backed(cluster(spec=BIGGER)), change, old=cluster()), Deny)


def test_who_names_no_new_request_is_told_how_to_get_one_and_not_that_the_last_one_is_used_up() -> None:
    used = asked(status={"phase": "Applied"})
    verdict = check(backed(cluster(spec=BIGGER)), used, old=backed(cluster()))
    assert isinstance(verdict, Deny)
    assert "make a ClusterRequest with action Change" in verdict.reason
    assert "cr-1" not in verdict.reason
    other = check(backed(cluster(spec=BIGGER), "cr-2"), used, old=backed(cluster()))
    assert isinstance(other, Deny)
    assert "there is no ClusterRequest cr-2" in other.reason


def test_marks_and_what_completion_adds_need_nobody() -> None:
    marked = tweak(cluster(), "metadata.labels", {"a": "b"})
    assert check(marked, old=cluster()) == Allow()
    assert World().check(POLICY, request(TENANT_CLUSTERS, marked, old=cluster())) == Allow()
    assert check(cluster(), old=cluster(spec={"pools": SPEC["pools"]})) == Allow()


def test_a_tenant_that_needs_no_approval_has_none() -> None:
    free = tweak(TENANT, "spec.approval.required", 0)
    assert check(cluster(), tenant=free) == Allow(audit={"approval": "no approval needed"})


def test_a_waiver_admits_what_is_small_enough_and_nothing_else() -> None:
    waiver = {"name": "small ones", "actions": ["Create"], "upTo": {"nodes": 3}}
    tenant = tweak(TENANT, "spec.approval.waivers", [waiver])
    assert check(cluster(), tenant=tenant) == Allow(audit={"approval": "small ones"})
    assert isinstance(check(cluster(spec=BIGGER), tenant=tenant), Deny)
    assert isinstance(check(cluster(spec=BIGGER), tenant=tenant, old=cluster()), Deny)


def test_a_waiver_for_extensions_admits_a_later_end_and_nothing_with_it() -> None:
    waiver = {"name": "a later end", "actions": ["Change"], "extensionsOnly": True}
    tenant = tweak(TENANT, "spec.approval.waivers", [waiver])
    before = tweak(cluster(), "spec.lifetime", "24h")
    longer = tweak(before, "spec.lifetime", "48h")
    assert check(longer, tenant=tenant, old=before) == Allow(audit={"approval": "a later end"})
    assert isinstance(check(tweak(longer, "spec.pools.0.replicas", 3), tenant=tenant, old=before), Deny)
    assert isinstance(check(before, tenant=tenant, old=longer), Deny)


def test_nobody_takes_protection_off_alone_unless_a_waiver_says_that_it_is_for_this() -> None:
    protected, free = tweak(cluster(), "spec.deletionProtection", True), tweak(TENANT, "spec.approval.required", 0)
    waiver = {"name": "anything", "actions": ["Change"]}
    waived = tweak(TENANT, "spec.approval.waivers", [waiver])
    said = tweak(TENANT, "spec.approval.waivers", [{**waiver, "unprotects": True}])

    verdict = check(cluster(), tenant=free, old=protected)

    assert isinstance(verdict, Deny)
    assert "1 approver of tenant blue must agree" in verdict.reason
    assert isinstance(check(cluster(), tenant=waived, old=protected), Deny)
    assert check(cluster(), tenant=said, old=protected) == Allow(audit={"approval": "anything"})
    assert check(protected, tenant=free, old=cluster()) == Allow(audit={"approval": "no approval needed"})


def test_an_approved_request_takes_protection_off_and_ones_own_word_for_it_does_not() -> None:
    protected = tweak(cluster(), "spec.deletionProtection", True)
    own = tweak(TENANT, "spec.approval", {"required": 1, "ownRequests": True})
    by_herself = [{"voter": {"user": "ann"}, "decision": "Approve", "at": "2026-11-24T11:30:00Z"}]
    lifted = asked(Action.CHANGE, status=APPROVED)

    assert isinstance(check(backed(cluster()), lifted, tenant=own, old=protected), Allow)
    alone = tweak(lifted, "status.votes", by_herself)
    assert isinstance(check(backed(cluster()), alone, tenant=own, old=protected), Deny)


def test_a_preview_is_judged_without_approval_only_when_it_is_a_dry_run() -> None:
    preview = tweak(cluster(), "metadata.annotations", {PREVIEW_ANNOTATION: "true"})
    assert check(preview, dry_run=True) == Allow()
    assert isinstance(check(preview), Deny)
    assert isinstance(check(cluster(), dry_run=True), Deny)


def test_deletion_needs_an_approved_request_for_deletion() -> None:
    verdict = check(None, asked(Action.CREATE, status=APPROVED), old=backed(cluster()))
    assert isinstance(verdict, Deny)
    assert "ClusterRequest with action Delete" in verdict.reason
    assert isinstance(check(None, asked(Action.DELETE, status=APPROVED), old=cluster()), Allow)
    assert isinstance(check(None, asked(Action.DELETE), old=cluster()), Deny)
    assert isinstance(check(None, asked(Action.DELETE, cluster="other", status=APPROVED), old=cluster()), Deny)


def test_a_request_to_delete_an_earlier_cluster_of_that_name_does_not_count() -> None:
    reborn = tweak(cluster(), "metadata.creationTimestamp", "2026-11-24T11:30:00Z")
    assert isinstance(check(None, asked(Action.DELETE, status=APPROVED), old=reborn), Deny)


def never_ready(*, initialized: bool | None = False) -> Any:
    """Dan's cluster. Dan decides about nothing."""
    mine = tweak(cluster(), "metadata.annotations", {REQUESTED_BY_ANNOTATION: "dan"})
    return mine if initialized is None else tweak(mine, "status", {"initialized": initialized})


def test_a_cluster_that_was_never_ready_is_given_up_by_whoever_asked_for_it_or_decides() -> None:
    given_up = Allow(audit={"approval": giving_up.RULE})
    assert check(None, old=never_ready(), user="dan") == given_up
    assert check(None, old=never_ready(), user="bob") == given_up
    by_group = tweak(TENANT, "spec.approvers", [{"group": "leads"}])
    assert check(None, old=never_ready(), user="lea", groups=["leads"], tenant=by_group) == given_up
    assert isinstance(check(None, old=never_ready(), user="eve"), Deny)


@pytest.mark.parametrize("initialized", [True, None])
def test_nobody_gives_up_what_was_ready_once_or_may_have_been(initialized: bool | None) -> None:
    for user in ("dan", "bob"):
        assert isinstance(check(None, old=never_ready(initialized=initialized), user=user), Deny)


def test_what_is_protected_is_not_given_up() -> None:
    assert isinstance(check(None, old=tweak(never_ready(), "spec.deletionProtection", True), user="dan"), Deny)


def test_nobody_changes_a_cluster_alone_because_it_was_never_ready() -> None:
    assert isinstance(check(backed(tweak(never_ready(), "spec", BIGGER)), old=never_ready(), user="dan"), Deny)


def test_a_request_that_gives_up_is_carried_out_unless_the_cluster_became_ready_first() -> None:
    waived = {"phase": "Approved", "waiver": giving_up.RULE}
    theirs = tweak(asked(Action.DELETE, status=waived), "spec.requester", {"user": "dan"})
    others = tweak(theirs, "spec.requester", {"user": "eve"})
    by_us: dict[str, Any] = {"user": Trusted().provisioner}
    assert check(None, theirs, old=never_ready(), **by_us) == Allow(audit={"approval": "cr-1"})
    assert isinstance(check(None, others, old=never_ready(), **by_us), Deny)

    verdict = check(None, theirs, old=never_ready(initialized=True), **by_us)

    assert isinstance(verdict, Deny)
    assert [cause.message for cause in verdict.causes if cause.field == backing.FIELD] == [giving_up.TOO_LATE]


def test_a_cluster_whose_time_is_over_may_be_deleted() -> None:
    old = tweak(cluster(), "metadata.creationTimestamp", "2026-11-24T10:00:00Z")
    assert check(None, old=tweak(old, "spec.lifetime", "1h")) == Allow()
    assert isinstance(check(None, old=tweak(old, "spec.lifetime", "3h")), Deny)


def test_a_cluster_that_sleeps_after_its_time_may_be_deleted_when_its_sleep_is_over() -> None:
    old = tweak(tweak(cluster(), "metadata.creationTimestamp", "2026-11-24T10:00:00Z"), "spec.lifetime", "1h")
    assert check(None, old=old, tenant=tweak(TENANT, "spec.lifetime", {"hibernation": "1h"})) == Allow()
    assert isinstance(check(None, old=old, tenant=tweak(TENANT, "spec.lifetime", {"hibernation": "2h"})), Deny)


def test_the_lifetime_of_a_protected_cluster_is_no_reason_to_delete_it() -> None:
    old = tweak(tweak(cluster(), "metadata.creationTimestamp", "2026-11-24T10:00:00Z"), "spec.lifetime", "1h")
    assert isinstance(check(None, old=tweak(old, "spec.deletionProtection", True)), Deny)


def test_what_is_going_already_may_go_on() -> None:
    assert check(None, old=tweak(cluster(), "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")) == Allow()
    ending = tweak(NAMESPACE, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(None, old=cluster(), namespace=ending) == Allow()


def test_what_is_left_of_a_tenant_that_is_gone_may_be_cleared_away() -> None:
    world = World(*WORLD)
    assert world.check(POLICY, request(TENANT_CLUSTERS, None, old=cluster(namespace="nobodys"))) == Allow()
    assert isinstance(world.check(POLICY, request(TENANT_CLUSTERS, cluster(namespace="nobodys"))), Deny)


def test_the_bot_asks_and_never_does() -> None:
    free = tweak(TENANT, "spec.approval.required", 0)
    world, bot = World(CATALOG, NAMESPACE, free, cluster()), Trusted().bot
    assert isinstance(world.check(POLICY, request(TENANT_CLUSTERS, cluster("new"), user="ann")), Allow)
    changed = tweak(cluster(), "metadata.annotations", {"a": "b"})
    for new, old in ((cluster("new"), None), (changed, cluster()), (None, cluster())):
        verdict = world.check(POLICY, request(TENANT_CLUSTERS, new, old=old, user=bot))
        assert isinstance(verdict, Deny)
        assert "the bot only asks" in verdict.reason
    assert isinstance(world.check(POLICY, request(TENANT_CLUSTERS, cluster("new"), user=bot, dry_run=True)), Allow)


def test_the_bot_has_a_cluster_put_there_anew_and_changes_nothing_along_with_it() -> None:
    """Which is `/cluster retry`."""
    marked = tweak(cluster(), "metadata.annotations", {RECONCILE_ANNOTATION: "2026-11-24T12:00:00Z"})
    world, bot = World(*WORLD, cluster()), Trusted().bot
    assert world.check(POLICY, request(TENANT_CLUSTERS, marked, old=cluster(), user=bot)) == Allow()
    assert world.check(POLICY, request(TENANT_CLUSTERS, cluster(), old=marked, user=bot)) == Allow()
    for path, value in (
        ("spec.pools.0.replicas", 3),
        ("metadata.labels", {"a": "b"}),
        ("metadata.finalizers", ["a.example.org/b"]),
        ("metadata.ownerReferences", [{"kind": "ConfigMap", "name": "a"}]),
    ):
        more = request(TENANT_CLUSTERS, tweak(marked, path, value), old=cluster(), user=bot)
        assert isinstance(world.check(POLICY, more), Deny), path
    assert isinstance(world.check(POLICY, request(TENANT_CLUSTERS, marked, user=bot)), Deny)


def test_the_bot_notes_what_it_has_told_of_a_cluster_and_changes_nothing_along_with_it() -> None:
    noted = tweak(cluster(), "metadata.annotations", {TOLD_ANNOTATION: "[]"})
    world, bot = World(*WORLD, cluster()), Trusted().bot
    assert world.check(POLICY, request(TENANT_CLUSTERS, noted, old=cluster(), user=bot)) == Allow()
    more = request(TENANT_CLUSTERS, tweak(noted, "spec.pools.0.replicas", 3), old=cluster(), user=bot)
    assert isinstance(world.check(POLICY, more), Deny)


def large(**more: Any) -> Any:
    """Above 5 vCPU Dan decides; the cluster here comes to 6."""
    line = {"above": {"vcpu": 5}, "approvers": [{"user": "dan"}], **more}
    return tweak(TENANT, "spec.approval", {"required": 1, "large": line})


def by(user: str, **more: Any) -> Any:
    return {"phase": "Approved", "votes": [{"voter": {"user": user, **more}, "decision": "Approve", "at": AT}]}


AT = "2026-11-24T11:30:00Z"


def test_behind_what_is_large_stand_those_who_decide_about_that() -> None:
    assert isinstance(check(backed(cluster()), asked(status=by("dan")), tenant=large()), Allow)
    verdict = check(backed(cluster()), asked(status=by("bob")), tenant=large())
    assert isinstance(verdict, Deny)
    assert "only nobody may still decide" in verdict.reason
    (why,) = [cause.message for cause in verdict.causes if cause.field == backing.FIELD]
    assert why == "1 must agree, and of those who did only nobody may still decide; ask again"
    assert isinstance(check(backed(cluster()), asked(status=by("bob")), tenant=large(above={"vcpu": 6})), Allow)


def test_how_many_must_agree_is_told_by_the_size() -> None:
    verdict = check(cluster(), tenant=large(required=2))
    assert isinstance(verdict, Deny)
    assert "2 approvers of tenant blue must agree" in verdict.reason


def test_a_tenant_where_nobody_has_to_agree_lets_nothing_large_pass() -> None:
    nobody = tweak(large(), "spec.approval.required", 0)
    assert isinstance(check(cluster(), tenant=nobody), Deny)
    assert isinstance(check(cluster(), tenant=tweak(nobody, "spec.approval.large.above.vcpu", 6)), Allow)


def test_a_deletion_of_what_is_large_needs_those_who_decide_about_that() -> None:
    for user, verdict in (("dan", Allow), ("bob", Deny)):
        gone = asked(Action.DELETE, status=by(user))
        assert isinstance(check(None, gone, old=cluster(), tenant=large()), verdict)


def test_an_approval_from_slack_stands_behind_nothing_once_slack_is_not_for_that() -> None:
    status = by("bob", slack="UBOB")
    assert isinstance(check(backed(cluster()), asked(status=status)), Allow)
    off = tweak(TENANT, "spec.approval.inSlack", False)
    assert isinstance(check(backed(cluster()), asked(status=status), tenant=off), Deny)


def test_what_our_model_does_not_read_any_more_goes_by_the_platforms_word_or_where_nobody_has_to_agree() -> None:
    unread = tweak(tweak(cluster(), "spec.pools", []), "spec.ofYesterday", True)
    refused = check(None, old=unread)
    assert isinstance(refused, Deny)
    assert refused.reason == (
        "it was stored by an older version, and cannot be read any more; the platform may delete it"
    )
    assert check(None, old=unread, groups=("system:masters",)) == Allow()
    nobody = tweak(TENANT, "spec.approval.required", 0)
    assert check(None, old=unread, tenant=nobody) == Allow()
    assert isinstance(check(None, old=unread, tenant=tweak(large(), "spec.approval.required", 0)), Deny)
    going = tweak(unread, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(None, old=going) == Allow()
    # Whoever holds it by a finalizer may let it go. What was in it nobody knows, so nobody makes it another.
    assert check(tweak(going, "metadata.finalizers", None), old=going) == Allow()
    assert check(cluster(), old=unread, groups=("system:masters",)) == refused


def stuck(since: str = "2026-11-24T09:00:00Z", **more: Any) -> Any:
    """It failed before it was ever ready, and since then nobody has chosen what becomes of it: three hours."""
    said = {"status": "True", "message": "", "lastTransitionTime": since}
    conditions = [{"type": "Stalled", "reason": "Refused", **said}]
    conditions += [{"type": unattended.CONDITION, "reason": unattended.GIVEN_UP, **said}]
    noted = {"observedGeneration": 1, "initialized": False, "hadReadyNode": False, "conditions": conditions, **more}
    return tweak(cluster(), "status", noted)


US: dict[str, Any] = {"user": Trusted().provisioner}


def test_what_nobody_chose_about_goes_by_our_own_hand_and_by_no_other() -> None:
    assert check(None, old=stuck(), **US) == Allow()
    for user in ("mallory", Trusted().bot, Trusted().webhooks):
        assert isinstance(check(None, old=stuck(), user=user), Deny)


@pytest.mark.parametrize(
    "old",
    [
        stuck("2026-11-24T10:30:00Z"),
        stuck(initialized=True),
        stuck(initialized=None),
        stuck(hadReadyNode=True),
        stuck(conditions=[]),
        tweak(stuck(), "metadata.annotations", {PAUSED_ANNOTATION: "true"}),
        tweak(stuck(), "spec.deletionProtection", True),
        tweak(stuck(), "metadata.generation", 2),
        tweak(stuck(), "metadata.annotations", {RECONCILE_ANNOTATION: "now"}),
    ],
    ids=[
        *("too early", "was ready", "nobody knows", "had a worker", "at work", "paused", "protected", "changed"),
        "tried again",
    ],
)
def test_not_even_we_take_what_was_ready_or_what_somebody_chose_about(old: Any) -> None:
    assert isinstance(check(None, old=old, **US), Deny)


def test_not_even_we_take_what_somebody_asks_about_or_has_a_way_into() -> None:
    spec = {"cluster": "web", "user": "ann", "role": "Viewer", "request": "none", "validFor": "8h"}
    way_in = manifest(CLUSTER_ACCESSES, "web-ann", spec)
    for there in (asked(Action.CHANGE, desired=BIGGER), way_in):
        assert isinstance(check(None, there, old=stuck(), **US), Deny)
        assert check(None, tweak(there, "spec.cluster", "other"), old=stuck(), **US) == Allow()


def test_how_long_it_is_kept_is_the_tenants_to_say() -> None:
    for failed, verdict in (("1h", Allow), ("4h", Deny), ("0s", Deny)):
        tenant = tweak(TENANT, "spec.lifetime", {"failed": failed})
        assert isinstance(check(None, old=stuck(), tenant=tenant, **US), verdict)
