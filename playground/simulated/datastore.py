"""Plays what Kamaji keeps behind a control plane: the TenantControlPlane, and the Secret by which its data is reached.

Finalizers and their order follow clastix/kamaji, `controllers/tenantcontrolplane_controller.go`: what was stored is
deleted first, then the Secret is let go of, then the TenantControlPlane. Without its DataStore it does none of that.
What tenants store here is in the management cluster's etcd, and goes with the KamajiControlPlane (`kamaji`).
Failures it knows, on a KamajiControlPlane or its TenantControlPlane: `datastore-gone` (the TenantControlPlane is never
let go of, as long as this word is on it), `secret-stuck` (it is let go of, and its Secret is not).
"""

from __future__ import annotations

import contextlib
from typing import Final

from playground.simulated.stage import Played, Stage, drop_finalizer, ensure, ensure_finalizer, failure
from provisioning import errors, resources
from provisioning.manifest import Manifest
from provisioning.residue import DATASTORE_FINALIZER, TENANT_CONTROL_PLANE_FINALIZER

KCP = resources.KAMAJI_CONTROL_PLANES
TCP = resources.TENANT_CONTROL_PLANES
DEFAULT: Final = "default"
"""The DataStore of those who name none."""


async def act_on_parent(stage: Stage, parent: Manifest) -> None:
    """Make the TenantControlPlane of a KamajiControlPlane, as its provider does, and keep it to what is wanted."""
    meta = parent["metadata"]
    owned = stage.owner(parent, resources.CLUSTERS) is not None
    if "deletionTimestamp" in meta or not owned or failure(parent) == "datastore":
        return
    spec = {
        "dataStore": parent["spec"].get("dataStoreName", DEFAULT),
        "kubernetes": {"version": parent["spec"]["version"]},
        "controlPlane": {"service": {"serviceType": "LoadBalancer"}},
    }
    present = stage.get(TCP, meta["namespace"], meta["name"])
    if present is not None:
        if "deletionTimestamp" not in present["metadata"]:
            await ensure(stage, TCP, present, "spec", spec)
        return
    metadata = {
        "name": meta["name"],
        "namespace": meta["namespace"],
        "labels": meta.get("labels") or {},
        "annotations": meta.get("annotations") or {},
        "ownerReferences": [_owner(parent)],
    }
    made = {"apiVersion": TCP.api_version, "kind": TCP.kind, "metadata": metadata, "spec": spec}
    with contextlib.suppress(errors.AlreadyExists):
        await stage.kube.create(TCP, made)


async def act(stage: Stage, control_plane: Manifest) -> None:
    """Keep the Secret of a TenantControlPlane, and let both go in order."""
    meta = control_plane["metadata"]
    name = f"{meta['name']}-datastore-config"
    secret = stage.get(resources.SECRETS, meta["namespace"], name)
    if "deletionTimestamp" in meta:
        if failure(control_plane) == "datastore-gone":
            return
        if secret is not None and failure(control_plane) != "secret-stuck":
            await drop_finalizer(stage, resources.SECRETS, secret, DATASTORE_FINALIZER)
        await drop_finalizer(stage, TCP, control_plane, TENANT_CONTROL_PLANE_FINALIZER)
        return
    if await ensure_finalizer(stage, TCP, control_plane, TENANT_CONTROL_PLANE_FINALIZER) or secret is not None:
        return
    metadata = {
        "name": name,
        "namespace": meta["namespace"],
        "labels": {"kamaji.clastix.io/name": meta["name"], "kamaji.clastix.io/component": "datastore-config"},
        "finalizers": [DATASTORE_FINALIZER],
        "ownerReferences": [_owner(control_plane)],
    }
    with contextlib.suppress(errors.AlreadyExists):
        await stage.kube.create(resources.SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata})


def _owner(manifest: Manifest) -> Manifest:
    meta = manifest["metadata"]
    reference = {key: manifest[key] for key in ("apiVersion", "kind")} | {key: meta[key] for key in ("name", "uid")}
    return {**reference, "controller": True, "blockOwnerDeletion": True}


PLAYED = (
    Played("control-planes", KCP, act_on_parent, looks_at=(resources.CLUSTERS, TCP)),
    Played("datastore", TCP, act, looks_at=(resources.SECRETS,)),
)
