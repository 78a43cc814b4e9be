"""The shell around the rules: what it looks up, when it reserves, and what it does when the world is slow or gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.quota import Excess, Limits
from provisioning.reservation import Contended, Exceeded, Granted, Outcome
from provisioning.resources import CATALOGS, NAMESPACES, TENANT_CLUSTERS, TENANTS
from provisioning.usage import Usage
from tests.webhooks.fakes import NOW, BrokenWorld, SlowWorld, ToldLedgers, World
from tests.webhooks.reviews import manifest, request
from webhooks import extent, reading
from webhooks.charge import Charge
from webhooks.decision import Allow, Deny, Patch, Verdict, refuse
from webhooks.facts import All, Facts, One, Unusable
from webhooks.judge import Judge, TooCurious
from webhooks.policy import Default, Policy, Rule, Unless
from webhooks.ports import Lookup
from webhooks.review import Request
from webhooks.trusted import Trusted

RULES = (Rule(TENANT_CLUSTERS),)
CLUSTER = manifest(TENANT_CLUSTERS, "web", {"a": 1})
ASKED = request(TENANT_CLUSTERS, CLUSTER)
CHARGE = Charge(
    "blue",
    Limits({"nodes": 5}),
    "tenantclusters.clusterdesk.dev/tenant-blue/web",
    "web",
    "spec.pools",
    Usage(),
    Usage(nodes=2),
)
FULL = Exceeded((Excess("nodes", 2, 4, 5),), Usage(nodes=4))


def policy(answer: Verdict | Charge) -> Policy:
    return Policy("p", RULES, lambda _request, _facts: answer)


def judge(
    *policies: Policy,
    defaults: tuple[Default, ...] = (),
    world: Lookup | None = None,
    ledgers: ToldLedgers | None = None,
) -> Judge:
    return Judge(policies, defaults, world or World(), ledgers or ToldLedgers(), Trusted(), now=lambda: NOW)


async def verdict(subject: Judge, asked: Request = ASKED, *, seconds: float = 5) -> Verdict:
    return await subject.validate(asked, deadline=asyncio.get_running_loop().time() + seconds)


async def test_only_policies_that_apply_are_asked() -> None:
    other = Policy("other", (Rule(TENANTS),), lambda _r, _f: refuse(Cause("", "never asked")))
    deleted = Policy("deleted", (Rule(TENANT_CLUSTERS, ("DELETE",)),), lambda _r, _f: refuse(Cause("", "nor this")))
    scaled = Policy("scaled", (Rule(TENANT_CLUSTERS, subresource="scale"),), lambda _r, _f: refuse(Cause("", "nor")))
    assert await verdict(judge(other, deleted, scaled)) == Allow()


async def test_a_policy_is_asked_about_what_concerns_it_and_what_many_ask_is_found_out_once() -> None:
    found: list[Request] = []

    def concerns(asked: Request) -> bool:
        found.append(asked)
        return extent.says_something_else(asked)

    def refusing(name: str) -> Policy:
        return Policy(name, RULES, lambda _r, _f: refuse(Cause("", name)), concerns)

    subject = judge(refusing("one"), refusing("other"))
    marked = {**CLUSTER, "metadata": {**CLUSTER["metadata"], "labels": {"a": "b"}}}
    assert await verdict(subject, request(TENANT_CLUSTERS, marked, old=CLUSTER)) == Allow()
    assert len(found) == 1
    for each in (ASKED, request(TENANT_CLUSTERS, {**CLUSTER, "spec": {"a": 2}}, old=CLUSTER)):
        assert isinstance(await verdict(subject, each), Deny)


async def test_all_reasons_are_told_at_once() -> None:
    answer = await verdict(judge(policy(refuse(Cause("a", "x"))), policy(refuse(Cause("b", "y")))))
    assert isinstance(answer, Deny)
    assert [cause.field for cause in answer.causes] == ["a", "b"]


async def test_the_audit_log_is_told_who_refused_and_whose_namespace_it_is() -> None:
    def check(asked: Request, facts: Facts) -> Verdict:
        facts.get(NAMESPACES, asked.namespace)
        return refuse(Cause("a", "x"))

    namespace = manifest(NAMESPACES, "tenant-blue", labels={TENANT_LABEL: "blue"})
    other = Policy("never_asked", RULES, lambda _r, _f: Allow())
    answer = await verdict(
        judge(Policy("p", RULES, check), other, Policy("q", RULES, check), world=World(namespace)), ASKED
    )
    assert answer.audit == {"refused-by": "p,q", "tenant": "blue"}


async def test_what_is_nested_too_deep_for_a_rule_is_refused_and_not_completed() -> None:
    def dig(*_: object) -> Verdict:
        return dig()

    def complete(*_: object) -> Manifest:
        return complete()

    subject = judge(Policy("p", RULES, dig), defaults=(Default("d", RULES, complete),))
    answer = await verdict(subject)
    assert isinstance(answer, Deny)
    assert (answer.code, answer.reason) == (422, "it is nested too deep to be judged")
    left = await subject.mutate(ASKED, deadline=asyncio.get_running_loop().time() + 5)
    assert left == Allow(("defaults were not filled in: it is nested too deep",))


async def test_what_a_policy_asks_for_is_fetched_and_the_policy_asked_again() -> None:
    def check(_: Request, facts: Facts) -> Verdict:
        facts.need(One(TENANTS, "blue"), One(NAMESPACES, "tenant-blue"))
        assert facts.get(TENANTS, "blue") is not None
        return Allow(audit={"tenants": str(len(facts.list(TENANTS)))})

    world = World(manifest(TENANTS, "blue"), manifest(TENANTS, "red"))
    answer = await verdict(judge(Policy("p", RULES, check), world=world))
    assert answer == Allow(audit={"tenants": "2"})
    assert [query for query, _ in world.asked] == [One(TENANTS, "blue"), One(NAMESPACES, "tenant-blue"), All(TENANTS)]


async def test_nobody_is_refused_on_what_a_cache_says() -> None:
    class Behind(World):
        async def find(self, query: One | All, *, live: bool) -> Manifest | None:
            self.asked.append((query, live))
            return manifest(TENANTS, "blue") if live else None

    def check(_: Request, facts: Facts) -> Verdict:
        return Allow() if facts.get(TENANTS, "blue") else refuse(Cause("", "no tenant"))

    world = Behind()
    assert await verdict(judge(Policy("p", RULES, check), world=world)) == Allow()
    assert [live for _, live in world.asked] == [False, True]


async def test_room_is_reserved_before_the_answer_is_yes() -> None:
    ledgers = ToldLedgers()
    answer = await verdict(judge(policy(CHARGE), ledgers=ledgers))
    assert isinstance(answer, Allow)
    assert ledgers.asked == [(CHARGE, False)]


async def test_what_another_policy_refuses_reserves_nothing_but_is_told_about_the_quota() -> None:
    ledgers = ToldLedgers([FULL])
    answer = await verdict(judge(policy(CHARGE), policy(refuse(Cause("a", "x"))), ledgers=ledgers))
    assert isinstance(answer, Deny)
    assert "blue" in answer.reason
    assert "a: x" in answer.reason
    assert {dry for _, dry in ledgers.asked} == {True}


async def test_a_dry_run_reserves_nothing() -> None:
    ledgers = ToldLedgers()
    await verdict(judge(policy(CHARGE), ledgers=ledgers), request(TENANT_CLUSTERS, CLUSTER, dry_run=True))
    assert ledgers.asked == [(CHARGE, True)]


async def test_a_contended_ledger_is_429_and_never_a_wrong_yes() -> None:
    answer = await verdict(judge(policy(CHARGE), ledgers=ToldLedgers([Contended(1.0)])))
    assert isinstance(answer, Deny)
    assert (answer.code, answer.retry_after) == (429, 1)


async def test_what_was_measured_by_what_may_be_another_soon_is_reserved_until_then_or_not_at_all() -> None:
    class Timed(ToldLedgers):
        async def reserve(self, charge: Charge, *, deadline: float, dry_run: bool) -> Outcome:
            self.left = deadline - asyncio.get_running_loop().time()
            return await super().reserve(charge, deadline=deadline, dry_run=dry_run)

    ledgers = Timed()
    await verdict(judge(policy(CHARGE), ledgers=ledgers), seconds=60)
    assert ledgers.left > 30
    await verdict(judge(policy(replace(CHARGE, holds=2)), ledgers=ledgers), seconds=60)
    assert ledgers.left <= 2


async def test_what_has_to_be_waited_for_is_asked_live_and_only_where_nobody_else_refuses() -> None:
    def look(facts: Facts) -> Verdict:
        return refuse(Cause("b", "named")) if facts.list(TENANTS, after=1.0) else Allow()

    world = World(manifest(TENANTS, "blue"))
    waiting = Policy("p", RULES, lambda _r, _f: Unless(look))
    answer = await verdict(judge(waiting, policy(refuse(Cause("a", "x"))), world=world))
    assert isinstance(answer, Deny)
    assert [cause.field for cause in answer.causes] == ["a"]
    assert world.asked == []
    answer = await verdict(judge(waiting, world=world))
    assert isinstance(answer, Deny)
    assert set(world.asked) == {(All(TENANTS, after=1.0), True)}
    assert await verdict(judge(waiting)) == Allow()


async def test_room_that_came_free_meanwhile_is_seen_before_refusing() -> None:
    ledgers = ToldLedgers([FULL, Granted(Usage(nodes=2))])
    assert isinstance(await verdict(judge(policy(CHARGE), ledgers=ledgers)), Allow)


def _look(_: Request, facts: Facts) -> Verdict:
    facts.get(TENANTS, "blue")
    return Allow()


async def test_an_api_server_that_does_not_answer_admits_nothing() -> None:
    curious = Policy("p", RULES, _look)
    answer = await verdict(judge(curious, world=BrokenWorld()))
    assert isinstance(answer, Deny)
    assert (answer.code, answer.retry_after) == (503, 1)


async def test_too_slow_is_429_in_time() -> None:
    curious = Policy("p", RULES, _look)
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await verdict(judge(curious, world=SlowWorld()), seconds=0.05)
    assert isinstance(answer, Deny)
    assert answer.code == 429
    assert loop.time() - began < 20


async def test_a_broken_catalog_is_told_to_whoever_asks() -> None:
    def check(_: Request, facts: Facts) -> Verdict:
        facts.get(CATALOGS, "default")
        raise Unusable("there is no Catalog")

    answer = await verdict(judge(Policy("p", RULES, check)))
    assert isinstance(answer, Deny)
    assert (answer.reason, answer.code) == ("there is no Catalog", 403)


async def test_an_object_that_our_model_does_not_take_is_refused_with_every_cause() -> None:
    def check(request: Request, _: Facts) -> Verdict:
        reading.cluster(request.either)
        return Allow()

    answer = await verdict(judge(Policy("p", RULES, check), Policy("q", RULES, check)))
    assert isinstance(answer, Deny)
    assert answer.code == 422
    assert [cause.field for cause in answer.causes] == ["spec.pools", "spec.a"]


async def test_a_rule_that_never_has_enough_is_a_bug_and_climbs() -> None:
    def check(_: Request, facts: Facts) -> Verdict:
        for number in range(1000):
            facts.get(TENANTS, str(number))
        return Allow()

    with pytest.raises(TooCurious):
        await verdict(judge(Policy("p", RULES, check)))


def _default(key: str) -> Default:
    def complete(_: Request, found: Manifest, facts: Facts) -> Manifest:
        facts.list(TENANTS)
        return {**found, "spec": {**found["spec"], key: len(found["spec"])}}

    return Default(key, RULES, complete)


async def test_defaults_build_on_each_other_and_become_one_patch() -> None:
    deadline = asyncio.get_running_loop().time() + 5
    answer = await judge(defaults=(_default("b"), _default("c"))).mutate(ASKED, deadline=deadline)
    assert isinstance(answer, Patch)
    operations = {(o["op"], o["path"], o["value"]) for o in answer.operations}
    assert operations == {("add", "/spec/b", 1), ("add", "/spec/c", 2)}
    assert CLUSTER["spec"] == {"a": 1}


async def test_nothing_to_complete_is_a_plain_yes() -> None:
    deadline = asyncio.get_running_loop().time() + 5
    same = Default("same", RULES, lambda _r, found, _f: found)
    assert await judge(defaults=(same,)).mutate(ASKED, deadline=deadline) == Allow()
    deleted = request(TENANT_CLUSTERS, None, old=CLUSTER)
    assert await judge(defaults=(same,)).mutate(deleted, deadline=deadline) == Allow()


async def test_what_cannot_be_completed_is_left_as_it_is_with_a_warning() -> None:
    deadline = asyncio.get_running_loop().time() + 5
    answer = await judge(defaults=(_default("b"),), world=BrokenWorld()).mutate(ASKED, deadline=deadline)
    assert isinstance(answer, Allow)
    assert answer.warnings == ("defaults were not filled in: the API server did not answer",)
