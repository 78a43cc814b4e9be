"""Windows held against the strict local Slack: what does not open is told, and who types makes one dry run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot import replies, slack
from bot.answers import Open, Say
from bot.commands import create
from bot.commands.command import Call, Filled
from bot.errands import Errands
from bot.windows import Windows
from playground import workspace
from playground.workspace import Fault, SlackError
from playground.workspace.payloads import view_body
from playground.workspace.tickets import TRIGGER_SECONDS
from provisioning.wish import Verdict, Wish
from tests.bot import samples
from tests.bot.conftest import BOT
from tests.bot.fake_desk import FakeDesk
from tests.provisioning.waiting import until

LENA = "U0LENA"


@dataclass
class Asked(FakeDesk):
    """A desk that keeps what was tried by a dry run."""

    tried: list[str] = field(default_factory=list)

    async def preview(self, wish: Wish) -> Verdict:
        self.tried.append(wish.cluster)
        return await super().preview(wish)


class Scene:
    """Lena before her windows. `settled` is set when what she chose has stood long enough."""

    def __init__(self, local: workspace.LocalSlack, now: list[float]) -> None:
        self.local, self.now = local, now
        self.desk = Asked()
        self.errands = Errands()
        self.settled = asyncio.Event()
        client = slack.client(BOT, api_url=local.api_url)
        self.windows = Windows(client=client, errands=self.errands, filled=self._filled, settled=self.settled.wait)
        self.form = create.run(Call(self.desk, samples.LENA, samples.NOW, ("build-7",)))

    async def _filled(self, body: Any) -> Filled:
        return Filled(self.desk, samples.LENA, "T0LOCAL", dict(body["view"]), samples.NOW)

    def body(self) -> dict[str, Any]:
        """A press out of a message, or out of the topmost window."""
        stack = self.local.workspace.views.stacks.get(LENA) or []
        view = stack[-1] if stack else None
        trigger = self.local.workspace.tickets.issue_trigger(
            LENA, now=self.local.workspace.now(), view_id=view.id if view else None
        )
        above = {"view": view_body(self.local.workspace, view)} if view else {}
        return {"trigger_id": trigger, "user": {"id": LENA}, "team": {"id": "T0LOCAL"}, **above}

    async def open(self, body: dict[str, Any] | None = None) -> str:
        """What is said when it does not open."""
        assert isinstance(self.form, Open)
        told = await self.windows.open(self.form, body or self.body())
        return told.card.text if isinstance(told, Say) else ""

    async def rest(self) -> None:
        """Until nothing is under way any more."""
        await until(lambda: not len(self.errands))

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.local.api.calls)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    now = [1_000.0]
    async with workspace.serving(workspace.Options(bot_token=BOT), clock=lambda: now[0]) as local:
        made = Scene(local, now)
        yield made
        await made.errands.drain(seconds=10.0)


async def test_a_trigger_that_is_over_or_used_opens_nothing_and_is_told(scene: Scene) -> None:
    late, twice = scene.body(), scene.body()
    assert await scene.open(twice) == ""
    assert await scene.open(twice) == replies.FORM_NOT_OPENED
    scene.now[0] += TRIGGER_SECONDS + 1
    assert await scene.open(late) == replies.FORM_NOT_OPENED

    answers = [call.answer.get("error") for call in scene.local.api.calls if call.method == "views.open"]
    assert answers == [None, "exchanged_trigger_id", "expired_trigger_id"]


async def test_a_fourth_window_is_told_in_words_of_its_own(scene: Scene) -> None:
    assert [await scene.open() for _ in range(4)] == ["", "", "", replies.TOO_MANY_WINDOWS]


async def test_slack_is_left_alone_for_as_long_as_it_says(scene: Scene) -> None:
    scene.local.api.faults.plan("views.open", Fault.REFUSE, error=SlackError("ratelimited", retry_after=60))

    assert [await scene.open() for _ in range(3)] == [replies.FORM_NOT_OPENED] * 3

    assert scene.calls("views.open") == 1


async def test_the_numbers_come_when_slack_takes_them_again(scene: Scene) -> None:
    scene.local.api.faults.plan("views.update", Fault.REFUSE, error=SlackError("ratelimited", retry_after=1))

    await scene.open()
    await scene.rest()

    assert "0 → 4 of 40" in scene.local.person(LENA).modal.text
    assert scene.calls("views.update") == 2


async def test_a_form_whose_numbers_slack_would_take_too_late_stays_as_it_is(scene: Scene) -> None:
    scene.local.api.faults.plan("views.update", Fault.REFUSE, error=SlackError("ratelimited", retry_after=60))

    await scene.open()
    await scene.rest()

    assert scene.calls("views.update") == 1


async def test_whoever_types_twenty_letters_asks_the_api_server_once(scene: Scene) -> None:
    await scene.open()
    await scene.rest()
    scene.desk.tried.clear()
    lena = scene.local.person(LENA)
    name = next(control.name for control in lena.modal.shown.controls if control.label == "Name")

    for letters in range(1, 21):
        scene.local.hands.type(LENA, lena.modal.view_id, {name: ("x" * letters,)})
        scene.windows.changed(scene.body())
        await asyncio.sleep(0)
    scene.settled.set()
    await scene.rest()

    assert scene.desk.tried == ["x" * 20]
