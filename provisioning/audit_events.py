"""What the core tells in the audit trail: our objects -> events. Pure.

Nobody's reasons are told, only names, digests and times: a trail is kept for years and shown to strangers.
"""

from __future__ import annotations

from typing import Final

from provisioning import names, seats, unattended
from provisioning.audit import Code, Event
from provisioning.grants import EXPIRED, REVOKED
from provisioning.issuing import Marks
from provisioning.model import (
    AccessStatus,
    ClusterAccess,
    ClusterRequest,
    Phase,
    RequestStatus,
    TenantCluster,
    Vote,
)
from provisioning.model import conditions as conditions_of
from provisioning.objects import Stored

CLUSTER: Final = "cluster"
"""Where it happened: the provisioner found it so in the cluster, whichever door it came in by."""
_PHASES: Final = {
    Phase.PENDING: Code.REQUEST_MADE,
    # Of an approval by people, the votes are told with what comes of it.
    Phase.APPROVED: Code.REQUEST_WAIVED,
    Phase.APPLIED: Code.REQUEST_APPLIED,
    Phase.DENIED: Code.REQUEST_DENIED,
    Phase.WITHDRAWN: Code.REQUEST_WITHDRAWN,
    Phase.EXPIRED: Code.REQUEST_EXPIRED,
    Phase.FAILED: Code.REQUEST_FAILED,
}
_ACCESSES: Final = {REVOKED: Code.ACCESS_REVOKED, EXPIRED: Code.ACCESS_EXPIRED}


def is_told(request: Stored[ClusterRequest]) -> bool:
    """Whether the phase that it is in was told: its conditions are written by whoever tells it, in the same turn."""
    ready = conditions_of.find(request.it.status.conditions, "Ready")
    return ready is not None and ready.reason == request.it.status.phase.value


def reached(request: Stored[ClusterRequest], status: RequestStatus) -> Event:
    """The request has come to `status`: who asked, who decided and when, by which rule, about which digest."""
    spec = request.it.spec
    denial = status.votes[-1].voter.user if status.phase is Phase.DENIED and status.votes else ""
    instead = status.withdrawn_by.user if status.withdrawn_by else ""
    alone = seats.taken_through(status) if status.phase is Phase.APPROVED else None
    facts = {
        "action": spec.action.value,
        "cluster": spec.cluster,
        "requester": spec.requester.user,
        "votes": ", ".join(map(_vote, status.votes)),
        "waiver": status.waiver,
        **({"replaced-by": status.replaced_by} if status.replaced_by else {}),
        **({"replaces": spec.replaces} if spec.replaces else {}),
        **({"withdrawn-by": instead} if instead else {}),
    }
    replaced = Code.REQUEST_REPLACED if status.replaced_by else None
    return Event(
        Code.REQUEST_FORCED if alone else replaced or _PHASES[status.phase],
        who=alone.voter.user if alone else denial or instead or spec.requester.user,
        where=CLUSTER,
        about="/".join(request.key),
        digest=spec.digest,
        facts=facts,
    )


def lifetime_failed(request: Stored[ClusterRequest], cluster: Stored[TenantCluster]) -> Event:
    """The request was to give the cluster another end, and came to nothing: which it keeps, and which was wanted."""
    spec = request.it.spec
    facts = {
        "cluster": spec.cluster,
        "lifetime": cluster.it.spec.lifetime or "",
        "wanted": (spec.desired.lifetime if spec.desired else None) or "",
    }
    about = "/".join(request.key)
    return Event(
        Code.LIFETIME_FAILED, who=spec.requester.user, where=CLUSTER, about=about, digest=spec.digest, facts=facts
    )


def given_up(cluster: Stored[TenantCluster]) -> Event:
    """Nobody chose what becomes of a cluster that failed before it was ever ready; whose it was, and since when."""
    meta, found = cluster.meta, conditions_of.find(cluster.it.status.conditions, unattended.CONDITION)
    facts = {
        "cluster": meta.name,
        "request": meta.annotations.get(names.REQUEST_ANNOTATION, ""),
        "since": found.last_transition_time if found else "",
    }
    who = meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "")
    return Event(Code.CLUSTER_GIVEN_UP, who=who, where=CLUSTER, about="/".join(cluster.key), facts=facts)


def _vote(vote: Vote) -> str:
    by = f" instead of {vote.instead_of.user}" if vote.instead_of else ""
    group = f" by {vote.group or vote.slack_group}" if vote.group or vote.slack_group else ""
    alone = " alone" if vote.break_glass else ""
    return f"{vote.voter.user} {vote.decision.value}{by}{group}{alone} {vote.at}"


def access(what: str, one: Stored[ClusterAccess], status: AccessStatus, marks: Marks) -> Event:
    """Somebody got a certificate, or it has ended: `what` is the reason that its condition Ready says."""
    spec = one.it.spec
    facts = {
        "cluster": spec.cluster,
        "role": spec.role.value,
        "serial": marks.serial,
        "until": status.expires_at or "",
        "public-key": f"sha256:{marks.key}",
        **({"slack": spec.slack} if spec.slack else {}),
    }
    code = _ACCESSES.get(what, Code.ACCESS_ISSUED)
    return Event(code, who=spec.user, where=CLUSTER, about="/".join(one.key), facts=facts)
