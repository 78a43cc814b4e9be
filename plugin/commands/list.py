"""`kubectl clusterdesk list`: what waits, the clusters, and those made by hand."""

from __future__ import annotations

from plugin import desk, options, overview, printing
from plugin.command import Command
from plugin.desk import Sight
from plugin.session import Session, carry_out


def run(
    *,
    everywhere: options.EverywhereOption = False,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """List clusters, and what waits for approval or for room. Those made by hand come last, and are called so.

    As JSON or YAML it is a List of TenantClusters, of Cluster API's Clusters made by hand, and of open ClusterRequests.
    """

    async def look(session: Session) -> tuple[Sight, str]:
        return await desk.look(session, everywhere=everywhere), session.namespace

    found, where = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        printing.objects(output, found.everything)
    elif not found.everything:
        printing.say("no clusters yet" if everywhere else f"no clusters yet in {where}")
    else:
        printing.drawing(overview.clusters(found, wide=output is options.Output.WIDE, everywhere=everywhere))


COMMAND = Command("list", run)
