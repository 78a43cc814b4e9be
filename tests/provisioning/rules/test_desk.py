"""The desk, as state before, what somebody does, and state after, on a small API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors, objects, request_status, room, told
from provisioning.desk import Desk
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.manifest import Manifest, Manifests
from provisioning.model import Action, ClusterRequest, Decision, Delivery, Person, Phase, TenantCluster
from provisioning.names import TOLD_ANNOTATION
from provisioning.objects import Stored, format_time
from provisioning.resources import (
    APPROVAL_DELEGATIONS,
    CATALOGS,
    CLUSTER_ACCESSES,
    CLUSTER_REQUESTS,
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from provisioning.slack_groups import SlackGroups
from provisioning.usage import Usage
from provisioning.usual import Span
from provisioning.views import INDEXES, Views
from provisioning.wish import Wish
from tests import builders
from tests.builders import ANN, BEN, CATALOG, CLEO, CLUSTER, DAVE, NAMESPACE, NOW, REQUEST, TENANT, tweak
from tests.fakes import objects as fake
from tests.fakes.api_server import ApiServer, Fault

NAME = "cr-abcdefghij"
DIGEST = REQUEST["spec"]["digest"]
GI = 2**30


class Live:
    """A lister without a cache: what the fake API server has now."""

    def __init__(self, server: ApiServer, resource: Resource) -> None:
        self._server, self._resource = server, resource

    def get(self, namespace: str, name: str) -> Manifest | None:
        return self._server.get(self._resource, name, namespace)

    def list(self, namespace: str | None = None) -> Manifests:
        return self._server.all(self._resource, namespace or "")

    def by(self, index: str, value: str) -> Manifests:
        return [manifest for manifest in self.list() if value in INDEXES[self._resource][index](manifest)]

    @property
    def changes(self) -> int:
        return self._server.objects.last

    def listen(self, _: object) -> None:
        """Nobody is told: whoever asks reads what is there."""


class Stage:
    """A server with a Catalog and the tenant blue, and a desk before it."""

    def __init__(
        self,
        server: ApiServer,
        kube: Kube,
        *,
        groups: SlackGroups | None = None,
        now: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        self.server = server
        kinds = {"catalogs": CATALOGS, "tenants": TENANTS, "clusters": TENANT_CLUSTERS, "requests": CLUSTER_REQUESTS}
        kinds |= {"hosts": CLUSTERS, "control_planes": KAMAJI_CONTROL_PLANES}
        kinds |= {"accesses": CLUSTER_ACCESSES, "delegations": APPROVAL_DELEGATIONS}
        self.desk = Desk(kube, Views(**{k: Live(server, r) for k, r in kinds.items()}), groups=groups, now=now)
        server.put(CATALOGS, CATALOG)
        self.tenant(TENANT)

    def tenant(self, manifest: Manifest, **status: Any) -> None:
        self.server.put(TENANTS, manifest, status=status or None)

    def built(self, name: str, *, minutes: int, namespace: str = NAMESPACE) -> None:
        """A cluster that took so long to come up."""
        meta = {**CLUSTER["metadata"], "name": name, "namespace": namespace, "uid": name}
        times = {"startedAt": format_time(NOW), "endedAt": format_time(NOW + timedelta(minutes=minutes))}
        status = {"steps": [{"name": "Control plane", "state": "Done", **times}]}
        self.server.put(TENANT_CLUSTERS, {**CLUSTER, "metadata": meta}, status=status)

    def asked(self, manifest: Manifest = REQUEST) -> None:
        self.server.put(CLUSTER_REQUESTS, manifest)

    def stored(self, name: str = NAME) -> ClusterRequest:
        found = self.server.get(CLUSTER_REQUESTS, name, NAMESPACE)
        assert found is not None
        return objects.read(ClusterRequest, found).it

    async def vote(self, person: Person, decision: Decision = Decision.APPROVE, digest: str = DIGEST) -> ClusterRequest:
        reason = "too dear" if decision is Decision.DENY else ""
        return (await self.desk.vote(NAMESPACE, NAME, person, decision, reason=reason, digest=digest)).it

    async def refused(self, person: Person, **how: Any) -> Reason:
        with pytest.raises(Refused) as error:
            await self.vote(person, **how)
        return error.value.reason


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with ApiServer() as server, server.kube() as kube:
        yield Stage(server, kube)


def wish(action: Action = Action.CREATE, **changes: Any) -> Wish:
    desired = None if action is Action.DELETE else builders.spec()
    content = {"person": ANN, "tenant": "blue", "namespace": NAMESPACE, "cluster": "web", "desired": desired}
    return Wish(action=action, **{**content, **changes})


# Reading.


async def test_a_slack_account_is_whose_the_tenants_say(stage: Stage) -> None:
    assert stage.desk.person("U0ANN") == ANN
    assert stage.desk.person("U0NOBODY") is None


async def test_people_see_the_tenants_they_ask_in_and_decide_for(stage: Stage) -> None:
    assert [t.meta.name for t in stage.desk.tenants_of(ANN)] == ["blue"]
    assert stage.desk.tenants_of(BEN) == ()
    assert [t.meta.name for t in stage.desk.approvals_of(BEN)] == ["blue"]
    assert stage.desk.tenants_of(DAVE) == stage.desk.approvals_of(DAVE) == ()
    stage.tenant({**TENANT, "metadata": {**TENANT["metadata"], "name": "amber"}})
    assert [t.meta.name for t in stage.desk.all_tenants()] == ["amber", "blue"]


async def test_who_is_known_by_an_address_alone_sees_the_tenants_that_let_addresses_count_and_no_others(
    stage: Stage,
) -> None:
    fay = Person(user="fay@example.com", slack="U0FAY")
    listed = tweak(TENANT, "spec.members", [{"user": "fay@example.com"}])
    stage.tenant(tweak(listed, "spec.identity", {"email": True}))
    red = tweak(tweak(listed, "metadata.name", "red"), "spec.namespaces", ["red"])
    stage.tenant(red)
    assert stage.desk.users_by_email("Fay@example.com") == {"fay@example.com"}
    assert [t.meta.name for t in stage.desk.tenants_of(fay)] == ["blue"]
    assert [t.meta.name for t in stage.desk.tenants_of(Person(user="fay@example.com"))] == ["blue", "red"]
    # Another tenant says whose the user is: then nobody else is, whatever their address.
    stage.tenant(tweak(red, "spec.members", [{"user": "fay@example.com", "slack": "U0REAL"}]))
    assert stage.desk.users_by_email("fay@example.com") == frozenset()


async def test_without_a_catalog_nothing_is_on_offer(stage: Stage) -> None:
    stage.server.remove(CATALOGS, "default")
    with pytest.raises(errors.NoCatalog):
        stage.desk.catalog()


async def test_clusters_and_requests_are_those_of_the_tenants_namespaces(stage: Stage) -> None:
    stage.asked()
    for namespace in (NAMESPACE, "elsewhere"):
        stage.server.put(TENANT_CLUSTERS, tweak(CLUSTER, "metadata.namespace", namespace))
    assert [c.key for c in stage.desk.clusters("blue")] == [(NAMESPACE, "web")]
    assert [r.key for r in stage.desk.requests("blue")] == [(NAMESPACE, NAME)]
    assert stage.desk.clusters("red") == ()


async def test_the_requests_about_one_cluster_come_oldest_first(stage: Stage) -> None:
    for hours, name in enumerate(("cr-b", "cr-a")):
        stage.server.objects.off = timedelta(hours=hours)
        stage.asked(tweak(REQUEST, "metadata.name", name))
    stage.asked(tweak(tweak(REQUEST, "metadata.name", "cr-c"), "spec.cluster", "other"))
    assert [r.meta.name for r in stage.desk.requests_about(NAMESPACE, "web")] == ["cr-b", "cr-a"]


async def test_how_long_it_usually_takes_is_told_from_everybodys_clusters_and_counted_once_a_minute() -> None:
    clock = [NOW]
    async with ApiServer() as server, server.kube() as kube:
        stage = Stage(server, kube, now=lambda: clock[0])
        for number in range(2):
            stage.built(f"web-{number}", minutes=number)
        assert stage.desk.usual().ready() is None
        stage.built("other", minutes=9, namespace="elsewhere")
        assert stage.desk.usual().ready() is None

        clock[0] += timedelta(minutes=1)

        assert stage.desk.usual().ready() == Span(timedelta(minutes=1), timedelta(minutes=9))


async def test_clusters_made_by_hand_are_told_from_ours_and_described_by_their_own_objects(stage: Stage) -> None:
    reference = {"controlPlaneRef": {"kind": "KamajiControlPlane", "name": "lab-plane"}}
    owner = {"kind": "TenantCluster", "name": "web", "uid": "u", "controller": True}
    for name, more in (("lab", {}), ("web", {"ownerReferences": [owner]})):
        stage.server.put(CLUSTERS, {"metadata": {"name": name, "namespace": NAMESPACE, **more}, "spec": reference})
    stage.server.put(CLUSTERS, {"metadata": {"name": "others", "namespace": "elsewhere"}, "spec": reference})
    plane = {"metadata": {"name": "lab-plane", "namespace": NAMESPACE}, "spec": {}}
    stage.server.put(KAMAJI_CONTROL_PLANES, plane, status={"version": "v1.34.4"})
    (found,) = stage.desk.hand_made("blue")
    assert (found.key, found.version, found.ready) == ((NAMESPACE, "lab"), "v1.34.4", False)


async def test_an_object_that_cannot_be_read_is_left_out_and_hides_no_other(stage: Stage) -> None:
    broken = tweak(tweak(CLUSTER, "metadata.name", "broken"), "spec.surprise", 1)
    stage.server.put(TENANT_CLUSTERS, broken)
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    assert [c.meta.name for c in stage.desk.clusters("blue")] == ["web"]


async def test_usage_is_what_was_published(stage: Stage) -> None:
    stage.tenant(TENANT, quota={"used": {"clusters": 1, "nodes": 3, "vcpu": 6, "memory": "12Gi"}})
    hard, used = stage.desk.usage("blue")
    assert (hard.bounds["clusters"], used) == (3, Usage(1, 3, 6000, 12 * GI))
    assert stage.desk.usage("red")[1] == Usage()


# What would happen.


async def test_a_wish_that_fits_has_no_problem_and_says_what_it_costs(stage: Stage) -> None:
    verdict = await stage.desk.preview(wish())
    assert (verdict.causes, verdict.waiver) == ((), "")
    assert (verdict.before, verdict.after) == (Usage(), builders.envelope(nodes=3, vcpu=6000, memory=12 * GI))
    assert verdict.digest == DIGEST
    assert stage.server.all(TENANT_CLUSTERS) == []


async def test_a_change_costs_the_difference(stage: Stage) -> None:
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    stage.tenant(TENANT, quota={"used": {"clusters": 2, "nodes": 5, "vcpu": 10, "memory": "20Gi"}})
    rest = Usage(clusters=1, nodes=2, vcpu=4000, memory=8 * GI)
    larger = builders.spec(pools=[{"name": "md0", "flavor": "small", "replicas": 4}])
    verdict = await stage.desk.preview(wish(Action.CHANGE, desired=larger))
    assert verdict.causes == ()
    assert verdict.after == rest + builders.envelope(nodes=5, vcpu=10_000, memory=20 * GI)


async def test_numbers_that_lag_behind_never_go_below_nothing(stage: Stage) -> None:
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    assert (await stage.desk.preview(wish(Action.DELETE))).after == Usage()


async def test_a_rule_that_makes_approval_unnecessary_is_named(stage: Stage) -> None:
    policy = {"waivers": [{"name": "small ones", "actions": ["Create"], "upTo": {"nodes": 3}}]}
    stage.tenant(tweak(TENANT, "spec.approval", policy))
    assert (await stage.desk.preview(wish())).waiver == "small ones"


async def test_what_is_large_needs_somebody_though_nobody_else_does(stage: Stage) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"required": 0, "large": {"above": {"nodes": 2}}}))
    assert (await stage.desk.preview(wish())).waiver == ""
    stage.tenant(tweak(TENANT, "spec.approval", {"required": 0, "large": {"above": {"nodes": 3}}}))
    assert (await stage.desk.preview(wish())).waiver == "no approval needed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"person": DAVE}, "tenant"),
        ({"tenant": "red"}, "tenant"),
        ({"namespace": "elsewhere"}, "metadata.namespace"),
        ({"cluster": "7"}, "metadata.name"),
        ({"desired": builders.spec(version="v1.1.1")}, "spec.version"),
        ({"action": Action.CHANGE}, "metadata.name"),
        ({"action": Action.DELETE, "desired": None}, "metadata.name"),
    ],
)
async def test_each_problem_is_told_at_its_field(stage: Stage, changes: dict[str, Any], field: str) -> None:
    verdict = await stage.desk.preview(wish(**{"action": Action.CREATE, **changes}))
    assert [cause.field for cause in verdict.causes] == [field]


async def test_all_reasons_are_told_at_once_the_quota_beside_the_name(stage: Stage) -> None:
    many = builders.spec(pools=[{"name": "md0", "flavor": "small", "replicas": 900}])
    fields = [cause.field for cause in (await stage.desk.preview(wish(cluster="7", desired=many))).causes]
    assert fields[0] == "metadata.name"
    assert set(fields[1:]) == {"spec.pools"}


async def test_a_name_that_is_taken_is_told(stage: Stage) -> None:
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    assert [c.field for c in (await stage.desk.preview(wish())).causes] == ["metadata.name"]


async def test_what_the_webhook_says_to_a_dry_run_is_passed_on(stage: Stage) -> None:
    def no_room(operation: str, kind: fake.Kind, new: Any, old: Any, dry_run: bool) -> None:
        if kind.plural == "tenantclusters":
            assert dry_run
            causes = [{"field": "spec", "message": "vCPU: asks for 6, 2 of 40 free"}]
            raise fake.Refused(403, "Forbidden", "no room", causes=causes)

    stage.server.objects.admission.append(no_room)
    (cause,) = (await stage.desk.preview(wish())).causes
    assert cause == errors.Cause("spec", "vCPU: asks for 6, 2 of 40 free")


async def test_a_change_is_tried_as_it_would_be_written_and_keeps_nothing_that_it_leaves_out(stage: Stage) -> None:
    seen: list[Any] = []

    def look(operation: str, kind: fake.Kind, new: Any, old: Any, dry_run: bool) -> None:
        assert dry_run
        seen.append(new)

    stage.server.put(TENANT_CLUSTERS, tweak(CLUSTER, "metadata.annotations", {"team": "web"}))
    stage.server.objects.admission.append(look)
    grows = builders.spec(pools=[{"name": "md0", "flavor": "small", "min": 1, "max": 3}])

    assert (await stage.desk.preview(wish(Action.CHANGE, desired=grows))).causes == ()

    (tried,) = seen
    assert tried["spec"]["pools"] == [{"name": "md0", "flavor": "small", "min": 1, "max": 3}], "and no replicas"
    assert tried["metadata"]["annotations"] == {"team": "web", "clusterdesk.dev/preview": "true"}
    stored = stage.server.get(TENANT_CLUSTERS, "web", NAMESPACE)
    assert stored is not None
    assert stored["spec"] == CLUSTER["spec"]


async def test_a_preview_that_the_server_cannot_answer_is_an_error_and_no_yes(stage: Stage) -> None:
    stage.server.fail(503, plural="tenantclusters")
    with pytest.raises(errors.Unavailable):
        await stage.desk.preview(wish())


# Room.


def full(*, reason: str = errors.NO_ROOM, operation: str = "CREATE") -> fake.Admission:
    """Admission that has no room for a cluster, or something else against it."""

    def deny(asked: str, kind: fake.Kind, new: Any, old: Any, dry_run: bool) -> None:
        if kind.plural == "tenantclusters" and asked == operation:
            assert dry_run
            causes = [{"reason": reason, "field": "spec.pools", "message": "vCPU: asks for 6, 2 of 40 free"}]
            raise fake.Refused(403, "Forbidden", "no room", causes=causes)

    return deny


async def test_where_there_is_no_room_for_a_request_any_more_is_told_with_the_numbers(stage: Stage) -> None:
    stage.asked()
    assert await stage.desk.shortage(NAMESPACE, NAME) == ()
    stage.server.objects.admission.append(full())
    (cause,) = await stage.desk.shortage(NAMESPACE, NAME)
    assert str(cause) == "spec.pools: vCPU: asks for 6, 2 of 40 free"


async def test_a_change_is_tried_for_room_as_it_would_be_written(stage: Stage) -> None:
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    stage.asked(tweak(REQUEST, "spec.action", "Change"))
    stage.server.objects.admission.append(full(operation="UPDATE"))
    assert len(await stage.desk.shortage(NAMESPACE, NAME)) == 1


async def test_what_else_is_in_the_way_is_no_want_of_room(stage: Stage) -> None:
    stage.asked()
    stage.server.objects.admission.append(full(reason="FieldValueForbidden"))
    assert await stage.desk.shortage(NAMESPACE, NAME) == ()
    stage.server.objects.admission.clear()
    stage.server.put(TENANT_CLUSTERS, CLUSTER)  # the name is taken
    assert await stage.desk.shortage(NAMESPACE, NAME) == ()


async def test_a_deletion_and_a_request_that_is_gone_need_no_room(stage: Stage) -> None:
    stage.server.objects.admission.append(full())
    assert await stage.desk.shortage(NAMESPACE, "gone") == ()
    deletion = tweak(tweak(REQUEST, "spec.action", "Delete"), "spec.desired", builders.GONE)
    stage.asked(deletion)
    assert await stage.desk.shortage(NAMESPACE, NAME) == ()


async def test_a_server_that_cannot_say_whether_there_is_room_is_an_error_and_no_yes(stage: Stage) -> None:
    stage.asked()
    stage.server.fail(503, plural="tenantclusters")
    with pytest.raises(errors.Unavailable):
        await stage.desk.shortage(NAMESPACE, NAME)


# Asking.


async def test_asking_writes_one_request_that_is_complete_and_fits_its_digest(stage: Stage) -> None:
    bare = builders.spec(version=None, addOns=None, network=None)
    await stage.desk.ask(wish(desired=bare, reason="for tests"), name=NAME)
    spec = stage.stored().spec
    assert spec.desired == builders.spec()
    assert (spec.digest, spec.requester, spec.reason, spec.base_generation) == (DIGEST, ANN, "for tests", 0)


async def test_asking_twice_is_asking_once(stage: Stage) -> None:
    first = await stage.desk.ask(wish(), name=NAME)
    assert await stage.desk.ask(wish(), name=NAME) == first
    assert len(stage.server.all(CLUSTER_REQUESTS)) == 1


async def test_asking_again_after_an_answer_that_was_lost_is_asking_once(stage: Stage) -> None:
    stage.server.fail(Fault.LOST, method="POST", plural="clusterrequests")
    with pytest.raises(errors.Unavailable):
        await stage.desk.ask(wish(), name=NAME)
    assert (await stage.desk.ask(wish(), name=NAME)).it.spec.requester == ANN
    assert len(stage.server.all(CLUSTER_REQUESTS)) == 1


@pytest.mark.parametrize("code", [403, 422])
async def test_what_is_asked_again_is_not_held_against_what_it_has_done_already(stage: Stage, code: int) -> None:
    """An edit finds the old request withdrawn for it, a new cluster finds itself."""
    first = await stage.desk.ask(wish(), name=NAME)
    stage.server.fail(code, method="POST", plural="clusterrequests")
    assert await stage.desk.ask(wish(), name=NAME) == first
    stage.server.fail(code, method="POST", plural="clusterrequests")
    with pytest.raises((errors.Forbidden, errors.Invalid)):
        await stage.desk.ask(wish(), name="cr-another")


async def test_a_change_is_bound_to_what_is_there(stage: Stage) -> None:
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    stage.server.put(TENANT_CLUSTERS, tweak(CLUSTER, "spec.lifetime", "8h"))
    await stage.desk.ask(wish(Action.CHANGE), name=NAME)
    assert stage.stored().spec.base_generation == 2


async def test_a_deletion_desires_nothing(stage: Stage) -> None:
    stage.server.put(TENANT_CLUSTERS, CLUSTER)
    await stage.desk.ask(wish(Action.DELETE), name=NAME)
    assert stage.stored().spec.desired is None


# Deciding.


async def test_an_approver_approves(stage: Stage) -> None:
    stage.asked()
    await stage.vote(BEN)
    assert stage.stored().status.phase is Phase.APPROVED
    assert [v.voter for v in stage.stored().status.votes] == [BEN]


async def test_a_denial_keeps_its_reason(stage: Stage) -> None:
    stage.asked()
    await stage.desk.vote(NAMESPACE, NAME, BEN, Decision.DENY, reason="too large", digest=DIGEST)
    assert (stage.stored().status.phase, stage.stored().status.message) == (Phase.DENIED, "too large")


@pytest.mark.parametrize("digest", ["", "s", "sha256:", DIGEST[:10], "sha256:" + "0" * 64, DIGEST + "0"])
async def test_a_vote_on_something_else_than_was_shown_does_not_count(stage: Stage, digest: str) -> None:
    stage.asked()
    assert await stage.refused(BEN, digest=digest) is Reason.CHANGED
    assert stage.stored().status.votes == ()


async def test_the_beginning_of_the_digest_is_enough(stage: Stage) -> None:
    stage.asked()
    assert (await stage.vote(BEN, digest=DIGEST[: len("sha256:") + 16])).status.phase is Phase.APPROVED


async def test_votes_that_do_not_count_leave_nothing_behind(stage: Stage) -> None:
    stage.asked()
    assert await stage.refused(ANN) is Reason.OWN_REQUEST
    assert await stage.refused(DAVE) is Reason.NOT_AN_APPROVER
    assert stage.stored().status.votes == ()
    await stage.vote(BEN)
    assert await stage.refused(BEN) is Reason.ALREADY_DECIDED
    assert len(stage.stored().status.votes) == 1


async def test_a_vote_on_what_is_gone_is_refused(stage: Stage) -> None:
    assert await stage.refused(BEN) is Reason.GONE


async def test_a_vote_in_a_namespace_of_nobody_is_refused(stage: Stage) -> None:
    stage.asked()
    stage.tenant(tweak(TENANT, "spec.namespaces", ["elsewhere"]))
    assert await stage.refused(BEN) is Reason.NOT_AN_APPROVER


async def test_of_two_at_once_both_count_and_the_second_decides(stage: Stage) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"required": 2}))
    stage.asked()
    await asyncio.gather(stage.vote(BEN), stage.vote(CLEO))
    assert stage.stored().status.phase is Phase.APPROVED
    assert {v.voter.user for v in stage.stored().status.votes} == {"ben", "cleo"}


async def test_of_ten_clicks_at_once_one_counts(stage: Stage) -> None:
    stage.asked()
    clicks = await asyncio.gather(*(stage.vote(BEN) for _ in range(10)), return_exceptions=True)
    assert any(isinstance(click, ClusterRequest) for click in clicks)
    assert all(isinstance(click, ClusterRequest | Refused) for click in clicks)
    assert len(stage.stored().status.votes) == 1


async def test_of_an_approval_and_a_denial_at_once_one_counts(stage: Stage) -> None:
    stage.asked()
    await asyncio.gather(stage.vote(BEN), stage.vote(CLEO, Decision.DENY), return_exceptions=True)
    assert len(stage.stored().status.votes) == 1


async def test_a_vote_whose_answer_was_lost_counts_once_and_is_not_held_against_the_voter(stage: Stage) -> None:
    stage.asked()
    stage.server.fail(Fault.LOST, method="PUT")
    assert (await stage.vote(BEN)).status.phase is Phase.APPROVED
    assert await stage.refused(BEN) is Reason.ALREADY_DECIDED
    assert len(stage.stored().status.votes) == 1


async def test_a_request_that_changes_all_the_time_is_given_up_in_the_end(stage: Stage) -> None:
    stage.asked()
    stage.server.fail(409, method="PUT", times=request_status.TRIES)
    with pytest.raises(errors.Throttled):
        await stage.vote(BEN)


async def test_a_request_that_goes_between_reading_and_writing_is_gone(stage: Stage) -> None:
    stage.asked()
    stage.server.fail(404, method="PUT")
    assert await stage.refused(BEN) is Reason.GONE


async def test_members_and_approvers_have_a_cluster_put_there_anew_and_nobody_else(stage: Stage) -> None:
    stage.built("web", minutes=5)
    for person in (ANN, BEN):
        await stage.desk.retry(NAMESPACE, "web", person)
    written = stage.server.get(TENANT_CLUSTERS, "web", NAMESPACE)
    assert written is not None
    assert written["metadata"]["annotations"]["clusterdesk.dev/reconcile-at"] == format_time(NOW)
    assert written["spec"] == CLUSTER["spec"]

    with pytest.raises(Refused):
        await stage.desk.retry(NAMESPACE, "web", Person(user="mallory@example.com"))
    with pytest.raises(errors.NotFound):
        await stage.desk.retry(NAMESPACE, "gone", ANN)


async def test_who_asked_takes_back_and_nobody_else(stage: Stage) -> None:
    stage.asked()
    with pytest.raises(Refused):
        await stage.desk.withdraw(NAMESPACE, NAME, BEN)
    await stage.desk.withdraw(NAMESPACE, NAME, ANN)
    assert stage.stored().status.phase is Phase.WITHDRAWN


async def test_what_is_approved_is_taken_back_while_it_waits_for_room_and_not_later(stage: Stage) -> None:
    waits = {"type": room.WAITS, "status": "True", "reason": room.NO_ROOM, "lastTransitionTime": format_time(NOW)}
    stage.server.put(CLUSTER_REQUESTS, REQUEST, status={"phase": "Approved", "conditions": []})
    with pytest.raises(Refused):
        await stage.desk.withdraw(NAMESPACE, NAME, ANN)
    stage.server.put(CLUSTER_REQUESTS, REQUEST, status={"phase": "Approved", "conditions": [waits]})
    await stage.desk.withdraw(NAMESPACE, NAME, ANN)
    assert stage.stored().status.phase is Phase.WITHDRAWN


# Cards.


def card(ts: str, **changes: str) -> Delivery:
    return Delivery.model_validate({"surface": "Approver", "channel": "C1", "ts": ts, "revision": "r1", **changes})


async def test_a_card_is_noted_once_per_place_and_replaced_when_redrawn(stage: Stage) -> None:
    stage.asked()
    for each in (card("1"), card("2", channel="C2"), card("3", surface="Requester"), card("4", revision="r2")):
        await stage.desk.record_delivery(NAMESPACE, NAME, each)
    noted = stage.stored().status.deliveries
    assert sorted(d.ts for d in noted) == ["2", "3", "4"]


async def test_noting_the_same_card_again_writes_nothing(stage: Stage) -> None:
    stage.asked()
    await stage.desk.record_delivery(NAMESPACE, NAME, card("1"))
    before = len(stage.server.asked("PUT"))
    await stage.desk.record_delivery(NAMESPACE, NAME, card("1"))
    assert len(stage.server.asked("PUT")) == before


async def test_a_vote_and_a_card_at_once_both_stay(stage: Stage) -> None:
    stage.asked()
    await asyncio.gather(stage.vote(BEN), stage.desk.record_delivery(NAMESPACE, NAME, card("1")))
    status = stage.stored().status
    assert (len(status.votes), len(status.deliveries)) == (1, 1)


async def test_a_card_that_nobody_knew_of_is_noted_where_none_stands(stage: Stage) -> None:
    stage.asked()
    await stage.desk.record_delivery(NAMESPACE, NAME, card("", revision="is_archived"))

    assert await stage.desk.card_found(NAMESPACE, NAME, card("7"))

    assert [d.ts for d in stage.stored().status.deliveries] == ["7"]


async def test_a_second_card_is_told_from_the_one_that_is_noted(stage: Stage) -> None:
    stage.asked()
    await stage.desk.record_delivery(NAMESPACE, NAME, card("1"))

    assert not await stage.desk.card_found(NAMESPACE, NAME, card("2"))
    assert await stage.desk.card_found(NAMESPACE, NAME, card("1", revision=""))

    assert [(d.ts, d.revision) for d in stage.stored().status.deliveries] == [("1", "r1")]


def cluster(stage: Stage) -> Stored[TenantCluster]:
    found = stage.server.get(TENANT_CLUSTERS, "web", NAMESPACE)
    assert found is not None
    return objects.read(TenantCluster, found)


def told_of(stage: Stage) -> list[Delivery]:
    return list(told.of(cluster(stage).meta))


async def test_what_was_told_of_a_cluster_is_noted_in_it_once_per_place(stage: Stage) -> None:
    stage.built("web", minutes=5)
    for each in (card("1", surface="News"), card("2", channel="C2"), card("3", surface="News", revision="r2")):
        await stage.desk.note_told(cluster(stage), each)
    before = len(stage.server.asked("PATCH"))

    await stage.desk.note_told(cluster(stage), card("2", channel="C2"))

    assert [(each.channel, each.ts) for each in told_of(stage)] == [("C2", "2"), ("C1", "3")]
    assert len(stage.server.asked("PATCH")) == before
    assert (stage.server.get(TENANT_CLUSTERS, "web", NAMESPACE) or {})["spec"] == CLUSTER["spec"]


async def test_two_notes_at_once_both_stay(stage: Stage) -> None:
    stage.built("web", minutes=5)
    notes = (card("1", channel="C1"), card("2", channel="C2"), card("3", channel="C3"))

    await asyncio.gather(*(stage.desk.note_told(cluster(stage), each) for each in notes))

    assert sorted(each.ts for each in told_of(stage)) == ["1", "2", "3"]


async def test_of_a_cluster_that_is_gone_or_another_one_nothing_is_noted(stage: Stage) -> None:
    stage.built("web", minutes=5)
    before = cluster(stage)
    other = replace(before, meta=replace(before.meta, uid="another"))
    gone = replace(before, meta=replace(before.meta, name="gone"))

    for each in (other, gone):
        await stage.desk.note_told(each, card("1"))

    assert told_of(stage) == []


async def test_no_more_is_noted_than_an_object_has_room_for(stage: Stage) -> None:
    standing: tuple[Delivery, ...] = ()
    for number in range(2 * told.MOST):
        line = told.line(standing, card(str(number), channel=f"C{number}"))
        standing = told.of(objects.Meta(name="web", annotations={TOLD_ANNOTATION: line}))

    assert len(standing) == told.MOST
    assert standing[-1].ts == str(2 * told.MOST - 1)
