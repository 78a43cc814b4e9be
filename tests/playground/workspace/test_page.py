"""The page over HTTP: what it draws, what it takes, and whom it turns away."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from playground import workspace
from playground.workspace import guard
from tests.playground.workspace import payloads_for_tests as made
from tests.playground.workspace import tiny_bot

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"


async def page(slack: workspace.LocalSlack, query: str = "as=U0LENA&at=C0TEAMA", **headers: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{slack.url}/?{query}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def post(slack: workspace.LocalSlack, path: str, fields: Any, **headers: str) -> aiohttp.ClientResponse:
    async with aiohttp.ClientSession() as session:
        answer = await session.post(slack.url + path, data=fields, headers=headers, allow_redirects=False)
        await answer.read()
        return answer


async def test_hostile_text_is_shown_not_run(slack: workspace.LocalSlack) -> None:
    await slack.person("U0LENA").say(HOSTILE)
    api = tiny_bot.client(slack)
    await api.chat_postMessage(channel="C0TEAMA", text=HOSTILE)
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": made.mrkdwn(HOSTILE), "fields": [made.plain(HOSTILE)]},
        {"type": "section", "text": made.mrkdwn(f"`{HOSTILE}` *{HOSTILE}* <https://e.com/{HOSTILE}|{HOSTILE}>")},
        {
            "type": "actions",
            "elements": [made.button("a", HOSTILE, confirm={**made.confirm(), "text": made.plain(HOSTILE)})],
        },
    ]
    await api.chat_postMessage(channel="C0TEAMA", text=HOSTILE, blocks=blocks)
    shown = await page(slack)
    assert "<script>alert" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


async def test_hostile_modal_and_home_are_shown_not_run(slack: workspace.LocalSlack) -> None:
    view = made.modal("<script>x</script>")
    view["blocks"].append(
        made.field("evil", HOSTILE, {"type": "plain_text_input", "initial_value": HOSTILE}, hint=made.plain(HOSTILE))
    )
    api = tiny_bot.client(slack)
    ticket = slack.workspace.tickets.issue_trigger("U0LENA", now=slack.workspace.now())
    await api.views_open(trigger_id=ticket, view=view)
    home = {"type": "home", "blocks": [{"type": "header", "text": made.plain("<script>h</script>")}]}
    await api.views_publish(user_id="U0LENA", view=home)
    shown = await page(slack, "as=U0LENA&at=home")
    assert "<script>" not in shown.replace('<script src="/static/workspace.js" defer></script>', "")
    assert "<img" not in shown


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("as=U0OMAR&from=C0TEAMA", "C0TEAMA"),
        ("as=U0OMAR&from=home", "home"),
        ("as=U0OMAR&from=nowhere", "C0TEAMB"),
        ("as=U0OMAR", "C0TEAMB"),
        ("as=U0GUEST&from=C0TEAMB", "C0TEAMA"),
    ],
)
async def test_one_looks_where_one_looked_as_somebody_else_or_where_something_is_new(
    slack: workspace.LocalSlack, asked: str, where: str
) -> None:
    await tiny_bot.client(slack).chat_postMessage(channel="C0TEAMB", text="Somebody asks for a cluster")
    async with aiohttp.ClientSession() as session, session.get(f"{slack.url}/?{asked}") as answer:
        assert answer.url.query["at"] == where


async def test_policy_headers_are_on_every_answer(slack: workspace.LocalSlack) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/static/workspace.js", "/nowhere", "/live"):
            async with session.get(slack.url + path) as answer:
                assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';"), path
                assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_page_needs_nothing_from_elsewhere(slack: workspace.LocalSlack) -> None:
    shown = await page(slack)
    assert "http://" not in shown
    assert "https://" not in shown
    assert "style=" not in shown
    assert " onclick" not in shown


@pytest.mark.parametrize(
    ("host", "origin", "site", "method", "refused"),
    [
        ("127.0.0.1:8000", None, None, "GET", False),
        ("localhost:8000", "http://localhost:8000", "same-origin", "POST", False),
        ("[::1]:8000", None, None, "POST", False),
        ("evil.example:8000", None, None, "GET", True),
        ("127.0.0.1.evil.example", None, None, "GET", True),
        ("", None, None, "GET", True),
        ("127.0.0.1:8000", "https://evil.example", None, "POST", True),
        ("127.0.0.1:8000", "http://127.0.0.1:9999", None, "POST", True),
        ("127.0.0.1:8000", "null", None, "POST", True),
        ("127.0.0.1:8000", None, "cross-site", "POST", True),
    ],
)
def test_only_this_machine_and_this_page_get_in(
    host: str, origin: str | None, site: str | None, method: str, refused: bool
) -> None:
    reason = guard.why_refused(method=method, host=host, origin=origin, fetch_site=site)
    assert bool(reason) is refused


async def test_foreign_host_and_foreign_origin_are_turned_away(slack: workspace.LocalSlack) -> None:
    foreign = {"Host": "evil.example"}
    async with aiohttp.ClientSession() as session, session.get(slack.url + "/", headers=foreign) as answer:
        assert answer.status == 403
    fields = {"as": "U0LENA", "at": "C0TEAMA", "text": "x"}
    assert (await post(slack, "/act/say", fields, Origin="https://evil.example")).status == 403
    assert not slack.person("U0LENA").cards("x", at="C0TEAMA")


async def test_everything_works_by_plain_forms(mode: str) -> None:
    async with workspace.serving(tiny_bot.options(mode=mode)) as slack, tiny_bot.running(slack, mode) as bot:
        who = {"as": "U0LENA", "at": "C0TEAMA"}
        answer = await post(slack, "/act/say", {**who, "text": "/cluster card"})
        assert (answer.status, answer.headers["Location"]) == (303, "/?as=U0LENA&at=C0TEAMA")
        lena = slack.person("U0LENA")
        await lena.waits_for("lena asks")
        ts = lena.card("lena asks").ts
        await post(slack, "/act/message?choose=mute", {**who, "ts": ts, "_act": "decide|more"})
        assert bot.heard[-1]["actions"][0]["selected_option"]["value"] == "mute"
        await post(slack, "/act/say", {**who, "text": "/cluster create"})
        await lena.waits_until(lambda: lena.has_modal)
        view = lena.modal.view_id
        fields = [
            *who.items(),
            ("view", view),
            ("_act", "submit"),
            ("name|name", "taken"),
            ("size|size", "small"),
            ("nodes|nodes", "3"),
        ]
        fields += [("reason|reason", "two\r\nlines"), ("zone|zone", "b"), ("day|day", "2026-12-02")]
        fields += [("_fields", f"{n}|{n}") for n in ("name", "size", "nodes", "addons", "zone", "day", "reason")]
        await post(slack, "/act/view", fields)
        values = bot.heard[-1]["view"]["state"]["values"]
        assert values["addons"]["addons"]["selected_options"] == []
        assert values["reason"]["reason"]["value"] == "two\nlines"
        shown = await page(slack)
        assert "That name is taken." in shown
        assert 'value="taken"' in shown
        finding = {**who, "view": view, "_act": "find:owner|owner", "find:owner|owner": "l"}
        await post(slack, "/act/view", finding)
        assert lena.modal.options("Owner") == ["Lena", "Leo"]
        await post(slack, "/act/view", {**who, "view": view, "_act": "close"})
        assert not lena.has_modal


async def test_what_is_gone_is_said_so(slack: workspace.LocalSlack) -> None:
    answer = await post(slack, "/act/message", {"as": "U0LENA", "at": "C0TEAMA", "ts": "1.0", "_act": "a|b"})
    assert answer.status == 303
    assert "not there any more" in await page(slack)
    await post(slack, "/act/dismiss", {"as": "U0LENA", "at": "C0TEAMA"})
    assert "not there any more" not in await page(slack)


async def test_nobody_can_act_as_nobody(slack: workspace.LocalSlack) -> None:
    assert (await post(slack, "/act/say", {"as": "U0NOBODY", "text": "x"})).status == 404
    assert (await post(slack, "/act/fly", {"as": "U0LENA"})).status == 404
    async with aiohttp.ClientSession() as session, session.get(slack.url + "/?as=U0NOBODY") as answer:
        assert answer.status == 404


async def test_channel_of_others_is_closed(slack: workspace.LocalSlack) -> None:
    await tiny_bot.client(slack).chat_postMessage(channel="C0PLATFORM", text="for the platform")
    shown = await page(slack, "as=U0LENA&at=C0PLATFORM")
    assert "for the platform" not in shown
    assert "You cannot write here" in shown
    await post(slack, "/act/say", {"as": "U0LENA", "at": "C0PLATFORM", "text": "let me in"})
    assert not slack.person("U0PAT").sees("let me in")


async def test_unread_messages_are_counted_until_looked_at(slack: workspace.LocalSlack) -> None:
    await tiny_bot.client(slack).chat_postMessage(channel="C0TEAMB", text="news")
    assert '1<span class="hidden"> unread' in await page(slack)
    await page(slack, "as=U0LENA&at=C0TEAMB")
    assert "unread</span>" not in await page(slack)
    assert '1<span class="hidden"> unread' in await page(slack, "as=U0OMAR&at=C0TEAMA")


async def test_live_stream_tells_of_changes_without_saying_which(slack: workspace.LocalSlack) -> None:
    async with aiohttp.ClientSession() as session, session.get(slack.url + "/live") as answer:
        first = await answer.content.readuntil(b"\n\n")
        await tiny_bot.client(slack).chat_postMessage(channel="C0PLATFORM", text="secret")
        async with asyncio.timeout(30):
            second = await answer.content.readuntil(b"\n\n")
    assert first.startswith(b"event: changed")
    assert second.startswith(b"event: changed")
    assert b"secret" not in second


async def test_looking_at_home_tells_the_app_and_redrawing_does_not(mode: str) -> None:
    async with workspace.serving(tiny_bot.options(mode=mode)) as slack, tiny_bot.running(slack, mode) as bot:
        await page(slack, "as=U0LENA&at=home")
        await slack.person("U0LENA").waits_for("Your clusters")
        before = len(bot.heard)
        await page(slack, "as=U0LENA&at=home", **{"X-Live": "1"})
        assert len(bot.heard) == before


async def test_page_shows_what_the_driver_sees(mode: str) -> None:
    async with workspace.serving(tiny_bot.options(mode=mode)) as slack, tiny_bot.running(slack, mode):
        lena = slack.person("U0LENA")
        await lena.command("/cluster card")
        await lena.waits_for("lena asks")
        await lena.command("/cluster create")
        await lena.waits_until(lambda: lena.has_modal)
        shown = await page(slack, f"as=U0LENA&at={lena.at}")
        card = lena.card("lena asks")
        for control in (*card.shown.controls, *lena.modal.shown.controls):
            assert f'data-action-id="{control.action_id}"' in shown
            assert control.name in shown
        assert f'data-ts="{card.ts}"' in shown


async def test_test_api_is_there_only_when_asked_for(mode: str, slack: workspace.LocalSlack) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(slack.url + "/test/state") as answer:
            assert answer.status == 404
        options = tiny_bot.options(mode=mode, test_api=True)
        async with workspace.serving(options) as open_one, tiny_bot.running(open_one, mode):
            url = open_one.url + "/test"
            typed = {"user": "U0LENA", "channel": "C0TEAMA", "text": "/cluster card"}
            async with session.post(url + "/command", json=typed) as answer:
                assert (await answer.json()) == {"ok": True}
            await open_one.person("U0LENA").waits_for("lena asks")
            async with session.get(url + "/screen", params={"as": "U0LENA", "at": "C0TEAMA"}) as answer:
                ts = (await answer.json())["messages"][-1]["ts"]
            click = {"user": "U0OMAR", "channel": "C0TEAMA", "ts": ts, "name": "decide|approve"}
            async with session.post(url + "/click", json=click) as answer:
                assert answer.status == 200
            await open_one.person("U0LENA").waits_for("Approved by @omar")
            async with session.post(url + "/click", json=click) as answer:
                assert answer.status == 409
            async with session.post(url + "/submit", json={"user": "U0LENA", "view": "V0"}) as answer:
                assert answer.status == 409
            async with session.post(
                url + "/fault", json={"method": "auth.test", "fault": "refuse", "error": "fatal_error"}
            ) as answer:
                assert answer.status == 200
            async with session.get(url + "/calls") as answer:
                assert "chat.update" in [c["method"] for c in await answer.json()]
            async with session.get(url + "/state") as answer:
                assert (await answer.json())["channels"]["C0TEAMA"]["messages"]
            async with session.post(url + "/command", data="{") as answer:
                assert answer.status == 400
            async with session.post(url + "/command", json={"user": "U0LENA"}) as answer:
                assert answer.status == 400
