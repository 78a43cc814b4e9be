"""When the platform team is told of a cluster: it has hung longer than its own team can be expected to wait. Pure.

They get a card in their channel, which is redrawn as the others are and says in the end that it is over.
"""

from __future__ import annotations

from datetime import datetime

from bot.cards import Sight
from provisioning.model import Action, StepState, conditions
from provisioning.objects import parse_time
from provisioning.stage import Stage
from provisioning.steps import STEP_PATIENCE

_UNDER_WAY = (StepState.RUNNING, StepState.FAILED)


def is_due(sight: Sight) -> bool:
    """Whether what is waited for has been waited for too long."""
    began = since(sight)
    return began is not None and sight.now is not None and sight.now - began >= STEP_PATIENCE


def since(sight: Sight) -> datetime | None:
    """Since when the cluster has waited for what it waits for. None when nothing is in its way."""
    if sight.cluster is None or sight.request.it.spec.action is Action.DELETE:
        # A deletion is told of by the request that stands behind the cluster, once.
        return None
    status = sight.cluster.it.status
    stalled = conditions.find(status.conditions, "Stalled")
    blocked = [parse_time(stalled.last_transition_time)] if stalled and stalled.status == "True" else []
    if sight.stage is Stage.DELETING:
        # Being stuck is being late already, so it counts from the beginning.
        return sight.cluster.meta.deleted or blocked[0] if blocked else None
    if sight.stage not in (Stage.BUILDING, Stage.STALLED):
        return None
    begun = [parse_time(s.started_at) for s in status.steps if s.state in _UNDER_WAY and s.started_at]
    return min((*begun, *blocked), default=None)
