"""When the platform team is told of a cluster, or of a wish for one: it has hung longer than its own team can be
expected to wait. Pure.

They get a card in their channel, which is redrawn as the others are and says in the end that it is over.
"""

from __future__ import annotations

from datetime import datetime

from bot import stuck
from bot.sights import Sight
from provisioning.model import Action, TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage

_HANGS = (Stage.BUILDING, Stage.STALLED, Stage.DELETING, Stage.GIVEN_UP)


def is_due(sight: Sight) -> bool:
    """Whether the cluster has stood still for so long, or what was approved has not been carried out. Of a deletion the
    request tells that stands behind the cluster, so that it is told once."""
    if sight.now is None:
        return False
    if undone := stuck.undone(sight.request, sight.now):
        return sight.now - undone >= stuck.PATIENCE
    if sight.cluster is None or sight.stage not in _HANGS:
        return False
    if sight.stage is Stage.GIVEN_UP and not sight.cluster.meta.deleting:
        return False  # another one of its name
    return hangs(sight.cluster, sight.now) and sight.request.it.spec.action is not Action.DELETE


def hangs(cluster: Stored[TenantCluster], now: datetime) -> bool:
    """Whether a cluster has stood still for so long."""
    found = stuck.of_cluster(cluster, now)
    return found is not None and now - found.since >= stuck.PATIENCE
