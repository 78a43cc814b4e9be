"""The whole way between a person and a bot, over signed HTTP and over Socket Mode."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from playground import workspace
from playground.workspace import NotVisible
from tests.playground.workspace import payloads_for_tests as made
from tests.playground.workspace import tiny_bot
from tests.playground.workspace.tiny_bot import TinyBot


async def test_text_in_the_ack_of_a_command_is_seen_by_its_typist_only(bot: TinyBot) -> None:
    lena, omar = bot.slack.person("U0LENA"), bot.slack.person("U0OMAR")
    await lena.command("/cluster help me", at="#team-a-approvals")
    assert lena.card("There is no help.").shown.ephemeral
    assert not omar.sees("There is no help.")
    assert bot.heard[0]["command"] == "/cluster"
    assert bot.heard[0]["text"] == "help me"
    assert bot.heard[0]["user_id"] == "U0LENA"


async def test_in_channel_ack_is_seen_by_everybody(bot: TinyBot) -> None:
    await bot.slack.person("U0LENA").command("/cluster tell", at="#team-a-approvals")
    assert bot.slack.person("U0OMAR").sees("everybody hears this")


async def test_command_that_is_not_acked_in_time_says_did_not_respond(hurried_bot: TinyBot) -> None:
    lena = hurried_bot.slack.person("U0LENA")
    await lena.command("/cluster slow")
    assert lena.sees("/cluster did not respond")


async def test_invalid_blocks_in_an_ack_are_reported_to_the_typist(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster bad")
    assert lena.sees("invalid_blocks")


async def test_unregistered_command_never_reaches_the_bot(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/nonsense")
    assert lena.sees("/nonsense is not a valid command")
    assert bot.heard == []


async def test_a_button_pressed_while_its_message_is_drawn_anew_is_still_that_button(bot: TinyBot) -> None:
    posted = await tiny_bot.client(bot.slack).chat_postMessage(channel="C0TEAMA", text="A card", blocks=made.card())
    omar, where = bot.slack.person("U0OMAR"), {"channel": "C0TEAMA", "ts": str(posted["ts"])}

    await omar.hands.act_on_message("U0OMAR", **where, name="drawn-before|approve", typed={})
    await omar.waits_until(lambda: bool(bot.heard))
    assert bot.heard[-1]["actions"][0]["block_id"] == "decide"

    with pytest.raises(NotVisible):
        await omar.hands.act_on_message("U0OMAR", **where, name="drawn-before|gone", typed={})


async def test_response_url_answers_where_the_command_was_typed(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster later")
    await lena.waits_for("by response url")


async def test_form_is_filled_and_sent_as_state_values(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill(
        {
            "Name": "build-7",
            "Size": "large",
            "Nodes": "3",
            "Add-ons": ["csi"],
            "Zone": "b",
            "Hour": "14:05",
            "End": "2026-12-24T18:00",
            "Tags": ["x", "y"],
            "Also for": "U0OMAR",
            "Reason": "a *test*\nof lines",
        }
    )
    await lena.modal.submit()
    assert not lena.has_modal
    values = bot.heard[-1]["view"]["state"]["values"]
    assert values["name"]["name"] == {"type": "plain_text_input", "value": "build-7"}
    assert values["size"]["size"]["selected_option"]["value"] == "large"
    assert values["nodes"]["nodes"]["value"] == "3"
    assert [o["value"] for o in values["addons"]["addons"]["selected_options"]] == ["csi"]
    assert values["zone"]["zone"]["selected_option"]["value"] == "b"
    assert values["day"]["day"]["selected_date"] == "2026-12-01"
    assert values["hour"]["hour"]["selected_time"] == "14:05"
    # She means her own clock, which is an hour ahead of UTC in winter.
    assert values["end"]["end"]["selected_date_time"] == int(datetime(2026, 12, 24, 17, tzinfo=UTC).timestamp())
    assert values["owner"]["owner"]["selected_option"] is None
    assert values["kin"]["kin"]["selected_user"] == "U0OMAR"
    assert values["reason"]["reason"]["value"] == "a *test*\nof lines"
    assert bot.heard[-1]["view"]["private_metadata"] == "kept"


async def test_choosing_in_a_dispatching_field_tells_the_bot_at_once(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill({"Name": "kept", "Size": "small"})
    heard = bot.heard[-1]
    assert heard["type"] == "block_actions"
    assert heard["actions"][0]["selected_option"]["value"] == "small"
    assert heard["view"]["state"]["values"]["name"]["name"]["value"] == "kept"
    assert lena.modal.value("Name") == ("kept",)


async def test_refused_form_keeps_its_input_and_shows_the_error_at_the_field(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill({"Name": "taken", "Size": "small"})
    await lena.modal.submit()
    assert lena.modal.errors == {"Name": "That name is taken."}
    assert lena.modal.value("Name") == ("taken",)


async def test_client_refuses_an_empty_required_field_without_asking_the_bot(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    before = len(bot.heard)
    await lena.modal.fill({"Nodes": "eleven"})
    await lena.modal.submit()
    assert set(lena.modal.errors) == {"Name", "Size", "Nodes"}
    assert len(bot.heard) == before


async def test_error_for_a_block_that_is_no_input_is_trouble_not_silence(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill({"Name": "wrong", "Size": "small"})
    await lena.modal.submit()
    assert "trouble connecting" in lena.modal.text


async def test_submission_that_is_not_acked_in_time_keeps_the_form(hurried_bot: TinyBot) -> None:
    lena = hurried_bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill({"Name": "slow", "Size": "small"})
    await lena.modal.submit()
    assert "trouble connecting" in lena.modal.text
    assert lena.modal.value("Name") == ("slow",)


async def test_update_push_and_clear_answers_change_the_stack(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill({"Name": "again", "Size": "small"})
    await lena.modal.submit()
    assert lena.modal.title == "Once more"
    await lena.modal.fill({"Name": "deeper"})
    await lena.modal.submit()
    assert lena.modal.title == "Deeper"
    await lena.modal.fill({"Name": "all", "Size": "small"})
    await lena.modal.submit()
    assert not lena.has_modal


async def test_fourth_modal_is_refused_with_push_limit_reached(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    for depth in (2, 3):
        await lena.modal.click("More")
        await lena.waits_until(lambda d=depth: lena.modal.shown.depth == d)  # type: ignore[misc]
    await lena.modal.click("More")
    await lena.waits_until(lambda: bot.refused == ["push_limit_reached"])


async def test_closing_a_form_tells_a_bot_that_wants_to_know(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.close()
    assert not lena.has_modal
    assert bot.heard[-1]["type"] == "view_closed"
    assert bot.heard[-1]["is_cleared"] is False


async def test_external_select_offers_what_the_bot_answers(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.waits_until(lambda: lena.has_modal)
    await lena.modal.fill({"Owner": "lena"})
    assert lena.modal.value("Owner") == ("lena",)
    assert bot.heard[-1]["type"] == "block_suggestion"
    with pytest.raises(NotVisible, match="does not offer"):
        await lena.modal.fill({"Owner": "zoe"})


async def test_external_select_of_an_app_without_a_url_for_options_loads_none() -> None:
    directory = tiny_bot.DIRECTORY.model_copy(update={"menus": False})
    options = tiny_bot.options(directory=directory)
    async with workspace.serving(options) as slack, tiny_bot.running(slack, "http") as bot:
        lena = slack.person("U0LENA")
        await lena.command("/cluster create")
        await lena.waits_until(lambda: lena.has_modal)
        with pytest.raises(NotVisible, match="does not offer"):
            await lena.modal.fill({"Owner": "lena"})
        assert lena.notices == ("The options could not be loaded: the app has no URL for them.",)
        assert bot.heard[-1].get("type") != "block_suggestion"


async def test_button_redraws_the_card_for_everybody(bot: TinyBot) -> None:
    lena, omar = bot.slack.person("U0LENA"), bot.slack.person("U0OMAR")
    await lena.command("/cluster card", at="#team-a-approvals")
    await omar.waits_for("lena asks for a cluster")
    card = omar.card("lena asks for a cluster")
    assert card.buttons == ["Approve", "Delete", "Ask"]
    await card.click("Approve")
    await lena.waits_for("Approved by @omar")
    heard = bot.heard[-1]
    assert heard["container"] == {
        "type": "message",
        "message_ts": card.ts,
        "channel_id": "C0TEAMA",
        "is_ephemeral": False,
    }
    assert heard["actions"][0]["value"] == "cr-1"
    with pytest.raises(NotVisible):
        await card.click("Approve")


async def test_denied_confirmation_sends_nothing(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster card")
    await lena.waits_for("lena asks")
    before = len(bot.heard)
    await lena.card("lena asks").click("Delete", confirm=False)
    assert len(bot.heard) == before
    await lena.card("lena asks").click("Delete")
    await lena.waits_until(lambda: len(bot.heard) == before + 1)


async def test_overflow_and_select_in_a_message_send_their_choice(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.command("/cluster card")
    await lena.waits_for("lena asks")
    await lena.card("lena asks").choose("overflow", "Mute")
    await lena.card("lena asks").choose("Pick", "B")
    await lena.waits_until(lambda: len(bot.heard) >= 3)
    chosen = {h["actions"][0]["action_id"]: h["actions"][0] for h in bot.heard if "actions" in h}
    assert chosen["more"]["selected_option"]["value"] == "mute"
    assert chosen["pick"]["selected_option"]["value"] == "b"


async def test_answer_to_a_click_by_response_url_is_ephemeral(bot: TinyBot) -> None:
    lena, omar = bot.slack.person("U0LENA"), bot.slack.person("U0OMAR")
    await lena.command("/cluster card", at="#team-a-approvals")
    await omar.waits_for("lena asks")
    await omar.card("lena asks").click("Ask")
    await omar.waits_for("just for you")
    assert not lena.sees("just for you")


async def test_looking_at_app_home_makes_the_bot_publish_it(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.hands.open_home("U0LENA")
    await lena.waits_for("Your clusters")
    await lena.home.click("New cluster")
    await lena.waits_until(lambda: bot.heard[-1].get("type") == "block_actions")
    assert bot.heard[-1]["view"]["type"] == "home"


async def test_looking_at_the_direct_message_is_told_as_another_tab_without_a_view(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.open_home()
    await lena.open_home()
    await lena.hands.open_home("U0LENA", tab="messages")
    await lena.waits_until(lambda: len(bot.heard) == 3)
    assert [(event["tab"], "view" in event) for event in bot.heard] == [
        ("home", False),
        ("home", True),
        ("messages", False),
    ]


async def test_two_clicks_in_the_same_moment_both_reach_the_bot(bot: TinyBot) -> None:
    lena, omar, eva = (bot.slack.person(u) for u in ("U0LENA", "U0OMAR", "U0EVA"))
    await lena.command("/cluster card", at="#team-a-approvals")
    await eva.waits_for("lena asks")
    await asyncio.gather(omar.card("lena asks").click("Approve"), eva.card("lena asks").click("Approve"))
    await lena.waits_until(lambda: sum("actions" in h for h in bot.heard) == 2)


async def test_global_shortcut_opens_a_form(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.shortcut("new-cluster")
    await lena.waits_until(lambda: lena.has_modal)
    with pytest.raises(NotVisible):
        await lena.shortcut("unknown")


async def test_global_shortcut_is_taken_by_its_name_in_the_menu(bot: TinyBot) -> None:
    lena = bot.slack.person("U0LENA")
    await lena.shortcut("New cluster")
    await lena.waits_until(lambda: lena.has_modal)
