"""Votes, and who decides instead of whom: the part of the desk about approvers.

Each vote is one compare-and-swap that decides again when it was lost. Raises `Refused` or `KubeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from provisioning import approval, delegating, names, people, replacing, request_status, risk, seats
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
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
from provisioning.objects import Stored
from provisioning.slack_groups import GroupsUnknown, SlackGroups
from provisioning.views import Views


class VotingDesk:
    """`tenants` are all there are, `groups` knows who is in which user group of Slack, `now` is the time of day."""

    def __init__(
        self,
        kube: Kube,
        views: Views,
        *,
        tenants: Callable[[], Iterable[Stored[Tenant]]],
        groups: SlackGroups,
        now: Callable[[], datetime],
    ) -> None:
        self._kube = kube
        self._views = views
        self._tenants = tenants
        self._groups = groups
        self._now = now

    def delegations(self, namespace: str) -> tuple[DelegationSpec, ...]:
        """Who decides instead of whom there now."""
        return seats.in_force(self._views.delegations(namespace), self._now())

    def everybodys(self) -> tuple[Stored[ApprovalDelegation], ...]:
        """All delegations there are, in whichever namespace, those that are over with them."""
        return tuple(self._views.delegations())

    def decides(self, person: Person, tenant: Stored[Tenant]) -> bool:
        """Whether this person decides for the tenant: as an approver listed there, if only about large requests,
        instead of one, or about what is handed on to them."""
        spec = risk.everybody(tenant.it.spec)
        return any(seats.seats(spec, person, delegations=self.delegations(place)) for place in spec.namespaces)

    async def groups_of(
        self, namespace: str, person: Person, request: Stored[ClusterRequest] | None = None, *, patient: bool = False
    ) -> tuple[str, ...]:
        """In which of the user groups that decide there this person is, where nothing else lets them decide: about this
        request, or about whatever comes. Nothing is to hang on the answer to the `patient`.

        Raises `Refused` where Slack does not say.
        """
        spec = self._deciding(request) if request is not None else self._tenant(namespace).it.spec
        deciding = [each.slack_group for each in risk.everybody(spec).approvers if each.slack_group]
        if not deciding or not person.slack:
            return ()
        # Who decides about small requests need not decide about large ones.
        is_seated = bool(seats.seats(spec, person, delegations=self.delegations(namespace)))
        if is_seated and (request is not None or spec.approval.large is None):
            return ()
        try:
            return await self._groups.held(person.slack, deciding, patient=patient)
        except GroupsUnknown as unknown:
            raise Refused(Reason.GROUP_UNKNOWN) from unknown

    async def cast(self, namespace: str, name: str, vote: Vote, *, digest: str) -> Stored[ClusterRequest]:
        """Count a vote. `digest` is what was shown, whole or its first 16 digits at least."""
        known = self._views.request(namespace, name)
        slack_groups = () if vote.break_glass else await self.groups_of(namespace, vote.voter, known)

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            approval.check_shown(request, digest)
            replacing.check_stands(request, self._views.request(namespace, request.it.spec.replaces))
            return approval.cast(
                request,
                vote,
                tenant=self._deciding(request),
                slack_groups=slack_groups,
                delegations=self.delegations(namespace),
                now=self._now(),
            )

        return await request_status.rewrite(self._kube, namespace, name, decide)

    async def check(self, namespace: str, name: str, person: Person, *, digest: str) -> Stored[ClusterRequest]:
        """The request as the caches have it, when a vote of this person would count."""
        request = self._views.request(namespace, name)
        if request is None:
            raise Refused(Reason.GONE)
        slack_groups = await self.groups_of(namespace, person, request)
        approval.check_shown(request, digest)
        approval.check_voter(
            request,
            person,
            tenant=self._deciding(request),
            slack_groups=slack_groups,
            delegations=self.delegations(namespace),
            now=self._now(),
        )
        return request

    async def take_back(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        """Take this person's vote back, as long as nothing is decided."""

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            return approval.take_back(request, person, tenant=self._tenant(namespace).it.spec, now=self._now())

        return await request_status.rewrite(self._kube, namespace, name, decide)

    async def delegate(
        self, approver: Person, delegate: Person, *, tenants: Collection[str], until: datetime, reason: str
    ) -> tuple[str, ...]:
        """Have somebody else decide in these tenants, wherever this approver is listed by name there: the tenants. It
        replaces what was said before."""
        chosen = (tenant for tenant in self._tenants() if tenant.meta.name in tenants)
        theirs = tuple(t for t in chosen if people.delegates_in_slack(t.it.spec, approver))
        for namespace in (namespace for tenant in theirs for namespace in tenant.it.spec.namespaces):
            wanted = delegating.manifest(namespace, approver, delegate, until=until, reason=reason)
            await delegating.put(self._kube, wanted)
        return tuple(tenant.meta.name for tenant in theirs)

    async def stop(self, approver: Person, *, tenants: Collection[str] = ()) -> tuple[DelegationSpec, ...]:
        """End what this approver has delegated, in every namespace of these tenants, or of all."""
        chosen = (tenant for tenant in self._tenants() if not tenants or tenant.meta.name in tenants)
        namespaces = {namespace for tenant in chosen for namespace in tenant.it.spec.namespaces}
        found = (each for each in self._views.delegations() if each.meta.namespace in namespaces)
        mine = [each for each in found if people.same(each.it.spec.approver, approver)]
        for each in mine:
            await delegating.end(self._kube, each)
        return tuple(each.it.spec for each in mine)

    def _deciding(self, request: Stored[ClusterRequest]) -> TenantSpec:
        """The tenant as it decides about this request."""
        namespace, spec = request.meta.namespace, request.it.spec
        offered, cluster = self._views.catalog(names.CATALOG), self._views.cluster(namespace, spec.cluster)
        present, catalog = cluster.it.spec if cluster else None, offered.it.spec if offered else None
        return risk.about(self._tenant(namespace).it.spec, spec, present, catalog)

    def _tenant(self, namespace: str) -> Stored[Tenant]:
        found = next((tenant for tenant in self._tenants() if namespace in tenant.it.spec.namespaces), None)
        if found is None:
            raise Refused(Reason.NOT_AN_APPROVER)
        return found
