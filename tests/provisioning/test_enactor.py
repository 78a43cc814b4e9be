"""ClusterRequests are carried on: waived, expired, done once, or failed with a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from provisioning import audit, backing, errors, giving_up, names, resources, standing
from provisioning.audit import Code, Event
from provisioning.enactor import Enactor
from provisioning.feed import Feed
from provisioning.manifest import Key, Manifest
from provisioning.queue import Queue
from tests import builders
from tests.builders import GONE, NAMESPACE, tweak
from tests.fakes.api_server import Fault
from tests.fakes.objects import Kind, Refused
from tests.provisioning.backstage import Backstage, backstage
from tests.provisioning.waiting import running, until

NAME = "cr-abcdefghij"
KEY = (NAMESPACE, NAME)
GROWN = tweak(builders.CLUSTER, "spec.pools[0].replicas", 3)["spec"]


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with backstage() as quiet:
        yield quiet


def ask(stage: Backstage, *, phase: str = "Pending", **spec: Any) -> None:
    manifest = {**builders.REQUEST, "spec": {**builders.REQUEST["spec"], **spec}}
    manifest["spec"] = {key: value for key, value in manifest["spec"].items() if value is not GONE}
    stage.put(resources.CLUSTER_REQUESTS, manifest, status={"phase": phase} if phase != "Pending" else None)


async def act(stage: Backstage, tell: audit.Tell = audit.untold) -> float | None:
    await stage.caught_up()
    return await Enactor(stage.kube, stage.landscape, now=stage.clock, tell=tell).act(KEY)


def status(stage: Backstage) -> Manifest:
    found: Manifest = stage.get(resources.CLUSTER_REQUESTS, NAME).get("status") or {}
    return found


def with_policy(stage: Backstage, **policy: Any) -> None:
    stage.put(resources.TENANTS, tweak(builders.TENANT, "spec.approval", policy))


async def test_a_request_that_needs_approval_waits_and_says_until_when(stage: Backstage) -> None:
    ask(stage)
    again = await act(stage)
    assert status(stage)["phase"] == "Pending"
    assert status(stage)["expiresAt"].endswith("Z")
    assert again is not None
    assert timedelta(hours=23) < timedelta(seconds=again) <= timedelta(hours=24, seconds=2)
    writes = stage.server.objects.last
    await act(stage)
    assert stage.server.objects.last == writes


async def test_a_tenant_that_requires_nobody_waives_every_request(stage: Backstage) -> None:
    with_policy(stage, required=0)
    ask(stage)
    await act(stage)
    assert status(stage)["phase"] == "Approved"
    assert status(stage)["waiver"] == "no approval needed"
    assert status(stage)["decidedAt"]


@pytest.mark.parametrize(("nodes", "phase"), [(3, "Approved"), (2, "Pending")])
async def test_a_rule_waives_what_fits_into_it_surge_included(stage: Backstage, nodes: int, phase: str) -> None:
    with_policy(stage, waivers=[{"name": "small ones", "actions": ["Create"], "upTo": {"nodes": nodes}}])
    ask(stage)
    await act(stage)
    assert status(stage)["phase"] == phase


@pytest.mark.parametrize(("above", "phase"), [(6, "Approved"), (5, "Pending")])
async def test_what_is_large_waits_for_people_where_nobody_is_needed_else(
    stage: Backstage, above: int, phase: str
) -> None:
    with_policy(stage, required=0, large={"above": {"vcpu": above}})
    ask(stage)
    await act(stage)
    assert status(stage)["phase"] == phase


@pytest.mark.parametrize(("lifetime", "phase"), [("48h", "Approved"), ("12h", "Pending")])
async def test_a_rule_for_extensions_waives_a_later_end_and_no_earlier_one(
    stage: Backstage, lifetime: str, phase: str
) -> None:
    with_policy(stage, waivers=[{"name": "a later end", "actions": ["Change"], "extensionsOnly": True}])
    before = {**builders.CLUSTER["spec"], "lifetime": "24h"}
    stage.cluster(tweak(builders.CLUSTER, "spec", before))
    ask(stage, action="Change", desired={**before, "lifetime": lifetime}, baseGeneration=1)
    await act(stage)
    assert status(stage)["phase"] == phase


async def test_a_deletion_is_waived_by_the_size_of_what_is_deleted(stage: Backstage) -> None:
    with_policy(stage, waivers=[{"name": "small ones", "actions": ["Delete"], "upTo": {"nodes": 3}}])
    stage.cluster()
    ask(stage, action="Delete", desired=GONE)
    await act(stage)
    assert status(stage)["waiver"] == "small ones"


def never_ready(stage: Backstage, *, initialized: bool | None = False) -> None:
    """Ann's cluster, of which it is noted whether it was ready once."""
    marks = {names.REQUESTED_BY_ANNOTATION: "ann"}
    status = None if initialized is None else {"initialized": initialized}
    stage.put(resources.TENANT_CLUSTERS, tweak(builders.CLUSTER, "metadata.annotations", marks), status=status)


