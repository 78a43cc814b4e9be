"""What a provisioner that has just begun to lead does to clusters that are as they should be: nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from prometheus_client import Gauge

from provisioning import metrics, names, resources
from provisioning.__main__ import lead
from provisioning.manifest import Key
from provisioning.model import Precheck
from provisioning.prechecker import Prechecker
from provisioning.probe import Probe
from provisioning.reconciler import Reconciler
from provisioning.settings import Settings
from tests.builders import MADE, NAMESPACE
from tests.fakes.api_server import Fault
from tests.provisioning.backstage import SYSTEM, Backstage, at_work, backstage
from tests.provisioning.waiting import running, until


async def made(stage: Backstage) -> None:
    stage.cluster()
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    await until(lambda: stage.condition()["reason"])


async def test_a_ready_cluster_stays_ready_until_its_tenant_was_asked() -> None:
    async with backstage() as stage:
        async with running(lead(stage.kube, stage.landscape, Settings(namespace=SYSTEM, probe_tenants=False), now=now)):
            await made(stage)
        stage.control_plane_runs()
        ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": "", "observedGeneration": 1}
        ready["lastTransitionTime"] = MADE.strftime("%Y-%m-%dT%H:%M:%SZ")
        stage.patch(resources.TENANT_CLUSTERS, "web", {"status": {"conditions": [ready]}}, "status")
        await stage.caught_up()
        stage.server.fail(Fault.HANGS, plural="secrets", times=9)
        async with running(lead(stage.kube, stage.landscape, Settings(namespace=SYSTEM), now=now)):
            await until(lambda: stage.server.asked("GET", names.kubeconfig_secret("web")))
            await asyncio.sleep(0.3)
            assert stage.condition()["status"] == "True"


async def test_what_only_a_leader_publishes_is_gone_once_another_one_leads() -> None:
    async with backstage() as stage:
        async with running(lead(stage.kube, stage.landscape, Settings(namespace=SYSTEM, probe_tenants=False), now=now)):
            await made(stage)
            await until(lambda: published(metrics.CLUSTER_READY))
        assert not [gauge for gauge in metrics.OF_THE_LEADER if published(gauge)]


async def test_a_provider_that_is_not_installed_is_named_and_the_cluster_goes_on_once_it_is() -> None:
    async with at_work() as stage:
        stage.server.unserved.add("helmreleases")
        stage.server.break_watches()
        await until(lambda: stage.landscape.caches[resources.HELM_RELEASES].missing)
        stage.cluster()
        await until(lambda: "Flux's helm-controller is not installed" in stage.condition()["message"])
        assert stage.landscape.waits() == ""
        assert not stage.there(resources.CLUSTERS)
        stage.server.unserved.clear()
        await until(lambda: stage.there(resources.HELM_RELEASES, "web-cilium"))
        await until(lambda: stage.server.get(resources.CLUSTERS, "web", NAMESPACE) is not None)


class Wishes(Prechecker):
    """Remembers what it was told to be asked for."""

    def __init__(self) -> None:
        super().__init__(changed=lambda _: None, now=now)
        self.heard = list[tuple[str, ...]]()

    def found(self, key: Key, *, noted: Precheck | None = None, wish: tuple[str, ...] = ()) -> Precheck | None:
        self.heard.append(wish)
        return super().found(key, noted=noted, wish=wish)


async def test_a_try_that_was_done_long_ago_is_no_wish_to_look_into_the_tenant_again() -> None:
    async with backstage() as stage:
        async with running(lead(stage.kube, stage.landscape, Settings(namespace=SYSTEM, probe_tenants=False), now=now)):
            await made(stage)
        stage.control_plane_runs()
        again = {"metadata": {"annotations": {names.RECONCILE_ANNOTATION: "now"}}}
        stage.patch(resources.TENANT_CLUSTERS, "web", again)
        wishes, probe = Wishes(), Probe(stage.kube, changed=lambda _: None)
        reconciler = Reconciler(stage.kube, stage.landscape, probe=probe, prechecker=wishes, now=now)
        for _ in range(2):
            await stage.caught_up()
            await reconciler.act((NAMESPACE, "web"))
        await probe.close()
        assert wishes.heard == [("now",), ()]


def published(gauge: Gauge) -> bool:
    return any(metric.samples for metric in gauge.collect())


def now() -> datetime:
    return datetime.now(UTC)
