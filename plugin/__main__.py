"""`kubectl clusterdesk`: for people at a terminal. Every command is one question to the API server, as whoever asks.

What is true is decided in `provisioning`, how it looks in `tables`; here are arguments, connections and exit codes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.live import Live

from plugin import tables
from provisioning import objects, resources, survey
from provisioning import preflight as requirements
from provisioning.errors import KubeError
from provisioning.kube import Kube, namespace_of
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.preflight import Ground

T = TypeVar("T")

app = typer.Typer(
    help="Look after clusterdesk from a terminal, with the rights of your kubeconfig.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

NOT_MET = 1
NO_ANSWER = 2
SECONDS_BETWEEN_LOOKS = 1.0


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


Kubeconfig = Annotated[
    Path, typer.Option("--kubeconfig", envvar="KUBECONFIG", help="The kubeconfig file.", show_default=False)
]
Context = Annotated[str, typer.Option("--context", help="The context in it; its current one when empty.")]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="For people or for programs.")]
HOME_KUBECONFIG = Path.home() / ".kube" / "config"


@app.command()
def preflight(
    *,
    kubeconfig: Kubeconfig = HOME_KUBECONFIG,
    context: Context = "",
    output: OutputOption = Output.TABLE,
    kubeadm_account: Annotated[
        str, typer.Option(help="The account of Cluster API's kubeadm provider, as namespace/name.")
    ] = survey.KUBEADM_ACCOUNT,
) -> None:
    """List what the management cluster must have for clusterdesk to work: what is wanted, what was found, what to do.

    Ends with 1 when something is missing. What you may not look at counts as unknown, not as missing.
    """

    async def look(kube: Kube) -> Ground:
        return await survey.take(kube, kubeadm_account=kubeadm_account)

    found = requirements.findings(_asked(look, kubeconfig, context))
    if output is Output.JSON:
        typer.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        tables.preflight(Console(), found)
    if requirements.missing(found):
        raise typer.Exit(NOT_MET)


@app.command()
def status(
    name: Annotated[str, typer.Argument(help="The TenantCluster.")],
    *,
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Its namespace; the context's when empty.")] = "",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Draw it anew until it is ready, or gone.")] = False,
    kubeconfig: Kubeconfig = HOME_KUBECONFIG,
    context: Context = "",
) -> None:
    """Show how far a cluster is: its steps with their times, what is in the way, and what to do about it.

    Ends with 1 when there is no such cluster, or it is not ready.
    """
    try:
        where = namespace or namespace_of(kubeconfig, context)
    except KubeError as error:
        raise _unanswered(error) from error

    async def look(kube: Kube) -> Stored[TenantCluster] | None:
        found = await kube.find(resources.TENANT_CLUSTERS, name, namespace=where)
        return objects.read(TenantCluster, found) if found is not None else None

    async def follow(kube: Kube) -> Stored[TenantCluster] | None:
        with Live(console=console, auto_refresh=False) as live:
            while (found := await look(kube)) is not None:
                live.update(tables.status(found, now=datetime.now(UTC)), refresh=True)
                if tables.is_ready(found):
                    break
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return found

    console = Console()
    cluster = _asked(follow if watch else look, kubeconfig, context)
    if cluster is None:
        typer.echo(f"there is no TenantCluster {name} in {where}", err=True)
        raise typer.Exit(NOT_MET)
    if not watch:
        console.print(tables.status(cluster, now=datetime.now(UTC)))
    if not tables.is_ready(cluster):
        raise typer.Exit(NOT_MET)


def _unanswered(error: KubeError) -> typer.Exit:
    """Say what went wrong; the exit that says so as well."""
    typer.echo(error.message, err=True)
    return typer.Exit(NO_ANSWER)


def _asked(question: Callable[[Kube], Awaitable[T]], kubeconfig: Path, context: str) -> T:
    """The API server's answer to the question; without one the program ends with a sentence."""

    async def ask() -> T:
        async with await Kube.connect(kubeconfig=kubeconfig, context=context or None) as kube:
            return await question(kube)

    try:
        return asyncio.run(ask())
    except KubeError as error:
        raise _unanswered(error) from error


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
