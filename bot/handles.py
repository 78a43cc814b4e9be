"""The buttons beside a cluster: what there is to do with it as it is now. Pure; each stands for a command."""

from __future__ import annotations

from bot import buttons, replies
from bot.blocks import Block
from provisioning import stage
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage

_AWAKE, _HERE = (Stage.READY,), (Stage.READY, Stage.ASLEEP)


def of(cluster: Stored[TenantCluster]) -> list[Block]:
    """What is about to go can only be looked at; what has no end is not extended."""
    now, name = stage.of_cluster(cluster), cluster.meta.name
    wanted = [("show", "")]
    if now in _HERE and cluster.it.spec.lifetime:
        wanted.append(("extend", ""))
    if now in _AWAKE:
        wanted += [("scale", ""), ("hibernate", "")]
    if now is Stage.ASLEEP:
        wanted.append(("wake", "primary"))
    if now is not Stage.DELETING:
        wanted.append(("delete", "danger"))
    place = f"{cluster.meta.namespace}/{name}"
    return [
        buttons.run(replies.HANDLE[verb], f"{verb} {place}", spoken=replies.handle_spoken(verb, name), style=style)
        for verb, style in wanted
    ]
