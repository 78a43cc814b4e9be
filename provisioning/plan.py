"""TenantCluster + Catalog -> the manifests that should be there, and which of those that are there should not.

Pure: no client, no clock. The same input gives the same bytes, so that applying twice is applying once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from provisioning import addons, names, resources
from provisioning.addons import target
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.manifests import MANIFESTS, blueprint
from provisioning.manifests.marks import is_ours
from provisioning.model import CatalogSpec, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import Resource

KINDS: Final[tuple[Resource, ...]] = (
    *(module.KIND for module in MANIFESTS),
    resources.CLUSTER_RESOURCE_SETS,
    resources.HELM_REPOSITORIES,
    resources.OCI_REPOSITORIES,
    resources.HELM_RELEASES,
    resources.HELM_CHART_PROXIES,
    resources.SERVICE_ACCOUNTS,
    resources.ROLES,
    resources.ROLE_BINDINGS,
    resources.CONFIG_MAPS,
    resources.DEPLOYMENTS,
)
"""Every kind that is rendered."""
_PRUNED: Final = frozenset((kind.group, kind.kind) for kind in KINDS)
_TEMPLATES: Final = frozenset(
    kind.kind for kind in (resources.KUBEVIRT_MACHINE_TEMPLATES, resources.KUBEADM_CONFIG_TEMPLATES)
)
_USERS: Final = frozenset(kind.kind for kind in (resources.MACHINE_DEPLOYMENTS, resources.MACHINE_SETS))


@dataclass(frozen=True)
class Plan:
    """What should be there now, in the order of applying, and why some of it cannot be as it is wanted."""

    manifests: list[Manifest]
    behind: tuple[Cause, ...]


def render(
    cluster: Stored[TenantCluster],
    catalog: CatalogSpec,
    *,
    tenant: str,
    cluster_uid: str = "",
    existing: Iterable[Manifest] = (),
    asleep: bool = False,
) -> Plan:
    """Everything that a completed TenantCluster consists of now.

    `tenant` is the tenant's name. `cluster_uid` is the uid of the Cluster (the Cluster API object) once it exists:
    what is hosted beside the control plane is owned by it, so until then that part is left out. `existing` is what
    stands of the cluster, Machines included: it says how far an upgrade is, and machines and add-ons that have left the
    Catalog go on as they stand. `asleep`: the cluster is to have neither workers nor a running control plane.
    Raises `RuleError` with every cause when the spec is not complete or names what is neither on offer nor standing.
    """
    there = tuple(existing)
    drawn = blueprint.draw(cluster, catalog, tenant=tenant, existing=there, asleep=asleep)
    aim = target.of_tenant_cluster(
        drawn.owner,
        drawn.spec,
        namespace=drawn.namespace,
        tenant=tenant,
        host_uid=cluster_uid,
        existing=there,
        asleep=asleep,
    )
    manifests = _clean([*(m for module in MANIFESTS for m in module.render(drawn)), *addons.render(aim, catalog)])
    return Plan(manifests, drawn.behind)


def render_additions(
    cluster: Manifest, existing: Iterable[Manifest], *, catalog: CatalogSpec, tenant: str
) -> list[Manifest]:
    """What a Cluster made by hand gets when it asks for it: default add-ons and hosted components.

    `existing` is what stands of it: its MachineDeployments say whether it grows, its releases which add-ons it has.
    """
    aim = target.of_cluster(cluster, existing, catalog=catalog, tenant=tenant)
    return _clean(addons.render(aim, catalog))


def field_manager(manifest: Manifest) -> str:
    """The field manager to apply a rendered manifest under: one per cluster.

    `<cluster>-<pool>` can come to the same name for two clusters (a, b-c and a-b, c). Under one manager for all, the
    second apply would replace the first one's ownership; under its own it adds a second controlling owner, and the
    API server refuses that.
    """
    return f"{names.FIELD_MANAGER}-{manifest['metadata']['labels'][names.CLUSTER_LABEL]}"


def stale(rendered: Iterable[Manifest], existing: Iterable[Manifest]) -> list[Manifest]:
    """Which of the existing objects are ours, no longer rendered, and free to go.

    `existing` is what carries the cluster's label, MachineSets included: a template goes only when neither a
    MachineDeployment nor a MachineSet names it, because a machine set without it could not be healed or rolled back to.
    Not for a cluster that is being deleted: a teardown has an order of its own.
    """
    there = list(existing)
    kept = {_key(manifest) for manifest in rendered}
    used = {key for manifest in there if manifest["kind"] in _USERS for key in _templates_of(manifest)}
    return [
        manifest
        for manifest in there
        if is_ours(manifest)
        and _key(manifest)[:2] in _PRUNED
        and _key(manifest) not in kept
        and "deletionTimestamp" not in manifest["metadata"]
        and (manifest["kind"] not in _TEMPLATES or (manifest["kind"], manifest["metadata"]["name"]) not in used)
    ]


def _clean(manifests: list[Manifest]) -> list[Manifest]:
    """Plain JSON, no part of it shared: whoever changes one manifest changes that one only."""
    copies: list[Manifest] = json.loads(json.dumps(manifests))
    return copies


def _key(manifest: Manifest) -> tuple[str, str, str, str]:
    group = manifest["apiVersion"].rpartition("/")[0]
    meta = manifest["metadata"]
    return group, manifest["kind"], meta.get("namespace", ""), meta["name"]


def _templates_of(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Kind and name of the templates that a MachineDeployment or MachineSet makes machines from."""
    machine = manifest["spec"]["template"]["spec"]
    references = (machine.get("infrastructureRef"), machine["bootstrap"].get("configRef"))
    for reference in references:
        if reference:
            yield reference["kind"], reference["name"]
