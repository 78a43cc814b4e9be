"""The objects that the desk looks at are read when they come, so that nobody who asks waits for that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest

from provisioning.cache import Cache
from provisioning.model import ClusterRequest, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_REQUESTS, TENANT_CLUSTERS
from provisioning.views import ABOUT, INDEXES, View
from tests.builders import CLUSTER, NAMESPACE, REQUEST, tweak
from tests.fakes.api_server import ApiServer
from tests.provisioning.waiting import running, until


class Counted(TenantCluster):
    """A TenantCluster that knows how often one was read."""

    reads: ClassVar[list[str]] = []

    @classmethod
    def model_validate(cls, *args: Any, **rest: Any) -> Any:
        cls.reads.append("read")
        return super().model_validate(*args, **rest)


@pytest.fixture
async def pair() -> AsyncIterator[tuple[ApiServer, View[Counted]]]:
    Counted.reads.clear()
    async with ApiServer() as server, server.kube() as kube:
        server.put(TENANT_CLUSTERS, CLUSTER)
        cache = Cache(kube, TENANT_CLUSTERS)
        view = View(cache, Counted)
        async with running(cache.run()):
            await cache.synced.wait()
            yield server, view


async def test_what_comes_is_read_at_once_and_once_however_often_it_is_asked_for(
    pair: tuple[ApiServer, View[Counted]],
) -> None:
    server, view = pair
    assert len(Counted.reads) == 1
    for _ in range(3):
        found: Stored[Counted] | None = view.get(NAMESPACE, "web")
        assert found is not None
        assert [it.meta.name for it in view.list()] == ["web"]
    assert len(Counted.reads) == 1
    server.put(TENANT_CLUSTERS, tweak(CLUSTER, "spec.pools[0].replicas", 5))
    await until(lambda: len(Counted.reads) == 2)
    assert [it.it.spec.pools[0].replicas for it in view.list(NAMESPACE)] == [5]
    assert len(Counted.reads) == 2


async def test_what_goes_is_forgotten(pair: tuple[ApiServer, View[Counted]]) -> None:
    server, view = pair
    server.remove(TENANT_CLUSTERS, "web", NAMESPACE)
    await until(lambda: view.get(NAMESPACE, "web") is None)
    assert view.list() == []


async def test_what_does_not_parse_is_left_out_and_keeps_nothing_from_being_followed(
    pair: tuple[ApiServer, View[Counted]],
) -> None:
    server, view = pair
    server.put(TENANT_CLUSTERS, tweak(tweak(CLUSTER, "metadata.name", "odd"), "spec.pools", "none"))
    server.put(TENANT_CLUSTERS, tweak(CLUSTER, "metadata.name", "last"))
    await until(lambda: view.get(NAMESPACE, "last") is not None)
    assert {it.meta.name for it in view.list()} == {"web", "last"}


async def test_the_requests_about_one_cluster_are_found_without_a_look_at_the_others() -> None:
    async with ApiServer() as server, server.kube() as kube:
        cache = Cache(kube, CLUSTER_REQUESTS, indexes=INDEXES[CLUSTER_REQUESTS])
        view = View(cache, ClusterRequest)
        for name, namespace, cluster in (
            ("cr-a", NAMESPACE, "web"),
            ("cr-b", NAMESPACE, "web"),
            ("cr-c", NAMESPACE, "shop"),
            ("cr-d", "tenant-red", "web"),
        ):
            meta = {**REQUEST["metadata"], "name": name, "namespace": namespace}
            server.put(CLUSTER_REQUESTS, {**REQUEST, "metadata": meta, "spec": {**REQUEST["spec"], "cluster": cluster}})
        server.put(CLUSTER_REQUESTS, {**tweak(REQUEST, "metadata.name", "odd"), "spec": {}})

        def about(cluster: str) -> list[str]:
            return sorted(it.meta.name for it in view.by(ABOUT, f"{NAMESPACE}/{cluster}"))

        async with running(cache.run()):
            await cache.synced.wait()
            assert (about("web"), about("shop"), about("gone"), about("")) == (["cr-a", "cr-b"], ["cr-c"], [], [])
            server.remove(CLUSTER_REQUESTS, "cr-a", NAMESPACE)
            await until(lambda: about("web") == ["cr-b"])
