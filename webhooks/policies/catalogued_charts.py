"""What may be installed into tenants is what the Catalog offers or trusts: by address and name, not by looks.

A list of what is forbidden can be walked around by another name; this one cannot. What comes from a source that
admission cannot read (a Kustomization, a Git repository) is refused for the same reason, unless the platform trusts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec
from provisioning.resources import (
    HELM_CHART_PROXIES,
    HELM_RELEASE_PROXIES,
    HELM_RELEASES,
    HELM_REPOSITORIES,
    NAMESPACES,
    OCI_REPOSITORIES,
)
from webhooks import carriers, deliveries, difference, hubs, origins, reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import All, Facts, One
from webhooks.kinds import (
    APPLICATION_SETS,
    APPLICATIONS,
    CLUSTER_PROFILES,
    GIT_REPOSITORIES,
    HELM_CHARTS,
    KUSTOMIZATIONS,
    PROFILES,
)
from webhooks.origins import Origin
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

D = TypeVar("D", Origin, carriers.Reference)

_SOURCES = (HELM_REPOSITORIES, OCI_REPOSITORIES, HELM_CHARTS, GIT_REPOSITORIES)
_READABLE = {r.kind: r for r in _SOURCES}
_PROXIES = (HELM_CHART_PROXIES, HELM_RELEASE_PROXIES)
_SYNCED = (HELM_RELEASES, KUSTOMIZATIONS)
_HUBS = {
    APPLICATIONS.kind: hubs.origins_of_application,
    APPLICATION_SETS.kind: hubs.origins_of_application,
    PROFILES.kind: hubs.origins_of_profile,
    CLUSTER_PROFILES.kind: hubs.origins_of_profile,
}


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or not deliveries.is_concern(request, facts):
        return Allow()
    if manifest["kind"] in _READABLE:
        causes = list(_of_source(request, manifest, facts))
    elif request.old is not None and _delivery(manifest) == _delivery(request.old):
        # A chart that left the Catalog stays where it is, and can be suspended and removed.
        return Allow()
    else:
        causes = list(_of_carrier(manifest, request.namespace, facts, before=request.old))
    return refuse(*causes) if causes else Allow()


def _delivery(manifest: Manifest) -> object:
    read = _HUBS.get(manifest["kind"])
    return [*read(manifest), *hubs.sources_of_profile(manifest)] if read else carriers.delivery(manifest)


def _of_carrier(
    manifest: Manifest,
    namespace: str,
    facts: Facts,
    *,
    before: Manifest | None = None,
    changed: Manifest | None = None,
) -> Iterator[Cause]:
    """`changed` stands in for the source of that kind and name: it is being written now. `before` is what the carrier
    was: of many origins, those that it had may stay when others go."""
    kind = manifest["kind"]
    if read := _HUBS.get(kind):
        yield from _refused(_added(read, manifest, before), reading.catalog(facts))
        references = _added(_references, manifest, before)
        places = {r: r.namespace or namespace for r in references if r.kind in _READABLE}
        facts.need(*(One(_READABLE[r.kind], r.name, place) for r, place in places.items() if place))
        facts.need(
            *(One(NAMESPACES, place) for place in dict.fromkeys(places.values()) if place not in ("", namespace))
        )
        for reference in references:
            yield from _of_reference(reference, namespace, facts, changed=changed)
    elif kind in [proxy.kind for proxy in _PROXIES]:
        yield from _refused([carriers.origin_of_proxy(manifest)], reading.catalog(facts))
    elif carriers.targets_tenant(manifest):
        yield from _of_reference(carriers.reference(manifest), namespace, facts, changed=changed)


def _added(read: Callable[[Manifest], Iterator[D]], manifest: Manifest, before: Manifest | None) -> list[D]:
    there = read(before) if before is not None else ()
    return list(difference.added(read(manifest), there))


def _of_reference(
    reference: carriers.Reference, namespace: str, facts: Facts, *, changed: Manifest | None
) -> Iterator[Cause]:
    resource = _READABLE.get(reference.kind)
    if resource is None:
        told = f"a {reference.kind}" if reference.kind else "a source of no kind"
        yield Cause(reference.field, f"what comes from {told} cannot be looked up; {_INSTEAD}")
        return
    where = One(resource, reference.name, reference.namespace or namespace)
    if not where.namespace:
        yield Cause(reference.field, f"its source has no namespace, and so may be another for each cluster; {_INSTEAD}")
        return
    if where.namespace != namespace and reading.tenant_of(facts, where.namespace) is not None:
        place = namespace or "one of the platform"
        told = f"its source is in the namespace {where.namespace}, which is a tenant's; keep it in {place}"
        yield Cause(reference.field, told)
        return
    source = facts.get(where.resource, where.name, namespace=where.namespace)
    if changed is not None and _is(changed, where):
        source = changed
    if source is None and where.namespace == namespace:
        # It is judged when it comes. Flux asks about all that it applies before it applies any of it.
        if not reading.is_served(resource, facts):
            told = f"no {resource.kind} of {resource.api_version} is served, so what its source is nobody sees here"
            yield Cause(reference.field, f"{told}; {_INSTEAD}")
        return
    odd, why = carriers.not_from_there(source) if source is not None and where.namespace == namespace else ("", "")
    if source is None:
        yield Cause(
            reference.field, f"there is no {where.resource.kind} {where.name} in {where.namespace}; make it first"
        )
    elif odd:
        yield Cause(reference.field, f"its source {why}; leave {odd} out there, or have the platform keep the source")
    elif resource is HELM_CHARTS:
        # A HelmChart names its repository as the release itself would.
        inner = carriers.reference(carriers.as_release(source))
        yield from _of_reference(inner, where.namespace, facts, changed=changed)
    else:
        yield from _refused([carriers.resolve(reference, source)], reading.catalog(facts))


def _of_source(request: Request, source: Manifest, facts: Facts) -> Iterator[Cause]:
    """Another address behind a name that releases into tenants use already."""
    if request.old is not None and carriers.delivery(request.old) == carriers.delivery(source):
        return
    for user in _users(source, request.namespace, facts):
        before = set(_of_carrier(user, request.namespace, facts))
        for cause in _of_carrier(user, request.namespace, facts, changed=source):
            if cause not in before:
                yield Cause("spec", f"{user['kind']} {user['metadata']['name']}: {cause.message}")


def _users(source: Manifest, namespace: str, facts: Facts) -> list[Manifest]:
    """What takes its content from this source. Of the many others in a namespace none is looked into: every cluster has
    its own."""
    kinds = (*_SYNCED, PROFILES)
    facts.need(*(All(kind, namespace) for kind in kinds))
    named = [(user, list(_references(user))) for kind in kinds for user in facts.list(kind, namespace=namespace)]
    between = {r.name for _, references in named for r in references if r.kind == HELM_CHARTS.kind}
    facts.need(*(One(HELM_CHARTS, name, namespace) for name in between))
    by = {(source["kind"], source["metadata"]["name"])}
    for name in between:
        chart = facts.get(HELM_CHARTS, name, namespace=namespace)
        inner = carriers.reference(carriers.as_release(chart)) if chart is not None else None
        if inner is not None and (inner.kind, inner.name) in by:
            by.add((HELM_CHARTS.kind, name))
    return [user for user, references in named if any((r.kind, r.name) in by for r in references)]


def _references(user: Manifest) -> Iterator[carriers.Reference]:
    """The sources that it names."""
    if user["kind"] in _HUBS:
        for source in hubs.sources_of_profile(user):
            yield carriers.Reference(source.kind, source.name, source.namespace, source.field)
    else:
        yield carriers.reference(user)


def _refused(found: Iterator[Origin] | list[Origin], catalog: CatalogSpec) -> Iterator[Cause]:
    for origin in found:
        if origins.is_offered(origin, catalog) or origins.is_trusted(origin.url, catalog):
            continue
        if origin.chart:
            names = ", ".join(a.name for a in catalog.add_ons) or "nothing"
            yield Cause(
                origin.field,
                f"the chart {origin.chart} of {origin.url} is not in the Catalog, which offers {names}; ask the "
                "platform to add it",
            )
        else:
            told = origin.url or "an address that is not said"
            yield Cause(origin.field, f"what comes from {told} into a tenant cannot be seen here; {_INSTEAD}")


def _is(manifest: Manifest, one: One) -> bool:
    meta = manifest["metadata"]
    return (manifest["kind"], meta["name"], meta.get("namespace", "")) == (one.resource.kind, one.name, one.namespace)


_INSTEAD = (
    "use a HelmRelease of a chart in the Catalog, or a ClusterResourceSet, or ask the platform to name its address in "
    "the Catalog's trustedSources"
)

POLICY = Policy(
    "catalogued_charts",
    (
        *(Rule(resource, reach=Reach.TENANTS) for resource in (*_SYNCED, *_PROXIES, *_SOURCES, PROFILES)),
        *(Rule(resource) for resource in (CLUSTER_PROFILES, APPLICATIONS, APPLICATION_SETS)),
    ),
    check,
)
