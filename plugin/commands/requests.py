"""`kubectl clusterdesk requests`: what waits, and what became of what one asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import docket, options, printing
from plugin.command import Command
from plugin.session import Session, carry_out
from provisioning import resources
from provisioning.manifest import Manifest


def run(
    *,
    everybodys: Annotated[bool, typer.Option("--all", help="What became of everybody's, not of yours only.")] = False,
    everywhere: options.EverywhereOption = False,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """List what waits for approval or for room, yours first, and what became of your others, the latest first."""

    async def look(session: Session) -> list[Manifest]:
        found = await session.kube.list(resources.CLUSTER_REQUESTS, namespace="" if everywhere else session.namespace)
        return docket.ordered(found.items, (await session.myself()).person, everybodys=everybodys)

    found = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        printing.objects(output, found)
    elif not found:
        printing.say("nothing waits, and nothing of yours has been decided")
    else:
        printing.drawing(docket.drawing(found, wide=output is options.Output.WIDE, everywhere=everywhere))


COMMAND = Command("requests", run)
