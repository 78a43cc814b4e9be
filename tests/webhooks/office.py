"""Three replicas of the door on the real API server, and a keeper whose clocks and caches a test has in its hands."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playground import apply
from playground.controlplane import ControlPlane
from playground.processes import Child, answers
from provisioning import errors
from provisioning.footprint import MAX_SIZE
from provisioning.keeper import RECOUNT, Keeper
from provisioning.kube import Change, Kube, Listing
from provisioning.landscape import Landscape
from provisioning.ledger import Ledger
from provisioning.ledgers import KubeLedgers
from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.resources import (
    CLUSTERS,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    NAMESPACES,
    TENANT_CLUSTERS,
    TENANT_LEDGERS,
    TENANTS,
    Resource,
)
from provisioning.usage import Usage
from tests.provisioning.waiting import REAL_PATIENCE, running, until
from tests.webhooks.test_real import SYSTEM, Desk, behind_the_door

REPLICAS = 3
VOID_AFTER = 120.0
CORES = {"slim": 1, "wide": 3}
"""Of the machines of each template."""


@dataclass
class Lossy:
    """A source of caches that swallows that share of all events, of charged kinds, for ever, and all of some kinds."""

    kube: Kube
    share: float = 0.0
    swallowed: tuple[Resource, ...] = ()
    chance: random.Random = field(default_factory=random.Random)

    async def list(self, resource: Resource, **how: Any) -> Listing:
        return await self.kube.list(resource, **how)

    async def watch(self, resource: Resource, **how: Any) -> AsyncGenerator[Change, None]:
        async for change in self.kube.watch(resource, **how):
            lossy = resource in (TENANT_CLUSTERS, MACHINE_DEPLOYMENTS) and self.chance.random() < self.share
            if not lossy and resource not in self.swallowed:
                yield change


@dataclass
class Office:
    """A tenant behind the door, and its keeper. Its wall clock is `ahead`, its other one has `jumped` these seconds."""

    desk: Desk
    source: Lossy
    landscape: Landscape
    ahead: timedelta = timedelta()
    jumped: float = 0.0
    keeper: Keeper = field(init=False)
    namespaces: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.another_leader()

    def another_leader(self) -> None:
        """One that remembers nothing."""
        self.keeper = Keeper(
            self.desk.admin,
            self.landscape,
            namespace=SYSTEM,
            void_after=VOID_AFTER,
            now=lambda: datetime.now(UTC) + self.ahead,
            clock=lambda: time.monotonic() + self.jumped,
        )

    async def tenant(self, *, namespaces: int = 1, **hard: int) -> Office:
        """The same office for a tenant of its own. Its ledger is the keeper's work."""
        name = f"t-{secrets.token_hex(3)}"
        own = [f"tenant-{name}-{number}" for number in range(namespaces)]
        self.namespaces += own
        spec = {"namespaces": own, "quota": {"hard": hard}, "approval": {"required": 0}}
        wide = [_wide(TENANTS, name, spec=spec)]
        wide += [_wide(NAMESPACES, each, labels={TENANT_LABEL: name}) for each in own]
        await apply.put(self.desk.admin, wide)
        office = Office(replace(self.desk, tenant=name, namespace=own[0]), self.source, self.landscape)
        office.namespaces = own
        await until(lambda: all(map(self.landscape.tenant_of, own)), seconds=REAL_PATIENCE)
        await office.keep()
        return office

    async def keep(self) -> None:
        """One look of the keeper, which counts: it is done again when somebody was faster."""
        while True:
            with contextlib.suppress(errors.Conflict):
                await self.keeper.act(self.desk.tenant)
                return
            await asyncio.sleep(0.02)

    async def settled(self) -> Ledger:
        """When all is quiet: whatever was under way is too old to land, and everything is counted anew. What one look
        proves may be what the next one waits for, so it is over when nothing has changed for two whole periods."""
        ledger, quiet = await self.ledger(), 0
        while quiet < 3:
            self.jumped += VOID_AFTER + RECOUNT
            await self.keep()
            before, ledger = ledger, await self.ledger()
            quiet = quiet + 1 if ledger == before else 1
        return ledger

    async def ledger(self) -> Ledger:
        return (await self.store.load(self.desk.tenant)).ledger

    @property
    def store(self) -> KubeLedgers:
        return KubeLedgers(self.desk.admin, SYSTEM)

    async def version(self) -> str:
        return (await self.store.load(self.desk.tenant)).version

    async def truth(self) -> dict[str, Usage]:
        """What every stored object comes to, by an arithmetic of our own: machines, one for updates, their cores; of a
        part, what is more than its owner's."""
        found: dict[str, Usage] = {}
        for namespace in self.namespaces:
            pools: dict[str, Usage] = {}
            for cluster in await self._list(TENANT_CLUSTERS, namespace):
                machines = _with_surge(cluster["spec"]["pools"][0]["replicas"])
                pool = pools[cluster["metadata"]["uid"]] = Usage(nodes=machines, vcpu=2000 * machines)
                found[f"tenantclusters.clusterdesk.dev/{namespace}/{cluster['metadata']['name']}"] = pool.having(
                    clusters=1
                )
            for deployment in await self._list(MACHINE_DEPLOYMENTS, namespace):
                meta = deployment["metadata"]
                owners = [pools.get(owner["uid"], Usage()) for owner in meta.get("ownerReferences") or ()]
                cost = _machines(_with_surge(_most(deployment)), _cores(deployment)) - sum(owners, Usage())
                found[f"machinedeployments.cluster.x-k8s.io/{namespace}/{meta['name']}"] = cost.rises()
        return found

    async def followed(self) -> dict[str, Usage]:
        """What the MachineSets come to, that Cluster API makes where it runs, by an arithmetic of our own. Those of a
        MachineDeployment share what it is charged with, the oldest first, and pay for what is more, or larger."""
        found: dict[str, Usage] = {}
        for namespace in self.namespaces:
            shared = {it["metadata"]["uid"]: it for it in (await self._list(MACHINE_DEPLOYMENTS, namespace))}
            taken: dict[str, Usage] = {}
            for machine_set in sorted(await self._list(MACHINE_SETS, namespace), key=_age):
                meta, cores, replicas = machine_set["metadata"], _cores(machine_set), machine_set["spec"]["replicas"]
                owners = [owner["uid"] for owner in meta.get("ownerReferences") or () if owner.get("controller")]
                deployment = next((shared[uid] for uid in owners if uid in shared), None)
                if deployment is None:
                    cost = _machines(_most(machine_set), cores)
                else:
                    uid, present = deployment["metadata"]["uid"], _cores(deployment)
                    alike = _machines(replicas, min(cores, present))
                    left = (_machines(_with_surge(_most(deployment)), present) - taken.get(uid, Usage())).rises()
                    taken[uid] = taken.get(uid, Usage()) + alike
                    cost = (_machines(replicas, cores) - alike) + (alike - left).rises()
                found[f"machinesets.cluster.x-k8s.io/{namespace}/{meta['name']}"] = cost
        return found

    async def machines(self) -> dict[str, Usage]:
        """How large each KubevirtMachine is that Cluster API has made."""
        found: dict[str, Usage] = {}
        for namespace in self.namespaces:
            for machine in await self._list(KUBEVIRT_MACHINES, namespace):
                domain = machine["spec"]["virtualMachineTemplate"]["spec"]["template"]["spec"]["domain"]
                slot = f"kubevirtmachines.infrastructure.cluster.x-k8s.io/{namespace}/{machine['metadata']['name']}"
                found[slot] = _machines(1, domain["cpu"]["cores"])
        return found

    async def _list(self, kind: Resource, namespace: str) -> list[Manifest]:
        return (await self.desk.admin.list(kind, namespace=namespace)).items

    def kill(self, number: int) -> Child:
        """Kill a replica in the middle of whatever it does. What it was, to be started again."""
        child = self.desk.processes.children[f"webhooks-{number}"]
        child.popen.kill()
        child.popen.wait()
        return child

    async def restart(self, dead: Child) -> None:
        """Start a replica again, and wait until it is ready."""
        child = self.desk.processes.again(dead)
        port = (child.environment or {})["CLUSTERDESK_HEALTH_PORT"]
        await answers(child, f"http://127.0.0.1:{port}/readyz")


