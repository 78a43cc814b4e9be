"""`kubectl clusterdesk deny REQUEST --reason ...`: refuse what somebody asks for, and say why."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from plugin import errors, voting
from plugin.command import Command
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, NamespaceOption, Output, OutputOption
from plugin.voting import RequestName, YesOption
from provisioning import approval_words
from provisioning.model import Decision

LONGEST: Final = 1000
"""Characters of a reason that the API keeps."""


def run(
    name: RequestName,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why not; sent to whoever asked.")] = "",
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Refuse a request, as an approver of its tenant, with the reason for whoever asked. One denial ends it.

    Ends with 1 when the vote does not count, with the reason.
    """
    if not 0 < len(reason.strip()) <= LONGEST:
        typer.echo(f"{approval_words.REASON_WANTED} Use --reason, with {LONGEST} characters at most.", err=True)
        raise typer.Exit(errors.NOT_DONE)
    voting.decide(
        name,
        Decision.DENY,
        reason=reason.strip(),
        yes=yes,
        output=output,
        kubeconfig=kubeconfig,
        context=context,
        namespace=namespace,
    )


COMMAND = Command("deny", run)