@pytest.mark.parametrize(("initialized", "phase"), [(False, "Approved"), (True, "Pending"), (None, "Pending")])
async def test_who_asked_for_a_cluster_gives_it_up_alone_unless_it_was_ready_once(
    stage: Backstage, initialized: bool | None, phase: str
) -> None:
    never_ready(stage, initialized=initialized)
    ask(stage, action="Delete", desired=GONE)
    await act(stage)
    assert status(stage)["phase"] == phase
    assert status(stage).get("waiver") == (giving_up.RULE if phase == "Approved" else None)


async def test_what_became_ready_before_it_was_given_up_stays_and_the_request_says_so(stage: Backstage) -> None:
    """What the webhook says then is in its own tests."""

    def too_late(operation: str, kind: Kind, *_: Any) -> None:
        if (operation, kind.plural) == ("DELETE", resources.TENANT_CLUSTERS.plural):
            causes = [{"field": backing.FIELD, "message": giving_up.TOO_LATE}]
            raise Refused(403, "Forbidden", "1 approver must agree", causes=causes)

    never_ready(stage)
    ask(stage, action="Delete", desired=GONE)
    await act(stage)
    stage.server.objects.admission.append(too_late)
    await act(stage)
    assert (status(stage)["phase"], status(stage)["message"]) == ("Failed", giving_up.TOO_LATE)
    assert stage.there(resources.TENANT_CLUSTERS)


async def test_a_deletion_that_is_written_says_when_the_cluster_is_gone(stage: Backstage) -> None:
    def removed() -> Manifest:
        return next((c for c in status(stage)["conditions"] if c["type"] == standing.REMOVED), {})

    never_ready(stage)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"finalizers": [names.FINALIZER]}})
    ask(stage, action="Delete", desired=GONE)
    for _ in range(3):
        await act(stage)
    assert status(stage)["phase"] == "Applied"
    assert (removed()["status"], removed()["reason"]) == ("False", "Deleting")

    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"finalizers": None}})
    await act(stage)
    assert (removed()["status"], removed()["reason"]) == ("True", "Gone")

    stage.cluster()
    writes = stage.server.objects.last
    await act(stage)
    assert stage.server.objects.last == writes, "what is gone stays gone, though a younger one has its name"


async def test_the_end_of_a_cluster_is_heard_of(stage: Backstage) -> None:
    def removed() -> str:
        found = (status(stage).get("conditions") or ()) if stage.there(resources.CLUSTER_REQUESTS, NAME) else ()
        return next((str(c["status"]) for c in found if c["type"] == standing.REMOVED), "")

    requests: Queue[Key] = Queue("requests")
    others: dict[str, Any] = {name: Queue(name) for name in ("clusters", "accesses", "tenants", "catalogs")}
    enactor = Enactor(stage.kube, stage.landscape, now=stage.clock)
    never_ready(stage)
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"finalizers": [names.FINALIZER]}})
    stop = Feed(stage.landscape, requests=requests, **others).start()
    async with running(requests.work(enactor.act)):
        await stage.caught_up()
        ask(stage, action="Delete", desired=GONE)
        await until(lambda: removed() == "False")
        stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"finalizers": None}})
        await until(lambda: removed() == "True")
    stop()


async def test_a_deletion_from_before_that_was_told_says_nothing_of_it(stage: Backstage) -> None:
    ask(stage, phase="Applied", action="Delete", desired=GONE)
    await act(stage)
    assert standing.REMOVED not in {condition["type"] for condition in status(stage)["conditions"]}


async def test_a_request_nobody_decided_expires(stage: Backstage) -> None:
    ask(stage)
    stage.clock.ahead = timedelta(hours=24, seconds=1)
    await act(stage)
    assert status(stage)["phase"] == "Expired"


