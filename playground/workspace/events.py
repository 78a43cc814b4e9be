"""Events API deliveries: to subscribed apps only, and again when one was missed, as Slack does.

What must never live here: people's clicks (`interaction`) or transports.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence

import structlog

from playground.workspace import payloads
from playground.workspace.door import Answered, Door, Envelope, Missed
from playground.workspace.methods.directory import describe
from playground.workspace.people import Person, UserGroup
from playground.workspace.state import Workspace

log = structlog.get_logger()

# Seconds before each repetition: at once, after one minute, after five more.
RETRIES = (0.0, 60.0, 300.0)


class Events:
    """Delivers events and repeats those that were missed in the background, until `stop`."""

    def __init__(self, workspace: Workspace, *, door: Door, retries: Sequence[float] = RETRIES) -> None:
        self.workspace = workspace
        self.door = door
        self._retries = retries
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, event: payloads.Payload, *, event_id: str = "") -> None:
        """Deliver `event`; with `event_id` given, a duplicate of an earlier one can be made."""
        if event["type"] not in self.workspace.directory.events:
            return
        made = event_id or f"Ev{secrets.token_hex(5).upper()}"
        body = payloads.event(self.workspace, event, event_id=made)
        outcome = await self.door.send(Envelope("events_api", body))
        if isinstance(outcome, Missed) and not outcome.no_retry:
            task = asyncio.create_task(self._retry(body, outcome.reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def verify_url(self) -> bool:
        """What Slack does when a request URL is entered: send a challenge and want it back."""
        challenge = secrets.token_hex(20)
        payload = {"token": payloads.TOKEN, "challenge": challenge, "type": "url_verification"}
        outcome = await self.door.send(Envelope("events_api", payload))
        if isinstance(outcome, Missed):
            return False
        body = outcome.body
        return (body.get("challenge") if isinstance(body, Mapping) else body) == challenge

    async def archive(self, channel: str) -> None:
        """Somebody archives a channel."""
        self.workspace.conversations.get(channel).is_archived = True
        self.workspace.touch()
        await self.send({"type": "channel_archive", "channel": channel, "event_ts": self.workspace.next_ts()})

    async def change_person(self, person: Person) -> None:
        """An account changed: deactivated, made a guest, another time zone."""
        self.workspace.replace_person(person)
        user = describe(self.workspace.people[person.id], now=self.workspace.now(), locale=True)
        await self.send({"type": "user_change", "user": user, "event_ts": self.workspace.next_ts()})

    async def change_group(self, group: UserGroup) -> None:
        """Somebody joined or left a user group."""
        old = self.workspace.groups.get(group.id)
        before, after = set(old.users if old else ()), set(group.users)
        self.workspace.replace_group(group)
        changed: payloads.Payload = {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": self.workspace.team.id,
            "added_users": sorted(after - before),
            "removed_users": sorted(before - after),
            "event_ts": self.workspace.next_ts(),
        }
        await self.send(changed)

    async def stop(self) -> None:
        """Give up what is still waiting to be repeated."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _retry(self, body: payloads.Payload, reason: str) -> None:
        for attempt, pause in enumerate(self._retries, start=1):
            await asyncio.sleep(pause)
            outcome = await self.door.send(Envelope("events_api", body, retry=attempt, reason=reason))
            if isinstance(outcome, Answered) or outcome.no_retry:
                return
            reason = outcome.reason
        log.warning("event_given_up", event_id=body["event_id"], reason=reason)
