"""No yes that uses quota stands for long on what a cache says and is so no more, however far a replica is behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from provisioning import errors
from provisioning.manifest import Manifest, Revisions
from provisioning.names import TENANT_LABEL
from provisioning.resources import (
    CATALOGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from tests.webhooks.estate import BLUE, CATALOG, NAMESPACE, TENANT, cluster, deployment, owned, template, tweak
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import manifest, request
from webhooks import confirmed
from webhooks.charge import Charge
from webhooks.confirmed import Confirmed
from webhooks.decision import Allow, Deny, Verdict
from webhooks.facts import All, Answer, One, Query
from webhooks.judge import Judge
from webhooks.policies import tenant_quota
from webhooks.ports import Near
from webhooks.trusted import Trusted

ESTATE = (CATALOG, TENANT, NAMESPACE, template())
LOWERED = tweak(TENANT, "spec.quota.hard.nodes", 1)


class Behind(World):
    """Its caches show what was, an API server that is asked shows what is."""

    def __init__(self, was: tuple[Manifest, ...], now: tuple[Manifest, ...]) -> None:
        super().__init__(*now)
        self.was = World(*was)

    async def find(self, query: Query, *, live: bool) -> Answer:
        found = await super().find(query, live=live)
        cached = query.resource in (CATALOGS, NAMESPACES, TENANTS)
        return self.was.answer(query) if cached and not live else found

    def asked_live(self, *kinds: Resource) -> int:
        return sum(live and query.resource in kinds for query, live in self.asked)


async def admitted(world: World, resource: Resource, new: Manifest, **rest: Any) -> tuple[Verdict, list[Charge]]:
    """The verdict, and what was reserved, in the order in which it was."""
    ledgers = ToldLedgers()
    judge = Judge((tenant_quota.POLICY,), (), world, ledgers, Trusted(), now=lambda: NOW)
    deadline = asyncio.get_running_loop().time() + 10
    verdict = await judge.validate(request(resource, new, **rest), deadline=deadline)
    return verdict, [charge for charge, _ in ledgers.asked]


@pytest.mark.parametrize(
    ("resource", "new"), [(MACHINE_DEPLOYMENTS, deployment(replicas=3)), (TENANT_CLUSTERS, cluster())]
)
async def test_a_quota_that_was_just_lowered_is_the_one_that_holds(resource: Resource, new: Manifest) -> None:
    world = Behind(ESTATE, (CATALOG, LOWERED, NAMESPACE, template()))
    _, charges = await admitted(world, resource, new)
    assert charges[-1].hard.bounds["nodes"] == 1


async def test_a_flavor_that_was_just_made_larger_is_charged_as_large_as_it_is() -> None:
    larger = tweak(CATALOG, "spec.flavors.0.vcpu", 16)
    _, charges = await admitted(Behind(ESTATE, (larger, TENANT, NAMESPACE)), TENANT_CLUSTERS, cluster())
    assert charges[-1].after.vcpu == 3 * 16_000


async def test_a_part_is_within_what_its_owner_is_worth_now() -> None:
    """The pool was of three machines of 2 vCPU; they are worth one each since."""
    smaller = tweak(CATALOG, "spec.flavors.0.vcpu", 1)
    web = cluster()
    part = owned(deployment("web-md0", replicas=2), web)
    there = (TENANT, NAMESPACE, template(), web)
    _, charges = await admitted(Behind((CATALOG, *there), (smaller, *there)), MACHINE_DEPLOYMENTS, part)
    assert [charge.after.vcpu for charge in charges] == [3_000]


async def test_a_volume_in_a_namespace_that_was_labelled_a_moment_ago_is_charged() -> None:
    volume = manifest(
        PERSISTENT_VOLUME_CLAIMS, "data", {"resources": {"requests": {"storage": "10Gi"}}}, namespace=BLUE
    )
    unlabelled = tweak(NAMESPACE, "metadata.labels", {})
    _, charges = await admitted(Behind((CATALOG, TENANT, unlabelled), ESTATE), PERSISTENT_VOLUME_CLAIMS, volume)
    assert [charge.tenant for charge in charges] == ["blue"]


async def test_a_namespace_that_a_tenant_has_just_listed_is_its_own_and_one_that_it_lists_no_more_is_not() -> None:
    volume = manifest(
        PERSISTENT_VOLUME_CLAIMS, "data", {"resources": {"requests": {"storage": "10Gi"}}}, namespace=BLUE
    )
    elsewhere = tweak(TENANT, "spec.namespaces", ["elsewhere"])
    without = (CATALOG, elsewhere, NAMESPACE)
    _, charges = await admitted(Behind(without, ESTATE), PERSISTENT_VOLUME_CLAIMS, volume)
    assert [charge.tenant for charge in charges] == ["blue"]
    verdict, _ = await admitted(Behind(ESTATE, (*without, template())), MACHINE_DEPLOYMENTS, deployment())
    assert isinstance(verdict, Deny)
    assert "belongs to no tenant" in verdict.reason


async def test_what_its_keeper_publishes_in_a_tenant_makes_nobody_judge_again() -> None:
    counted = {**TENANT, "status": {"clusters": 7}}
    world = Behind(ESTATE, (CATALOG, counted, NAMESPACE, template()))
    verdict, charges = await admitted(world, MACHINE_DEPLOYMENTS, deployment())
    assert isinstance(verdict, Allow)
    assert len(charges) == 1
    assert world.asked_live(TENANTS, CATALOGS, NAMESPACES) == 1, "a yes costs one more read, of the Tenant"


@pytest.mark.parametrize(("within", "asked"), [(60.0, 1), (0.0, 3)])
async def test_what_was_found_to_be_so_a_moment_ago_is_not_asked_for_again(within: float, asked: int) -> None:
    world = Behind(ESTATE, ESTATE)
    rules = (tenant_quota.POLICY,)
    judge = Judge(rules, (), world, ToldLedgers(), Trusted(), now=lambda: NOW, confirmed=Confirmed(within))
    for number in range(3):
        one = request(MACHINE_DEPLOYMENTS, deployment(f"pool-{number}"))
        assert isinstance(await judge.validate(one, deadline=asyncio.get_running_loop().time() + 10), Allow)
    assert world.asked_live(TENANTS) == asked


def test_what_is_cached_otherwise_than_it_was_found_is_doubtful_at_once() -> None:
    memory, tenant = Confirmed(), One(TENANTS, "blue")
    assert memory.doubtful([tenant], {tenant: TENANT}, since=9.0) == {tenant}
    memory.note([tenant], {tenant: TENANT}, 10.0)
    assert memory.doubtful([tenant], {tenant: {**TENANT, "status": {"clusters": 7}}}, since=9.9) == set()
    assert memory.doubtful([tenant], {tenant: LOWERED}, since=9.9) == {tenant}
    assert memory.doubtful([tenant], {tenant: TENANT}, since=10.1) == {tenant}


def sized(number: int, *, cores: int = 2, uid: str = "", revision: str = "1") -> Manifest:
    marked = tweak(template(f"t-{number}", cores=cores), "metadata.resourceVersion", revision)
    return tweak(marked, "metadata.uid", uid or f"uid-{number}")


def pool(number: int) -> Manifest:
    return deployment(f"pool-{number}", template=f"t-{number}")


class Crowded(World):
    """More of each kind than are asked for at once."""

    async def roll(self, kind: Resource) -> Revisions | None:
        await super().roll(kind)
        return None


class Refusing(World):
    """An API server that is too busy for lists."""

    async def roll(self, kind: Resource) -> Revisions | None:
        await super().roll(kind)
        raise errors.Throttled("too many requests")


class Watching(Near):
    """A watch that shows whatever was remembered: it has seen nothing since, or it is behind."""

    def cached(self, query: Query) -> Answer | None:
        return None

    def shows(self, query: Query, answer: Answer) -> bool:
        return True


@dataclass
class Many:
    """Creations by templates of their own, one after the other."""

    world: World
    ledgers: ToldLedgers = field(default_factory=ToldLedgers)
    confirmed: Confirmed = field(default_factory=lambda: Confirmed(within=0.0))

    async def meet(self, *numbers: int) -> None:
        """So that they are remembered, and were found to be as they are remembered."""
        await self.admit(*numbers, *numbers)
        self.world.asked.clear()

    async def admit(self, *numbers: int) -> None:
        judge = replace(self._judge, lookup=self.world)
        for number in numbers:
            one = request(MACHINE_DEPLOYMENTS, pool(number))
            assert isinstance(await judge.validate(one, deadline=asyncio.get_running_loop().time() + 10), Allow)

    @cached_property
    def _judge(self) -> Judge:
        rules = (tenant_quota.POLICY,)
        near, confirmed = Watching(), self.confirmed
        return Judge(rules, (), self.world, self.ledgers, Trusted(), now=lambda: NOW, near=near, confirmed=confirmed)

    def asked(self, kind: type[One] | type[All]) -> int:
        """Questions about templates."""
        return sum(isinstance(q, kind) and q.resource == KUBEVIRT_MACHINE_TEMPLATES for q, _ in self.world.asked)


def world_of(*templates: Manifest) -> World:
    return World(CATALOG, TENANT, NAMESPACE, *templates)


async def test_where_many_of_a_kind_are_in_use_one_list_says_that_all_are_as_they_were() -> None:
    numbers = range(confirmed.CROWD)
    many = Many(world_of(*map(sized, numbers)), confirmed=Confirmed(within=60.0))
    await many.meet(*numbers)
    many.confirmed.within = -1.0
    await many.admit(0)
    many.confirmed.within = 60.0
    await many.admit(*numbers)
    assert (many.asked(One), many.asked(All)) == (0, 1)


async def test_for_the_first_look_at_one_no_roll_is_called() -> None:
    numbers = range(confirmed.CROWD + 1)
    many = Many(world_of(*map(sized, numbers)), confirmed=Confirmed(within=60.0))
    await many.meet(*numbers[1:])
    await many.admit(0, 0)
    assert (many.asked(One), many.asked(All)) == (2, 0)


async def test_few_are_read_one_by_one_though_there_are_many_of_the_kind() -> None:
    few = range(confirmed.CROWD - 1)
    many = Many(world_of(*map(sized, range(100))), confirmed=Confirmed(within=-1.0))
    await many.meet(*few)
    await many.admit(*few)
    assert (many.asked(One), many.asked(All)) == (len(few), 0)


@pytest.mark.parametrize("now", [sized(0, cores=8, uid="another"), sized(0, cores=8, revision="2")])
async def test_what_the_roll_tells_otherwise_is_read_and_judged_by_what_it_is(now: Manifest) -> None:
    numbers = range(confirmed.CROWD)
    many = Many(world_of(*map(sized, numbers)), confirmed=Confirmed(within=60.0))
    await many.meet(*numbers)
    many.confirmed.within = -1.0
    many.world = world_of(now, *map(sized, numbers[1:]))
    await many.admit(0)
    assert many.ledgers.asked[-1][0].after.vcpu == 2 * 8_000


async def test_what_is_not_on_the_roll_is_not_there_any_more() -> None:
    numbers = range(confirmed.CROWD)
    many = Many(world_of(*map(sized, numbers)), confirmed=Confirmed(within=60.0))
    await many.meet(*numbers)
    many.confirmed.within = -1.0
    many.world = world_of(*map(sized, numbers[1:]))
    with pytest.raises(AssertionError, match="Deny"):
        await many.admit(0)


@pytest.mark.parametrize("crowd", [Crowded, Refusing])
async def test_a_roll_that_is_too_long_or_not_to_be_had_is_not_called_again_for_a_while(crowd: type[World]) -> None:
    numbers = range(confirmed.CROWD)
    many = Many(crowd(CATALOG, TENANT, NAMESPACE, *map(sized, numbers)), confirmed=Confirmed(within=-1.0))
    await many.meet(*numbers)
    await many.admit(*numbers)
    assert (many.asked(One), many.asked(All)) == (len(numbers), 1)


async def test_what_grows_nothing_is_admitted_by_the_caches() -> None:
    world = Behind(ESTATE, ESTATE)
    marked = deployment(labels={TENANT_LABEL: "x"})
    assert (await admitted(world, MACHINE_DEPLOYMENTS, marked, old=deployment()))[0] == Allow()
    assert (await admitted(world, MACHINE_DEPLOYMENTS, deployment(), old=deployment(replicas=2)))[0] == Allow()
    assert world.asked_live(TENANTS, CATALOGS, NAMESPACES) == 0
