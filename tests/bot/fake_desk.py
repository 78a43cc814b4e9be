"""A desk in memory, with the promises of the real one as far as the bot relies on them.

It keeps the rules simple (approvers decide, not on their own requests, once) and can be made to fail: `down` makes
every write unavailable, `lag` hides writes from the caches until `catch_up`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pydantic

from provisioning import approval, errors, names, objects, people, quota, replacing, shape, told, usual
from provisioning.digest import digest_of
from provisioning.handmade import HandMade
from provisioning.lifecycle import Refused
from provisioning.manifest import Key
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    Decision,
    Delivery,
    Person,
    Phase,
    RequestSpec,
    RequestStatus,
    Tenant,
    TenantCluster,
    Vote,
)
from provisioning.objects import Meta, Stored
from provisioning.quota import Limits
from provisioning.usage import Usage
from provisioning.usual import Usual
from provisioning.wish import Verdict, Wish
from tests.bot import samples
from tests.bot.fake_accesses import FakeAccesses
from tests.bot.fake_canary import FakeCanary
from tests.bot.fake_insight import FakeInsight
from tests.bot.fake_voting import FakeVoting
from tests.bot.fake_waiting import FakeWaiting


class FakeChanges:
    """The keys of a cache, as they change."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Queue[Key]] = []
        self.known: dict[Key, None] = {}

    def tell(self, key: Key) -> None:
        self.known[key] = None
        for queue in self._waiting:
            queue.put_nowait(key)

    async def changed(self) -> AsyncIterator[Key]:
        queue: asyncio.Queue[Key] = asyncio.Queue()
        for key in self.known:
            queue.put_nowait(key)
        self._waiting.append(queue)
        while True:
            yield await queue.get()


