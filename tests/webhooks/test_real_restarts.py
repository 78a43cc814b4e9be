"""The door while its replicas come and go, under load from the real API server: nobody is failed, nobody let in."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from prometheus_client.parser import text_string_to_metric_families

from certs import authority, bundle, rotation
from certs import kube as certs_kube
from certs.authority import Authority
from certs.bundle import Bundle
from certs.keeper import Keeper
from playground import apply
from playground.controlplane import ControlPlane
from playground.processes import Child, answers
from provisioning import errors
from provisioning.kube import Kube
from provisioning.ledgers import KubeLedgers
from provisioning.resources import SECRETS, TENANT_CLUSTERS
from tests.certs.fakes import Stopwatch
from tests.provisioning.waiting import eventually, running
from tests.webhooks.test_real import LEAN, SYSTEM, Desk, behind_the_door

CALLERS = 6
SOME = 20
"""Calls that are seen to be answered before and after each change."""
SHORT = {"CLUSTERDESK_CONNECTION_SECONDS": "0.5"}
"""A connection is made anew so often that every change meets some."""


@pytest.fixture
async def desk(control_plane: ControlPlane, admin: Kube, tmp_path: Path) -> AsyncIterator[Desk]:
    async with behind_the_door(control_plane, admin, tmp_path, settings=SHORT) as desk:
        yield desk


@dataclass
class Load:
    """Callers who ask without pause, by dry runs that the ledger is read for; or who reserve in it."""

    desk: Desk
    answered: int = 0
    reserved: int = 0
    failures: list[str] = field(default_factory=list)

    async def call(self, number: int) -> None:
        while True:
            body = self.desk.new(TENANT_CLUSTERS, f"dry-{number}", LEAN)
            try:
                await self.desk.admin.create(TENANT_CLUSTERS, body, dry_run=True)
                self.answered += 1
            except errors.Throttled as error:
                await asyncio.sleep(error.retry_after)
            except errors.KubeError as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                await asyncio.sleep(0.1)

    async def reserve(self) -> None:
        """A cluster after another, each for good."""
        while True:
            body = self.desk.new(TENANT_CLUSTERS, f"kept-{secrets.token_hex(4)}", LEAN)
            try:
                await self.desk.admin.create(TENANT_CLUSTERS, body)
                self.reserved += 1
            except errors.Throttled as error:
                await asyncio.sleep(error.retry_after)
            except errors.KubeError as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.1)

    async def some(self) -> None:
        """Until some more have been answered."""
        async with asyncio.timeout(60):
            until = self.answered + SOME
            while self.answered < until:  # noqa: ASYNC110 - an event for each call would slow them
                await asyncio.sleep(0.01)


async def ready_again(desk: Desk, child: Child) -> None:
    """Start it as it was, and wait until it is ready."""
    environment = child.environment or {}
    again = desk.processes.again(child)
    await answers(again, f"http://127.0.0.1:{environment['CLUSTERDESK_HEALTH_PORT']}/readyz")


async def test_no_call_fails_while_one_replica_after_the_other_is_restarted_and_each_gets_its_share_again(
    desk: Desk,
) -> None:
    load = Load(desk)
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(load.call(number)) for number in range(CALLERS)]
        for child in list(desk.processes.children.values()):
            await load.some()
            port = int((child.environment or {})["CLUSTERDESK_PORT"])
            desk.leaving.add(port)
            await desk.processes.stop(child.name)
            assert child.popen.returncode == 0, child.last_words()
            await load.some()
            await ready_again(desk, child)
            desk.leaving.remove(port)
            # Though the load never pauses, and the API server would keep its connections to the other one.
            await eventually(lambda child=child: beyond(child, SOME))  # type: ignore[misc]
        for caller in callers:
            caller.cancel()
    assert load.failures == []


async def reviews(child: Child) -> float:
    """How many reviews it has answered, by its own count."""
    url = f"http://127.0.0.1:{(child.environment or {})['CLUSTERDESK_HEALTH_PORT']}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        families = text_string_to_metric_families(await answer.text())
        names = "clusterdesk_admission_requests_total"
        return sum(sample.value for family in families for sample in family.samples if sample.name == names)


async def beyond(child: Child, number: float) -> bool:
    return await reviews(child) > number


@pytest.mark.timeout(300)
async def test_no_call_fails_while_the_authority_is_replaced_and_a_kill_in_the_middle_lets_nobody_in(
    control_plane: ControlPlane, admin: Kube, tmp_path: Path
) -> None:
    # A leaf that lives a minute is renewed at every look, and an authority of eight months announces its successor.
    async with old_authority(control_plane, admin) as (store, secret, old):
        settings = {
            **SHORT,
            "CLUSTERDESK_CERTS_SECRET": secret,
            "CLUSTERDESK_CERTS_LEAF_DAYS": f"{1 / 24 / 60:.6f}",
        }
        hard = {"clusters": 100_000}
        async with behind_the_door(control_plane, admin, tmp_path, settings=settings, hard=hard) as desk:
            load, (first, second) = Load(desk), desk.processes.children.values()
            assert {await issuer(first), await issuer(second)} == {old.certificate.subject}
            async with running(load.reserve(), load.reserve(), *(load.call(number) for number in range(CALLERS))):
                await load.some()
                new = await taken_over(store, old)
                await eventually(lambda: serves(first, new))
                await load.some()
                assert load.failures == []

                first.popen.kill()
                first.popen.wait()
                await load.some()
                # Whoever was asking it at that moment gets no yes for that: an error, or, where it was asked for what
                # was left out, a refusal of that.
                assert {failure.partition(":")[0] for failure in load.failures} <= {"Unavailable", "Invalid"}
                load.failures.clear()
                await ready_again(desk, first)
                for child in (first, second):
                    await eventually(lambda child=child: serves(child, new))  # type: ignore[misc]
                await load.some()
            assert load.failures == []
            assert load.reserved
            stored = len((await admin.list(TENANT_CLUSTERS, namespace=desk.namespace)).items)
            # What the killed one had charged ahead, and granted out of it, stays lent until the keeper finds it.
            ledger = (await KubeLedgers(admin, SYSTEM).load(desk.tenant)).ledger
            assert load.reserved <= stored <= (ledger.used() + ledger.lent).clusters


@asynccontextmanager
async def old_authority(plane: ControlPlane, admin: Kube) -> AsyncIterator[tuple[certs_kube.Store, str, Authority]]:
    """Two thirds of whose life are over, in a Secret that the replicas will find: the store, its name, and itself."""
    secret, old = f"certs-{secrets.token_hex(3)}", authority.found(now=datetime.now(UTC) - timedelta(days=250))
    await apply.put(admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])
    async with certs_kube.connect(namespace=SYSTEM, secret=secret, kubeconfig=plane.kubeconfig) as store:
        await store.write(Bundle((old,)).data(), version=None)
        try:
            yield store, secret, old
        finally:
            await admin.delete(SECRETS, secret, namespace=SYSTEM)


async def taken_over(store: certs_kube.Store, old: Authority) -> Authority:
    """The successor, once it signs: another replica has seen it everywhere for as long as it takes."""
    stopwatch = Stopwatch()
    keeper = Keeper(store, hosts=["127.0.0.1"], period=timedelta(milliseconds=50), monotonic=stopwatch)

    async def signer() -> Authority | None:
        stopwatch.pass_by(rotation.PROPAGATION)
        data = (await store.read()).data
        found = bundle.parse(data).signer if data else None
        return found if found and found.fingerprint != old.fingerprint else None

    async with running(keeper.run()):
        found = await eventually(signer)
        assert found is not None
        return found


async def issuer(child: Child) -> x509.Name:
    """Who has signed what it serves to whoever comes now."""
    port = int((child.environment or {})["CLUSTERDESK_PORT"])
    pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
    return x509.load_pem_x509_certificate(pem.encode()).issuer


async def serves(child: Child, signer: Authority) -> bool:
    return await issuer(child) == signer.certificate.subject


async def test_a_replica_that_is_killed_lets_nobody_in_and_the_other_goes_on(desk: Desk) -> None:
    async def create(number: int) -> type[Exception] | None:
        for _ in range(60):
            try:
                await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, f"c{number}", LEAN))
            except (errors.Throttled, errors.Unavailable):
                # Busy, or the one that was asked is dead: as its caller cannot know what became of it, it asks again.
                await asyncio.sleep(0.2)
            except errors.KubeError as error:
                return type(error)
            else:
                return None
        return errors.Unavailable

    victim, *_ = desk.processes.children.values()
    creating = [asyncio.create_task(create(number)) for number in range(20)]
    await asyncio.wait(creating, return_when=asyncio.FIRST_COMPLETED)
    victim.popen.kill()
    outcomes = Counter(await asyncio.gather(*creating))
    stored = await desk.admin.list(TENANT_CLUSTERS, namespace=desk.namespace)
    # Whoever was let in and never heard of it finds its cluster there.
    assert outcomes[None] + outcomes[errors.AlreadyExists] == len(stored.items)
    assert len(stored.items) == 5
    assert outcomes[errors.Unavailable] == 0
