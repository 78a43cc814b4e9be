"""What the bot needs from the rest: the desk (the core's one door for it) and Slack's side of posting.

`provisioning.desk.Desk` is a `Desk`; tests bring their own, held to the same promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot.blocks import Block
from bot.cards import Card
from bot.weights import Weight
from provisioning.desk import Verdict, Wish
from provisioning.handmade import HandMade
from provisioning.model import (
    CatalogSpec,
    ClusterRequest,
    Decision,
    Delivery,
    Person,
    Tenant,
    TenantCluster,
)
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.usage import Usage
from provisioning.usual import Usual


class Reads(Protocol):
    """Answers from watch caches: at once, never from the network."""

    def person(self, slack: str) -> Person | None:
        """Whose Slack account this is, by the tenants' explicit mapping."""
        ...

    def tenants_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        """The tenants this person is a member of."""
        ...

    def approvals_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
        """The tenants this person approves for."""
        ...

    def all_tenants(self) -> tuple[Stored[Tenant], ...]:
        """Every tenant. Only for whoever looks after the platform."""
        ...

    def tenant_of(self, namespace: str) -> Stored[Tenant] | None:
        """Whose namespace it is."""
        ...

    def catalog(self) -> CatalogSpec: ...

    def clusters(self, tenant: str) -> tuple[Stored[TenantCluster], ...]: ...

    def hand_made(self, tenant: str) -> tuple[HandMade, ...]:
        """Cluster API's clusters in the tenant's namespaces that no TenantCluster stands behind."""
        ...

    def requests(self, tenant: str) -> tuple[Stored[ClusterRequest], ...]: ...

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

    async def vote(
        self, namespace: str, name: str, person: Person, decision: Decision, *, reason: str = "", digest: str
    ) -> Stored[ClusterRequest]:
        """Raises `Refused` with the reason why this vote does not count."""
        ...

    async def withdraw(self, namespace: str, name: str, person: Person) -> Stored[ClusterRequest]: ...

    async def record_delivery(self, namespace: str, name: str, delivery: Delivery) -> Stored[ClusterRequest]:
        """Note where a card stands, replacing what was noted for the same surface and channel."""
        ...

    async def card_found(self, namespace: str, name: str, found: Delivery) -> bool:
        """Whether a card that stands there is the one of its place; where none was noted, it is from now on."""
        ...


class Desk(Reads, Writes, Protocol):
    """Both halves."""


class Poster(Protocol):
    """Posting into Slack within its budgets, without waiting. Each call raises what `bot.outbox` names.

    `weight` says who goes first when there is not room for all.
    """

    async def direct(self, slack: str, *, weight: Weight = Weight.READY) -> str:
        """The channel id of the direct message with this person."""
        ...

    async def post(
        self, channel: str, card: Card, *, metadata: Mapping[str, Any], once: str = "", weight: Weight = Weight.READY
    ) -> str:
        """Post a card; its timestamp. `once` names this very message, should it be posted again."""
        ...

    async def update(self, channel: str, ts: str, card: Card, *, weight: Weight = Weight.READY) -> None:
        """Draw a posted card anew."""
        ...


class Publisher(Protocol):
    """Publishing App Home within Slack's budget, without waiting. Raises what `bot.outbox` and `publishing` name."""

    async def publish(self, slack: str, view: Block, *, hash_: str, weight: Weight) -> str:
        """Put somebody's Home, unless another one than `hash_` stands there by now (any may, when it is empty). The
        hash of the new one."""
        ...
