"""What there is of one cluster, as raw manifests: what `provisioning.observe` looks at. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provisioning import resources
from provisioning.manifests.marks import NAME_LABEL, Manifest
from provisioning.resources import Resource

KINDS: Final[tuple[Resource, ...]] = (
    resources.CLUSTERS,
    resources.KAMAJI_CONTROL_PLANES,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.HELM_RELEASES,
    resources.DEPLOYMENTS,
)
"""Every kind that is looked at."""


@dataclass(frozen=True)
class World:
    """What there is of one cluster, as raw manifests."""

    cluster: Manifest | None = None
    control_plane: Manifest | None = None
    machine_deployments: tuple[Manifest, ...] = ()
    machines: tuple[Manifest, ...] = ()
    kubevirt_machines: tuple[Manifest, ...] = ()
    releases: tuple[Manifest, ...] = ()
    deployments: tuple[Manifest, ...] = ()
    silence: str = ""
    """Why the tenant's own API server could not be used when somebody looked; empty when it could, or nobody did."""
    nodes_ready: int | None = None
    """Nodes that the tenant's own API server calls ready; None when nobody has asked it."""

    @classmethod
    def of(cls, manifests: Iterable[Manifest], *, silence: str = "", nodes_ready: int | None = None) -> World:
        """Sorted by kind; what carries the cluster's label and is of no interest here is left out."""
        by_kind: dict[str, list[Manifest]] = {kind.kind: [] for kind in KINDS}
        for manifest in manifests:
            by_kind.get(manifest["kind"], []).append(manifest)
        hosted = [m for m in by_kind["Deployment"] if NAME_LABEL in (m["metadata"].get("labels") or {})]
        return cls(
            cluster=next(iter(by_kind["Cluster"]), None),
            control_plane=next(iter(by_kind["KamajiControlPlane"]), None),
            machine_deployments=tuple(by_kind["MachineDeployment"]),
            machines=tuple(by_kind["Machine"]),
            kubevirt_machines=tuple(by_kind["KubevirtMachine"]),
            releases=tuple(by_kind["HelmRelease"]),
            deployments=tuple(hosted),
            silence=silence,
            nodes_ready=nodes_ready,
        )
