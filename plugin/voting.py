"""A vote on a request, as whoever runs kubectl: what is asked for is shown first, and the vote is bound to that.

The rules are those that the webhook holds everybody to; they are asked here first, for their words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from plugin import asked, completion, errors, finding, printing
from plugin.asked import Paper
from plugin.errors import NotDone
from plugin.options import Output
from plugin.session import Session, carry_out
from provisioning import approval, approval_words, objects, plain, request_status
from provisioning import errors as kube_errors
from provisioning.lifecycle import Reason, Refused
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, Decision, Phase, RequestStatus, Vote
from provisioning.objects import Stored

RequestName = Annotated[
    str,
    typer.Argument(
        metavar="REQUEST|CLUSTER",
        help="The ClusterRequest, or the cluster that it is about.",
        show_default=False,
        autocompletion=completion.requests,
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")]


def decide(
    name: str,
    decision: Decision,
    *,
    reason: str = "",
    break_glass: bool = False,
    yes: bool,
    output: Output,
    kubeconfig: Path,
    context: str,
    namespace: str,
) -> None:
    """Show, ask whether it is meant, vote, and say what that came to."""
    whole = printing.is_for_programs(output)

    async def look(session: Session) -> Paper:
        return await paper(session, name, alone=reason if break_glass else None)

    async def vote(session: Session) -> tuple[Stored[ClusterRequest], Manifest]:
        request = await cast(session, shown, decision, reason=reason, break_glass=break_glass)
        return request, await request_status.live(session.kube, session.namespace, request.meta.name) if whole else {}

    # Two connections: between them a person thinks, and Ctrl-C must reach the prompt.
    shown = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    printing.console(aside=whole).print(asked.draw(shown))
    if not yes and not typer.confirm(f"{decision.value} this?", err=whole):
        typer.echo("Nothing was decided.", err=True)
        raise typer.Exit(errors.NOT_DONE)
    request, manifest = carry_out(vote, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if whole:
        printing.object_(output, manifest)
    else:
        printing.say(counted(request, shown, decision))


async def paper(session: Session, name: str, *, alone: str | None = None) -> Paper:
    """What there is to decide; `alone` is the reason for taking it through alone. Raises `NotDone` when this person
    cannot decide it."""
    request, tenant = await finding.waiting(session, name), await session.tenant()
    if tenant is None:
        raise NotDone(f"nobody can tell here who decides: {session.no_tenant}")
    me, delegations, now = await session.myself(), await session.delegations(), datetime.now(UTC)
    cluster = await finding.find(session, request.it.spec.cluster)
    old = cluster.it.spec if cluster is not None else None
    shown = Paper(request, tenant, await session.catalog(), old, delegations)
    if shown.catalog is None and tenant.it.spec.approval.large is not None:
        raise NotDone(f"nobody can tell here how large it is, and so who decides: {session.no_catalog}")
    spec = shown.deciding
    try:
        if alone is not None:
            approval.check_breaker(request, me.person, reason=alone, tenant=spec, groups=me.groups, now=now)
        else:
            approval.check_voter(request, me.person, tenant=spec, groups=me.groups, delegations=delegations, now=now)
    except Refused as refused:
        raise NotDone(why_not(refused.reason, request)) from refused
    return shown


async def cast(
    session: Session, shown: Paper, decision: Decision, *, reason: str = "", break_glass: bool = False
) -> Stored[ClusterRequest]:
    """The request with the vote in it. Raises `NotDone` or `KubeError`."""
    me, name = await session.myself(), shown.request.meta.name

    def decide(request: Stored[ClusterRequest]) -> RequestStatus:
        now = datetime.now(UTC)
        at = objects.format_time(now)
        vote = Vote(voter=me.person, decision=decision, reason=reason, at=at, break_glass=break_glass)
        try:
            approval.check_shown(request, shown.request.it.spec.digest)
            return approval.cast(
                request,
                vote,
                tenant=shown.deciding,
                groups=me.groups,
                delegations=shown.delegations,
                now=now,
            )
        except Refused as refused:
            raise NotDone(why_not(refused.reason, request)) from refused

    return await rewritten(session, name, decide, what="your vote does not count")


async def rewritten(
    session: Session,
    name: str,
    decide: Callable[[Stored[ClusterRequest]], RequestStatus],
    *,
    what: str,
    dry_run: bool = False,
) -> Stored[ClusterRequest]:
    """The request as `decide` has it; with `dry_run` nothing is kept. `what` is said before the reasons when the
    webhook refuses it.

    Raises `NotDone` or `KubeError`.
    """
    try:
        return await request_status.rewrite(session.kube, session.namespace, name, decide, dry_run=dry_run)
    except Refused as refused:
        raise NotDone(approval_words.REFUSALS[refused.reason]) from refused
    except (kube_errors.Forbidden, kube_errors.Invalid) as error:
        causes = error.causes or (kube_errors.Cause("", error.message),)
        raise errors.refusal(what, causes) from error
    except kube_errors.Unavailable as error:
        raise kube_errors.Unavailable(f"{approval_words.NOT_DECIDED} ({error.message})") from error


def why_not(reason: Reason, request: Stored[ClusterRequest]) -> str:
    """As in Slack; when it is decided, with what it came to."""
    status = request.it.status
    if reason is not Reason.ALREADY_DECIDED or status.decided_at is None:
        return approval_words.REFUSALS[reason]
    deciding = Decision.DENY if status.phase is Phase.DENIED else Decision.APPROVE
    by = ", ".join(plain.one_line(vote.voter.user) for vote in status.votes if vote.decision is deciding)
    when = asked.moment(objects.parse_time(status.decided_at))
    return f"{approval_words.TOO_LATE} It is {status.phase.value}{f', by {by}' if by else ''}, since {when}."


def counted(request: Stored[ClusterRequest], shown: Paper, decision: Decision) -> str:
    """What the vote came to."""
    missing = 0
    if request.it.status.phase is Phase.PENDING:
        spec = shown.deciding
        missing = spec.approval.required - len(approval.agreed(request, spec, shown.delegations))
    return approval_words.voted(decision is Decision.APPROVE, request.it.spec.cluster, missing)
