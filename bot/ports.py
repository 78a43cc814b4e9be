"""What the bot needs from the core: the desk, its one door for it. What it needs of Slack is in `posting`.

`provisioning.desk.Desk` is a `Desk`; tests bring their own, held to the same promises.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Protocol

from provisioning.diagnosis import Diagnosis
from provisioning.entry import Entry
from provisioning.errors import Cause
from provisioning.handmade import HandMade
from provisioning.losses import Losses
from provisioning.model import (
    ApprovalDelegation,
    CatalogSpec,
    ClusterAccess,
    ClusterRequest,
    Decision,
    DelegationSpec,
    Delivery,
    Person,
    Tenant,
    TenantCluster,
)
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.records import Record
from provisioning.trouble import Trouble
from provisioning.usage import Usage
from provisioning.usual import Usual
from provisioning.wish import Verdict, Wish


class Reads(Protocol):
    """Answers from watch caches: at once, never from the network."""

    def person(self, slack: str) -> Person | None:
        """Whose Slack account this is, by the tenants' explicit mapping."""
        ...

    def users_by_email(self, address: str) -> frozenset[str]:
        """The user names that an e-mail address may stand for, where tenants let addresses count."""
        ...

    def tenants_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        """The tenants this person is a member of."""
        ...

    def approvals_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        """The tenants this person approves for."""
        ...

    def all_tenants(self) -> tuple[Stored[Tenant], ...]:
        """Every tenant, by name. Whoever asks sees to it that people see what is theirs."""
        ...

    def tenant_of(self, namespace: str) -> Stored[Tenant] | None:
        """Whose namespace it is."""
        ...

    def catalog(self) -> CatalogSpec: ...

    def clusters(self, tenant: str) -> tuple[Stored[TenantCluster], ...]: ...

    def cluster(self, namespace: str, name: str) -> Stored[TenantCluster] | None: ...

    def hand_made(self, tenant: str) -> tuple[HandMade, ...]:
        """Cluster API's clusters in the tenant's namespaces that no TenantCluster stands behind."""
        ...

    def requests(self, tenant: str) -> tuple[Stored[ClusterRequest], ...]: ...

    def requests_about(self, namespace: str, cluster: str) -> tuple[Stored[ClusterRequest], ...]:
        """All requests about one cluster, oldest first. However many the tenant has, it costs no more."""
        ...

    def request(self, namespace: str, name: str) -> Stored[ClusterRequest] | None: ...

    def usage(self, tenant: str) -> tuple[Limits, Usage]:
        """What is allowed, and what is used."""
        ...

    def usual(self) -> Usual:
        """How long clusters took to come up of late, of whichever tenant."""
        ...


class Writes(Protocol):
    """Decisions, each one compare-and-swap against the API server."""

    async def preview(self, wish: Wish) -> Verdict: ...

    async def ask(self, wish: Wish, *, name: str) -> Stored[ClusterRequest]:
        """Create the request; the same name again is the same request."""
        ...

    async def shortage(self, namespace: str, name: str) -> tuple[Cause, ...]:
        """Where the quota has no room now for what a request asks for. Raises `KubeError` when nobody can tell."""
        ...

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
        """Raises `Refused` with the reason why this vote does not count; `break_glass` takes it through alone."""
        ...

    async def withdraw(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]: ...

    async def retry(self, namespace: str, name: str, person: Person) -> None:
        """Have everything of a cluster put there anew, now. Raises `Refused` and `NotFound`."""
        ...

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> Stored[ClusterRequest]:
        """Note where a card stands, replacing what was noted for the same surface and channel."""
        ...

    async def note_told(self, cluster: Stored[TenantCluster], delivery: Delivery) -> None:
        """Note what was told of a cluster that nobody asked for here, in place of what was noted for the same surface
        and place. Nothing of one that is gone."""
        ...

    async def card_found(self, namespace: str, name: str, found: Delivery) -> bool:
        """Whether a card that stands there is the one of its place; where none was noted, it is from now on."""
        ...


