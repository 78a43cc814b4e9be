"""A vote with kubectl: the vote is written, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.resources import CLUSTER_REQUESTS
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, tweak
from tests.webhooks.estate import request as asked
from tests.webhooks.fakes import World
from tests.webhooks.reviews import request
from webhooks.decision import Allow, Deny
from webhooks.defaults.complete_vote import DEFAULT
from webhooks.policies.four_eyes import POLICY
from webhooks.trusted import Trusted

NOW = "2026-11-24T12:00:00Z"
APPROVE = {"decision": "Approve"}
DENY = {"decision": "Deny", "reason": "too dear"}
TWO = tweak(TENANT, "spec.approval.required", 2)


def by_hand(patch: Any, *, before: Any = None, user: str = "bob", tenant: Any = TENANT, groups: Any = ()) -> Any:
    """The request after a merge patch of its status, before and after it was completed: and what the policy says."""
    old = asked(status=before or {"phase": "Pending"})
    world = World(CATALOG, NAMESPACE, tenant)
    how = {"old": old, "subresource": "status", "user": user, "groups": groups}
    new = {**old, "status": {**old["status"], **patch}}
    done = world.complete(DEFAULT, request(CLUSTER_REQUESTS, new, **how))
    assert world.complete(DEFAULT, request(CLUSTER_REQUESTS, done, **how)) == done  # twice is once
    return done["status"], world.check(POLICY, request(CLUSTER_REQUESTS, done, **how))


def test_the_one_vote_that_was_missing_decides() -> None:
    status, verdict = by_hand({"votes": [APPROVE]})
    assert status == {
        "phase": "Approved",
        "votes": [{"voter": {"user": "bob"}, "decision": "Approve", "at": NOW}],
        "decidedAt": NOW,
    }
    assert isinstance(verdict, Allow)


def test_a_denial_decides_and_its_reason_is_the_requests_message() -> None:
    status, verdict = by_hand({"votes": [DENY]})
    assert (status["phase"], status["message"], status["decidedAt"]) == ("Denied", "too dear", NOW)
    assert isinstance(verdict, Allow)


def test_the_votes_of_others_stay_though_a_merge_patch_replaces_the_list() -> None:
    first, verdict = by_hand({"votes": [APPROVE]}, tenant=TWO)
    assert isinstance(verdict, Allow)
    assert first["phase"] == "Pending"
    assert "decidedAt" not in first
    second, verdict = by_hand({"votes": [APPROVE]}, before=first, user="cyd", tenant=TWO)
    assert [vote["voter"]["user"] for vote in second["votes"]] == ["bob", "cyd"]
    assert second["phase"] == "Approved"
    assert isinstance(verdict, Allow)


def test_the_group_by_which_somebody_decides_is_noted() -> None:
    tenant = tweak(TENANT, "spec.approvers", [{"group": "leads"}])
    status, verdict = by_hand({"votes": [APPROVE]}, user="lea", tenant=tenant, groups=["everybody", "leads"])
    assert status["votes"][0]["group"] == "leads"
    assert isinstance(verdict, Allow)


@pytest.mark.parametrize(
    ("user", "why"),
    [("ann", "ann asked for it, and somebody else must decide"), ("eve", "eve is not an approver of this tenant")],
)
def test_a_vote_that_does_not_count_is_refused_with_the_reason(user: str, why: str) -> None:
    status, verdict = by_hand({"votes": [APPROVE]}, user=user)
    assert status["phase"] == "Pending"
    assert isinstance(verdict, Deny)
    assert why in verdict.reason


def test_a_second_vote_of_the_same_person_is_refused_with_the_reason() -> None:
    first, _ = by_hand({"votes": [APPROVE]}, tenant=TWO)
    _, verdict = by_hand({"votes": [DENY]}, before=first, tenant=TWO)
    assert isinstance(verdict, Deny)
    assert "has voted already" in verdict.reason


def test_what_was_written_is_not_put_right_but_refused() -> None:
    for vote, more in (
        ({**APPROVE, "voter": {"user": "cyd"}}, {}),
        ({**APPROVE, "at": "2026-11-24T01:00:00Z"}, {}),
        (APPROVE, {"phase": "Denied"}),
        (APPROVE, {"phase": "Applied"}),
        (APPROVE, {"decidedAt": "2020-01-01T00:00:00Z"}),
    ):
        status, verdict = by_hand({"votes": [vote], **more})
        assert {**vote, **more}.items() <= {**status, **status["votes"][0]}.items()
        assert isinstance(verdict, Deny), (vote, more)


def test_taking_a_request_back_needs_its_phase_only() -> None:
    status, verdict = by_hand({"phase": "Withdrawn"}, user="ann")
    assert status == {"phase": "Withdrawn", "decidedAt": NOW}
    assert isinstance(verdict, Allow)
    _, verdict = by_hand({"phase": "Withdrawn"}, user="bob")
    assert isinstance(verdict, Deny)


def test_taking_back_what_waits_for_room_needs_its_phase_only_and_is_of_now() -> None:
    waits = {"type": "WaitsForRoom", "status": "True", "reason": "QuotaExceeded", "lastTransitionTime": NOW}
    before = {"phase": "Approved", "decidedAt": "2026-11-24T10:00:00Z", "conditions": [waits]}
    status, verdict = by_hand({"phase": "Withdrawn"}, user="ann", before=before)
    assert status == {**before, "phase": "Withdrawn", "decidedAt": NOW}
    assert isinstance(verdict, Allow)


@pytest.mark.parametrize("user", [Trusted().bot, Trusted().provisioner])
def test_our_own_programs_are_left_alone(user: str) -> None:
    old = asked(status={"phase": "Pending"})
    new = {**old, "status": {"phase": "Pending", "votes": [APPROVE]}}
    asking = request(CLUSTER_REQUESTS, new, old=old, subresource="status", user=user)
    assert World(CATALOG, NAMESPACE, TENANT).complete(DEFAULT, asking) == new


@pytest.mark.parametrize("patch", [{"votes": "x"}, {"votes": ["x"]}, {"votes": [APPROVE, DENY]}, {"votes": [{}]}])
def test_what_is_no_single_vote_is_left_to_validation(patch: Any) -> None:
    old = asked(status={"phase": "Pending"})
    new = {**old, "status": {**old["status"], **patch}}
    asking = request(CLUSTER_REQUESTS, new, old=old, subresource="status", user="bob")
    done = World(CATALOG, NAMESPACE, TENANT).complete(DEFAULT, asking)
    assert done["status"]["phase"] == "Pending"


_WRITTEN = st.fixed_dictionaries(
    {},
    optional={
        "phase": st.sampled_from(["Pending", "Approved", "Denied", "Withdrawn", "Applied"]),
        "votes": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "voter": st.sampled_from([{"user": "bob"}, {"user": "cyd"}, {"user": "bob", "slack": "UBOB"}, 1]),
                    "decision": st.sampled_from(["Approve", "Deny", "Dance"]),
                    "at": st.sampled_from([NOW, "yesterday"]),
                    "reason": st.sampled_from(["", "too dear"]),
                },
            ),
            max_size=3,
        ),
        "decidedAt": st.just(NOW),
        "message": st.text(max_size=3),
    },
)


@given(patch=_WRITTEN, user=st.sampled_from(["ann", "bob", "cyd", "eve"]), required=st.integers(1, 2))
def test_twice_is_once_and_every_vote_that_was_written_is_still_there(patch: Any, user: str, required: int) -> None:
    tenant = tweak(TENANT, "spec.approval.required", required)
    old = asked(status={"phase": "Pending"})
    new = {**old, "status": {**old["status"], **patch}}
    world, how = World(CATALOG, NAMESPACE, tenant), {"old": old, "subresource": "status", "user": user}
    done = world.complete(DEFAULT, request(CLUSTER_REQUESTS, new, **how))
    assert world.complete(DEFAULT, request(CLUSTER_REQUESTS, done, **how)) == done
    for before, after in zip(patch.get("votes", ()), done["status"].get("votes", ()), strict=True):
        assert before.items() <= after.items()
    assert (done["spec"], done["metadata"]) == (new["spec"], new["metadata"])


def test_what_follows_from_a_vote_on_a_large_request_is_what_the_tenant_says_of_those() -> None:
    line = {"above": {"vcpu": 5}, "required": 2, "approvers": [{"user": "dan"}, {"user": "eva"}]}
    large = tweak(TENANT, "spec.approval", {"required": 1, "large": line})
    first, verdict = by_hand({"votes": [APPROVE]}, user="dan", tenant=large)
    assert isinstance(verdict, Allow)
    assert first["phase"] == "Pending"
    second, verdict = by_hand({"votes": [APPROVE]}, before=first, user="eva", tenant=large)
    assert isinstance(verdict, Allow)
    assert second["phase"] == "Approved"
    assert isinstance(by_hand({"votes": [APPROVE]}, tenant=large)[1], Deny)
