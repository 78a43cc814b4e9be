"""What policies read from the facts: the Catalog, whose a namespace is, what is asked, what is there. Values, no I/O.

Whatever here asks the facts raises `Unknown` as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from provisioning import names, objects, quota, risk, seats
from provisioning.errors import Cause, Invalid
from provisioning.manifest import Manifest
from provisioning.model import (
    Action,
    ApprovalDelegation,
    Catalog,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    DelegationSpec,
    Person,
    Tenant,
    TenantCluster,
    TenantSpec,
)
from provisioning.model.base import Model
from provisioning.neighbours import Neighbour
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.resources import (
    APPROVAL_DELEGATIONS,
    CATALOGS,
    CLUSTER_REQUESTS,
    CUSTOM_RESOURCE_DEFINITIONS,
    NAMESPACES,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from webhooks import extent, known, marks, tree
from webhooks.facts import Facts, Unusable
from webhooks.review import Request, User

M = TypeVar("M", bound=Model)

UNREAD: Final = "was stored by an older version, and cannot be read any more; the platform may delete it"
"""What is said of a TenantCluster that our model does not read."""


def catalog(facts: Facts) -> CatalogSpec:
    """What is on offer. Raises `Unusable` when the platform has not said."""
    manifest = facts.get(CATALOGS, names.CATALOG)
    if manifest is None:
        raise Unusable("there is no Catalog named default yet; the platform has to make one first")
    try:
        return known.read(Catalog, manifest).it.spec
    except Invalid as error:
        raise Unusable(f"the Catalog cannot be used: {error.message}") from error


def is_served(resource: Resource, facts: Facts) -> bool:
    """Whether the API server serves that version of a kind that is no part of Kubernetes itself: of what it does not
    serve, nothing is found and nobody is asked."""
    definition = facts.get(CUSTOM_RESOURCE_DEFINITIONS, f"{resource.plural}.{resource.group}")
    versions = tree.mappings(tree.dig(definition, "spec").get("versions"))
    return any(version.get("name") == resource.version and version.get("served") for version in versions)


def tenant_of(facts: Facts, namespace: str) -> Stored[Tenant] | None:
    """Whose the namespace is: its label names a Tenant and that Tenant lists it. None otherwise."""
    return facts.once(("tenant", namespace), partial(_tenant_of, facts, namespace))


def _tenant_of(facts: Facts, namespace: str) -> Stored[Tenant] | None:
    found = facts.get(NAMESPACES, namespace)
    name = marks.label(found, names.TENANT_LABEL) if found else ""
    manifest = facts.get(TENANTS, name) if name else None
    if manifest is None:
        return None
    try:
        tenant = known.read(Tenant, manifest)
    except Invalid as error:
        raise Unusable(f"the Tenant {name} cannot be used: {error.message}") from error
    return tenant if namespace in tenant.it.spec.namespaces else None


def tenants(facts: Facts) -> tuple[TenantSpec, ...]:
    """All tenants that can be read; of the others nobody is known."""
    return tuple(found.it.spec for found in _readable(known.read, Tenant, facts.list(TENANTS)))


def delegations(facts: Facts, namespace: str) -> tuple[DelegationSpec, ...]:
    """Who decides instead of whom in this namespace now."""
    found = _readable(objects.read, ApprovalDelegation, facts.list(APPROVAL_DELEGATIONS, namespace=namespace))
    return seats.in_force(found, facts.now)


def asked(facts: Facts, namespace: str, name: str) -> Stored[ClusterRequest] | None:
    """The ClusterRequest of this name; None where there is none, or no name."""
    found = facts.get(CLUSTER_REQUESTS, name, namespace=namespace) if name else None
    return objects.read(ClusterRequest, found) if found is not None else None


def deciding(facts: Facts, tenant: TenantSpec, request: Stored[ClusterRequest]) -> TenantSpec:
    """The tenant as it decides about this request. What tells its size, or what was there, is asked only where that
    matters."""
    spec, is_large = request.it.spec, tenant.approval.large is not None
    # Whether it takes protection off shows only beside what is there.
    unprotects = spec.action is Action.CHANGE and spec.desired is not None and not spec.desired.deletion_protection
    if not is_large and not unprotects:
        return tenant
    there = present(facts, request) if unprotects or spec.action is Action.DELETE else None
    return risk.about(tenant, spec, there, catalog(facts) if is_large else None)


def cluster_of(facts: Facts, request: Stored[ClusterRequest]) -> Stored[TenantCluster] | None:
    """The cluster that something is asked about; None where there is none, or none that can be read any more."""
    found = facts.get(TENANT_CLUSTERS, request.it.spec.cluster, namespace=request.meta.namespace)
    try:
        return cluster(found) if found is not None else None
    except Invalid:
        return None


def present(facts: Facts, request: Stored[ClusterRequest]) -> ClusterSpec | None:
    """What that cluster should be."""
    found = cluster_of(facts, request)
    return found.it.spec if found is not None else None


def limits(facts: Facts, tenant: TenantSpec) -> Limits:
    """What the tenant may have. The Catalog is asked only where the cost is bounded."""
    hard = tenant.quota.hard
    return quota.limits(hard, catalog(facts) if hard.hourly_cost is not None else None)


def _readable(
    read: Callable[[type[M], Manifest], Stored[M]], model: type[M], manifests: Sequence[Manifest]
) -> Iterator[Stored[M]]:
    """Each that fits its model: one that was written around us must not keep others from being judged."""
    for manifest in manifests:
        try:
            yield read(model, manifest)
        except Invalid:
            continue


def person(user: User) -> Person:
    """Who asks, as somebody that a tenant may list. Raises `errors.Invalid` for a name that none can."""
    return objects.parse(Person, {"user": user.name}, at="your name")


def cluster(manifest: Manifest) -> Stored[TenantCluster]:
    """A TenantCluster's manifest, read. Raises `errors.Invalid` with every cause."""
    return objects.read(TenantCluster, manifest)


