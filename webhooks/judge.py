"""Asks every policy that applies, fetches what they still need, and makes one answer of theirs.

The thin shell around the pure rules: it looks things up, reserves in the ledger, and holds the deadline. It decides
two things only: that a refusal is never given on a cached object, and that nothing is reserved for what is refused.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import jsonpatch
import structlog

from provisioning import errors
from webhooks import charge as charges
from webhooks.charge import Charge
from webhooks.decision import BUSY, INVALID, UNAVAILABLE, Allow, Deny, Patch, Verdict, merge, refuse
from webhooks.facts import Facts, Manifest, Query, Trusted, Unknown, Unusable
from webhooks.policy import Default, Policy, applies
from webhooks.ports import Ledgers, Lookup
from webhooks.review import Request

ROUNDS_MAX = 16
"""Times a policy may ask for more. Each asks for what it knows to need at once, so a handful is usual."""

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

    async def validate(self, request: Request, *, deadline: float) -> Verdict:
        """Admit or refuse before `deadline` (of the loop's clock). Never raises for what the world does."""
        policies = [policy for policy in self.policies if applies(policy, request)]
        try:
            async with asyncio.timeout_at(deadline):
                verdict = await self._judge(request, policies, deadline, live=False)
                if isinstance(verdict, Deny):
                    # Perhaps the cache is behind: somebody is refused only by what is so at this moment.
                    verdict = await self._judge(request, policies, deadline, live=True)
                return verdict
        except TimeoutError:
            return Deny("it could not be decided in time; try again", code=BUSY, retry_after=1)
        except errors.KubeError as error:
            log.warning("facts_unavailable", error=str(error), kind=type(error).__name__, uid=request.uid)
            reason = "it cannot be decided now, because the API server did not answer; try again"
            return Deny(reason, code=UNAVAILABLE, retry_after=1)

    async def mutate(self, request: Request, *, deadline: float) -> Allow | Patch:
        """Complete the object. What cannot be completed now is left as it is: validation looks at the result."""
        defaults = [default for default in self.defaults if applies(default, request)]
        if request.object is None or not defaults:
            return Allow()
        try:
            async with asyncio.timeout_at(deadline):
                wanted = await self._complete(request, request.object, defaults)
        except (TimeoutError, errors.KubeError, Unusable) as error:
            log.warning("defaults_not_applied", error=str(error), kind=type(error).__name__, uid=request.uid)
            return Allow((f"defaults were not filled in: {str(error) or 'no time left'}",))
        operations = jsonpatch.make_patch(request.object, wanted).patch
        return Patch(tuple(operations)) if operations else Allow()

    async def _judge(self, request: Request, policies: Sequence[Policy], deadline: float, *, live: bool) -> Verdict:
        facts = Facts(self.now(), self.trusted)
        answers = [await self._ask(partial(_check, policy, request, facts), facts, live=live) for policy in policies]
        verdicts = [answer for answer in answers if not isinstance(answer, Charge)]
        refused = any(isinstance(verdict, Deny) for verdict in verdicts)
        for charge in answers:
            if isinstance(charge, Charge):
                dry_run = request.dry_run or refused
                outcome = await self.ledgers.reserve(charge, deadline=deadline, dry_run=dry_run)
                verdicts.append(charges.answer(charge, outcome))
        return merge(verdicts)

    async def _complete(self, request: Request, manifest: Manifest, defaults: Sequence[Default]) -> Manifest:
        facts = Facts(self.now(), self.trusted)
        wanted = copy.deepcopy(manifest)
        for default in defaults:
            wanted = await self._ask(partial(default.complete, request, wanted, facts), facts, live=False)
        return wanted

    async def _ask(self, rule: Callable[[], T], facts: Facts, *, live: bool) -> T:
        """What the rule says once it knows all it asks for."""
        for _ in range(ROUNDS_MAX):
            try:
                return rule()
            except Unknown as unknown:
                await self._fetch(unknown.queries, facts, live=live)
        raise TooCurious

    async def _fetch(self, queries: Sequence[Query], facts: Facts, *, live: bool) -> None:
        answers = await asyncio.gather(*(self.lookup.find(query, live=live) for query in queries))
        for query, answer in zip(queries, answers, strict=True):
            facts.add(query, answer)


def _check(policy: Policy, request: Request, facts: Facts) -> Verdict | Charge:
    try:
        return policy.check(request, facts)
    except Unusable as error:
        return Deny(str(error))
    except errors.Invalid as error:
        # The CRD lets through what our own model does not; every policy that reads it says the same.
        return refuse(*(error.causes or (errors.Cause("", error.message),)), code=INVALID)
