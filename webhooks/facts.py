"""What a policy may ask for besides the request: other objects, the time, and who we trust. Values, no I/O.

A policy is a pure function and may still need any object. It asks `facts.get(...)`; what is not known yet raises
`Unknown`, the door (`webhooks.judge`) fetches it and asks the policy again. So a test is a table of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from provisioning.manifest import Manifest
from provisioning.resources import Resource
from webhooks.trusted import Trusted

T = TypeVar("T")


@dataclass(frozen=True)
class One:
    """A question for one object."""

    resource: Resource
    name: str
    namespace: str = ""


@dataclass(frozen=True)
class All:
    """A question for all objects of a kind, in one namespace when it is given, as they are `after` so many seconds."""

    resource: Resource
    namespace: str = ""
    after: float = 0.0


Query = One | All
Answer = Manifest | None | Sequence[Manifest]


class Unknown(Exception):  # a signal, not a fault
    """A policy asked for something that has not been fetched yet."""

    def __init__(self, *queries: Query) -> None:
        super().__init__(*queries)
        self.queries = queries


class Unusable(Exception):
    """An object that everything hangs on (the Catalog, a Tenant) is missing or broken. The text is for people."""


@dataclass
class Facts:
    """Everything known for one request. `add` is for the door only; policies read."""

    now: datetime
    trusted: Trusted = field(default_factory=Trusted)
    known: dict[Query, Answer] = field(default_factory=dict)
    at_hand: Callable[[Query], Answer | None] = lambda _: None
    """What the door need not fetch; None for what it has to."""
    guessed: set[Query] = field(default_factory=set)
    """What of it is only remembered so far."""
    grounds: set[Query] = field(default_factory=set)
    """What a yes must not rest on if it is so in a cache only."""
    _worked_out: dict[Hashable, Any] = field(default_factory=dict)

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        """The object, None when there is none. Raises `Unknown`."""
        answer = self._answer(One(resource, name, namespace if resource.namespaced else ""))
        return answer if isinstance(answer, dict) else None

    def list(self, resource: Resource, *, namespace: str = "", after: float = 0.0) -> Sequence[Manifest]:
        """All objects of the kind. Raises `Unknown`."""
        answer = self._answer(All(resource, namespace, after))
        return answer if answer is not None and not isinstance(answer, dict) else ()

    def once(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """What follows from the facts and is asked for by several policies: worked out by the first. Raises as that."""
        if key not in self._worked_out:
            self._worked_out[key] = work_out()
        found: T = self._worked_out[key]
        return found

    def need(self, *queries: Query) -> None:
        """Have all of these fetched at once, rather than one after another. Raises `Unknown`."""
        missing = [query for query in queries if not self._knows(query)]
        if missing:
            raise Unknown(*missing)

    def add(self, query: Query, answer: Answer) -> None:
        self.known[query] = answer

    def rest_on(self, *kinds: Resource) -> None:
        """A policy's word that its yes is worth nothing if what it was told of these kinds is so no more."""
        self.grounds |= {query for query in self.known if isinstance(query, One) and query.resource in kinds}

    def _answer(self, query: Query) -> Answer:
        if not self._knows(query):
            raise Unknown(query)
        return self.known[query]

    def _knows(self, query: Query) -> bool:
        if query not in self.known and (found := self.at_hand(query)) is not None:
            self.known[query] = found
        return query in self.known
