"""The HTTP door: unsigned, stale, replayed, malformed and oversized requests each get their answer and one log line."""

from __future__ import annotations

import asyncio
import io
import json
import time
import urllib.parse
from collections.abc import AsyncIterator

import pytest
import structlog
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from bot import http, manifest

SECRET = "shhh"
COMMAND = urllib.parse.urlencode({"command": "/cluster", "text": "help", "user_id": "U0LENA", "team_id": "T1"}).encode()
Client = TestClient


async def _authorize(**_: object) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U1")


@pytest.fixture
def bolt() -> AsyncApp:
    bolt = AsyncApp(signing_secret=SECRET, authorize=_authorize, request_verification_enabled=False)

    @bolt.command("/cluster")
    async def answer(ack) -> None:  # type: ignore[no-untyped-def]
        await ack("heard")

    @bolt.event("user_change")
    async def take() -> None:
        pass

    return bolt


@pytest.fixture
async def client(bolt: AsyncApp) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    entrance = http.Entrance(bolt, signing_secret=SECRET, replays=http.Replays())
    async with TestClient(TestServer(http.application(entrance, waits=lambda: "caches"))) as made:
        yield made


def signed(body: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(at if at is not None else time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body) or ""
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
    }


async def post(client: TestClient, body: bytes, headers: dict[str, str]) -> tuple[int, str, list[str]]:  # type: ignore[type-arg]
    with structlog.testing.capture_logs() as lines:
        async with client.post(manifest.PATH, data=io.BytesIO(body), headers=headers) as response:
            text = await response.text()
    return response.status, text, [line["why"] for line in lines if line["event"] == "slack_request_refused"]


async def test_a_signed_request_is_answered(client: TestClient) -> None:  # type: ignore[type-arg]
    assert await post(client, COMMAND, signed(COMMAND)) == (200, "heard", [])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"X-Slack-Signature": ""}, "unsigned"),
        ({"X-Slack-Request-Timestamp": ""}, "unsigned"),
        ({"X-Slack-Request-Timestamp": "tomorrow"}, "timestamp is no number"),
        ({"X-Slack-Request-Timestamp": "-5"}, "timestamp is no number"),
        ({"X-Slack-Request-Timestamp": "1e9"}, "timestamp is no number"),
        ({"X-Slack-Request-Timestamp": "9" * 400}, "timestamp is no number"),
        ({"X-Slack-Signature": "v0=0000"}, "wrong signature"),
    ],
)
async def test_what_is_not_signed_as_slack_does_is_refused(
    client: TestClient,  # type: ignore[type-arg]
    changes: dict[str, str],
    why: str,
) -> None:
    assert await post(client, COMMAND, signed(COMMAND) | changes) == (401, why, [why])


async def test_another_secret_or_another_body_is_refused(client: TestClient) -> None:  # type: ignore[type-arg]
    for headers in (signed(COMMAND, secret="other"), signed(COMMAND + b"x")):
        assert (await post(client, COMMAND, headers))[0] == 401


@pytest.mark.parametrize("age", [-400, 400])
async def test_a_timestamp_five_minutes_off_is_stale(client: TestClient, age: int) -> None:  # type: ignore[type-arg]
    headers = signed(COMMAND, at=time.time() + age)

    assert await post(client, COMMAND, headers) == (401, "stale timestamp", ["stale timestamp"])


async def test_the_same_signed_request_runs_once(client: TestClient) -> None:  # type: ignore[type-arg]
    headers = signed(COMMAND)

    answers = [(await post(client, COMMAND, headers))[:2] for _ in range(3)]

    assert answers == [(200, "heard"), (401, "replayed"), (401, "replayed")]


async def test_what_slack_delivers_once_more_is_signed_anew_and_let_in(client: TestClient) -> None:  # type: ignore[type-arg]
    event = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": {"type": "user_change", "user": {}}}
    body, now = json.dumps(event).encode(), time.time()
    again = {"Content-Type": "application/json", "X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}

    first = await post(client, body, signed(body, at=now) | {"Content-Type": "application/json"})
    retried = await post(client, body, signed(body, at=now + 60) | again)
    replayed = await post(client, body, signed(body, at=now + 60) | again)

    assert (first[0], retried[0], replayed[:2]) == (200, 200, (401, "replayed"))


async def test_a_body_that_does_not_come_is_not_waited_for(bolt: AsyncApp) -> None:
    entrance = http.Entrance(bolt, signing_secret=SECRET, replays=http.Replays(), patience=0.2)
    head = f"POST {manifest.PATH} HTTP/1.1\r\nHost: bot\r\nContent-Length: {len(COMMAND)}\r\n\r\n"
    async with TestServer(http.application(entrance, waits=lambda: "")) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(head.encode() + COMMAND[:10])

        async with asyncio.timeout(30):
            status = await reader.readline()

        assert status.split()[1] == b"408"
        writer.close()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{not json", "application/json"),
        (b"payload=%7Bnot-json", "application/x-www-form-urlencoded"),
        (b"payload=[1]", "application/x-www-form-urlencoded"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"payload=" + b"[" * 100_000, "application/x-www-form-urlencoded"),
    ],
)
async def test_a_signed_body_that_cannot_be_parsed_is_refused_without_a_trace(
    client: TestClient,  # type: ignore[type-arg]
    body: bytes,
    kind: str,
) -> None:
    status, text, why = await post(client, body, signed(body) | {"Content-Type": kind})

    assert (status, text, why) == (400, "malformed body", ["malformed body"])


async def test_a_body_that_is_no_text_is_refused(client: TestClient) -> None:  # type: ignore[type-arg]
    assert (await post(client, b"\xff\xfe", signed(b"{}")))[:2] == (401, "wrong signature")


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd"])
async def test_what_says_that_it_is_packed_is_not_unpacked_and_leaves_no_trace(
    bolt: AsyncApp, packing: str, caplog: pytest.LogCaptureFixture
) -> None:
    entrance = http.Entrance(bolt, signing_secret=SECRET, replays=http.Replays())
    runner = http.runner(http.application(entrance, waits=lambda: ""), drain=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with (
            ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session,
            session.post(manifest.PATH, data=b"no such thing", headers={"Content-Encoding": packing}) as answer,
        ):
            assert (answer.status, await answer.text()) == (401, "unsigned")
    finally:
        await runner.cleanup()

    assert not [record for record in caplog.records if record.exc_info]


async def test_an_unsigned_malformed_body_is_not_even_parsed(client: TestClient) -> None:  # type: ignore[type-arg]
    assert (await post(client, b"{not json", {"Content-Type": "application/json"}))[:2] == (401, "unsigned")


async def test_a_body_above_a_mebibyte_is_refused(client: TestClient) -> None:  # type: ignore[type-arg]
    body = b"text=" + b"x" * (1024 * 1024)

    status, text, why = await post(client, body, signed(body))

    assert (status, why) == (413, [text])


async def test_health_is_there_and_says_what_is_waited_for(client: TestClient) -> None:  # type: ignore[type-arg]
    async with client.get("/healthz") as alive, client.get("/readyz") as able:
        assert (alive.status, able.status, await able.text()) == (200, 503, "caches")


def test_a_replay_is_known_for_ten_minutes_and_then_forgotten() -> None:
    now = [0.0]
    replays = http.Replays(clock=lambda: now[0])

    assert replays.is_first("v0=a")
    now[0] = http.REPLAY_SECONDS
    assert not replays.is_first("v0=a")
    now[0] = http.REPLAY_SECONDS + 1
    assert replays.is_first("v0=a")
