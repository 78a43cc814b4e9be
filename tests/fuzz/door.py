"""The whole door on loopback: every policy and default, with an estate behind it that remembers nothing."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NoReturn

import aiohttp
import structlog
from aiohttp import web

from provisioning.reservation import Contended, Exceeded, Granted, Outcome
from tests.fuzz import protocol
from tests.fuzz.reviews import Call
from tests.webhooks import estate
from tests.webhooks.fakes import NOW, World
from webhooks.app import App
from webhooks.charge import Charge
from webhooks.defaults import DEFAULTS
from webhooks.facts import Answer, Query
from webhooks.judge import Judge
from webhooks.policies import POLICIES
from webhooks.trusted import Trusted


class Estate(World):
    """Objects to look up."""

    async def find(self, query: Query, *, live: bool) -> Answer:
        return self.answer(query)


class MoodyLedgers:
    """Ledgers that say yes, no and later in turn."""

    def __init__(self) -> None:
        self._random = Random(1)  # noqa: S311 - repeatable, guards nothing

    async def reserve(self, charge: Charge, *, deadline: float, dry_run: bool) -> Outcome:
        used = charge.after
        found = charge.hard.excess(used, charge.after - charge.before)
        return self._random.choice((Granted(used), Exceeded(found, used) if found else Contended(), Granted(used)))


@dataclass
class Door:
    """Somewhere to send calls to. `faults` are tracebacks of what should never have been raised."""

    url: str
    session: aiohttp.ClientSession
    faults: list[str] = field(default_factory=list)

    async def ask(self, call: Call) -> str:
        """What is wrong with the answer; "" when nothing is."""
        headers = {"Content-Type": "application/json"}
        async with self.session.post(self.url + call.path, data=call.content, headers=headers) as response:
            content = await response.read()
            found = protocol.complaint(call, response.status, content)
        return found if not self.faults else f"{found}\n{self.faults.pop()}"


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Door]:
    """The door without TLS, which has tests of its own. Its log is heard, and not written."""
    world = Estate(*estate.WORLD, estate.template(), estate.deployment(), estate.cluster("other"), estate.cluster())
    judge = Judge(POLICIES, DEFAULTS, world, MoodyLedgers(), Trusted(), now=lambda: NOW)
    app = App(judge, why_not_ready=lambda: None)
    runner = web.ServerRunner(app.server())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    faults: list[str] = []

    def listen(_: Any, __: str, line: MutableMapping[str, Any]) -> NoReturn:
        if line["event"] == "review_failed":
            faults.append(traceback.format_exc())
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[listen])
    try:
        async with aiohttp.ClientSession() as session:
            yield Door(f"http://127.0.0.1:{runner.addresses[0][1]}", session, faults)
    finally:
        structlog.configure(**before)
        await runner.cleanup()
