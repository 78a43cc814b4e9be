"""The modal in which a cluster is deleted: what goes with it, what is kept, and its name to be typed. Pure.

It opens with what is known at once; what people made in the cluster is counted then, and put in its place.
"""

from __future__ import annotations

import json

from bot import blocks, forms, outline, replies, text
from bot import outlook as outlooks
from bot.blocks import Block
from bot.offers import Place
from bot.outlook import Outlook
from provisioning import names, quota, stage
from provisioning.losses import Losses
from provisioning.model import CatalogSpec, TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage

DELETE = "cluster_delete"
_STORED = "stored"


def delete(cluster: Stored[TenantCluster], place: Place, catalog: CatalogSpec, *, outlook: Outlook) -> Block:
    """The form as it opens."""
    name, namespace, spec = cluster.meta.name, cluster.meta.namespace, cluster.it.spec
    add_ons = ", ".join(text.code(each.name) for each in spec.add_ons)
    running = replies.goes_running(outline.pools(spec, catalog), add_ons)
    typed = blocks.text_input(longest=names.CLUSTER_NAME_MAX, placeholder=name)
    return blocks.modal(
        DELETE,
        title=replies.DELETE_TITLE,
        blocks=[
            blocks.section(replies.delete_warning(name, namespace)),
            blocks.section(f"{replies.WHAT_GOES}\n{running}"),
            blocks.context(replies.COUNTING, block_id=_STORED),
            blocks.section(_kept(cluster, place)),
            blocks.field("confirm", replies.CONFIRM, typed),
            forms.reason_field("", optional=True),
            blocks.divider(),
            *outlooks.parts(place, outlook),
        ],
        submit=replies.DELETE,
        close=replies.CANCEL,
        metadata=json.dumps({"namespace": namespace, "cluster": name}),
    )


def counted(view: Block, lost: Losses | None) -> Block:
    """The form with what people made in the cluster; None where nobody could count it."""
    told = replies.NOT_COUNTED
    if lost is not None:
        told = replies.goes_stored(lost.volumes, quota.show("storage", lost.storage), lost.load_balancers)
    drawn = blocks.section(told, block_id=_STORED)
    return view | {"blocks": [drawn if part.get("block_id") == _STORED else part for part in view["blocks"]]}


def _kept(cluster: Stored[TenantCluster], place: Place) -> str:
    """What is left of it by the tenant's policy, and how to keep more."""
    lines = [replies.WHAT_STAYS, replies.NOTHING_STAYS]
    if sleep := place.tenant.it.spec.lifetime.hibernation:
        lines.append(replies.sleeps_only_at_its_end(text.lifetime(sleep)))
    if stage.of_cluster(cluster) is Stage.READY:
        lines.append(replies.sleep_instead(f"/cluster hibernate {cluster.meta.name}"))
    return "\n".join(lines)
