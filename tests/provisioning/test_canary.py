"""The canary: what must be refused is refused by us, or people hear that quotas do not hold."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from provisioning import errors, names
from provisioning.canary import AGAIN_SECONDS, EVERY_SECONDS, PATIENCE, Canary, is_refused, wish
from provisioning.manifest import Manifest
from provisioning.model import TenantCluster
from provisioning.objects import read
from provisioning.resources import Resource
from provisioning.trouble import Trouble

OURS = errors.Forbidden('admission webhook "rules.clusterdesk.dev" denied the request: the namespace is nobody\'s')
BY_RBAC = errors.Forbidden("tenantclusters.clusterdesk.dev is forbidden: User cannot create")
DOWN = errors.Unavailable('failed calling webhook "rules.clusterdesk.dev": no endpoints available')


class FakeKube:
    """An API server that answers every dry run with `answer`, None for a yes."""

    def __init__(self) -> None:
        self.answer: errors.KubeError | None = OURS
        self.tried: list[tuple[Manifest, bool]] = []

    async def create(self, resource: Resource, body: Manifest, *, dry_run: bool = False) -> Manifest:
        self.tried.append((body, dry_run))
        if self.answer is not None:
            raise self.answer
        return body


class Scene:
    def __init__(self, namespace: str = "default") -> None:
        self.kube, self.now = FakeKube(), datetime(2026, 3, 5, 13, tzinfo=UTC)
        kube: object = self.kube
        self.canary = Canary(kube, namespace=namespace, now=lambda: self.now)  # type: ignore[arg-type]

    async def look(self, answer: errors.KubeError | None, *, after: timedelta = timedelta(minutes=5)) -> Trouble | None:
        self.now += after
        self.kube.answer = answer
        await self.canary.look()
        return self.canary.trouble()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_wish_is_a_cluster_that_our_kinds_can_say_and_a_preview() -> None:
    it = read(TenantCluster, wish("default"))

    assert it.it.spec.pools[0].replicas == 1000
    assert it.meta.annotations[names.PREVIEW_ANNOTATION] == "true"


@pytest.mark.parametrize(("error", "ours"), [(OURS, True), (BY_RBAC, False), (DOWN, False)])
def test_only_a_denial_of_our_webhook_proves_anything(error: errors.KubeError, ours: bool) -> None:
    assert is_refused(error) is ours


async def test_after_each_try_it_is_told_whether_quotas_hold_and_before_the_first_nothing() -> None:
    told: list[bool] = []
    scene = Scene()
    kube: object = scene.kube
    scene.canary = Canary(kube, namespace="default", now=lambda: scene.now, told=told.append)  # type: ignore[arg-type]
    assert told == []

    for answer in (OURS, None, DOWN, OURS):
        await scene.look(answer)

    assert told == [True, False, False, True]


async def test_nothing_is_ever_created(scene: Scene) -> None:
    await scene.look(OURS)

    assert [dry_run for _, dry_run in scene.kube.tried] == [True]


async def test_while_it_is_refused_all_is_well(scene: Scene) -> None:
    assert await scene.look(OURS) is None
    assert await scene.canary.look() == EVERY_SECONDS


async def test_a_wish_that_is_taken_is_trouble_at_once_until_it_is_refused(scene: Scene) -> None:
    assert await scene.look(None) is Trouble.TAKEN
    assert await scene.canary.look() == AGAIN_SECONDS
    assert await scene.look(DOWN) is Trouble.TAKEN
    assert await scene.look(OURS) is None


@pytest.mark.parametrize("error", [DOWN, BY_RBAC])
async def test_silence_is_trouble_only_when_it_lasts(scene: Scene, error: errors.KubeError) -> None:
    await scene.look(OURS)

    assert await scene.look(error, after=PATIENCE) is None
    assert await scene.look(error, after=timedelta(seconds=1)) is Trouble.SILENT
    assert await scene.look(OURS) is None


async def test_turned_off_it_tries_nothing_and_never_warns() -> None:
    scene = Scene("")
    scene.now += timedelta(days=1)

    async with asyncio.timeout(5):
        await scene.canary.run()

    assert (scene.kube.tried, scene.canary.trouble()) == ([], None)


async def test_whoever_listens_hears_of_each_change_once(scene: Scene) -> None:
    heard, as_well = scene.canary.troubles(), scene.canary.troubles()
    await scene.look(OURS)
    assert await anext(heard) is None
    assert await anext(as_well) is None

    await scene.look(OURS)
    await scene.look(None)
    assert await anext(heard) is Trouble.TAKEN
    assert await anext(as_well) is Trouble.TAKEN
    await scene.look(None)
    await scene.look(OURS)
    assert await anext(heard) is None
    assert await anext(as_well) is None


async def test_nobody_hears_that_all_is_well_before_it_was_refused_once(scene: Scene) -> None:
    first = asyncio.ensure_future(anext(scene.canary.troubles()))
    await scene.look(DOWN)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not first.done()

    await scene.look(DOWN, after=PATIENCE)
    async with asyncio.timeout(10):
        assert await first is Trouble.SILENT


async def test_turned_off_it_says_that_there_is_no_trouble() -> None:
    async with asyncio.timeout(10):
        assert await anext(Scene("").canary.troubles()) is None
