"""Giving up a cluster while it is being set up for the first time: who may do so without anybody's word. Pure.

One that was never ready holds nothing that anybody worked with, so that nothing is lost with it but the time it took.
It is a ClusterRequest to delete like any other, with a rule of its own by which nobody has to agree. Whether a cluster
was ready once the provisioner notes in its status, and the API server judges the deletion by what is noted at that very
moment: either it became ready first, or it was given up first.

What must never live here: what keeps a cluster from being deleted by anybody (`webhooks.policies.protected_clusters`),
or what is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from provisioning import approval, names, people, quota, risk, seats
from provisioning.model import Action, CatalogSpec, Person, RequestSpec, TenantCluster, TenantSpec
from provisioning.objects import Stored

RULE: Final = "given up before it was ready"
"""The name of the rule by which nobody has to agree."""
TOO_LATE: Final = "it became ready before it was given up; to delete it, ask for that"
"""Why what the rule had granted is not done."""


class Obstacle(StrEnum):
    """Why somebody cannot give a cluster up."""

    GOING = "Going"
    READY = "Ready"
    """It was ready once, or nobody knows whether it was."""
    PROTECTED = "Protected"
    NOT_YOURS = "NotYours"
    """They have not asked for it and do not decide about one like it, and its tenant lets nobody delete one alone."""


def obstacle(
    cluster: Stored[TenantCluster],
    person: Person,
    *,
    tenant: TenantSpec,
    catalog: CatalogSpec | None,
    groups: Iterable[str] = (),
    slack_groups: Iterable[str] = (),
) -> Obstacle | None:
    """Why this person (in these Kubernetes groups and user groups of Slack) cannot give the cluster up alone; None when
    they can.

    For people who have to do with the tenant: who has not asks for nothing there anyway. Without a catalog nobody can
    tell how large it is, and so only whoever asked for it may.
    """
    if cluster.meta.deleting:
        return Obstacle.GOING
    if cluster.it.status.initialized is not False:
        return Obstacle.READY
    if cluster.it.spec.deletion_protection:
        return Obstacle.PROTECTED
    if _asked_for(cluster, person, tenant):
        return None
    if catalog is None:
        return Obstacle.NOT_YOURS
    size = quota.envelope(cluster.it.spec, catalog)
    deciding = risk.deciding(tenant, size, catalog)
    by_rule = approval.waiver_for(deciding.approval, Action.DELETE, size, catalog) is not None
    # Where what is said in Slack approves nothing, it gives up nothing of somebody else's either.
    decides = bool(seats.seats(deciding, person, groups=groups, slack_groups=slack_groups))
    is_heard = deciding.approval.in_slack or not person.slack
    return None if by_rule or (decides and is_heard) else Obstacle.NOT_YOURS


def waiver(
    tenant: TenantSpec, request: RequestSpec, cluster: Stored[TenantCluster] | None, catalog: CatalogSpec | None
) -> str | None:
    """The rule by which nobody has to agree to this request: this one, or one of the tenant's; None where people have
    to, or nobody can tell. `cluster` is the one that it is about, as it is now."""
    if cluster is None or request.action is not Action.DELETE:
        return risk.waiver(tenant, request, cluster.it.spec if cluster is not None else None, catalog)
    groups = (request.slack_group,) if request.slack_group else ()
    if obstacle(cluster, request.requester, tenant=tenant, catalog=catalog, slack_groups=groups) is None:
        return RULE
    return risk.waiver(tenant, request, cluster.it.spec, catalog)


def _asked_for(cluster: Stored[TenantCluster], person: Person, tenant: TenantSpec) -> bool:
    """Whether this person asked for it as it is to be now."""
    user = cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "")
    return bool(user) and people.same(*(people.recognised(tenant, each) for each in (Person(user=user), person)))