@dataclass
class FakeDesk:
    tenants: dict[str, Stored[Tenant]] = field(default_factory=lambda: {"team-a": samples.tenant()})
    offered: CatalogSpec = field(default_factory=samples.catalog)
    stored: dict[Key, Stored[ClusterRequest]] = field(default_factory=dict)
    built: dict[Key, Stored[TenantCluster]] = field(default_factory=dict)
    by_hand: tuple[HandMade, ...] = ()
    used: dict[str, Usage] = field(default_factory=dict)
    freed: dict[str, Usage] = field(default_factory=dict)
    """What the API server knows to be used, where the caches lag."""
    causes: tuple[errors.Cause, ...] = ()
    waiver: str = ""
    short: tuple[errors.Cause, ...] = ()
    """Where the quota has no room now for whatever is asked for."""
    room_unknown: bool = False
    """Whether the API server does not say whether there is room."""
    down: bool = False
    refusal: errors.KubeError | None = None
    """What the webhook has against whatever is written, though the desk takes it for right."""
    down_after: int | None = None
    now: datetime | None = None
    """When it is asked, decided and withdrawn; that of the samples where a test does not say."""
    lag: bool = False
    pause: float = 0.0
    writes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.request_changes = FakeChanges()
        self.cluster_changes = FakeChanges()
        self.tenant_changes = FakeChanges()
        self.accesses = FakeAccesses(self._reach, self.tenant_of, FakeChanges())
        self._seen: dict[Key, Stored[ClusterRequest]] = dict(self.stored)
        self.voting = FakeVoting(self, FakeChanges())
        self.canary = FakeCanary()
        self.waiting = FakeWaiting(self)
        self.insight = FakeInsight(self._reach)
        for key in self.stored:
            self.request_changes.tell(key)

    # What a test does to the world

    def put(self, thing: Stored[ClusterRequest]) -> Stored[ClusterRequest]:
        """Somebody wrote a request."""
        _take(thing.it)
        version = str(int(thing.meta.resource_version or 0) + 1)
        thing = Stored(replace(thing.meta, resource_version=version), thing.it)
        self.stored[thing.key] = thing
        if not self.lag:
            self.catch_up()
        return thing

    def catch_up(self) -> None:
        """The caches see everything."""
        changed = [key for key, thing in self.stored.items() if self._seen.get(key) is not thing]
        self._seen = dict(self.stored)
        for key in changed:
            self.request_changes.tell(key)

    def put_cluster(self, thing: Stored[TenantCluster]) -> None:
        self.built[thing.key] = thing
        self.cluster_changes.tell(thing.key)

    def put_tenant(self, thing: Stored[Tenant]) -> None:
        """Somebody wrote a Tenant, or what it uses was published."""
        self.tenants[thing.meta.name] = thing
        self.tenant_changes.tell(("", thing.meta.name))

    def drop_cluster(self, key: Key) -> None:
        self.built.pop(key, None)
        self.cluster_changes.tell(key)

    def drop(self, key: Key) -> None:
        """Somebody deleted a request."""
        self.stored.pop(key, None)
        self._seen.pop(key, None)
        self.request_changes.tell(key)

    def status(self, key: Key, **changes: object) -> Stored[ClusterRequest]:
        """Somebody (the provisioner, kubectl) wrote the status."""
        return self.put(_changed(self.stored[key], **changes))

    # Reads

    def person(self, slack: str) -> Person | None:
        found = (people.by_slack(t.it.spec, slack) for t in self.tenants.values())
        return next((person for person in found if person is not None), None)

    def users_by_email(self, address: str) -> frozenset[str]:
        return people.addressed((tenant.it.spec for tenant in self.tenants.values()), address)

    def tenants_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        return tuple(t for t in self.tenants.values() if person.user in {s.user for s in t.it.spec.members})

    def approvals_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        return tuple(t for t in self.tenants.values() if self.voting.decides(person, t))

    def all_tenants(self) -> tuple[Stored[Tenant], ...]:
        return tuple(self.tenants.values())

    def tenant_of(self, namespace: str) -> Stored[Tenant] | None:
        return next((t for t in self.tenants.values() if namespace in t.it.spec.namespaces), None)

    def catalog(self) -> CatalogSpec:
        return self.offered

    def clusters(self, tenant: str) -> tuple[Stored[TenantCluster], ...]:
        namespaces = self.tenants[tenant].it.spec.namespaces
        return tuple(c for c in self.built.values() if c.meta.namespace in namespaces)

    def cluster(self, namespace: str, name: str) -> Stored[TenantCluster] | None:
        return self.built.get((namespace, name))

    def hand_made(self, tenant: str) -> tuple[HandMade, ...]:
        namespaces = self.tenants[tenant].it.spec.namespaces
        return tuple(it for it in self.by_hand if it.meta.namespace in namespaces)

    def requests(self, tenant: str) -> tuple[Stored[ClusterRequest], ...]:
        namespaces = self.tenants[tenant].it.spec.namespaces
        return tuple(r for r in self._seen.values() if r.meta.namespace in namespaces)

    def requests_about(self, namespace: str, cluster: str) -> tuple[Stored[ClusterRequest], ...]:
        return tuple(r for r in self._seen.values() if (r.meta.namespace, r.it.spec.cluster) == (namespace, cluster))

    def request(self, namespace: str, name: str) -> Stored[ClusterRequest] | None:
        return self._seen.get((namespace, name))

    def usage(self, tenant: str) -> tuple[Limits, Usage]:
        return quota.limits(self.tenants[tenant].it.spec.quota.hard, self.offered), self.used.get(tenant, Usage())

    def usual(self) -> Usual:
        return usual.of(self.built.values())

    # Writes

    async def preview(self, wish: Wish) -> Verdict:
        await self._reach()
        hard, published = self.usage(wish.tenant)
        used = self.freed.get(wish.tenant, published)
        envelope = quota.envelope(wish.desired, self.offered) if wish.desired else Usage()
        present = self.built.get((wish.namespace, wish.cluster))
        was = quota.envelope(present.it.spec, self.offered) if present else Usage()
        digest = digest_of(action=wish.action, cluster=wish.cluster, desired=wish.desired)
        full = () if self.causes else hard.excess(used.most(was), envelope - was)
        causes = self.causes or tuple(errors.Cause("spec.pools", quota.describe(each)) for each in full)
        unfit = shape.name_problems(wish.cluster) if wish.action is Action.CREATE else ()
        return Verdict(
            causes=(*unfit, *causes),
            waiver=self.waiver,
            before=used.most(was),
            after=used.most(was) - was + envelope,
            hard=hard,
            digest=digest,
        )

    async def ask(self, wish: Wish, *, name: str) -> Stored[ClusterRequest]:
        await self._reach()
        known = self.stored.get((wish.namespace, name))
        if known is not None:
            return known
        present = self.built.get((wish.namespace, wish.cluster))
        spec = RequestSpec(
            action=wish.action,
            cluster=wish.cluster,
            desired=wish.desired,
            digest=digest_of(action=wish.action, cluster=wish.cluster, desired=wish.desired),
            reason=wish.reason,
            base_generation=present.meta.generation if present and wish.action is not Action.CREATE else 0,
            requester=wish.person,
            replaces=wish.replaces,
            slack_group=wish.slack_group,
        )
        old = self.stored.get((wish.namespace, wish.replaces)) if wish.replaces else None
        if wish.replaces and (why := replacing.why_not(spec, old)):
            raise errors.Invalid(why, causes=[errors.Cause("spec.replaces", why)])
        now = self.now or samples.NOW
        meta = Meta(name=name, namespace=wish.namespace, uid=f"uid-{name}", created=now)
        self.writes.append(f"ask {name}")
        # The provisioner looks at once in this little world.
        status = RequestStatus(expires_at=objects.format_time(now + timedelta(hours=24)))
        made = self.put(Stored(meta, ClusterRequest(spec=spec, status=status)))
        if old is not None:
            self.put(_with(old, replacing.taken_back(old, made, now=objects.parse_time(self._later()))))
        return made

    async def shortage(self, namespace: str, name: str) -> tuple[errors.Cause, ...]:
        await self._reach()
        if self.room_unknown:
            raise errors.Unavailable("no answer from the API server")
        return self.short if (namespace, name) in self._seen else ()

    async def vote(
        self,
        namespace: str,
        name: str,
        person: Person,
        decision: Decision,
        *,
        reason: str = "",
        digest: str,
        break_glass: bool = False,
    ) -> Stored[ClusterRequest]:
        await self._reach()
        if decision is Decision.APPROVE and self.canary.trouble():
            raise Refused(Refused.Reason.PAUSED)
        vote = Vote(voter=person, decision=decision, reason=reason, at=self._later(), break_glass=break_glass)
        return await self.voting.cast(namespace, name, vote, digest=digest)

    async def withdraw(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        await self._reach()
        found = self.stored.get((namespace, name))
        if found is None:
            raise Refused(Refused.Reason.GONE)
        tenant = self.tenant_of(namespace)
        spec = tenant.it.spec if tenant is not None else None
        now = objects.parse_time(samples.LATER)
        return self.put(_with(found, approval.withdraw(found, person, tenant=spec, now=now)))

    async def retry(self, namespace: str, name: str, person: Person) -> None:
        await self._reach()
        if (namespace, name) not in self.built:
            raise errors.NotFound("not found")
        self.writes.append(f"retry {name} {person.user}")

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> Stored[ClusterRequest]:
        await self._reach()
        found = self.stored[namespace, name]
        kept = [d for d in found.it.status.deliveries if (d.surface, d.channel) != (delivery.surface, delivery.channel)]
        self.writes.append(f"deliver {delivery.surface.value} {delivery.channel}")
        return self.put(_changed(found, deliveries=(*kept, delivery)))

    async def note_told(self, cluster: Stored[TenantCluster], delivery: Delivery) -> None:
        await self._reach()
        found = self.built.get(cluster.key)
        if found is None or found.meta.uid != cluster.meta.uid:
            return
        self.writes.append(f"told {delivery.surface.value} {delivery.channel}")
        marks = {**found.meta.annotations, names.TOLD_ANNOTATION: told.line(told.of(found.meta), delivery)}
        self.put_cluster(Stored(replace(found.meta, annotations=marks), found.it))

    async def card_found(self, namespace: str, name: str, found: Delivery) -> bool:
        await self._reach()
        request = self.stored.get((namespace, name))
        if request is None:
            raise Refused(Refused.Reason.GONE)
        here = [d for d in request.it.status.deliveries if (d.surface, d.channel) == (found.surface, found.channel)]
        if not any(d.ts for d in here):
            await self.record_delivery(namespace, name, found)
            return True
        return here[0].ts == found.ts

    def _later(self) -> str:
        return objects.format_time(self.now) if self.now else samples.LATER

    async def reach(self) -> None:
        """The way to the API server, for every part of the desk."""
        await self._reach()

    async def _reach(self) -> None:
        await asyncio.sleep(self.pause)
        if self.down_after is not None:
            self.down_after -= 1
        if self.down or (self.down_after is not None and self.down_after < 0):
            raise errors.Unavailable("no answer from the API server")
        if self.refusal is not None:
            raise self.refusal


def _take(it: ClusterRequest) -> None:
    """As the API server does: nothing that the schema has no room for."""
    try:
        ClusterRequest.model_validate(it.wire())
    except pydantic.ValidationError as error:
        raise errors.Invalid(str(error)) from error


def _changed(thing: Stored[ClusterRequest], **changes: object) -> Stored[ClusterRequest]:
    return _with(thing, thing.it.status.model_copy(update=dict(changes)))


def _with(thing: Stored[ClusterRequest], status: RequestStatus) -> Stored[ClusterRequest]:
    return Stored(thing.meta, thing.it.model_copy(update={"status": status}))


def approved(desk: FakeDesk, key: Key) -> None:
    """Approved by Omar and applied by the provisioner."""
    vote = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)
    desk.status(key, phase=Phase.APPLIED, votes=(vote,), decided_at=samples.LATER)
