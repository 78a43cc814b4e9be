"""An answer whose way back is closed: it is written to whoever pressed, as often as it takes, and not for ever."""

from __future__ import annotations

import structlog

from bot import slack
from bot.answers import Repaint
from bot.cards import say
from bot.commands.command import Filled
from bot.errands import Errands
from bot.outcomes import Later, Undeliverable, Unknown
from bot.responses import Responses
from bot.weights import Weight
from bot.windows import Payload, Windows
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster

NOWHERE = "http://127.0.0.1:1/"
BODY = {"response_url": NOWHERE, "trigger_id": "1.2.3", "user": {"id": "U0OMAR"}}
TOLD = say("Your approval counts.")


async def answered(poster: FakePoster) -> list[str]:
    """What Omar reads after a press, when its response URL leads nowhere."""
    errands = Errands()
    windows = Windows(client=slack.client(None, api_url=NOWHERE), errands=errands, filled=_never)
    Responses(desk=FakeDesk(), errands=errands, windows=windows, poster=poster).give(Repaint(told=TOLD), BODY)
    await errands.drain(seconds=20.0)
    return [card.text for card in poster.at("DOMAR")]


async def _never(_: Payload) -> Filled:
    raise AssertionError


async def test_it_is_written_as_what_somebody_waits_for_once_slack_has_room() -> None:
    poster = FakePoster(fail={"direct": [Later("down", seconds=0.0)], "post": [Later("ratelimited", seconds=0.0)]})

    assert await answered(poster) == [TOLD.text]
    assert poster.weights["DOMAR"] is Weight.DECISION


async def test_it_is_said_once_more_when_nobody_knows_whether_it_was_said() -> None:
    poster = FakePoster(fail={"post": [Unknown("timeout")]}, knows_names=True)

    assert await answered(poster) == [TOLD.text]
    assert len(set(poster.names["DOMAR"])) == 1


async def test_what_is_in_doubt_for_the_second_time_is_left_alone() -> None:
    poster = FakePoster(fail={"post": [Unknown("timeout")] * 3})

    assert await answered(poster) == []
    assert poster.calls.count("post DOMAR") == 2


async def test_whom_slack_does_not_let_us_write_to_is_left_alone_and_it_is_logged() -> None:
    poster = FakePoster(fail={"direct": [Undeliverable("user_disabled")]})

    with structlog.testing.capture_logs() as lines:
        assert await answered(poster) == []

    assert [line["why"] for line in lines if line["event"] == "answer_not_written"] == ["user_disabled"]
