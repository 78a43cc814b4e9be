"""Kamaji's own add-ons: which of them a control plane brings along, and of which version. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec, ClusterSpec

KUBE_PROXY: Final = "kubeProxy"
CORE_DNS: Final = "coreDNS"
KONNECTIVITY: Final = "konnectivity"
KONNECTIVITY_PORT: Final = 8132


@dataclass(frozen=True)
class Core:
    """`replaced` are off, because an add-on of the cluster stands in for them."""

    replaced: frozenset[str]
    konnectivity: str
    """The tag of Konnectivity's images; Kamaji's own choice when empty."""

    def addons(self) -> Manifest:
        """As a KamajiControlPlane is told of them."""
        version = {"version": self.konnectivity} if self.konnectivity else {}
        return {
            **{name: {} for name in (CORE_DNS, KUBE_PROXY) if name not in self.replaced},
            KONNECTIVITY: {
                "server": {"port": KONNECTIVITY_PORT, **version},
                # Without it nobody reads logs or reaches webhooks in the tenant: it goes to every Node, initialised or
                # not.
                "agent": {**version, "tolerations": [{"operator": "Exists"}]},
            },
        }


def decide(spec: ClusterSpec, catalog: CatalogSpec, existing: Iterable[Manifest], *, version: str) -> Core:
    """For a control plane of this version. What the Catalog does not describe any more stays as it stands."""
    kind = resources.KAMAJI_CONTROL_PLANES.kind
    control_plane = next((manifest for manifest in existing if manifest["kind"] == kind), None)
    standing: Manifest = control_plane["spec"].get("addons") or {} if control_plane else {}
    return Core(_replaced(spec, catalog, standing), _konnectivity(catalog, version, standing))


def _replaced(spec: ClusterSpec, catalog: CatalogSpec, standing: Manifest) -> frozenset[str]:
    chosen = [catalog.add_on(wish.name) for wish in spec.add_ons]
    found = {
        name
        for add_on in chosen
        if add_on is not None
        for name, replaces in ((KUBE_PROXY, add_on.replaces_kube_proxy), (CORE_DNS, add_on.replaces_core_dns))
        if replaces
    }
    if None in chosen and standing:
        # Nobody can say what an add-on stood in for that has left the Catalog: what is off stays off.
        found |= {name for name in (KUBE_PROXY, CORE_DNS) if name not in standing}
    return frozenset(found)


def _konnectivity(catalog: CatalogSpec, version: str, standing: Manifest) -> str:
    # Left to itself Kamaji goes by the Kubernetes version, for which there may be no image yet.
    release = catalog.release(version)
    if release is not None:
        return release.konnectivity
    tag: str = ((standing.get(KONNECTIVITY) or {}).get("server") or {}).get("version") or ""
    return tag
