"""Everything that may happen to a ledger on a real API server, as the steps of a hypothesis state machine.

People write and do not wait for the answer, replicas die and come back, the keeper looks or does not, clocks jump and
caches lose events, between any two steps. Whenever nothing is under way, what is stored is held against the ledger and
the quota by an arithmetic of our own; in the end the ledger has to say what is there, and nothing more.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from playground.processes import Child
from provisioning import errors
from provisioning.footprint import MAX_SIZE, MIN_SIZE
from provisioning.keeper import RECOUNT
from provisioning.ledger import Ledger
from provisioning.resources import MACHINE_DEPLOYMENTS, TENANT_CLUSTERS, TENANTS, Resource
from provisioning.usage import Usage
from tests.webhooks.office import REPLICAS, VOID_AFTER, Office, cluster, deployment, grounds, owner_of, reference

T = TypeVar("T")
HARD: Final = Usage(clusters=5, nodes=12, vcpu=26000)
"""One of the clusters is made by hand."""
RAW: Final = "clusters.cluster.x-k8s.io/"
"""Slots of the Clusters that were made by hand."""
HELD: Final = "example.org/held"
MACHINE: Final = "kubevirtmachines.infrastructure.cluster.x-k8s.io/"
"""Slots of machines, which Cluster API makes where it runs."""
ANSWERED: Final = 120.0
"""Seconds in which every step ends."""

names = st.sampled_from(("web", "api"))
raw = st.sampled_from(("m0", "m1"))
sizes = st.integers(0, 8)
templates = st.sampled_from(("slim", "wide"))


class Loop:
    """The loop that everything runs in, for steps that run beside it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self.start(work).result(ANSWERED)


