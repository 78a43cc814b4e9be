"""CRDs of kinds that lead into tenants and that the playground has not: the real ones where they are at hand, else
open ones. Tests put them there and take them away."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable

import yaml

from playground import apply
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import (
    CUSTOM_RESOURCE_DEFINITIONS,
    KAMAJI_CONTROL_PLANE_TEMPLATES,
    OCI_REPOSITORIES,
    Resource,
)
from tests.shared_crds import SHARED
from webhooks import kinds

KINDS = (
    kinds.KUSTOMIZATIONS,
    kinds.GIT_REPOSITORIES,
    kinds.HELM_CHARTS,
    OCI_REPOSITORIES,
    kinds.PROFILES,
    kinds.CLUSTER_PROFILES,
    kinds.APPLICATIONS,
    kinds.APPLICATION_SETS,
    kinds.KUBEADM_CONTROL_PLANES,
    kinds.KUBEADM_CONTROL_PLANE_TEMPLATES,
    KAMAJI_CONTROL_PLANE_TEMPLATES,
)


@contextlib.asynccontextmanager
async def served(kube: Kube, which: Iterable[Resource] = KINDS) -> AsyncIterator[None]:
    """Those of them that are not there yet."""
    crds = [_crd(kind) for kind in which]
    there = [await kube.find(CUSTOM_RESOURCE_DEFINITIONS, crd["metadata"]["name"]) for crd in crds]
    missing = [crd for crd, found in zip(crds, there, strict=True) if found is None]
    await apply.define(kube, missing)
    try:
        yield
    finally:
        for crd in missing:
            await kube.delete(CUSTOM_RESOURCE_DEFINITIONS, crd["metadata"]["name"])


def _crd(kind: Resource) -> Manifest:
    for path in SHARED.glob(f"*/{kind.group}_{kind.plural}.yaml"):
        found: Manifest = yaml.load(path.read_bytes(), yaml.CSafeLoader)
        if any(version["name"] == kind.version and version["served"] for version in found["spec"]["versions"]):
            return found
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()}
    version = {"name": kind.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": CUSTOM_RESOURCE_DEFINITIONS.api_version,
        "kind": CUSTOM_RESOURCE_DEFINITIONS.kind,
        "metadata": {"name": f"{kind.plural}.{kind.group}"},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [version],
        },
    }
