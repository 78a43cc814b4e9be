"""Who plays: our bot as it is shipped, a bare app beside it, and a Slack for both, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bench import sample
from bench.desk import bare
from bench.desk.slack import TYPED
from bench.site import USER, Site
from bot import manifest
from playground.ports import Ports
from playground.processes import Child, answers

Mode: TypeAlias = Literal["http", "socket"]


@dataclass(frozen=True)
class Bot:
    """Ours, in a process of its own: where commands for it go, and where its numbers are."""

    child: Child
    url: str
    numbers: str


@contextlib.asynccontextmanager
async def slack(site: Site) -> AsyncIterator[str]:
    """Gives its address."""
    port = Ports(site.plane.state / "ports.json")["slack"]
    child = _start(site, "slack", "bench.desk.slack", str(port))
    try:
        await answers(child, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        await site.processes.stop(child.name)


@contextlib.asynccontextmanager
async def peer(site: Site, secret: str) -> AsyncIterator[str]:
    """Gives the address for Slack."""
    port = Ports(site.plane.state / "ports.json")["bare"]
    child = _start(site, "bare", "bench.desk.bare", str(port), secret)
    try:
        await answers(child, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}{bare.PATH}"
    finally:
        await site.processes.stop(child.name)


@contextlib.asynccontextmanager
async def ours(site: Site, slack: str, secret: str, mode: Mode) -> AsyncIterator[Bot]:
    """As it is shipped. By Socket Mode its commands go to Slack, which has the connections."""
    ports = Ports(site.plane.state / "ports.json")
    port, health = ports["bot"], ports["bot-health"]
    environment = {
        **os.environ,
        "CLUSTERDESK_KUBECONFIG": str(site.plane.kubeconfig_for(USER)),
        "CLUSTERDESK_NAMESPACE": sample.SYSTEM,
        "CLUSTERDESK_PORT": str(port),
        "CLUSTERDESK_HEALTH_PORT": str(health),
        "CLUSTERDESK_LOG_LEVEL": "WARNING",
        "CLUSTERDESK_AUDIT_FILE": str(site.folder / "audit.jsonl"),
        "CLUSTERDESK_SLACK_MODE": mode,
        "CLUSTERDESK_SLACK_API_URL": f"{slack}/api/",
        "CLUSTERDESK_SLACK_BOT_TOKEN": "xoxb-bench",
        "CLUSTERDESK_SLACK_APP_TOKEN": "xapp-bench",
        "CLUSTERDESK_SLACK_SIGNING_SECRET": secret,
        # No webhook of ours runs here that could be found missing.
        "CLUSTERDESK_CANARY_NAMESPACE": "",
    }
    child = site.processes.start("bot", (sys.executable, "-m", "bot"), environment=environment, tier=5)
    try:
        await answers(child, f"http://127.0.0.1:{health}/readyz", timeout=300)
        doors = {"http": f"http://127.0.0.1:{port}{manifest.PATH}", "socket": f"{slack}{TYPED}"}
        yield Bot(child, doors[mode], f"http://127.0.0.1:{health}")
    finally:
        await site.processes.stop(child.name)


def _start(site: Site, name: str, module: str, *arguments: str) -> Child:
    return site.processes.start(name, (sys.executable, "-m", module, *arguments), tier=4)