class Ledgers(RuleBasedStateMachine):
    """`refused` are annotations of what another webhook refuses, `outcomes` is told how each write ended."""

    def __init__(self, loop: Loop, building: Office, *, refused: dict[str, str], outcomes: Counter[str]) -> None:
        super().__init__()
        self.loop, self.refused, self.outcomes = loop, refused, outcomes
        self.office = loop.wait(building.tenant(clusters=HARD.clusters, nodes=HARD.nodes, vcpu=HARD.vcpu // 1000))
        loop.wait(grounds(self.office))
        self.bound = HARD
        """What may be stored at the most: the quota, or what there was when that was lowered."""
        self.under_way: list[Future[None]] = []
        self.dead: Child | None = None
        self.killed = False
        self.jumped = 0.0
        """Seconds that the keeper's clock is ahead since nothing was under way."""

    # What people do.

    @rule(name=names, size=sizes, refused=st.booleans(), held=st.booleans())
    def create_a_cluster(self, name: str, size: int, refused: bool, held: bool) -> None:
        meta: dict[str, Any] = {"annotations": self.refused} if refused else {}
        body = cluster(self.office, name, size, **meta, **({"finalizers": [HELD]} if held else {}))
        self._write(self.office.desk.admin.create(TENANT_CLUSTERS, body))

    @rule(size=sizes, dry_run=st.booleans())
    def create_a_cluster_of_any_name(self, size: int, dry_run: bool) -> None:
        body = cluster(self.office, "", size)
        body["metadata"] = {"namespace": body["metadata"]["namespace"], "generateName": "g-"}
        self._write(self.office.desk.admin.create(TENANT_CLUSTERS, body, dry_run=dry_run))

    @rule(name=names, size=sizes)
    def change_a_cluster(self, name: str, size: int) -> None:
        pools = [{"name": "md0", "flavor": "small", "replicas": size}]
        self._merge(TENANT_CLUSTERS, name, {"spec": {"pools": pools}})

    @rule(name=names, size=sizes, template=templates)
    def create_a_part(self, name: str, size: int, template: str) -> None:
        """As the provisioner does, and larger than the pool that it is of, as it may be by then."""
        owner = self._find(TENANT_CLUSTERS, name)
        if owner is not None:
            body = deployment(self.office, f"{name}-md0", size, template, ownerReferences=[owner_of(owner)])
            self._write(self.office.desk.admin.create(MACHINE_DEPLOYMENTS, body))

    @rule(name=names, size=sizes)
    def change_a_part(self, name: str, size: int) -> None:
        self._merge(MACHINE_DEPLOYMENTS, f"{name}-md0", {"spec": {"replicas": size}})

    @rule(name=raw, size=sizes, template=templates)
    def create_machines(self, name: str, size: int, template: str) -> None:
        self._write(self.office.desk.admin.create(MACHINE_DEPLOYMENTS, deployment(self.office, name, size, template)))

    @rule(name=raw, size=sizes)
    def scale_machines(self, name: str, size: int) -> None:
        scaled = {"spec": {"replicas": size}}
        self._merge(MACHINE_DEPLOYMENTS, name, scaled, subresource="scale")

    @rule(name=raw, template=templates)
    def make_machines_of_another_template(self, name: str, template: str) -> None:
        spec = {"template": {"spec": {"infrastructureRef": reference(template)}}}
        self._merge(MACHINE_DEPLOYMENTS, name, {"spec": spec})

    @rule(name=raw, most=st.none() | sizes)
    def mark_machines_for_the_autoscaler(self, name: str, most: int | None) -> None:
        marks = {MIN_SIZE: None, MAX_SIZE: None} if most is None else {MIN_SIZE: "0", MAX_SIZE: str(most)}
        self._merge(MACHINE_DEPLOYMENTS, name, {"metadata": {"annotations": marks}})

    @rule(name=names)
    def delete_a_cluster(self, name: str) -> None:
        """Once nothing is under way, and its part with it: there is no garbage collector here."""
        self.all_is_answered()
        if self._without_part(name):
            self.loop.wait(self._tried(self._deleted(TENANT_CLUSTERS, name)))

    @rule(name=names)
    def let_go_of_a_cluster_that_is_deleted(self, name: str) -> None:
        self.all_is_answered()
        found = self._find(TENANT_CLUSTERS, name)
        if found is not None and "deletionTimestamp" in found["metadata"] and self._without_part(name):
            self._merge(TENANT_CLUSTERS, name, {"metadata": {"finalizers": []}})

    @rule(name=raw)
    def delete_machines(self, name: str) -> None:
        self._write(self._deleted(MACHINE_DEPLOYMENTS, name))

    # What else happens.

    @rule(nodes=st.integers(2, HARD.nodes))
    def the_quota_is_another(self, nodes: int) -> None:
        self.all_is_answered()
        used = self.loop.wait(self.office.ledger()).used()
        spec = {"quota": {"hard": {"clusters": HARD.clusters, "nodes": nodes, "vcpu": HARD.vcpu // 1000}}}
        self.loop.wait(self._tried(self.office.desk.admin.merge(TENANTS, self.office.desk.tenant, {"spec": spec})))
        stored = self.loop.wait(self.office.desk.admin.get(TENANTS, self.office.desk.tenant))
        self.bound = used.most(HARD.having(nodes=stored["spec"]["quota"]["hard"]["nodes"]))

    @rule()
    def the_keeper_looks(self) -> None:
        self.loop.wait(self._tried(self.office.keeper.act(self.office.desk.tenant)))

    @rule()
    def another_leader_takes_over(self) -> None:
        self.office.another_leader()

    @rule(hours=st.integers(-3, 3), seconds=st.sampled_from((1.0, VOID_AFTER / 2, VOID_AFTER, RECOUNT)))
    def clocks_jump(self, hours: int, seconds: float) -> None:
        """The keeper's own one never by as much as a write may be under way while one is: it knows that bound."""
        self.office.ahead = timedelta(hours=hours)
        if not self.under_way or self.jumped + seconds < VOID_AFTER:
            self.office.jumped += seconds
            self.jumped += seconds if self.under_way else 0.0

    @rule(share=st.sampled_from((0.0, 0.3)))
    def caches_lose_events_or_do_not(self, share: float) -> None:
        self.office.source.share = share

    @precondition(lambda self: not self.killed)
    @rule(number=st.integers(0, REPLICAS - 1))
    def a_replica_dies(self, number: int) -> None:
        self.dead, self.killed = self.office.kill(number), True

    @precondition(lambda self: self.dead is not None)
    @rule()
    def it_comes_back(self) -> None:
        if self.dead is not None:
            self.loop.wait(self.office.restart(self.dead))
            self.dead = None

    @rule()
    def all_is_answered(self) -> None:
        for write in self.under_way:
            write.result(ANSWERED)
        self.under_way.clear()
        self.jumped = 0.0
        self.loop.wait(check(self.office, self.bound))

    def teardown(self) -> None:
        """When all is quiet, the ledger says what is there, and not a core more."""
        self.office.source.share = 0.0
        if self.dead is not None:
            self.it_comes_back()
        self.all_is_answered()
        self.loop.wait(check_at_rest(self.office))

    # By which means.

    def _write(self, work: Coroutine[Any, Any, Any]) -> None:
        self.under_way.append(self.loop.start(self._tried(work)))

    def _merge(self, kind: Resource, name: str, patch: Any, **how: str) -> None:
        self._write(self.office.desk.admin.merge(kind, name, patch, namespace=self.office.desk.namespace, **how))

    async def _tried(self, work: Coroutine[Any, Any, Any]) -> None:
        """Whatever becomes of it: the replica that is asked may be dead."""
        try:
            await work
        except errors.KubeError as error:
            self.outcomes[type(error).__name__] += 1
        else:
            self.outcomes["done"] += 1

    def _deleted(self, kind: Resource, name: str) -> Coroutine[Any, Any, Any]:
        return self.office.desk.admin.delete(kind, name, namespace=self.office.desk.namespace)

    def _without_part(self, cluster: str) -> bool:
        """Take its part away first. Whether it has none."""
        self.loop.wait(self._tried(self._deleted(MACHINE_DEPLOYMENTS, f"{cluster}-md0")))
        return self._find(MACHINE_DEPLOYMENTS, f"{cluster}-md0") is None

    def _find(self, kind: Resource, name: str) -> Any:
        return self.loop.wait(self.office.desk.admin.find(kind, name, namespace=self.office.desk.namespace))


async def check(office: Office, bound: Usage) -> None:
    """Nothing is above the bound, and everything is paid for. For when nothing is under way."""
    truth, ledger = await office.truth(), await office.ledger()
    stored = sum(truth.values(), Usage(clusters=len(office.namespaces)))
    assert stored.within(bound), f"above the quota: {stored}"
    for family in {slot.partition("-md0")[0].rpartition("/")[2] for slot in truth}:
        needed, charged = (
            sum((cost for slot, cost in costs.items() if _is_of(slot, family)), Usage())
            for costs in (truth, {slot: ledger.cost(slot) for slot in ledger.slots})
        )
        assert needed.within(charged), f"not paid for: {family} needs {needed}, has {charged}"


def _is_of(slot: str, family: str) -> bool:
    """Whether it is a cluster of this name, or its part, or machines of this name."""
    return slot.rpartition("/")[2] in (family, f"{family}-md0")


async def check_at_rest(office: Office, *, about: object = "") -> None:
    """The ledger is what there is, whoever made it, and no claim is open. Raises with what it is `about`."""
    settled, there = await at_rest(office)
    told = {slot: counted(settled.cost(slot)) for slot in settled.slots.keys() | there.costs.keys()}
    assert len([slot for slot in told if slot.startswith(RAW)]) == len(office.namespaces), about
    exact = {slot: cost for slot, cost in told.items() if not slot.startswith((RAW, MACHINE))}
    assert exact == {slot: there.costs.get(slot, Usage()) for slot in exact}, about
    # Which machine pays for what their MachineSet does not is the ledger's to say; each is there, and none pays more.
    paying = {slot: cost for slot, cost in told.items() if slot.startswith(MACHINE)}
    wrong = {slot: cost for slot, cost in paying.items() if not cost.within(there.machines.get(slot, Usage()))}
    assert not wrong, about
    assert not [slot for slot in settled.slots.values() if slot.claims], about


@dataclass(frozen=True)
class There:
    """What is stored: what each object costs of the kinds that are worked out here, and how large each machine is."""

    costs: dict[str, Usage]
    machines: dict[str, Usage]

    @classmethod
    async def of(cls, office: Office) -> There:
        return cls({**await office.truth(), **await office.followed()}, await office.machines())


async def at_rest(office: Office) -> tuple[Ledger, There]:
    """The ledger when all is quiet, and what is stored then. A write that its client gave up may still land late, and
    with its clock ahead the keeper does not wait for it; and where another test has started Cluster API, that goes on
    with what became smaller, or was deleted, whenever it comes to it."""
    stored = await There.of(office)
    while True:
        settled = await office.settled()
        before, stored = stored, await There.of(office)
        if stored == before:
            return settled, stored


def counted(usage: Usage) -> Usage:
    """The dimensions that the quota here bounds."""
    return Usage(clusters=usage.clusters, nodes=usage.nodes, vcpu=usage.vcpu)
