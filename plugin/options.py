"""The flags that commands share, with the names that kubectl has for them. Types only."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from plugin import completion
from provisioning import lifetime, wording

HOME_KUBECONFIG: Final = Path.home() / ".kube" / "config"


class Output(StrEnum):
    """How an answer is printed: for people, or as the objects are."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class DryRun(StrEnum):
    """How far a change goes."""

    NONE = "none"
    SERVER = "server"


class Span(timedelta):
    """How long, shown as one types it."""

    def __str__(self) -> str:
        return lifetime.spell(self)


def span(text: str | timedelta) -> timedelta:
    """`1h30m` or `3d`, as in Slack -> how long, or a sentence about what is wrong with it."""
    if isinstance(text, timedelta):
        return text  # typer has defaults parsed as well.
    if (found := lifetime.typed(text)) is None:
        raise typer.BadParameter(wording.no_duration(text))
    return found


def duration(text: str) -> str:
    """The same as the API writes it; empty for nothing."""
    return lifetime.spell(span(text)) if text else ""


def _report(output: Output) -> Output:
    if output is Output.NAME:
        raise typer.BadParameter("this is a report, and no object that has a name")
    return output


ClusterName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The cluster.", show_default=False, autocompletion=completion.clusters),
]
NamespaceOption = Annotated[
    str, typer.Option("--namespace", "-n", help="The tenant's namespace; the context's when empty.")
]
KubeconfigOption = Annotated[
    Path, typer.Option("--kubeconfig", envvar="KUBECONFIG", help="The kubeconfig file.", show_default=False)
]
ContextOption = Annotated[str, typer.Option("--context", help="The context in it; its current one when empty.")]
OutputOption = Annotated[Output, typer.Option("--output", "-o", help="For people or for programs.")]
ReportOption = Annotated[
    Output, typer.Option("--output", "-o", help="For people or for programs, but no names.", callback=_report)
]
"""For what is no object of the API."""
EverywhereOption = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="Of every namespace, if you may see them.")
]
PoolOption = Annotated[
    str,
    typer.Option("--pool", help="Which pool; not needed when there is one only.", autocompletion=completion.pools),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; shown to whoever approves.")]
DryRunOption = Annotated[
    DryRun, typer.Option("--dry-run", help="With server, all rules are asked and nothing is changed.")
]
WaitOption = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Follow it until it is done, or be content that it is asked for.")
]
TimeoutOption = Annotated[
    timedelta,
    typer.Option("--timeout", parser=span, metavar="DURATION", help="How long to follow it, such as 15m."),
]
