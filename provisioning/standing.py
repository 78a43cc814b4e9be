"""How a ClusterRequest stands, as conditions: what `kubectl wait` and Flux read instead of its phase. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from provisioning import room, wording
from provisioning.model import ClusterRequest, Condition, Phase, RequestStatus
from provisioning.model import conditions as conditions_of
from provisioning.model.conditions import Summary, Truth
from provisioning.objects import Stored, format_time, parse_time
from provisioning.room import Wait
from provisioning.stage import GIVEN_UP, Stage

APPROVED: Final = "Approved"
REMOVED: Final = "Removed"
"""The condition of a deletion that is written: whether the cluster is gone, and since when."""
_APPROVED: Final[dict[Phase, Truth]] = {
    Phase.PENDING: "Unknown",
    Phase.APPROVED: "True",
    Phase.APPLIED: "True",
    Phase.FAILED: "True",
    Phase.DENIED: "False",
    Phase.WITHDRAWN: "False",
    Phase.EXPIRED: "False",
}
_WORDS: Final = {
    Phase.PENDING: "it waits for approval",
    Phase.APPROVED: "it is approved, and about to be done",
    Phase.APPLIED: "what was asked for is written into the cluster",
    Phase.DENIED: "it was denied",
    Phase.WITHDRAWN: "it was withdrawn",
    Phase.EXPIRED: "nobody decided about it in time",
    Phase.FAILED: "it could not be done",
}
_GONE: Final = {False: "Deleting", True: "Gone"}
_NO_ROOM: Final = f"it {wording.SAID[Stage.NO_ROOM]}"


def ended_at(request: Stored[ClusterRequest]) -> str | None:
    """When it was decided; or when it failed, because it may have waited for room for long before that; or when what
    came of it was given up."""
    status = request.it.status
    type_ = "Stalled" if status.phase is Phase.FAILED else GIVEN_UP
    found = conditions_of.find(status.conditions, type_)
    return found.last_transition_time if found else status.decided_at


def removed_after(request: Stored[ClusterRequest]) -> timedelta | None:
    """How long after the decision the cluster was gone; None while it is there, or where nobody noted it."""
    found, decided = conditions_of.find(request.it.status.conditions, REMOVED), request.it.status.decided_at
    if found is None or found.status != "True" or not decided:
        return None
    return parse_time(found.last_transition_time) - parse_time(decided)


def conditions(
    request: Stored[ClusterRequest],
    status: RequestStatus,
    *,
    now: datetime,
    wait: Wait | None = None,
    removed: bool | None = None,
) -> tuple[Condition, ...]:
    """The conditions of a request in this phase. Ready once what was asked for is done; whoever has to wait for a
    person, or for room, is at work, and what has come to nothing is stalled for ever. `removed` is whether the cluster
    is gone that was to be deleted; None where that is not told."""
    phase, moment, generation = status.phase, format_time(now), request.meta.generation
    said, why = (_NO_ROOM, wait.message) if wait and not wait.is_over else (_WORDS[phase], status.message)
    message = f"{said}: {why}" if why else said
    summary = Summary(
        ready=phase is Phase.APPLIED,
        reconciling=phase in (Phase.PENDING, Phase.APPROVED),
        stalled=phase in (Phase.DENIED, Phase.WITHDRAWN, Phase.EXPIRED, Phase.FAILED),
        reason=phase.value,
        message=message,
    )
    waiver = f"by the rule {status.waiver}" if status.waiver else ""
    approved = conditions_of.make(
        APPROVED,
        _APPROVED[phase],
        reason="Waived" if waiver else phase.value,
        message=waiver,
        now=moment,
        generation=generation,
    )
    wanted = (*summary.conditions(now=moment, generation=generation), approved)
    if wait:
        reason = wait.reason
        waits = conditions_of.make(
            room.WAITS, not wait.is_over, reason=reason, message=why, now=moment, generation=generation
        )
        wanted = (*wanted, waits)
    if removed is not None:
        reason = _GONE[removed]
        wanted = (*wanted, conditions_of.make(REMOVED, removed, reason=reason, now=moment, generation=generation))
    # What was given up stays so.
    kept = conditions_of.find(request.it.status.conditions, GIVEN_UP)
    return conditions_of.merge(request.it.status.conditions, (*wanted, kept) if kept else wanted)


def given_up(request: Stored[ClusterRequest], *, now: datetime) -> tuple[Condition, ...]:
    """The conditions of a request whose cluster is given up because nobody chose what becomes of it."""
    message = (
        f"the cluster {request.it.spec.cluster} failed before it was ever ready, and nobody chose what becomes of it"
    )
    made = conditions_of.make(
        GIVEN_UP, True, reason="NobodyChose", message=message, now=format_time(now), generation=request.meta.generation
    )
    return (*request.it.status.conditions, made)


def is_given_up(request: Stored[ClusterRequest]) -> bool:
    """Whether its cluster was."""
    return conditions_of.is_true(request.it.status.conditions, GIVEN_UP)
