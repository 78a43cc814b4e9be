"""A `Kube` for management clusters of the older generation: asks and writes in its words, and hands ours to everybody.

What is different there is a matter of `provisioning.legacy`; nothing else of the program knows that it speaks to one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import structlog

from provisioning import errors, profile
from provisioning.kube import Change, Kube, Listing
from provisioning.legacy import down, old, up
from provisioning.manifest import Manifest
from provisioning.profile import Profile
from provisioning.resources import Resource

log = structlog.get_logger()

PAUSE: Final = 2.0
"""Seconds between two questions to an API server that does not answer."""


class LegacyKube(Kube):
    """Uses the connection of another one, and is closed with that. Keywords are those of `Kube`, passed on."""

    def __init__(self, plain: Kube) -> None:
        super().__init__(plain._api)
        self._time = plain._time

    def where(self, resource: Resource) -> Resource:
        return old(resource)

    async def get(self, resource: Resource, name: str, **how: Any) -> Manifest:
        return up(await super().get(old(resource), name, **how))

    async def list(self, resource: Resource, **how: Any) -> Listing:
        found = await super().list(old(resource), **how)
        return Listing([*map(up, found.items)], found.resource_version)

    async def create(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        return up(await super().create(old(resource), down(body), **how))

    async def replace(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        return up(await super().replace(old(resource), down(body), **how))

    async def apply(self, resource: Resource, body: Manifest, **how: Any) -> Manifest:
        return up(await super().apply(old(resource), down(body), **how))

    async def merge(self, resource: Resource, name: str, patch: Manifest, **how: Any) -> Manifest:
        """Only of fields that both generations call the same: a part of an object cannot be put into other words."""
        return up(await super().merge(old(resource), name, patch, **how))

    async def delete(self, resource: Resource, name: str, **how: Any) -> Manifest:
        return up(await super().delete(old(resource), name, **how))

    async def watch(self, resource: Resource, **how: Any) -> AsyncGenerator[Change, None]:
        async for change in super().watch(old(resource), **how):
            yield Change(change.type, up(change.object))


async def fitting(kube: Kube, setting: profile.Setting) -> Kube:
    """The door that fits the setting or, left to us, what the API server serves; waits until it answers."""
    chosen = await _spoken(kube) if setting == profile.AUTO else Profile(setting)
    log.info("api_profile", profile=chosen, setting=setting)
    return LegacyKube(kube) if chosen is Profile.V1BETA1 else kube


async def _spoken(kube: Kube) -> Profile:
    while True:
        try:
            return profile.spoken(await groups(kube))
        except (errors.Unavailable, errors.Throttled) as error:
            log.warning("api_profile_unknown", why=error.message)
            await asyncio.sleep(PAUSE)


async def groups(kube: Kube) -> dict[str, tuple[str, ...]]:
    """The versions that the API server serves, by API group."""
    answer = await kube.call("GET", "/apis")
    return {group["name"]: tuple(version["version"] for version in group["versions"]) for group in answer["groups"]}
