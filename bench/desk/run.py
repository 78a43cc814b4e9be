"""The measurement of the bot: many tenants and clusters known, many commands a second, and a bare app beside it.

The two are driven in turns, so that what the machine does besides is the same for both.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench import sample as grounds
from bench.admission import load, peers, run
from bench.admission.crowd import Unfilled
from bench.admission.load import Call, Sample
from bench.desk import bare, driver, sample
from bench.desk.driver import Plan
from bench.site import USER, Site, numbers
from bot import http, replies
from playground.errors import PlaygroundError
from playground.ports import Ports
from playground.processes import Child, answers
from playground.progress import Steps
from provisioning import resources
from provisioning.resources import Resource

WRITERS: Final = 8
"""How many fill the control plane at once."""
SLOW_RATE: Final = 5.0
"""Commands a second of somebody who sees everything."""
PARTS: Final = {kind.kind: kind for kind in (resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES)}
EXCUSES: Final = (replies.SLOW, replies.SOMETHING_BROKE, replies.NOT_READY, replies.UNMAPPED, replies.FORM_NOT_OPENED)


@dataclass(frozen=True)
class Sizes:
    """How much there is, and how much is asked. `rounds` are turns of the two apps, of `seconds` each."""

    tenants: int = 200
    clusters: int = 2000
    rate: float = 50.0
    seconds: float = 10.0
    rounds: int = 6


@dataclass(frozen=True)
class Found:
    """Times to the acknowledgement; `wide` are those of somebody who sees every cluster. `memory` is MiB, at the end;
    `idle` before anybody typed."""

    sizes: Sizes
    ours: Sample = field(default_factory=Sample)
    bare: Sample = field(default_factory=Sample)
    wide: Sample = field(default_factory=Sample)
    idle: float = 0.0
    memory: float = 0.0
    cpu_percent: float = 0.0
    """Of a core, while commands came in."""


class Unanswered(PlaygroundError):
    """The bot does not do what is to be measured."""


@dataclass(frozen=True)
class Bot:
    """Ours, in a process of its own: where Slack reaches it, and where its numbers are."""

    child: Child
    url: str
    numbers: str


async def measure(sizes: Sizes, steps: Steps) -> Found:
    async with run.place(steps) as site:
        with steps.step(f"make {sizes.tenants} tenants and {sizes.clusters} clusters"):
            await _fill(site, sizes)
        secret = secrets.token_hex(16)
        async with _slack(site) as slack, _bot(site, slack, secret) as bot, _bare(site, secret) as peer:
            await _check(bot, sizes, secret)
            with steps.step(f"type {sizes.rate:.0f} commands a second, {sizes.rounds} times {sizes.seconds:.0f} s"):
                return await _race(sizes, bot, peer, secret)


async def _race(sizes: Sizes, bot: Bot, peer: str, secret: str) -> Found:
    ours, bare_, wide, cpu, lasted = Sample(), Sample(), Sample(), 0.0, 0.0
    idle = await numbers(bot.numbers)
    count = round(sizes.rate * sizes.seconds)
    lines = list(sample.lines(count * sizes.rounds, tenants=sizes.tenants, clusters=sizes.clusters))
    for number in range(sizes.rounds):
        typed = lines[number * count : (number + 1) * count]
        before = await numbers(bot.numbers)
        ours.add(found := await _drive(Plan(bot.url, secret, sizes.rate, typed)))
        cpu += (await numbers(bot.numbers))["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
        lasted += found.lasted
        bare_.add(await _drive(Plan(peer, secret, sizes.rate, typed)))
    few = max(3, round(SLOW_RATE * sizes.seconds))
    wide.add(await _drive(Plan(bot.url, secret, SLOW_RATE, [(sample.EVERYWHERE, "list")] * few)))
    memory = (await numbers(bot.numbers))["process_resident_memory_bytes"]
    return Found(
        sizes,
        ours,
        bare_,
        wide,
        idle=idle["process_resident_memory_bytes"] / 2**20,
        memory=memory / 2**20,
        cpu_percent=100 * cpu / lasted,
    )


async def _drive(plan: Plan) -> Sample:
    """What came of it, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.desk.driver", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(120 + len(plan.lines) / plan.rate):
        printed, _ = await process.communicate(json.dumps(dataclasses.asdict(plan)).encode())
    if process.returncode:
        raise Unanswered(f"the driver ended with {process.returncode}")
    return Sample(**json.loads(printed))


