"""What a cluster gets beside its control plane and workers: releases into the tenant, and hosted components.

`ENGINES` put add-ons into the tenant; `HOSTED` run in the management cluster, one module each with one
`component(target, catalog)`. Nothing here talks to anybody.
"""

from provisioning.addons import cloud_controller_manager, cluster_autoscaler, csi_controller, flux, hosted
from provisioning.addons.target import Target
from provisioning.manifests.marks import Manifest
from provisioning.model import CatalogSpec

ENGINES = (flux,)
HOSTED = (cloud_controller_manager, csi_controller, cluster_autoscaler)
RIGHTS = tuple(rule for module in HOSTED for rule in module.RULES)
"""What the accounts of hosted components may do. Whoever creates their Roles must hold these rights as well: the API
server lets nobody hand out more than they have."""


def render(target: Target, catalog: CatalogSpec) -> list[Manifest]:
    """Everything for one target, in the order of applying; hosted components once the Cluster is there."""
    manifests = [manifest for engine in ENGINES for manifest in engine.render(target, catalog)]
    if target.host is None:
        return manifests
    for module in HOSTED:
        component = module.component(target, catalog)
        if component is not None:
            manifests += hosted.render(target, target.host, component)
    return manifests


__all__ = ["ENGINES", "HOSTED", "RIGHTS", "Target", "render"]
