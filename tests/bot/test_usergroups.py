"""Who is in a user group of Slack, asked of the local workspace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import slack as bot_slack
from bot.usergroups import KEPT_SECONDS, SHOWN_PER_MINUTE, SHOWN_SECONDS, UserGroups
from playground import workspace
from playground.workspace.errors import SlackError
from playground.workspace.faults import Fault
from playground.workspace.people import UserGroup
from provisioning.slack_groups import GroupsUnknown

LEADS = "S0TEAMALEADS"
TOKEN = "xoxb-test"


@pytest.fixture
async def slack() -> AsyncIterator[workspace.LocalSlack]:
    given = workspace.Options(signing_secret="shhh", bot_token=TOKEN, scopes=frozenset({"usergroups:read"}))
    async with workspace.serving(given) as made:
        yield made


async def test_whoever_is_in_one_of_the_groups_is_found_and_slack_is_asked_once_a_while(
    slack: workspace.LocalSlack,
) -> None:
    now = [0.0]
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url), clock=lambda: now[0])
    assert await groups.held("U0OMAR", (LEADS,)) == (LEADS,)
    assert await groups.held("U0LENA", (LEADS,)) == ()
    assert len(slack.api.calls) == 1

    left = UserGroup(id=LEADS, handle="team-a-leads", name="Team A leads", users=("U0EVA",))
    slack.workspace.replace_group(left)
    assert await groups.held("U0OMAR", (LEADS,)) == (LEADS,)
    now[0] = KEPT_SECONDS + 1
    assert await groups.held("U0OMAR", (LEADS,)) == ()


async def test_many_who_ask_at_the_same_time_are_answered_by_one_question(slack: workspace.LocalSlack) -> None:
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url))
    found = await asyncio.gather(*(groups.held("U0OMAR", (LEADS,)) for _ in range(30)))
    assert found == [(LEADS,)] * 30
    assert len(slack.api.calls) == 1

    groups.forget(LEADS)
    slack.api.faults.plan("usergroups.users.list", Fault.REFUSE, error=SlackError("plan_upgrade_required"), times=1)
    asked = [asyncio.create_task(groups.held("U0OMAR", (LEADS,))) for _ in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)  # until Slack is asked
    asked.pop(0).cancel()  # somebody who waits no more takes nobody's answer away
    refused = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(each) for each in refused] == [GroupsUnknown] * 2
    assert await groups.held("U0OMAR", (LEADS,)) == (LEADS,)


async def test_a_group_that_changed_is_asked_for_anew(slack: workspace.LocalSlack) -> None:
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url))
    assert await groups.held("U0LENA", (LEADS,)) == ()
    joined = UserGroup(id=LEADS, handle="team-a-leads", name="Team A leads", users=("U0LENA",))
    slack.workspace.replace_group(joined)
    groups.forget(LEADS)
    assert await groups.held("U0LENA", (LEADS,)) == (LEADS,)


async def test_what_slack_does_not_say_is_not_guessed_and_asked_again(slack: workspace.LocalSlack) -> None:
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url))
    slack.api.faults.plan("usergroups.users.list", Fault.REFUSE, error=SlackError("plan_upgrade_required"), times=1)
    with pytest.raises(GroupsUnknown):
        await groups.held("U0OMAR", (LEADS,))
    assert await groups.held("U0OMAR", (LEADS,)) == (LEADS,)
    with pytest.raises(GroupsUnknown):
        await groups.held("U0OMAR", ("S0NOWHERE",))


async def test_whoever_is_in_one_group_decides_though_another_one_is_unknown(slack: workspace.LocalSlack) -> None:
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url))
    assert await groups.held("U0OMAR", ("S0NOWHERE", LEADS)) == (LEADS,)
    with pytest.raises(GroupsUnknown):
        await groups.held("U0LENA", ("S0NOWHERE", LEADS))


async def test_a_slack_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(
    slack: workspace.LocalSlack,
) -> None:
    now = [0.0]
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url), clock=lambda: now[0])
    slack.api.faults.plan("usergroups.users.list", Fault.REFUSE, error=SlackError("ratelimited", retry_after=20))
    for _ in range(3):
        with pytest.raises(GroupsUnknown):
            await groups.held("U0OMAR", (LEADS,))
    assert len(slack.api.calls) == 1

    now[0] = 20.0
    assert await groups.held("U0OMAR", (LEADS,)) == (LEADS,)


async def test_whoever_only_looks_leaves_slacks_answers_to_those_who_decide(slack: workspace.LocalSlack) -> None:
    now = [0.0]
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url), clock=lambda: now[0])
    many = [f"S0TENANT{number}" for number in range(30)]
    with pytest.raises(GroupsUnknown):
        await groups.held("U0OMAR", many, patient=True)
    assert len(slack.api.calls) == SHOWN_PER_MINUTE

    assert await groups.held("U0OMAR", (LEADS,)) == (LEADS,)

    now[0] = 30.0
    with pytest.raises(GroupsUnknown):
        await groups.held("U0OMAR", many, patient=True)
    assert len(slack.api.calls) == 1 + SHOWN_PER_MINUTE + SHOWN_PER_MINUTE // 2


async def test_whoever_only_looks_takes_an_older_answer(slack: workspace.LocalSlack) -> None:
    now = [0.0]
    groups = UserGroups(bot_slack.client(TOKEN, api_url=slack.api_url), clock=lambda: now[0])
    await groups.held("U0OMAR", (LEADS,))
    left = UserGroup(id=LEADS, handle="team-a-leads", name="Team A leads", users=("U0EVA",))
    slack.workspace.replace_group(left)

    now[0] = SHOWN_SECONDS - 1
    assert await groups.held("U0OMAR", (LEADS,), patient=True) == (LEADS,)
    assert await groups.held("U0OMAR", (LEADS,)) == ()
    assert await groups.held("U0OMAR", (LEADS,), patient=True) == ()
