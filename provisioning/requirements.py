"""The kinds that clusterdesk needs a management cluster to serve, and the contract that each must keep. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisioning import resources
from provisioning.model import AddOnEngine, CatalogSpec
from provisioning.resources import Resource

CORE: Final = (
    resources.CLUSTERS,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.MACHINE_HEALTH_CHECKS,
    resources.CLUSTER_RESOURCE_SETS,
    resources.KUBEADM_CONFIGS,
    resources.KUBEADM_CONFIG_TEMPLATES,
    resources.KAMAJI_CONTROL_PLANES,
    resources.KUBEVIRT_CLUSTERS,
    resources.KUBEVIRT_MACHINES,
    resources.KUBEVIRT_MACHINE_TEMPLATES,
    resources.VIRTUAL_MACHINES,
    resources.DATA_VOLUMES,
)
"""What every cluster needs, whatever the Catalog offers."""
FLUX: Final = (resources.HELM_RELEASES, resources.HELM_REPOSITORIES, resources.OCI_REPOSITORIES)
OURS: Final = (
    resources.CATALOGS,
    resources.TENANTS,
    resources.TENANT_CLUSTERS,
    resources.CLUSTER_REQUESTS,
    resources.CLUSTER_ACCESSES,
    resources.APPROVAL_DELEGATIONS,
    resources.TENANT_LEDGERS,
)
EVERY: Final = (
    *CORE,
    *OURS,
    *FLUX,
    resources.HELM_CHART_PROXIES,
    resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    resources.DATA_STORES,
)
"""Every kind that is asked about."""
CONTRACT_V1BETA1: Final = "cluster.x-k8s.io/v1beta1"
CONTRACT_V1BETA2: Final = "cluster.x-k8s.io/v1beta2"
CONTRACTS: Final[Mapping[Resource, str]] = {
    resources.KUBEADM_CONFIG_TEMPLATES: CONTRACT_V1BETA2,
    resources.KUBEADM_CONFIGS: CONTRACT_V1BETA2,
    resources.KAMAJI_CONTROL_PLANES: CONTRACT_V1BETA2,
    resources.KUBEVIRT_CLUSTERS: CONTRACT_V1BETA1,
    resources.KUBEVIRT_MACHINES: CONTRACT_V1BETA1,
    resources.KUBEVIRT_MACHINE_TEMPLATES: CONTRACT_V1BETA1,
}
"""The label by which each CRD tells Cluster API how to read its objects; the older one for all of them, in the older
profile."""


def needed(catalog: CatalogSpec | None) -> tuple[Resource, ...]:
    """The kinds of others that clusters are made of, as far as the Catalog's offers need them."""
    if catalog is None:
        return CORE
    wanted = list(CORE)
    if catalog.add_on_engine is AddOnEngine.CAAPH:
        wanted.append(resources.HELM_CHART_PROXIES)
    else:
        wanted += FLUX
    if any(flavor.instancetype for flavor in catalog.flavors):
        wanted.append(resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES)
    return tuple(wanted)
