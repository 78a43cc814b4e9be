"""The Web API as a bot meets it: every documented error at least once."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground import workspace
from playground.workspace import Fault, people
from playground.workspace.people import Person
from playground.workspace.tickets import ResponseUrl
from tests.playground.workspace import payloads_for_tests as made
from tests.playground.workspace import tiny_bot

LARGE = json.dumps({"event_type": "x", "event_payload": "y" * 9000})


class Clock:
    """A clock that goes only when told."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def refusal(call: Any) -> str:
    """The error a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.fixture
def api(slack: workspace.LocalSlack) -> AsyncWebClient:
    return tiny_bot.client(slack)


def trigger(slack: workspace.LocalSlack, user: str = "U0LENA") -> str:
    return slack.workspace.tickets.issue_trigger(user, now=slack.workspace.now())


# ---- who calls -----------------------------------------------------------------------------------------


async def test_auth_test_names_the_bot_and_its_team(api: AsyncWebClient) -> None:
    answer = await api.auth_test()
    assert (answer["user_id"], answer["team_id"]) == ("U0CLUSTERDESK", "T0LOCAL")


async def test_wrong_missing_and_foreign_tokens_are_refused(slack: workspace.LocalSlack) -> None:
    assert await refusal(tiny_bot.client(slack, "xoxb-wrong").auth_test()) == "invalid_auth"
    assert await refusal(tiny_bot.client(slack, "").auth_test()) == "not_authed"
    assert await refusal(tiny_bot.client(slack, tiny_bot.APP).auth_test()) == "not_allowed_token_type"
    opened = tiny_bot.client(slack).apps_connections_open(app_token=tiny_bot.BOT)
    assert await refusal(opened) == "not_allowed_token_type"


async def test_unknown_method_is_refused(api: AsyncWebClient) -> None:
    assert await refusal(api.api_call("reactions.teleport")) == "unknown_method"


async def test_api_test_echoes_or_fails_as_asked(api: AsyncWebClient) -> None:
    assert (await api.api_test(foo="bar"))["args"]["foo"] == "bar"
    assert await refusal(api.api_test(error="my_error")) == "my_error"


async def test_missing_scope_names_what_is_needed() -> None:
    options = tiny_bot.options(scopes=frozenset({"chat:write"}))
    async with workspace.serving(options) as slack:
        with pytest.raises(SlackApiError) as caught:
            await tiny_bot.client(slack).users_info(user="U0LENA")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "users:read"


async def test_token_is_taken_from_the_form_and_bodies_may_be_json(slack: workspace.LocalSlack) -> None:
    async with aiohttp.ClientSession() as session:
        posted = await session.post(slack.api_url + "auth.test", data={"token": tiny_bot.BOT})
        assert (await posted.json())["ok"]
        bearer = {"Authorization": f"Bearer {tiny_bot.BOT}"}
        posted = await session.post(slack.api_url + "users.info", json={"user": "U0LENA"}, headers=bearer)
        assert (await posted.json())["user"]["name"] == "lena"
        bad = {**bearer, "Content-Type": "application/json"}
        posted = await session.post(slack.api_url + "users.info", data="{", headers=bad)
        assert (await posted.json())["error"] == "invalid_json"


# ---- chat ----------------------------------------------------------------------------------------------


async def test_posting_keeps_metadata_and_answers_with_the_message(
    api: AsyncWebClient, slack: workspace.LocalSlack
) -> None:
    metadata = {"event_type": "card", "event_payload": {"rev": 3}}
    answer = await api.chat_postMessage(channel="#team-a-approvals", text="hi", metadata=metadata)
    assert answer["channel"] == "C0TEAMA"
    assert answer["message"]["metadata"] == metadata
    await api.chat_update(channel="C0TEAMA", ts=answer["ts"], text="hi again")
    kept = slack.workspace.conversations.get("C0TEAMA").messages[answer["ts"]]
    assert kept.metadata == metadata


async def test_posting_to_a_person_arrives_as_a_direct_message(
    api: AsyncWebClient, slack: workspace.LocalSlack
) -> None:
    answer = await api.chat_postMessage(channel="U0LENA", text="psst")
    assert answer["channel"].startswith("D")
    assert slack.person("U0LENA").card("psst", at="dm").text == "psst"
    assert not slack.person("U0OMAR").sees("psst")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0PRIVATE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0ALONE", "text": "x"}, "not_in_channel"),
        ({"channel": "C0OLD", "text": "x"}, "is_archived"),
        ({"channel": "U0GONE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0TEAMA"}, "no_text"),
        ({"channel": "C0TEAMA", "text": ""}, "no_text"),
        ({"channel": "C0TEAMA", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "C0TEAMA", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": "C0TEAMA", "text": "x", "blocks": "{}"}, "invalid_blocks_format"),
        ({"channel": "C0TEAMA", "text": "x", "blocks": '[{"type":"x"}]'}, "invalid_blocks"),
        ({"channel": "C0TEAMA", "text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"channel": "C0TEAMA", "text": "x", "metadata": "{}"}, "invalid_metadata_schema"),
        ({"channel": "C0TEAMA", "text": "x", "metadata": LARGE}, "metadata_too_large"),
        ({"channel": "C0TEAMA", "text": "x", "attachments": "["}, "invalid_attachments"),
        ({"channel": "C0TEAMA", "attachments": json.dumps([{"text": "x"}] * 101)}, "too_many_attachments"),
        ({"channel": "C0TEAMA", "text": "x", "thread_ts": "1.2"}, "thread_not_found"),
        ({"text": "x"}, "invalid_arguments"),
    ],
)  # fmt: skip
async def test_post_that_slack_refuses_is_refused(arguments: dict[str, str], error: str) -> None:
    directory = people.load()
    channel = people.Channel
    more = (
        channel(id="C0PRIVATE", name="secret", is_private=True, bot=False),
        channel(id="C0ALONE", name="alone", bot=False),
        channel(id="C0OLD", name="old", is_archived=True),
    )
    directory = directory.model_copy(update={"channels": (*directory.channels, *more)})
    async with workspace.serving(tiny_bot.options(directory=directory)) as slack:
        assert await refusal(tiny_bot.client(slack).api_call("chat.postMessage", data=arguments)) == error


async def test_invalid_blocks_say_where(api: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await api.chat_postMessage(channel="C0TEAMA", text="x", blocks=[{"type": "header"}])
    messages = caught.value.response["response_metadata"]["messages"]
    assert messages == ["[ERROR] missing required field: text [json-pointer:/blocks/0]"]


async def test_updates_that_slack_refuses_are_refused(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
    }
    ts = (await api.chat_postMessage(channel="C0TEAMA", text="x"))["ts"]
    rich_ts = (await api.chat_postMessage(channel="C0TEAMA", text="x", blocks=[rich]))["ts"]
    whisper = (await api.chat_postEphemeral(channel="C0TEAMA", user="U0LENA", text="x"))["message_ts"]
    await slack.person("U0LENA").say("mine")
    theirs = slack.person("U0LENA").card("mine").ts
    assert await refusal(api.chat_update(channel="C0TEAMA", ts="1.0", text="y")) == "message_not_found"
    assert await refusal(api.chat_update(channel="C0TEAMA", ts=whisper, text="y")) == "message_not_found"
    assert await refusal(api.chat_update(channel="C0TEAMA", ts=theirs, text="y")) == "cant_update_message"
    assert await refusal(api.chat_update(channel="#team-a-approvals", ts=ts, text="y")) == "channel_not_found"
    assert await refusal(api.chat_update(channel="C0TEAMA", ts=ts, text="y" * 4001)) == "msg_too_long"
    assert await refusal(api.api_call("chat.update", data={"channel": "C0TEAMA", "ts": ts})) == "no_text"
    divider = [{"type": "divider"}]
    assert await refusal(api.chat_update(channel="C0TEAMA", ts=rich_ts, text="y", blocks=divider)) == "block_mismatch"
    slack.workspace.conversations.get("C0TEAMA").is_archived = True
    assert await refusal(api.chat_update(channel="C0TEAMA", ts=ts, text="y")) == "is_archived"


async def test_only_own_messages_can_be_deleted(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    ts = (await api.chat_postMessage(channel="C0TEAMA", text="gone soon"))["ts"]
    await api.chat_delete(channel="C0TEAMA", ts=ts)
    assert not slack.person("U0LENA").sees("gone soon")
    assert await refusal(api.chat_delete(channel="C0TEAMA", ts=ts)) == "message_not_found"
    await slack.person("U0LENA").say("mine")
    theirs = slack.person("U0LENA").card("mine").ts
    assert await refusal(api.chat_delete(channel="C0TEAMA", ts=theirs)) == "cant_delete_message"


async def test_whisper_needs_its_listener_in_the_channel(api: AsyncWebClient) -> None:
    call = api.chat_postEphemeral(channel="C0PLATFORM", user="U0LENA", text="x")
    assert await refusal(call) == "user_not_in_channel"


# ---- people and channels -------------------------------------------------------------------------------


async def test_user_carries_what_a_bot_must_look_at(api: AsyncWebClient) -> None:
    lena = (await api.users_info(user="U0LENA", include_locale=True))["user"]
    assert lena["profile"]["email"] == "lena@example.com"
    assert lena["tz"] == "Europe/Berlin"
    assert lena["locale"] == "en-GB"
    assert (await api.users_info(user="U0GUEST"))["user"]["is_restricted"] is True
    stranger = (await api.users_info(user="U0STELLA"))["user"]
    assert stranger["is_stranger"] is True
    assert stranger["team_id"] == "T0OTHER"
    assert (await api.users_info(user="U0GONE"))["user"]["deleted"] is True
    assert (await api.users_info(user="U0CLUSTERDESK"))["user"]["is_bot"] is True
    assert await refusal(api.users_info(user="U0NOBODY")) == "user_not_found"


async def test_email_is_hidden_without_its_scope() -> None:
    async with workspace.serving(tiny_bot.options(scopes=frozenset({"users:read"}))) as slack:
        user = (await tiny_bot.client(slack).users_info(user="U0LENA"))["user"]
    assert "email" not in user["profile"]


async def test_lookup_by_email_finds_only_people_of_this_workspace(api: AsyncWebClient) -> None:
    assert (await api.users_lookupByEmail(email="OMAR@example.com"))["user"]["id"] == "U0OMAR"
    assert await refusal(api.users_lookupByEmail(email="stella@other.example")) == "users_not_found"
    assert await refusal(api.users_lookupByEmail(email="gil@example.com")) == "users_not_found"


async def test_user_groups_list_their_active_users(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    assert (await api.usergroups_list())["usergroups"][0]["handle"] == "team-a-leads"
    assert (await api.usergroups_list(include_users=True))["usergroups"][0]["users"] == ["U0OMAR", "U0EVA"]
    eva = slack.workspace.people["U0EVA"]
    slack.workspace.replace_person(Person.model_validate({**eva.model_dump(), "deleted": True}))
    assert (await api.usergroups_users_list(usergroup="S0TEAMALEADS"))["users"] == ["U0OMAR"]
    assert await refusal(api.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"


async def test_direct_messages_open_once(api: AsyncWebClient) -> None:
    first = await api.conversations_open(users="U0LENA")
    again = await api.conversations_open(users="U0LENA", return_im=True)
    assert first["channel"]["id"] == again["channel"]["id"]
    assert again["already_open"] is True
    assert again["channel"]["user"] == "U0LENA"
    assert (await api.conversations_open(users="U0LENA,U0OMAR"))["channel"]["id"].startswith("G")
    assert await refusal(api.conversations_open(users="U0NOBODY")) == "user_not_found"
    assert await refusal(api.conversations_open(users="U0GONE")) == "user_disabled"
    assert await refusal(api.conversations_open(users=",".join(["U0LENA"] * 9))) == "too_many_users"


async def test_channels_and_members_come_in_pages(api: AsyncWebClient) -> None:
    assert (await api.conversations_info(channel="C0TEAMA"))["channel"]["name"] == "team-a-approvals"
    page = await api.conversations_members(channel="C0TEAMA", limit=2)
    cursor = page["response_metadata"]["next_cursor"]
    rest = await api.conversations_members(channel="C0TEAMA", limit=100, cursor=cursor)
    assert len(page["members"]) == 2
    assert "U0OMAR" in [*page["members"], *rest["members"]]
    assert {c["id"] for c in (await api.conversations_list())["channels"]} >= {"C0TEAMA", "C0PLATFORM"}
    assert await refusal(api.conversations_info(channel="C0NONE")) == "channel_not_found"
    assert await refusal(api.conversations_members(channel="C0TEAMA", cursor="x")) == "invalid_cursor"
    assert await refusal(api.conversations_list(types="secret")) == "invalid_types"


# ---- views ---------------------------------------------------------------------------------------------


async def test_trigger_opens_one_modal_within_three_seconds() -> None:
    clock = Clock()
    async with workspace.serving(tiny_bot.options(), clock=clock) as slack:
        api, view = tiny_bot.client(slack), made.modal()
        first, late = trigger(slack), trigger(slack)
        clock.now += 2.9
        assert (await api.views_open(trigger_id=first, view=view))["view"]["title"]["text"] == "New cluster"
        assert await refusal(api.views_open(trigger_id=first, view=view)) == "exchanged_trigger_id"
        clock.now += 0.2
        assert await refusal(api.views_open(trigger_id=late, view=view)) == "expired_trigger_id"
        assert await refusal(api.views_open(trigger_id="1.2.x", view=view)) == "invalid_trigger_id"


async def test_bad_view_is_refused_with_pointers_and_the_trigger_stays_good(
    api: AsyncWebClient, slack: workspace.LocalSlack
) -> None:
    ticket = trigger(slack)
    with pytest.raises(SlackApiError) as caught:
        await api.views_open(trigger_id=ticket, view={**made.modal(), "title": made.plain("x" * 25)})
    assert caught.value.response["error"] == "invalid_arguments"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    large = {
        "type": "modal",
        "title": made.plain("x"),
        "blocks": [{"type": "section", "text": made.plain("x" * 2900)}] * 95,
    }
    assert await refusal(api.views_open(trigger_id=ticket, view=large)) == "view_too_large"
    assert await refusal(api.api_call("views.open", data={"trigger_id": ticket, "view": "[]"})) == "invalid_arguments"
    await api.views_open(trigger_id=ticket, view=made.modal())


async def test_update_needs_the_view_and_its_current_hash(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    named = {**made.modal(), "external_id": "form-1"}
    view = (await api.views_open(trigger_id=trigger(slack), view=named))["view"]
    newer = (await api.views_update(view_id=view["id"], hash=view["hash"], view=made.modal("Newer")))["view"]
    assert newer["title"]["text"] == "Newer"
    stale = api.views_update(view_id=view["id"], hash=view["hash"], view=made.modal())
    assert await refusal(stale) == "hash_conflict"
    assert await refusal(api.views_update(view_id="V0", view=made.modal())) == "not_found"
    assert await refusal(api.api_call("views.update", json={"view": made.modal()})) == "invalid_arguments"


async def test_typed_input_survives_an_update_with_the_same_ids(
    api: AsyncWebClient, slack: workspace.LocalSlack
) -> None:
    view = (await api.views_open(trigger_id=trigger(slack), view=made.modal()))["view"]
    lena = slack.person("U0LENA")
    await lena.modal.fill({"Name": "typed"})
    await api.views_update(view_id=view["id"], view=made.modal("Updated"))
    assert lena.modal.value("Name") == ("typed",)
    renamed = made.modal()
    renamed["blocks"][1]["block_id"] = "other"
    await api.views_update(view_id=view["id"], view=renamed)
    assert lena.modal.value("Name") == ()


async def test_answer_to_opening_a_view_tells_nothing_of_its_fields(
    api: AsyncWebClient, slack: workspace.LocalSlack
) -> None:
    opened = await api.views_open(trigger_id=trigger(slack), view=made.modal())
    assert opened["view"]["state"] == {"values": {}}


async def test_external_id_belongs_to_one_view(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    named = {**made.modal(), "external_id": "only-one"}
    await api.views_open(trigger_id=trigger(slack), view=named)
    taken = api.views_open(trigger_id=trigger(slack, "U0OMAR"), view=named)
    assert await refusal(taken) == "duplicate_external_id"
    await api.views_update(external_id="only-one", view={**named, "title": made.plain("By name")})
    assert slack.person("U0LENA").modal.title == "By name"


async def test_push_without_an_open_modal_is_refused(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    assert await refusal(api.views_push(trigger_id=trigger(slack), view=made.modal())) == "invalid_trigger_id"


async def test_home_is_published_per_person_and_guarded_by_its_hash(api: AsyncWebClient) -> None:
    view = (await api.views_publish(user_id="U0LENA", view=made.home()))["view"]
    await api.views_publish(user_id="U0LENA", view=made.home(), hash=view["hash"])
    stale = api.views_publish(user_id="U0LENA", view=made.home(), hash="0.x")
    assert await refusal(stale) == "hash_conflict"
    assert await refusal(api.views_publish(user_id="U0NOBODY", view=made.home())) == "user_not_found"
    assert await refusal(api.views_publish(user_id="U0LENA", view=made.modal())) == "invalid_arguments"


# ---- response URLs, budgets, faults --------------------------------------------------------------------


async def test_response_url_is_good_for_five_uses_and_thirty_minutes() -> None:
    clock = Clock()
    async with workspace.serving(tiny_bot.options(), clock=clock) as slack, aiohttp.ClientSession() as session:
        issue = slack.workspace.tickets.issue_response
        ticket = issue(ResponseUrl(user="U0LENA", channel="C0TEAMA", at=clock.now))
        old = issue(ResponseUrl(user="U0LENA", channel="C0TEAMA", at=clock.now - 1801))

        async def use(token: str, body: Any) -> tuple[int, str]:
            async with session.post(f"{slack.url}/response/{token}", json=body) as answer:
                return answer.status, await answer.text()

        for _ in range(5):
            assert await use(ticket, {"text": "x"}) == (200, "ok")
        assert "used_url" in (await use(ticket, {"text": "x"}))[1]
        assert "expired_url" in (await use(old, {"text": "x"}))[1]
        assert "invalid_url" in (await use("none", {"text": "x"}))[1]
        assert (await use("none", ["x"]))[0] == 400
        fresh = issue(ResponseUrl(user="U0LENA", channel="C0TEAMA", at=clock.now))
        assert "invalid_blocks" in (await use(fresh, {"blocks": [{"type": "x"}]}))[1]
        assert "no_text" in (await use(fresh, {}))[1]


async def test_response_url_replaces_and_deletes_what_was_clicked(
    api: AsyncWebClient, slack: workspace.LocalSlack
) -> None:
    lena = slack.person("U0LENA")
    for ephemeral in (False, True):
        if ephemeral:
            ts = (await api.chat_postEphemeral(channel="C0TEAMA", user="U0LENA", text="before"))["message_ts"]
        else:
            ts = (await api.chat_postMessage(channel="C0TEAMA", text="before"))["ts"]
        ticket = ResponseUrl(
            user="U0LENA", channel="C0TEAMA", at=slack.workspace.now(), message_ts=ts, ephemeral=ephemeral
        )
        address = f"{slack.url}/response/{slack.workspace.tickets.issue_response(ticket)}"
        async with aiohttp.ClientSession() as session:
            await session.post(address, json={"replace_original": True, "text": "after"})
            assert lena.sees("after")
            assert not lena.sees("before")
            if not ephemeral:
                await session.post(address, json={"delete_original": True})
                assert not lena.sees("after")


async def test_budgets_refuse_with_the_seconds_to_wait() -> None:
    clock = Clock()
    async with workspace.serving(tiny_bot.options(rate_limits=True), clock=clock) as slack:
        api = tiny_bot.client(slack)
        ts = [(await api.chat_postMessage(channel="C0TEAMA", text="x"))["ts"] for _ in range(5)]
        with pytest.raises(SlackApiError) as caught:
            await api.chat_postMessage(channel="C0TEAMA", text="x")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "1"
        await api.chat_postMessage(channel="C0TEAMB", text="another channel has its own budget")
        clock.now += 1
        await api.chat_postMessage(channel="C0TEAMA", text="x")
        for _ in range(50):
            await api.chat_update(channel="C0TEAMA", ts=ts[0], text="x")
        assert await refusal(api.chat_update(channel="C0TEAMA", ts=ts[1], text="x")) == "ratelimited"


async def test_planned_faults_come_true_and_pass(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    faults = slack.api.faults
    faults.plan("chat.postMessage", workspace.Fault.REFUSE, error=workspace.SlackError("ratelimited", retry_after=7))
    assert await refusal(api.chat_postMessage(channel="C0TEAMA", text="one")) == "ratelimited"
    faults.plan("*", workspace.Fault.DOWN, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await api.chat_postMessage(channel="C0TEAMA", text="two")
    assert not slack.person("U0LENA").sees("two")
    faults.plan("chat.postMessage", workspace.Fault.LOSE_ANSWER)
    api.retry_handlers.clear()
    with pytest.raises((aiohttp.ClientError, SlackApiError)):
        await api.chat_postMessage(channel="C0TEAMA", text="three")
    assert slack.person("U0LENA").sees("three")
    faults.plan("chat.postMessage", workspace.Fault.HANG, seconds=1.0)
    hasty = AsyncWebClient(token=tiny_bot.BOT, base_url=slack.api_url, timeout=1)
    hasty.timeout = 0.2  # type: ignore[assignment]
    with pytest.raises(TimeoutError):
        await hasty.chat_postMessage(channel="C0TEAMA", text="five")
    assert slack.person("U0LENA").sees("five")
    faults.plan("*", workspace.Fault.DOWN, times=9)
    faults.clear()
    await api.chat_postMessage(channel="C0TEAMA", text="four")


async def test_every_call_is_kept_without_its_token(api: AsyncWebClient, slack: workspace.LocalSlack) -> None:
    await api.chat_postMessage(channel="C0TEAMA", text="remember me")
    (call,) = [c for c in slack.api.calls if c.method == "chat.postMessage"]
    assert call.args["text"] == "remember me"
    assert tiny_bot.BOT not in str(slack.api.calls)


async def test_a_message_posted_again_under_its_id_is_the_first_where_the_workspace_knows_ids() -> None:
    async with workspace.serving(tiny_bot.options(message_ids=True)) as slack:
        api = tiny_bot.client(slack)
        first = await api.chat_postMessage(channel="C0TEAMA", text="one", client_msg_id="a")
        again = await api.chat_postMessage(channel="C0TEAMA", text="two", client_msg_id="a")
        other = await api.chat_postMessage(channel="C0TEAMA", text="two", client_msg_id="b")
        assert (again["ts"], again["message"]["text"]) == (first["ts"], "one")
        assert other["ts"] != first["ts"]

        await api.chat_delete(channel="C0TEAMA", ts=first["ts"])
        gone = api.chat_postMessage(channel="C0TEAMA", text="one", client_msg_id="a")
        assert await refusal(gone) == "duplicate_message_not_found"


async def test_a_workspace_that_knows_no_ids_posts_twice(slack: workspace.LocalSlack, api: AsyncWebClient) -> None:
    posted = [await api.chat_postMessage(channel="C0TEAMA", text="one", client_msg_id="a") for _ in range(2)]

    assert posted[0]["ts"] != posted[1]["ts"]


async def test_a_planned_fault_meets_response_urls_too(slack: workspace.LocalSlack) -> None:
    ticket = ResponseUrl(user="U0LENA", channel="C0TEAMA", at=slack.workspace.now())
    url = f"{slack.url}/response/{slack.workspace.tickets.issue_response(ticket)}"
    slack.api.faults.plan("response_url", Fault.DOWN)
    slack.api.faults.plan("response_url", Fault.LOSE_ANSWER)

    async with aiohttp.ClientSession() as session:
        async with session.post(url, json={"text": "down"}) as answer:
            assert answer.status == 503
        with pytest.raises(aiohttp.ClientError):
            await session.post(url, json={"text": "lost"})

    assert slack.person("U0LENA").sees("lost")
    assert not slack.person("U0LENA").sees("down")
