"""A tenant's disk holds what is open to anybody or the tenant's own: nobody else's disk, and no Secret goes out by it.

The disks of a machine are judged in its template. These are those that somebody makes by hand, by a DataVolume, by a
source that claims refer to, or by the annotations of a claim. So are those claims that Kubernetes makes for them, of
what they have written into a StatefulSet or a Pod.
"""

from __future__ import annotations

from provisioning.resources import DATA_VOLUMES, PERSISTENT_VOLUME_CLAIMS
from webhooks import disks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.kinds import VOLUME_IMPORT_SOURCES
from webhooks.policy import UPDATE, Policy, Reach, Rule
from webhooks.review import Request
from webhooks.trusted import COPIERS


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or not (reading.is_by_people(request, facts) or _is_copied(request, facts)):
        return Allow()
    is_claim = request.resource == PERSISTENT_VOLUME_CLAIMS.plural
    spec, was = (tree.dig(manifest, "spec") for manifest in (request.object, request.old))
    marks, had = (tree.dig(manifest, "metadata", "annotations") for manifest in (request.object, request.old))
    judge = disks.elsewhere if is_claim else disks.sources
    found = [
        *(judge(spec, "spec", request.namespace) if spec != was else ()),
        *disks.obeyed(marks, had, "metadata.annotations"),
    ]
    return refuse(*found) if found else Allow()


def _is_copied(request: Request, facts: Facts) -> bool:
    """Whether Kubernetes makes it, as people of a tenant have said it elsewhere."""
    if request.old is not None or request.user.name not in COPIERS or facts.trusted.is_platform(request.user):
        return False
    return not reading.is_platforms(facts, request) and reading.tenant_of(facts, request.namespace) is not None


POLICY = Policy(
    "own_disks",
    (
        *(Rule(kind, reach=Reach.TENANTS) for kind in (DATA_VOLUMES, PERSISTENT_VOLUME_CLAIMS, VOLUME_IMPORT_SOURCES)),
        # A status takes new annotations along.
        Rule(PERSISTENT_VOLUME_CLAIMS, (UPDATE,), subresource="status", reach=Reach.TENANTS),
    ),
    check,
)
