"""Whose a namespace is, only the platform says; it has one tenant; and nobody moves house with clusters inside.

The label on the namespace and the list in the Tenant must agree, so neither alone gives anybody a quota.

Nor does anybody but the platform make a namespace that the platform trusts, before what belongs there is installed:
nothing is charged in some of them, and accounts of others may write what only follows.

Nor does anybody delete it from under them, not even the platform, which may delete the clusters first. The namespace
controller would delete everything at once: what Kamaji and KubeVirt hold by finalizers would wait for what is gone, and
the namespace end in Terminating for ever (clastix/kamaji issues 376 and 491).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.resources import CLUSTERS, NAMESPACES, TENANT_CLUSTERS, TENANTS
from webhooks import marks, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import All, Facts
from webhooks.policy import CREATE, DELETE, UPDATE, Policy, Rule
from webhooks.review import Request

TOLD: Final = "only the platform may say whose a namespace is, and {user} is not of it"
FIELD: Final = f"metadata.labels[{TENANT_LABEL}]"
TRUSTED: Final = "the platform trusts what is in a namespace of this name, so it makes it, and {user} is not of it"
PARTS: Final = ("status", "finalize")
"""What of a namespace is written apart, and takes new labels along."""
SHOWN = 5
"""Clusters that a denial names; more are counted."""


def check(request: Request, facts: Facts) -> Verdict:
    causes = _of_tenant(request, facts) if request.resource == TENANTS.plural else _of_namespace(request, facts)
    found = list(causes)
    return refuse(*found) if found else Allow()


def _of_namespace(request: Request, facts: Facts) -> Iterator[Cause]:
    before, after = (marks.label(m or {}, TENANT_LABEL) for m in (request.old, request.object))
    if request.operation == DELETE:
        if before and (held := _clusters(facts, [request.name])):
            why = f"the namespace {request.name} still holds {_named(held)}, to be deleted first"
            yield Cause("", f"{why}: {_way_out(facts, request.name)}")
        return
    is_trusted = request.name in facts.trusted.namespaces | facts.trusted.controllers
    if request.operation == CREATE and is_trusted and not facts.trusted.is_system(request.user):
        yield Cause("metadata.name", TRUSTED.format(user=request.user.name))
    if before == after:
        return
    if not facts.trusted.is_platform(request.user):
        yield Cause(FIELD, TOLD.format(user=request.user.name))
    elif before and (held := _clusters(facts, [request.name])):
        yield Cause(FIELD, f"the namespace belongs to {before} as long as it holds {_named(held)}")


def _of_tenant(request: Request, facts: Facts) -> Iterator[Cause]:
    before, after = (_namespaces(m) for m in (request.old, request.object))
    if after:
        others = [t for t in facts.list(TENANTS) if t["metadata"]["name"] != request.name]
        taken = {n: t["metadata"]["name"] for t in others for n in _namespaces(t)}
        for index, name in enumerate(after):
            if name in taken:
                yield Cause(f"spec.namespaces[{index}]", f"{name} belongs to the tenant {taken[name]} already")
            if name in facts.trusted.namespaces:
                yield Cause(f"spec.namespaces[{index}]", f"{name} is a namespace of the platform itself")
    if request.operation == DELETE or before != after:
        gone = [name for name in before if name not in after]
        if held := _clusters(facts, gone):
            yield Cause("spec.namespaces", f"{', '.join(gone)} still holds {_named(held)}, to be deleted first")


def _clusters(facts: Facts, namespaces: Iterable[str]) -> list[str]:
    """Clusters in these namespaces, ours and hand-made; one that is rendered for ours has its name and counts once."""
    queries = [All(kind, namespace) for namespace in namespaces for kind in (TENANT_CLUSTERS, CLUSTERS)]
    facts.need(*queries)
    found = (m for query in queries for m in facts.list(query.resource, namespace=query.namespace))
    return sorted({m["metadata"]["name"] for m in found})


def _way_out(facts: Facts, namespace: str) -> str:
    """What to do instead of deleting the namespace; clusters that are being deleted only need time."""
    ours = facts.list(TENANT_CLUSTERS, namespace=namespace)
    known = {m["metadata"]["name"] for m in ours}
    others = [m for m in facts.list(CLUSTERS, namespace=namespace) if m["metadata"]["name"] not in known]
    found = [("tenantcluster", m) for m in ours] + [("cluster", m) for m in others]
    left = [f"{kind}/{m['metadata']['name']}" for kind, m in found if not marks.deleting(m)]
    if not left:
        return "they are being deleted; wait until they are gone, kubectl shows what is waited for in their status"
    more = " and the rest" if len(left) > SHOWN else ""
    command = f"kubectl -n {namespace} delete {' '.join(left[:SHOWN])}"
    return f"{command}{more}, and the namespace when they are gone; the other way round it would never end"


def _namespaces(tenant: Manifest | None) -> Sequence[str]:
    return [tree.text(name) for name in tree.sequence(tree.dig(tenant, "spec").get("namespaces"))]


def _named(clusters: Sequence[str]) -> str:
    more = f" and {len(clusters) - SHOWN} more" if len(clusters) > SHOWN else ""
    return f"the cluster{'s' * (len(clusters) > 1)} {', '.join(clusters[:SHOWN])}{more}"


POLICY = Policy(
    "tenant_namespaces",
    (
        Rule(NAMESPACES, (CREATE, UPDATE, DELETE)),
        *(Rule(NAMESPACES, (UPDATE,), subresource=part) for part in PARTS),
        Rule(TENANTS, (CREATE, UPDATE, DELETE)),
    ),
    check,
)