@contextlib.asynccontextmanager
async def opened(plane: ControlPlane, folder: Path) -> AsyncIterator[Office]:
    async with (
        await Kube.connect(kubeconfig=plane.kubeconfig) as admin,
        behind_the_door(plane, admin, folder, replicas=REPLICAS) as desk,
    ):
        source = Lossy(admin)
        landscape = Landscape(source, namespace=SYSTEM)
        office = Office(desk, source, landscape, namespaces=[desk.namespace])
        async with running(landscape.run()):
            await landscape.synced()
            yield office
        made = set(office.namespaces) - {desk.namespace}
    # The door is not asked any more.
    async with await Kube.connect(kubeconfig=plane.kubeconfig) as admin:
        for namespace in made:
            await admin.delete(NAMESPACES, namespace)
            tenant = namespace.removeprefix("tenant-").rpartition("-")[0]
            for resource, system in ((TENANTS, ""), (TENANT_LEDGERS, SYSTEM)):
                with contextlib.suppress(errors.NotFound):
                    await admin.delete(resource, tenant, namespace=system)


async def grounds(office: Office) -> None:
    """Templates for machines, and the Cluster they are for, in every namespace."""
    for namespace in office.namespaces:
        desk = replace(office.desk, namespace=namespace)
        reference = {"apiGroup": KUBEVIRT_CLUSTERS.group, "kind": KUBEVIRT_CLUSTERS.kind, "name": "raw"}
        await desk.admin.create(CLUSTERS, desk.new(CLUSTERS, "raw", {"infrastructureRef": reference}))
        for name, cores in CORES.items():
            domain = {"cpu": {"cores": cores}, "memory": {"guest": "1Gi"}, "devices": {}}
            machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": domain}}}}}
            await desk.admin.create(
                KUBEVIRT_MACHINE_TEMPLATES, desk.new(KUBEVIRT_MACHINE_TEMPLATES, name, {"template": {"spec": machine}})
            )
    caches = office.landscape.caches[KUBEVIRT_MACHINE_TEMPLATES]
    await until(lambda: all(len(caches.list(n)) == len(CORES) for n in office.namespaces), seconds=REAL_PATIENCE)


