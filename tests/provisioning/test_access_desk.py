"""What a door can do about access, promised by the real desk on a small API server and by the bot's own in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.ports import Accesses
from provisioning import errors, objects
from provisioning.access_desk import AccessDesk
from provisioning.entry import Entry
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.model import AccessRole, ClusterAccess, Delivery, Person, Surface, Tenant
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_ACCESSES
from provisioning.views import Views
from tests.bot.fake_accesses import FakeAccesses
from tests.bot.fake_desk import FakeChanges
from tests.builders import ANN, BEN, DAVE, NAMESPACE, TENANT
from tests.fakes.api_server import ApiServer
from tests.provisioning import accesses
from tests.provisioning.rules.test_desk import Live

BLUE = objects.read(Tenant, TENANT)
CARD = Delivery(surface=Surface.REQUESTER, channel="D1", ts="1.2", revision="abc")


def entry(person: Person = ANN, **changes: Any) -> Entry:
    wanted = {"cluster": "web", "role": AccessRole.VIEWER, "valid_for": "8h", "request": accesses.REQUEST}
    return Entry(person=person, namespace=NAMESPACE, **{**wanted, **changes})


def tenant_of(namespace: str) -> Stored[Tenant] | None:
    return BLUE if namespace == NAMESPACE else None


@dataclass
class Stage:
    """A desk, and a way to write an access past it."""

    desk: Accesses
    put: Callable[[Any], object]


async def _reach() -> None:
    return None


@pytest_asyncio.fixture(params=["real", "in memory"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "in memory":
        fake = FakeAccesses(_reach, tenant_of, FakeChanges())
        yield Stage(fake, lambda manifest: fake.put(objects.read(ClusterAccess, manifest)))
        return
    async with ApiServer() as server, server.kube() as kube:

        def put(manifest: Any) -> None:
            server.put(CLUSTER_ACCESSES, manifest, status=manifest.get("status"))

        yield Stage(_real(server, kube), put)


def _real(server: ApiServer, kube: Kube) -> AccessDesk:
    kinds = ("catalogs", "tenants", "clusters", "requests", "delegations", "accesses", "hosts", "control_planes")
    views = Views(**{kind: Live(server, CLUSTER_ACCESSES) for kind in kinds})
    return AccessDesk(kube, views, tenant_of=tenant_of)


async def refused(doing: Any) -> Reason:
    with pytest.raises(Refused) as error:
        await doing
    return error.value.reason


async def test_an_access_is_for_whoever_asks_and_says_from_which_account(stage: Stage) -> None:
    spec = (await stage.desk.ask(entry(), name="web-1")).it.spec
    assert (spec.user, spec.slack, spec.cluster, spec.role, spec.valid_for, spec.request) == (
        *("ann", "U0ANN", "web", AccessRole.VIEWER, "8h"),
        accesses.REQUEST,
    )


async def test_the_same_name_again_is_the_same_access(stage: Stage) -> None:
    first = await stage.desk.ask(entry(), name="web-1")
    again = await stage.desk.ask(entry(valid_for="1h"), name="web-1")
    assert again.it.spec == first.it.spec
    assert [one.meta.name for one in stage.desk.of(BLUE)] == ["web-1"]


async def test_accesses_are_those_of_the_tenants_namespaces(stage: Stage) -> None:
    for name, namespace in (("b", NAMESPACE), ("a", NAMESPACE), ("c", "elsewhere")):
        stage.put(accesses.access(name, namespace=namespace))
    assert [one.meta.name for one in stage.desk.of(BLUE)] == ["a", "b"]
    found = stage.desk.get(NAMESPACE, "a")
    assert found is not None
    assert found.it.spec.user == "ann"
    assert stage.desk.get(NAMESPACE, "c") is None


@pytest.mark.parametrize("person", [ANN, BEN], ids=["its owner", "an approver"])
async def test_an_access_is_revoked_by_those_who_may(stage: Stage, person: Person) -> None:
    stage.put(accesses.access("web-1"))
    assert (await stage.desk.revoke(NAMESPACE, "web-1", person)).it.spec.revoked
    found = stage.desk.get(NAMESPACE, "web-1")
    assert found is not None
    assert found.it.spec.revoked


async def test_nobody_else_revokes_it(stage: Stage) -> None:
    stage.put(accesses.access("web-1"))
    assert await refused(stage.desk.revoke(NAMESPACE, "web-1", DAVE)) is Reason.NOT_YOURS
    stage.put(accesses.access("web-2", namespace="elsewhere"))
    assert await refused(stage.desk.revoke("elsewhere", "web-2", BEN)) is Reason.NOT_YOURS
    assert await refused(stage.desk.revoke(NAMESPACE, "gone", ANN)) is Reason.GONE


async def test_where_the_card_stands_is_noted_beside_what_the_provisioner_writes(stage: Stage) -> None:
    stage.put({**accesses.access("web-1"), "status": {"certificate": "PEM"}})
    await stage.desk.record_delivery(NAMESPACE, "web-1", CARD)
    found = stage.desk.get(NAMESPACE, "web-1")
    assert found is not None
    assert (found.it.status.delivery, found.it.status.certificate) == (CARD, "PEM")
    news = CARD.model_copy(update={"surface": Surface.NEWS, "ts": "2.2"})
    await stage.desk.record_delivery(NAMESPACE, "web-1", news)
    told = stage.desk.get(NAMESPACE, "web-1")
    assert told is not None
    assert (told.it.status.delivery, told.it.status.reminder) == (CARD, news)
    await stage.desk.record_delivery(NAMESPACE, "gone", CARD)
    assert stage.desk.get(NAMESPACE, "gone") is None


async def test_a_note_that_comes_second_is_written_all_the_same() -> None:
    async with ApiServer() as server, server.kube() as kube:
        server.put(CLUSTER_ACCESSES, accesses.access("web-1"))
        server.fail(409, method="PUT")
        desk = _real(server, kube)
        await desk.record_delivery(NAMESPACE, "web-1", CARD)
        found = desk.get(NAMESPACE, "web-1")
        assert found is not None
        assert found.it.status.delivery == CARD


async def test_an_access_sent_twice_is_not_held_against_itself_where_there_is_room_for_no_more() -> None:
    async with ApiServer() as server, server.kube() as kube:
        desk = _real(server, kube)
        first = await desk.ask(entry(), name="web-1")
        server.fail(403, method="POST", plural=CLUSTER_ACCESSES.plural)
        assert await desk.ask(entry(), name="web-1") == first
        server.fail(403, method="POST", plural=CLUSTER_ACCESSES.plural)
        with pytest.raises(errors.Forbidden):
            await desk.ask(entry(), name="web-2")
