"""A later end that was approved and could not be written: what is so instead, and the way out. Pure.

Whoever has the cluster is told of it too, where somebody else asked: they may rely on the later end.
"""

from __future__ import annotations

from bot import approvers, blocks, buttons, replies, text
from bot.blocks import Block
from bot.sights import Sight
from provisioning import lifetime, names, people
from provisioning.model import Action, Person, Phase


def is_undone(sight: Sight) -> bool:
    """Whether the request was to give the cluster a later end, failed, and the cluster ends earlier as it is now."""
    spec, cluster = sight.request.it.spec, sight.cluster
    if spec.action is not Action.CHANGE or sight.request.it.status.phase is not Phase.FAILED:
        return False
    if cluster is None or cluster.meta.deleting or spec.desired is None:
        return False
    return lifetime.is_later(cluster.it.spec, spec.desired)


def told(sight: Sight) -> list[Block]:
    """When it ends now, and how to ask for something else; nothing where that is no question."""
    cluster = sight.cluster
    if cluster is None or cluster.meta.created is None or not is_undone(sight):
        return []
    name, end = cluster.meta.name, lifetime.ends_at(cluster.meta.created, cluster.it.spec)
    if end is None:
        return []
    line, spoken = f"extend {'/'.join(cluster.key)}", replies.extend_form_spoken(name)
    return [
        blocks.section(replies.lifetime_stays(name, text.moment(end))),
        blocks.actions(buttons.run(replies.EXTEND, line, spoken=spoken, style="primary")),
    ]


def owner(sight: Sight) -> str:
    """The Slack account of whoever has the cluster, where that is not whoever asked; empty where nobody knows one."""
    tenant, cluster = sight.tenant.it.spec, sight.cluster
    user = cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "") if cluster else ""
    has_it = people.recognised(tenant, Person(user=user)) if user else None
    if has_it is None or people.same(has_it, people.recognised(tenant, sight.request.it.spec.requester)):
        return ""
    return approvers.account_of(tenant, has_it)
