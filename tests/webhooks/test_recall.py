"""What the door remembers saves it time, and decides nothing."""

from __future__ import annotations

import asyncio

from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, MACHINE_DEPLOYMENTS, TENANTS
from tests.webhooks.estate import BLUE, CATALOG, NAMESPACE, TENANT, deployment, template
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import request
from webhooks.decision import Deny, Verdict
from webhooks.facts import All, One
from webhooks.judge import Judge
from webhooks.policies import tenant_quota
from webhooks.recall import Recall
from webhooks.trusted import Trusted

ESTATE = (CATALOG, TENANT, NAMESPACE)


def door(world: World, ledgers: ToldLedgers) -> Judge:
    return Judge((tenant_quota.POLICY,), (), world, ledgers, Trusted(), now=lambda: NOW)


async def created(judge: Judge, name: str) -> Verdict:
    asked = request(MACHINE_DEPLOYMENTS, deployment(name))
    return await judge.validate(asked, deadline=asyncio.get_running_loop().time() + 5)


def templates(world: World) -> list[bool]:
    """Whether each read of a template was a live one."""
    return [live for query, live in world.asked if query.resource == KUBEVIRT_MACHINE_TEMPLATES]


async def test_a_template_that_is_remembered_is_read_live_once_more_and_charged_as_it_is() -> None:
    world, ledgers = World(*ESTATE, template()), ToldLedgers()
    judge = door(world, ledgers)
    await created(judge, "one")
    await created(judge, "two")
    assert templates(world) == [False, True]
    first, second = (charge.after for charge, _ in ledgers.asked)
    assert first == second


async def test_a_template_that_was_made_anew_under_its_name_is_charged_as_it_is_now() -> None:
    world, ledgers = World(*ESTATE, template()), ToldLedgers()
    judge = door(world, ledgers)
    await created(judge, "one")
    larger = template(cores=64)
    world.manifests = [*ESTATE, larger]
    await created(judge, "two")
    small, *_, large = (charge.after.vcpu for charge, _ in ledgers.asked)
    assert large > small


async def test_a_template_that_is_gone_is_missed_though_it_is_remembered() -> None:
    world = World(*ESTATE, template())
    judge = door(world, ToldLedgers())
    await created(judge, "one")
    world.manifests = list(ESTATE)
    answer = await created(judge, "two")
    assert isinstance(answer, Deny)
    assert "make it first" in answer.reason


def test_only_templates_are_remembered_and_the_longest_unused_is_forgotten() -> None:
    recall = Recall(most=2)
    one, two, three = (One(KUBEVIRT_MACHINE_TEMPLATES, name, BLUE) for name in ("one", "two", "three"))
    for query in (one, two):
        recall.note(query, template())
    assert recall.guess(one) is not None
    recall.note(three, template())
    assert [recall.guess(query) is not None for query in (one, two, three)] == [True, False, True]
    recall.note(One(TENANTS, "blue"), TENANT)
    recall.note(All(KUBEVIRT_MACHINE_TEMPLATES), [template()])
    assert recall.guess(One(TENANTS, "blue")) is None
    recall.note(three, None)
    assert recall.guess(three) is None
