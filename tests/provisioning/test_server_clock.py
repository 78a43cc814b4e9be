"""A machine whose clock is hours off ends nothing for that: what ends by the clock ends by the API server's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from provisioning import errors, resources
from provisioning.__main__ import lead
from provisioning.enactor import Enactor
from provisioning.settings import Settings
from tests import builders
from tests.builders import NAMESPACE, tweak
from tests.fakes.api_server import ApiServer
from tests.provisioning.backstage import SYSTEM, Backstage, backstage
from tests.provisioning.waiting import running, until

HOURS = timedelta(hours=3)
REQUEST = builders.REQUEST["metadata"]["name"]
SHORT = tweak(builders.TENANT, "spec.approval", {"required": 1, "expiry": "1h"})


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    """The API server's clock is three hours behind that of the machine that asks it: which one is off, nobody knows."""
    async with backstage() as made:
        made.server.objects.off = -HOURS
        made.put(resources.TENANTS, SHORT)
        made.put(resources.CLUSTER_REQUESTS, builders.REQUEST)
        # An answer, by which the other clock is known.
        await made.kube.get(resources.CLUSTER_REQUESTS, REQUEST, namespace=NAMESPACE)
        await made.caught_up()
        yield made


def local() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("by_the_server", [True, False])
async def test_a_request_expires_by_the_clock_that_it_is_dated_by(stage: Backstage, by_the_server: bool) -> None:
    now: Callable[[], datetime] = stage.kube.now if by_the_server else local

    await Enactor(stage.kube, stage.landscape, now=now).act((NAMESPACE, REQUEST))

    found = stage.get(resources.CLUSTER_REQUESTS, REQUEST)["status"]["phase"]
    assert found == ("Pending" if by_the_server else "Expired")


async def test_a_leader_deletes_a_cluster_when_its_time_is_over_there_and_not_here(stage: Backstage) -> None:
    settings = Settings(namespace=SYSTEM, probe_tenants=False)
    stage.cluster(tweak(builders.CLUSTER, "spec.lifetime", "1h"))
    async with running(lead(stage.kube, stage.landscape, settings)):
        await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
        await until(lambda: stage.condition()["reason"])
        assert "deletionTimestamp" not in stage.get(resources.TENANT_CLUSTERS)["metadata"]

        stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"lifetime": "1s"}})

        await until(lambda: not stage.there(resources.TENANT_CLUSTERS))


async def test_nothing_is_ended_before_it_is_known_what_time_it_is(stage: Backstage) -> None:
    async with ApiServer() as other, other.kube() as silent:
        with pytest.raises(errors.Unavailable):
            await Enactor(stage.kube, stage.landscape, now=silent.now).act((NAMESPACE, REQUEST))

    assert stage.get(resources.CLUSTER_REQUESTS, REQUEST).get("status", {}).get("phase", "Pending") == "Pending"


async def test_what_is_told_before_the_first_answer_has_the_time_of_this_machine(stage: Backstage) -> None:
    async with ApiServer() as other, other.kube() as silent:
        assert abs(silent.clock() - local()) < timedelta(minutes=1)
    assert abs(stage.kube.clock() - (local() - HOURS)) < timedelta(minutes=1)