def is_unread(manifest: Manifest | None) -> bool:
    """Whether this TenantCluster is there, and our model does not read it any more."""
    if manifest is None:
        return False
    try:
        cluster(manifest)
    except Invalid:
        return True
    return False


def neighbours(facts: Facts, namespace: str, name: str) -> Mapping[str, Neighbour]:
    """The namespace's other TenantClusters, by name; also those that an older version of us stored in another shape."""
    return {
        manifest["metadata"]["name"]: Neighbour(pools=_names(manifest, "pools"), add_ons=_names(manifest, "addOns"))
        for manifest in facts.list(TENANT_CLUSTERS, namespace=namespace)
        if manifest["metadata"]["name"] != name
    }


def _names(cluster: Manifest, key: str) -> tuple[str, ...]:
    found = (tree.text(one.get("name")) for one in tree.mappings(tree.dig(cluster, "spec").get(key)))
    return tuple(name for name in found if name)


def is_platforms(facts: Facts, request: Request) -> bool:
    """Whether this is a namespace of the platform itself."""
    return request.namespace in facts.trusted.namespaces


def no_tenant(namespace: str) -> Cause:
    """Why clusters are refused in a namespace that is nobody's."""
    return Cause(
        "metadata.namespace",
        f"the namespace {namespace} belongs to no tenant: the platform has to list it in a Tenant and give it the "
        f"label {names.TENANT_LABEL}",
    )


def is_by_people(request: Request, facts: Facts) -> bool:
    """Whether somebody writes something of their own into a tenant's namespace.

    Not the platform, nor a controller: those copy what was judged when it was written. Raises `Unknown`.
    """
    if request.object is None or extent.goes_as_it_is(request) or is_platforms(facts, request):
        return False
    return not facts.trusted.is_system(request.user) and tenant_of(facts, request.namespace) is not None


def is_by_operator(user: User, facts: Facts) -> bool:
    """Whether it is the account of something that runs beside the tenants, in a namespace that is none of theirs.

    It does what it is for, for whoever asks it: so it is trusted with less than a controller. Raises `Unknown`.
    """
    return bool(user.home) and tenant_of(facts, user.home) is None
