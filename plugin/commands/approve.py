"""`kubectl clusterdesk approve REQUEST`: agree to what somebody asks for."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import voting
from plugin.command import Command
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, NamespaceOption, Output, OutputOption
from plugin.voting import RequestName, YesOption
from provisioning.model import Decision


def run(
    name: RequestName,
    *,
    break_glass: Annotated[
        bool, typer.Option("--break-glass", help="Take it through alone in an emergency, if the tenant lets you.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="With --break-glass: what the emergency is.")] = "",
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Agree to a request, as an approver of its tenant: it is shown first, and only what was shown is agreed to.

    With --break-glass nobody else has to agree; everybody who would have been asked is told, and why.
    Ends with 1 when the vote does not count, with the reason.
    """
    voting.decide(
        name,
        Decision.APPROVE,
        reason=reason.strip(),
        break_glass=break_glass,
        yes=yes,
        output=output,
        kubeconfig=kubeconfig,
        context=context,
        namespace=namespace,
    )


COMMAND = Command("approve", run)
