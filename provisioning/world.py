"""What there is of one cluster, as raw manifests: what `provisioning.observe` looks at. Values only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.manifests.marks import NAME_LABEL
from provisioning.model import Precheck
from provisioning.resources import Resource

KINDS: Final[tuple[Resource, ...]] = (
    resources.CLUSTERS,
    resources.KAMAJI_CONTROL_PLANES,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.CLUSTER_RESOURCE_SETS,
    resources.HELM_RELEASES,
    resources.HELM_CHART_PROXIES,
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
    machine_sets: tuple[Manifest, ...] = ()
    releases: tuple[Manifest, ...] = ()
    """One for each add-on: HelmReleases of Flux, or HelmChartProxies."""
    release_proxies: tuple[Manifest, ...] = ()
    """What becomes of the HelmChartProxies in this cluster."""
    resource_sets: tuple[Manifest, ...] = ()
    deployments: tuple[Manifest, ...] = ()
    pods: tuple[Manifest, ...] = ()
    """Pods of what runs in the management cluster for the tenant; nobody looks at them while all of it is well."""
    probed: bool = False
    """Whether the tenant's own API server is asked at all."""
    silence: str = ""
    """Why the tenant's own API server could not be used when somebody looked; empty when it could, or nobody did."""
    nodes_ready: int | None = None
    """Nodes that the tenant's own API server calls ready; None when nobody has asked it yet."""
    uninitialised: tuple[str, ...] = ()
    """Names of Nodes that no cloud controller manager has taken over yet."""
    unready: tuple[str, ...] = ()
    """What of DNS and network does not run in the tenant, in words."""
    precheck: Precheck | None = None
    """What an upgrade may run into in there; None when nobody has looked yet."""

    @classmethod
    def of(cls, manifests: Iterable[Manifest], **seen: Any) -> World:
        """Sorted by kind; what carries the cluster's label and is of no interest here is left out.

        `seen` is what others have asked for: the fields from `pods` on.
        """
        by_kind: defaultdict[str, list[Manifest]] = defaultdict(list)
        for manifest in manifests:
            by_kind[manifest["kind"]].append(manifest)
        hosted = [m for m in by_kind["Deployment"] if NAME_LABEL in (m["metadata"].get("labels") or {})]
        return cls(
            cluster=next(iter(by_kind["Cluster"]), None),
            control_plane=next(iter(by_kind["KamajiControlPlane"]), None),
            machine_deployments=tuple(by_kind["MachineDeployment"]),
            machines=tuple(by_kind["Machine"]),
            kubevirt_machines=tuple(by_kind["KubevirtMachine"]),
            machine_sets=tuple(by_kind["MachineSet"]),
            releases=(*by_kind["HelmRelease"], *by_kind["HelmChartProxy"]),
            release_proxies=tuple(by_kind["HelmReleaseProxy"]),
            resource_sets=tuple(by_kind["ClusterResourceSet"]),
            deployments=tuple(hosted),
            **seen,
        )
