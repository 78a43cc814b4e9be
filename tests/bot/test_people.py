"""Who is acted for, and why each of the others is not."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bot.people import (
    KEPT_SECONDS,
    Account,
    People,
    Profile,
    SlackAccounts,
    Whereabouts,
    refusal,
    user_of,
)
from bot.refusals import Refusal, Unwelcome
from bot.slack import client
from playground import workspace
from playground.workspace import Fault, SlackError
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk

LENA = Account(id="U0LENA", team_id="T0LOCAL")


class FakeAccounts:
    def __init__(self, account: Account = LENA) -> None:
        self.known = account
        self.asked = 0

    async def account(self, slack: str) -> Account:
        self.asked += 1
        return self.known


def people(accounts: FakeAccounts, now: list[float]) -> People:
    return People(accounts, team="T0LOCAL", mapped=FakeDesk().person, clock=lambda: now[0])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"is_bot": True}, Refusal.BOT),
        ({"deleted": True}, Refusal.DELETED),
        ({"is_restricted": True}, Refusal.GUEST),
        ({"is_ultra_restricted": True}, Refusal.GUEST),
        ({"is_stranger": True}, Refusal.STRANGER),
        ({"team_id": "T0OTHER"}, Refusal.STRANGER),
        ({"team_id": ""}, Refusal.STRANGER),
    ],
)
def test_only_full_living_members_of_our_workspace_are_acted_for(
    changes: dict[str, object], why: Refusal | None
) -> None:
    assert refusal(LENA.model_copy(update=changes), team="T0LOCAL") is why


async def test_the_tenants_mapping_says_who_it_is() -> None:
    assert await people(FakeAccounts(), [0.0]).who("U0LENA") == samples.LENA


async def test_an_account_that_no_tenant_names_is_refused() -> None:
    with pytest.raises(Unwelcome) as refused:
        await people(FakeAccounts(), [0.0]).who("U0PAT")

    assert refused.value.refusal is Refusal.UNMAPPED


async def test_slack_is_asked_once_in_ten_minutes_and_after_a_change() -> None:
    now, accounts = [0.0], FakeAccounts()
    it = people(accounts, now)
    for _ in range(3):
        await it.who("U0LENA")
    assert accounts.asked == 1

    it.forget("U0LENA")
    await it.who("U0LENA")
    now[0] = KEPT_SECONDS + 1
    await it.who("U0LENA")

    assert accounts.asked == 3


async def test_somebody_made_a_guest_is_refused_as_soon_as_slack_says_so() -> None:
    now, accounts = [0.0], FakeAccounts()
    it = people(accounts, now)
    await it.who("U0LENA")
    accounts.known = LENA.model_copy(update={"is_restricted": True})
    it.forget("U0LENA")

    with pytest.raises(Unwelcome):
        await it.who("U0LENA")


CONFIRMED = Account(id="U0PAT", team_id="T0LOCAL", is_email_confirmed=True, profile=Profile(email="Pat@example.com"))


@pytest.mark.parametrize(
    ("changes", "users", "others", "found"),
    [
        ({}, ["pat"], [], "pat"),
        ({}, [], [], Refusal.UNMAPPED),
        ({"is_email_confirmed": False}, ["pat"], [], Refusal.UNCONFIRMED),
        ({}, ["pat", "Pat"], [], Refusal.AMBIGUOUS),
        ({}, ["pat"], [{}], Refusal.AMBIGUOUS),
        ({}, ["pat"], [{"profile": Profile(email="pat@EXAMPLE.com")}], Refusal.AMBIGUOUS),
        ({}, ["pat"], [{"is_email_confirmed": False}], "pat"),
        ({}, ["pat"], [{"profile": Profile(email="omar@example.com")}, {"profile": Profile()}], "pat"),
    ],
)
def test_an_address_is_whose_it_is_when_it_is_confirmed_and_no_others(
    changes: dict[str, object], users: list[str], others: list[dict[str, object]], found: object
) -> None:
    account = CONFIRMED.model_copy(update=changes)
    beside = [CONFIRMED.model_copy(update={"id": f"U{number}", **each}) for number, each in enumerate(others)]
    assert user_of(account, users, beside) == found


def test_every_refusal_has_its_own_sentence() -> None:
    assert len({str(each) for each in Refusal}) == len(Refusal)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"tz": "Asia/Tokyo"}, Whereabouts(is_there=True, zone="Asia/Tokyo")),
        ({"deleted": True, "tz": None}, Whereabouts(is_there=False)),
        ({"is_restricted": True}, Whereabouts(is_there=False)),
        ({}, Whereabouts()),
    ],
)
async def test_somebody_is_where_slack_says_and_nowhere_once_they_left(
    changes: dict[str, object], found: Whereabouts
) -> None:
    assert await people(FakeAccounts(LENA.model_copy(update=changes)), [0.0]).whereabouts("U0LENA") == found


@pytest.mark.parametrize(
    ("tz", "zone"),
    [("Asia/Tokyo", ZoneInfo("Asia/Tokyo")), (None, UTC), ("", UTC), ("Moon/Crater", UTC), ("../etc/passwd", UTC)],
)
async def test_whoever_was_looked_up_is_told_times_in_their_zone_and_nobody_is_asked_for_it(
    tz: str | None, zone: tzinfo
) -> None:
    now, accounts = [0.0], FakeAccounts(LENA.model_copy(update={"tz": tz}))
    it = people(accounts, now)
    assert it.zone("U0LENA") is UTC
    await it.who("U0LENA")
    now[0] = KEPT_SECONDS + 1

    assert it.zone("U0LENA") == zone
    assert accounts.asked == 1


async def test_nobody_is_given_up_because_slack_does_not_answer() -> None:
    class Silent:
        async def account(self, slack: str) -> Account:
            raise Unwelcome(Refusal.UNCERTAIN)

    assert await People(Silent(), team="T0LOCAL", mapped=FakeDesk().person).whereabouts("U0LENA") == Whereabouts()


async def test_an_account_that_slack_does_not_know_is_nobodys() -> None:
    async with workspace.serving(workspace.Options(bot_token="xoxb-test")) as slack:
        accounts = SlackAccounts(client("xoxb-test", api_url=slack.api_url))

        assert (await accounts.account("U0NOBODY")).deleted
        assert (await accounts.account("U0LENA")).tz


async def test_a_slack_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says() -> None:
    now = [0.0]
    async with workspace.serving(workspace.Options(bot_token="xoxb-test")) as slack:
        accounts = SlackAccounts(client("xoxb-test", api_url=slack.api_url), clock=lambda: now[0])
        slack.api.faults.plan("users.info", Fault.REFUSE, error=SlackError("ratelimited", retry_after=20))
        for _ in range(3):
            with pytest.raises(Unwelcome) as refused:
                await accounts.account("U0LENA")
            assert refused.value.refusal is Refusal.UNCERTAIN
        assert len(slack.api.calls) == 1

        now[0] = 20.0
        assert (await accounts.account("U0LENA")).id == "U0LENA"