async def _check(bot: Bot, sizes: Sizes, secret: str) -> None:
    """Every line once, before it counts: each is answered with what it asks for, and not with an excuse."""
    lines = sample.lines(len(sample.LINES), tenants=1, clusters=1)
    plan = Plan(bot.url, secret, sizes.rate, list(lines))
    async with aiohttp.ClientSession() as session:
        for account, line in plan.lines:
            call = driver.call(plan, account, line)
            headers = {"Content-Type": call.content_type, **call.headers}
            async with session.post(bot.url, data=call.body, headers=headers) as answer:
                said = await answer.text()
            if answer.status != 200 or any(excuse in said for excuse in EXCUSES):
                words = f"/cluster {line} is answered with {answer.status}: {said[:300]}"
                raise Unanswered(f"{words}\n{bot.child.last_words()}")


async def _fill(site: Site, sizes: Sizes) -> None:
    async with load.connected(site.plane) as client:
        for calls in (_made(sizes), _told(sizes)):
            found = await load.closed(client, calls, writers=WRITERS)
            if found.errors or found.refused:
                raise Unfilled(f"the control plane cannot be filled: {found.failed or 'forbidden'}")


def _made(sizes: Sizes) -> Iterator[Call]:
    kinds = {kind.kind: kind for kind in (resources.NAMESPACES, resources.TENANTS)}
    for tenant in range(sizes.tenants):
        yield from (peers.post(kinds[each["kind"]], each) for each in sample.grounds(tenant))
    for number, (tenant, where) in _dealt(sizes):
        yield peers.post(resources.TENANT_CLUSTERS, sample.cluster(number, where))
        yield peers.post(resources.CLUSTER_REQUESTS, sample.request(number, where, tenant))
        # Of nobody's uid: no garbage collector runs here.
        for part in sample.parts(number, where, f"uid-{number}"):
            yield peers.post(PARTS[part["kind"]], part)


def _told(sizes: Sizes) -> Iterator[Call]:
    for number, (_, where) in _dealt(sizes):
        yield _status(resources.TENANT_CLUSTERS, sample.cluster_name(number), where, sample.ready())
        yield _status(resources.CLUSTER_REQUESTS, sample.request_name(number), where, sample.applied())


def _dealt(sizes: Sizes) -> Iterator[tuple[int, tuple[int, str]]]:
    """Each cluster with its tenant and namespace, in turns."""
    for number in range(sizes.clusters):
        tenant = number % sizes.tenants
        yield number, (tenant, sample.namespace(tenant))


def _status(kind: Resource, name: str, where: str, status: dict[str, Any]) -> Call:
    path = kind.path(namespace=where, name=name, subresource="status")
    return Call("PATCH", path, json.dumps({"status": status}).encode(), "application/merge-patch+json")


@contextlib.asynccontextmanager
async def _slack(site: Site) -> AsyncIterator[str]:
    port = Ports(site.plane.state / "ports.json")["slack"]
    child = _start(site, "slack", "bench.desk.slack", str(port))
    try:
        await answers(child, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/api/"
    finally:
        await site.processes.stop(child.name)


@contextlib.asynccontextmanager
async def _bare(site: Site, secret: str) -> AsyncIterator[str]:
    port = Ports(site.plane.state / "ports.json")["bare"]
    child = _start(site, "bare", "bench.desk.bare", str(port), secret)
    try:
        await answers(child, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}{bare.PATH}"
    finally:
        await site.processes.stop(child.name)


@contextlib.asynccontextmanager
async def _bot(site: Site, slack: str, secret: str) -> AsyncIterator[Bot]:
    """As it is shipped."""
    ports = Ports(site.plane.state / "ports.json")
    port, health = ports["bot"], ports["bot-health"]
    environment = {
        **os.environ,
        "CLUSTERDESK_KUBECONFIG": str(site.plane.kubeconfig_for(USER)),
        "CLUSTERDESK_NAMESPACE": grounds.SYSTEM,
        "CLUSTERDESK_PORT": str(port),
        "CLUSTERDESK_HEALTH_PORT": str(health),
        "CLUSTERDESK_LOG_LEVEL": "WARNING",
        "CLUSTERDESK_AUDIT_FILE": str(site.folder / "audit.jsonl"),
        "CLUSTERDESK_SLACK_MODE": "http",
        "CLUSTERDESK_SLACK_API_URL": slack,
        "CLUSTERDESK_SLACK_BOT_TOKEN": "xoxb-bench",
        "CLUSTERDESK_SLACK_SIGNING_SECRET": secret,
    }
    child = site.processes.start("bot", (sys.executable, "-m", "bot"), environment=environment, tier=5)
    try:
        await answers(child, f"http://127.0.0.1:{health}/readyz", timeout=300)
        yield Bot(child, f"http://127.0.0.1:{port}{http.PATH}", f"http://127.0.0.1:{health}")
    finally:
        await site.processes.stop(child.name)


def _start(site: Site, name: str, module: str, *arguments: str) -> Child:
    return site.processes.start(name, (sys.executable, "-m", module, *arguments), tier=4)
