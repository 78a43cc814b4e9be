"""The modals in which a cluster is changed: what it has now filled in, the quota now and then below. Pure."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot import blocks, entries, forms, offers, outline, replies, rollouts, text
from bot import outlook as outlooks
from bot.blocks import Block, Option
from bot.offers import Place
from bot.outlook import Outlook
from provisioning import edits
from provisioning.model import CatalogSpec, NodePool, TenantCluster
from provisioning.objects import Stored
from provisioning.rollout import Rollout

SCALE = "cluster_scale"
RESIZE = "cluster_resize"
ADD_ONS = "cluster_addons"
EXTEND = "cluster_extend"
WAKE = "cluster_wake"
UPGRADE = "cluster_upgrade"
PROTECT = "cluster_protect"
UNPROTECT = "cluster_unprotect"


@dataclass(frozen=True)
class Workers:
    """The numbers that stand in the form for one pool; None where none stands. `most` makes it an autoscaled one."""

    nodes: int | None
    most: int | None


@dataclass(frozen=True)
class Menu:
    """A form with one choice: `field` is its block, `told` stands above it in mrkdwn of ours."""

    callback: str
    title: str
    field: str
    label: str
    options: Sequence[Option]
    hint: str = ""
    told: str = ""


@dataclass(frozen=True)
class Notice:
    """A form with no choice: what it means stands in it, in mrkdwn of ours."""

    callback: str
    title: str
    told: str


def workers_of(pool: NodePool) -> Workers:
    """What a pool has now."""
    return Workers(pool.min if pool.autoscaled else pool.replicas, pool.max)


def scale(
    cluster: Stored[TenantCluster], place: Place, wanted: Mapping[str, Workers], *, outlook: Outlook, reason: str = ""
) -> Block:
    """The numbers of each pool named in `wanted`."""
    sole = _has_one_pool(cluster)
    parts = [part for name, workers in wanted.items() for part in _numbers(name, workers, sole=sole)]
    return _form(SCALE, replies.SCALE_TITLE, cluster, place, parts, outlook=outlook, reason=reason)


def resize(
    cluster: Stored[TenantCluster],
    place: Place,
    wanted: Mapping[str, str],
    *,
    catalog: CatalogSpec,
    outlook: Outlook,
    reason: str = "",
) -> Block:
    """The size of each pool named in `wanted`. What is no longer on offer may stay."""
    offered = {flavor.name: offers.flavor_option(flavor) for flavor in offers.flavors(place.tenant, catalog)}
    parts = []
    for pool in cluster.it.spec.pools:
        if pool.name in wanted:
            options = {pool.flavor: Option(pool.flavor, pool.flavor)} | offered
            menu = blocks.select(tuple(options.values()), chosen=wanted[pool.name])
            label = replies.size_of(pool.name, sole=_has_one_pool(cluster))
            parts.append(blocks.field(f"flavor-{pool.name}", label, menu, live=True))
    parts.append(blocks.context(replies.RESIZE_REPLACES))
    return _form(RESIZE, replies.RESIZE_TITLE, cluster, place, parts, outlook=outlook, reason=reason)


def upgrade(
    cluster: Stored[TenantCluster],
    place: Place,
    it: Rollout,
    options: Sequence[Option],
    *,
    outlook: Outlook,
    reason: str = "",
) -> Block:
    """The versions that may come next, and what the chosen one comes to."""
    menu = blocks.select(options, chosen=it.after)
    parts = [blocks.field("version", replies.VERSION, menu, live=True), *rollouts.parts(it)]
    return _form(UPGRADE, replies.UPGRADE_TITLE, cluster, place, parts, outlook=outlook, reason=reason)


def add_ons(cluster: Stored[TenantCluster], place: Place, *, catalog: CatalogSpec, outlook: Outlook) -> Block:
    """What may be chosen, on what there is."""
    spec = cluster.it.spec
    optional = edits.optional_add_ons(spec, catalog)
    menu = blocks.multi_select([Option(name, name) for name in optional], chosen=[each.name for each in spec.add_ons])
    always = [each.name for each in catalog.add_ons if each.default]
    field = blocks.field("addons", replies.LABEL["addons"], menu, hint=replies.ADD_ONS_HINT, optional=True, live=True)
    parts = [field]
    parts += [blocks.context(replies.always_add_ons(always))] if always else []
    return _form(ADD_ONS, replies.ADD_ONS_TITLE, cluster, place, parts, outlook=outlook)


def pick(menu: Menu, cluster: Stored[TenantCluster], place: Place, *, outlook: Outlook) -> Block:
    """The menu on the first of its options."""
    element = blocks.select(menu.options, chosen=menu.options[0].value)
    parts = [blocks.context(menu.told)] if menu.told else []
    parts.append(blocks.field(menu.field, menu.label, element, hint=menu.hint, live=True))
    return _form(menu.callback, menu.title, cluster, place, parts, outlook=outlook)


def consent(notice: Notice, cluster: Stored[TenantCluster], place: Place, *, outlook: Outlook) -> Block:
    """To be sent as it is, or not."""
    parts = [blocks.section(notice.told)]
    return _form(notice.callback, notice.title, cluster, place, parts, outlook=outlook)


def relooked(view: Block, place: Place, outlook: Outlook) -> Block:
    """The form as it stands, with what comes of it now."""
    kept = itertools.takewhile(lambda part: part["type"] != "divider", view["blocks"])
    names = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    made = {name: view[name] for name in names if view.get(name)}
    return made | {"blocks": [*kept, blocks.divider(), *outlooks.parts(place, outlook)]}


def _has_one_pool(cluster: Stored[TenantCluster]) -> bool:
    return len(cluster.it.spec.pools) == 1


def _numbers(pool: str, workers: Workers, *, sole: bool) -> Iterable[Block]:
    nodes = blocks.number_input(value=workers.nodes, least=0, most=entries.NODES_MOST)
    most = blocks.number_input(value=workers.most, least=1, most=entries.NODES_MOST)
    label = replies.most_of(pool, sole=sole)
    yield blocks.field(f"nodes-{pool}", replies.workers_of(pool, sole=sole), nodes, live=True)
    yield blocks.field(f"max-{pool}", label, most, hint=replies.MAX_HINT, optional=True, live=True)


def _form(
    callback: str,
    title: str,
    cluster: Stored[TenantCluster],
    place: Place,
    parts: Sequence[Block],
    *,
    outlook: Outlook,
    reason: str = "",
) -> Block:
    name, namespace = cluster.meta.name, cluster.meta.namespace
    return blocks.modal(
        callback,
        title=title,
        blocks=[
            blocks.context(f"{text.code(name)} · {text.code(place.label)} · {outline.pools(cluster.it.spec)}"),
            *parts,
            # Optional, because a line that says it all has none either.
            forms.reason_field(reason, optional=True),
            blocks.divider(),
            *outlooks.parts(place, outlook),
        ],
        submit=replies.SUBMIT,
        close=replies.CANCEL,
        metadata=json.dumps({"namespace": namespace, "cluster": name}),
    )
