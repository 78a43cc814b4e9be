"""What there is of a cluster on the API server, in words that are equal for equal clusters."""

from __future__ import annotations

import json
import re
from typing import Any

from playground import apply
from provisioning import errors, names, objects, plan, resources
from provisioning.digest import digest_of
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterSpec
from tests import builders

OLD, NEW = "v1.35.1", "v1.36.0"
_PASSING = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "deletionTimestamp")


def wanted(version: str = OLD, **spec: Any) -> Manifest:
    pools = [{"name": "md0", "flavor": "small", "replicas": 1}]
    return {**builders.CLUSTER["spec"], "version": version, "pools": pools, **spec}


def cluster(namespace: str, name: str, **spec: Any) -> Manifest:
    kind = resources.TENANT_CLUSTERS
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": wanted(**spec)}


async def approved(kube: Kube, namespace: str, name: str) -> str:
    """A ClusterRequest that everybody agreed to; its name."""
    desired, kind = ClusterSpec.model_validate(wanted()), resources.CLUSTER_REQUESTS
    spec = {
        "action": "Create",
        "cluster": name,
        "desired": desired.wire(),
        "requester": {"user": "ann"},
        "digest": digest_of(action=Action.CREATE, cluster=name, desired=desired),
    }
    meta = {"name": f"cr-{name}", "namespace": namespace}
    made = await kube.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": spec})
    await kube.replace(kind, {**made, "status": {"phase": "Approved"}}, subresource="status")
    return f"cr-{name}"


async def everything(kube: Kube, namespace: str, name: str) -> list[Manifest]:
    """All objects of one cluster, whoever made them."""
    listed, found = apply.patiently(kube.list), []
    for kind in (*plan.KINDS, resources.MACHINE_SETS, resources.MACHINES):
        for label in (names.CLUSTER_LABEL, names.CAPI_CLUSTER_LABEL):
            try:
                found += (await listed(kind, namespace=namespace, labels=f"{label}={name}")).items
            except errors.NotFound:
                continue
    return list({(m["kind"], m["metadata"]["name"]): m for m in found}.values())


async def likeness(kube: Kube, namespace: str, name: str) -> dict[str, Any]:
    """Every object of the cluster and what its status says, without what is peculiar to this one."""
    held = objects.Meta.of(await kube.get(resources.TENANT_CLUSTERS, name, namespace=namespace)).finalizers
    told: dict[str, Any] = {"finalizers": list(held)}
    for manifest in await everything(kube, namespace, name):
        # Hashes, in names of templates, configurations and stores, are of contents that name the cluster.
        text = json.dumps(_plain(manifest), sort_keys=True).replace(name, "NAME")
        alike = json.loads(re.sub(r"(\b|_)[0-9a-f]{8}([0-9a-f]{16})?\b", "-hash", text))
        key = f"{alike['kind']}/{alike['metadata']['name']}"
        assert key not in told, f"{key} is there twice"
        told[key] = alike
    return told


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two likenesses are not alike."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{path}.{key}")]
    return [] if one == other else [f"{path}: {one!r} is not {other!r}"]


def _plain(manifest: Manifest) -> Manifest:
    meta = {key: value for key, value in manifest["metadata"].items() if key not in _PASSING}
    meta["ownerReferences"] = sorted(f"{o['kind']}/{o['name']}" for o in meta.get("ownerReferences", ()))
    annotations = {k: v for k, v in meta.get("annotations", {}).items() if k != names.APPLIED_ANNOTATION}
    rest = {key: value for key, value in manifest.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": {**meta, "annotations": annotations}}
