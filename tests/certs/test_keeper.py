"""The keeper: the state it leaves behind, with one replica, with two, and when others interfere."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from certs import bundle, errors, rotation
from certs.keeper import Keeper
from tests.certs.fakes import FakeStore, Stopwatch
from tests.certs.verifying import why_refused

HOST = "clusterdesk-webhooks.clusterdesk.svc"
DAY = timedelta(days=1)


class Desk:
    """A store with one webhook configuration, and keepers that share it and its time."""

    def __init__(self, *, seed: int = 0) -> None:
        self.store = FakeStore(chance=random.Random(seed))  # noqa: S311 - chance, not cryptography
        self.path = self.store.put_configuration("desk", "quota.clusterdesk.dev", "defaults.clusterdesk.dev")
        self.stopwatch = Stopwatch()

    def keeper(self) -> Keeper:
        return Keeper(self.store, hosts=[HOST], period=timedelta(milliseconds=5), monotonic=self.stopwatch)

    def pass_by(self, span: timedelta) -> None:
        self.store.now += span
        self.stopwatch.pass_by(span)

    def bundle(self) -> bundle.Bundle:
        assert self.store.secret is not None
        return bundle.parse(self.store.secret)

    def trusted(self) -> list[str]:
        """Fingerprints, oldest first."""
        return [a.fingerprint for a in self.bundle().authorities]

    def signing(self) -> str:
        signer = self.bundle().signer
        assert signer is not None
        return signer.fingerprint

    def why_refused(self, keeper: Keeper) -> str | None:
        assert keeper.leaf is not None
        return why_refused(keeper.leaf, self.store.published(self.path), HOST, self.store.now)


async def test_first_context_serves_a_leaf_that_the_published_bundle_verifies() -> None:
    desk = Desk()
    keeper = desk.keeper()
    assert keeper.why_not_ready() == "no certificate has been issued yet"
    context = await keeper.context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert keeper.why_not_ready() is None
    assert desk.why_refused(keeper) is None


@pytest.mark.parametrize("seed", range(10))
async def test_replicas_that_start_together_share_one_authority(seed: int) -> None:
    desk = Desk(seed=seed)
    keepers = [desk.keeper() for _ in range(3)]
    await asyncio.gather(*(keeper.context() for keeper in keepers))
    for keeper in keepers:
        await keeper.look()
    assert len(desk.trusted()) == 1
    assert [desk.why_refused(keeper) for keeper in keepers] == [None] * 3


async def test_second_look_at_a_settled_world_writes_nothing() -> None:
    desk = Desk()
    keeper = desk.keeper()
    await keeper.context()
    writes, served = desk.store.writes, keeper.leaf
    desk.pass_by(DAY)
    await keeper.look()
    assert (desk.store.writes, keeper.leaf) == (writes, served)


async def test_leaf_is_renewed_into_the_very_context_that_is_being_served() -> None:
    desk = Desk()
    keeper = desk.keeper()
    context, first = await keeper.context(), keeper.leaf
    desk.pass_by(20 * DAY)
    await keeper.look()
    assert keeper.leaf is not first
    assert await keeper.context() is context


async def test_rotation_goes_through_announced_then_signing_then_alone() -> None:
    desk = Desk()
    keeper = desk.keeper()
    await keeper.context()
    (old,) = desk.trusted()
    desk.pass_by(244 * DAY)
    await keeper.look()
    assert desk.trusted()[0] == desk.signing() == old
    assert len(desk.trusted()) == 2
    assert desk.store.published(desk.path) == desk.bundle().pem
    desk.pass_by(rotation.PROPAGATION / 2)
    await keeper.look()
    assert desk.signing() == old, "everybody has held it for half a minute at most"
    desk.pass_by(rotation.PROPAGATION)
    await keeper.look()
    assert desk.trusted()[0] == old != desk.signing() == desk.trusted()[1]
    for _ in range(8):
        desk.pass_by(16 * DAY)
        await keeper.look()
    assert old not in desk.trusted()
    assert desk.why_refused(keeper) is None


async def test_newcomer_does_not_sign_while_one_configuration_cannot_be_told() -> None:
    desk = Desk()
    other = desk.store.put_configuration("other", "other.clusterdesk.dev")
    keeper = desk.keeper()
    await keeper.context()
    desk.store.forbidden = {other}
    desk.pass_by(244 * DAY)
    for _ in range(3):
        with pytest.raises(errors.Forbidden):
            await keeper.look()
        desk.pass_by(rotation.PROPAGATION * 2)
    assert len(desk.trusted()) == 2
    assert desk.signing() == desk.trusted()[0]
    assert desk.store.published(desk.path) == desk.bundle().pem, "the other one was told all the same"
    assert keeper.why_not_ready() is None, "everybody still trusts what is served"


async def test_configuration_that_was_replaced_gets_its_bundle_back_and_the_wait_starts_over() -> None:
    desk = Desk()
    keeper = desk.keeper()
    await keeper.context()
    (old,) = desk.trusted()
    desk.pass_by(244 * DAY)
    await keeper.look()
    await keeper.look()
    desk.pass_by(rotation.PROPAGATION)
    desk.store.put_configuration("desk", "quota.clusterdesk.dev")
    await keeper.look()
    assert desk.store.published(desk.path) == desk.bundle().pem
    assert desk.signing() == old


async def test_replica_that_may_patch_nothing_serves_but_is_not_ready() -> None:
    desk = Desk()
    desk.store.forbidden = {desk.path}
    keeper = desk.keeper()
    await keeper.context()
    assert keeper.leaf is not None
    assert keeper.why_not_ready() == "the caBundle of a webhook configuration does not hold our authority yet"


async def test_deleted_secret_is_made_anew_and_what_is_served_stays_trusted() -> None:
    desk = Desk()
    keepers = [desk.keeper(), desk.keeper()]
    for keeper in keepers:
        await keeper.context()
    desk.store.secret = None
    await keepers[0].look()
    assert [desk.why_refused(keeper) for keeper in keepers] == [None, None]
    assert desk.signing() == desk.trusted()[-1]
    await keepers[1].look()
    assert len(desk.trusted()) == 2


async def test_secret_filled_with_nonsense_is_repaired_without_a_failed_handshake() -> None:
    desk = Desk()
    keeper = desk.keeper()
    await keeper.context()
    desk.store.secret = {bundle.CERTIFICATES: b"oops"}
    await keeper.look()
    assert desk.why_refused(keeper) is None
    assert desk.bundle().signer is not None


@pytest.mark.parametrize("call", ["targets", "read", "patch"])
async def test_replica_that_sleeps_through_a_rotation_does_not_bring_the_old_bundle_back(call: str) -> None:
    desk = Desk()
    awake, sleeper = desk.keeper(), desk.keeper()
    await awake.context()
    await sleeper.context()
    desk.store.put_configuration("desk", "quota.clusterdesk.dev")
    desk.store.asleep_before[call] = woken = asyncio.Event()
    asleep = asyncio.create_task(sleeper.look())
    await asyncio.sleep(0.02)
    desk.pass_by(244 * DAY)
    await awake.look()
    assert desk.store.published(desk.path) == desk.bundle().pem
    woken.set()
    with contextlib.suppress(errors.Conflict):
        await asleep
    assert desk.store.published(desk.path) == desk.bundle().pem


async def test_unavailable_api_server_is_asked_again_and_what_is_served_goes_on() -> None:
    desk = Desk()
    keeper = desk.keeper()
    await keeper.context()
    served = keeper.leaf
    desk.store.failing = errors.Unavailable("no answer")
    async with _running(keeper):
        await asyncio.sleep(0.02)
        assert keeper.leaf is served
        assert keeper.why_not_ready() is None
        desk.store.failing = None
        desk.store.now += 21 * DAY
        async with asyncio.timeout(30):
            while keeper.leaf is served:  # noqa: ASYNC110 - it looks now and then
                await asyncio.sleep(0.01)


async def test_start_waits_for_an_api_server_that_comes_late() -> None:
    desk = Desk()
    desk.store.failing = errors.Unavailable("no answer")
    keeper = desk.keeper()
    waiting = asyncio.create_task(keeper.context())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    desk.store.failing = None
    await asyncio.wait_for(waiting, 30)
    assert keeper.why_not_ready() is None


async def test_start_without_permission_fails_at_once_and_says_so() -> None:
    desk = Desk()
    desk.store.failing = errors.Forbidden("secrets is forbidden")
    with pytest.raises(errors.Forbidden, match="secrets is forbidden"):
        await desk.keeper().context()


async def test_service_without_webhook_configurations_is_ready() -> None:
    store = FakeStore()
    keeper = Keeper(store, hosts=[HOST])
    await keeper.context()
    assert keeper.why_not_ready() is None


@contextlib.asynccontextmanager
async def _running(keeper: Keeper) -> AsyncIterator[None]:
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
