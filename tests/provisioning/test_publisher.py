"""A status is written of the cluster as it was looked at, whatever else is written of that meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors, names, resources
from provisioning.events import Recorder
from provisioning.manifest import Manifest
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.publisher import Publisher
from tests.builders import NAMESPACE
from tests.fakes.objects import Kind, Refused
from tests.provisioning.backstage import Backstage, backstage

HEARD = pytest.mark.parametrize("is_heard", [True, False], ids=["and that is heard of", "and that is not heard of yet"])


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with backstage() as found:
        found.cluster()
        found.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"finalizers": [names.FINALIZER]}})
        await found.caught_up()
        yield found


def looked_at(stage: Backstage) -> Stored[TenantCluster]:
    found = stage.landscape.tenant_cluster((NAMESPACE, "web"))
    assert found is not None
    return found


async def publish(stage: Backstage, cluster: Stored[TenantCluster]) -> None:
    publisher = Publisher(stage.kube, stage.landscape, Recorder(stage.kube, now=stage.clock))
    await publisher.publish(cluster, cluster.it.status.model_copy(update={"endpoint": "https://10.0.0.1:6443"}))


def written(stage: Backstage) -> Any:
    return (stage.get(resources.TENANT_CLUSTERS).get("status") or {}).get("endpoint")


def notes(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"metadata": {"annotations": {names.TOLD_ANNOTATION: "[]"}}})


def scales(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"spec": {"controlPlane": {"replicas": 3}}})


def is_ready(stage: Backstage) -> None:
    stage.patch(resources.TENANT_CLUSTERS, "web", {"status": {"initialized": True}}, "status")


def deletes(stage: Backstage) -> None:
    stage.server.remove(resources.TENANT_CLUSTERS, "web", NAMESPACE)


async def looked_at_before(
    stage: Backstage, happens: Callable[[Backstage], None], *, is_heard: bool
) -> Stored[TenantCluster]:
    """The cluster as it was before that; whether anybody has heard of it since."""
    cluster = looked_at(stage)
    if not is_heard:
        stage.server.objects.notify = lambda: None
    happens(stage)
    if is_heard:
        await stage.caught_up()
    return cluster


@HEARD
@pytest.mark.parametrize("happens", [notes, scales], ids=["the bot notes something", "somebody scales it"])
async def test_what_somebody_writes_beside_a_status_costs_no_look(
    stage: Backstage, happens: Callable[[Backstage], None], is_heard: bool
) -> None:
    cluster = await looked_at_before(stage, happens, is_heard=is_heard)

    await publish(stage, cluster)

    assert written(stage) == "https://10.0.0.1:6443"
    kept: Manifest = stage.get(resources.TENANT_CLUSTERS)
    assert (names.TOLD_ANNOTATION in (kept["metadata"].get("annotations") or {})) is (happens is notes)


@HEARD
@pytest.mark.parametrize("happens", [is_ready, deletes], ids=["it has another status", "it goes"])
async def test_what_would_be_said_otherwise_by_now_is_not_said(
    stage: Backstage, happens: Callable[[Backstage], None], is_heard: bool
) -> None:
    cluster = await looked_at_before(stage, happens, is_heard=is_heard)

    with pytest.raises(errors.Conflict):
        await publish(stage, cluster)

    assert written(stage) is None


async def test_who_loses_every_race_looks_again(stage: Backstage) -> None:
    def faster(operation: str, kind: Kind, *_: Any) -> None:
        if (operation, kind.plural) == ("UPDATE", "tenantclusters"):
            raise Refused(409, "Conflict", "somebody was faster")

    stage.server.objects.admission.append(faster)

    with pytest.raises(errors.Conflict):
        await publish(stage, looked_at(stage))
