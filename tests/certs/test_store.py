"""What every store promises; the fake in memory and a real API server answer alike."""

import asyncio

import pytest

from certs import errors, injection
from certs.ports import Store
from tests.certs.fakes import FakeStore

PEM = b"-----BEGIN CERTIFICATE-----\nnot looked into here\n-----END CERTIFICATE-----\n"


@pytest.fixture
def store() -> Store:
    fake = FakeStore()
    fake.put_configuration("clusterdesk-contract", "one.clusterdesk.dev", "two.clusterdesk.dev")
    return fake


async def test_secret_that_does_not_exist_is_none_and_the_time_is_told(store: Store) -> None:
    snapshot = await store.read()
    assert (snapshot.data, snapshot.version) == (None, None)
    assert snapshot.now.tzinfo is not None


async def test_secret_is_created_once_and_who_comes_second_learns_it(store: Store) -> None:
    outcomes = await asyncio.gather(
        *(store.write({"ca.crt": bytes([i])}, version=None) for i in range(3)), return_exceptions=True
    )
    assert sorted(str(type(o).__name__) for o in outcomes) == ["Conflict", "Conflict", "NoneType"]


async def test_secret_is_replaced_whole_and_only_from_the_version_that_was_read(store: Store) -> None:
    await store.write({"ca.crt": b"1", "ca-old.key": b"secret"}, version=None)
    first = await store.read()
    await store.write({"ca.crt": b"2"}, version=first.version)
    assert (await store.read()).data == {"ca.crt": b"2"}
    with pytest.raises(errors.Conflict):
        await store.write({"ca.crt": b"3"}, version=first.version)


async def test_patch_reaches_every_webhook_of_a_configuration(store: Store) -> None:
    (target,) = await store.targets()
    assert len(target.fields) == 2
    await store.patch(target, injection.patch(target, PEM))
    (after,) = await store.targets()
    assert injection.holds(after, PEM)
    assert after.version != target.version


async def test_patch_of_a_target_that_changed_since_is_a_conflict(store: Store) -> None:
    (target,) = await store.targets()
    await store.patch(target, injection.patch(target, PEM))
    with pytest.raises(errors.Conflict):
        await store.patch(target, injection.patch(target, PEM + PEM))
