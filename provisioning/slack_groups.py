"""Who is in a user group of Slack: the port by which the desk asks, since only the bot can ask Slack."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from provisioning.errors import ClusterdeskError


class GroupsUnknown(ClusterdeskError):
    """Slack does not say who is in a group, now or at all."""


class SlackGroups(Protocol):
    async def held(self, slack: str, among: Collection[str], *, patient: bool = False) -> tuple[str, ...]:
        """In which of these groups this account is now; for the `patient`, who decide nothing by it, an older answer
        does.

        Raises `GroupsUnknown` where it is in none of those that Slack tells of, and Slack does not tell of all.
        """
        ...


class NoGroups:
    """For whoever has no Slack."""

    async def held(self, slack: str, among: Collection[str], *, patient: bool = False) -> tuple[str, ...]:
        raise GroupsUnknown("there is no Slack to ask")
