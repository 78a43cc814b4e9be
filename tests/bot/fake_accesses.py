"""The part of the desk about access, in memory, with the promises of the real one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from provisioning import asking, errors, grants, issuing, objects
from provisioning.entry import Entry
from provisioning.lifecycle import Refused
from provisioning.manifest import Key
from provisioning.model import AccessStatus, ClusterAccess, Delivery, Person, Surface, Tenant
from provisioning.objects import Stored, format_time
from tests.provisioning import accesses

if TYPE_CHECKING:
    from tests.bot.fake_desk import FakeChanges

SERVER = "https://10.0.0.7:6443"


@dataclass
class FakeAccesses:
    """`reach` is the way to the API server, which may be down; `causes` is what a webhook has against the next one."""

    reach: Callable[[], Awaitable[None]]
    tenant_of: Callable[[str], Stored[Tenant] | None]
    changes: FakeChanges
    causes: tuple[errors.Cause, ...] = ()
    stored: dict[Key, Stored[ClusterAccess]] = field(default_factory=dict)

    def put(self, thing: Stored[ClusterAccess]) -> Stored[ClusterAccess]:
        """Somebody wrote an access."""
        self.stored[thing.key] = thing
        self.changes.tell(thing.key)
        return thing

    def status(self, key: Key, status: AccessStatus) -> None:
        """Somebody wrote its status."""
        thing = self.stored[key]
        self.put(Stored(thing.meta, thing.it.model_copy(update={"status": status})))

    def issue(self, key: Key, *, now: datetime) -> None:
        """The certificate is made, and the role is given."""
        one = self.stored[key]
        spec, until = one.it.spec, now + timedelta(hours=8)
        certificate = issuing.issue(
            issuing.authority(accesses.authority_secret()),
            issuing.public_key(spec.request),
            user=spec.user,
            group=grants.GROUPS[spec.role],
            now=now,
            until=until,
        )
        made: dict[str, Any] = {"certificate": certificate, "authority": accesses.AUTHORITY.decode(), "server": SERVER}
        made |= {"issued_at": format_time(now), "expires_at": format_time(until)}
        self.status(key, grants.told(one, now=now).model_copy(update=made))

    def of(self, tenant: Stored[Tenant]) -> tuple[Stored[ClusterAccess], ...]:
        found = (each for each in self.stored.values() if each.meta.namespace in tenant.it.spec.namespaces)
        return tuple(sorted(found, key=lambda each: (each.meta.namespace, each.it.spec.cluster, each.meta.name)))

    def get(self, namespace: str, name: str) -> Stored[ClusterAccess] | None:
        return self.stored.get((namespace, name))

    async def ask(self, entry: Entry, *, name: str) -> Stored[ClusterAccess]:
        await self.reach()
        if self.causes:
            raise errors.Forbidden("refused", causes=self.causes)
        known = self.stored.get((entry.namespace, name))
        return known or self.put(objects.read(ClusterAccess, asking.access(name=name, **vars(entry))))

    async def revoke(self, namespace: str, name: str, person: Person) -> Stored[ClusterAccess]:
        await self.reach()
        found, tenant = self.stored.get((namespace, name)), self.tenant_of(namespace)
        if found is None:
            raise Refused(Refused.Reason.GONE)
        if tenant is None or not grants.may_revoke(found, tenant.it.spec, person):
            raise Refused(Refused.Reason.NOT_YOURS)
        spec = found.it.spec.model_copy(update={"revoked": True})
        return self.put(Stored(found.meta, found.it.model_copy(update={"spec": spec})))

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> None:
        await self.reach()
        found = self.stored.get((namespace, name))
        field = "reminder" if delivery.surface is Surface.NEWS else "delivery"
        if found is not None and getattr(found.it.status, field) != delivery:
            self.status(found.key, found.it.status.model_copy(update={field: delivery}))
