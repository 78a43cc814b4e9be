"""What the door needs from the world, in our nouns."""

from __future__ import annotations

from typing import Protocol

from provisioning.batcher import Outcome
from webhooks.charge import Charge
from webhooks.facts import Answer, Query


class Lookup(Protocol):
    """The read side: caches, and the API server where they cannot do."""

    async def find(self, query: Query, *, live: bool) -> Answer:
        """The object or list asked for; `live` never answers from a cache.

        Raises `errors.KubeError`, and `TimeoutError` where too many wait for what is so after a while.
        """
        ...


class Ledgers(Protocol):
    """The tenants' ledgers, correct under concurrency."""

    async def reserve(self, charge: Charge, *, deadline: float, dry_run: bool) -> Outcome:
        """Reserve before answering yes; `dry_run` judges and writes nothing.

        `deadline` is a time of the running loop's clock. Raises `errors.KubeError`.
        """
        ...
