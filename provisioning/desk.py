"""What people at a door (Slack today) can ask and do: the bot reads and writes through this, and nothing else.

Reads come from watch caches and cost nothing (`reading_desk`); each write is one compare-and-swap that decides again
when it was lost. Rules are asked here early, so that people hear of a problem before anybody is bothered; the webhook
asks them again, bindingly. No sentence for people is made here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from provisioning import approval, asking, errors, names, people, preview, request_status, told
from provisioning.access_desk import AccessDesk
from provisioning.canary import Canary
from provisioning.completion import complete
from provisioning.errors import Cause
from provisioning.insight import Insight
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.model import (
    Action,
    ClusterRequest,
    Decision,
    Delivery,
    Person,
    RequestStatus,
    Tenant,
    TenantCluster,
    Vote,
)
from provisioning.objects import Stored, format_time, read
from provisioning.reading_desk import ReadingDesk
from provisioning.resources import CLUSTER_REQUESTS, TENANT_CLUSTERS
from provisioning.slack_groups import NoGroups, SlackGroups
from provisioning.views import Views
from provisioning.voting_desk import VotingDesk
from provisioning.waiting_desk import WaitingDesk
from provisioning.wish import Verdict, Wish


class Desk(ReadingDesk):
    """Reads and writes for people. `groups` knows who is in which user group of Slack, `now` is the time of day."""

    def __init__(
        self,
        kube: Kube,
        views: Views,
        *,
        groups: SlackGroups | None = None,
        canary: Canary | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(views, now=now)
        self._kube = kube
        self.canary = canary or Canary(kube, namespace="", now=now)
        self.accesses = AccessDesk(kube, views, tenant_of=self.tenant_of)
        self.insight = Insight(kube)
        self.voting = VotingDesk(kube, views, tenants=self._tenants, groups=groups or NoGroups(), now=now)
        self.waiting = WaitingDesk(kube, voting=self.voting, now=now)

    def approvals_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        """The tenants this person decides for, by name: as an approver listed there, or instead of one."""
        return tuple(t for t in self._tenants() if self.voting.decides(person, t) and self._open_to(person, t))

    async def preview(self, wish: Wish) -> Verdict:
        """What would happen. Raises `NoCatalog`, and `KubeError` when the API server cannot be asked."""
        hard, used = self.usage(wish.tenant)
        return await preview.verdict(
            self._kube,
            wish,
            catalog=self.catalog(),
            tenant=self._tenant(wish.tenant),
            stored=self._views.cluster(wish.namespace, wish.cluster),
            hard=hard,
            used=used,
        )

    async def ask(self, wish: Wish, *, name: str) -> Stored[ClusterRequest]:
        """Make the request. The same name again is the same request. Raises `KubeError`."""
        stored = self._views.cluster(wish.namespace, wish.cluster)
        tenant = self._tenant(wish.tenant)
        desired = wish.desired
        if desired is not None and tenant is not None:
            desired = complete(desired, catalog=self.catalog(), tenant=tenant.it.spec)
        manifest = asking.request(
            name=name,
            namespace=wish.namespace,
            action=wish.action,
            cluster=wish.cluster,
            desired=desired,
            base_generation=stored.meta.generation if stored and wish.action is not Action.CREATE else 0,
            requester=wish.person,
            reason=wish.reason,
            replaces=wish.replaces,
            slack_group=wish.slack_group,
        )
        try:
            return read(ClusterRequest, await self._kube.create(CLUSTER_REQUESTS, manifest))
        except errors.AlreadyExists:
            return read(ClusterRequest, await request_status.live(self._kube, wish.namespace, name))
        except (errors.Forbidden, errors.Invalid):
            # What is sent a second time, because an answer was lost, may be refused for what the first has done.
            there = await self._kube.find(CLUSTER_REQUESTS, name, namespace=wish.namespace)
            if there is None:
                raise
            return read(ClusterRequest, there)

    async def shortage(self, namespace: str, name: str) -> tuple[Cause, ...]:
        """Where the quota has no room now for what a request asks for, in the API server's words; nowhere when the
        request is gone. Raises `KubeError` when it cannot be asked."""
        request = self._views.request(namespace, name)
        return await preview.shortage(self._kube, request) if request is not None else ()

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
        """Count a vote. `digest` is what was shown, whole or its first 16 digits at least; `break_glass` takes the
        request through alone.

        Raises `Refused` or `KubeError`.
        """
        if decision is Decision.APPROVE and self.canary.trouble():
            raise Refused(Reason.PAUSED)
        at = format_time(self._now())
        vote = Vote(voter=person, decision=decision, reason=reason, at=at, break_glass=break_glass)
        return await self.voting.cast(namespace, name, vote, digest=digest)

    async def withdraw(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        """Take a request back. Raises `Refused` or `KubeError`."""
        tenant = self.tenant_of(namespace)

        def decide(request: Stored[ClusterRequest]) -> RequestStatus:
            spec = tenant.it.spec if tenant is not None else None
            return approval.withdraw(request, person, tenant=spec, now=self._now())

        return await request_status.rewrite(self._kube, namespace, name, decide)

    async def retry(self, namespace: str, name: str, person: Person) -> None:
        """Have everything of a cluster applied anew, now. Raises `Refused` or `KubeError`."""
        tenant = self.tenant_of(namespace)
        spec = tenant.it.spec if tenant is not None else None
        if spec is None or not (people.member(spec, person) or people.approves_some(spec, person)):
            raise Refused(Reason.NOT_YOURS)
        mark = {"metadata": {"annotations": {names.RECONCILE_ANNOTATION: format_time(self._now())}}}
        await self._kube.merge(TENANT_CLUSTERS, name, mark, namespace=namespace)

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> Stored[ClusterRequest]:
        """Note where a card stands, in place of what was noted for the same surface and channel."""

        def noted(request: Stored[ClusterRequest]) -> RequestStatus:
            others = (
                d
                for d in request.it.status.deliveries
                if (d.surface, d.channel) != (delivery.surface, delivery.channel)
            )
            return request.it.status.model_copy(update={"deliveries": (*others, delivery)})

        return await request_status.rewrite(self._kube, namespace, name, noted)

    async def note_told(self, cluster: Stored[TenantCluster], delivery: Delivery) -> None:
        """Note what was told of a cluster that nobody asked for in Slack. Raises `KubeError`."""
        await told.note(self._kube, cluster, delivery)

    async def card_found(self, namespace: str, name: str, found: Delivery) -> bool:
        """Whether a card that stands there is the one of its place; where none was noted, it is from now on."""

        def noted(request: Stored[ClusterRequest]) -> RequestStatus:
            standing = request.it.status.deliveries
            others = tuple(d for d in standing if (d.surface, d.channel) != (found.surface, found.channel))
            if any(d.ts for d in standing if d not in others):
                return request.it.status
            return request.it.status.model_copy(update={"deliveries": (*others, found)})

        request = await request_status.rewrite(self._kube, namespace, name, noted)
        where = (found.surface, found.channel, found.ts)
        return any((d.surface, d.channel, d.ts) == where for d in request.it.status.deliveries)
