"""The part of the desk in memory that is about approvers. The rules are the real ones; only the store is not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from provisioning import approval, objects, people, risk, seats
from provisioning.lifecycle import Refused
from provisioning.model import (
    ApprovalDelegation,
    ClusterRequest,
    DelegationSpec,
    Person,
    RequestStatus,
    Tenant,
    TenantSpec,
    Vote,
)
from provisioning.objects import Meta, Stored
from provisioning.slack_groups import GroupsUnknown, NoGroups, SlackGroups
from tests.bot import samples

if TYPE_CHECKING:
    from tests.bot.fake_desk import FakeChanges, FakeDesk

NOW = objects.parse_time(samples.LATER)


@dataclass
class FakeVoting:
    """`groups` is whatever knows Slack's user groups: the bot's own, against the local workspace."""

    desk: FakeDesk
    changes: FakeChanges
    groups: SlackGroups = field(default_factory=NoGroups)
    now: datetime = NOW
    given: dict[tuple[str, str], DelegationSpec] = field(default_factory=dict)
    """By namespace and the approver's user name."""

    def __post_init__(self) -> None:
        self._words: dict[tuple[str, str], int] = {}

    def delegations(self, namespace: str) -> tuple[DelegationSpec, ...]:
        lasting = {k: each for k, each in self.given.items() if objects.parse_time(each.until) > self.now}
        return tuple(each for (place, _), each in sorted(lasting.items()) if place == namespace)

    def everybodys(self) -> tuple[Stored[ApprovalDelegation], ...]:
        return tuple(
            Stored(
                Meta(
                    name=user, namespace=place, uid=f"uid-{place}-{user}", generation=self._words.get((place, user), 0)
                ),
                ApprovalDelegation(spec=spec),
            )
            for (place, user), spec in sorted(self.given.items())
        )

    def decides(self, person: Person, tenant: Stored[Tenant]) -> bool:
        spec = risk.everybody(tenant.it.spec)
        return any(seats.seats(spec, person, delegations=self.delegations(place)) for place in spec.namespaces)

    async def groups_of(
        self, namespace: str, person: Person, request: Stored[ClusterRequest] | None = None, *, patient: bool = False
    ) -> tuple[str, ...]:
        spec = self._deciding(request) if request is not None else self._tenant(namespace).it.spec
        deciding = [each.slack_group for each in risk.everybody(spec).approvers if each.slack_group]
        is_seated = bool(seats.seats(spec, person, delegations=self.delegations(namespace)))
        if not deciding or (is_seated and (request is not None or spec.approval.large is None)):
            return ()
        try:
            return await self.groups.held(person.slack, deciding, patient=patient)
        except GroupsUnknown as unknown:
            raise Refused(Refused.Reason.GROUP_UNKNOWN) from unknown

    async def cast(self, namespace: str, name: str, vote: Vote, *, digest: str) -> Stored[ClusterRequest]:
        found = self._found(namespace, name)
        slack_groups = () if vote.break_glass else await self.groups_of(namespace, vote.voter, found)
        approval.check_shown(found, digest)
        delegations = self.delegations(namespace)
        cast = approval.cast(
            found, vote, tenant=self._deciding(found), slack_groups=slack_groups, delegations=delegations, now=self.now
        )
        self.desk.writes.append(f"vote {vote.decision.value} {vote.voter.user}")
        return self._put(found, cast)

    async def check(self, namespace: str, name: str, person: Person, *, digest: str) -> Stored[ClusterRequest]:
        found = self._found(namespace, name)
        slack_groups = await self.groups_of(namespace, person, found)
        approval.check_shown(found, digest)
        delegations = self.delegations(namespace)
        approval.check_voter(
            found,
            person,
            tenant=self._deciding(found),
            slack_groups=slack_groups,
            delegations=delegations,
            now=self.now,
        )
        return found

    async def take_back(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        await self.desk.reach()
        found = self._found(namespace, name)
        after = approval.take_back(found, person, tenant=self._tenant(namespace).it.spec, now=self.now)
        self.desk.writes.append(f"take back {person.user}")
        return self._put(found, after)

    async def delegate(
        self, approver: Person, delegate: Person, *, tenants: Collection[str], until: datetime, reason: str
    ) -> tuple[str, ...]:
        await self.desk.reach()
        chosen = [tenant for name, tenant in self.desk.tenants.items() if name in tenants]
        theirs = [tenant for tenant in chosen if people.delegates_in_slack(tenant.it.spec, approver)]
        ends = objects.format_time(until)
        spec = DelegationSpec(approver=approver, delegate=delegate, until=ends, reason=reason)
        given = {(place, approver.user): spec for t in theirs for place in t.it.spec.namespaces}
        new = [key for key in given if self.given.get(key) != spec]
        self.given |= given
        for key in new:
            self._words[key] = self._words.get(key, 0) + 1
            self.changes.tell(key)
        return tuple(t.meta.name for t in theirs)

    async def stop(self, approver: Person, *, tenants: Collection[str] = ()) -> tuple[DelegationSpec, ...]:
        await self.desk.reach()
        chosen = [tenant for name, tenant in self.desk.tenants.items() if not tenants or name in tenants]
        places = {place for tenant in chosen for place in tenant.it.spec.namespaces}
        mine = [key for key in self.given if key[0] in places and key[1] == approver.user]
        for key in mine:
            self.changes.tell(key)
        return tuple(self.given.pop(key) for key in mine)

    def _found(self, namespace: str, name: str) -> Stored[ClusterRequest]:
        found = self.desk.stored.get((namespace, name))
        if found is None:
            raise Refused(Refused.Reason.GONE)
        return found

    def _deciding(self, request: Stored[ClusterRequest]) -> TenantSpec:
        cluster = self.desk.built.get((request.meta.namespace, request.it.spec.cluster))
        present, tenant = cluster.it.spec if cluster else None, self._tenant(request.meta.namespace).it.spec
        return risk.about(tenant, request.it.spec, present, self.desk.offered)

    def _tenant(self, namespace: str) -> Stored[Tenant]:
        found = self.desk.tenant_of(namespace)
        if found is None:
            raise Refused(Refused.Reason.GONE)
        return found

    def _put(self, found: Stored[ClusterRequest], status: RequestStatus) -> Stored[ClusterRequest]:
        return self.desk.put(Stored(found.meta, found.it.model_copy(update={"status": status})))


@dataclass
class ToldGroups:
    """Who is in which group, as a test says."""

    members: dict[str, Collection[str]] = field(default_factory=dict)
    silent: bool = False

    async def held(self, slack: str, among: Collection[str], *, patient: bool = False) -> tuple[str, ...]:
        if self.silent:
            raise GroupsUnknown("no answer")
        return tuple(group for group in among if slack in self.members.get(group, ()))
