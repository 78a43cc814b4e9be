"""What may be installed into tenants by its chart is what the Catalog offers: by repository and name, not by looks.

A list of what is forbidden can be walked around by another name; this one cannot. What comes from a source that
admission cannot read (a Kustomization, a Git repository) is refused for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.errors import Cause
from provisioning.model import CatalogSpec
from provisioning.resources import HELM_CHART_PROXIES, HELM_RELEASES, HELM_REPOSITORIES, OCI_REPOSITORIES
from webhooks import carriers
from webhooks import facts as reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts, Manifest, One
from webhooks.kinds import HELM_CHARTS, KUSTOMIZATIONS
from webhooks.policy import Policy, Rule
from webhooks.review import Request

_READABLE = {r.kind: r for r in (HELM_REPOSITORIES, OCI_REPOSITORIES, HELM_CHARTS)}


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or reading.deleting(manifest) or reading.is_platforms(facts, request):
        return Allow()
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    if request.resource in (HELM_REPOSITORIES.plural, OCI_REPOSITORIES.plural):
        causes = list(_of_source(request, manifest, facts))
    elif request.old is not None and carriers.delivery(manifest) == carriers.delivery(request.old):
        # A chart that left the Catalog stays where it is, and can be suspended and removed.
        return Allow()
    else:
        causes = list(_of_carrier(request.resource, manifest, request.namespace, facts))
    return refuse(*causes) if causes else Allow()


def _of_carrier(resource: str, manifest: Manifest, namespace: str, facts: Facts) -> Iterator[Cause]:
    if resource == HELM_CHART_PROXIES.plural:
        yield from _offered(carriers.chart_of_proxy(manifest), reading.catalog(facts))
    elif not carriers.targets_tenant(manifest):
        return
    elif resource == KUSTOMIZATIONS.plural:
        yield Cause(
            "spec.kubeConfig",
            "what a Kustomization brings into a tenant cannot be seen here; use a HelmRelease of a chart in the "
            "Catalog, or a ClusterResourceSet",
        )
    else:
        yield from _of_release(manifest, namespace, facts)


def _of_release(release: Manifest, namespace: str, facts: Facts, *, changed: Manifest | None = None) -> Iterator[Cause]:
    """`changed` stands in for the source of that kind and name: it is being written now."""
    reference = carriers.chart_reference(release)
    resource = _READABLE.get(reference.kind)
    if resource is None:
        yield Cause(reference.field, f"a chart from a {reference.kind or 'source of no kind'} cannot be looked up")
        return
    where = One(resource, reference.name, reference.namespace or namespace)
    source = facts.get(where.resource, where.name, namespace=where.namespace)
    if changed is not None and _is(changed, where):
        source = changed
    if source is None:
        yield Cause(
            reference.field, f"there is no {where.resource.kind} {where.name} in {where.namespace}; make it first"
        )
    elif resource is HELM_CHARTS:
        # A HelmChart names its repository as the release itself would.
        yield from _of_release(carriers.as_release(source), where.namespace, facts, changed=changed)
    else:
        yield from _offered(carriers.resolve(reference, source), reading.catalog(facts))


def _of_source(request: Request, source: Manifest, facts: Facts) -> Iterator[Cause]:
    """Another address behind a name that releases into tenants use already."""
    if request.old is not None and carriers.url(request.old) == carriers.url(source):
        return
    for release in facts.list(HELM_RELEASES, namespace=request.namespace):
        reference = carriers.chart_reference(release)
        used = (reference.kind, reference.name) == (source["kind"], request.name)
        if used and carriers.targets_tenant(release):
            found = list(_of_release(release, request.namespace, facts, changed=source))
            yield from (Cause("spec.url", f"HelmRelease {release['metadata']['name']}: {c.message}") for c in found)


def _offered(chart: carriers.Chart, catalog: CatalogSpec) -> Iterator[Cause]:
    asked = (chart.repository.rstrip("/"), chart.name)
    if asked not in {(a.chart.repository.rstrip("/"), a.chart.name) for a in catalog.add_ons}:
        names = ", ".join(a.name for a in catalog.add_ons) or "nothing"
        yield Cause(
            chart.field,
            f"the chart {chart.name} of {chart.repository} is not in the Catalog, which offers {names}; ask the "
            "platform to add it",
        )


def _is(manifest: Manifest, one: One) -> bool:
    meta = manifest["metadata"]
    return (manifest["kind"], meta["name"], meta.get("namespace", "")) == (one.resource.kind, one.name, one.namespace)


POLICY = Policy(
    "catalogued_charts",
    (
        Rule(HELM_RELEASES),
        Rule(KUSTOMIZATIONS),
        Rule(HELM_CHART_PROXIES),
        Rule(HELM_REPOSITORIES),
        Rule(OCI_REPOSITORIES),
    ),
    check,
)
