"""Plays Cluster API's add-on provider for Helm (v0.6): HelmChartProxies, and the HelmReleaseProxies that it makes.

What is kept of the real one: a release proxy for each Cluster that is selected, uninstalled when it is not any more or
when its chart proxy goes; nothing is uninstalled from a Cluster that is gone; a tenant that does not answer is tried
again for ever; a chart proxy without a single release calls itself ready.
Failures it knows, on the chart proxy: `image-pull`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from playground.simulated import helm
from playground.simulated.stage import (
    Played,
    Stage,
    condition,
    drop_finalizer,
    ensure,
    ensure_finalizer,
    failure,
    with_conditions,
)
from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.objects import format_time
from provisioning.resources import Resource

CHARTS, RELEASES = resources.HELM_CHART_PROXIES, resources.HELM_RELEASE_PROXIES
CHART_FINALIZER: Final = "helmchartproxy.addons.cluster.x-k8s.io"
RELEASE_FINALIZER: Final = "helmreleaseproxy.addons.cluster.x-k8s.io"
MADE_BY: Final = "helmreleaseproxy.addons.cluster.x-k8s.io/helmchartproxy-name"
"""Label of a release proxy: the chart proxy that it is of."""
RETRY: Final = 0.5
"""Seconds between two tries while something is in the way."""
PASSED_ON: Final = ("chartName", "repoURL", "version", "releaseName", "namespace", "options")


async def act_on_chart(stage: Stage, proxy: Manifest) -> None:
    """Make release proxies for the Clusters that are selected, and take away the others."""
    there = [m for m in stage.list(RELEASES) if _is_of(m, proxy)]
    if "deletionTimestamp" in proxy["metadata"]:
        await _delete(stage, there)
        if not there:
            await drop_finalizer(stage, CHARTS, proxy, CHART_FINALIZER)
        return
    if await ensure_finalizer(stage, CHARTS, proxy, CHART_FINALIZER):
        return
    clusters = {c["metadata"]["name"]: c for c in stage.list(resources.CLUSTERS) if _selects(proxy, c)}
    released = {release["spec"]["clusterRef"]["name"]: release for release in there}
    await _delete(stage, [release for name, release in released.items() if name not in clusters])
    for name, cluster in clusters.items():
        if name not in released and "deletionTimestamp" not in cluster["metadata"]:
            await stage.kube.create(RELEASES, _release(proxy, cluster))
        elif name in released:
            await ensure(stage, RELEASES, released[name], "spec", _passed_on(proxy))
    ready = all(_is_ready(release) for release in there)
    await _report(stage, proxy, [*clusters.values()], ready=ready)


async def act_on_release(stage: Stage, release: Manifest) -> None:
    """Install what a release proxy says, or uninstall it at its end."""
    meta, spec = release["metadata"], release["spec"]
    name = spec["clusterRef"]["name"]
    cluster = stage.get(resources.CLUSTERS, meta["namespace"], name)
    tenant = await helm.tenant_of(stage, meta["namespace"], names.kubeconfig_secret(name)) if cluster else None
    installed = helm.Release(spec["releaseName"], spec["namespace"], spec["chartName"], spec.get("version", "*"))
    if "deletionTimestamp" in meta:
        if cluster is not None and tenant is None:
            await asyncio.sleep(RETRY)
            return
        if tenant is not None:
            await helm.uninstall(tenant, installed)
        await drop_finalizer(stage, RELEASES, release, RELEASE_FINALIZER)
        return
    if await ensure_finalizer(stage, RELEASES, release, RELEASE_FINALIZER) or _is_ready(release):
        return
    chart = stage.get(CHARTS, meta["namespace"], meta["labels"][MADE_BY])
    reason, message = "", ""
    if tenant is None:
        reason, message = "ControlPlaneNotAvailable", "the tenant's API does not answer"
    elif chart is not None and failure(chart) == "image-pull":
        reason = "HelmInstallOrUpgradeFailed"
        message = "context deadline exceeded: 0 of 1 Pods ready: ImagePullBackOff"
    else:
        await helm.install(tenant, installed)
    await _tell(stage, RELEASES, release, reason, message, status="" if reason else "deployed", revision=1)
    if reason:
        await asyncio.sleep(RETRY)


async def _report(stage: Stage, proxy: Manifest, clusters: list[Manifest], *, ready: bool) -> None:
    reason, message = ("", "") if ready else ("HelmReleaseProxiesNotReady", "not every release is installed")
    await _tell(stage, CHARTS, proxy, reason, message, matchingClusters=[_reference(c) for c in clusters])


async def _tell(stage: Stage, kind: Resource, manifest: Manifest, reason: str, message: str, **more: object) -> None:
    now = format_time(datetime.now(UTC))
    told = condition("Ready", "False" if reason else "True", reason or "Ready", message, now=now)
    status = {
        "observedGeneration": manifest["metadata"]["generation"],
        "conditions": with_conditions(manifest, told),
        **more,
    }
    await ensure(stage, kind, manifest, "status", status)


async def _delete(stage: Stage, releases: list[Manifest]) -> None:
    for release in releases:
        meta = release["metadata"]
        if "deletionTimestamp" not in meta:
            await stage.kube.delete(RELEASES, meta["name"], namespace=meta["namespace"], uid=meta["uid"])


def _release(proxy: Manifest, cluster: Manifest) -> Manifest:
    meta, of = proxy["metadata"], cluster["metadata"]
    owner = {"apiVersion": proxy["apiVersion"], "kind": proxy["kind"], "name": meta["name"], "uid": meta["uid"]}
    return {
        "apiVersion": RELEASES.api_version,
        "kind": RELEASES.kind,
        "metadata": {
            # The real one ends in a random word; twice the same does here what its look for an older one does there.
            "name": f"{proxy['spec']['chartName']}-{of['name']}-{names.content_hash(meta['uid'])[:5]}",
            "namespace": meta["namespace"],
            "labels": {names.CAPI_CLUSTER_LABEL: of["name"], MADE_BY: meta["name"]},
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
        },
        "spec": {**_passed_on(proxy), "clusterRef": _reference(cluster)},
    }


def _reference(cluster: Manifest) -> Manifest:
    meta = cluster["metadata"]
    where = {"name": meta["name"], "namespace": meta["namespace"]}
    return {"apiVersion": cluster["apiVersion"], "kind": cluster["kind"], **where}


def _passed_on(proxy: Manifest) -> Manifest:
    spec = proxy["spec"]
    return {**{key: spec[key] for key in PASSED_ON if key in spec}, "values": spec.get("valuesTemplate", "")}


def _selects(proxy: Manifest, cluster: Manifest) -> bool:
    wanted = proxy["spec"]["clusterSelector"].get("matchLabels") or {}
    meta = cluster["metadata"]
    here = meta["namespace"] == proxy["metadata"]["namespace"]
    return here and wanted.items() <= (meta.get("labels") or {}).items()


def _is_of(release: Manifest, proxy: Manifest) -> bool:
    meta, of = release["metadata"], proxy["metadata"]
    return (meta["namespace"], (meta.get("labels") or {}).get(MADE_BY)) == (of["namespace"], of["name"])


def _is_ready(release: Manifest) -> bool:
    status = release.get("status") or {}
    current = status.get("observedGeneration") == release["metadata"]["generation"]
    return current and any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())


PLAYED = (
    Played("chart-proxies", CHARTS, act_on_chart, looks_at=(resources.CLUSTERS, RELEASES)),
    Played(
        "release-proxies",
        RELEASES,
        act_on_release,
        looks_at=(CHARTS, resources.CLUSTERS, resources.SECRETS, resources.KAMAJI_CONTROL_PLANES),
    ),
)
