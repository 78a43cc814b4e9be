"""Who is in a user group of Slack: asked when somebody decides, and kept for a short while.

Slack takes the question 20 times a minute (tier 2) and answers it on paid plans only. What it does not answer is never
guessed: whoever decides is told, and may try again. Whoever only looks, as every App Home does, takes an older answer
and no more than a part of the questions: else nobody could decide where many tenants have groups of their own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.budgets import Bucket
from bot.respite import Respite
from bot.weights import Weight
from provisioning.slack_groups import GroupsUnknown

log = structlog.get_logger()

KEPT_SECONDS = 60.0
"""For how long somebody who left still counts, should Slack not tell us (`subteam_members_changed`)."""
SHOWN_SECONDS = 1800.0
"""The same for what is only shown: 240 groups can be asked about meanwhile."""
SHOWN_PER_MINUTE = 8
"""Questions for what is only shown."""
ASK_SECONDS = 1.5
"""Asked within somebody's three seconds, so it must leave time for the answer."""


class UserGroups:
    """A `provisioning.slack_groups.SlackGroups` on Slack's Web API."""

    def __init__(self, client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._respite = Respite("usergroups.users.list", clock=clock)
        self._spare = Bucket(SHOWN_PER_MINUTE / 60, burst=SHOWN_PER_MINUTE, clock=clock)
        self._known: dict[str, tuple[float, frozenset[str]]] = {}
        self._asked: dict[str, asyncio.Task[frozenset[str] | None]] = {}

    async def held(self, slack: str, among: Collection[str], *, patient: bool = False) -> tuple[str, ...]:
        """In which of these groups this account is now, or for the `patient`, was a while ago. Raises
        `GroupsUnknown`."""
        members = await asyncio.gather(*(self._members(group, patient=patient) for group in among))
        known = {group: found for group, found in zip(among, members, strict=True) if found is not None}
        held = tuple(group for group, found in known.items() if slack in found)
        # One group decides as well as another: that Slack has no more of one must not keep out who is in the next.
        if not held and len(known) < len(members):
            raise GroupsUnknown(", ".join(group for group in among if group not in known))
        return held

    def forget(self, group: str) -> None:
        """Slack said that somebody joined or left."""
        self._known.pop(group, None)

    async def _members(self, group: str, *, patient: bool) -> frozenset[str] | None:
        """None where Slack does not say, or is not to be asked now."""
        asked_at, members = self._known.get(group, (0.0, None))
        if members is not None and self._clock() - asked_at <= (SHOWN_SECONDS if patient else KEPT_SECONDS):
            return members
        if self._respite.left():
            return None
        if group not in self._asked:
            if patient and self._spare.wait(Weight.DECISION):
                return None
            if patient:
                self._spare.spend()
            # One question for all who want to know it now.
            task = self._asked[group] = asyncio.create_task(self._ask(group))
            task.add_done_callback(lambda _: self._asked.pop(group))
        return await asyncio.shield(self._asked[group])

    async def _ask(self, group: str) -> frozenset[str] | None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                answer = await self._client.usergroups_users_list(usergroup=group)
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            self._respite.heed(error)
            log.warning("group_not_looked_up", group=group, error=str(error) or type(error).__name__)
            return None
        found = frozenset(map(str, answer["users"]))
        self._known[group] = (self._clock(), found)
        return found
