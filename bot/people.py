"""Who somebody in Slack is: the account must be a full, living member's of our workspace, and a tenant must name it.

A tenant names an account by its id. Where the platform lets e-mail addresses count, and only then, an account that no
tenant names is whose its address says: confirmed by Slack, no other account's that we know, and one user's in all
tenants.

What Slack says about an account is kept for some minutes; what tenants say is asked anew at every click.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiohttp
import pydantic
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack as slack_api
from bot.refusals import Refusal, Unwelcome
from bot.respite import Respite
from provisioning.model import Person

log = structlog.get_logger()

KEPT_SECONDS = 600.0
ASK_SECONDS = 1.5
"""Asked within somebody's three seconds, so it must leave time for the answer."""
KEPT_ACCOUNTS = 10_000


class Profile(pydantic.BaseModel):
    """What somebody, or whoever runs their workspace, has filled in about them."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    email: str | None = None
    """Without the scope `users:read.email` Slack leaves it out."""


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
    tz: str | None = None
    """The name of their time zone, such as Europe/Berlin. Deactivated people have none."""
    is_email_confirmed: bool = False
    profile: Profile = Profile()

    @property
    def address(self) -> str:
        """The e-mail address, capitals left aside as Slack does; empty when we do not know."""
        return (self.profile.email or "").lower()


def refusal(account: Account, *, team: str) -> Refusal | None:
    """Why this account is not acted for, or None. Pure."""
    if account.team_id != team or account.is_stranger:
        return Refusal.STRANGER
    if account.deleted:
        return Refusal.DELETED
    if account.is_bot:
        return Refusal.BOT
    return Refusal.GUEST if account.is_restricted or account.is_ultra_restricted else None


def user_of(account: Account, users: Collection[str], others: Iterable[Account]) -> str | Refusal:
    """The user whom an account's e-mail address stands for. Pure.

    `users` are those whom it fits, `others` the accounts that we know beside this one. Whoever changes their address
    in Slack has it confirmed first, so an address that is not confirmed is a claim and no more: it makes nobody
    somebody, and keeps nobody out.
    """
    if not users:
        return Refusal.UNMAPPED
    if not account.is_email_confirmed:
        return Refusal.UNCONFIRMED
    shared = any(each.address == account.address and each.is_email_confirmed for each in others)
    return Refusal.AMBIGUOUS if shared or len(users) > 1 else next(iter(users))


@dataclass(frozen=True)
class Whereabouts:
    """What is known of where somebody is. Nobody is given up because Slack does not answer."""

    is_there: bool = True
    zone: str = ""


def zone_of(name: str) -> tzinfo | None:
    """The time zone of that name, UTC where there is no name; None for a name that means none here."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return None


class Accounts(Protocol):
    """Where Slack's word about an account comes from."""

    async def account(self, slack: str) -> Account:
        """Raises `Unwelcome(UNCERTAIN)` when Slack does not say."""
        ...


class SlackAccounts:
    """users.info, within `ASK_SECONDS`."""

    def __init__(self, client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._respite = Respite("users.info", clock=clock)

    async def account(self, slack: str) -> Account:
        if self._respite.left():
            raise Unwelcome(Refusal.UNCERTAIN)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                answer = await self._client.users_info(user=slack)
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            if isinstance(error, SlackApiError) and slack_api.code_of(error) == "user_not_found":
                return Account(id=slack, deleted=True)
            self._respite.heed(error)
            log.warning("account_not_looked_up", slack=slack, error=str(error) or type(error).__name__)
            raise Unwelcome(Refusal.UNCERTAIN) from error
        return Account.model_validate(answer["user"])


class People:
    """`mapped` says whose account it is by the tenants' mapping (`Desk.person`); `by_email` whom an address may stand
    for (`Desk.users_by_email`), None where addresses do not count."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        team: str,
        mapped: Callable[[str], Person | None],
        by_email: Callable[[str], Collection[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._team = team
        self._mapped = mapped
        self._by_email = by_email
        self._clock = clock
        self._known: dict[str, tuple[float, Account]] = {}

    async def who(self, slack: str) -> Person:
        """The person behind an account. Raises `Unwelcome`."""
        account = await self._account(slack)
        if found := refusal(account, team=self._team):
            raise Unwelcome(found)
        return self._mapped(slack) or self._addressed(account)

    def _addressed(self, account: Account) -> Person:
        """The person behind an account that no tenant names."""
        if self._by_email is None:
            raise Unwelcome(Refusal.UNMAPPED)
        now = self._clock()
        others = (known for until, known in self._known.values() if known.id != account.id and until >= now)
        found = user_of(account, self._by_email(account.address), others)
        if isinstance(found, Refusal):
            raise Unwelcome(found)
        return Person(user=found, slack=account.id)

    async def whereabouts(self, slack: str) -> Whereabouts:
        """Whether somebody is to be found at an account, and in which time zone. Never raises."""
        try:
            account = await self._account(slack)
        except Unwelcome:
            return Whereabouts()
        return Whereabouts(is_there=refusal(account, team=self._team) is None, zone=account.tz or "")

    def zone(self, slack: str) -> tzinfo:
        """In which time zone somebody reads, as far as Slack has said by now; UTC where it has not. Asks nobody."""
        _, account = self._known.get(slack, (0.0, None))
        return (zone_of(account.tz or "") if account else None) or UTC

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
