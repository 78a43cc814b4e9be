"""A TenantCluster is one that can be made: versions, flavors and add-ons on offer, names that fit, nothing left out.

The rules are `provisioning.shape`'s; the bot asks them as well, before anybody presses a button. Whoever asks for
another version is warned of what the upgrade runs into inside the cluster, by what its status says.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning import handmade, hindrance_words, shape
from provisioning.completion import complete
from provisioning.errors import Cause
from provisioning.model import CatalogSpec, ClusterSpec, TenantSpec
from provisioning.resources import CLUSTERS, TENANT_CLUSTERS
from webhooks import marks, reading
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or reading.is_platforms(facts, request):
        return Allow()
    if request.old is not None and request.old.get("spec") == request.object.get("spec"):
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    if reading.is_unread(request.old):
        # Whatever it is changed to: `approved_only` says what may become of it.
        return Allow()
    cluster = reading.cluster(request.object)
    before = reading.cluster(request.old) if request.old is not None else None
    old = before.it.spec if before is not None else None
    catalog, name = reading.catalog(facts), cluster.meta.name
    beside = reading.neighbours(facts, request.namespace, name)
    found = (
        *_taken(request, name, facts),
        *_left_out(cluster.it.spec, catalog, tenant.it.spec),
        *shape.problems(cluster.it.spec, name=name, catalog=catalog, tenant=tenant.it.spec, old=old, beside=beside),
    )
    if found:
        return refuse(*found, code=INVALID)
    # Told as well where somebody has to agree first.
    return Allow(hindrance_words.of_change(before.it, cluster.it.spec)) if before is not None else Allow()


def _taken(request: Request, name: str, facts: Facts) -> Iterator[Cause]:
    """A Cluster of that name which somebody made by hand would stay in the way for ever."""
    host = facts.get(CLUSTERS, name, namespace=request.namespace) if request.old is None else None
    if host is not None and handmade.is_hand_made(host) and not marks.deleting(host):
        yield Cause("metadata.name", f"there is a Cluster {name} in this namespace, made by hand; take another name")


def _left_out(spec: ClusterSpec, catalog: CatalogSpec, tenant: TenantSpec) -> Iterator[Cause]:
    """The defaults are filled in by a webhook that may have been missed. Nothing half-said is made into a cluster."""
    wanted = complete(spec, catalog=catalog, tenant=tenant)
    for field in ("version", "add_ons", "network", "lifetime"):
        if getattr(wanted, field) != getattr(spec, field):
            name = "addOns" if field == "add_ons" else field
            yield Cause(f"spec.{name}", "was not filled in, because the defaults were not reached; send it again")


POLICY = Policy("cluster_shape", (Rule(TENANT_CLUSTERS),), check)
