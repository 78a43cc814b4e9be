"""`kubectl clusterdesk approve REQUEST`: agree to what somebody asks for."""

from __future__ import annotations

from plugin import voting
from plugin.command import Command
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, NamespaceOption, Output, OutputOption
from plugin.voting import RequestName, YesOption
from provisioning.model import Decision


def run(
    name: RequestName,
    *,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Agree to a request, as an approver of its tenant: it is shown first, and only what was shown is agreed to.

    Ends with 1 when the vote does not count, with the reason.
    """
    voting.decide(
        name, Decision.APPROVE, yes=yes, output=output, kubeconfig=kubeconfig, context=context, namespace=namespace
    )


COMMAND = Command("approve", run)
