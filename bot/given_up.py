"""A cluster that was given up before it was ready: which request ended which, and what its one card says. Pure.

Whoever gives up what they asked for is told on the card that they have already, and gets no second one. What must never
live here: who may give it up (`provisioning.giving_up`), or the card around it (`request_cards`).
"""

from __future__ import annotations

from collections.abc import Iterable

from bot import blocks, replies, text
from bot.blocks import Block
from provisioning import giving_up, people, standing
from provisioning.model import Action, CatalogSpec, ClusterRequest, Phase, Surface, Tenant, TenantCluster
from provisioning.objects import Stored

Request = Stored[ClusterRequest]
_DONE = (Phase.APPROVED, Phase.APPLIED)


def by(request: Request, others: Iterable[Request]) -> Request | None:
    """The request by which the cluster that came of this one was given up; None where it was not. `others` are those
    about the same cluster, oldest first."""
    found = deleter(request, others)
    return found if found is not None and found.it.status.waiver == giving_up.RULE else None


def deleter(request: Request, others: Iterable[Request]) -> Request | None:
    """The same of a deletion at whatever time."""
    if request.it.spec.action is Action.DELETE or request.it.status.phase is not Phase.APPLIED:
        return None
    after = (each for each in others if _order(each) > _order(request))
    # The next that ended the cluster, or made another one of its name.
    ended = (each for each in after if each.it.spec.action is not Action.CHANGE and each.it.status.phase in _DONE)
    found = next(ended, None)
    return found if found is not None and found.it.spec.action is Action.DELETE else None


def gives_up(
    request: Request, cluster: Stored[TenantCluster] | None, *, tenant: Stored[Tenant], catalog: CatalogSpec
) -> bool:
    """Whether a request is granted as one that gives a cluster up, or will be in a moment. Not when nothing came of it:
    the cluster's card goes on then as if nothing were. `cluster` is the one that it is about."""
    if request.it.spec.action is not Action.DELETE:
        return False
    if request.it.status.phase is Phase.PENDING:
        return giving_up.waiver(tenant.it.spec, request.it.spec, cluster, catalog) == giving_up.RULE
    return request.it.status.phase in _DONE and request.it.status.waiver == giving_up.RULE


def is_told_of_elsewhere(request: Request, others: Iterable[Request]) -> bool:
    """Whether a request that gives a cluster up is told of on the card of the one that the cluster came of: where the
    same person asked for that, and has its card. `others` are those about the same cluster, oldest first."""
    before = [each for each in others if _order(each) < _order(request)]
    made = next((each for each in reversed(before) if each.it.status.phase is Phase.APPLIED), None)
    if made is None or made.it.spec.action is Action.DELETE:
        return False
    has_card = any(it.surface is Surface.REQUESTER and it.ts for it in made.it.status.deliveries)
    return has_card and people.same(made.it.spec.requester, request.it.spec.requester)


def line(request: Request, *, gone: bool) -> Block:
    """Of a cluster that this request gives up: by whom, and once it is gone, after how long."""
    took = standing.removed_after(request)
    who, told = text.name(request.it.spec.requester), text.about(took) if took is not None else ""
    return blocks.context(replies.given_up_by(who, told, gone=gone))


def _order(request: Request) -> tuple[str, bool]:
    """By the moment when it was asked, in whole seconds; what ends a cluster comes after what makes it."""
    created = request.meta.created
    return created.isoformat() if created else "", request.it.spec.action is Action.DELETE
