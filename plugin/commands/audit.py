"""`kubectl clusterdesk audit verify|export [FILE]`: whether the audit trail is whole, and what it says."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from plugin import audited, errors, printing, tables
from plugin.command import Command
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, Output, ReportOption
from plugin.session import Session, carry_out
from provisioning.audit_proof import Proof, check
from provisioning.errors import Forbidden


class Verb(StrEnum):
    """What to do with the lines."""

    VERIFY = "verify"
    EXPORT = "export"


def run(
    verb: Annotated[Verb, typer.Argument(metavar="verify|export", help="Only judge it, or print it as well.")],
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The log; - is standard input.")] = audited.INPUT,
    *,
    piece: Annotated[bool, typer.Option("--piece", help="The log does not go back to the beginning.")] = False,
    system: Annotated[
        str, typer.Option("--system-namespace", help="Where clusterdesk itself runs, and keeps the heads.")
    ] = "clusterdesk-system",
    output: ReportOption = Output.TABLE,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Hold the lines of the audit trail against the heads that the cluster keeps. What else is in the log is let be.

    Ends with 1 and the first line that is wrong when one was edited, dropped, swapped, inserted or cut off; with 2 when
    the heads cannot be read.
    """

    async def look(session: Session) -> Proof:
        # Before the lines: what a living desk writes meanwhile is behind these heads then, and not cut off.
        try:
            heads = await audited.heads(session)
        except Forbidden as error:
            # Not 1: nothing was found to be wrong.
            typer.echo(f"the heads in {system} may not be read: {error.message}", err=True)
            raise typer.Exit(errors.NO_ANSWER) from error
        return check(audited.lines_of(file), heads, whole=not piece)

    proof = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=system)
    programs = printing.is_for_programs(output)
    if verb is Verb.EXPORT:
        events = audited.in_order(proof.lines)
        if programs:
            printing.data(output, [dict(line.content) for line in events])
        else:
            tables.audit(printing.console(), events)
    elif programs:
        printing.data(output, audited.for_programs(proof))
    # What is exported goes into pipes: the verdict stands beside it.
    if verb is Verb.EXPORT or not programs:
        typer.echo(audited.verdict(proof), err=verb is Verb.EXPORT)
    if proof.flaw is not None:
        raise typer.Exit(errors.NOT_DONE)


COMMAND = Command("audit", run)
