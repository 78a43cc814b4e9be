"""People get a certificate once and a role while it lasts, and lose it when told to, whatever the tenant does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import kubernetes_asyncio.client as library
import pytest
import pytest_asyncio
from cryptography import x509
from structlog.testing import capture_logs

from provisioning import errors, resources
from provisioning.access_keeper import FINALIZER, LOOK, RETRY, AccessKeeper
from provisioning.audit import Code, Event
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.objects import parse_time
from tests.builders import NAMESPACE
from tests.fakes.api_server import Fault
from tests.provisioning import accesses
from tests.provisioning.accesses import access
from tests.provisioning.backstage import Backstage, at_work, backstage
from tests.provisioning.waiting import until

WEB = (NAMESPACE, "web")


@dataclass
class Tenants:
    """The roles in tenants, as somebody in there would see them; `silent` says why nobody answers."""

    silent: str = ""
    looks: int = 0
    roles: dict[Key, list[tuple[str, str]]] = field(default_factory=dict)

    async def bring(self, key: Key, wanted: Sequence[Manifest], *, cluster_uid: str) -> str:
        self.looks += 1
        if not self.silent:
            self.roles[key] = sorted((one["subjects"][0]["name"], one["roleRef"]["name"]) for one in wanted)
        return self.silent


@dataclass
class Bench:
    """One cluster with an authority, and a keeper that looks when it is told to."""

    stage: Backstage
    tenants: Tenants
    keeper: AccessKeeper
    monotonic: list[float]
    told: list[Event]
    """What the audit trail was told."""

    async def look(self, times: int = 1) -> float | None:
        again = None
        for _ in range(times):
            await self.stage.caught_up()
            again = await self.keeper.act(WEB)
        return again

    async def settle(self) -> float | None:
        """Held, issued, bound."""
        return await self.look(3)

    def make(self, name: str = "ann-web", **spec: Any) -> None:
        self.stage.put(resources.CLUSTER_ACCESSES, access(name, **spec))

    def access(self, name: str = "ann-web") -> Manifest:
        return self.stage.get(resources.CLUSTER_ACCESSES, name)

    def there(self, name: str = "ann-web") -> bool:
        return self.stage.there(resources.CLUSTER_ACCESSES, name)

    def status(self, name: str = "ann-web") -> Manifest:
        found: Manifest = self.access(name).get("status") or {}
        return found

    def condition(self, type_: str = "Ready", name: str = "ann-web") -> tuple[str, str, str]:
        (found,) = (c for c in self.status(name)["conditions"] if c["type"] == type_)
        return found["status"], found["reason"], found["message"]

    def certificate(self, name: str = "ann-web") -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.status(name)["certificate"].encode())

    def revoke(self, name: str = "ann-web") -> None:
        self.stage.patch(resources.CLUSTER_ACCESSES, name, {"spec": {"revoked": True}})

    def delete(self, name: str = "ann-web") -> None:
        self.stage.server.remove(resources.CLUSTER_ACCESSES, name, NAMESPACE)

    def members(self, *subjects: Manifest) -> None:
        """Who belongs to the tenant from now on, beside its approvers."""
        self.stage.server.patch(resources.TENANTS, "blue", "", {"spec": {"members": list(subjects)}})

    def later(self, by: timedelta) -> None:
        self.stage.clock.ahead += by
        self.monotonic[0] += by.total_seconds()

    @property
    def roles(self) -> list[tuple[str, str]]:
        return self.tenants.roles.get(WEB, [])


class Held(Kube):
    """A connection whose first reads wait at a gate."""

    def __init__(self, api: library.ApiClient) -> None:
        super().__init__(api)
        self.reading, self.gate = asyncio.Event(), asyncio.Event()

    async def find(self, resource: resources.Resource, name: str, *, namespace: str = "") -> Manifest | None:
        self.reading.set()
        await self.gate.wait()
        return await super().find(resource, name, namespace=namespace)


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    async with backstage() as stage:
        stage.cluster()
        stage.put(resources.CLUSTERS, accesses.HOST)
        stage.put(resources.SECRETS, accesses.authority_secret())
        stage.put(resources.SECRETS, accesses.kubeconfig_secret())
        tenants, monotonic, told = Tenants(), [1000.0], list[Event]()
        keeper = AccessKeeper(
            stage.kube,
            stage.landscape,
            roles=tenants,
            now=stage.clock,
            clock=lambda: monotonic[0],
            tell=told.append,
        )
        yield Bench(stage, tenants, keeper, monotonic, told)


async def test_a_request_becomes_a_certificate_and_a_role(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    made = bench.certificate()
    assert made.public_key() == accesses.KEY.public_key()
    assert made.subject.rfc4514_string() == "CN=ann,O=clusterdesk:viewer"
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(accesses.AUTHORITY))
    assert bench.roles == [("ann", "view")]
    assert bench.condition() == ("True", "Issued", "")
    assert bench.status()["server"] == "https://192.0.2.7:6443"
    assert bench.status()["authority"].encode() == accesses.AUTHORITY
    lasts = parse_time(bench.status()["expiresAt"]) - parse_time(bench.status()["issuedAt"])
    assert lasts == timedelta(hours=2)


async def test_an_administrator_gets_the_administrators_role(bench: Bench) -> None:
    bench.make(role="Admin")
    await bench.settle()
    assert bench.certificate().subject.rfc4514_string() == "CN=ann,O=clusterdesk:admin"
    assert bench.roles == [("ann", "cluster-admin")]


async def test_no_key_is_ever_in_the_object(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    assert "PRIVATE" not in str(bench.access())
    assert "the admin's own" not in str(bench.access())


async def test_the_certificate_is_there_before_the_role(bench: Bench) -> None:
    """So that an access without a certificate never has a binding that somebody would have to take away."""
    bench.make()
    await bench.look(2)
    assert bench.status()["certificate"]
    assert bench.condition()[:2] == ("False", "Waiting")
    assert bench.roles == []


async def test_nothing_is_written_once_all_is_well_and_the_tenant_is_asked_every_ten_minutes(bench: Bench) -> None:
    bench.make()
    again = await bench.settle()
    assert again == LOOK
    last, looks = bench.stage.server.objects.last, bench.tenants.looks
    await bench.look(3)
    assert (bench.stage.server.objects.last, bench.tenants.looks) == (last, looks)
    bench.tenants.roles.clear()  # Somebody in the tenant deleted the binding.
    bench.later(timedelta(minutes=10))
    await bench.look()
    assert bench.roles == [("ann", "view")]


async def test_one_request_never_gets_two_certificates(bench: Bench) -> None:
    bench.make()
    await bench.look()
    await bench.stage.caught_up()
    results = await asyncio.gather(bench.keeper.act(WEB), bench.keeper.act(WEB), return_exceptions=True)
    assert sum(isinstance(result, errors.Conflict) for result in results) == 1
    first = bench.certificate()
    await bench.look(2)
    assert bench.certificate() == first


async def test_who_comes_late_does_not_issue_again_however_fresh_its_sight(bench: Bench) -> None:
    """Two leaders for a moment: what one of them wrote must not pass for what the other had read."""
    bench.make()
    await bench.look()
    await bench.stage.caught_up()
    kube = Held(library.ApiClient(library.Configuration(host=bench.stage.server.url)))
    async with kube:
        late = AccessKeeper(kube, bench.stage.landscape, roles=bench.tenants, now=bench.stage.clock)
        looking = asyncio.create_task(late.act(WEB))
        await kube.reading.wait()
        await bench.look()
        await bench.stage.caught_up()
        first = bench.certificate()
        kube.gate.set()
        with pytest.raises(errors.Conflict):
            await looking
    assert bench.certificate() == first


async def test_an_answer_that_is_lost_changes_nothing(bench: Bench) -> None:
    bench.make()
    await bench.look()
    bench.stage.server.fail(Fault.LOST, method="PUT", plural="clusteraccesses")
    with pytest.raises(errors.KubeError):
        await bench.look()
    first = bench.certificate()
    await bench.look(2)
    assert bench.certificate() == first
    assert bench.condition() == ("True", "Issued", "")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"request": "hello"}, "no certificate request"),
        ({"user": "system:admin", "group": "guests"}, "Kubernetes' own"),
        ({"user": "ü" * 40, "group": "guests"}, "64 bytes"),
    ],
)
async def test_what_no_certificate_is_made_of_is_said_for_good(bench: Bench, spec: Manifest, words: str) -> None:
    bench.members({"user": "ann"}, {"group": "guests"})
    bench.make(**spec)
    await bench.settle()
    status, reason, message = bench.condition()
    assert (status, reason) == ("False", "Refused")
    assert words in message
    assert bench.condition("Stalled")[0] == "True"
    again = await bench.look()
    assert again is not None
    assert again > 23 * 3600, "nobody asks anything of what was refused"
    assert bench.tenants.looks == 0
    bench.later(timedelta(hours=25))
    await bench.look(2)
    assert not bench.there()


@pytest.mark.parametrize("missing", ["web-ca", "web-kubeconfig"])
async def test_a_cluster_that_comes_up_is_waited_for(bench: Bench, missing: str) -> None:
    bench.stage.server.remove(resources.SECRETS, missing, NAMESPACE)
    bench.make()
    assert await bench.settle() == RETRY
    assert bench.condition() == ("False", "Waiting", "the cluster has no API server yet")
    assert bench.condition("Reconciling")[0] == "True"
    bench.stage.put(resources.SECRETS, accesses.authority_secret())
    bench.stage.put(resources.SECRETS, accesses.kubeconfig_secret())
    await bench.settle()
    assert bench.condition()[0] == "True"


async def test_an_authority_that_cannot_sign_is_said_and_waited_for(bench: Bench) -> None:
    bench.stage.patch(resources.SECRETS, "web-ca", {"data": {"tls.key": "AAAA"}})
    bench.make()
    assert await bench.settle() == RETRY
    assert bench.condition() == ("False", "Waiting", "its certificate authority cannot be read")


async def test_a_cluster_asleep_is_waited_for_without_asking_it(bench: Bench) -> None:
    bench.stage.patch(resources.TENANT_CLUSTERS, "web", {"status": {"asleepSince": "2026-08-03T12:00:00Z"}}, "status")
    bench.make()
    assert await bench.settle() is None
    assert bench.condition() == ("False", "Waiting", "the cluster hibernates; this goes on once it is awake")
    assert bench.tenants.looks == 0
    bench.stage.patch(resources.TENANT_CLUSTERS, "web", {"status": {"asleepSince": None}}, "status")
    await bench.settle()
    assert bench.condition()[0] == "True"


async def test_validity_is_cut_to_the_tenants_cap_and_the_clusters_own_end(bench: Bench) -> None:
    bench.stage.server.patch(resources.TENANTS, "blue", "", {"spec": {"access": {"longest": "1h"}}})
    bench.make("capped", validFor="9h")
    await bench.settle()
    status = bench.status("capped")
    assert parse_time(status["expiresAt"]) - parse_time(status["issuedAt"]) == timedelta(hours=1)
    bench.stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"lifetime": "30m"}})
    created = parse_time(bench.stage.get(resources.TENANT_CLUSTERS)["metadata"]["creationTimestamp"])
    bench.make("short", validFor="9h")
    await bench.settle()
    assert parse_time(bench.status("short")["expiresAt"]) == created + timedelta(minutes=30)


async def test_an_access_to_a_cluster_that_is_not_there_says_so(bench: Bench) -> None:
    bench.stage.put(resources.CLUSTER_ACCESSES, access(cluster="nowhere"))
    await bench.stage.caught_up()
    await bench.keeper.act((NAMESPACE, "nowhere"))
    assert bench.condition() == ("False", "Refused", "there is no cluster nowhere in this namespace")


async def test_revoking_takes_the_role_away_and_says_so(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.revoke()
    await bench.look()
    assert bench.roles == []
    assert bench.condition() == ("False", "Revoked", "")
    assert bench.condition("Stalled")[0] == "True"
    looks = bench.tenants.looks
    bench.later(timedelta(hours=1))
    await bench.look()
    assert bench.tenants.looks == looks, "a tenant without living accesses is not asked any more"


async def test_who_has_two_accesses_keeps_the_role_of_the_other(bench: Bench) -> None:
    bench.make("one", role="Admin")
    bench.make("two")
    await bench.settle()
    assert bench.roles == [("ann", "cluster-admin"), ("ann", "view")]
    bench.revoke("one")
    await bench.look()
    assert bench.roles == [("ann", "view")]
    assert bench.condition(name="two") == ("True", "Issued", "")


async def test_its_end_takes_the_role_away_and_a_day_later_the_object_goes(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.later(timedelta(hours=1, minutes=55))
    again = await bench.look()
    assert again is not None
    assert again < 302, "the end itself is looked at, not the next round"
    bench.later(timedelta(minutes=6))
    await bench.look()
    assert bench.roles == []
    assert bench.condition() == ("False", "Expired", "")
    bench.later(timedelta(hours=23))
    await bench.look()
    assert bench.there()
    bench.later(timedelta(hours=1, minutes=1))
    await bench.look(2)
    assert not bench.there()


async def test_deleting_takes_the_role_away_before_the_object_goes(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.delete()
    assert bench.there()
    assert FINALIZER in bench.access()["metadata"]["finalizers"]
    await bench.look()
    assert bench.roles == []
    assert not bench.there()


async def test_a_tenant_that_does_not_answer_holds_a_deletion_until_the_certificate_has_ended(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.tenants.silent = "the cluster's API server does not answer"
    bench.delete()
    assert await bench.look() == RETRY
    assert bench.there()
    bench.later(timedelta(hours=2, minutes=1))
    await bench.look()
    assert not bench.there()


async def test_an_access_without_a_certificate_goes_at_once(bench: Bench) -> None:
    bench.stage.server.remove(resources.SECRETS, "web-ca", NAMESPACE)
    bench.make()
    await bench.settle()
    bench.tenants.silent = "the cluster's API server does not answer"
    bench.delete()
    await bench.look()
    assert not bench.there()


async def test_a_tenant_that_does_not_answer_takes_nothing_from_who_is_in(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.tenants.silent = "the cluster's API server does not answer"
    bench.later(timedelta(minutes=11))
    assert await bench.look() == RETRY
    assert bench.condition() == ("True", "Issued", "")
    bench.revoke()
    await bench.look()
    assert bench.condition() == ("False", "Revoked", "the cluster's API server does not answer")
    assert bench.condition("Reconciling")[0] == "True"
    bench.tenants.silent = ""
    await bench.look()
    assert bench.condition() == ("False", "Revoked", "")


@pytest.mark.parametrize("deleted_first", [True, False])
async def test_with_the_cluster_its_accesses_go(bench: Bench, deleted_first: bool) -> None:
    bench.make()
    await bench.settle()
    bench.tenants.silent = "the cluster's API server does not answer"
    if deleted_first:
        bench.delete()
        await bench.look()
        assert bench.there()
    bench.stage.server.remove(resources.CLUSTERS, "web", NAMESPACE)
    bench.stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    await bench.look()
    assert not bench.there()


async def test_a_new_cluster_of_the_same_name_owes_old_accesses_nothing(bench: Bench) -> None:
    bench.stage.server.objects.collect_garbage = False
    bench.make()
    await bench.settle()
    bench.stage.server.remove(resources.CLUSTERS, "web", NAMESPACE)
    bench.stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    bench.stage.cluster()
    await bench.look()
    assert bench.roles == []
    bench.delete()
    await bench.look()
    assert not bench.there()


async def test_who_takes_the_finalizer_off_does_not_keep_the_role(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.stage.patch(resources.CLUSTER_ACCESSES, "ann-web", {"metadata": {"finalizers": None}})
    bench.delete()
    assert not bench.there()
    await bench.look()
    assert bench.roles == []


@pytest.mark.parametrize("other", ["in", "revoked"])
async def test_nor_do_they_while_somebody_else_has_an_access(bench: Bench, other: str) -> None:
    bench.make()
    bench.members({"user": "ann"}, {"user": "bob"})
    bench.make("bob-web", user="bob")
    await bench.settle()
    if other == "revoked":
        bench.revoke("bob-web")
        await bench.settle()
    bench.stage.patch(resources.CLUSTER_ACCESSES, "ann-web", {"metadata": {"finalizers": None}})
    bench.delete()
    await bench.look()
    assert not bench.there()
    assert bench.roles == ([("bob", "view")] if other == "in" else [])


async def test_a_cluster_made_by_hand_lets_people_in_as_well(bench: Bench) -> None:
    bench.stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)
    bench.stage.put(resources.CLUSTERS, accesses.HOST)
    bench.make()
    await bench.settle()
    assert bench.roles == [("ann", "view")]
    (owner,) = bench.access()["metadata"]["ownerReferences"]
    assert owner["kind"] == "Cluster"


async def test_an_end_is_told_even_if_the_tenant_never_answers_again(bench: Bench) -> None:
    bench.make("revoked")
    bench.make("ends")
    await bench.settle()
    bench.tenants.silent = "the cluster's API server does not answer"
    with capture_logs() as lines:
        bench.revoke("revoked")
        bench.delete("revoked")
        bench.delete("ends")
        await bench.look(2)
        bench.later(timedelta(hours=3))
        await bench.look(2)
    assert not bench.there("revoked")
    assert not bench.there("ends")
    told = sorted((line["event"], line["name"]) for line in lines if line["event"].startswith("access_"))
    assert told == [("access_expired", "ends"), ("access_revoked", "revoked")]


async def test_what_is_in_the_log_is_an_event_of_the_object_as_well(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.revoke()
    await bench.look()
    events = [e for e in bench.stage.server.all(resources.EVENTS) if e["regarding"]["kind"] == "ClusterAccess"]
    assert {event["reason"] for event in events} == {"AccessIssued", "AccessRevoked"}
    (issued,) = (event for event in events if event["reason"] == "AccessIssued")
    assert issued["note"].startswith("issued: ann as Viewer of web until 2")
    assert issued["regarding"]["uid"] == bench.access()["metadata"]["uid"]


async def test_a_status_that_cannot_be_written_keeps_nobody_in(bench: Bench) -> None:
    bench.make("one")
    bench.make("two")
    await bench.settle()
    bench.revoke("one")
    bench.stage.server.fail(403, method="PUT", plural="clusteraccesses")
    with pytest.raises(errors.Forbidden):
        await bench.look()
    assert bench.roles == [("ann", "view")]


async def test_the_leader_hears_of_an_access_and_of_what_becomes_of_its_cluster() -> None:
    async with at_work() as stage:

        def says(reason: str) -> bool:
            status = stage.get(resources.CLUSTER_ACCESSES, "ann-web").get("status") or {}
            return any(c["reason"] == reason for c in status.get("conditions") or ())

        stage.put(resources.SECRETS, accesses.authority_secret())
        stage.put(resources.SECRETS, accesses.kubeconfig_secret(server="https://127.0.0.1:1"))
        stage.put(resources.CLUSTER_ACCESSES, access())
        await until(lambda: says("Refused"))
        stage.cluster()
        await until(lambda: stage.there(resources.CLUSTERS))
        stage.patch(resources.CLUSTERS, "web", {"spec": accesses.HOST["spec"]})
        await until(lambda: stage.get(resources.CLUSTER_ACCESSES, "ann-web")["status"].get("certificate"))
        # Nobody answers at that address, so nobody is in.
        assert says("Waiting")


async def test_every_certificate_and_every_end_is_one_line_in_the_log(bench: Bench) -> None:
    with capture_logs() as lines:
        for name in ("ends", "revoked", "deleted"):
            bench.make(name)
        await bench.settle()
        bench.revoke("revoked")
        await bench.look()
        bench.delete("deleted")
        await bench.look()
        bench.later(timedelta(hours=3))
        await bench.look(2)
        bench.later(timedelta(hours=48))
        await bench.look(3)
    told = [(line["event"], line["name"]) for line in lines if line["event"].startswith("access_")]
    assert sorted(told) == [
        ("access_expired", "ends"),
        ("access_issued", "deleted"),
        ("access_issued", "ends"),
        ("access_issued", "revoked"),
        ("access_revoked", "deleted"),
        ("access_revoked", "revoked"),
    ]
    line = next(line for line in lines if line["event"] == "access_issued")
    assert (line["user"], line["cluster"], line["role"]) == ("ann", "web", "Viewer")
    assert line["serial"]
    assert line["public_key"].startswith("sha256:")
    assert line["until"].endswith("Z")


async def test_who_leaves_the_tenant_loses_what_they_have_and_nobody_else(bench: Bench) -> None:
    bench.members({"user": "ann"}, {"user": "bob"})
    bench.make()
    bench.make("bob-web", user="bob")
    await bench.settle()
    assert bench.roles == [("ann", "view"), ("bob", "view")]
    bench.members({"user": "ann"})
    with capture_logs() as lines:
        assert await bench.look() == RETRY
    (line,) = (line for line in lines if line["event"] == "access_taken_back")
    assert line["user"] == "bob"
    await bench.settle()
    assert bench.roles == [("ann", "view")]
    assert bench.condition(name="bob-web") == ("False", "Revoked", "")
    bench.members({"user": "ann"}, {"user": "bob"})
    await bench.settle()
    assert bench.roles == [("ann", "view")], "who comes back asks again"


async def test_who_belongs_by_a_group_has_access_as_long_as_the_group_belongs(bench: Bench) -> None:
    bench.members({"user": "ann"}, {"group": "guests"})
    bench.make("dan-web", user="dan", group="guests")
    await bench.settle()
    assert bench.roles == [("dan", "view")]
    bench.members({"user": "ann"}, {"group": "others"})
    await bench.look()
    await bench.settle()
    assert bench.roles == []


async def test_who_is_an_approver_only_by_now_may_look_and_do_no_more(bench: Bench) -> None:
    bench.members({"user": "ben"})
    bench.make("ben-all", user="ben", role="Admin")
    bench.make("ben-look", user="ben")
    await bench.settle()
    assert bench.roles == [("ben", "cluster-admin"), ("ben", "view")]
    bench.members()
    await bench.look()
    await bench.settle()
    assert bench.roles == [("ben", "view")]


async def test_the_audit_trail_is_told_of_each_certificate_and_of_its_end(bench: Bench) -> None:
    bench.make()
    await bench.settle()
    bench.revoke()
    await bench.settle()
    assert [event.code for event in bench.told] == [Code.ACCESS_ISSUED, Code.ACCESS_REVOKED]
    serial = f"{bench.certificate().serial_number:x}"
    assert {(event.who, event.facts["cluster"], event.facts["serial"]) for event in bench.told} == {
        ("ann", "web", serial)
    }
    bench.make("ann-again")
    await bench.settle()
    bench.later(timedelta(hours=3))
    await bench.settle()
    assert [event.code for event in bench.told[2:]] == [Code.ACCESS_ISSUED, Code.ACCESS_EXPIRED]
