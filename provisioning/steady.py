"""A `Kube` that asks again where an answer is missing: for work that begins anew when one of many questions fails.

Only what comes out the same when it is done twice is asked again: reads, deletions and patches. What the API server
decides (no such object, not allowed, not valid, somebody was first) is an answer, and is asked for once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import stamina

from provisioning import errors
from provisioning.kube import Change, Kube, Listing
from provisioning.manifest import Manifest
from provisioning.resources import Resource

T = TypeVar("T")

TRIES: Final = 5
"""With a fifth of all calls failing, one in some thousand fails as often as this."""
ENOUGH: Final = 10.0
"""Seconds after which nothing is tried once more: one call that has timed out is not a bad moment."""
LONGEST: Final = 2.0
"""Seconds that a server which is busy may ask for; with more to wait, whoever works here has better to do."""
ANSWERS: Final = (errors.NotFound, errors.Conflict, errors.Forbidden, errors.Invalid)


class Steady(Kube):
    """Uses another one, and is closed with that. Keywords are those of `Kube`, passed on."""

    def __init__(self, kube: Kube) -> None:
        super().__init__(kube._api)
        self._kube = kube

    def now(self) -> datetime:
        return self._kube.now()

    def where(self, resource: Resource) -> Resource:
        return self._kube.where(resource)

    async def get(self, resource: Resource, name: str, **how: Any) -> Manifest:
        return await _again(partial(self._kube.get, resource, name, **how))

    async def list(self, resource: Resource, **how: Any) -> Listing:
        return await _again(partial(self._kube.list, resource, **how))

    async def create(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        return await self._kube.create(resource, body, **how)

    async def replace(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        return await self._kube.replace(resource, body, **how)

    async def apply(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        return await _again(partial(self._kube.apply, resource, body, **how))

    async def merge(self, resource: Resource, name: str, patch: Manifest, **how: Any) -> Manifest:
        return await _again(partial(self._kube.merge, resource, name, patch, **how))

    async def delete(self, resource: Resource, name: str, **how: Any) -> Manifest:
        return await _again(partial(self._kube.delete, resource, name, **how))

    async def watch(self, resource: Resource, **how: Any) -> AsyncGenerator[Change, None]:
        async for change in self._kube.watch(resource, **how):
            yield change

    async def call(self, method: str, path: str, **how: Any) -> Manifest:
        once = partial(self._kube.call, method, path, **how)
        return await (_again(once) if method == "GET" else once())


async def _again(ask: Callable[[], Awaitable[T]]) -> T:
    async for attempt in stamina.retry_context(
        on=_may_pass, attempts=TRIES, timeout=ENOUGH, wait_initial=0.1, wait_jitter=0.2, wait_max=1.0
    ):
        with attempt:
            return await ask()
    raise AssertionError("the last attempt raises")


def _may_pass(error: Exception) -> bool | float:
    """Whether the same question may have an answer a moment later, or the seconds until then."""
    if isinstance(error, errors.Throttled):
        return error.retry_after if error.retry_after <= LONGEST else False
    return isinstance(error, errors.KubeError) and not isinstance(error, ANSWERS)
