"""`kubectl clusterdesk status NAME`: how far a cluster is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from plugin import finding, following, printing, tables
from plugin.command import Command
from plugin.errors import NOT_DONE, NotDone
from plugin.options import HOME_KUBECONFIG, ClusterName, ContextOption, KubeconfigOption, NamespaceOption
from plugin.session import Session, carry_out
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def run(
    name: ClusterName,
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Draw it anew until it is ready, or gone.")] = False,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Show how far a cluster is: its steps with their times, what is in the way, and what to do about it.

    Ends with 1 when there is no such cluster, or it is not ready.
    """

    async def look(session: Session) -> Stored[TenantCluster]:
        cluster = await finding.cluster(session, name)
        if not watch:
            printing.drawing(tables.status(cluster, now=datetime.now(UTC)))
            return cluster
        found = await following.until(session, name, tables.is_ready, console=printing.console())
        if found is None:
            raise NotDone(f"{name} is gone")
        return found

    if not tables.is_ready(carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)):
        raise typer.Exit(NOT_DONE)


COMMAND = Command("status", run)
