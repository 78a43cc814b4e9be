"""Who goes first when Slack takes no more: decisions before failures before ready before progress. Pure."""

from __future__ import annotations

from enum import IntEnum

from provisioning.model import Surface
from provisioning.stage import Stage


class Weight(IntEnum):
    """What a message is worth. The lower number goes first."""

    DECISION = 0
    """Somebody has to decide, or waits for the decision."""
    FAILURE = 1
    READY = 2
    """Something is as it was wanted, or gone as it was wanted."""
    PROGRESS = 3
    LEFTOVER = 4
    """Nobody waits for it: what ended long ago, drawn anew after an upgrade."""


_WEIGHTS = {
    Stage.FAILED: Weight.FAILURE,
    Stage.STALLED: Weight.FAILURE,
    Stage.GIVEN_UP: Weight.FAILURE,
    Stage.READY: Weight.READY,
    Stage.ASLEEP: Weight.READY,
    Stage.DELETED: Weight.READY,
    Stage.GONE: Weight.READY,
    Stage.SUPERSEDED: Weight.READY,
    Stage.BUILDING: Weight.PROGRESS,
    Stage.DELETING: Weight.PROGRESS,
}


def of_card(surface: Surface, stage: Stage, *, old: bool) -> Weight:
    """The weight of a card. What others than the requester see is about the decision, however far the cluster is."""
    if old:
        return Weight.LEFTOVER
    return Weight.DECISION if surface is not Surface.REQUESTER else _WEIGHTS.get(stage, Weight.DECISION)
