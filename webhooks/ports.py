"""What the door needs from the world, in our nouns."""

from __future__ import annotations

from typing import Protocol

from provisioning.manifest import Revisions
from provisioning.reservation import Outcome
from provisioning.resources import Resource
from webhooks.charge import Charge
from webhooks.facts import Answer, Query


class Lookup(Protocol):
    """The read side: caches, and the API server where they cannot do."""

    async def find(self, query: Query, *, live: bool) -> Answer:
        """The object or list asked for; `live` never answers from a cache.

        Raises `errors.KubeError`, and `TimeoutError` where too many wait for what is so after a while.
        """
        ...

    async def roll(self, kind: Resource) -> Revisions | None:
        """The revisions of all objects of a kind, as they are now; None where there are too many. Raises
        `errors.KubeError`."""
        ...


class Near(Protocol):
    """What is here already, of a moment ago."""

    def cached(self, query: Query) -> Answer | None:
        """The object or list asked for; None where it has to be looked up."""
        ...

    def shows(self, query: Query, answer: Answer) -> bool:
        """Whether a watch has the object at just this revision."""
        ...


class Ledgers(Protocol):
    """The tenants' ledgers, correct under concurrency."""

    async def reserve(self, charge: Charge, *, deadline: float, dry_run: bool) -> Outcome:
        """Reserve before answering yes; `dry_run` judges and writes nothing.

        `deadline` is a time of the running loop's clock. Raises `errors.KubeError`.
        """
        ...
