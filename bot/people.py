"""Who somebody in Slack is: the account must be a full, living member's of our workspace, and a tenant must name it.

What Slack says about an account is kept for some minutes; what tenants say is asked anew at every click.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import aiohttp
import pydantic
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import replies
from provisioning.errors import ClusterdeskError
from provisioning.model import Person

log = structlog.get_logger()

KEPT_SECONDS = 600.0
ASK_SECONDS = 1.5
"""Asked within somebody's three seconds, so it must leave time for the answer."""
KEPT_ACCOUNTS = 10_000


class Refusal(StrEnum):
    """Why an account is not acted for, with the words for it."""

    BOT = replies.BOT
    DELETED = replies.DELETED_ACCOUNT
    GUEST = replies.GUEST
    STRANGER = replies.STRANGER
    UNMAPPED = replies.UNMAPPED
    UNCERTAIN = replies.UNCERTAIN
    NOT_READY = replies.NOT_READY


class Unwelcome(ClusterdeskError):
    """This account may not do anything here."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.name.lower())
        self.refusal = refusal


class Account(pydantic.BaseModel):
    """What Slack says about an account; of all that it sends, the fields we look at."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    id: str
    team_id: str = ""
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False


def refusal(account: Account, *, team: str) -> Refusal | None:
    """Why this account is not acted for, or None. Pure."""
    if account.team_id != team or account.is_stranger:
        return Refusal.STRANGER
    if account.deleted:
        return Refusal.DELETED
    if account.is_bot:
        return Refusal.BOT
    return Refusal.GUEST if account.is_restricted or account.is_ultra_restricted else None


class Accounts(Protocol):
    """Where Slack's word about an account comes from."""

    async def account(self, slack: str) -> Account:
        """Raises `Unwelcome(UNCERTAIN)` when Slack does not say."""
        ...


class SlackAccounts:
    """users.info, within `ASK_SECONDS`."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def account(self, slack: str) -> Account:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                answer = await self._client.users_info(user=slack)
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("account_not_looked_up", slack=slack, error=str(error) or type(error).__name__)
            raise Unwelcome(Refusal.UNCERTAIN) from error
        return Account.model_validate(answer["user"])


class People:
    """`mapped` says whose account it is by the tenants' mapping (`Desk.person`)."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        team: str,
        mapped: Callable[[str], Person | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._team = team
        self._mapped = mapped
        self._clock = clock
        self._known: dict[str, tuple[float, Account]] = {}

    async def who(self, slack: str) -> Person:
        """The person behind an account. Raises `Unwelcome`."""
        account = await self._account(slack)
        if found := refusal(account, team=self._team):
            raise Unwelcome(found)
        person = self._mapped(slack)
        if person is None:
            raise Unwelcome(Refusal.UNMAPPED)
        return person

    def forget(self, slack: str) -> None:
        """Slack said that the account changed."""
        self._known.pop(slack, None)

    async def _account(self, slack: str) -> Account:
        until, account = self._known.get(slack, (0.0, None))
        if account is None or until < self._clock():
            account = await self._accounts.account(slack)
            while len(self._known) >= KEPT_ACCOUNTS:
                del self._known[next(iter(self._known))]
            self._known[slack] = (self._clock() + KEPT_SECONDS, account)
        return account
