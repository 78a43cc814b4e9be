"""Puts into the audit trail what people did by a write, once it is stored.

An admitted write need not land: it may lose against another one, or be refused by somebody else's webhook. So it is
looked for afterwards, and told when it is there; whoever asked waits for none of that. Of those that cannot be followed
up (too many at once, no answer, we leave) it is told that nobody knows: a trail may say too much and not too little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from provisioning import errors
from provisioning.audit import Tell
from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, TENANT_CLUSTERS, Resource
from webhooks import deeds
from webhooks.decision import Allow
from webhooks.deeds import Deed
from webhooks.facts import One
from webhooks.ports import Lookup
from webhooks.review import Request
from webhooks.trusted import Trusted

log = structlog.get_logger()

PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8)
"""Seconds before each look. Other people's webhooks may hold a write up for 10 s, and be asked twice."""
MOST: Final = 500
"""Writes that are looked for at once."""
REMEMBERED: Final = 1000
"""Events that are not told twice: the API server may ask twice about one write, and a press may come twice."""
KINDS: Final[dict[str, Resource]] = {
    each.plural: each for each in (TENANT_CLUSTERS, CLUSTER_REQUESTS, APPROVAL_DELEGATIONS)
}


class Landings:
    """`note` takes what was admitted; `run` follows it up, until cancelled."""

    def __init__(self, lookup: Lookup, trusted: Trusted, tell: Tell, *, pauses: Iterable[float] = PAUSES) -> None:
        self._lookup = lookup
        self._trusted = trusted
        self._tell = tell
        self._pauses = pauses
        self._admitted: asyncio.Queue[Deed] = asyncio.Queue(MOST)
        self._told: dict[str, None] = {}

    def note(self, request: Request, verdict: Allow) -> None:
        """Something was admitted."""
        try:
            deed = deeds.read(request, verdict, self._trusted)
        except errors.Invalid as error:
            # No rule has looked at it, or it would have been refused.
            log.warning("deed_not_told", kind=request.kind, name=request.name, uid=request.uid, error=str(error))
            return
        if deed is None:
            return
        try:
            self._admitted.put_nowait(deed)
        except asyncio.QueueFull:
            self._tell_once(deed, proven=False)

    async def run(self) -> None:
        """Follow up, for ever. What is under way at the end is told as unproven."""
        following: dict[asyncio.Task[None], Deed] = {}
        try:
            while True:
                deed = await self._admitted.get()
                following = {task: each for task, each in following.items() if not task.done()}
                if len(following) >= MOST:
                    self._tell_once(deed, proven=False)
                else:
                    following[asyncio.create_task(self._follow(deed))] = deed
        finally:
            for task, deed in following.items():
                if task.cancel():
                    self._tell_once(deed, proven=False)
            while not self._admitted.empty():
                self._tell_once(self._admitted.get_nowait(), proven=False)

    async def _follow(self, deed: Deed) -> None:
        try:
            stored = await self._is_stored(deed)
        except errors.KubeError as error:
            log.warning("landing_not_seen", kind=deed.request.kind, uid=deed.request.uid, error=str(error))
            self._tell_once(deed, proven=False)
            return
        if stored:
            self._tell_once(deed, proven=True)

    async def _is_stored(self, deed: Deed) -> bool:
        """Whether it landed. What has not after all the pauses never will."""
        request = deed.request
        query = One(KINDS[request.resource], request.either["metadata"]["name"], request.namespace)
        for pause in self._pauses:
            await asyncio.sleep(pause)
            found = await self._lookup.find(query, live=True)
            stored = deed.is_stored(found if isinstance(found, dict) else None)
            if stored is not None:
                return stored
        return False

    def _tell_once(self, deed: Deed, *, proven: bool) -> None:
        for event in deed.events:
            name = repr(event)
            if name in self._told:
                continue
            self._told[name] = None
            if len(self._told) > REMEMBERED:
                del self._told[next(iter(self._told))]
            self._tell(event if proven else deeds.unproven(event))
