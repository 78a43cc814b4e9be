"""What an object of the API is charged with in its tenant's ledger. Pure: other objects are asked for by `find`.

What is charged is the root of a tree: a TenantCluster with its whole envelope, a hand-made Cluster, a hand-made
MachineDeployment. What is rendered for a TenantCluster is within that envelope already, if it really is: owner, name
and size are checked, not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from provisioning import footprint, names, objects, quota
from provisioning.errors import Cause, Invalid, MalformedQuantity, RuleError
from provisioning.kube import Manifest
from provisioning.model import CatalogSpec, NodePool, TenantCluster
from provisioning.objects import Stored
from provisioning.resources import (
    CLUSTERS,
    GROUP,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    TENANT_CLUSTERS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    Resource,
)
from provisioning.usage import Usage

KINDS: Final = (TENANT_CLUSTERS, CLUSTERS, MACHINE_DEPLOYMENTS)
"""Every kind that is charged."""


class Unmeasurable(RuleError):
    """The object does not say how large it is, or refers to something that is not there."""


class Find(Protocol):
    """One object, None when there is none."""

    def __call__(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None: ...


def cost(resource: Resource, manifest: Manifest, *, find: Find, catalog: Callable[[], CatalogSpec]) -> Usage:
    """What this object costs. Raises `Unmeasurable` with every cause; what `find` and `catalog` raise climbs."""
    try:
        return _WEIGH[resource](manifest, find, catalog)
    except MalformedQuantity as error:
        raise Unmeasurable(Cause("spec", str(error))) from error
    except Invalid as error:
        raise Unmeasurable(*(error.causes or (Cause("spec", error.message),))) from error


def settled_cost(resource: Resource, manifest: Manifest, *, find: Find, catalog: Callable[[], CatalogSpec]) -> Usage:
    """As `cost`, for what is there already. Raises `Unmeasurable` also where a flavor has left the Catalog: what was
    charged by its size then must not become cheap by that."""
    gone = sorted({pool.flavor for pool in _pools(resource, manifest, find) if catalog().flavor(pool.flavor) is None})
    if gone:
        raise Unmeasurable(Cause("spec.pools", f"there is no flavor {', '.join(gone)} in the Catalog to measure by"))
    return cost(resource, manifest, find=find, catalog=catalog)


def _pools(resource: Resource, manifest: Manifest, find: Find) -> tuple[NodePool, ...]:
    """The pools of a TenantCluster that the object's cost depends on."""
    if resource == TENANT_CLUSTERS:
        return objects.read(TenantCluster, manifest).it.spec.pools
    owner = _owner(manifest, find) if resource == MACHINE_DEPLOYMENTS else None
    return _pools_named(manifest["metadata"]["name"], owner) if owner is not None else ()


def _pools_named(name: str, owner: Stored[TenantCluster]) -> tuple[NodePool, ...]:
    pools = owner.it.spec.pools
    return tuple(pool for pool in pools if names.machine_deployment(owner.meta.name, pool.name) == name)


def _tenant_cluster(manifest: Manifest, find: Find, catalog: Callable[[], CatalogSpec]) -> Usage:
    return quota.envelope(objects.read(TenantCluster, manifest).it.spec, catalog())


def _cluster(manifest: Manifest, find: Find, catalog: Callable[[], CatalogSpec]) -> Usage:
    owner = _owner(manifest, find)
    inside = owner is not None and manifest["metadata"]["name"] == owner.meta.name
    return Usage() if inside else footprint.of_cluster(manifest)


def _machine_deployment(manifest: Manifest, find: Find, catalog: Callable[[], CatalogSpec]) -> Usage:
    template = _template(manifest, find)
    named = footprint.instancetype_of(template)
    instancetype = find(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, named) if named else None
    weight = footprint.of_machine_deployment(manifest, template, instancetype)
    owner = _owner(manifest, find)
    if owner is None:
        return weight
    pools = _pools_named(manifest["metadata"]["name"], owner)
    inside = any(weight.within(quota.share(pool, catalog())) for pool in pools)
    return Usage() if inside else weight


def _owner(manifest: Manifest, find: Find) -> Stored[TenantCluster] | None:
    """The TenantCluster that controls this object, when it really lives and is the one that is meant."""
    meta = manifest["metadata"]
    claim: Mapping[str, Any] = next(
        (owner for owner in meta.get("ownerReferences") or () if owner.get("controller")), {}
    )
    group = str(claim.get("apiVersion", "")).partition("/")[0]
    if (claim.get("kind"), group) != (TENANT_CLUSTERS.kind, GROUP):
        return None
    found = find(TENANT_CLUSTERS, claim["name"], namespace=meta["namespace"])
    if found is None or found["metadata"]["uid"] != claim.get("uid"):
        return None
    return objects.read(TenantCluster, found)


def _template(manifest: Manifest, find: Find) -> Manifest:
    at = "spec.template.spec.infrastructureRef"
    spec: Mapping[str, Any] = ((manifest.get("spec") or {}).get("template") or {}).get("spec") or {}
    reference = spec.get("infrastructureRef") or {}
    kind, name = reference.get("kind"), reference.get("name", "")
    if kind != KUBEVIRT_MACHINE_TEMPLATES.kind:
        wanted = KUBEVIRT_MACHINE_TEMPLATES.kind
        raise Unmeasurable(Cause(f"{at}.kind", f"must be {wanted}: others cannot be measured"))
    namespace = manifest["metadata"]["namespace"]
    if reference.get("namespace", namespace) != namespace:
        # Only references of the older generation of APIs name one.
        raise Unmeasurable(Cause(f"{at}.namespace", f"must be {namespace}: a template elsewhere is not measured"))
    template = find(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=namespace)
    if template is None:
        text = f"there is no {kind} {name} in {namespace} to measure by; make it first"
        raise Unmeasurable(Cause(f"{at}.name", text))
    return template


_Weigh = Callable[[Manifest, Find, Callable[[], CatalogSpec]], Usage]
_WEIGH: Final[Mapping[Resource, _Weigh]] = {
    TENANT_CLUSTERS: _tenant_cluster,
    CLUSTERS: _cluster,
    MACHINE_DEPLOYMENTS: _machine_deployment,
}
