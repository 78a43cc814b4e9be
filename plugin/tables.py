"""How answers look on a terminal: colours where there is one, plain text where there is none. Draws only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table

from provisioning import plain, stage, wording
from provisioning.audit_proof import Line
from provisioning.finding import Finding, Outcome
from provisioning.model import Step, StepState, TenantCluster, conditions
from provisioning.objects import Stored, parse_time

MARK: Final = {
    Outcome.MET: "[green]✔[/]",
    Outcome.MISSING: "[bold red]✖[/]",
    Outcome.UNKNOWN: "[yellow]?[/]",
}


def preflight(console: Console, found: tuple[Finding, ...]) -> None:
    """A row for each requirement, then what is to be done, and in one line how it stands."""
    # Folded on a narrow terminal, never cut off: what is at the end of a name is what tells it from others.
    columns = [Column(title, overflow="fold") for title in ("", "requirement", "wanted", "found")]
    table = Table(*columns, box=None, pad_edge=False)
    for finding in found:
        table.add_row(MARK[finding.outcome], escape(finding.what), escape(finding.wanted), escape(finding.found))
    console.print(table)
    console.print()
    for outcome in (Outcome.MISSING, Outcome.UNKNOWN):
        for finding in found:
            if finding.outcome is outcome and finding.remedy:
                console.print(f"{MARK[outcome]} {escape(finding.what)}: {escape(finding.remedy)}", soft_wrap=True)
    console.print(_summary(found), soft_wrap=True)


def audit(console: Console, lines: Iterable[Line]) -> None:
    """A row for each event."""
    names = ("at", "code", "who", "where", "about")
    table = Table(*(Column(name, overflow="fold") for name in names), box=None, pad_edge=False)
    for line in lines:
        table.add_row(*(escape(plain.one_line(line.content[name])) for name in names))
    console.print(table)


STATE: Final = {
    StepState.WAITING: "[dim]○[/]",
    StepState.RUNNING: "[cyan]●[/]",
    StepState.DONE: "[green]✔[/]",
    StepState.FAILED: "[bold red]✖[/]",
}


def is_ready(cluster: Stored[TenantCluster]) -> bool:
    """Whether it is Ready as its spec is now."""
    ready = conditions.find(cluster.it.status.conditions, "Ready")
    return ready is not None and ready.status == "True" and ready.observed_generation >= cluster.meta.generation


def is_asleep(cluster: Stored[TenantCluster]) -> bool:
    """Whether it sleeps as its spec is now."""
    asleep = conditions.find(cluster.it.status.conditions, "Hibernated")
    return asleep is not None and asleep.status == "True" and asleep.observed_generation >= cluster.meta.generation


def in_the_way(cluster: Stored[TenantCluster]) -> str:
    """Why it is not ready, in a few words."""
    ready = conditions.find(cluster.it.status.conditions, "Ready")
    return (ready.message or ready.reason) if ready is not None else "nobody has looked at it yet"


def status(cluster: Stored[TenantCluster], *, now: datetime) -> RenderableType:
    """A line that says how the cluster stands, its steps with their times, and what to do about what is in the way."""
    seen, said = cluster.it.status, wording.SAID[stage.of_cluster(cluster)]
    facts = [seen.version, f"{seen.nodes.ready} of {seen.nodes.wanted} workers", seen.endpoint]
    head = f"[bold]{_said(cluster.meta.name)}[/] {said} · {_said(' · '.join(fact for fact in facts if fact))}"
    return Group(head, steps(cluster, now=now))


def steps(cluster: Stored[TenantCluster], *, now: datetime) -> RenderableType:
    """Its steps with their times, and what to do about what is in the way."""
    table = Table(box=None, pad_edge=False, show_header=False)
    hints = []
    for step in cluster.it.status.steps:
        table.add_row(STATE[step.state], _said(step.name), _took(step, now), _said(step.message))
        if step.hint:
            hints.append(f"{STATE[step.state]} {_said(step.name)}: {_said(step.hint)}")
    left = [f"[yellow]![/] {_said(line)}" for line in cluster.it.status.residue]
    return Group(table, *hints, *left)


def _said(words: str) -> str:
    """Somebody's words, which are neither markup nor a command to the terminal."""
    return escape(plain.one_line(words))


def _took(step: Step, now: datetime) -> str:
    """How long it took, or has been taking so far."""
    if not step.started_at:
        return ""
    until = parse_time(step.ended_at) if step.ended_at else now
    seconds = max(0, round((until - parse_time(step.started_at)).total_seconds()))
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def _summary(found: tuple[Finding, ...]) -> str:
    counts = {outcome: sum(finding.outcome is outcome for finding in found) for outcome in Outcome}
    lacking, unknown = counts[Outcome.MISSING], counts[Outcome.UNKNOWN]
    told = "[bold red]not ready[/]" if lacking else "[green]ready for clusterdesk[/]"
    more = f", {unknown} could not be looked into" if unknown else ""
    return f"{told}: {counts[Outcome.MET]} of {len(found)} requirements are met, {lacking} are missing{more}"
