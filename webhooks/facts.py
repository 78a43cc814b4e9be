"""What a policy may ask for besides the request: other objects, the time, and who we trust. Values, no I/O.

A policy is a pure function and may still need any object. It asks `facts.get(...)`; what is not known yet raises
`Unknown`, the door (`webhooks.judge`) fetches it and asks the policy again. So a test is a table of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from provisioning import names, objects, quota, risk, seats
from provisioning.errors import Cause, Invalid
from provisioning.manifest import Manifest as Manifest
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
    NAMESPACES,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from webhooks import known, tree
from webhooks.review import Request, User

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True)
class One:
    """A question for one object."""

    resource: Resource
    name: str
    namespace: str = ""


@dataclass(frozen=True)
class All:
    """A question for all objects of a kind, in one namespace when it is given, as they are `after` so many seconds."""

    resource: Resource
    namespace: str = ""
    after: float = 0.0


Query = One | All
Answer = Manifest | None | Sequence[Manifest]


class Unknown(Exception):  # a signal, not a fault
    """A policy asked for something that has not been fetched yet."""

    def __init__(self, *queries: Query) -> None:
        super().__init__(*queries)
        self.queries = queries


class Unusable(Exception):
    """An object that everything hangs on (the Catalog, a Tenant) is missing or broken. The text is for people."""


CONTROLLERS = frozenset(
    {
        "capi-system",
        "capi-kubeadm-bootstrap-system",
        "capk-system",
        "kamaji-system",
        "kubevirt",
        "cdi",
        "kube-system",
    }
)
"""Where Cluster API, its providers, Kamaji, KubeVirt and CDI are installed unless somebody chose otherwise."""


@dataclass(frozen=True)
class Trusted:
    """Who may what, by the names that the API server authenticates; from the settings."""

    bot: str = "system:serviceaccount:clusterdesk-system:clusterdesk-bot"
    provisioner: str = "system:serviceaccount:clusterdesk-system:clusterdesk-provisioner"
    webhooks: str = "system:serviceaccount:clusterdesk-system:clusterdesk-webhooks"
    platform_users: frozenset[str] = frozenset()
    platform_groups: frozenset[str] = frozenset({"system:masters"})
    namespaces: frozenset[str] = frozenset({"kube-system", "kube-public", "kube-node-lease", "clusterdesk-system"})
    """Namespaces of the platform itself: nothing is charged or refused in them."""
    home: str = "clusterdesk-system"
    """Our own namespace, where the ledgers are."""
    controllers: frozenset[str] = CONTROLLERS
    """Namespaces whose service accounts are those of controllers: they write what others only follow from."""

    def is_platform(self, user: User) -> bool:
        return user.name in self.platform_users or not self.platform_groups.isdisjoint(user.groups)

    def is_controller(self, user: User) -> bool:
        """Whether a controller of the management cluster asks. Never one that is hosted in a tenant's namespace."""
        kind, _, account = user.name.partition("system:serviceaccount:")
        return not kind and account.partition(":")[0] in self.controllers

    def is_system(self, user: User) -> bool:
        """The platform, our own provisioner, or a controller: who may write what people in a tenant may not."""
        return self.is_platform(user) or user.name == self.provisioner or self.is_controller(user)


UNREAD: Final = "was stored by an older version, and cannot be read any more; the platform may delete it"
"""What is said of a TenantCluster that our model does not read."""
_SAID = ("spec", "data", "binaryData", "stringData", "operation")
"""Where an object says what it is about."""


