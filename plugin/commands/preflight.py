"""`kubectl clusterdesk preflight`: whether the management cluster has what clusterdesk needs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from plugin import printing, tables
from plugin.command import Command
from plugin.errors import NOT_DONE
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, Output, ReportOption
from plugin.session import Session, carry_out
from provisioning import preflight, survey
from provisioning.ground import Ground


def run(
    *,
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
    context: ContextOption = "",
    output: ReportOption = Output.TABLE,
    kubeadm_account: Annotated[
        str, typer.Option(help="The account of Cluster API's kubeadm provider, as namespace/name.")
    ] = survey.KUBEADM_ACCOUNT,
) -> None:
    """List what the management cluster must have for clusterdesk to work: what is wanted, what was found, what to do.

    Ends with 1 when something is missing. What you may not look at counts as unknown, not as missing.
    """

    async def look(session: Session) -> Ground:
        return await survey.take(session.kube, kubeadm_account=kubeadm_account)

    found = preflight.findings(carry_out(look, kubeconfig=kubeconfig, context=context))
    if printing.is_for_programs(output):
        printing.data(output, [{**asdict(finding), "outcome": finding.outcome.value} for finding in found])
    else:
        tables.preflight(printing.console(), found)
    if preflight.missing(found):
        raise typer.Exit(NOT_DONE)


COMMAND = Command("preflight", run)
