"""One request in the place of another, which is what an edit is. Pure.

Never are both approved. The old one is withdrawn and names the new one in one and the same write, which only a request
that still waits can take; and the new one can be decided only once it is named there, or the old one has come to
nothing. So whichever comes first, an approval of the old one or its withdrawal, the other cannot come any more. Whoever
is killed in between leaves a new request that nobody can decide yet, and the provisioner goes on from there.
"""

from __future__ import annotations

from datetime import datetime

from provisioning import lifecycle, people
from provisioning.lifecycle import Event, Reason, Refused
from provisioning.model import ClusterRequest, Phase, RequestSpec, RequestStatus
from provisioning.objects import Stored

_NOTHING = frozenset((Phase.DENIED, Phase.WITHDRAWN, Phase.EXPIRED))
"""Where a request has ended that nobody will ever approve."""


def why_not(spec: RequestSpec, old: Stored[ClusterRequest] | None) -> str:
    """Why a request with this spec cannot be made in the place of the old one; empty when it can."""
    if old is None:
        return f"there is no request {spec.replaces} in this namespace"
    if not people.same(spec.requester, old.it.spec.requester):
        return f"{old.meta.name} is somebody else's request"
    if spec.action is not old.it.spec.action:
        return f"{old.meta.name} asks for something else: its action is {old.it.spec.action.value}"
    if old.it.status.phase is not Phase.PENDING:
        return f"{old.meta.name} does not wait any more: it is {old.it.status.phase.value}"
    return ""


def stands(new: Stored[ClusterRequest], old: Stored[ClusterRequest] | None) -> bool:
    """Whether the new request may be decided: it replaces none, or one that was taken back for it, or is nothing
    any more. The old one may have been deleted, and another one have its name by now."""
    if not new.it.spec.replaces or old is None or not _may_be_meant(new.it.spec, old):
        return True
    status = old.it.status
    return status.replaced_by == new.meta.name or (status.phase in _NOTHING and not status.replaced_by)


def _may_be_meant(spec: RequestSpec, old: Stored[ClusterRequest]) -> bool:
    """Neither can change, and both fitted when the new request was made."""
    return people.same(spec.requester, old.it.spec.requester) and spec.action is old.it.spec.action


def check_stands(new: Stored[ClusterRequest], old: Stored[ClusterRequest] | None) -> None:
    """Raises `Refused` when it may not be decided yet."""
    if not stands(new, old):
        raise Refused(Reason.REPLACING)


def taken_back(old: Stored[ClusterRequest], new: Stored[ClusterRequest], *, now: datetime) -> RequestStatus:
    """The status of the old request once the new one has its place. Raises `Refused`."""
    if why_not(new.it.spec, old) or new.it.spec.replaces != old.meta.name:
        raise Refused(Reason.NOT_YOURS if old.it.status.phase is Phase.PENDING else Reason.ALREADY_DECIDED)
    named = old.it.status.model_copy(update={"replaced_by": new.meta.name})
    return lifecycle.step(named, Event.WITHDRAWN, now=now)


def came_too_late(new: Stored[ClusterRequest], old: Stored[ClusterRequest] | None, *, now: datetime) -> RequestStatus:
    """The status of a new request whose place is not free any more. Raises `Refused` when it may still get it."""
    if new.it.status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    if old is None or old.it.status.phase is Phase.PENDING or stands(new, old):
        raise Refused(Reason.NOT_YOURS)
    return lifecycle.step(new.it.status, Event.WITHDRAWN, now=now, message=too_late(old))


def too_late(old: Stored[ClusterRequest]) -> str:
    """What a request says that came too late to replace the old one."""
    status = old.it.status
    became = f"replaced by {status.replaced_by}" if status.replaced_by else status.phase.value
    return f"it was to replace {old.meta.name}, which is {became} already"
