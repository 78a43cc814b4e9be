"""What people do by a write of their own is in the audit trail: each thing by one event, and nothing of their words."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from provisioning.audit import Code, Event
from provisioning.digest import digest_of
from provisioning.model import Action, ClusterSpec
from provisioning.objects import parse
from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, TENANT_CLUSTERS
from tests.webhooks.reviews import manifest, request
from webhooks import deeds
from webhooks.decision import Allow
from webhooks.deeds import Deed
from webhooks.trusted import Trusted

TRUSTED = Trusted()
BOT, PROVISIONER = TRUSTED.bot, TRUSTED.provisioner
AT = "2026-08-03T12:00:00Z"
DIGEST = "sha256:" + "ab" * 32
BEN = {"user": "ben", "slack": "UBEN"}
VOTE = {"voter": BEN, "decision": "Approve", "reason": "looks fine", "at": AT}
ASKED = {"asker": BEN, "words": "what for?", "at": AT}
ANSWERED = {**ASKED, "answer": "for the demo", "answeredAt": "2026-08-03T12:05:00Z"}
CLUSTER = manifest(TENANT_CLUSTERS, "web", {"pools": [{"name": "md0", "flavor": "small", "replicas": 1}]})
AWAY = manifest(
    APPROVAL_DELEGATIONS,
    "omar",
    {"approver": {"user": "omar"}, "delegate": BEN, "until": "2026-08-09T00:00:00Z", "reason": "on holiday"},
)


def tweaked(found: Any, *, replicas: int | None = None, until: str = "", **meta: Any) -> Any:
    """The same object, written again by somebody."""
    new = copy.deepcopy(found)
    new["metadata"] |= {"resourceVersion": "8", **meta}
    if replicas is not None:
        new["spec"]["pools"][0]["replicas"] = replicas
    if until:
        new["spec"]["until"] = until
    return new


def asked(**status: Any) -> Any:
    spec = {"action": "Delete", "cluster": "web", "digest": DIGEST, "requester": {"user": "ann", "slack": "UANN"}}
    return manifest(CLUSTER_REQUESTS, "cr-1", spec, status=status)


def deed(resource: Any, new: Any, *, verdict: Allow | None = None, **rest: Any) -> Deed | None:
    return deeds.read(request(resource, new, **rest), verdict or Allow(), TRUSTED)


def events(*what: Any, **rest: Any) -> tuple[Event, ...]:
    found = deed(*what, **rest)
    return found.events if found else ()


def of_status(before: Any, after: Any, user: str = BOT) -> tuple[Event, ...]:
    return events(CLUSTER_REQUESTS, asked(**after), old=asked(**before), user=user, subresource="status")


def test_a_cluster_that_somebody_makes_themselves_is_told_with_the_rule_that_let_them() -> None:
    (event,) = events(TENANT_CLUSTERS, CLUSTER, verdict=Allow(audit={"approval": "small ones"}))
    spec = parse(ClusterSpec, CLUSTER["spec"])
    assert event == Event(
        Code.CLUSTER_MADE,
        who="ann",
        where="kubectl",
        about="tenant-blue/web",
        digest=digest_of(action=Action.CREATE, cluster="web", desired=spec),
        facts={"cluster": "web", "approval": "small ones", "generation": "1", "object": "uid-web"},
    )


def test_its_change_and_its_end_are_told_and_each_change_is_another_event() -> None:
    up = tweaked(CLUSTER, replicas=2, generation=2)
    down = tweaked(CLUSTER, replicas=1, generation=3)
    again = tweaked(CLUSTER, replicas=2, generation=4)
    told = [
        *events(TENANT_CLUSTERS, up, old=CLUSTER),
        *events(TENANT_CLUSTERS, down, old=up),
        *events(TENANT_CLUSTERS, again, old=down),
        *events(TENANT_CLUSTERS, None, old=again),
    ]
    assert [event.code for event in told] == [Code.CLUSTER_CHANGED] * 3 + [Code.CLUSTER_ENDED]
    assert told[0].digest == told[2].digest
    assert len(set(map(repr, told))) == 4


@pytest.mark.parametrize("user", [BOT, PROVISIONER])
def test_what_our_own_programs_write_of_a_cluster_is_told_elsewhere(user: str) -> None:
    assert events(TENANT_CLUSTERS, tweaked(CLUSTER, replicas=2), old=CLUSTER, user=user) == ()


def test_a_mark_a_dry_run_and_what_is_going_already_are_no_deeds() -> None:
    assert events(TENANT_CLUSTERS, tweaked(CLUSTER, annotations={"a": "b"}), old=CLUSTER) == ()
    assert events(TENANT_CLUSTERS, CLUSTER, dry_run=True) == ()
    assert events(TENANT_CLUSTERS, None, old=tweaked(CLUSTER, deletionTimestamp=AT)) == ()
    assert events(TENANT_CLUSTERS, None, old=CLUSTER) != ()


def test_a_delegation_is_told_when_it_is_made_changed_and_ended() -> None:
    longer = tweaked(AWAY, until="2026-08-10T00:00:00Z", generation=2)
    told = [
        *events(APPROVAL_DELEGATIONS, AWAY, user="omar"),
        *events(APPROVAL_DELEGATIONS, longer, old=AWAY, user=BOT),
        *events(APPROVAL_DELEGATIONS, None, old=longer, user="root"),
    ]
    assert [(event.code, event.who, event.where) for event in told] == [
        (Code.DELEGATION_MADE, "omar", "kubectl"),
        (Code.DELEGATION_CHANGED, "omar", "slack"),
        (Code.DELEGATION_ENDED, "root", "kubectl"),
    ]
    assert [event.facts["until"] for event in told] == [AWAY["spec"]["until"]] + ["2026-08-10T00:00:00Z"] * 2
    assert {(event.facts["approver"], event.facts["delegate"]) for event in told} == {("omar", "ben")}


def test_a_vote_is_told_with_whose_it_is_and_by_which_door() -> None:
    (by_slack,) = of_status({}, {"votes": [VOTE]})
    (by_kubectl,) = of_status({}, {"votes": [{**VOTE, "voter": {"user": "eva"}}]}, user="eva")
    assert by_slack == Event(
        Code.VOTE_CAST,
        who="ben",
        where="slack",
        about="tenant-blue/cr-1",
        digest=DIGEST,
        facts={"vote": "Approve", "at": AT, "object": "uid-cr-1"},
    )
    assert (by_kubectl.code, by_kubectl.who, by_kubectl.where) == (Code.VOTE_CAST, "eva", "kubectl")


def test_by_what_somebody_voted_is_told() -> None:
    instead = {**VOTE, "insteadOf": {"user": "omar"}, "slackGroup": "S1", "breakGlass": True}
    (event,) = of_status({}, {"votes": [instead]})
    assert (event.facts["instead-of"], event.facts["group"], event.facts["alone"]) == ("omar", "S1", "yes")


def test_a_vote_that_is_taken_back_is_told_though_nothing_of_it_is_left() -> None:
    eva = {**VOTE, "voter": {"user": "eva"}}
    (event,) = of_status({"votes": [VOTE, eva]}, {"votes": [eva]})
    assert (event.code, event.who) == (Code.VOTE_TAKEN_BACK, "ben")


def test_questions_answers_nudges_and_handing_on_are_told_by_their_own_codes() -> None:
    step = {"step": 0, "at": AT, "why": "NobodyDecided"}
    told = [
        *of_status({}, {"questions": [ASKED]}),
        *of_status({"questions": [ASKED]}, {"questions": [ANSWERED]}),
        *of_status({}, {"nudgedAt": AT}),
        *of_status({}, {"handedOn": [step]}),
    ]
    assert [(event.code, event.who, event.where) for event in told] == [
        (Code.QUESTION_ASKED, "ben", "slack"),
        (Code.QUESTION_ANSWERED, "ann", "slack"),
        (Code.REQUEST_NUDGED, "ann", "slack"),
        (Code.REQUEST_HANDED_ON, "ann", "cluster"),
    ]
    assert (told[3].facts["step"], told[3].facts["why"]) == ("0", "NobodyDecided")


def test_bookkeeping_and_phases_are_told_by_others() -> None:
    card = {"surface": "Approver", "channel": "C1", "ts": "1.0"}
    assert of_status({}, {"deliveries": [card]}) == ()
    assert of_status({"votes": [VOTE]}, {"votes": [VOTE], "phase": "Applied"}, user=PROVISIONER) == ()
    told = {"channel": "D1", "ts": "1.0"}
    assert of_status({"questions": [ASKED]}, {"questions": [{**ASKED, "told": told}]}) == ()


@pytest.mark.parametrize("kind", [TENANT_CLUSTERS, APPROVAL_DELEGATIONS], ids=lambda kind: kind.kind)
def test_of_a_collection_that_is_deleted_each_is_told_by_itself(kind: Any) -> None:
    whole = replace(request(kind, None, old=CLUSTER), old=None, name="")
    assert deeds.read(whole, Allow(), TRUSTED) is None


def test_nobodys_words_are_told() -> None:
    told = [
        *of_status({}, {"votes": [VOTE], "questions": [ANSWERED]}),
        *events(APPROVAL_DELEGATIONS, AWAY, user="omar"),
    ]
    assert len(told) == 4
    for words in ("looks fine", "what for", "the demo", "on holiday"):
        assert words not in str(told)


def test_a_write_is_stored_when_what_it_did_is_there_whatever_was_written_since() -> None:
    mine = deed(CLUSTER_REQUESTS, asked(votes=[VOTE]), old=asked(), user=BOT, subresource="status")
    assert mine is not None
    since = {**asked(votes=[VOTE], phase="Applied"), "metadata": {**asked()["metadata"], "resourceVersion": "9"}}
    assert mine.is_stored(since) is True
    lost = {**asked(votes=[{**VOTE, "voter": {"user": "eva"}}]), "metadata": since["metadata"]}
    assert mine.is_stored(lost) is False
    assert mine.is_stored(asked()) is None, "nobody has written anything yet"
    assert mine.is_stored(None) is False, "somebody deleted it"


def test_a_change_is_stored_when_its_spec_is_there_or_a_later_one() -> None:
    mine = deed(TENANT_CLUSTERS, tweaked(CLUSTER, replicas=2, generation=2), old=CLUSTER)
    assert mine is not None
    assert mine.is_stored(CLUSTER) is None
    assert mine.is_stored(tweaked(CLUSTER, replicas=2, generation=2, resourceVersion="9")) is True
    assert mine.is_stored(tweaked(CLUSTER, replicas=5, generation=3, resourceVersion="9")) is True
    assert mine.is_stored(tweaked(CLUSTER, replicas=5, generation=2)) is False, "somebody else was faster"


def test_what_is_made_and_what_is_ended_is_known_by_its_uid() -> None:
    made, ended = deed(TENANT_CLUSTERS, CLUSTER), deed(TENANT_CLUSTERS, None, old=CLUSTER)
    assert made is not None
    assert ended is not None
    other = tweaked(CLUSTER, uid="uid-of-another")
    assert [made.is_stored(each) for each in (None, CLUSTER, other)] == [None, True, False]
    assert [ended.is_stored(each) for each in (None, CLUSTER, other)] == [True, None, True]
    assert ended.is_stored(tweaked(CLUSTER, deletionTimestamp=AT)) is True
