"""What an approved request stands behind: this change of what is there now, while people stand behind it. Pure.

Asked by the webhook of every change of a TenantCluster, whoever makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from provisioning import approval, escalation, giving_up, seats
from provisioning.completion import complete
from provisioning.digest import digest_of
from provisioning.model import Action, CatalogSpec, ClusterRequest, ClusterSpec, DelegationSpec, Phase, TenantSpec
from provisioning.objects import Stored, parse_time

FIELD: Final = "request"
"""The field of the cause that says, without all around it, why the request that was named does not stand behind it."""


def uncovered(
    request: Stored[ClusterRequest],
    *,
    action: Action,
    cluster: str,
    desired: ClusterSpec | None,
    generation: int,
    born: datetime | None = None,
    catalog: CatalogSpec,
    tenant: TenantSpec,
    delegations: Iterable[DelegationSpec] = (),
    waiver: str | None = None,
) -> str:
    """Why the request does not stand behind this change; empty when it does.

    `desired` is the spec being written (None for a deletion), `generation` that of the stored object (0 for none),
    and `born` the time it was made: who asked to delete a cluster meant the one that was there then. `waiver` is the
    rule by which nobody has to agree to this request, as it holds now.
    Specs are compared completed, with the defaults of today on both sides. Votes are counted as they count today: who
    agreed and is no approver any more does not stand behind anything.
    """
    spec = request.it.spec
    if request.it.status.phase is not Phase.APPROVED:
        return f"it is {request.it.status.phase.value}, not Approved"
    if (spec.action, spec.cluster) != (action, cluster):
        return f"it asks to {spec.action.value.lower()} {spec.cluster}, not to {action.value.lower()} {cluster}"
    by_rule = waiver is not None and request.it.status.waiver == waiver
    if not by_rule and (why := _too_few(request, tenant, tuple(delegations))):
        return why
    if spec.digest != digest_of(action=spec.action, cluster=spec.cluster, desired=spec.desired):
        return "its digest does not fit its own content"
    if action is not Action.DELETE and spec.base_generation != generation:
        return f"it was made for generation {spec.base_generation} of the cluster, and that is {generation} by now"
    asked = request.meta.created
    if action is Action.DELETE and born is not None and asked is not None and born > asked:
        return f"it was asked for before this {cluster} was made"
    if spec.desired is None or desired is None:
        return "" if spec.desired is desired else "it wants something else"
    approved, wanted = (complete(each, catalog=catalog, tenant=tenant) for each in (spec.desired, desired))
    return "" if approved == wanted else "the spec is not the one that was approved"


def _too_few(request: Stored[ClusterRequest], tenant: TenantSpec, delegations: tuple[DelegationSpec, ...]) -> str:
    status, required = request.it.status, tenant.approval.required
    standing = approval.agreed(request, tenant, delegations)
    if len(standing) >= required or approval.forced(request, tenant) is not None:
        return ""
    if status.waiver == giving_up.RULE:
        return giving_up.TOO_LATE
    if status.waiver:
        return f"the rule by which it was approved, {status.waiver}, does not fit it any more; ask again"
    decide = ", ".join(vote.voter.user for vote in standing) or "nobody"
    over = "".join(
        f": {vote.voter.user} decided instead of {vote.instead_of.user}, and that has ended"
        for vote in status.votes
        if vote.instead_of is not None
        and not seats.is_held(vote, escalation.widened(tenant, request, parse_time(vote.at)), delegations)
    )
    return f"{required} must agree, and of those who did only {decide} may still decide{over}; ask again"
