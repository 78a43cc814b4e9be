"""App Home and Slack's menu on the local Slack, over HTTP and over Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import blocks, home, replies, slack
from playground import workspace
from playground.workspace import Fault
from provisioning.model import ClusterRequest, Phase
from provisioning.objects import Stored
from tests.bot import samples
from tests.bot.conftest import BOT, Stage, bot_of
from tests.bot.fake_desk import approved


def just_asked(**kind: Any) -> Stored[ClusterRequest]:
    """A request that can still be decided, whenever this runs."""
    made = samples.request(**kind)
    return Stored(replace(made.meta, created=datetime.now(UTC)), made.it)


def published(stage: Stage, user: str) -> int:
    """How often somebody's Home was put."""
    return sum(c.method == "views.publish" and c.args["user_id"] == user for c in stage.slack.api.calls)


async def settled(count: Callable[[], int], *, seconds: float) -> int:
    """What it counts once it has stood still for so long."""
    while True:
        before = count()
        await asyncio.sleep(seconds)
        if count() == before:
            return before


async def test_home_follows_what_happens_while_it_is_looked_at(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    home = await lena.open_home()
    assert replies.HOME_NO_CLUSTER in home.text

    stage.desk.put_cluster(samples.cluster(status=samples.building()))
    await lena.waits_until(lambda: "build-7" in home.text)
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    await lena.waits_until(lambda: "Ready" in home.text)


async def test_a_request_is_approved_from_home_and_cards_and_home_follow(stage: Stage) -> None:
    stage.desk.put(just_asked())
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    home = await omar.open_home()
    assert "asks for a new cluster build-7" in home.text

    await home.click(replies.APPROVE)

    await omar.waits_until(lambda: omar.has_modal)
    assert "Your approval of the request about build-7 counts." in omar.modal.text
    await omar.waits_until(lambda: replies.HOME_NOTHING_WAITS in home.text)
    await lena.waits_for("Approved by @omar")
    await omar.waits_until(lambda: omar.card("asks for a new cluster", at="#team-a-approvals").buttons == [])


async def test_a_denial_from_home_asks_for_the_reason_and_counts(stage: Stage) -> None:
    stage.desk.put(just_asked())
    omar = stage.slack.person("U0OMAR")
    home = await omar.open_home()

    await home.click(replies.DENY)
    await omar.waits_until(lambda: omar.has_modal)
    await omar.modal.fill({replies.DENY_REASON: "Use the shared one"})
    await omar.modal.submit()

    await omar.waits_until(lambda: replies.HOME_NOTHING_WAITS in home.text)
    (request,) = stage.desk.stored.values()
    assert request.it.status.phase is Phase.DENIED


async def test_all_about_a_request_is_read_in_a_window_the_whole_reason_too(stage: Stage) -> None:
    stage.desk.put(just_asked(reason="because " * 100))
    omar = stage.slack.person("U0OMAR")
    home = await omar.open_home()

    await home.click(replies.DETAILS)

    await omar.waits_until(lambda: omar.has_modal)
    assert omar.modal.title == replies.DETAILS_TITLE
    assert "because " * 99 in omar.modal.text
    assert omar.modal.buttons == []


async def test_a_button_of_home_does_what_the_command_does(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    home = await lena.open_home()

    await home.click(replies.HIBERNATE)
    await lena.waits_until(lambda: lena.has_modal)
    assert "The change of build-7 is noted" in lena.modal.text
    await lena.modal.close()
    await lena.waits_until(lambda: replies.HOME_REQUESTS in home.text)
    await home.click(replies.SHORTCUT_CREATE)
    await lena.waits_until(lambda: lena.has_modal and lena.modal.title == replies.CREATE_TITLE)


async def test_out_of_the_window_that_a_button_opened_another_one_opens(stage: Stage) -> None:
    made = samples.cluster(status=samples.ready())
    stage.desk.put_cluster(Stored(replace(made.meta, created=datetime.now(UTC)), made.it))
    lena = stage.slack.person("U0LENA")
    home = await lena.open_home()

    await home.click(replies.DETAILS)
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.click(replies.EXTEND)
    await lena.waits_until(lambda: lena.modal.title == replies.EXTEND_TITLE)
    await lena.modal.close()

    assert lena.modal.title == replies.SHOWN_TITLE


async def test_a_button_of_an_older_home_is_answered_too(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    old = blocks.button("Old", action="from_before", value="x", spoken="Something old")
    api = slack.client(BOT, api_url=stage.slack.api_url)
    await api.views_publish(user_id="U0LENA", view=blocks.home([blocks.actions(old)]))

    await lena.home.click("Old")

    await lena.waits_until(lambda: lena.has_modal)
    assert "I cannot read this card any more." in lena.modal.text


async def test_a_press_that_comes_too_late_is_told_in_a_window(stage: Stage) -> None:
    stage.desk.put(just_asked())
    omar = stage.slack.person("U0OMAR")
    home = await omar.open_home()
    stage.desk.lag = True
    approved(stage.desk, next(iter(stage.desk.stored)))

    await home.click(replies.APPROVE)

    await omar.waits_until(lambda: omar.has_modal)
    assert "Too late" in omar.modal.text


async def test_an_answer_whose_window_does_not_open_comes_as_a_direct_message(stage: Stage) -> None:
    stage.desk.put(just_asked())
    omar = stage.slack.person("U0OMAR")
    home = await omar.open_home()
    stage.slack.api.faults.plan("views.open", Fault.DOWN)

    await home.click(replies.APPROVE)

    await omar.waits_until(lambda: bool(omar.cards("Your approval of the request about build-7 counts.", at="dm")))


@pytest.mark.parametrize(
    ("user", "sentence"), [("U0GUEST", replies.GUEST), ("U0STELLA", replies.STRANGER), ("U0PAT", replies.UNMAPPED)]
)
async def test_whoever_may_not_reads_why_in_their_home(stage: Stage, user: str, sentence: str) -> None:
    person = stage.slack.person(user)

    home = await person.open_home()

    assert sentence in home.text


async def test_a_look_at_the_direct_message_puts_no_home(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.hands.open_home("U0LENA", tab="messages")
    await lena.open_home()

    assert published(stage, "U0LENA") == 1


async def test_a_flock_of_changes_is_drawn_a_few_times_only(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.open_home()

    for number in range(50):
        stage.desk.put_cluster(samples.cluster(f"build-{number}", status=samples.ready()))
        await asyncio.sleep(0)

    await lena.waits_until(lambda: replies.home_more(50 - home.CLUSTERS, "list").replace("`", "") in lena.home.text)
    assert await settled(lambda: published(stage, "U0LENA"), seconds=0.2) <= 3


async def test_a_press_in_a_home_that_nobody_follows_any_more_brings_it_up_to_date(stage: Stage) -> None:
    stage.desk.put(just_asked())
    omar = stage.slack.person("U0OMAR")
    home = await omar.open_home()
    mode = stage.service.settings.slack_mode
    stage.service.stop.set()
    async with asyncio.timeout(30):
        while mode == "socket" and stage.slack.socket.connections:
            await stage.slack.bell.wait(0.2)

    async with bot_of(stage.slack, stage.desk, mode):
        await home.click(replies.APPROVE)
        await omar.waits_until(lambda: replies.HOME_NOTHING_WAITS in home.text)


async def test_slacks_menu_has_the_shortcuts_and_each_opens_what_it_says(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    menu = [each.name for each in stage.slack.workspace.directory.shortcuts]
    assert menu == [replies.SHORTCUT_CREATE, replies.SHORTCUT_LIST, replies.SHORTCUT_REQUESTS]

    for name, words in zip(menu, (replies.SUBMIT, replies.NO_CLUSTER_YET, replies.NO_REQUEST), strict=True):
        await lena.shortcut(name)
        await lena.waits_until(lambda: lena.has_modal)
        shown = lena.modal.shown
        assert words.replace("`", "") in f"{shown.submit} {shown.plain}"
        await lena.modal.close()


async def test_a_shortcut_of_somebody_who_may_not_says_why(stage: Stage) -> None:
    gus = stage.slack.person("U0GUEST")

    await gus.shortcut(replies.SHORTCUT_CREATE)

    await gus.waits_until(lambda: gus.has_modal)
    assert replies.GUEST in gus.modal.text
    with pytest.raises(workspace.NotVisible):
        await gus.shortcut("Drop everything")