@dataclass
class Facts:
    """Everything known for one request. `add` is for the door only; policies read."""

    now: datetime
    trusted: Trusted = field(default_factory=Trusted)
    known: dict[Query, Answer] = field(default_factory=dict)
    at_hand: Callable[[Query], Answer | None] = lambda _: None
    """What the door need not fetch; None for what it has to."""
    guessed: set[Query] = field(default_factory=set)
    """What of it is only remembered so far."""
    grounds: set[Query] = field(default_factory=set)
    """What a yes must not rest on if it is so in a cache only."""
    _worked_out: dict[Hashable, Any] = field(default_factory=dict)

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        """The object, None when there is none. Raises `Unknown`."""
        answer = self._answer(One(resource, name, namespace if resource.namespaced else ""))
        return answer if isinstance(answer, dict) else None

    def list(self, resource: Resource, *, namespace: str = "", after: float = 0.0) -> Sequence[Manifest]:
        """All objects of the kind. Raises `Unknown`."""
        answer = self._answer(All(resource, namespace, after))
        return answer if answer is not None and not isinstance(answer, dict) else ()

    def once(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """What follows from the facts and is asked for by several policies: worked out by the first. Raises as that."""
        if key not in self._worked_out:
            self._worked_out[key] = work_out()
        found: T = self._worked_out[key]
        return found

    def need(self, *queries: Query) -> None:
        """Have all of these fetched at once, rather than one after another. Raises `Unknown`."""
        missing = [query for query in queries if not self._knows(query)]
        if missing:
            raise Unknown(*missing)

    def add(self, query: Query, answer: Answer) -> None:
        self.known[query] = answer

    def rest_on(self, *kinds: Resource) -> None:
        """A policy's word that its yes is worth nothing if what it was told of these kinds is so no more."""
        self.grounds |= {query for query in self.known if isinstance(query, One) and query.resource in kinds}

    def _answer(self, query: Query) -> Answer:
        if not self._knows(query):
            raise Unknown(query)
        return self.known[query]

    def _knows(self, query: Query) -> bool:
        if query not in self.known and (found := self.at_hand(query)) is not None:
            self.known[query] = found
        return query in self.known


def catalog(facts: Facts) -> CatalogSpec:
    """What is on offer. Raises `Unusable` when the platform has not said."""
    manifest = facts.get(CATALOGS, names.CATALOG)
    if manifest is None:
        raise Unusable("there is no Catalog named default yet; the platform has to make one first")
    try:
        return known.read(Catalog, manifest).it.spec
    except Invalid as error:
        raise Unusable(f"the Catalog cannot be used: {error.message}") from error


def tenant_of(facts: Facts, namespace: str) -> Stored[Tenant] | None:
    """Whose the namespace is: its label names a Tenant and that Tenant lists it. None otherwise."""
    return facts.once(("tenant", namespace), partial(_tenant_of, facts, namespace))


def _tenant_of(facts: Facts, namespace: str) -> Stored[Tenant] | None:
    found = facts.get(NAMESPACES, namespace)
    name = label(found, names.TENANT_LABEL) if found else ""
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


def label(manifest: Mapping[str, Any], key: str) -> str:
    """A label's value, empty when there is none."""
    return str((manifest.get("metadata", {}).get("labels") or {}).get(key, ""))


def annotation(manifest: Mapping[str, Any], key: str) -> str:
    """An annotation's value, empty when there is none."""
    return str((manifest.get("metadata", {}).get("annotations") or {}).get(key, ""))


def topology_owned(manifest: Mapping[str, Any]) -> bool:
    """Whether a ClusterClass topology says what is in it, and would undo what others change."""
    return "topology.cluster.x-k8s.io/owned" in (manifest.get("metadata", {}).get("labels") or {})


def deleting(manifest: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in manifest.get("metadata", {})


def goes_as_it_is(request: Request) -> bool:
    """Whether the object is being deleted and says what it said. Somebody may hold it by a finalizer for as long as
    they like, and others go on acting by what it says."""
    new, old = request.object, request.old
    if new is None:
        return deleting(old or {})
    return deleting(new) and is_about_the_same(request)


def is_about_the_same(request: Request) -> bool:
    """Whether nothing changes in all that the object is about: its content, besides its spec."""
    old, new = request.old, request.object
    return old is not None and new is not None and all(new.get(key) == old.get(key) for key in _SAID)


def says_the_same(request: Request) -> bool:
    """Whether nothing but a mark, a finalizer, an owner or a status changes: the garbage collector and the like write
    those."""
    old, new = request.old, request.object
    return old is not None and new is not None and old.get("spec") == new.get("spec")


def is_by_people(request: Request, facts: Facts) -> bool:
    """Whether somebody writes something of their own into a tenant's namespace.

    Not the platform, nor a controller: those copy what was judged when it was written. Raises `Unknown`.
    """
    if request.object is None or goes_as_it_is(request) or is_platforms(facts, request):
        return False
    return not facts.trusted.is_system(request.user) and tenant_of(facts, request.namespace) is not None


def controller(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The owner reference of the controller, empty when there is none. A claim: whoever wrote it may have lied."""
    owners = manifest.get("metadata", {}).get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


def annotated(manifest: Manifest, key: str, value: str) -> Manifest:
    """The manifest with an annotation."""
    meta = manifest.get("metadata") or {}
    return {**manifest, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), key: value}}}


def labelled(manifest: Manifest, labels: Mapping[str, str]) -> Manifest:
    """The manifest with labels."""
    meta = manifest.get("metadata") or {}
    return {**manifest, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), **labels}}}
