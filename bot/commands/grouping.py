"""By which user groups of Slack somebody decides: asked when they want something that they may by such a group."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.commands.command import Held
from bot.ports import Desk
from provisioning.lifecycle import Refused
from provisioning.model import Person


async def held(desk: Desk, person: Person, namespaces: Iterable[str]) -> Held:
    """Of the groups that decide in these namespaces, those in which this person is now."""
    found = await asyncio.gather(*(_held(desk, person, each) for each in namespaces))
    return Held(
        frozenset(group for each in found for group in each.groups),
        unsure=any(each.unsure for each in found),
    )


async def _held(desk: Desk, person: Person, namespace: str) -> Held:
    try:
        return Held(frozenset(await desk.voting.groups_of(namespace, person)))
    except Refused:
        return Held(unsure=True)
