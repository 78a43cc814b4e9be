"""The provisioner at work with either engine for charts: one add-on after the other, and from one to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from provisioning import resources
from tests import builders
from tests.builders import tweak
from tests.provisioning.backstage import FLUX_FINALIZER, Backstage, at_work
from tests.provisioning.waiting import until

CAAPH = tweak(builders.CATALOG, "spec.addOnEngine", "HelmAddonProvider")
CLUSTER = tweak(builders.CLUSTER, "spec.addOns", [{"name": "cilium"}, {"name": "cert-manager"}])


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Backstage]:
    async with at_work() as found:
        yield found


def installed(stage: Backstage, add_on: str) -> None:
    """As the add-on provider says it."""
    name = f"web-{add_on}"
    status = {
        "observedGeneration": stage.get(resources.HELM_CHART_PROXIES, name)["metadata"]["generation"],
        "matchingClusters": [{"kind": "Cluster", "name": "web"}],
        "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": ""}],
    }
    stage.patch(resources.HELM_CHART_PROXIES, name, {"status": status}, "status")


async def test_the_next_add_on_comes_as_soon_as_the_provider_says_that_the_one_before_is_ready(
    stage: Backstage,
) -> None:
    stage.put(resources.CATALOGS, CAAPH)
    stage.cluster(CLUSTER)
    await until(lambda: stage.there(resources.HELM_CHART_PROXIES, "web-cilium"))
    await until(lambda: stage.there(resources.DEPLOYMENTS, "web-csi-controller"))
    assert not stage.there(resources.HELM_CHART_PROXIES, "web-cert-manager")
    await until(lambda: not stage.server.all(resources.HELM_RELEASES))
    installed(stage, "cilium")
    await until(lambda: stage.there(resources.HELM_CHART_PROXIES, "web-cert-manager"))


async def test_what_flux_has_installed_is_suspended_before_it_is_deleted_and_taken_over_once_it_is_gone(
    stage: Backstage,
) -> None:
    stage.cluster(CLUSTER)
    await until(lambda: stage.there(resources.HELM_RELEASES, "web-cilium"))
    await until(lambda: stage.there(resources.HELM_RELEASES, "web-cert-manager"))
    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": [FLUX_FINALIZER]}})
    stage.put(resources.CATALOGS, CAAPH)

    # Flux has not let go of it yet, and it must know by then that it is not to uninstall.
    await until(lambda: "deletionTimestamp" in stage.get(resources.HELM_RELEASES, "web-cilium")["metadata"])
    assert stage.get(resources.HELM_RELEASES, "web-cilium")["spec"]["suspend"] is True
    assert not stage.there(resources.HELM_CHART_PROXIES, "web-cilium")

    stage.patch(resources.HELM_RELEASES, "web-cilium", {"metadata": {"finalizers": None}})
    await until(lambda: stage.there(resources.HELM_CHART_PROXIES, "web-cilium"))
    await until(lambda: not stage.server.all(resources.HELM_RELEASES))