async def test_an_approved_creation_makes_the_cluster_and_names_the_request(stage: Backstage) -> None:
    ask(stage, phase="Approved")
    await act(stage)
    made = stage.get(resources.TENANT_CLUSTERS)
    assert made["metadata"]["annotations"] == {names.REQUEST_ANNOTATION: NAME, names.REQUESTED_BY_ANNOTATION: "ann"}
    assert made["spec"]["pools"] == builders.CLUSTER["spec"]["pools"]
    assert status(stage)["phase"] == "Applied"


async def test_a_creation_whose_answer_was_lost_is_not_done_twice(stage: Backstage) -> None:
    ask(stage, phase="Approved")
    stage.server.fail(Fault.LOST, method="POST")
    with pytest.raises(errors.Unavailable):
        await act(stage)
    assert status(stage)["phase"] == "Approved"
    await act(stage)
    assert status(stage)["phase"] == "Applied"
    assert len(stage.server.all(resources.TENANT_CLUSTERS)) == 1


async def test_a_creation_of_a_name_that_is_taken_fails(stage: Backstage) -> None:
    stage.cluster()
    ask(stage, phase="Approved")
    await act(stage)
    assert status(stage)["phase"] == "Failed"
    assert "already" in status(stage)["message"]


async def test_a_request_that_nobody_stands_behind_any_more_fails_with_that_and_nothing_around_it(
    stage: Backstage,
) -> None:
    def refused(*_: Any) -> None:
        causes = [{"field": "metadata", "message": "a long story"}, {"field": backing.FIELD, "message": "ask again"}]
        raise Refused(403, "Forbidden", "a long story", causes=causes)

    ask(stage, phase="Approved")
    await stage.caught_up()
    stage.server.objects.admission.append(
        lambda operation, kind, *_: refused() if kind.plural == "tenantclusters" else None
    )
    await act(stage)
    assert (status(stage)["phase"], status(stage)["message"]) == ("Failed", "ask again")


async def test_a_refusal_by_admission_fails_the_request_in_its_words(stage: Backstage) -> None:
    def full(*_: Any) -> None:
        raise Refused(403, "Forbidden", "the quota of tenant blue has no room for web")

    ask(stage, phase="Approved")
    await stage.caught_up()
    stage.server.objects.admission.append(
        lambda operation, kind, *_: full() if kind.plural == "tenantclusters" else None
    )
    await act(stage)
    assert status(stage)["phase"] == "Failed"
    assert "no room for web" in status(stage)["message"]


@pytest.mark.parametrize("answer", [429, 500, 503])
async def test_an_api_server_that_is_busy_or_broken_fails_nothing(stage: Backstage, answer: int) -> None:
    ask(stage, phase="Approved")
    stage.server.fail(answer, method="POST")
    with pytest.raises(errors.KubeError):
        await act(stage)
    assert status(stage)["phase"] == "Approved"


async def test_an_approved_change_replaces_the_spec_it_was_made_for(stage: Backstage) -> None:
    stage.cluster()
    ask(stage, phase="Approved", action="Change", desired=GROWN, baseGeneration=1)
    await act(stage)
    changed = stage.get(resources.TENANT_CLUSTERS)
    assert changed["spec"]["pools"][0]["replicas"] == 3
    assert changed["metadata"]["annotations"][names.REQUEST_ANNOTATION] == NAME
    assert status(stage)["phase"] == "Applied"


async def test_a_change_whose_answer_was_lost_is_seen_to_be_done(stage: Backstage) -> None:
    stage.cluster()
    ask(stage, phase="Approved", action="Change", desired=GROWN, baseGeneration=1)
    stage.server.fail(Fault.LOST, method="PUT", plural="tenantclusters")
    # The client library sends a PUT once more by itself; what it then hears is that somebody was faster.
    with pytest.raises((errors.Unavailable, errors.Conflict)):
        await act(stage)
    await act(stage)
    assert status(stage)["phase"] == "Applied"
    assert stage.get(resources.TENANT_CLUSTERS)["metadata"]["generation"] == 2


async def test_a_change_of_what_has_changed_meanwhile_fails(stage: Backstage) -> None:
    stage.cluster()
    stage.cluster(tweak(builders.CLUSTER, "spec.pools[0].replicas", 7))
    ask(stage, phase="Approved", action="Change", desired=GROWN, baseGeneration=1)
    await act(stage)
    assert status(stage)["phase"] == "Failed"
    assert "generation 2, not 1" in status(stage)["message"]
    assert stage.get(resources.TENANT_CLUSTERS)["spec"]["pools"][0]["replicas"] == 7


