"""Writers that send as fast as they are answered, or at a rate that is given, and how long each answer took.

Requests go out as bytes made beforehand, by as little code as can be: it runs on the cores that are measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from playground import controlplane
from playground.controlplane import ControlPlane

TRIES = 10
"""How often somebody comes back who is told to (429), as kubectl does."""


WAITING = 200
"""Calls of a steady load that may wait for their answer at once."""
LEFT_OUT = "not sent, because too many waited"


@dataclass(frozen=True)
class Call:
    """One request to the API server, or to whatever else is measured."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """More of them."""


@dataclass
class Sample:
    """What came of some calls. Times are seconds; `lasted` is how long all of them took together."""

    took: list[float] = field(default_factory=list)
    lasted: float = 0.0
    refused: int = 0
    """Answered with 403: somebody judged, and said no."""
    failed: dict[str, int] = field(default_factory=dict)
    """Any other answer but yes, by what it said."""
    sent_back: int = 0
    """Times somebody was told to come back, and did."""

    def add(self, other: Sample) -> None:
        self.took += other.took
        self.lasted += other.lasted
        self.refused += other.refused
        self.sent_back += other.sent_back
        for what, times in other.failed.items():
            self.failed[what] = self.failed.get(what, 0) + times

    @property
    def errors(self) -> int:
        return sum(self.failed.values())

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.took) / self.lasted

    def milliseconds(self, percent: float) -> float:
        """The time that this part of the calls needed at the most."""
        ordered = sorted(self.took)
        return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] * 1000


class Client:
    """An administrator's connection: the API server's flow control holds nobody of system:masters back."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def send(self, call: Call, into: Sample, *, since: float | None = None) -> int:
        """Send it, and again when told to. `since` is when it was due. Gives the status."""
        began = time.perf_counter() if since is None else since
        headers = {"Content-Type": call.content_type, **call.headers}
        for _ in range(TRIES):
            async with self._session.request(
                call.method, self._url + call.path, data=call.body, headers=headers
            ) as answer:
                text = await answer.read()
                status, wait = answer.status, answer.headers.get("Retry-After", "1")
            if status != 429:
                break
            into.sent_back += 1
            await asyncio.sleep(float(wait))
        into.took.append(time.perf_counter() - began)
        if status == 403:
            into.refused += 1
        elif status >= 300:
            what = f"{status}: {text[:200].decode(errors='replace')}"
            into.failed[what] = into.failed.get(what, 0) + 1
        return status


@contextlib.asynccontextmanager
async def connected(plane: ControlPlane) -> AsyncIterator[Client]:
    connector = aiohttp.TCPConnector(limit=0, ssl=controlplane.trusting(plane), keepalive_timeout=600)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield Client(session, plane.url)


async def closed(client: Client, calls: Iterable[Call], *, writers: int) -> Sample:
    """So many writers, each of whom sends the next call when the one before was answered."""
    found, rest = Sample(), iter(calls)

    async def write() -> None:
        for call in rest:
            await client.send(call, found)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(writers):
            group.create_task(write())
    found.lasted = time.perf_counter() - began
    return found


async def steady(client: Client, calls: Sequence[Call], *, rate: float) -> Sample:
    """So many calls a second, whether or not those before were answered; each is late from when it was due.

    What cannot be borne is not piled up: a call is left out, as failed, while too many wait for their answer.
    """
    found, began = Sample(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, (due, call) in enumerate(_due(calls, rate)):
            await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
            if number - len(found.took) - found.errors < WAITING:
                group.create_task(client.send(call, found, since=began + due))
            else:
                found.failed[LEFT_OUT] = found.failed.get(LEFT_OUT, 0) + 1
    found.lasted = time.perf_counter() - began
    return found


def _due(calls: Sequence[Call], rate: float) -> Iterator[tuple[float, Call]]:
    return ((number / rate, call) for number, call in enumerate(calls))
