"""What is asked of the API server about a cluster, and what is left out where it may not be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors, names, resources
from provisioning.happenings import TOLD
from provisioning.insight import Insight
from provisioning.kube import PAGE
from provisioning.losses import Losses
from tests.builders import NAMESPACE
from tests.fakes.api_server import ApiServer, Fault

OURS = {names.CLUSTER_LABEL: "web", names.CAPI_CLUSTER_LABEL: "web"}
THEIRS = {names.CLUSTER_LABEL: "other", names.CAPI_CLUSTER_LABEL: "other"}


def thing(kind: resources.Resource, name: str, labels: Any, **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, **more}


def event(about: str, *, at: str = "11:00:00", type_: str = "Warning", kind: str = "KubevirtMachine") -> dict[str, Any]:
    regarding = {"kind": kind, "name": about, "namespace": NAMESPACE}
    told = {"type": type_, "reason": "Failed", "note": "no room", "eventTime": f"2026-08-03T{at}.000000Z"}
    return thing(resources.EVENTS, f"{about}.1", {}, regarding=regarding, **told)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as made:
        balancer = {"type": "LoadBalancer"}
        for kind, name, labels, spec in (
            (resources.SERVICES, "shop", OURS, balancer),
            (resources.SERVICES, "their-shop", THEIRS, balancer),
            (resources.PERSISTENT_VOLUME_CLAIMS, "pvc-1", OURS, {"resources": {"requests": {"storage": "1Gi"}}}),
            (resources.PERSISTENT_VOLUME_CLAIMS, "pvc-2", THEIRS, {"resources": {"requests": {"storage": "1Gi"}}}),
        ):
            made.put(kind, thing(kind, name, labels, spec=spec))
        for name, labels in (("web-md0", OURS), ("other-md0", THEIRS)):
            made.put(resources.MACHINE_DEPLOYMENTS, thing(resources.MACHINE_DEPLOYMENTS, name, labels))
        wrong = {"conditions": [{"type": "VMProvisioned", "status": "False", "reason": "Unschedulable"}]}
        for name, labels in (("web-md0-x", OURS), ("other-md0-x", THEIRS)):
            made.put(resources.KUBEVIRT_MACHINES, thing(resources.KUBEVIRT_MACHINES, name, labels), status=wrong)
            made.put(resources.EVENTS, event(name))
        yield made


async def test_counted_is_what_carries_the_label_of_the_cluster(server: ApiServer) -> None:
    async with server.kube() as kube:
        assert await Insight(kube).losses(NAMESPACE, "web") == Losses(1, 2**30, 1)


async def test_told_is_what_its_own_objects_say_and_the_events_about_them(server: ApiServer) -> None:
    async with server.kube() as kube:
        found = await Insight(kube).diagnosis(NAMESPACE, "web", others=("other",))
    assert [it.name for it in found.symptoms] == ["web-md0-x"]
    assert [it.name for it in found.happenings] == ["web-md0-x"]
    assert found.unseen == ()


async def test_of_its_own_events_all_are_told_and_of_its_parts_what_went_wrong(server: ApiServer) -> None:
    server.put(resources.EVENTS, event("web", kind="TenantCluster", type_="Normal"))
    server.put(resources.EVENTS, event("web-md0-y", type_="Normal"))
    async with server.kube() as kube:
        found = await Insight(kube).diagnosis(NAMESPACE, "web", others=("other",))
    assert sorted(it.name for it in found.happenings) == ["web", "web-md0-x"]


async def test_the_latest_events_are_told_though_they_come_last(server: ApiServer) -> None:
    for number in range(PAGE + 1):
        server.put(resources.EVENTS, event(f"web-md0-{number:04}", at="10:00:00"))
    server.put(resources.EVENTS, event("web-md0-z", at="11:30:00"))
    async with server.kube() as kube:
        found = await Insight(kube).diagnosis(NAMESPACE, "web", others=())
    assert [it.name for it in found.happenings[:2]] == ["web-md0-z", "web-md0-x"]
    assert not found.unread


async def test_no_more_events_are_read_than_a_bounded_number_and_that_is_said(server: ApiServer) -> None:
    for number in range(PAGE):
        server.put(resources.EVENTS, event(f"web-md0-{number:04}", at="10:00:00"))
    async with server.kube() as kube:
        found = await Insight(kube, events_read=PAGE).diagnosis(NAMESPACE, "web", others=())
    assert found.unread
    assert len(found.happenings) == TOLD
    assert len(server.asked("GET", "/events")) == 2


async def test_what_may_not_be_seen_is_named_and_the_rest_is_told(server: ApiServer) -> None:
    for plural in ("machines", "events", "events"):
        server.fail(403, method="GET", plural=plural)
    async with server.kube() as kube:
        found = await Insight(kube).diagnosis(NAMESPACE, "web", others=())
    assert [it.name for it in found.symptoms] == ["web-md0-x"]
    assert found.unseen == ("Machine", "Event")


async def test_an_api_server_that_does_not_answer_is_told_of(server: ApiServer) -> None:
    server.fail(Fault.DROPPED, method="GET", plural="services", times=9)
    async with server.kube() as kube:
        with pytest.raises(errors.Unavailable):
            await Insight(kube).losses(NAMESPACE, "web")
