"""The ledger on the real API server, with three replicas of the door: whatever is done, and whatever breaks.

What is stored never costs more than its slots, those never more than the quota, and at rest the ledger is what a count
of our own says. `LEDGER_ROUNDS` makes the long stories longer, `LEDGER_SEED` tells old ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, seed, settings
from hypothesis import Phase as Stage
from hypothesis.stateful import run_state_machine_as_test

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import errors, objects, room
from provisioning.census import Census, Sights
from provisioning.enactor import Enactor
from provisioning.model import ClusterRequest, Phase, RequestStatus, Tenant, conditions
from provisioning.objects import Stored
from provisioning.resources import (
    CLUSTER_REQUESTS,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    TENANT_CLUSTERS,
    TENANT_LEDGERS,
    Resource,
)
from provisioning.usage import Usage
from tests.provisioning.waiting import REAL_PATIENCE, eventually, running, until
from tests.webhooks.ledger_machine import Ledgers, Loop, check, check_at_rest, counted
from tests.webhooks.office import (
    REPLICAS,
    VOID_AFTER,
    Office,
    cluster,
    deployment,
    grounds,
    opened,
    owner_of,
    reference,
)
from tests.webhooks.test_real import SYSTEM
from webhooks import registration
from webhooks.trusted import Trusted

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUNDS = int(os.environ.get("LEDGER_ROUNDS", "2"))
LONG = pytest.mark.timeout(120 + 40 * ROUNDS)
"""Of the stories, in seconds: a round takes some, and many on a busy machine."""
SEED = int(os.environ.get("LEDGER_SEED") or secrets.randbelow(2**32))
ACTORS, ACTS = 8, 15
"""How many act at once, and how often each, in one round."""
HARD = Usage(clusters=7, nodes=14, vcpu=30000)
SMALLER = {"spec": {"pools": [{"name": "md0", "flavor": "small", "replicas": 1}]}}
REFUSED = {"example.org/refused": "yes"}
"""The annotation of what another webhook refuses."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def building(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with opened(control_plane, tmp_path_factory.mktemp("door")) as office:
        yield office


@pytest_asyncio.fixture(loop_scope="module")
async def office(building: Office) -> Office:
    """A tenant with five clusters and ten nodes to have."""
    return await building.tenant(clusters=5, nodes=10)


