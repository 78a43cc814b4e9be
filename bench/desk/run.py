"""The measurement of the bot: many tenants and clusters known, many commands a second, and a bare app beside it.

The two are driven in turns, so that what the machine does besides is the same for both. Then the bot is asked the same
by Socket Mode.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import secrets
import sys
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from bench.admission import run
from bench.admission.load import Sample
from bench.desk import driver, filling, sample, stage
from bench.desk.driver import Plan
from bench.desk.stage import Bot
from bench.site import numbers
from bot import replies
from playground.errors import PlaygroundError
from playground.progress import Steps

SLOW_RATE: Final = 5.0
"""Commands a second of somebody who sees everything."""
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
    """Times to the acknowledgement, over HTTP and `by_socket`; `wide` are those of somebody who sees every cluster.
    `memory` is MiB, at the end, of the larger one; `idle` before anybody typed."""

    sizes: Sizes
    ours: Sample = field(default_factory=Sample)
    by_socket: Sample = field(default_factory=Sample)
    bare: Sample = field(default_factory=Sample)
    wide: Sample = field(default_factory=Sample)
    idle: float = 0.0
    memory: float = 0.0
    cpu_percent: float = 0.0
    """Of a core, while commands came in."""


class Unanswered(PlaygroundError):
    """The bot does not do what is to be measured."""


async def measure(sizes: Sizes, steps: Steps) -> Found:
    async with run.place(steps) as site:
        with steps.step(f"make {sizes.tenants} tenants and {sizes.clusters} clusters"):
            await filling.fill(site, tenants=sizes.tenants, clusters=sizes.clusters)
        secret = secrets.token_hex(16)
        typing = f"type {sizes.rate:.0f} commands a second, {sizes.rounds} times {sizes.seconds:.0f} s"
        async with stage.slack(site) as slack:
            async with stage.ours(site, slack, secret, "http") as bot, stage.peer(site, secret) as peer:
                await _settled(bot, secret, sizes)
                with steps.step(typing):
                    found = await _race(sizes, bot, peer, secret)
            async with stage.ours(site, slack, secret, "socket") as bot:
                await _settled(bot, secret, sizes)
                with steps.step(f"{typing}, by Socket Mode"):
                    by_socket = await _drive(Plan(bot.url, secret, sizes.rate, _lines(sizes)))
                memory = await _memory(bot)
        return dataclasses.replace(found, by_socket=by_socket, memory=max(found.memory, memory))


async def _settled(bot: Bot, secret: str, sizes: Sizes) -> None:
    """A round that does not count: a bot that has just begun looks once at all that it may have to tell of."""
    await _check(bot, secret)
    await _drive(Plan(bot.url, secret, sizes.rate, _lines(sizes)[: round(sizes.rate * sizes.seconds)]))


async def _race(sizes: Sizes, bot: Bot, peer: str, secret: str) -> Found:
    ours, bare_, wide, cpu, lasted = Sample(), Sample(), Sample(), 0.0, 0.0
    idle, lines, count = await _memory(bot), _lines(sizes), round(sizes.rate * sizes.seconds)
    for number in range(sizes.rounds):
        typed = lines[number * count : (number + 1) * count]
        before = await numbers(bot.numbers)
        ours.add(found := await _drive(Plan(bot.url, secret, sizes.rate, typed)))
        cpu += (await numbers(bot.numbers))["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
        lasted += found.lasted
        bare_.add(await _drive(Plan(peer, secret, sizes.rate, typed)))
    few = max(3, round(SLOW_RATE * sizes.seconds))
    wide.add(await _drive(Plan(bot.url, secret, SLOW_RATE, [(sample.EVERYWHERE, "list")] * few)))
    memory = await _memory(bot)
    return Found(sizes, ours, bare=bare_, wide=wide, idle=idle, memory=memory, cpu_percent=100 * cpu / lasted)


def _lines(sizes: Sizes) -> list[tuple[str, str]]:
    count = round(sizes.rate * sizes.seconds) * sizes.rounds
    return list(sample.lines(count, tenants=sizes.tenants, clusters=sizes.clusters))


async def _memory(bot: Bot) -> float:
    """MiB that it holds now."""
    return (await numbers(bot.numbers))["process_resident_memory_bytes"] / 2**20


async def _drive(plan: Plan) -> Sample:
    """What came of it, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.desk.driver", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(120 + len(plan.lines) / plan.rate):
            printed, _ = await process.communicate(json.dumps(dataclasses.asdict(plan)).encode())
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise Unanswered(f"the driver ended with {process.returncode}")
    return Sample(**json.loads(printed))


async def _check(bot: Bot, secret: str) -> None:
    """Every line once, before it counts: each is answered with what it asks for, and not with an excuse."""
    plan = Plan(bot.url, secret, 1.0, list(sample.lines(len(sample.LINES), tenants=1, clusters=1)))
    async with aiohttp.ClientSession() as session:
        for account, line in plan.lines:
            call = driver.call(plan, account, line)
            headers = {"Content-Type": call.content_type, **call.headers}
            async with session.post(bot.url, data=call.body, headers=headers) as answer:
                said = await answer.text()
            if answer.status != 200 or any(excuse in said for excuse in EXCUSES):
                words = f"/cluster {line} is answered with {answer.status}: {said[:300]}"
                raise Unanswered(f"{words}\n{bot.child.last_words()}")
