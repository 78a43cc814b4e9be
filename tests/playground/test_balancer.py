"""One address for several replicas: in turn, and past the dead ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from playground import ports
from playground.balancer import balanced


@contextlib.asynccontextmanager
async def replica(name: bytes) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name + b" heard " + await reader.read(100))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    try:
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_replicas_take_turns() -> None:
    front = ports.pick()
    async with replica(b"first") as one, replica(b"second") as two, balanced(front, [one, two]):
        answers = [await ask(front) for _ in range(4)]
    assert answers == [b"first heard hello", b"second heard hello"] * 2


async def test_a_dead_replica_is_passed_over() -> None:
    front, dead = ports.pick(), ports.pick()
    async with replica(b"alive") as alive, balanced(front, [dead, alive]):
        assert {await ask(front) for _ in range(3)} == {b"alive heard hello"}


async def test_who_is_leaving_gets_no_new_connection() -> None:
    front, leaving = ports.pick(), set[int]()
    async with replica(b"first") as one, replica(b"second") as two, balanced(front, [one, two], leaving=leaving):
        leaving.add(one)
        assert {await ask(front) for _ in range(3)} == {b"second heard hello"}
        leaving.clear()
        assert len({await ask(front) for _ in range(3)}) == 2


async def test_without_a_living_replica_the_connection_is_closed() -> None:
    front, dead = ports.pick(), ports.pick()
    async with balanced(front, [dead]):
        assert await ask(front) == b""
