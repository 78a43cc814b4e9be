"""`kubectl clusterdesk unvote REQUEST`: take one's own vote back, as long as nothing is decided."""

from __future__ import annotations

from datetime import UTC, datetime

from plugin import finding, printing, voting
from plugin.command import Command
from plugin.errors import NotDone
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, NamespaceOption, Output, OutputOption
from plugin.session import Session, carry_out
from plugin.voting import RequestName
from provisioning import approval, approval_words, request_status
from provisioning.lifecycle import Refused
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, RequestStatus
from provisioning.objects import Stored


def run(
    name: RequestName,
    *,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Take your vote on a request back, as long as nothing is decided; a denial is final.

    Ends with 1 when there is none to take back.
    """
    whole = printing.is_for_programs(output)

    async def unvote(session: Session) -> tuple[Stored[ClusterRequest], Manifest]:
        request = await taken_back(session, (await finding.waiting(session, name)).meta.name)
        return request, await request_status.live(session.kube, session.namespace, request.meta.name) if whole else {}

    request, manifest = carry_out(unvote, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if whole:
        printing.object_(output, manifest)
    else:
        printing.say(approval_words.vote_taken_back(request.it.spec.cluster))


async def taken_back(session: Session, name: str) -> Stored[ClusterRequest]:
    """The request without the vote. Raises `NotDone` or `KubeError`."""
    me, tenant = (await session.myself()).person, await session.tenant()
    if tenant is None:
        raise NotDone(f"nobody can tell here who decides: {session.no_tenant}")

    def decide(request: Stored[ClusterRequest]) -> RequestStatus:
        try:
            return approval.take_back(request, me, tenant=tenant.it.spec, now=datetime.now(UTC))
        except Refused as refused:
            raise NotDone(voting.why_not(refused.reason, request)) from refused

    return await voting.rewritten(session, name, decide, what="your vote is not taken back")


COMMAND = Command("unvote", run)
