"""That nothing secret leaves the bot is looked for in every test; here, that it would be found."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
import structlog

from tests.bot import leaks, samples
from tests.bot.conftest import BOT, Mode, running
from tests.bot.fake_desk import FakeDesk
from tests.playground.workspace import tiny_bot

MODES: tuple[Mode, ...] = ("http", "socket")
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJsZW5hIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (KEY, "a private key"),
        ({"blocks": [{"text": {"text": f"here: {KEY}"}}]}, "a private key"),
        (("x", [base64.b64encode(KEY.encode()).decode()]), "a private key"),
        ("users:\n- user:\n    client-key-data: LS0t", "a key in a kubeconfig"),
        ("users:\n- user:\n    token: abc", "a token in a kubeconfig"),
        (TOKEN, "a JSON Web Token"),
        ({"Authorization": "Bearer abcdefgh12345678"}, "a bearer token"),
        ("xoxb-1", "a token of Slack's"),
        ({"token": "xapp-1"}, "a token of Slack's"),
    ],
)
def test_each_shape_is_found_however_deep(value: Any, what: str) -> None:
    assert what in leaks.found(value)


def test_what_is_public_is_none() -> None:
    request = "-----BEGIN CERTIFICATE REQUEST-----\nMIG6MGICAQAw\n-----END CERTIFICATE REQUEST-----"
    assert leaks.found(request, {"client-certificate-data": base64.b64encode(request.encode()).decode()}) == []


@pytest.mark.parametrize("mode", MODES)
async def test_a_message_with_a_key_fails_the_test_that_sends_it(mode: Mode) -> None:
    with pytest.raises(AssertionError, match="a private key"):
        async with running(FakeDesk(), mode) as stage:
            await tiny_bot.client(stage.slack, token=BOT).chat_postMessage(channel="C0TEAMA", text=KEY)


@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_with_a_token_fails_the_test_that_gets_it(mode: Mode) -> None:
    # Messages of programs have such things left out already (test_endings_in_slack); an address is shown as it is.
    desk = FakeDesk(by_hand=(samples.hand_made(endpoint=f"https://10.0.0.9:6443/{TOKEN}"),))

    with pytest.raises(AssertionError, match="a JSON Web Token"):
        async with running(desk, mode) as stage:
            await stage.slack.person("U0LENA").command("/cluster show lab")


def test_a_log_line_with_a_token_is_heard_also_where_a_test_takes_the_lines_away(logged: list[str]) -> None:
    structlog.get_logger().info("posting", headers={"Authorization": f"Bearer {TOKEN}"})
    assert leaks.found(logged) == ["a JSON Web Token", "a bearer token"]

    logged.clear()
    with structlog.testing.capture_logs():
        try:
            raise ValueError(KEY)
        except ValueError:
            structlog.get_logger().exception("answer_broke")
    logging.getLogger("slack_bolt").error("cannot sign with %s", TOKEN)
    assert leaks.found(logged) == ["a JSON Web Token", "a private key"]

    # Here it is meant; anywhere else the fixture would fail the test now.
    logged.clear()
