"""Plays Kamaji and its Cluster API provider: a KamajiControlPlane becomes a running API server with its Secrets.

What it writes, and in which order, follows clastix/cluster-api-control-plane-provider-kamaji v0.20.0. The
KubevirtCluster is made ready last: earlier, Cluster API's first connection fails and is retried after 30 s only.
With no replicas the server is stopped, which Kamaji calls Sleeping; what it stored stays in etcd.
Failures it knows: `no-address`, `datastore`, `freeze`.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Final

from playground.processes import NotReady, ProcessEnded
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
from playground.simulated.tenants import TenantServer
from provisioning import errors, names, resources
from provisioning.manifest import Manifest
from provisioning.objects import format_time

FINALIZER: Final = "kamaji.clastix.io/controlplane"
KCP = resources.KAMAJI_CONTROL_PLANES
SLEEPING: Final = tuple(
    (type_, "Failed", "TenantControlPlane in Sleeping status") for type_ in ("KamajiControlPlaneIsReady", "Available")
)


async def act(stage: Stage, control_plane: Manifest) -> None:
    """Bring one KamajiControlPlane a step closer to what its spec says."""
    cluster = stage.owner(control_plane, resources.CLUSTERS)
    uid: str = control_plane["metadata"]["uid"]
    if "deletionTimestamp" in control_plane["metadata"]:
        await stage.tenants.remove(uid)
        await drop_finalizer(stage, KCP, control_plane, FINALIZER)
        return
    if cluster is None:
        return  # The real provider ignores a control plane that no Cluster names, too.
    if await ensure_finalizer(stage, KCP, control_plane, FINALIZER):
        return
    if why := _refusal(failure(control_plane)):
        await _report(stage, control_plane, why)
        return
    if control_plane["spec"].get("replicas") == 0:
        await stage.tenants.stop(uid)
        await _report(stage, control_plane, *SLEEPING)
        return
    stage.tenants.freeze(uid, frozen=failure(control_plane) == "freeze")
    server = stage.tenants.running(uid) or await _start(stage, control_plane, cluster)
    await _ensure_secrets(stage, control_plane, cluster, server)
    await _ensure_ready(stage, control_plane, cluster, server)


def _refusal(wanted: str) -> tuple[str, str, str] | None:
    """Condition type, reason and message of a failure on purpose."""
    return {
        "no-address": (
            "TenantControlPlaneAddressReady",
            "TenantControlPlaneAddressNotReady",
            "the Service of type LoadBalancer has no address yet",
        ),
        "datastore": (
            "TenantControlPlaneCreated",
            "TenantControlPlaneNotCreated",
            "DataStore default is not ready: no endpoint answers",
        ),
    }.get(wanted)


async def _report(stage: Stage, control_plane: Manifest, *failed: tuple[str, str, str]) -> None:
    bad = [condition(type_, "False", reason, message, now=_now()) for type_, reason, message in failed]
    status = {**_unready(control_plane), "conditions": with_conditions(control_plane, *bad)}
    await ensure(stage, KCP, control_plane, "status", status)


def _unready(control_plane: Manifest) -> Manifest:
    version = (control_plane.get("status") or {}).get("version") or control_plane["spec"]["version"]
    counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "upToDateReplicas"), 0)
    return {"ready": False, "externalManagedControlPlane": True, "version": version, **counts}


async def _start(stage: Stage, control_plane: Manifest, cluster: Manifest) -> TenantServer:
    meta = control_plane["metadata"]
    namespace, name = meta["namespace"], meta["name"]
    network = cluster["spec"].get("clusterNetwork") or {}
    services = (network.get("services") or {}).get("cidrBlocks") or ["10.95.0.0/16"]
    secret = await stage.kube.find(resources.SECRETS, f"{cluster['metadata']['name']}-ca", namespace=namespace)
    try:
        return await stage.tenants.ensure(
            meta["uid"],
            services=services[0],
            names=("kubernetes.default.svc", f"{name}.{namespace}.svc"),
            known_ca=(secret or {}).get("data") or {},
            port=(control_plane["spec"].get("controlPlaneEndpoint") or {}).get("port") or 0,
        )
    except (ProcessEnded, NotReady) as error:
        raise errors.Unavailable(str(error)) from error


async def _ensure_secrets(stage: Stage, control_plane: Manifest, cluster: Manifest, server: TenantServer) -> None:
    name = cluster["metadata"]["name"]
    authority = server.authority
    ca = {
        "tls.crt": authority.bundle.read_text(),
        "tls.key": (authority.folder / "ca.key").read_text(),
    }
    await _ensure_secret(stage, control_plane, cluster, f"{name}-ca", ca)
    # The kubeconfig's certificate is signed anew at each start; an older one goes on working.
    await _ensure_secret(stage, control_plane, cluster, names.kubeconfig_secret(name), {"value": server.kubeconfig})


async def _ensure_secret(
    stage: Stage, control_plane: Manifest, cluster: Manifest, name: str, content: dict[str, str]
) -> None:
    meta = control_plane["metadata"]
    if stage.get(resources.SECRETS, meta["namespace"], name) is not None:
        return
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": meta["namespace"],
            "labels": {names.CAPI_CLUSTER_LABEL: cluster["metadata"]["name"]},
            "ownerReferences": [
                {
                    "apiVersion": control_plane["apiVersion"],
                    "kind": control_plane["kind"],
                    "name": meta["name"],
                    "uid": meta["uid"],
                    "controller": True,
                }
            ],
        },
        "type": "cluster.x-k8s.io/secret",
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in content.items()},
    }
    try:
        await stage.kube.create(resources.SECRETS, secret)
    except errors.AlreadyExists:
        return  # The cache had not seen it yet.


async def _ensure_ready(stage: Stage, control_plane: Manifest, cluster: Manifest, server: TenantServer) -> None:
    spec = control_plane["spec"]
    endpoint = {"host": "127.0.0.1", "port": server.port}
    if await ensure(stage, KCP, control_plane, "spec", {"controlPlaneEndpoint": endpoint}):
        return
    replicas = spec.get("replicas", 2)
    good = [
        condition(type_, "True", reason, now=_now())
        for type_, reason in (
            ("TenantControlPlaneCreated", "TenantControlPlaneCreated"),
            ("TenantControlPlaneAddressReady", "TenantControlPlaneAddressReady"),
            ("ControlPlaneEndpointPatched", "ControlPlaneEndpointPatched"),
            ("InfrastructureClusterPatched", "InfrastructureClusterPatched"),
            ("KamajiControlPlaneIsInitialized", "KamajiControlPlaneIsInitialized"),
            ("KamajiControlPlaneIsReady", "KamajiControlPlaneIsReady"),
            ("Available", "Available"),
        )
    ]
    status = {
        "initialization": {"controlPlaneInitialized": True},
        "ready": True,
        "externalManagedControlPlane": True,
        "version": spec["version"],
        "replicas": replicas,
        "readyReplicas": replicas,
        "availableReplicas": replicas,
        "upToDateReplicas": replicas,
        "selector": f"kamaji.clastix.io/name={control_plane['metadata']['name']}",
        "conditions": with_conditions(control_plane, *good),
    }
    await ensure(stage, KCP, control_plane, "status", status)
    reference = cluster["spec"]["infrastructureRef"]
    infrastructure = stage.get(resources.KUBEVIRT_CLUSTERS, control_plane["metadata"]["namespace"], reference["name"])
    if infrastructure is None:
        return
    kind = resources.KUBEVIRT_CLUSTERS
    await ensure(stage, kind, infrastructure, "spec", {"controlPlaneEndpoint": endpoint})
    await ensure(stage, kind, infrastructure, "status", {"ready": True})


def _now() -> str:
    return format_time(datetime.now(UTC))


PLAYED = Played("kamaji", KCP, act, looks_at=(resources.CLUSTERS, resources.KUBEVIRT_CLUSTERS, resources.SECRETS))
