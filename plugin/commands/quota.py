"""`kubectl clusterdesk quota`: what a tenant may have and has, and what it comes to if all that waits is approved."""

from __future__ import annotations

from rich.table import Column, Table

from plugin import balance, options, printing
from plugin.balance import Balance
from plugin.command import Command
from plugin.session import Session, carry_out


def run(
    *,
    output: options.ReportOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """Show what the tenant of the namespace may have and has, and what it comes to if all that waits is approved.

    Ends with 1 when the namespace is no tenant's, or you may not see whose it is.
    """

    async def look(session: Session) -> Balance:
        return await balance.of(session)

    found = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        printing.data(output, balance.for_programs(found))
        return
    printing.drawing(_table(found))
    for namespace_ in found.unseen:
        printing.say(f"what waits in {namespace_} is not in it: you may not see that namespace")


def _table(found: Balance) -> Table:
    """A row for each thing that is bounded."""
    titles = (found.tenant, "used", f"if all that waits is approved ({found.waiting})", "of")
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False)
    for row in balance.rows(found):
        table.add_row(*row)
    return table


COMMAND = Command("quota", run)
