"""The Secret by which Kamaji reaches a tenant's data, `<name>-datastore-config`, and when it may go.

Kamaji needs it to delete what the tenant has stored, so it holds it by a finalizer; but when the TenantControlPlane is
gone before Kamaji came to it, nobody takes that off and the namespace can never be deleted. It is taken off here, when
the TenantControlPlane is proven gone and not a moment earlier. That one's own finalizer is never touched: what the
tenant has stored would stay for ever.
Source: clastix/kamaji `internal/resources/datastore/datastore_storage_config.go`, and its issues 376 and 491.
"""

from __future__ import annotations

from contextlib import suppress

import structlog

from provisioning import errors, presence, resources
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest
from provisioning.residue import DATASTORE_FINALIZER

log = structlog.get_logger()


async def end(kube: Kube, cluster: Key) -> Manifest | None:
    """Let the Secret go if it may; the Secret while it is there. Raises `KubeError` when it cannot be told.

    Only for a cluster whose Cluster is gone. The control plane has the name of the cluster.
    """
    namespace, name = cluster
    secret = await presence.find(kube, resources.SECRETS, f"{name}-datastore-config", namespace=namespace)
    if secret is None or not _is_of(secret, name):
        return None
    meta = secret["metadata"]
    held = DATASTORE_FINALIZER in (meta.get("finalizers") or ())
    if "deletionTimestamp" not in meta or not held:
        # The garbage collector asks it to go, after its TenantControlPlane.
        return secret
    if await presence.find(kube, resources.TENANT_CONTROL_PLANES, name, namespace=namespace) is not None:
        return secret
    kept = [finalizer for finalizer in meta["finalizers"] if finalizer != DATASTORE_FINALIZER]
    patch = {"metadata": {"finalizers": kept or None, "resourceVersion": meta["resourceVersion"]}}
    with suppress(errors.NotFound, errors.Conflict):
        await kube.merge(resources.SECRETS, meta["name"], patch, namespace=namespace)
        log.warning("secret_taken_from_kamaji", namespace=namespace, name=meta["name"])
    return secret


def _is_of(secret: Manifest, control_plane: str) -> bool:
    owners = secret["metadata"].get("ownerReferences") or ()
    kind = resources.TENANT_CONTROL_PLANES.kind
    return any((owner["kind"], owner["name"]) == (kind, control_plane) for owner in owners)