async def test_an_approved_deletion_deletes(stage: Backstage) -> None:
    stage.cluster()
    ask(stage, phase="Approved", action="Delete", desired=GONE)
    await act(stage)
    assert not stage.there(resources.TENANT_CLUSTERS)
    assert status(stage)["phase"] == "Applied"


async def test_a_deletion_of_what_is_gone_is_done(stage: Backstage) -> None:
    ask(stage, phase="Approved", action="Delete", desired=GONE)
    await act(stage)
    assert status(stage)["phase"] == "Applied"


async def test_a_deletion_never_takes_a_younger_cluster_of_the_same_name(stage: Backstage) -> None:
    ask(stage, phase="Approved", action="Delete", desired=GONE)
    kind = Kind(resources.TENANT_CLUSTERS.group, resources.TENANT_CLUSTERS.version, resources.TENANT_CLUSTERS.plural)
    stage.cluster()
    stage.server.objects._kept[kind][NAMESPACE, "web"]["metadata"]["creationTimestamp"] = "2099-01-01T00:00:00Z"
    await act(stage)
    assert status(stage)["phase"] == "Failed"
    assert stage.there(resources.TENANT_CLUSTERS)


UNREAD = tweak(builders.CLUSTER, "spec.ofAnOlderVersion", "and not read any more")


async def test_a_deletion_of_what_cannot_be_read_any_more_waits_for_people(stage: Backstage) -> None:
    with_policy(stage, required=0)
    stage.put(resources.TENANT_CLUSTERS, UNREAD)
    ask(stage, action="Delete", desired=GONE)
    assert await act(stage) is not None
    assert status(stage)["phase"] == "Pending"
    assert status(stage)["expiresAt"]


async def test_an_approved_deletion_of_what_cannot_be_read_any_more_is_up_to_admission(stage: Backstage) -> None:
    stage.put(resources.TENANT_CLUSTERS, UNREAD)
    ask(stage, phase="Approved", action="Delete", desired=GONE)
    await act(stage)
    assert not stage.there(resources.TENANT_CLUSTERS)
    assert status(stage)["phase"] == "Applied"


@pytest.mark.parametrize("phase", ["Applied", "Denied", "Withdrawn", "Expired", "Failed"])
async def test_what_is_settled_gets_its_conditions_and_is_left_alone(stage: Backstage, phase: str) -> None:
    ask(stage, phase=phase)
    assert await act(stage) is None
    assert status(stage)["phase"] == phase
    writes = stage.server.objects.last
    assert await act(stage) is None
    assert stage.server.objects.last == writes


def truths(stage: Backstage) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in status(stage)["conditions"]}


@pytest.mark.parametrize(
    ("phase", "ready", "reconciling", "stalled", "approved"),
    [
        ("Pending", "False", "True", "False", "Unknown"),
        ("Applied", "True", "False", "False", "True"),
        ("Denied", "False", "False", "True", "False"),
        ("Withdrawn", "False", "False", "True", "False"),
        ("Expired", "False", "False", "True", "False"),
        ("Failed", "False", "False", "True", "True"),
    ],
)
async def test_every_phase_is_told_in_conditions(
    stage: Backstage, phase: str, ready: str, reconciling: str, stalled: str, approved: str
) -> None:
    ask(stage, phase=phase)
    await act(stage)
    assert truths(stage) == {"Ready": ready, "Reconciling": reconciling, "Stalled": stalled, "Approved": approved}
    assert {condition["observedGeneration"] for condition in status(stage)["conditions"]} == {1}
    assert status(stage)["observedGeneration"] == 1


async def test_a_request_that_was_waived_and_done_says_by_which_rule(stage: Backstage) -> None:
    with_policy(stage, required=0)
    ask(stage)
    await act(stage)
    assert truths(stage)["Reconciling"] == "True"
    await act(stage)
    assert truths(stage) == {"Ready": "True", "Reconciling": "False", "Stalled": "False", "Approved": "True"}
    approved = next(c for c in status(stage)["conditions"] if c["type"] == "Approved")
    assert (approved["reason"], approved["message"]) == ("Waived", "by the rule no approval needed")


