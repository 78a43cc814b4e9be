"""Asks every policy that applies, fetches what they still need, and makes one answer of theirs.

The thin shell around the pure rules: it looks things up, reserves in the ledger, and holds the deadline. It decides
three things only: that a refusal is never given on a cached object, nor a yes where a policy says that it would be
worth nothing then, and that nothing is reserved for what is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import TypeVar

import jsonpatch
import structlog

from provisioning import errors
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from webhooks import charge as charges
from webhooks.charge import Charge
from webhooks.confirmed import Confirmed, gist
from webhooks.decision import BUSY, UNAVAILABLE, Allow, Deny, Patch, Verdict
from webhooks.facts import Answer, Facts, Query, Unknown, Unusable
from webhooks.hearing import Hearing
from webhooks.policy import About, Default, Policy, about, table
from webhooks.ports import Ledgers, Lookup, Near
from webhooks.recall import Recall
from webhooks.review import Request
from webhooks.trusted import Trusted

ROUNDS_MAX = 16
"""Times a policy may ask for more. Each asks for what it knows to need at once, so a handful is usual."""

UNSURE = Deny("it was judged by what is no longer so", code=BUSY, retry_after=1)
"""Never told: whoever judges by what is remembered has to judge again."""

log = structlog.get_logger()

T = TypeVar("T")


class TooCurious(Exception):
    """A rule keeps asking for more objects than any sound request needs."""


@dataclass(frozen=True)
class Judge:
    """The rules with what they need. `now` is the time of day, for rules about dates."""

    policies: Sequence[Policy]
    defaults: Sequence[Default]
    lookup: Lookup
    ledgers: Ledgers
    trusted: Trusted
    now: Callable[[], datetime]
    near: Near | None = None
    recall: Recall = field(default_factory=Recall)
    confirmed: Confirmed = field(default_factory=Confirmed)

    @cached_property
    def _policies(self) -> Mapping[About, Sequence[Policy]]:
        return table(self.policies)

    @cached_property
    def _defaults(self) -> Mapping[About, Sequence[Default]]:
        return table(self.defaults)

    async def validate(self, request: Request, *, deadline: float) -> Verdict:
        """Admit or refuse before `deadline` (of the loop's clock). Never raises for what the world does."""
        policies = self._policies.get(about(request), ())
        hearing = self._hearing(request, policies, live=False)
        if not hearing.unknown and not hearing.waiting and not self._doubtful(hearing.facts):
            # As most changes: who waits for nothing needs no timer either.
            verdict = hearing.verdict()
            if isinstance(verdict, Allow):
                return verdict
        try:
            async with asyncio.timeout_at(deadline):
                verdict = await self._judge(hearing, deadline, live=False)
                if isinstance(verdict, Allow):
                    return verdict
                # Perhaps the cache is behind: somebody is refused only by what is so at this moment.
                return await self._judge(self._hearing(request, policies, live=True), deadline, live=True)
        except TimeoutError:
            return Deny("it could not be decided in time; try again", code=BUSY, retry_after=1)
        except errors.KubeError as error:
            log.warning("facts_unavailable", error=str(error), kind=type(error).__name__, uid=request.uid)
            reason = "it cannot be decided now, because the API server did not answer; try again"
            return Deny(reason, code=UNAVAILABLE, retry_after=1)

    async def mutate(self, request: Request, *, deadline: float) -> Allow | Patch:
        """Complete the object. What cannot be completed now is left as it is: validation looks at the result."""
        defaults = self._defaults.get(about(request), ())
        if request.object is None or not defaults:
            return Allow()
        try:
            async with asyncio.timeout_at(deadline):
                wanted = await self._complete(request, request.object, defaults)
            operations = jsonpatch.make_patch(request.object, wanted).patch
        except (TimeoutError, errors.KubeError, Unusable, RecursionError) as error:
            log.warning("defaults_not_applied", error=str(error), kind=type(error).__name__, uid=request.uid)
            return Allow((f"defaults were not filled in: {_why(error)}",))
        return Patch(tuple(operations)) if operations else Allow()

    async def _judge(self, hearing: Hearing, deadline: float, *, live: bool) -> Verdict:
        facts = hearing.facts
        for _ in range(ROUNDS_MAX):
            if not hearing.unknown:
                break
            await self._fetch(hearing.unknown, facts, live=live)
            hearing.ask()
        else:
            raise TooCurious
        reserving = self._reserve(hearing, deadline)
        doubtful = set() if live else self._doubtful(facts)
        if doubtful:
            # Side by side: what is reserved on a wrong guess stays charged for a while, and harms nobody.
            _, wrong = await asyncio.gather(reserving, self._mistaken(doubtful, facts))
            if wrong:
                return UNSURE
        else:
            await reserving
        return hearing.verdict()

    async def _reserve(self, hearing: Hearing, deadline: float) -> None:
        """Put the ledger's answers in place of the charges. Nothing is written, and nobody waits, for what is refused
        anyway."""
        refused = hearing.refused
        for name, answer in hearing.waiting:
            if isinstance(answer, Charge):
                dry_run = hearing.request.dry_run or refused
                until = min(deadline, _clock() + answer.holds)
                outcome = await self.ledgers.reserve(answer, deadline=until, dry_run=dry_run)
                hearing.put(name, charges.answer(answer, outcome))
            elif not refused:
                hearing.put(name, await self._ask(partial(answer.check, hearing.facts), hearing.facts, live=True))

    def _hearing(self, request: Request, policies: Sequence[Policy], *, live: bool) -> Hearing:
        facts = Facts(self.now(), self.trusted)
        if not live:
            # Not of the facts themselves, which would hold on to each other.
            facts.at_hand = partial(self._at_hand, facts.guessed)
        hearing = Hearing(request, policies, facts)
        hearing.ask()
        return hearing

    def _doubtful(self, facts: Facts) -> set[Query]:
        """What a yes would rest on, and may not be so any more. A watch alone does not do, it may be behind; nor does
        it that it was so a moment ago, where a watch has seen it change since."""
        if not facts.guessed and not facts.grounds:
            return set()
        near = self.near
        changed = {query for query in facts.guessed if near is None or not near.shows(query, facts.known[query])}
        since = _clock() - self.confirmed.within
        return changed | self.confirmed.doubtful(facts.guessed | facts.grounds, facts.known, since=since)

    async def _mistaken(self, doubtful: Set[Query], facts: Facts) -> bool:
        """Whether anything that was only remembered, or cached, says something else by now."""
        asked = _clock()
        crowded = self.confirmed.crowded(doubtful, facts.known, asked)
        await asyncio.gather(*(self._call_roll(kind, asked) for kind in crowded))
        doubtful = self.confirmed.doubtful(doubtful, facts.known, since=asked)
        guessed, asked = {query: facts.known[query] for query in doubtful}, _clock()
        await self._fetch(tuple(guessed), facts, live=True)
        self.confirmed.note(doubtful, facts.known, asked)
        return any(gist(facts.known[query]) != gist(guess) for query, guess in guessed.items())

    async def _call_roll(self, kind: Resource, asked: float) -> None:
        """Of a kind of which many are in use, hear of all at once. What cannot be listed is read one by one."""
        try:
            roll = await self.lookup.roll(kind)
        except errors.KubeError as error:
            log.warning("roll_not_called", kind=kind.plural, error=str(error))
            roll = None
        self.confirmed.called(kind, roll, asked)

    async def _complete(self, request: Request, manifest: Manifest, defaults: Sequence[Default]) -> Manifest:
        facts = Facts(self.now(), self.trusted, at_hand=self._cached)
        wanted = manifest
        for default in defaults:
            wanted = await self._ask(partial(default.complete, request, wanted, facts), facts, live=False)
        return wanted

    def _at_hand(self, guessed: set[Query], query: Query) -> Answer | None:
        """What is remembered, or cached."""
        guess = self.recall.guess(query)
        if guess is not None:
            guessed.add(query)
            return guess
        return self._cached(query)

    def _cached(self, query: Query) -> Answer | None:
        return self.near.cached(query) if self.near is not None else None

    async def _ask(self, rule: Callable[[], T], facts: Facts, *, live: bool) -> T:
        """What the rule says once it knows all it asks for."""
        for _ in range(ROUNDS_MAX):
            try:
                return rule()
            except Unknown as unknown:
                await self._fetch(unknown.queries, facts, live=live)
        raise TooCurious

    async def _fetch(self, queries: Sequence[Query], facts: Facts, *, live: bool) -> None:
        unknown = [query for query in queries if live or query not in facts.known]
        answers = await asyncio.gather(*(self.lookup.find(query, live=live) for query in unknown))
        for query, answer in zip(unknown, answers, strict=True):
            facts.add(query, answer)
            self.recall.note(query, answer)


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _why(error: Exception) -> str:
    match error:
        case Unusable():
            return str(error)
        case TimeoutError():
            return "no time was left"
        case RecursionError():
            return "it is nested too deep"
        case _:
            return "the API server did not answer"
