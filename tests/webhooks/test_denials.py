"""Whatever the webhooks refuse is in the audit trail, and a storm of it is a few lines with a number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioning.audit import Code, Event
from provisioning.resources import CLUSTER_REQUESTS, MACHINE_DEPLOYMENTS, TENANT_CLUSTERS
from tests.webhooks.reviews import manifest, request
from webhooks import denials, witness
from webhooks.decision import BROKEN, BUSY, INVALID, UNAVAILABLE, Deny
from webhooks.denials import Denials
from webhooks.review import Request

DENIAL = Deny("the quota has no room", audit={"refused-by": "tenant_quota", "tenant": "blue", "delta": "1"})
DIGEST = "sha256:" + "ab" * 32
VOTE = {"voter": {"user": "ben"}, "decision": "Approve", "reason": "fine", "at": "2026-08-03T12:00:00Z"}


@pytest.fixture
def told() -> list[Event]:
    """What the audit trail was told."""
    return []


def asked(name: str = "web", **rest: Any) -> Request:
    return request(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, name, {"pools": []}), **rest)


def voted(*votes: Any, before: tuple[Any, ...] = (), **spec: Any) -> Request:
    old, new = (
        manifest(CLUSTER_REQUESTS, "cr-1", {"digest": DIGEST, **spec}, status={"votes": list(each)})
        for each in (before, votes)
    )
    return request(CLUSTER_REQUESTS, new, old=old, subresource="status", user="system:serviceaccount:desk:bot")


def test_a_denial_is_told_with_who_and_what_and_by_which_rules() -> None:
    assert witness.denied(asked(), DENIAL) == Event(
        Code.ADMISSION_DENIED,
        who="ann",
        where="admission",
        about="tenant-blue/web",
        facts={
            "operation": "CREATE",
            "kind": "TenantCluster",
            "refused-by": "tenant_quota",
            "tenant": "blue",
            "uid": "call-1",
            "object": "uid-web",
        },
    )


def test_no_sentence_is_told_for_it_may_quote_what_somebody_wrote() -> None:
    event = witness.denied(asked(), DENIAL)
    assert event is not None
    assert "no room" not in str(event)


def test_a_vote_that_does_not_count_is_told_with_whose_it_was_and_the_digest_and_without_its_reason() -> None:
    event = witness.denied(voted(VOTE), DENIAL)
    assert event is not None
    assert (event.code, event.about, event.digest) == (Code.VOTE_REFUSED, "tenant-blue/cr-1", DIGEST)
    assert (event.facts["voter"], event.facts["vote"]) == ("ben", "Approve")
    assert event.facts["kind"] == "ClusterRequest/status"
    assert "fine" not in str(event)


def test_another_write_of_a_status_is_no_vote() -> None:
    event = witness.denied(voted(VOTE, before=(VOTE,)), DENIAL)
    assert event is not None
    assert (event.code, "voter" in event.facts) == (Code.ADMISSION_DENIED, False)


@pytest.mark.parametrize("votes", ["none", [1, "two", None], [{"voter": 7, "decision": []}]])
@pytest.mark.parametrize("digest", [DIGEST, 7, None])
def test_what_is_no_request_of_ours_is_told_all_the_same(votes: Any, digest: Any) -> None:
    new = manifest(CLUSTER_REQUESTS, "cr-1", {"digest": digest}, status={"votes": votes})
    old = manifest(CLUSTER_REQUESTS, "cr-1", {"digest": digest})
    event = witness.denied(request(CLUSTER_REQUESTS, new, old=old, subresource="status"), DENIAL)
    assert event is not None
    assert all(isinstance(each, str) for each in (event.digest, *event.facts.values()))


@pytest.mark.parametrize("code", [BUSY, UNAVAILABLE, BROKEN])
def test_who_is_told_to_come_back_was_not_refused(code: int) -> None:
    assert witness.denied(asked(), replace(DENIAL, code=code)) is None


def test_what_is_wrong_in_itself_was() -> None:
    assert witness.denied(asked(), replace(DENIAL, code=INVALID)) is not None


def test_what_was_only_tried_is_not_told() -> None:
    assert witness.denied(asked(dry_run=True), DENIAL) is None


def test_a_deletion_is_told_by_what_was_to_go() -> None:
    event = witness.denied(request(TENANT_CLUSTERS, None, old=manifest(TENANT_CLUSTERS, "web", {})), DENIAL)
    assert event is not None
    assert (event.about, event.facts["operation"], event.facts["object"]) == ("tenant-blue/web", "DELETE", "uid-web")


def test_a_storm_is_two_lines_the_second_with_how_many_more_and_the_last_of_them(told: list[Event]) -> None:
    door = Denials(told.append)
    for number in range(1000):
        door.note(asked(f"web-{number}", uid=f"call-{number}"), DENIAL)
    assert [event.about for event in told] == ["tenant-blue/web-0"]
    door.settle()
    assert [event.about for event in told] == ["tenant-blue/web-0", "tenant-blue/web-999"]
    assert (told[1].facts["times"], told[1].facts["uid"]) == ("999", "call-999")
    door.settle()
    assert len(told) == 2, "nothing happened since"


def test_in_the_next_period_the_first_is_told_at_once_again(told: list[Event]) -> None:
    door = Denials(told.append)
    door.note(asked(), DENIAL)
    door.settle()
    door.note(asked(), DENIAL)
    assert ["times" in event.facts for event in told] == [False, False]


def test_other_people_kinds_rules_and_voters_are_other_news(told: list[Event]) -> None:
    door = Denials(told.append)
    machines = request(MACHINE_DEPLOYMENTS, manifest(MACHINE_DEPLOYMENTS, "web", {}))
    other_rule = replace(DENIAL, audit={"refused-by": "cluster_shape"})
    eva = {**VOTE, "voter": {"user": "eva"}}
    for what, denial in (
        (asked(), DENIAL),
        (asked(user="ben"), DENIAL),
        (machines, DENIAL),
        (asked(), other_rule),
        (voted(VOTE), DENIAL),
        (voted(eva), DENIAL),
    ):
        door.note(what, denial)
    assert len(told) == 6


def test_no_crowd_makes_more_lines_than_there_are_sorts_to_tell_apart(told: list[Event]) -> None:
    door = Denials(told.append)
    for _ in range(2):
        for number in range(denials.SORTS + 50):
            door.note(asked(user=f"user-{number}"), DENIAL)
    assert len(told) == denials.SORTS
    door.settle()
    assert len(told) == 2 * denials.SORTS + 1
    assert (told[-1].who, told[-1].facts) == ("", {"times": "100"})
