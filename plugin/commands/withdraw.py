"""`kubectl clusterdesk withdraw REQUEST`: take a request back that nobody has decided yet, or that waits for room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from plugin import completion, finding, printing, voting
from plugin.command import Command
from plugin.errors import NotDone
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, NamespaceOption, Output, OutputOption
from plugin.session import Session, carry_out
from provisioning import approval, approval_words, plain, request_status
from provisioning.lifecycle import Refused
from provisioning.model import ClusterRequest, RequestStatus
from provisioning.objects import Stored


def run(
    name: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST|CLUSTER",
            help="The ClusterRequest, or the cluster that you asked for something of.",
            show_default=False,
            autocompletion=completion.waiting,
        ),
    ],
    *,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Take back a request of yours that nobody has decided yet, or that waits for room.

    One of somebody who has left the tenant any member takes back, by the request's own name.

    Ends with 1 when that does not count, with the reason.
    """

    async def withdraw(session: Session) -> None:
        await take_back(session, name, output=output)

    carry_out(withdraw, kubeconfig=kubeconfig, context=context, namespace=namespace)


async def take_back(session: Session, word: str, *, output: Output, dry_run: bool = False) -> None:
    """Withdraw a request and say so; with `dry_run` nothing is kept. Raises `NotDone` or `KubeError`."""
    request = await _withdrawn(session, word, dry_run=dry_run)
    if printing.is_for_programs(output):
        manifest = await request_status.live(session.kube, session.namespace, request.meta.name)
        printing.object_(output, {**manifest, "status": request.it.status.wire()})
        return
    of = request.it.spec.requester.user if request.it.status.withdrawn_by else ""
    said = approval_words.withdrawn(request.it.spec.cluster, plain.one_line(of))
    printing.say(f"{said}{' (server dry run)' if dry_run else ''}")


async def _withdrawn(session: Session, word: str, *, dry_run: bool) -> Stored[ClusterRequest]:
    me, tenant = await session.myself(), await session.tenant()
    found = await finding.own_request(session, me.person, word)
    spec = tenant.it.spec if tenant is not None else None

    def decide(request: Stored[ClusterRequest]) -> RequestStatus:
        try:
            return approval.withdraw(request, me.person, tenant=spec, groups=me.groups, now=datetime.now(UTC))
        except Refused as refused:
            raise NotDone(voting.why_not(refused.reason, request)) from refused

    return await voting.rewritten(
        session, found.meta.name, decide, what="your request is not withdrawn", dry_run=dry_run
    )


COMMAND = Command("withdraw", run)
