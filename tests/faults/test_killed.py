"""A provisioner that is killed at every write of a create, an upgrade and a delete; a fresh one finishes the work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from provisioning import errors, resources
from provisioning.enactor import Enactor
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.reconciler import Reconciler
from tests.faults import estate
from tests.faults.conftest import SYSTEM, Plane
from tests.faults.mortal import Killed, Mortal
from tests.provisioning.waiting import eventually, running

AT_ONCE = 8
PAUSE = 0.15
"""Seconds in which a cache has mostly heard of what was written."""
LONGEST = 150.0

Likeness = dict[str, Any]


@dataclass
class Life:
    """One cluster, from its request to its end. `killed` names the phases in which somebody died."""

    plane: Plane
    kube: Kube
    landscape: Landscape
    namespace: str
    name: str
    dies_at: int
    killed: tuple[str, ...] = ()

    async def lived(self) -> tuple[Likeness, Likeness]:
        """How it looked after its creation and after its upgrade; its end is seen to here."""
        await estate.approved(self.kube, self.namespace, self.name)
        await self._phase("create", self._there)
        made = await estate.likeness(self.kube, self.namespace, self.name)
        patch = {"spec": {"version": estate.NEW}}
        await self.kube.merge(resources.TENANT_CLUSTERS, self.name, patch, namespace=self.namespace)
        await self._phase("upgrade", self._upgraded)
        upgraded = await estate.likeness(self.kube, self.namespace, self.name)
        await self.kube.delete(resources.TENANT_CLUSTERS, self.name, namespace=self.namespace)
        await self._phase("delete", self._gone)
        await eventually(self._nothing_left, seconds=LONGEST)
        return made, upgraded

    async def _phase(self, phase: str, over: Callable[[], Awaitable[bool]]) -> None:
        """Work until it is over and quiet: first one who dies, then one who does not."""
        async with asyncio.timeout(LONGEST):
            for dies_at in (self.dies_at, 0):
                async with self._mortal(dies_at) as mortal:
                    try:
                        await self._work(mortal, over)
                    except Killed:
                        self.killed = (*self.killed, phase)
                    else:
                        return

    async def _work(self, mortal: Mortal, over: Callable[[], Awaitable[bool]]) -> None:
        reconciler = Reconciler(mortal, self.landscape, probe=None, now=now)
        enactor = Enactor(mortal, self.landscape, now=now)
        quiet = over_and_heard = False
        while not (quiet and over_and_heard):
            # Who has not heard of everything has nothing to do either, and is not through.
            over_and_heard = quiet and await over() and await self._heard()
            before = mortal.writes
            with contextlib.suppress(errors.KubeError):
                await enactor.act((self.namespace, f"cr-{self.name}"))
                await reconciler.act((self.namespace, self.name))
            if mortal.dead:
                raise Killed
            quiet = mortal.writes == before
            await self._kamaji()
            await asyncio.sleep(PAUSE)

    @contextlib.asynccontextmanager
    async def _mortal(self, dies_at: int) -> AsyncIterator[Mortal]:
        mortal = await Mortal.connect(kubeconfig=self.plane.control.kubeconfig)
        assert isinstance(mortal, Mortal)
        async with mortal:
            mortal.dies_at = dies_at
            yield mortal

    async def _kamaji(self) -> None:
        """The control plane reaches the version that is asked of it."""
        found = self.landscape.get(resources.KAMAJI_CONTROL_PLANES, self.namespace, self.name)
        status = {"ready": True, "version": found["spec"]["version"]} if found is not None else {}
        if found is not None and found.get("status", {}).get("version") != status["version"]:
            with contextlib.suppress(errors.NotFound):
                await self.kube.merge(
                    resources.KAMAJI_CONTROL_PLANES,
                    self.name,
                    {"status": status},
                    namespace=self.namespace,
                    subresource="status",
                )

    async def _heard(self) -> bool:
        """Whether the caches show what the API server has of it."""
        key = (self.namespace, self.name)
        there = await estate.everything(self.kube, *key)
        itself = await self.kube.find(resources.TENANT_CLUSTERS, self.name, namespace=self.namespace)
        shown = [*self.landscape.parts(key), self.landscape.get(resources.TENANT_CLUSTERS, *key)]
        return {*map(_version, shown)} == {*map(_version, (*there, itself))}

    async def _there(self) -> bool:
        return (
            await self.kube.find(resources.DEPLOYMENTS, f"{self.name}-csi-controller", namespace=self.namespace)
            is not None
        )

    async def _upgraded(self) -> bool:
        found = await self.kube.get(resources.MACHINE_DEPLOYMENTS, f"{self.name}-md0", namespace=self.namespace)
        return bool(found["spec"]["template"]["spec"]["version"] == estate.NEW)

    async def _gone(self) -> bool:
        return await self.kube.find(resources.TENANT_CLUSTERS, self.name, namespace=self.namespace) is None

    async def _nothing_left(self) -> bool:
        return not await estate.everything(self.kube, self.namespace, self.name)


@pytest.mark.timeout(900)
async def test_whenever_it_is_killed_the_same_is_made_upgraded_and_ended(plane: Plane, kube: Kube, place: str) -> None:
    landscape = Landscape(kube, namespace=SYSTEM)
    async with running(landscape.run()):
        await landscape.synced()
        undisturbed = Life(plane, kube, landscape, place, "k000", dies_at=0)
        as_it_should_be = await undisturbed.lived()
        assert undisturbed.killed == ()

        number, killed = 0, {"create", "upgrade", "delete"}
        while killed:
            lives = [
                Life(plane, kube, landscape, place, f"k{n:03}", dies_at=n)
                for n in range(number + 1, number + 1 + AT_ONCE)
            ]
            for life, lived in zip(lives, await asyncio.gather(*(life.lived() for life in lives)), strict=True):
                for phase, one, other in zip(("create", "upgrade"), lived, as_it_should_be, strict=True):
                    assert estate.differences(one, other) == [], f"{phase}, killed at write {life.dies_at}"
            number += AT_ONCE
            # Once the last of a round outlived all phases, later ones would too.
            killed = set(lives[-1].killed)
        assert number > 20, "a create has more writes than that"


def _version(manifest: Manifest | None) -> tuple[str, str]:
    meta = (manifest or {"metadata": {}})["metadata"]
    return meta.get("uid", ""), meta.get("resourceVersion", "")


def now() -> datetime:
    return datetime.now(UTC)
