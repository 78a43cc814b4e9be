"""Who plays: our bot as it is shipped, a bare app beside it, and a Slack for both, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench import sample
from bench.desk import bare
from bench.site import USER, Site
from bot import http
from playground.ports import Ports
from playground.processes import Child, answers


@dataclass(frozen=True)
class Bot:
    """Ours, in a process of its own: where Slack reaches it, and where its numbers are."""

    child: Child
    url: str
    numbers: str


@contextlib.asynccontextmanager
async def slack(site: Site) -> AsyncIterator[str]:
    """Gives the address of its Web API."""
    port = Ports(site.plane.state / "ports.json")["slack"]
    child = _start(site, "slack", "bench.desk.slack", str(port))
    try:
        await answers(child, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/api/"
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
async def ours(site: Site, slack: str, secret: str) -> AsyncIterator[Bot]:
    """As it is shipped."""
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
        "CLUSTERDESK_SLACK_MODE": "http",
        "CLUSTERDESK_SLACK_API_URL": slack,
        "CLUSTERDESK_SLACK_BOT_TOKEN": "xoxb-bench",
        "CLUSTERDESK_SLACK_SIGNING_SECRET": secret,
        # No webhook of ours runs here that could be found missing.
        "CLUSTERDESK_CANARY_NAMESPACE": "",
    }
    child = site.processes.start("bot", (sys.executable, "-m", "bot"), environment=environment, tier=5)
    try:
        await answers(child, f"http://127.0.0.1:{health}/readyz", timeout=300)
        yield Bot(child, f"http://127.0.0.1:{port}{http.PATH}", f"http://127.0.0.1:{health}")
    finally:
        await site.processes.stop(child.name)


def _start(site: Site, name: str, module: str, *arguments: str) -> Child:
    return site.processes.start(name, (sys.executable, "-m", module, *arguments), tier=4)