class Canary(Protocol):
    """Whether quotas are enforced, tried again and again."""

    def trouble(self) -> Trouble | None:
        """Why they cannot be relied on, as far as is known by now."""
        ...

    def troubles(self) -> AsyncIterator[Trouble | None]:
        """The trouble there is, once that is known, and then each time that this changes."""
        ...

    async def run(self) -> None:
        """Try it for ever, or not at all where that is turned off."""
        ...


class Voting(Protocol):
    """What approvers do besides voting."""

    def delegations(self, namespace: str) -> tuple[DelegationSpec, ...]:
        """Who decides instead of whom there now."""
        ...

    def everybodys(self) -> tuple[Stored[ApprovalDelegation], ...]:
        """All delegations there are, in whichever namespace, those that are over with them."""
        ...

    async def groups_of(self, namespace: str, person: Person, *, patient: bool = False) -> tuple[str, ...]:
        """By which user groups of Slack this person decides there, where nothing else lets them; for the `patient`, who
        only look, as of a while ago. Raises `Refused`."""
        ...

    async def check(self, namespace: str, name: str, person: Person, *, digest: str) -> Stored[ClusterRequest]:
        """The request, when a vote of this person would count; raises `Refused` when it would not."""
        ...

    async def take_back(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        """Take a vote back, as long as nothing is decided; raises `Refused` when there is none."""
        ...

    async def delegate(
        self, approver: Person, delegate: Person, *, tenants: Collection[str], until: datetime, reason: str
    ) -> tuple[str, ...]:
        """Have somebody else decide in these tenants, wherever this approver is listed by name there: the tenants."""
        ...

    async def stop(self, approver: Person, *, tenants: Collection[str] = ()) -> tuple[DelegationSpec, ...]:
        """End what this approver had delegated, in these tenants or in all."""
        ...


class Accesses(Protocol):
    """Ways into clusters. The first two answer from watch caches."""

    def of(self, tenant: Stored[Tenant]) -> tuple[Stored[ClusterAccess], ...]:
        """All accesses to the tenant's clusters."""
        ...

    def get(self, namespace: str, name: str) -> Stored[ClusterAccess] | None: ...

    async def ask(self, entry: Entry, *, name: str) -> Stored[ClusterAccess]:
        """Make the access; the same name again is the same access."""
        ...

    async def revoke(self, namespace: str, name: str, person: Person) -> Stored[ClusterAccess]:
        """End it. Raises `Refused` when it is gone, or not this person's to end."""
        ...

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> None:
        """Note where the card of an access stands, or, with the surface News, the last message about its end."""
        ...


class Insight(Protocol):
    """What only the API server can tell of a cluster. Asked when somebody wants to know; each raises `KubeError`."""

    async def losses(self, namespace: str, cluster: str) -> Losses:
        """What people made in it that goes with it."""
        ...

    async def diagnosis(self, namespace: str, cluster: str, *, others: Collection[str]) -> Diagnosis:
        """What keeps it. `others` are the other clusters of the namespace."""
        ...


class Waiting(Protocol):
    """What is done about a request that waits, short of deciding. Each raises `Refused` with the reason why not."""

    async def check_asker(self, namespace: str, name: str, asker: Person, *, digest: str) -> None:
        """Whether somebody decides about a request, and so may ask."""
        ...

    async def question(
        self, namespace: str, name: str, asker: Person, words: str, *, digest: str
    ) -> Stored[ClusterRequest]: ...

    async def answer(
        self, namespace: str, name: str, person: Person, number: int, words: str
    ) -> Stored[ClusterRequest]:
        """The requester's answer to the question of that number."""
        ...

    async def nudge(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]:
        """Have everybody reminded who was asked, for the requester."""
        ...

    async def record(self, namespace: str, name: str, record: Record) -> Stored[ClusterRequest]:
        """Write down what people were told. The same again is written once."""
        ...


class Desk(Reads, Writes, Protocol):
    """All of it."""

    @property
    def accesses(self) -> Accesses: ...

    @property
    def voting(self) -> Voting: ...

    @property
    def canary(self) -> Canary: ...

    @property
    def waiting(self) -> Waiting: ...

    @property
    def insight(self) -> Insight: ...
