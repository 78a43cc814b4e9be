"""Stands for a Kubernetes Service: one address, several replicas behind it, the dead ones left out.

Bytes only, so TLS goes through untouched. There is no kube-proxy here, and a webhook configuration takes one URL.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Container, Sequence

CONNECT_SECONDS = 2.0
PIECE = 64 * 1024


@contextlib.asynccontextmanager
async def balanced(port: int, replicas: Sequence[int], *, leaving: Container[int] = ()) -> AsyncIterator[None]:
    """Listen on a loopback port while the block runs, and pass each connection to the next replica that takes it.

    Replicas that are `leaving` get no new connection, as a Service gives none to a Pod that is being ended.
    """
    turn = itertools.cycle(range(len(replicas)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turn)
        for target in (each for each in [*replicas[first:], *replicas[:first]] if each not in leaving):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", target)
                await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
                return
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        # The other direction may have closed it: uvloop takes nothing then.
        while (piece := await source.read(PIECE)) and not target.is_closing():
            target.write(piece)
            await target.drain()
    target.close()
