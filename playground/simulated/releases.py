"""Plays Flux's helm-controller (v1.6): a HelmRelease becomes ready when it could be installed into its tenant.

Of the chart only Helm's record is installed, since other people's charts cannot be had here. What is kept of the real
one: it waits for `dependsOn`, for the kubeconfig Secret and for the tenant's API; a suspended release is left alone; at
its deletion it is uninstalled, and an API that does not answer holds it, unless it is suspended or its Secret is gone.
Failures it knows: `image-pull`, `stuck` (it is not let go of at its deletion).
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
from provisioning import resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.objects import format_time

FINALIZER: Final = "finalizers.fluxcd.io"
RELEASES = resources.HELM_RELEASES
RETRY: Final = 0.5
"""Seconds between two tries while something is in the way."""


async def act(stage: Stage, release: Manifest) -> None:
    """Bring one HelmRelease a step closer to Ready, or to its end."""
    spec = release["spec"]
    secret = _kubeconfig(stage, release)
    if "deletionTimestamp" in release["metadata"]:
        if failure(release) == "stuck":
            return
        if spec.get("suspend") or secret is None:
            await drop_finalizer(stage, RELEASES, release, FINALIZER)
        elif tenant := await _tenant(stage, secret):
            await helm.uninstall(tenant, _release(stage, release))
            await drop_finalizer(stage, RELEASES, release, FINALIZER)
        return
    if spec.get("suspend") or await ensure_finalizer(stage, RELEASES, release, FINALIZER) or is_ready(release):
        return
    reason, message = await _obstacle(stage, release, secret)
    await _report(stage, release, reason, message)
    if reason:
        await asyncio.sleep(RETRY)


async def _obstacle(stage: Stage, release: Manifest, secret: Manifest | None) -> tuple[str, str]:
    """Why it cannot be ready: reason and message; ("", "") when nothing was in the way, and it is installed."""
    namespace = release["metadata"]["namespace"]
    for dependency in release["spec"].get("dependsOn") or ():
        other = stage.get(RELEASES, dependency.get("namespace", namespace), dependency["name"])
        if other is None or not is_ready(other):
            return "DependencyNotReady", f"dependency '{namespace}/{dependency['name']}' is not ready"
    if secret is None:
        reference = (release["spec"].get("kubeConfig") or {}).get("secretRef") or {}
        return "ArtifactFailed", f"Secret '{reference.get('name', '')}' with the kubeconfig not found"
    tenant = await _tenant(stage, secret)
    if tenant is None:
        return "InstallFailed", "Kubernetes cluster unreachable: the tenant's API does not answer"
    if failure(release) == "image-pull":
        return "InstallFailed", "context deadline exceeded: 0 of 1 Pods ready: ImagePullBackOff"
    await helm.install(tenant, _release(stage, release))
    return "", ""


async def _report(stage: Stage, release: Manifest, reason: str, message: str) -> None:
    now = format_time(datetime.now(UTC))
    truth = "False" if reason else "True"
    of = _release(stage, release)
    text = message or f"Helm install succeeded for release {of.namespace}/{of.name} with chart {of.chart}@{of.version}"
    status = {
        "observedGeneration": release["metadata"]["generation"],
        "conditions": with_conditions(
            release,
            condition("Ready", truth, reason or "InstallSucceeded", text, now=now),
            condition("Released", truth, reason or "InstallSucceeded", text, now=now),
        ),
    }
    await ensure(stage, RELEASES, release, "status", status)


def is_ready(release: Manifest) -> bool:
    status = release.get("status") or {}
    current = status.get("observedGeneration") == release["metadata"]["generation"]
    return current and any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())


def _release(stage: Stage, release: Manifest) -> helm.Release:
    spec = release["spec"]
    chart = (spec.get("chart") or {}).get("spec") or {}
    name, version = chart.get("chart", "?"), chart.get("version", "*")
    if reference := spec.get("chartRef"):
        artifact = stage.get(resources.OCI_REPOSITORIES, release["metadata"]["namespace"], reference["name"])
        if artifact is not None:
            name, version = artifact["spec"]["url"].rpartition("/")[2], artifact["spec"]["ref"].get("semver", "*")
    return helm.Release(spec.get("releaseName", release["metadata"]["name"]), _namespace(spec), name, version)


def _namespace(spec: Manifest) -> str:
    namespace: str = spec.get("storageNamespace") or spec.get("targetNamespace") or "default"
    return namespace


def _kubeconfig(stage: Stage, release: Manifest) -> Manifest | None:
    reference = (release["spec"].get("kubeConfig") or {}).get("secretRef") or {}
    return stage.get(resources.SECRETS, release["metadata"]["namespace"], reference.get("name", ""))


async def _tenant(stage: Stage, secret: Manifest) -> Kube | None:
    """The tenant whose kubeconfig this is; None while it does not answer."""
    meta = secret["metadata"]
    return await helm.tenant_of(stage, meta["namespace"], meta["name"])


PLAYED = Played(
    "releases",
    RELEASES,
    act,
    looks_at=(resources.SECRETS, resources.KAMAJI_CONTROL_PLANES, resources.OCI_REPOSITORIES),
)
