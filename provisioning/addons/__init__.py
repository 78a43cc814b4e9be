"""What a cluster gets beside its control plane and workers: what goes into the tenant, and what is hosted beside it.

Into the tenant go raw manifests (`resource_set`) and charts, by one of the `ENGINES`. `HOSTED` run in the management
cluster, one module each with one `component(target, catalog)`. Nothing here talks to anybody.
"""

from provisioning.addons import (
    caaph,
    charts,
    cloud_controller_manager,
    cluster_autoscaler,
    csi_controller,
    flux,
    hosted,
    resource_set,
)
from provisioning.addons.target import Target
from provisioning.manifest import Manifest
from provisioning.model import AddOnEngine, CatalogSpec

ENGINES = (flux, caaph)
HOSTED = (cloud_controller_manager, csi_controller, cluster_autoscaler)
RIGHTS = tuple(rule for module in HOSTED for rule in module.RULES)
"""What the accounts of hosted components may do. Whoever creates their Roles must hold these rights as well: the API
server lets nobody hand out more than they have."""


def render(target: Target, catalog: CatalogSpec) -> list[Manifest]:
    """Everything for one target, in the order of applying; hosted components once the Cluster is there.

    Raises `RuleError` for add-ons that cannot be installed.
    """
    manifests = [*resource_set.render(target, catalog), *_charts(target, catalog)]
    if target.host is None:
        return manifests
    for module in HOSTED:
        component = module.component(target, catalog)
        if component is not None:
            manifests += hosted.render(target, target.host, component)
    return manifests


def _charts(target: Target, catalog: CatalogSpec) -> list[Manifest]:
    """By the Catalog's engine. One engine follows the other add-on by add-on, never both at one of them."""
    installs = charts.chosen(target, catalog, ENGINES)
    if catalog.add_on_engine is AddOnEngine.FLUX and not caaph.keeps(target):
        return flux.render(target, installs)
    leaving = [install for install in installs if flux.standing(target, install.name)]
    going = [manifest for install in leaving for manifest in flux.let_go(target, install)]
    return [*going, *caaph.render(target, [install for install in installs if install not in leaving])]


__all__ = ["ENGINES", "HOSTED", "RIGHTS", "Target", "render"]
