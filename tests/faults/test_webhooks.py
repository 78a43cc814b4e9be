"""Bad days of the admission door: the real program between a real API server and one that fails.

Whatever happens, nobody is let in above the quota, nobody is refused for good who would fit, and whoever has to wait is
told so in time. One replica, which reaches the API server through a troublemaker; the API server reaches it directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import yaml

from playground import controlplane
from playground.processes import Child, answers
from provisioning import errors
from provisioning.kube import Kube
from provisioning.ledgers import KubeLedgers
from provisioning.resources import CATALOGS, NAMESPACES, TENANT_CLUSTERS, TENANT_LEDGERS, TENANTS
from tests.faults import troublemaker
from tests.faults.conftest import Plane
from tests.faults.test_bad_days import restart
from tests.faults.troublemaker import Troublemaker
from tests.provisioning.waiting import REAL_PATIENCE, running, until
from tests.webhooks import estate
from tests.webhooks.test_real import SYSTEM, Desk, behind_the_door
from webhooks import registration

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

TIMEOUTS = {registration.MUTATING: 1, registration.VALIDATING: 2}
"""Seconds that the API server waits for an answer here."""
PAUSE = 3.0
"""Seconds that etcd does nothing, at the least."""
ASKING = 8
"""Clusters that are asked for while something goes wrong."""
ROOM = 3
"""Of those, how many the quota has room for."""
MANY = 1000
"""Workers that nobody may have."""


@dataclass
class Scene:
    """The door, and what stands between it and its API server. So many clusters are `there` already."""

    desk: Desk
    trouble: Troublemaker
    there: int = 0

    @property
    def replica(self) -> Child:
        return self.desk.processes.children["webhooks-0"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder, hard = tmp_path_factory.mktemp("door"), {"clusters": 0}
    async with (
        await Kube.connect(kubeconfig=plane.control.kubeconfig) as admin,
        troublemaker.between(plane.control.url, controlplane.trusting(plane.control)) as (trouble, _),
    ):
        trouble.trouble = 0.0
        settings = {"CLUSTERDESK_KUBECONFIG": str(_kubeconfig(folder, trouble.url))}
        async with behind_the_door(plane.control, admin, folder, hard=hard, replicas=1, settings=settings) as desk:
            for kind, seconds in TIMEOUTS.items():
                configuration = await admin.get(kind, registration.NAME)
                hooks = [{**hook, "timeoutSeconds": seconds} for hook in configuration["webhooks"]]
                await admin.replace(kind, {**configuration, "webhooks": hooks})
            yield Scene(desk, trouble)


def _kubeconfig(folder: Path, url: str) -> Path:
    """By which one is whoever stands at `url` says."""
    name = "trouble"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    path = folder / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@dataclass
class Crowd:
    """Some who come back until they have a cluster or are refused, and one who asks for too much all the time."""

    scene: Scene
    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    """What became of those who wanted a cluster."""
    waits: list[float] = field(default_factory=list)
    """Seconds that somebody was told to wait."""
    greedy: Counter[str] = field(default_factory=Counter)
    """What became of the dry runs of who asks for too much."""

    async def want(self, number: int) -> None:
        body = self._cluster(f"{number}", workers=1)
        async with asyncio.timeout(REAL_PATIENCE):
            while not (outcome := await self._try(body)):  # noqa: ASYNC110 - what is waited for is not ours to signal
                await asyncio.sleep(0.2)
        self.outcomes[outcome] += 1

    async def want_too_much(self) -> None:
        body = self._cluster("greedy", workers=MANY)
        while True:
            if outcome := await self._try(body, dry_run=True):
                self.greedy[outcome] += 1
            await asyncio.sleep(0.05)

    def _cluster(self, name: str, *, workers: int) -> dict[str, Any]:
        """With nothing left out: defaults give way on a bad day, and then that would be refused."""
        spec = {**estate.SPEC, "pools": [{"name": "md0", "flavor": "small", "replicas": workers}]}
        return self.scene.desk.new(TENANT_CLUSTERS, f"{self.name}-{name}", spec)

    async def _try(self, body: dict[str, Any], *, dry_run: bool = False) -> str:
        """How it ended; nothing when it has to be tried again."""
        try:
            await self.scene.desk.admin.create(TENANT_CLUSTERS, body, dry_run=dry_run)
        except errors.AlreadyExists:
            # Let in before, and nobody heard of it.
            return "in"
        except errors.Throttled as error:
            self.waits.append(error.retry_after)
            return ""
        except errors.Unavailable:
            return ""
        except errors.KubeError as error:
            return "no room" if "has no room for" in error.message else error.message
        return "in"


@contextlib.asynccontextmanager
async def crowded(scene: Scene, name: str) -> AsyncIterator[Crowd]:
    """There is room for some clusters, and more are wanted while the block runs. Afterwards all is as it should be."""
    desk, crowd = scene.desk, Crowd(scene, name)
    await desk.policy(quota={"hard": {"clusters": scene.there + ROOM, "nodes": MANY}})
    async with running(crowd.want_too_much()):
        await until(lambda: crowd.greedy["no room"], seconds=REAL_PATIENCE)
        wanting = [asyncio.create_task(crowd.want(number)) for number in range(ASKING)]
        try:
            yield crowd
            await asyncio.gather(*wanting)
        finally:
            for task in wanting:
                task.cancel()
        refused = crowd.greedy["no room"]
        await until(lambda: crowd.greedy["no room"] > refused, seconds=REAL_PATIENCE)
    assert crowd.outcomes == {"in": ROOM, "no room": ASKING - ROOM}
    assert crowd.greedy.keys() == {"no room"}
    assert all(seconds >= 1 for seconds in crowd.waits)
    scene.there += ROOM
    stored = await desk.admin.list(TENANT_CLUSTERS, namespace=desk.namespace)
    ledger = (await KubeLedgers(desk.admin, SYSTEM).load(desk.tenant)).ledger
    assert len(stored.items) == ledger.used().clusters == scene.there


async def test_while_etcd_stands_still_everybody_is_told_to_wait_in_time_and_nobody_is_let_in(
    plane: Plane, scene: Scene
) -> None:
    etcd = plane.processes.children["etcd"]
    async with crowded(scene, "still") as crowd:
        os.kill(etcd.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(PAUSE)
            await until(lambda: len(crowd.waits) >= ASKING, seconds=REAL_PATIENCE)
            assert crowd.outcomes["in"] == 0
        finally:
            os.kill(etcd.pid, signal.SIGCONT)


async def test_an_api_server_that_is_restarted_finds_the_door_as_it_was(plane: Plane, scene: Scene) -> None:
    replica = scene.replica
    async with crowded(scene, "restarted"):
        await restart(plane)
    assert replica.running


async def test_an_api_server_that_fails_a_third_of_the_time_is_asked_again(scene: Scene) -> None:
    # What happens to reads, which never end here; there are few writes, and what happens to those is chance.
    kinds, made = {"slow", "reset", "410", "429", "500", "lost"}, scene.trouble.made
    async with crowded(scene, "troubled") as crowd:
        scene.trouble.trouble = 0.3
        try:
            await until(lambda: crowd.outcomes.total() == ASKING and kinds <= made.keys(), seconds=REAL_PATIENCE)
        finally:
            scene.trouble.trouble = 0.0


async def test_a_door_whose_caches_have_seen_nothing_yet_judges_by_what_it_reads(scene: Scene) -> None:
    dead = scene.replica
    async with crowded(scene, "cold") as crowd:
        scene.trouble.withheld = tuple(kind.path() for kind in (CATALOGS, NAMESPACES, TENANTS))
        dead.popen.kill()
        dead.popen.wait()
        born = scene.desk.processes.again(dead)
        ready = f"http://127.0.0.1:{(born.environment or {})['CLUSTERDESK_HEALTH_PORT']}/readyz"
        try:
            await until(lambda: crowd.outcomes.total() == ASKING, seconds=REAL_PATIENCE)
            async with aiohttp.ClientSession() as session, session.get(ready) as answer:
                assert "not yet listed" in await answer.text()
        finally:
            scene.trouble.withheld = ()
        await answers(born, ready)


async def test_a_ledger_that_somebody_else_writes_all_the_time_is_counted_right(scene: Scene) -> None:
    writes = 0

    async def write() -> None:
        nonlocal writes
        while True:
            patch = {"metadata": {"annotations": {"writes": str(writes)}}}
            await scene.desk.admin.merge(TENANT_LEDGERS, scene.desk.tenant, patch, namespace=SYSTEM)
            writes += 1
            # The door has to read and to write in between.
            await asyncio.sleep(0.01)

    async with running(write()), crowded(scene, "contended") as crowd:
        begun = writes
        await until(lambda: crowd.outcomes.total() == ASKING and writes > begun + ASKING, seconds=REAL_PATIENCE)
