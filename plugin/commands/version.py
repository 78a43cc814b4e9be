"""`kubectl clusterdesk version`: which version this program is, and which versions of our API the server serves."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated, Final

import typer

from plugin import printing
from plugin.command import Command
from plugin.errors import NOT_DONE
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, Output, ReportOption
from plugin.session import Session, carry_out
from provisioning import legacy_kube, resources

SPEAKS: Final = f"{resources.GROUP}/{resources.VERSION}"
"""The version of our API that this program asks for."""


def run(
    *,
    client: Annotated[bool, typer.Option("--client", help="Of this program only: no server is asked.")] = False,
    output: ReportOption = Output.TABLE,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Show the version of this program, and the versions of clusterdesk's API that the API server serves.

    Ends with 1 when the one that this program asks for is not among them. It takes no rights.
    """
    ours = {"version": metadata.version("clusterdesk"), "apiVersion": SPEAKS}
    aloud = not printing.is_for_programs(output)
    if aloud:
        # First, so that it is told also where no server answers.
        printing.say(f"client: {ours['version']}, asks for {SPEAKS}")
    served = None if client else carry_out(_served, kubeconfig=kubeconfig, context=context)
    if not aloud:
        theirs = {} if served is None else {"server": {"apiVersions": served}}
        printing.data(output, {"client": ours} | theirs)
    elif served is not None:
        printing.say(f"server: serves {', '.join(served) or f'nothing of {resources.GROUP}'}")
    if served is not None and SPEAKS not in served:
        raise typer.Exit(NOT_DONE)


async def _served(session: Session) -> list[str]:
    """The versions of our API; whoever is signed in may see them."""
    groups = await legacy_kube.groups(session.kube)
    return [f"{resources.GROUP}/{version}" for version in groups.get(resources.GROUP, ())]


COMMAND = Command("version", run)
