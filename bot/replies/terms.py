"""The signs and words that other sentences are made of: icons, labels, numbers, lists."""

from __future__ import annotations

from collections.abc import Sequence

from bot.text import code

DIMENSION = {
    "clusters": "Clusters",
    "nodes": "Workers",
    "vcpu": "vCPU",
    "memory": "Memory",
    "storage": "Storage",
    "gpus": "GPUs",
    "control_plane_replicas": "Control-plane replicas",
    "load_balancers": "Load balancers",
    "cost": "Cost per hour",
}
ICON = {
    "Waiting": "⏳",
    "Denied": "⛔",
    "Withdrawn": "↩️",
    "Expired": "⌛",
    "Failed": "❌",
    "Accepted": "✅",
    "NoRoom": "⏳",
    "Building": "🏗️",
    "Stalled": "⚠️",
    "Ready": "🟢",
    "Asleep": "💤",
    "Deleting": "🗑️",
    "Deleted": "✔️",
    "Superseded": "✔️",
    "GivenUp": "⌛",
    "Gone": "✔️",
}
STEP_ICON = {"Waiting": "○", "Running": "⟳", "Done": "✔", "Failed": "✖"}
SLOW_ICON = "🟠"
LABEL = {
    "tenant": "Tenant",
    "workers": "Workers",
    "version": "Kubernetes",
    "lifetime": "Lifetime",
    "addons": "Add-ons",
    "endpoint": "API endpoint",
    "nodes": "Workers ready",
    "until": "Lives until",
    "control_plane": "Control plane",
    "sleep": "Sleep",
    "protection": "Protection",
}
ASLEEP = "asleep"
AWAKE = "awake"
NAMED = 20
"""Names in a sentence; whoever has more looks at the list."""
NOTHING = "–"  # noqa: RUF001 - a dash for nothing


def between(least: int, most: int) -> str:
    return f"{least}–{most}"  # noqa: RUF001 - a range takes this dash


def times(many: str, flavor: str, each: str) -> str:
    """`2 x small (2 vCPU, 8Gi each)`, with the sign for times."""
    return f"{many} × {flavor}{f' ({each})' if each else ''}"  # noqa: RUF001 - the sign for times


def either(ways: Sequence[str]) -> str:
    *others, last = ways
    return f"{', '.join(others)} or {last}" if others else last


def does_not_fit(problem: str) -> str:
    return f"⚠️ {code(problem)}"


def until(when: str) -> str:
    return f"until {when}"


def until_from_now(when: str) -> str:
    return f"from now {until(when)}"


def and_more(hidden: int) -> str:
    return f"… and {hidden} more."


def left(span: str) -> str:
    return f"{span} left"


def meant(suggestion: str) -> str:
    return f" Did you mean {code(suggestion)}?" if suggestion else ""
