"""A vote written by hand is finished: whose it is, when it was cast, and what follows from it for the request.

So an approver with `kubectl patch` writes the vote and nothing else. What comes of it is the very function that the
policy holds it to (`provisioning.approval`); where that refuses, the vote stays as it is, and the policy says why.
Our own programs write all of it themselves, and are left alone: the bot's voter is in Slack and not in the user info.
"""

from __future__ import annotations

from provisioning import approval, objects
from provisioning.errors import Invalid
from provisioning.lifecycle import Refused
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, Phase, RequestStatus, Vote
from provisioning.objects import format_time, parse
from provisioning.resources import CLUSTER_REQUESTS
from webhooks import reading, tree
from webhooks.facts import Facts
from webhooks.policy import UPDATE, Default, Rule
from webhooks.review import Request

FOLLOWING = ("phase", "decidedAt", "message")
"""What follows from a vote, where it is left as it was."""
BY = ("group", "insteadOf")
"""By what the voter may decide, where they are not listed by name."""


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    status, before = manifest.get("status"), tree.dig(request.old, "status")
    if not isinstance(status, dict) or request.user.name in (facts.trusted.bot, facts.trusted.provisioner):
        return manifest
    now = format_time(facts.now)
    if status.get("phase") == Phase.WITHDRAWN and before.get("phase", Phase.PENDING) in (Phase.PENDING, Phase.APPROVED):
        given = status.get("decidedAt")
        return {**manifest, "status": {**status, "decidedAt": given if given != before.get("decidedAt") else now}}
    cast = tree.sequence(before.get("votes"))
    new = [vote for vote in tree.sequence(status.get("votes")) if vote not in cast]
    if len(new) != 1 or not isinstance(new[0], dict):
        return manifest
    # A merge patch replaces the whole list: the votes of others stay where they are.
    vote = {"voter": {"user": request.user.name}, "at": now, **new[0]}
    finished = {**status, "votes": [*cast, vote]}
    followed = _followed(request, finished, vote, facts)
    return {**manifest, "status": finished if followed is None else followed}


def _followed(request: Request, status: Manifest, vote: Manifest, facts: Facts) -> Manifest | None:
    """The status with what follows from the vote; None where nothing does, since it cannot be read or does not count.

    What the writer set otherwise than it was is theirs, and the policy's to judge.
    """
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None or request.old is None:
        return None
    try:
        before = objects.read(ClusterRequest, request.old)
        result = approval.cast(
            before,
            parse(Vote, vote),
            tenant=reading.deciding(facts, tenant.it.spec, before),
            groups=request.user.groups,
            delegations=reading.delegations(facts, request.namespace),
            now=facts.now,
        )
    except (Invalid, Refused, ValueError):  # A time that is none: the schema has not been asked yet.
        return None
    was, becomes = _wire(before.it.status), _wire(result)
    untouched = [key for key in FOLLOWING if status.get(key) in (None, "", was.get(key))]
    last = result.votes[-1].wire()
    counted = {**vote, **{key: last[key] for key in BY if key in last}}
    follows = {key: becomes[key] for key in untouched if key in becomes}
    return {**status, "votes": [*status["votes"][:-1], counted], **follows}


def _wire(status: RequestStatus) -> Manifest:
    return {**status.wire(), "phase": status.phase.value}


DEFAULT = Default("complete_vote", (Rule(CLUSTER_REQUESTS, (UPDATE,), subresource="status"),), complete)
