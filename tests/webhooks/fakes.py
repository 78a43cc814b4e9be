"""A world of objects in memory, and ledgers that say what they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from provisioning import errors
from provisioning.manifest import Manifest, Revisions, key_of, revision_of
from provisioning.reservation import Granted, Outcome
from provisioning.resources import Resource
from provisioning.usage import Usage
from webhooks.charge import Charge
from webhooks.decision import Allow
from webhooks.facts import All, Answer, Facts, One, Query, Unknown
from webhooks.policy import Default, Policy, Unless
from webhooks.review import Request
from webhooks.trusted import Trusted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class World:
    """Objects by kind, namespace and name: a `Lookup`, and an answer to a policy asked directly."""

    def __init__(self, *manifests: Manifest) -> None:
        self.manifests = list(manifests)
        self.asked: list[tuple[Query, bool]] = []

    async def find(self, query: Query, *, live: bool) -> Answer:
        self.asked.append((query, live))
        await asyncio.sleep(0)
        return self.answer(query)

    async def roll(self, kind: Resource) -> Revisions | None:
        found = await self.find(All(kind), live=True) or ()
        return {key_of(one): revision_of(one) for one in found if isinstance(one, dict)}

    def answer(self, query: Query) -> Answer:
        found = [m for m in self.manifests if _fits(m, query)]
        if isinstance(query, All):
            return found
        return found[0] if found else None

    def check(self, policy: Policy, request: Request, *, trusted: Trusted | None = None, now: datetime = NOW) -> Any:
        """What the policy says in this world."""
        if policy.concerns is not None and not policy.concerns(request):
            return Allow()
        facts = Facts(now, trusted or Trusted())
        while True:
            try:
                answer = policy.check(request, facts)
                return answer.check(facts) if isinstance(answer, Unless) else answer
            except Unknown as unknown:
                self._tell(facts, unknown)

    def complete(self, default: Default, request: Request, *, trusted: Trusted | None = None) -> Manifest:
        """What the default makes of the object in this world."""
        facts = Facts(NOW, trusted or Trusted())
        while True:
            try:
                return default.complete(request, request.object or {}, facts)
            except Unknown as unknown:
                self._tell(facts, unknown)

    def _tell(self, facts: Facts, unknown: Unknown) -> None:
        for query in unknown.queries:
            facts.add(query, self.answer(query))


class BrokenWorld(World):
    """An API server that does not answer."""

    async def find(self, query: Query, *, live: bool) -> Answer:
        raise errors.Unavailable("nobody there")


class SlowWorld(World):
    """An API server that takes its time. `arrived` gets every question when it comes."""

    def __init__(self, *manifests: Manifest) -> None:
        super().__init__(*manifests)
        self.arrived: asyncio.Queue[Query] = asyncio.Queue()

    async def find(self, query: Query, *, live: bool) -> Answer:
        self.arrived.put_nowait(query)
        await asyncio.sleep(60)
        return None


@dataclass
class ToldLedgers:
    """Ledgers that answer what they are told, and remember what they were asked."""

    outcomes: Sequence[Outcome] = ()
    asked: list[tuple[Charge, bool]] = field(default_factory=list)

    async def reserve(self, charge: Charge, *, deadline: float, dry_run: bool) -> Outcome:
        self.asked.append((charge, dry_run))
        return self.outcomes[min(len(self.asked), len(self.outcomes)) - 1] if self.outcomes else Granted(Usage())


def _fits(manifest: Manifest, query: Query) -> bool:
    meta = manifest["metadata"]
    if (manifest["apiVersion"], manifest["kind"]) != (query.resource.api_version, query.resource.kind):
        return False
    if isinstance(query, One):
        return (meta["name"], meta.get("namespace", "")) == (query.name, query.namespace)
    return query.namespace in ("", meta.get("namespace", ""))
