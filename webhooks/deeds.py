"""What people did by a write that was admitted, for the audit trail: a review and its verdict -> events. Pure.

Only what nobody else tells: the provisioner tells what becomes of requests and accesses, the bot what is pressed. Here
it is known who wrote, and what was there before: a vote that is taken back leaves nothing behind in the object.
Nobody's words are told, only that there are some. What must never live here: whether the write is stored (`landings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from provisioning import objects
from provisioning.audit import Code, Event
from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import ApprovalDelegation, ClusterRequest, RequestStatus, Vote
from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, TENANT_CLUSTERS
from webhooks import extent, marks, reading, tree
from webhooks.decision import Allow
from webhooks.policies.approved_only import ACTIONS
from webhooks.policy import CREATE, DELETE, UPDATE
from webhooks.review import Request
from webhooks.trusted import Trusted

SLACK: Final = "slack"
"""Somebody in Slack, for whom the bot wrote it; the bot's own line says in which channel."""
KUBECTL: Final = "kubectl"
"""Somebody at the API server itself: with kubectl, by GitOps, or a program of theirs."""
CLUSTER: Final = "cluster"
"""Nobody: one of our programs found that it was time."""

_CLUSTERS: Final = {CREATE: Code.CLUSTER_MADE, UPDATE: Code.CLUSTER_CHANGED, DELETE: Code.CLUSTER_ENDED}
_DELEGATIONS: Final = {CREATE: Code.DELEGATION_MADE, UPDATE: Code.DELEGATION_CHANGED, DELETE: Code.DELEGATION_ENDED}


@dataclass(frozen=True)
class Deed:
    """An admitted write, and what it is once it is stored. No two have the same events."""

    request: Request
    verdict: Allow
    trusted: Trusted
    events: tuple[Event, ...]

    def is_stored(self, found: Manifest | None) -> bool | None:
        """Whether it is in what stands there now; None while that is not to be seen yet.

        A write that lost against another one is not: whoever sent it sends it again, and that is another write.
        """
        asked = self.request.either["metadata"]
        same = found is not None and found["metadata"].get("uid") == asked.get("uid")
        if self.request.operation == CREATE:
            return same if found is not None else None
        if found is None or not same:
            return self.request.operation == DELETE
        if self.request.operation == DELETE:
            return marks.deleting(found) or None
        if found["metadata"].get("resourceVersion") == tree.dig(self.request.old, "metadata").get("resourceVersion"):
            return None
        if not self.request.subresource and _generation(found) > _generation(self.request.object):
            return True  # There is a later one on top of it.
        seen = of(replace(self.request, object=found), self.verdict, self.trusted)
        return set(map(repr, self.events)) <= set(map(repr, seen))


def read(request: Request, verdict: Allow, trusted: Trusted) -> Deed | None:
    """What is to be told of a write that was admitted, if anything. Raises `errors.Invalid`."""
    events = of(request, verdict, trusted)
    return Deed(request, verdict, trusted, events) if events else None


def of(request: Request, verdict: Allow, trusted: Trusted) -> tuple[Event, ...]:
    """What this write is."""
    if request.dry_run or not request.either:
        # Of a whole collection that is deleted, each is told by itself.
        return ()
    match (request.resource, request.subresource):
        case (TENANT_CLUSTERS.plural, ""):
            return tuple(_of_cluster(request, verdict, trusted))
        case (APPROVAL_DELEGATIONS.plural, ""):
            return tuple(_of_delegation(request, trusted))
        case (CLUSTER_REQUESTS.plural, "status"):
            return tuple(_of_request(request, trusted))
    return ()


def _of_cluster(request: Request, verdict: Allow, trusted: Trusted) -> Iterator[Event]:
    """A TenantCluster that somebody wrote themselves, by a rule that needs nobody or with a request behind it."""
    if request.user.name in (trusted.bot, trusted.provisioner) or _says_nothing_new(request):
        return
    spec = reading.cluster(request.object).it.spec if request.object is not None else None
    name = request.either["metadata"]["name"]
    facts = {"cluster": name, "approval": verdict.audit.get("approval", ""), **_version(request)}
    digest = digest_of(action=ACTIONS[request.operation], cluster=name, desired=spec)
    yield _event(_CLUSTERS[request.operation], request, request.user.name, KUBECTL, facts, digest=digest)


