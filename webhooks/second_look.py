"""The leader's look at what stands in tenants, at its start and every ten minutes. Thin; the rules are the policies'.

It takes its time: after each question it rests for several times as long as that took, so that whoever asks at the
door, and the API server, hardly notice. What it finds is told once: by an Event at the object, in the audit trail and
in the log; how much there is stands in a metric.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final, Protocol

import structlog

from provisioning import errors
from provisioning.audit import Tell
from provisioning.manifest import Manifest
from provisioning.model import Tenant
from provisioning.news import News
from provisioning.objects import Meta
from provisioning.resources import TENANTS, Resource
from webhooks import known, metrics, standing
from webhooks.decision import PASSING, UNAVAILABLE, Deny, Verdict
from webhooks.facts import All
from webhooks.judge import Judge
from webhooks.ports import Lookup
from webhooks.standing import Found

log = structlog.get_logger()

PERIOD: Final = 600.0
"""Seconds between two looks."""
PATIENCE: Final = 30.0
"""Seconds in which one object is judged."""
REST: Final = 4.0
"""Times as long as a question took that nothing is asked after it."""
TOLD_MAX: Final = 100
"""Objects that one look tells of; of more, their number."""


class Recording(Protocol):
    """Events about objects, as `provisioning.events.Recorder` writes them."""

    async def tell(self, it: Found, news: list[News], *, kind: Resource) -> None: ...


class SecondLook:
    """`judge` has the policies of `standing`; `run` looks, for ever."""

    def __init__(self, lookup: Lookup, judge: Judge, recorder: Recording, tell: Tell, *, rest: float = REST) -> None:
        self._lookup = lookup
        self._judge = judge
        self._recorder = recorder
        self._tell = tell
        self._rest = rest
        self._told: dict[str, str] = {}
        """What was told of which object, by its uid."""
        self._missed = 0
        """Lists and objects that could not be looked at in this look."""

    async def run(self) -> None:
        """Look every `PERIOD`, until cancelled."""
        try:
            while True:
                try:
                    await self.look()
                except errors.KubeError as error:
                    log.warning("second_look_broken_off", error=str(error))
                await asyncio.sleep(PERIOD)
        finally:
            # Another one leads, and counts.
            metrics.FORBIDDEN.clear()

    async def look(self) -> None:
        """One look. Raises `KubeError` where not even the tenants can be listed."""
        self._missed = 0
        found = {each.meta.uid: each async for each in self._all()}
        fresh = [each for uid, each in found.items() if self._told.get(uid) != each.denial.reason]
        for each in fresh[:TOLD_MAX]:
            self._tell(each.event)
            await self._recorder.tell(each, [each.news], kind=each.resource)
            # Not its words: they may quote what somebody wrote.
            log.warning("forbidden_found", kind=each.resource.kind, about=each.event.about, policies=each.policies)
        if len(fresh) > TOLD_MAX:
            log.warning("forbidden_found_more", objects=len(fresh) - TOLD_MAX)
        untold = {each.meta.uid for each in fresh[TOLD_MAX:]}
        told = {uid: each.denial.reason for uid, each in found.items() if uid not in untold}
        if self._missed:
            # What was not seen may stand as it stood.
            log.warning("second_look_without", questions=self._missed)
            self._told |= told
            return
        self._told = told
        counted = Counter(policy for each in found.values() for policy in each.policies)
        for policy in standing.POLICIES:
            metrics.FORBIDDEN.labels(policy.name).set(counted[policy.name])
        metrics.LOOKED.set_to_current_time()

    async def _all(self) -> AsyncIterator[Found]:
        for kind, namespace in await self._places():
            for manifest in await self._list(kind, namespace):
                started = _clock()
                found = standing.read(kind, manifest, await self._verdict(kind, manifest))
                if found is not None:
                    yield found
                await asyncio.sleep(self._rest * (_clock() - started))

    async def _verdict(self, kind: Resource, manifest: Manifest) -> Verdict:
        asked = standing.as_written(kind, manifest)
        try:
            verdict = await self._judge.validate(asked, deadline=_clock() + PATIENCE)
        except Exception:
            # As at the door. What stands here stands for every leader: none of them must end by it.
            log.exception("second_look_failed", kind=kind.kind, name=asked.name, namespace=asked.namespace)
            verdict = Deny("nobody can tell because of a fault of ours", code=UNAVAILABLE)
        self._missed += isinstance(verdict, Deny) and verdict.code in PASSING
        return verdict

    async def _places(self) -> list[tuple[Resource, str]]:
        tenants = await self._lookup.find(All(TENANTS), live=False)
        namespaces: set[str] = set()
        for manifest in tenants if isinstance(tenants, list | tuple) else ():
            try:
                namespaces.update(known.read(Tenant, manifest).it.spec.namespaces)
            except errors.Invalid:
                log.warning("second_look_without", tenant=Meta.of(manifest).name)
        wide = [(kind, "") for kind in standing.KINDS if not kind.namespaced]
        return wide + [(kind, each) for each in sorted(namespaces) for kind in standing.KINDS if kind.namespaced]

    async def _list(self, kind: Resource, namespace: str) -> list[Manifest]:
        """What cannot be listed now is looked at the next time."""
        started = _clock()
        try:
            found = await self._lookup.find(All(kind, namespace), live=True)
        except errors.KubeError as error:
            log.warning("second_look_without", kind=kind.kind, namespace=namespace, error=str(error))
            self._missed += 1
            return []
        await asyncio.sleep(self._rest * (_clock() - started))
        return list(found) if isinstance(found, list | tuple) else []


def _clock() -> float:
    return asyncio.get_running_loop().time()
