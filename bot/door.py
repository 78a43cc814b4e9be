"""What is behind each kind of payload of Slack: payloads in, answers out, within Slack's three seconds.

Thin on purpose. It finds the person, asks the command, form or button what to answer, and turns that answer into
acknowledgements and calls. Whatever needs doing after the acknowledgement is an errand (`windows`, `responses`).
What must never live here: rules, sentences, blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot import (
    blocks,
    cards,
    commands,
    forms,
    lines,
    presses,
    replies,
    secrecy,
    suggestions,
    witness,
)
from bot.answers import Errors, FormAnswer, Open, Repaint, Say
from bot.blocks import Option
from bot.cards import Card
from bot.commands.command import Filled
from bot.errands import Errands
from bot.homes import Homes
from bot.people import PASSING, People, Refusal, Unwelcome
from bot.ports import Desk
from bot.posting import Poster
from bot.responses import Responses
from bot.windows import FORMS, Payload, Windows, heard_of, surface
from provisioning import audit, errors
from provisioning.desk import NoCatalog
from provisioning.health import Waits
from provisioning.model import Person

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
        self._desk = desk
        self._people = people
        self._homes = homes
        self._forget_group = forget_group
        self._waits = waits
        self._tell = tell
        self._clock = clock
        self._windows = Windows(client=client, errands=errands, filled=self._filled)
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
        found = await self._politely(self._suggested(body), excuse=lambda _: ())
        await ack(options=blocks.offered(found))

    async def submitted(self, ack: Ack, body: Payload) -> None:
        """A form was sent."""
        view = body["view"]
        self._windows.ended(view)
        fields = forms.inputs(view)
        answer = await self._politely(
            self._submitted(body), excuse=lambda why: Errors({fields[-1]: why}) if fields else forms.replaced(why)
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
            answer = await self._answer(line, body, who=who, team=team)
            return await self._windows.open(answer, body) if isinstance(answer, Open) else answer

        return await self._politely(saying(), excuse=lambda why: Say(cards.say(why)))

    async def _answer(self, line: str, body: Payload, *, who: str, team: str) -> Say | Open:
        try:
            person = await self._who(who)
        except Unwelcome as unwelcome:
            return Say(_refusal(unwelcome, slack=who))
        if secrecy.holds(line):
            log.warning("secret_typed", by=person.user)
            return Say(cards.say(replies.THROW_AWAY))
        self._tell(witness.asked(line, body, person, slack=who, team=team))
        log.info("command", line=line[:100], by=person.user)
        try:
            zone = self._people.zone(who)
            answer = commands.answer(line, desk=self._desk, person=person, now=self._clock(), zone=zone)
            key = str(body["trigger_id"])
            return await commands.carry_out(answer, desk=self._desk, team=team, key=key, zone=zone)
        except NoCatalog:
            return Say(cards.say(replies.NO_CATALOG))

    async def _pressed(self, body: Payload) -> Repaint:
        """What is left to say to a press once its form, if it has one, is open."""
        answer = await self._press(body)
        if not isinstance(answer, Open):
            return answer
        said = await self._windows.open(answer, body)
        return Repaint(told=said.card) if said else Repaint()

    async def _press(self, body: Payload) -> Repaint | Open:
        pressed = body["actions"][0]
        try:
            person = await self._who(body["user"]["id"])
        except Unwelcome as unwelcome:
            return Repaint(told=_refusal(unwelcome, slack=body["user"]["id"]))
        self._tell(witness.pressed(body, person))
        return await presses.pressed(
            self._desk, action=str(pressed["action_id"]), value=pressed.get("value"), person=person
        )

    async def _suggested(self, body: Payload) -> tuple[Option, ...]:
        try:
            form = await self._filled(body)
            return suggestions.options(form, str(body["action_id"]), str(body.get("value") or ""))
        except (Unwelcome, NoCatalog) as refused:
            log.info("nothing_suggested", why=str(refused))
            return ()

    async def _submitted(self, body: Payload) -> FormAnswer:
        form = FORMS.get(str(body["view"].get("callback_id", "")))
        if form is None:
            return forms.replaced(replies.CARD_TOO_OLD)
        try:
            filled = await self._filled(body)
            self._tell(witness.submitted(body, filled.person))
            if secrecy.in_form(body["view"]):
                # The form goes as well, and with it what was written into it.
                log.warning("secret_typed", by=filled.person.user)
                return forms.replaced(replies.THROW_AWAY)
            return await form.submitted(filled)
        except Unwelcome as unwelcome:
            log.info("person_refused", slack=body["user"]["id"], why=unwelcome.refusal.name.lower())
            fields = forms.inputs(body["view"])
            if fields and unwelcome.refusal in PASSING:
                return Errors({fields[-1]: unwelcome.refusal})
            return forms.replaced(unwelcome.refusal)
        except errors.RuleError as refused:
            return forms.replaced("; ".join(cause.message for cause in refused.causes))
        except NoCatalog:
            return forms.replaced(replies.NO_CATALOG)

    async def _filled(self, body: Payload) -> Filled:
        slack, team = str(body["user"]["id"]), str(body["team"]["id"])
        person = await self._who(slack)
        return Filled(
            desk=self._desk,
            person=person,
            team=team,
            view=dict(body["view"]),
            now=self._clock(),
            zone=self._people.zone(slack),
        )

    async def _who(self, slack: object) -> Person:
        if self._waits():
            raise Unwelcome(Refusal.NOT_READY)
        try:
            return await self._people.who(str(slack))
        except Unwelcome as unwelcome:
            self._tell(witness.refused(str(slack), unwelcome.refusal))
            raise

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


def _refusal(unwelcome: Unwelcome, *, slack: str) -> Card:
    log.info("person_refused", slack=slack, why=unwelcome.refusal.name.lower())
    return cards.say(unwelcome.refusal)


def _hash(body: Payload) -> str:
    """Slack's hash of the view that somebody has before them."""
    return str((body.get("view") or {}).get("hash") or "")
