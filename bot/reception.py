"""Finds out who is at the door and what they are answered: by a command, a form or a button. Payloads in, answers out.

What must never live here: acknowledgements and calls (`door`), rules, sentences, blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot import cards, commands, forms, presses, replies, secrecy, suggestions, witness
from bot.answers import Errors, FormAnswer, Open, Repaint, Say
from bot.blocks import Option
from bot.cards import Card
from bot.commands.command import Filled
from bot.people import People
from bot.ports import Desk
from bot.refusals import PASSING, Refusal, Unwelcome
from bot.windows import FORMS, Payload
from provisioning import audit, errors
from provisioning.errors import NoCatalog
from provisioning.health import Waits
from provisioning.model import Person

log = structlog.get_logger()


class Reception:
    """`waits` says why nobody can be answered yet; `tell` takes what belongs into the audit trail."""

    def __init__(
        self, *, desk: Desk, people: People, waits: Waits, tell: audit.Tell, clock: Callable[[], datetime]
    ) -> None:
        self._desk = desk
        self._people = people
        self._waits = waits
        self._tell = tell
        self._clock = clock

    async def answer(self, line: str, body: Payload, *, who: str, team: str) -> Say | Open:
        """To a line that somebody typed, or a button stands for."""
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
            zone, now = self._people.zone(who), self._clock()
            held = await commands.held(line, desk=self._desk, person=person, now=now)
            answer = commands.answer(line, desk=self._desk, person=person, now=now, zone=zone, held=held)
            key = str(body["trigger_id"])
            return await commands.carry_out(answer, desk=self._desk, team=team, key=key, zone=zone)
        except NoCatalog:
            return Say(cards.say(replies.NO_CATALOG))

    async def press(self, body: Payload) -> Repaint | Open:
        """To a press of a card's button."""
        pressed = body["actions"][0]
        try:
            person = await self._who(body["user"]["id"])
        except Unwelcome as unwelcome:
            return Repaint(told=_refusal(unwelcome, slack=body["user"]["id"]))
        self._tell(witness.pressed(body, person))
        return await presses.pressed(
            self._desk, action=str(pressed["action_id"]), value=pressed.get("value"), person=person
        )

    async def suggested(self, body: Payload) -> tuple[Option, ...]:
        """To what somebody types in a menu: the options that fit."""
        try:
            form = await self.filled(body)
            return suggestions.options(form, str(body["action_id"]), str(body.get("value") or ""))
        except (Unwelcome, NoCatalog) as refused:
            log.info("nothing_suggested", why=str(refused))
            return ()

    async def submitted(self, body: Payload) -> FormAnswer:
        """To a form that was sent."""
        form = FORMS.get(str(body["view"].get("callback_id", "")))
        if form is None:
            return forms.replaced(replies.CARD_TOO_OLD)
        try:
            filled = await self.filled(body)
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

    async def filled(self, body: Payload) -> Filled:
        """A form as somebody has it before them. Raises `Unwelcome`."""
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


def _refusal(unwelcome: Unwelcome, *, slack: str) -> Card:
    log.info("person_refused", slack=slack, why=unwelcome.refusal.name.lower())
    return cards.say(unwelcome.refusal)
