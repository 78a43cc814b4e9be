"""Clusters made by hand: Cluster API objects in a tenant's namespace that no TenantCluster stands behind. Pure.

Here is told which those are, what they are marked with, and what can be said about one from its objects. What they
get is rendered by `plan.render_additions`, and put there and taken away by `additions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.model import NodeCount, TenantSpec
from provisioning.objects import Meta

DEFAULT: Final = "default"
NONE: Final = "none"
FLUX_KUSTOMIZATION: Final = "kustomize.toolkit.fluxcd.io"
FLUX_RELEASE: Final = "helm.toolkit.fluxcd.io"
ARGO_TRACKING: Final = "argocd.argoproj.io/tracking-id"
HELM_RELEASE: Final = "meta.helm.sh/release-name"


@dataclass(frozen=True)
class Keeper:
    """Who looks after a cluster, as far as its objects tell: a tool and the name it knows it by, else a person."""

    tool: str = ""
    name: str = ""


@dataclass(frozen=True)
class HandMade:
    """What can be said about one. `version` and `endpoint` are empty, and `message` is not, while it comes up."""

    meta: Meta
    version: str = ""
    endpoint: str = ""
    ready: bool = False
    message: str = ""
    nodes: NodeCount = field(default_factory=NodeCount)
    keeper: Keeper = field(default_factory=Keeper)

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.meta.namespace, self.meta.name

    @property
    def has_add_ons(self) -> bool:
        """Whether clusterdesk gives it add-ons."""
        return self.meta.labels.get(names.ADDONS_LABEL) == DEFAULT


def is_hand_made(cluster: Manifest) -> bool:
    """Whether no TenantCluster of its name made this Cluster."""
    return not any(
        owner["kind"] == resources.TENANT_CLUSTERS.kind and owner["name"] == cluster["metadata"]["name"]
        for owner in cluster["metadata"].get("ownerReferences") or ()
        if owner.get("controller")
    )


def kept(cluster: Manifest) -> Manifest | None:
    """The Cluster, for who keeps very many; None for a TenantCluster's."""
    return cluster if is_hand_made(cluster) else None


def gist(control_plane: Manifest) -> Manifest:
    """As little of a control plane as is told of it here."""
    meta = {key: control_plane["metadata"].get(key, "") for key in ("name", "namespace", "resourceVersion")}
    return {
        "apiVersion": control_plane["apiVersion"],
        "kind": control_plane["kind"],
        "metadata": meta,
        "status": {"version": _map(control_plane.get("status")).get("version")},
    }


def marks(tenant: TenantSpec, *, name: str, cluster: str) -> dict[str, str]:
    """The labels of a Cluster made by hand in a namespace of the tenant of that name.

    Its own name is among them, because what goes into tenants finds its cluster by a label; empty, where the API server
    has not made one up yet, it is left out.
    """
    return {
        names.ADDONS_LABEL: DEFAULT if tenant.hand_made.add_ons else NONE,
        names.TENANT_LABEL: name,
        **({names.CLUSTER_LABEL: cluster} if cluster else {}),
    }


def of(cluster: Manifest, control_plane: Manifest | None) -> HandMade:
    """What its Cluster and its control plane tell, of whatever shape they are."""
    meta = Meta.of(cluster)
    status = _map(cluster.get("status"))
    workers = _map(status.get("workers"))
    available = _condition(status, "Available")
    return HandMade(
        meta=meta,
        version=str(_map((control_plane or {}).get("status")).get("version") or ""),
        endpoint=_endpoint(_map(_map(cluster.get("spec")).get("controlPlaneEndpoint"))),
        ready=available.get("status") == "True",
        message="" if available.get("status") == "True" else str(available.get("message") or ""),
        nodes=NodeCount(ready=_count(workers, "readyReplicas"), wanted=_count(workers, "desiredReplicas")),
        keeper=keeper_of(meta),
    )


def keeper_of(meta: Meta) -> Keeper:
    """Who applies it, by the marks that tools leave; else who made it, as the webhook noted."""
    for tool, group in (("Flux Kustomization", FLUX_KUSTOMIZATION), ("Flux HelmRelease", FLUX_RELEASE)):
        if name := meta.labels.get(f"{group}/name"):
            return Keeper(tool, f"{meta.labels.get(f'{group}/namespace', meta.namespace)}/{name}")
    if tracked := meta.annotations.get(ARGO_TRACKING):
        return Keeper("Argo CD Application", tracked.partition(":")[0])
    if release := meta.annotations.get(HELM_RELEASE):
        return Keeper("Helm release", release)
    return Keeper(name=meta.annotations.get(names.REQUESTED_BY_ANNOTATION, ""))


def _endpoint(endpoint: Mapping[str, Any]) -> str:
    return f"https://{endpoint['host']}:{endpoint['port']}" if endpoint.get("host") and endpoint.get("port") else ""


def _condition(status: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    return next((c for c in status.get("conditions") or () if c["type"] == type_), {})


def _count(workers: Mapping[str, Any], key: str) -> int:
    found = workers.get(key)
    return found if isinstance(found, int) else 0


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
