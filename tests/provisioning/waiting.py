"""Waiting in tests for what happens soon, without sleeping longer than it takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from provisioning import errors, resources
from provisioning.kube import Kube

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds for what takes milliseconds where nothing else runs. It costs nothing where all is well, and a busy machine
has ten times as much to do."""
REAL_PATIENCE = 60.0
"""Seconds for what real API servers and controllers have to do."""


async def until(true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Return as soon as `true()` is; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is not ours to signal
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(*work: Coroutine[Any, Any, Any]) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Run these while the block lasts; what they raise before its end is raised here."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield tasks
    finally:
        crashed = [task for task in tasks if task.done() and not task.cancelled()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in crashed:
            task.result()


async def eventually(look: Callable[[], Awaitable[T]], *, seconds: float = REAL_PATIENCE) -> T:
    """The first answer of `look` that counts as true; fail after `seconds`.

    Asked ever more seldom, five times a second in the end: who asks all the time has the API server busy with it, and
    waits the longer.
    """
    pause = 0.05
    async with asyncio.timeout(seconds):
        while not (answer := await look()):
            await asyncio.sleep(pause)
            pause = min(1.2 * pause, 0.2)
    return answer


async def refused_by_now(kube: Kube, namespace: str, like: str) -> None:
    """Wait until a health check like this one would be refused: an API server hears of its admission by watches."""
    found = await kube.get(resources.MACHINE_HEALTH_CHECKS, like, namespace=namespace)
    another = {**found, "metadata": {"name": "another", "namespace": namespace}}

    async def refused() -> bool:
        try:
            await kube.create(resources.MACHINE_HEALTH_CHECKS, another, dry_run=True)
        except (errors.Forbidden, errors.Invalid):
            return True
        return False

    await eventually(refused)