def cluster(office: Office, name: str, replicas: int = 1, **meta: Any) -> Manifest:
    spec = {"pools": [{"name": "md0", "flavor": "small", "replicas": replicas}]}
    return office.desk.new(TENANT_CLUSTERS, name, spec, **meta)


def deployment(office: Office, name: str, replicas: int, template: str = "slim", **meta: Any) -> Manifest:
    labels = {"matchLabels": {"a": "b"}}
    machine = {
        "clusterName": "raw",
        "version": "v1.34.2",
        "bootstrap": {"dataSecretName": "x"},
        "infrastructureRef": reference(template),
    }
    spec = {
        "clusterName": "raw",
        "replicas": replicas,
        "selector": labels,
        "template": {"metadata": {"labels": labels["matchLabels"]}, "spec": machine},
    }
    return office.desk.new(MACHINE_DEPLOYMENTS, name, spec, **meta)


def owner_of(cluster: Manifest) -> Manifest:
    """The reference of what is rendered for it."""
    meta = cluster["metadata"]
    kind = {"apiVersion": TENANT_CLUSTERS.api_version, "kind": TENANT_CLUSTERS.kind, "controller": True}
    return {**kind, "name": meta["name"], "uid": meta["uid"]}


def reference(template: str) -> Manifest:
    kind = KUBEVIRT_MACHINE_TEMPLATES
    return {"apiGroup": kind.group, "kind": kind.kind, "name": template}


def _most(manifest: Manifest) -> int:
    """Of a MachineDeployment or a MachineSet: how many machines it may be scaled to."""
    replicas: int = manifest["spec"]["replicas"]
    return max(replicas, int((manifest["metadata"].get("annotations") or {}).get(MAX_SIZE, 0)))


def _cores(manifest: Manifest) -> int:
    """Of each of its machines."""
    return CORES[manifest["spec"]["template"]["spec"]["infrastructureRef"]["name"]]


def _machines(count: int, cores: int) -> Usage:
    return Usage(nodes=count, vcpu=1000 * cores * count)


def _age(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"]["creationTimestamp"], manifest["metadata"]["uid"]


def _with_surge(replicas: int) -> int:
    return replicas + 1 if replicas else 0


def _wide(resource: Resource, name: str, *, spec: Any = None, **meta: Any) -> Manifest:
    found = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": name, **meta}}
    return found if spec is None else {**found, "spec": spec}
