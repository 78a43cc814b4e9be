"""`kubectl clusterdesk show NAME`: one cluster as it is now."""

from __future__ import annotations

from datetime import UTC, datetime

from plugin import desk, finding, options, overview, printing
from plugin.command import Command
from plugin.desk import Sight
from plugin.session import Session, carry_out


def run(
    name: options.ClusterName,
    *,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """Show one cluster: its size, where it is reached, its steps while it is on the way, and what is asked about it.

    One that is only asked for so far is shown by its request. Ends with 1 when there is neither.
    """

    async def look(session: Session) -> Sight:
        found = (await desk.look(session)).named(name)
        if not found.everything:
            raise await finding.missing(session, name)
        return found

    found = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        # The cluster; what is only asked for has none.
        printing.object_(output, (*found.clusters, *found.hosts, *found.requests)[0])
    else:
        printing.drawing(overview.one(found, wide=output is options.Output.WIDE, now=datetime.now(UTC)))


COMMAND = Command("show", run)
