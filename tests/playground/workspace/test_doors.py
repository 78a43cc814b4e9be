"""How deliveries leave: signatures, deadlines, repetitions, and Socket Mode's connections."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
from typing import Any

import aiohttp
from slack_sdk.signature import SignatureVerifier

from playground import workspace
from playground.workspace import http_door
from playground.workspace.door import Answered, Envelope, Missed, Overheard
from playground.workspace.http_door import HttpDoor
from tests.playground.workspace import tiny_bot


def door(url: str, *, limit: float = tiny_bot.PATIENCE, **more: Any) -> HttpDoor:
    return HttpDoor(url, signing_secret=tiny_bot.SECRET, limit=limit, **more)


async def test_request_is_signed_as_slack_signs() -> None:
    async with tiny_bot.deaf_server(200) as (url, reached):
        outgoing = door(url)
        await outgoing.send(Envelope("slash_commands", {"command": "/cluster", "text": "ä & <b>"}))
        await outgoing.close()
    (request,) = reached
    body = await request.text()
    assert request.path == "/slack/events"
    assert SignatureVerifier(tiny_bot.SECRET).is_valid_request(body, dict(request.headers))
    assert urllib.parse.parse_qs(body) == {"command": ["/cluster"], "text": ["ä & <b>"]}
    assert abs(int(request.headers["X-Slack-Request-Timestamp"]) - time.time()) < 60


def test_interactions_travel_in_a_payload_field_and_events_as_json() -> None:
    body, kind = http_door.encode(Envelope("interactive", {"type": "block_actions"}))
    assert json.loads(urllib.parse.parse_qs(body.decode())["payload"][0]) == {"type": "block_actions"}
    assert kind == http_door.FORM
    assert http_door.encode(Envelope("events_api", {"a": 1})) == (b'{"a": 1}', "application/json")


async def test_kinds_may_go_to_paths_of_their_own() -> None:
    async with tiny_bot.deaf_server(200) as (url, reached):
        outgoing = door(url, paths={"slash_commands": "/commands"})
        await outgoing.send(Envelope("slash_commands", {}))
        await outgoing.close()
    assert reached[0].path == "/commands"


async def test_what_goes_wrong_is_told_apart() -> None:
    async with tiny_bot.deaf_server(500) as (url, _):
        refused = door(url)
        assert await refused.send(Envelope("interactive", {})) == Missed("http_error", "status 500")
        await refused.close()
    gone = door(url)
    outcome = await gone.send(Envelope("interactive", {}))
    assert isinstance(outcome, Missed)
    assert outcome.reason == "connection_failed"
    await gone.close()
    async with tiny_bot.deaf_server(200, pause=0.6) as (url, _):
        slow = door(url, limit=0.3)
        late = await slow.send(Envelope("interactive", {}))
        assert isinstance(late, Missed)
        assert late.reason == "http_timeout"
        await slow.close()
    nowhere = await door("").send(Envelope("interactive", {}))
    assert isinstance(nowhere, Missed)


async def test_answer_is_read_as_text_or_as_an_object() -> None:
    async with tiny_bot.deaf_server(200, body={"text": "x"}) as (url, _):
        outgoing = door(url)
        assert await outgoing.send(Envelope("interactive", {})) == Answered({"text": "x"})
        await outgoing.close()


async def test_answers_are_kept_for_tests_to_look_at_and_what_was_missed_is_none() -> None:
    async with tiny_bot.deaf_server(200, body={"text": "x"}) as (url, _):
        heard = Overheard(door(url))
        await heard.send(Envelope("slash_commands", {}))
        await heard.close()
    await heard.send(Envelope("slash_commands", {}))
    await heard.close()
    assert list(heard.answers) == [Answered({"text": "x"})]


async def test_missed_event_comes_again_three_times_with_its_reason() -> None:
    async with tiny_bot.deaf_server(500) as (url, reached):
        options = tiny_bot.options(bot_url=url, retries=(0.0, 0.01, 0.01))
        async with workspace.serving(options) as slack:
            await slack.hands.open_home("U0LENA")
            async with asyncio.timeout(30):
                while len(reached) < 4:  # noqa: ASYNC110 - another program's counter
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
    assert [r.headers.get("X-Slack-Retry-Num") for r in reached] == [None, "1", "2", "3"]
    assert reached[1].headers["X-Slack-Retry-Reason"] == "http_error"
    ids = {json.loads(await r.text())["event_id"] for r in reached}
    assert len(ids) == 1


async def test_missed_click_is_not_repeated_but_explained() -> None:
    async with tiny_bot.deaf_server(500) as (url, reached):
        options = tiny_bot.options(bot_url=url, retries=(0.0,))
        async with workspace.serving(options) as slack:
            api = tiny_bot.client(slack)
            button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
            await api.chat_postMessage(channel="C0TEAMA", text="x", blocks=[{"type": "actions", "elements": [button]}])
            lena = slack.person("U0LENA")
            await lena.card("x").click("Go")
            await lena.command("/cluster list")
            await asyncio.sleep(0.05)
    assert len(reached) == 2
    assert lena.notices == ("clusterdesk did not respond: status 500.",)
    assert lena.sees('failed with the error "dispatch_failed"')


async def test_event_the_app_did_not_subscribe_to_is_not_sent() -> None:
    async with tiny_bot.deaf_server(200) as (url, reached), workspace.serving(tiny_bot.options(bot_url=url)) as slack:
        await slack.events.send({"type": "message", "text": "psst"})
        await slack.events.archive("C0TEAMA")
    assert [json.loads(await r.text())["event"]["type"] for r in reached] == ["channel_archive"]


async def test_changed_people_and_groups_are_told_to_the_bot() -> None:
    async with tiny_bot.deaf_server(200) as (url, reached), workspace.serving(tiny_bot.options(bot_url=url)) as slack:
        eva = slack.workspace.people["U0EVA"]
        await slack.events.change_person(eva.model_copy(update={"deleted": True}))
        leads = slack.workspace.groups["S0TEAMALEADS"]
        await slack.events.change_group(leads.model_copy(update={"users": ("U0OMAR", "U0PAT")}))
        person, group = [json.loads(await r.text())["event"] for r in reached]
    assert (person["type"], person["user"]["id"], person["user"]["deleted"]) == ("user_change", "U0EVA", True)
    assert (group["added_users"], group["removed_users"]) == (["U0PAT"], ["U0EVA"])


async def test_request_url_is_verified_by_its_challenge() -> None:
    async with workspace.serving(tiny_bot.options()) as slack, tiny_bot.running(slack, "http"):
        assert await slack.events.verify_url()
    async with (
        tiny_bot.deaf_server(200, body={"challenge": "no"}) as (url, _),
        workspace.serving(tiny_bot.options(bot_url=url)) as slack,
    ):
        assert not await slack.events.verify_url()


# ---- Socket Mode ---------------------------------------------------------------------------------------


class Link:
    """A hand-driven Socket Mode connection."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.session = session
        self.socket = socket

    @classmethod
    async def open(cls, slack: workspace.LocalSlack) -> Link:
        url = (await tiny_bot.client(slack).apps_connections_open(app_token=tiny_bot.APP))["url"]
        session = aiohttp.ClientSession()
        return cls(session, await session.ws_connect(url))

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json(timeout=tiny_bot.PATIENCE)
        return message

    async def ack(self, envelope: dict[str, Any], payload: Any = None) -> None:
        await self.socket.send_json(
            {"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})}
        )

    async def close(self) -> None:
        await self.socket.close()
        await self.session.close()


SOCKET = {"mode": "socket", "retries": (0.0, 0.01, 0.01)}


async def test_connection_begins_with_hello_and_its_address_works_once() -> None:
    async with workspace.serving(tiny_bot.options(**SOCKET)) as slack:
        link = await Link.open(slack)
        hello = await link.next()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        async with aiohttp.ClientSession() as session:
            for address in (link.socket._response.url, f"{slack.url}/link/?ticket=none"):
                async with session.get(str(address).replace("ws://", "http://")) as answer:
                    assert answer.status == 403
        await link.close()


async def test_any_one_connection_gets_the_envelope_and_its_ack_counts() -> None:
    async with workspace.serving(tiny_bot.options(**SOCKET)) as slack:
        links = [await Link.open(slack) for _ in range(2)]
        for link in links:
            await link.next()

        async def answer(link: Link) -> dict[str, Any]:
            envelope = await link.next()
            await link.ack(envelope, {"text": "heard"})
            return envelope

        serving = [asyncio.create_task(answer(link)) for link in links]
        lena = slack.person("U0LENA")
        await lena.command("/cluster one")
        await lena.command("/cluster two")
        envelopes = [await task for task in serving]
        assert {e["payload"]["text"] for e in envelopes} == {"one", "two"}
        assert all(e["type"] == "slash_commands" and e["accepts_response_payload"] for e in envelopes)
        assert len(lena.cards("heard")) == 2
        for link in links:
            await link.close()


async def test_lost_ack_of_an_event_brings_the_same_event_again() -> None:
    async with workspace.serving(tiny_bot.options(**SOCKET, ack_seconds=0.3)) as slack:
        link = await Link.open(slack)
        await link.next()
        slack.socket.acks_to_lose = 1
        looking = asyncio.create_task(slack.hands.open_home("U0LENA"))
        first = await link.next()
        await link.ack(first)
        again = await link.next()
        await link.ack(again)
        await looking
        assert first["payload"]["event_id"] == again["payload"]["event_id"]
        assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
        assert first["envelope_id"] != again["envelope_id"]
        await link.close()


async def test_refresh_asks_every_connection_to_come_again() -> None:
    async with workspace.serving(tiny_bot.options(**SOCKET)) as slack:
        link = await Link.open(slack)
        await link.next()
        await slack.socket.warn()
        assert (await link.next())["reason"] == "warning"
        await slack.socket.refresh()
        parting = await link.next()
        assert (parting["type"], parting["reason"]) == ("disconnect", "refresh_requested")
        assert slack.socket.connections == 0
        lena = slack.person("U0LENA")
        await lena.command("/cluster list")
        assert lena.sees("no Socket Mode connection")
        await link.close()


async def test_bolt_comes_back_after_a_refresh() -> None:
    async with workspace.serving(tiny_bot.options(mode="socket")) as slack, tiny_bot.running(slack, "socket"):
        lena = slack.person("U0LENA")
        await slack.socket.refresh()
        await lena.waits_until(lambda: slack.socket.connections == 1)
        await lena.command("/cluster help")
        assert lena.sees("There is no help.")


async def test_eleventh_connection_is_one_too_many() -> None:
    async with workspace.serving(tiny_bot.options(**SOCKET)) as slack:
        links = [await Link.open(slack) for _ in range(11)]
        for link in links[:10]:
            assert (await link.next())["type"] == "hello"
        assert (await links[10].next())["reason"] == "too_many_websockets"
        for link in links:
            await link.close()


async def test_garbage_and_unknown_acks_are_ignored() -> None:
    async with workspace.serving(tiny_bot.options(**SOCKET)) as slack:
        link = await Link.open(slack)
        await link.next()
        for garbage in ("{", "[]", '{"envelope_id": "none"}'):
            await link.socket.send_str(garbage)
        lena = slack.person("U0LENA")
        typing = asyncio.create_task(lena.command("/cluster list"))
        await link.ack(await link.next(), {"text": "still here"})
        await typing
        assert lena.sees("still here")
        await link.close()
