"""How answers look on a terminal: colours where there is one, plain text where there is none. Draws only."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from provisioning.preflight import Finding, Outcome

MARK: Final = {
    Outcome.MET: "[green]✔[/]",
    Outcome.MISSING: "[bold red]✖[/]",
    Outcome.UNKNOWN: "[yellow]?[/]",
}


def preflight(console: Console, found: tuple[Finding, ...]) -> None:
    """A row for each requirement, then what is to be done, and in one line how it stands."""
    table = Table("", "requirement", "wanted", "found", box=None, pad_edge=False)
    for finding in found:
        table.add_row(MARK[finding.outcome], escape(finding.what), escape(finding.wanted), escape(finding.found))
    console.print(table)
    console.print()
    for outcome in (Outcome.MISSING, Outcome.UNKNOWN):
        for finding in found:
            if finding.outcome is outcome and finding.remedy:
                console.print(f"{MARK[outcome]} {escape(finding.what)}: {escape(finding.remedy)}", soft_wrap=True)
    console.print(_summary(found), soft_wrap=True)


def _summary(found: tuple[Finding, ...]) -> str:
    counts = {outcome: sum(finding.outcome is outcome for finding in found) for outcome in Outcome}
    lacking, unknown = counts[Outcome.MISSING], counts[Outcome.UNKNOWN]
    told = "[bold red]not ready[/]" if lacking else "[green]ready for clusterdesk[/]"
    more = f", {unknown} could not be looked into" if unknown else ""
    return f"{told}: {counts[Outcome.MET]} of {len(found)} requirements are met, {lacking} are missing{more}"
