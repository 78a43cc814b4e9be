"""What is behind each kind of payload of Slack, within Slack's three seconds.

Thin on purpose. It asks the `reception` what to answer, and turns that into acknowledgements and calls. Whatever needs
doing after the acknowledgement is an errand (`windows`, `responses`).
What must never live here: rules, sentences, blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import blocks, cards, commands, forms, lines, replies
from bot.answers import Errors, Open, Repaint, Say
from bot.errands import Errands
from bot.homes import Homes
from bot.people import People
from bot.ports import Desk
from bot.posting import Poster
from bot.reception import Reception
from bot.responses import Responses
from bot.windows import Payload, Windows, heard_of, surface
from provisioning import audit
from provisioning.health import Waits

log = structlog.get_logger()

_A = TypeVar("_A")
Ack = Callable[..., Awaitable[Any]]

ACK_SECONDS = 2.7
"""After this the answer is an excuse: Slack's three seconds, less the way back."""


class Door:
    """Bolt calls a method for each."""

    def __init__(
        self,
        *,
        desk: Desk,
        people: People,
        client: AsyncWebClient,
        poster: Poster,
        errands: Errands,
        homes: Homes,
        forget_group: Callable[[str], None] = lambda _: None,
        waits: Waits = lambda: "",
        tell: audit.Tell = audit.untold,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._people = people
        self._homes = homes
        self._forget_group = forget_group
        self._reception = Reception(desk=desk, people=people, waits=waits, tell=tell, clock=clock)
        self._windows = Windows(client=client, errands=errands, filled=self._reception.filled)
        self._responses = Responses(desk=desk, errands=errands, windows=self._windows, poster=poster)

    async def command(self, ack: Ack, body: Payload) -> None:
        """A slash command."""
        line, who = lines.typed(str(body.get("text") or "")), str(body["user_id"])
        said = await self._said(line, body, who=who, team=str(body["team_id"]))
        if said is None:
            await ack()
        else:
            await ack(text=said.card.text, blocks=list(said.card.blocks), response_type="ephemeral")

    async def run(self, ack: Ack, body: Payload) -> None:
        """A button that stands for a line somebody could type."""
        line = str(body["actions"][0].get("value") or "")
        said = await self._said(line, body, who=str(body["user"]["id"]), team=str(body["team"]["id"]))
        await self._answered(ack, body, Repaint(told=said.card if said else None))

    async def shortcut(self, ack: Ack, body: Payload) -> None:
        """A command out of Slack's own menu, where there is no conversation to answer in."""
        line = commands.shortcut_line(str(body.get("callback_id", "")))
        said = await self._said(line, body, who=str(body["user"]["id"]), team=str(body["team"]["id"]))
        await self._answered(ack, body, Repaint(told=said.card if said else None))

    async def press(self, ack: Ack, body: Payload) -> None:
        """A button of a card."""
        answer = await self._politely(self._pressed(body), excuse=lambda why: Repaint(told=cards.say(why)))
        if answer.told and (body.get("container") or {}).get("is_ephemeral"):
            # What was said only to them is no card: the new answer takes its place.
            answer = Repaint(card=answer.told)
        await self._answered(ack, body, answer)
        self._responses.tidy(body)

    async def unknown(self, ack: Ack, body: Payload) -> None:
        """A control that this version does not know: on a card from before an upgrade, or after one."""
        await self._answered(ack, body, Repaint(told=cards.say(replies.CARD_TOO_OLD)))

    async def changed(self, ack: Ack, body: Payload) -> None:
        """Something was chosen in an open form."""
        await ack()
        self._windows.changed(body)

    async def suggested(self, ack: Ack, body: Payload) -> None:
        """Somebody types in a menu that has too many options to show them all."""
        found = await self._politely(self._reception.suggested(body), excuse=lambda _: ())
        await ack(options=blocks.offered(found))

    async def submitted(self, ack: Ack, body: Payload) -> None:
        """A form was sent."""
        view = body["view"]
        self._windows.ended(view)
        fields = forms.inputs(view)
        answer = await self._politely(
            self._reception.submitted(body),
            excuse=lambda why: Errors({fields[-1]: why}) if fields else forms.replaced(why),
        )
        if isinstance(answer, Errors):
            await ack(response_action="errors", errors=dict(answer.fields))
        else:
            await ack(response_action="update", view=heard_of(answer.view))
            self._windows.became(answer.view, body)

    async def closed(self, ack: Ack, body: Payload) -> None:
        """A form was closed, and nothing comes of it."""
        await ack()
        self._windows.ended(body["view"])

    async def account_changed(self, event: Payload) -> None:
        """Slack says that somebody's account changed."""
        self._people.forget(str(event.get("user", {}).get("id", "")))

    async def group_changed(self, event: Payload) -> None:
        """Slack says that somebody joined or left a user group."""
        self._forget_group(str(event.get("subteam_id", "")))

    async def home_opened(self, event: Payload) -> None:
        """Somebody looks at the app: at their Home, or at the direct message beside it."""
        if event.get("tab") == "home":
            self._homes.opened(str(event["user"]), _hash(event))

    async def _said(self, line: str, body: Payload, *, who: str, team: str) -> Say | None:
        """What is left to say to a line once its form, if it has one, is open."""

        async def saying() -> Say | None:
            answer = await self._reception.answer(line, body, who=who, team=team)
            return await self._windows.open(answer, body) if isinstance(answer, Open) else answer

        return await self._politely(saying(), excuse=lambda why: Say(cards.say(why)))

    async def _pressed(self, body: Payload) -> Repaint:
        """What is left to say to a press once its form, if it has one, is open."""
        answer = await self._reception.press(body)
        if not isinstance(answer, Open):
            return answer
        said = await self._windows.open(answer, body)
        return Repaint(told=said.card) if said else Repaint()

    async def _answered(self, ack: Ack, body: Payload, answer: Repaint) -> None:
        """Acknowledge a press and answer it: where its button stands, or in a window where nothing can be said."""
        await ack()
        self._responses.give(answer, body)
        if surface(body) == "home":
            self._homes.used(str(body["user"]["id"]), _hash(body))

    async def _politely(self, answering: Awaitable[_A], *, excuse: Callable[[str], _A]) -> _A:
        """The answer, or the excuse when it takes too long or breaks."""
        try:
            async with asyncio.timeout(ACK_SECONDS):
                return await answering
        except TimeoutError:
            log.warning("answer_too_late")
            return excuse(replies.SLOW)
        except Exception:
            # The door: what nobody foresaw is logged once, here, and the person gets a sentence and not silence.
            log.exception("answer_broke")
            return excuse(replies.SOMETHING_BROKE)


def _hash(body: Payload) -> str:
    """Slack's hash of the view that somebody has before them."""
    return str((body.get("view") or {}).get("hash") or "")
