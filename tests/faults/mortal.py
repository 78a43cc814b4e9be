"""Connections to a real API server that fail the way processes and networks do. Ports, no patches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from provisioning import errors
from provisioning.connection import REQUEST_TIMEOUT
from provisioning.kube import Change, Kube
from provisioning.manifest import Manifest
from provisioning.resources import Resource


class Killed(BaseException):
    """The process is no more. Nothing in it may answer this."""


class Mortal(Kube):
    """Dies right after its n-th write: it was done, and nobody heard the answer. `dies_at` 0 lives for ever.

    What was read dies with the process, so to be killed after a read is to be killed after the write before it.
    """

    dies_at = 0
    writes = 0

    @property
    def dead(self) -> bool:
        return 0 < self.dies_at <= self.writes

    async def call(self, method: str, path: str, **how: Any) -> Manifest:
        if self.dead:
            raise Killed
        self.writes += method != "GET"
        dies = self.dead
        answer = await super().call(method, path, **how)
        if dies:
            raise Killed
        return answer


class Severed(Kube):
    """A connection whose cable can be pulled: questions hang until they time out, watches fall silent."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.plugged = asyncio.Event()
        self.plugged.set()

    async def call(self, method: str, path: str, *, timeout: float = REQUEST_TIMEOUT, **how: Any) -> Manifest:
        try:
            async with asyncio.timeout(timeout):
                await self.plugged.wait()
        except TimeoutError as error:
            raise errors.Unavailable("the cable is pulled") from error
        return await super().call(method, path, timeout=timeout, **how)

    async def watch(
        self, resource: Resource, *, since: str, namespace: str = "", labels: str = ""
    ) -> AsyncGenerator[Change, None]:
        async for change in super().watch(resource, since=since, namespace=namespace, labels=labels):
            await self.plugged.wait()
            yield change
