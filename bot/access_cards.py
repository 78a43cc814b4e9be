"""The card about somebody's access to a cluster, from asked to ended: the ClusterAccess in, blocks out. Pure.

It goes to the person whose access it is, and to nobody else. What must never stand in it: a key, which we do not have.
"""

from __future__ import annotations

from datetime import datetime

from bot import blocks, buttons, cards, recipes, replies, text
from bot.blocks import Block
from bot.cards import Card
from provisioning import grants
from provisioning.model import ClusterAccess, conditions
from provisioning.objects import Stored

Access = Stored[ClusterAccess]


def draw(access: Access, *, now: datetime) -> Card:
    """How it stands, and what can be done about it."""
    cluster, status = access.it.spec.cluster, access.it.status
    if ended := end(access, now):
        done = bool(grants.end_told(status))
        parts, button = [blocks.section(replies.access_ended(cluster, ended, done=done))], _again(access)
    elif grants.is_refused(access):
        parts, button = [blocks.section(replies.access_refused(cluster)), *_message(access)], _again(access)
    elif conditions.is_true(status.conditions, "Ready"):
        parts, button = _open(access), revoke(access)
    else:
        parts, button = [blocks.section(replies.access_waits(cluster)), *_message(access)], revoke(access)
    return cards.card([*parts, blocks.actions(button), blocks.code_line(replies.ACCESS, access.meta.name)])


def ends_soon(access: Access) -> Card:
    """The message that it ends soon, with the way to go on: the form, with what it was asked for."""
    spec, status = access.it.spec, access.it.status
    until = text.moment(status.expires_at or "")
    line = f"access {access.meta.namespace}/{spec.cluster} {spec.role.value.lower()} {spec.valid_for}"
    renew = buttons.run(replies.RENEW, line, spoken=replies.renew_spoken(spec.cluster), style="primary")
    parts = [
        blocks.section(replies.access_ends(spec.cluster, spec.role.value, until)),
        blocks.context(replies.ACCESS_RENEWED_HOW),
    ]
    return cards.card([*parts, blocks.actions(renew), blocks.code_line(replies.ACCESS, access.meta.name)])


def heard(access: Access) -> Card:
    """The line below the card, for whoever has waited."""
    cluster, open_ = access.it.spec.cluster, conditions.is_true(access.it.status.conditions, "Ready")
    said = replies.access_there(cluster) if open_ else replies.access_refused(cluster)
    return cards.say(replies.heard(text.mention(access.it.spec.slack), said, ""))


def end(access: Access, now: datetime) -> str:
    """`Revoked` or `Expired`, from the moment on that nobody should rely on it any more; empty before."""
    return grants.over(access, now) or (grants.REVOKED if access.meta.deleting else "")


def revoke(access: Access) -> Block:
    """The button that ends this access."""
    namespace, name = access.key
    spoken = replies.revoke_spoken(access.it.spec.cluster, access.it.spec.user)
    return buttons.run(replies.REVOKE, f"access revoke {namespace}/{name}", spoken=spoken, style="danger")


def line(access: Access) -> str:
    """One access in a list."""
    spec, status = access.it.spec, access.it.status
    until = replies.until(text.moment(status.expires_at)) if status.expires_at else replies.ACCESS_WAITING
    return replies.access_line(spec.cluster, spec.user, spec.role.value, until)


def _open(access: Access) -> list[Block]:
    spec, status = access.it.spec, access.it.status
    until = text.moment(status.expires_at) if status.expires_at else ""
    parts = [blocks.section(replies.access_open(spec.cluster, spec.role.value, until))]
    recipe = recipes.make_kubeconfig(access)
    if len(recipe) > blocks.PREFORMATTED_TEXT:
        return [*parts, blocks.section(replies.access_too_long(*access.key))]
    return [
        *parts,
        blocks.context(replies.ACCESS_PASTE),
        blocks.preformatted(recipe),
        blocks.context(replies.access_merge(recipes.kubeconfig_path(access))),
    ]


def _message(access: Access) -> list[Block]:
    """What is waited for, or why nothing comes of it."""
    ready = conditions.find(access.it.status.conditions, "Ready")
    words = text.clip(text.harmless(ready.message), cards.REASON_SHOWN) if ready else ""
    return [blocks.quote(words)] if words else []


def _again(access: Access) -> Block:
    namespace, cluster = access.meta.namespace, access.it.spec.cluster
    return buttons.run(
        replies.GET_ACCESS, f"access {namespace}/{cluster}", spoken=replies.get_access_spoken(cluster), style="primary"
    )