async def test_a_vote_in_the_very_moment_of_noting_wins(stage: Backstage) -> None:
    ask(stage)
    await stage.caught_up()
    enactor = Enactor(stage.kube, stage.landscape, now=stage.clock)
    stage.patch(resources.CLUSTER_REQUESTS, NAME, {"status": {"phase": "Denied"}}, "status")
    with pytest.raises(errors.Conflict):
        await enactor.act(KEY)
    assert status(stage)["phase"] == "Denied"


async def test_a_request_in_a_namespace_of_nobody_waits(stage: Backstage) -> None:
    stage.server.patch(resources.NAMESPACES, NAMESPACE, "", {"metadata": {"labels": {names.TENANT_LABEL: None}}})
    ask(stage, phase="Approved")
    await act(stage)
    assert status(stage)["phase"] == "Approved"


VOTE = {"voter": {"user": "ben"}, "decision": "Approve", "reason": "go on", "at": "2026-08-04T09:12:00Z"}


async def test_the_audit_trail_is_told_who_asked_who_agreed_and_to_what(stage: Backstage) -> None:
    ask(stage)
    stage.patch(resources.CLUSTER_REQUESTS, NAME, {"status": {"phase": "Approved", "votes": [VOTE]}}, "status")
    told: list[Event] = []
    await act(stage, told.append)
    (event,) = told
    assert (event.code, event.who, event.about) == (Code.REQUEST_APPLIED, "ann", f"{NAMESPACE}/{NAME}")
    assert event.digest == builders.REQUEST["spec"]["digest"]
    assert event.facts["votes"] == "ben Approve 2026-08-04T09:12:00Z"
    assert "go on" not in str(event)


@pytest.mark.parametrize(
    ("required", "ahead", "codes"),
    [
        (0, timedelta(), [Code.REQUEST_WAIVED]),
        (1, timedelta(hours=25), [Code.REQUEST_EXPIRED]),
        (1, timedelta(), [Code.REQUEST_MADE]),
    ],
)
async def test_the_audit_trail_is_told_once_what_was_asked_and_what_was_decided_by_rule(
    stage: Backstage, required: int, ahead: timedelta, codes: list[Code]
) -> None:
    with_policy(stage, required=required)
    ask(stage)
    stage.clock.ahead = ahead
    told: list[Event] = []
    for _ in range(2):
        await act(stage, told.append)
    assert [event.code for event in told][:1] == codes
    assert Code.REQUEST_MADE not in [event.code for event in told[1:]]


@pytest.mark.parametrize(
    ("phase", "code", "who"),
    [("Denied", Code.REQUEST_DENIED, "ben"), ("Withdrawn", Code.REQUEST_WITHDRAWN, "ann")],
)
async def test_the_audit_trail_is_told_once_of_an_end_whichever_door_it_came_by(
    stage: Backstage, phase: str, code: Code, who: str
) -> None:
    ask(stage)
    await act(stage)
    votes = [{**VOTE, "decision": "Deny"}]
    stage.patch(resources.CLUSTER_REQUESTS, NAME, {"status": {"phase": phase, "votes": votes}}, "status")
    told: list[Event] = []
    for _ in range(3):
        await act(stage, told.append)
    assert [(event.code, event.who) for event in told] == [(code, who)]


async def test_the_audit_trail_is_told_of_a_broken_glass_before_it_is_done_and_once(stage: Backstage) -> None:
    told: list[Event] = []
    ask(stage)
    voter, at = {"user": "ann", "slack": "U0ANN"}, "2026-08-03T12:00:00Z"
    vote = {"voter": voter, "decision": "Approve", "at": at, "breakGlass": True, "reason": "prod is down"}
    stage.patch(resources.CLUSTER_REQUESTS, NAME, {"status": {"phase": "Approved", "votes": [vote]}}, "status")
    await act(stage, told.append)
    assert [(event.code, event.who, event.facts["votes"]) for event in told] == [
        (Code.REQUEST_FORCED, "ann", f"ann Approve alone {at}")
    ]
    assert "prod is down" not in str(told)
    assert stage.server.get(resources.TENANT_CLUSTERS, "web", NAMESPACE) is None

    await act(stage, told.append)

    assert [event.code for event in told] == [Code.REQUEST_FORCED, Code.REQUEST_APPLIED]
    assert stage.server.get(resources.TENANT_CLUSTERS, "web", NAMESPACE) is not None


async def test_the_audit_trail_is_told_what_could_not_be_done(stage: Backstage) -> None:
    stage.cluster()
    ask(stage, phase="Approved")
    told: list[Event] = []
    await act(stage, told.append)
    assert [event.code for event in told] == [Code.REQUEST_FAILED]


