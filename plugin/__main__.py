"""`kubectl clusterdesk`: for people at a terminal. Every command is one question to the API server, as whoever asks.

What is true is decided in `provisioning`, how it looks in `tables`; here are arguments, connections and exit codes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from plugin import tables
from provisioning import preflight as requirements
from provisioning import survey
from provisioning.errors import KubeError
from provisioning.kube import Kube
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


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


Kubeconfig = Annotated[
    Path, typer.Option("--kubeconfig", envvar="KUBECONFIG", help="The kubeconfig file.", show_default=False)
]
Context = Annotated[str, typer.Option("--context", help="The context in it; its current one when empty.")]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="For people or for programs.")]
HOME_KUBECONFIG = Path.home() / ".kube" / "config"


@app.callback()
def _several() -> None:
    """A command has a name even while there is only one."""


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


def _asked(question: Callable[[Kube], Awaitable[T]], kubeconfig: Path, context: str) -> T:
    """The API server's answer to the question; without one the program ends with a sentence."""

    async def ask() -> T:
        async with await Kube.connect(kubeconfig=kubeconfig, context=context or None) as kube:
            return await question(kube)

    try:
        return asyncio.run(ask())
    except KubeError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(NO_ANSWER) from error


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