def _of_delegation(request: Request, trusted: Trusted) -> Iterator[Event]:
    if _says_nothing_new(request):
        return
    spec = objects.read(ApprovalDelegation, request.either).it.spec
    by_bot = request.user.name == trusted.bot
    facts = {"approver": spec.approver.user, "delegate": spec.delegate.user, "until": spec.until, **_version(request)}
    who = spec.approver.user if by_bot else request.user.name
    yield _event(_DELEGATIONS[request.operation], request, who, _door(request, trusted), facts)


def _of_request(request: Request, trusted: Trusted) -> Iterator[Event]:
    """What is in the status that was not there before, or the other way round."""
    if request.object is None or request.old is None:
        return
    old, new = (objects.read(ClusterRequest, each).it for each in (request.old, request.object))
    where = _door(request, trusted)
    for code, who, facts in _happened(old.status, new.status, requester=new.spec.requester.user):
        at = CLUSTER if code is Code.REQUEST_HANDED_ON else where
        yield _event(code, request, who, at, facts, digest=new.spec.digest)


def _happened(
    old: RequestStatus, new: RequestStatus, *, requester: str
) -> Iterator[tuple[Code, str, Mapping[str, str]]]:
    for vote in new.votes:
        if vote not in old.votes:
            yield Code.VOTE_CAST, vote.voter.user, _vote(vote)
    for vote in old.votes:
        if vote not in new.votes:
            yield Code.VOTE_TAKEN_BACK, vote.voter.user, _vote(vote)
    for number, question in enumerate(new.questions):
        before = old.questions[number] if number < len(old.questions) else None
        if before is None:
            yield Code.QUESTION_ASKED, question.asker.user, {"question": str(number), "at": question.at}
        if question.answer and not (before and before.answer):
            yield Code.QUESTION_ANSWERED, requester, {"question": str(number), "at": question.answered_at or ""}
    if new.nudged_at and new.nudged_at != old.nudged_at:
        yield Code.REQUEST_NUDGED, requester, {"at": new.nudged_at}
    for step in new.handed_on[len(old.handed_on) :]:
        yield Code.REQUEST_HANDED_ON, requester, {"step": str(step.step), "why": step.why.value, "at": step.at}


def _vote(vote: Vote) -> Mapping[str, str]:
    """Without its reason, which is somebody's words."""
    by = vote.instead_of.user if vote.instead_of else ""
    facts = {"vote": vote.decision.value, "at": vote.at, "instead-of": by, "group": vote.group or vote.slack_group}
    return {**facts, "alone": "yes" if vote.break_glass else ""}


def _event(code: Code, request: Request, who: str, where: str, facts: Mapping[str, str], *, digest: str = "") -> Event:
    meta = request.either["metadata"]
    told = {name: fact for name, fact in {**facts, "object": str(meta.get("uid", ""))}.items() if fact}
    return Event(code, who=who, where=where, about=f"{request.namespace}/{meta['name']}", digest=digest, facts=told)


def _version(request: Request) -> dict[str, str]:
    """Which of its generations a spec is: somebody may set the same again later."""
    return {"generation": str(_generation(request.either) or "")}


def _door(request: Request, trusted: Trusted) -> str:
    if request.user.name == trusted.provisioner:
        return CLUSTER
    return SLACK if request.user.name == trusted.bot else KUBECTL


def unproven(event: Event) -> Event:
    """The same, where nobody could say whether it was stored."""
    return replace(event, facts={**event.facts, "stored": "unknown"})


def _generation(manifest: Manifest | None) -> int:
    return int(tree.dig(manifest, "metadata").get("generation", 0))


def _says_nothing_new(request: Request) -> bool:
    """No word of its spec changes, or it is going already."""
    gone = request.object is None and marks.deleting(request.old or {})
    return gone or extent.says_the_same(request)