@contextlib.asynccontextmanager
async def another_webhook(office: Office) -> AsyncIterator[None]:
    """It refuses what carries `REFUSED`: nobody answers at its address, and then the API server says no."""
    name = "refuses.example.org"
    (key,) = REFUSED
    hook = {
        "name": name,
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [
            {
                "apiGroups": ["clusterdesk.dev", "cluster.x-k8s.io"],
                "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["tenantclusters", "machinedeployments"],
            }
        ],
        "matchConditions": [{"name": "marked", "expression": f"'{key}' in object.metadata.?annotations.orValue({{}})"}],
    }
    kind = registration.VALIDATING
    await apply.put(
        office.desk.admin,
        [{"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}, "webhooks": [hook]}],
    )
    try:
        yield
    finally:
        await office.desk.admin.delete(kind, name)


async def done(work: Awaitable[Any]) -> str:
    """How it ended: "done", or the name of the error."""
    try:
        await work
    except errors.KubeError as error:
        return type(error).__name__
    return "done"


async def asked(work: Any) -> str:
    """The same, by somebody who comes back when told so. `work` makes what is to be awaited."""
    for _ in range(40):
        try:
            await work()
        except errors.Throttled as error:
            await asyncio.sleep(error.retry_after)
        except errors.KubeError as error:
            return type(error).__name__
        else:
            return "done"
    return "Throttled"


async def test_thirty_creates_of_one_name_are_one_cluster_and_cost_one(office: Office) -> None:
    body = cluster(office, "web")
    outcomes = await asyncio.gather(
        *(asked(lambda: office.desk.admin.create(TENANT_CLUSTERS, body)) for _ in range(30))
    )
    assert Counter(outcomes) == {"done": 1, "AlreadyExists": 29}
    assert (await office.ledger()).used().clusters == 1
    settled = await office.settled()
    assert settled.used().clusters == 1
    assert [slot.claims for slot in settled.slots.values()] == [()]


async def test_generated_names_are_held_to_the_quota_each(office: Office) -> None:
    body = cluster(office, "", replicas=0)
    del body["metadata"]["name"]
    body["metadata"]["generateName"] = "lab-"
    outcomes = await asyncio.gather(*(asked(lambda: office.desk.admin.create(TENANT_CLUSTERS, body)) for _ in range(8)))
    assert Counter(outcomes) == {"done": 5, "NoRoom": 3}
    assert (await office.settled()).used().clusters == len(await office.truth()) == 5


async def test_thirty_who_apply_one_new_name_make_one_cluster(office: Office) -> None:
    body = cluster(office, "web")

    def applied(number: int) -> Awaitable[Any]:
        return office.desk.admin.apply(TENANT_CLUSTERS, body, manager=f"person-{number}")

    outcomes = await asyncio.gather(*(asked(lambda n=number: applied(n)) for number in range(30)))
    assert Counter(outcomes) == {"done": 30}
    assert (await office.settled()).used().clusters == 1


async def test_a_storm_of_forty_patches_of_one_object_never_passes_the_quota_and_settles_at_what_is_stored(
    office: Office,
) -> None:
    await office.desk.admin.create(TENANT_CLUSTERS, cluster(office, "web"))

    def patched(number: int) -> Awaitable[Any]:
        # From two to thirteen machines, of which no more than nine fit, with the one for updates.
        pools = [{"name": "md0", "flavor": "small", "replicas": 2 + number % 12}]
        patch = {"metadata": {"annotations": {f"example.org/{number}": "x"}}, "spec": {"pools": pools}}
        return office.desk.admin.merge(TENANT_CLUSTERS, "web", patch, namespace=office.desk.namespace)

    outcomes = Counter(await asyncio.gather(*(asked(lambda n=number: patched(n)) for number in range(40))))
    assert outcomes.keys() <= {"done", "NoRoom", "Conflict"}, outcomes
    assert outcomes["done"]
    assert outcomes["NoRoom"]
    (stored,) = (await office.truth()).values()
    used = (await office.ledger()).used()
    assert stored.nodes <= used.nodes <= 10
    assert (await office.settled()).used().nodes == stored.nodes


async def test_what_is_deleted_and_held_by_a_finalizer_counts_until_it_is_gone(office: Office) -> None:
    held = cluster(office, "web", finalizers=["example.org/held"])
    await office.desk.admin.create(TENANT_CLUSTERS, held)
    await office.desk.admin.delete(TENANT_CLUSTERS, "web", namespace=office.desk.namespace)
    assert (await office.settled()).used().clusters == 1
    await office.desk.admin.merge(
        TENANT_CLUSTERS, "web", {"metadata": {"finalizers": []}}, namespace=office.desk.namespace
    )
    assert (await office.settled()).slots == {}


async def test_a_dry_run_is_answered_truly_and_leaves_the_ledger_at_its_version(office: Office) -> None:
    version = await office.version()
    await office.desk.admin.create(TENANT_CLUSTERS, cluster(office, "web", 9), dry_run=True)
    with pytest.raises(errors.Forbidden, match="nodes: asks for 11"):
        await office.desk.admin.create(TENANT_CLUSTERS, cluster(office, "web", 10), dry_run=True)
    assert await office.version() == version


async def test_what_another_webhook_refuses_is_charged_until_it_cannot_come_any_more(office: Office) -> None:
    async with another_webhook(office):
        marked = cluster(office, "web", annotations=REFUSED)
        assert await done(office.desk.admin.create(TENANT_CLUSTERS, marked)) != "done"
    await office.keep()
    assert (await office.ledger()).used().clusters == 1
    office.jumped += VOID_AFTER
    await office.keep()
    assert (await office.ledger()).slots == {}


async def test_without_a_ledger_nothing_is_let_in_until_the_keeper_has_counted(office: Office) -> None:
    await office.desk.admin.create(TENANT_CLUSTERS, cluster(office, "web"))
    await office.desk.admin.delete(TENANT_LEDGERS, office.desk.tenant, namespace=SYSTEM)
    with pytest.raises(errors.Throttled, match="is not there") as caught:
        await office.desk.admin.create(TENANT_CLUSTERS, cluster(office, "api"))
    assert caught.value.retry_after == 2
    await office.keep()
    assert (await office.desk.admin.find(TENANT_LEDGERS, office.desk.tenant, namespace=SYSTEM)) is None
    office.jumped += VOID_AFTER
    await office.keep()
    assert (await office.ledger()).used().clusters == 1
    assert await asked(lambda: office.desk.admin.create(TENANT_CLUSTERS, cluster(office, "api"))) == "done"


class Story:
    """Actors who do what comes to their mind, a keeper who looks now and then, and one who breaks things."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.chance = random.Random(SEED)  # noqa: S311 - repeatable, guards nothing
        self.outcomes: Counter[str] = Counter()

    async def round(self) -> None:
        """Everybody at once. It ends when every write has its answer and every replica runs again."""
        async with running(self._keeper()):
            actors = [self._actor(random.Random(self.chance.random())) for _ in range(ACTORS)]  # noqa: S311 - as above
            await asyncio.gather(self._killer(), *actors)

    async def _keeper(self) -> None:
        while True:
            with contextlib.suppress(errors.Conflict):
                await self.office.keeper.act(self.office.desk.tenant)
            if self.chance.random() < 0.2:
                self.office.another_leader()
            self.office.ahead = timedelta(seconds=self.chance.uniform(-3600, 3600))
            await asyncio.sleep(self.chance.random() / 5)

    async def _killer(self) -> None:
        await asyncio.sleep(self.chance.random())
        dead = self.office.kill(self.chance.randrange(REPLICAS))
        await asyncio.sleep(self.chance.random())
        await self.office.restart(dead)

    async def _actor(self, chance: random.Random) -> None:
        for _ in range(ACTS):
            self.outcomes[await done(self._act(chance))] += 1

    async def _act(self, chance: random.Random) -> Any:
        """One request, by chance."""
        admin, namespace = self.office.desk.admin, chance.choice(self.office.namespaces)
        kind = chance.choice((TENANT_CLUSTERS, MACHINE_DEPLOYMENTS))
        name, replicas, dry_run = f"n{chance.randrange(4)}", chance.randrange(6), chance.random() < 0.1
        body = self._body(
            kind, name, replicas, chance, annotations=REFUSED if chance.random() < 0.15 else {}, namespace=namespace
        )
        deed = chance.choice(("create", "create", "apply", "generate", "change", "change", "scale", "touch", "delete"))
        if deed not in ("create", "apply", "generate"):
            kind = MACHINE_DEPLOYMENTS if deed == "scale" else kind
            there = [each["metadata"]["name"] for each in (await admin.list(kind, namespace=namespace)).items]
            name = chance.choice(there or [name])
        match deed:
            case "create":
                return await admin.create(kind, body, dry_run=dry_run)
            case "apply":
                return await admin.apply(kind, body, manager=f"m{chance.randrange(3)}", dry_run=dry_run)
            case "generate":
                del body["metadata"]["name"]
                body["metadata"]["generateName"] = "g-"
                return await admin.create(kind, body, dry_run=dry_run)
            case "change":
                return await admin.merge(kind, name, self._change(kind, replicas, chance), namespace=namespace)
            case "scale":
                scaled = {"spec": {"replicas": replicas}}
                return await admin.merge(kind, name, scaled, subresource="scale", namespace=namespace)
            case "touch":
                touched = {"metadata": {"labels": {"touched": f"{chance.random()}"}}}
                return await admin.merge(kind, name, touched, namespace=namespace)
            case _:
                return await admin.delete(kind, name, namespace=namespace)

    def _body(self, kind: Resource, name: str, replicas: int, chance: random.Random, **meta: Any) -> dict[str, Any]:
        if kind == TENANT_CLUSTERS:
            return cluster(self.office, name, replicas, **meta)
        return deployment(self.office, name, replicas, chance.choice(("slim", "wide")), **meta)

    def _change(self, kind: Resource, replicas: int, chance: random.Random) -> dict[str, Any]:
        """Another size, or the same number of larger machines."""
        if kind == TENANT_CLUSTERS:
            return {"spec": {"pools": [{"name": "md0", "flavor": "small", "replicas": replicas}]}}
        repointed = {"template": {"spec": {"infrastructureRef": reference(chance.choice(("slim", "wide")))}}}
        return {"spec": {"replicas": replicas, **(repointed if chance.random() < 0.5 else {})}}


async def test_of_two_requests_for_the_last_place_the_second_waits_and_starts_when_the_first_is_gone(
    building: Office,
) -> None:
    office = await building.tenant(clusters=1)
    desk, pool = office.desk, {"name": "md0", "flavor": "small", "replicas": 1}
    await desk.policy(members=[{"user": "ann"}])
    async with desk.person("ann") as ann, desk.person(Trusted().provisioner) as provisioner:
        enactor = Enactor(provisioner, office.landscape, now=lambda: datetime.now(UTC))

        async def reached(name: str, true: Callable[[RequestStatus], bool]) -> RequestStatus:
            """Have it looked at until this is so of its status."""

            async def look() -> RequestStatus | None:
                with contextlib.suppress(errors.Conflict, errors.Throttled, errors.Unavailable):
                    await enactor.act((desk.namespace, name))
                found = await desk.admin.get(CLUSTER_REQUESTS, name, namespace=desk.namespace)
                status = objects.read(ClusterRequest, found).it.status
                return status if true(status) else None

            found = await eventually(look)
            assert found is not None
            return found

        for name in ("one", "two"):
            spec = {"action": "Create", "cluster": name, "desired": {"pools": [pool]}}
            await ann.create(CLUSTER_REQUESTS, desk.new(CLUSTER_REQUESTS, name, spec))
            await reached(name, lambda status: status.phase is not Phase.PENDING)
        await reached("one", lambda status: status.phase is Phase.APPLIED)
        waits = await reached("two", lambda status: conditions.is_true(status.conditions, room.WAITS))
        assert waits.phase is Phase.APPROVED
        found = conditions.find(waits.conditions, room.WAITS)
        assert found is not None
        assert "clusters: asks for 1, 0 of 1 free (1 used, most by one with 1)" in found.message

        await ann.delete(TENANT_CLUSTERS, "one", namespace=desk.namespace)
        await office.settled()

        await reached("two", lambda status: status.phase is Phase.APPLIED)
        assert await desk.admin.find(TENANT_CLUSTERS, "two", namespace=desk.namespace) is not None


def no_deployments(namespace: str) -> dict[str, Any]:
    """A ResourceQuota, which the API server asks after us, under which there can be no MachineDeployment."""
    spec = {"hard": {"count/machinedeployments.cluster.x-k8s.io": "0"}}
    meta = {"name": "none", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec}


@LONG
async def test_whatever_happens_nothing_is_above_the_quota_nothing_uncounted_and_in_the_end_nothing_leaked(
    building: Office,
) -> None:
    office = await building.tenant(namespaces=2, clusters=HARD.clusters, nodes=HARD.nodes, vcpu=HARD.vcpu // 1000)
    await grounds(office)
    await apply.put(office.desk.admin, [no_deployments(office.namespaces[1])])
    story, by_hand = Story(office), Usage(clusters=len(office.namespaces))
    async with another_webhook(office):
        for number in range(ROUNDS):
            await story.round()
            truth, ledger = await office.truth(), await office.ledger()
            stored = sum(truth.values(), by_hand)
            assert stored.within(HARD), (SEED, stored)
            for slot, cost in truth.items():
                assert cost.within(ledger.cost(slot)), (SEED, slot)
            if number == 0:
                # Not yet had a cache shown what was long gone, which costs for as long.
                assert counted(ledger.used()).within(HARD), SEED
            await check_at_rest(office, about=SEED)
            office.source.share = 0.2
    office.source.share = 0.0
    assert story.outcomes["done"] > 10, (SEED, story.outcomes)
    assert story.outcomes["NoRoom"] > 0, (SEED, story.outcomes)


@LONG
async def test_whatever_happens_between_any_two_steps_nothing_is_above_the_quota_uncounted_or_leaked(
    building: Office,
) -> None:
    """Where it fails, hypothesis prints the steps; with more rounds it looks for fewer of them as well."""
    outcomes: Counter[str] = Counter()
    loop, thorough = Loop(), ROUNDS > 2
    profile = settings(
        max_examples=3 * ROUNDS,
        stateful_step_count=200 if thorough else 50,
        phases=(Stage.generate, Stage.shrink) if thorough else (Stage.generate,),
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )

    class Machine(Ledgers):
        def __init__(self) -> None:
            super().__init__(loop, building, refused=REFUSED, outcomes=outcomes)

    async with another_webhook(building):
        await asyncio.to_thread(run_state_machine_as_test, seed(SEED)(Machine), settings=profile)
    assert outcomes["done"] > 3, (SEED, outcomes)


PAUSED = {"cluster.x-k8s.io/paused": ""}
"""The annotation of what Cluster API leaves as it is, where another test has started that."""


def machine_set(office: Office, name: str, replicas: int, template: str, owner: dict[str, Any]) -> dict[str, Any]:
    """As Cluster API makes one of a MachineDeployment."""
    made = deployment(office, name, replicas, template, annotations=PAUSED)
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
    reference |= {key: owner["metadata"][key] for key in ("name", "uid")}
    meta = {**made["metadata"], "ownerReferences": [reference]}
    return {**made, "kind": MACHINE_SETS.kind, "metadata": meta}


async def test_machine_sets_that_nobody_has_made_smaller_yet_pay_for_what_their_deployment_does_not(
    building: Office,
) -> None:
    office = await building.tenant(clusters=1, nodes=12, vcpu=36)
    await grounds(office)
    admin, namespace = office.desk.admin, office.desk.namespace
    owner = await admin.create(MACHINE_DEPLOYMENTS, deployment(office, "n", 4, annotations=PAUSED))
    for name, replicas, template in (("n-old", 4, "slim"), ("n-new", 1, "slim")):
        await admin.create(MACHINE_SETS, machine_set(office, name, replicas, template, owner))
    await check_at_rest(office)
    assert sum((await office.followed()).values(), Usage()) == Usage()

    await admin.merge(MACHINE_DEPLOYMENTS, "n", {"spec": {"replicas": 1}}, namespace=namespace)

    await check_at_rest(office)
    assert sum((await office.followed()).values(), Usage()) == Usage(nodes=3, vcpu=3000)


class Believing(Census):
    """A census that counts by its caches alone."""

    async def listed(self, tenant: Stored[Tenant]) -> Sights:
        return self.seen(tenant)


@pytest.mark.parametrize("believing", [False, True])
async def test_a_keeper_that_gives_room_free_by_its_caches_alone_is_found_out(
    building: Office, *, believing: bool
) -> None:
    """The check of all those steps notices: a part came whose event was lost, and its owner became smaller."""
    office = await building.tenant(clusters=2, nodes=9)
    await grounds(office)
    admin, namespace = office.desk.admin, office.desk.namespace
    owner = await admin.create(TENANT_CLUSTERS, cluster(office, "web", 8))
    await office.settled()
    if believing:
        office.another_leader()
        office.keeper._census = Believing(admin, office.landscape)
    office.source.swallowed = (MACHINE_DEPLOYMENTS,)
    try:
        part = deployment(office, "web-md0", 8, ownerReferences=[owner_of(owner)])
        await admin.create(MACHINE_DEPLOYMENTS, part)
        smaller = await admin.merge(TENANT_CLUSTERS, "web", SMALLER, namespace=namespace)
        await until(lambda: _shown(office, smaller), seconds=REAL_PATIENCE)
        for _ in range(3):
            await office.keep()
            office.jumped += VOID_AFTER
        checked = check(office, Usage(clusters=2, nodes=9, vcpu=100_000))
        if believing:
            with pytest.raises(AssertionError, match="not paid for"):
                await checked
        else:
            await checked
    finally:
        office.source.swallowed = ()


def _shown(office: Office, wanted: dict[str, Any]) -> bool:
    """Whether the keeper's cache has the object as it is."""
    meta = wanted["metadata"]
    found = office.landscape.get(TENANT_CLUSTERS, meta["namespace"], meta["name"])
    return found is not None and found["metadata"]["resourceVersion"] == meta["resourceVersion"]
