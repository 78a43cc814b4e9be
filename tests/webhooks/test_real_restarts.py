"""The door while its replicas come and go, under load from the real API server: nobody is failed, nobody let in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from playground.controlplane import ControlPlane
from playground.processes import Child, answers
from provisioning import errors
from provisioning.kube import Kube
from provisioning.resources import TENANT_CLUSTERS
from tests.webhooks.test_real import LEAN, Desk, behind_the_door

CALLERS = 6
SOME = 20
"""Calls that are seen to be answered before and after each change."""


@pytest.fixture
async def desk(control_plane: ControlPlane, admin: Kube, tmp_path: Path) -> AsyncIterator[Desk]:
    async with behind_the_door(control_plane, admin, tmp_path) as desk:
        yield desk


@dataclass
class Load:
    """Callers who ask without pause, by dry runs that the ledger is read for."""

    desk: Desk
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    async def call(self, number: int) -> None:
        while True:
            body = self.desk.new(TENANT_CLUSTERS, f"dry-{number}", LEAN)
            try:
                await self.desk.admin.create(TENANT_CLUSTERS, body, dry_run=True)
                self.answered += 1
            except errors.Throttled as error:
                await asyncio.sleep(error.retry_after)
            except errors.KubeError as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                await asyncio.sleep(0.1)

    async def some(self) -> None:
        """Until some more have been answered."""
        async with asyncio.timeout(60):
            until = self.answered + SOME
            while self.answered < until:  # noqa: ASYNC110 - an event for each call would slow them
                await asyncio.sleep(0.01)


async def ready_again(desk: Desk, child: Child) -> None:
    """Start it as it was, and wait until it is ready."""
    environment = child.environment or {}
    again = desk.processes.again(child)
    await answers(again, f"http://127.0.0.1:{environment['CLUSTERDESK_HEALTH_PORT']}/readyz")


async def test_no_call_fails_while_one_replica_after_the_other_is_restarted(desk: Desk) -> None:
    load = Load(desk)
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(load.call(number)) for number in range(CALLERS)]
        for child in list(desk.processes.children.values()):
            await load.some()
            port = int((child.environment or {})["CLUSTERDESK_PORT"])
            desk.leaving.add(port)
            await desk.processes.stop(child.name)
            assert child.popen.returncode == 0, child.last_words()
            await load.some()
            await ready_again(desk, child)
            desk.leaving.remove(port)
        await load.some()
        for caller in callers:
            caller.cancel()
    assert load.failures == []


async def test_a_replica_that_is_killed_lets_nobody_in_and_the_other_goes_on(desk: Desk) -> None:
    async def create(number: int) -> type[Exception] | None:
        for _ in range(60):
            try:
                await desk.admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, f"c{number}", LEAN))
            except (errors.Throttled, errors.Unavailable):
                # Busy, or the one that was asked is dead: as its caller cannot know what became of it, it asks again.
                await asyncio.sleep(0.2)
            except errors.KubeError as error:
                return type(error)
            else:
                return None
        return errors.Unavailable

    victim, *_ = desk.processes.children.values()
    creating = [asyncio.create_task(create(number)) for number in range(20)]
    await asyncio.wait(creating, return_when=asyncio.FIRST_COMPLETED)
    victim.popen.kill()
    outcomes = Counter(await asyncio.gather(*creating))
    stored = await desk.admin.list(TENANT_CLUSTERS, namespace=desk.namespace)
    # Whoever was let in and never heard of it finds its cluster there.
    assert outcomes[None] + outcomes[errors.AlreadyExists] == len(stored.items)
    assert len(stored.items) == 5
    assert outcomes[errors.Unavailable] == 0