AN_END = tweak(builders.CLUSTER, "spec.lifetime", "24h")


@pytest.mark.parametrize(("lifetime", "is_told"), [("48h", True), ("24h", False)])
async def test_a_later_end_that_could_not_be_written_is_told_in_the_trail_and_in_an_event(
    stage: Backstage, lifetime: str, *, is_told: bool
) -> None:
    stage.cluster(AN_END)
    # Somebody else has changed the cluster since.
    ask(stage, phase="Approved", action="Change", desired={**AN_END["spec"], "lifetime": lifetime}, baseGeneration=7)
    told: list[Event] = []

    await act(stage, told.append)

    assert status(stage)["phase"] == "Failed"
    codes = [event.code for event in told]
    assert codes == [Code.REQUEST_FAILED, *([Code.LIFETIME_FAILED] if is_told else [])]
    events = stage.server.all(resources.EVENTS, NAMESPACE)
    assert [event["reason"] for event in events] == (["LifetimeFailed"] if is_told else [])
    if is_told:
        assert (told[1].facts["lifetime"], told[1].facts["wanted"]) == ("24h", "48h")
        assert events[0]["note"].startswith(f"its lifetime stays 24h: what {NAME} asked for could not be written")


async def test_a_new_cluster_that_could_not_be_made_is_no_lifetime_that_failed(stage: Backstage) -> None:
    stage.cluster(AN_END)
    ask(stage, phase="Approved")
    told: list[Event] = []
    await act(stage, told.append)
    assert [event.code for event in told] == [Code.REQUEST_FAILED]


# A request in the place of another.

OLDER = "cr-older"


def ask_older(stage: Backstage, **status: Any) -> None:
    manifest = tweak(builders.REQUEST, "metadata.name", OLDER)
    stage.put(resources.CLUSTER_REQUESTS, manifest, status=status or None)


def older(stage: Backstage) -> Manifest:
    found: Manifest = stage.get(resources.CLUSTER_REQUESTS, OLDER).get("status") or {}
    return found


async def test_the_audit_trail_tells_an_edit_from_a_request_that_is_taken_back(stage: Backstage) -> None:
    ask_older(stage)
    ask(stage, replaces=OLDER)
    told: list[Event] = []
    for _ in range(3):
        await act(stage, told.append)
    (replaced,) = [event for event in told if event.about.endswith(OLDER)]
    assert (replaced.code, replaced.facts["replaced-by"]) == (Code.REQUEST_REPLACED, NAME)
    assert [event.facts.get("replaces") for event in told if event.about.endswith(NAME)] == [OLDER] * (len(told) - 1)


async def test_a_request_that_replaces_another_has_that_one_taken_back_first(stage: Backstage) -> None:
    with_policy(stage, required=0)
    ask_older(stage)
    ask(stage, replaces=OLDER)

    await act(stage)

    assert (older(stage)["phase"], older(stage)["replacedBy"]) == ("Withdrawn", NAME)
    assert status(stage)["phase"] == "Approved"


async def test_a_request_that_comes_too_late_to_replace_another_ends_and_says_so(stage: Backstage) -> None:
    with_policy(stage, required=0)
    ask_older(stage, phase="Approved")
    ask(stage, replaces=OLDER)

    await act(stage)

    assert older(stage)["phase"] == "Approved"
    assert status(stage)["phase"] == "Withdrawn"
    assert status(stage)["message"] == f"it was to replace {OLDER}, which is Approved already"


async def test_a_replacement_whose_answer_was_lost_goes_on_where_it_stopped(stage: Backstage) -> None:
    ask_older(stage)
    ask(stage, replaces=OLDER)
    stage.server.fail(Fault.LOST, method="PUT")
    with pytest.raises(errors.KubeError):
        await act(stage)

    await act(stage)

    assert older(stage)["replacedBy"] == NAME
    assert status(stage)["phase"] == "Pending"


async def test_an_approval_that_is_faster_than_a_replacement_counts(stage: Backstage) -> None:
    ask_older(stage)
    ask(stage, replaces=OLDER)
    await stage.caught_up()
    enactor = Enactor(stage.kube, stage.landscape, now=stage.clock)
    ask_older(stage, phase="Approved")

    with pytest.raises(errors.Conflict):
        await enactor.act(KEY)
    await act(stage)

    assert older(stage)["phase"] == "Approved"
    assert status(stage)["phase"] == "Withdrawn"
