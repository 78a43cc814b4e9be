"""How the answer to a press gets to whoever pressed, once Slack has its acknowledgement.

Where the button stands, else in a window, else in a direct message: each when the one before takes nothing.
What must never live here: what the answer is (`presses`, `commands`).
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError

from bot import copies, forms, slack
from bot.answers import Open, Repaint
from bot.cards import Card
from bot.errands import Errands
from bot.outcomes import Earlier, Later, Undeliverable, Unknown
from bot.ports import Desk
from bot.posting import Poster
from bot.weights import Weight
from bot.windows import Payload, Windows
from provisioning import errors
from provisioning.lifecycle import Refused

log = structlog.get_logger()

EVENT = "clusterdesk_answer"
WRITE_SECONDS = 600.0
"""For how long a direct message is tried: after that nobody remembers what they pressed."""
AGAIN_SECONDS = 1.0
"""After which it is said once more when nobody knows whether it was said."""


class Responses:
    """Each is an errand."""

    def __init__(self, *, desk: Desk, errands: Errands, windows: Windows, poster: Poster) -> None:
        self._desk = desk
        self._errands = errands
        self._windows = windows
        self._poster = poster

    def give(self, answer: Repaint, body: Payload) -> None:
        """Where the button stands, or in a window where nothing can be said."""
        url = body.get("response_url")
        if url and (answer.card or answer.told):
            self._errands.start(self._say(str(url), answer, body), name=f"respond {url}")
        elif not url and answer.told:
            self._errands.start(self._show(answer.told, body), name=f"show {body['trigger_id']}")

    def tidy(self, body: Payload) -> None:
        """Take the card away that was pressed, when it is a second one."""
        self._errands.start(self._tidy(body), name=f"tidy {body['trigger_id']}")

    async def _say(self, url: str, answer: Repaint, body: Payload) -> None:
        """Repaint the clicked card and tell the person, by the response URL: no scope, and it finds copies we lost."""
        told, card = answer.told, answer.card
        drawn = card is None or await _sent(url, card, replace_original=True)
        if card and drawn:
            self._errands.start(self._look_again(card, body), name=f"look again {url}")
        heard = told is None or await _sent(url, told, response_type="ephemeral", replace_original=False)
        said = told or card
        if said and not (heard if told else drawn):
            self._write(said, body)

    async def _show(self, card: Card, body: Payload) -> None:
        """Tell it in a window; in a direct message when none opens, because silence is no answer."""
        if await self._windows.open(Open(forms.shown(card)), body):
            self._write(card, body)

    def _write(self, card: Card, body: Payload) -> None:
        """Tell it in a direct message, as soon as Slack takes one."""
        trigger = str(body["trigger_id"])
        writing = self._written(card, str(body["user"]["id"]), once=f"answer {trigger}")
        self._errands.start(writing, name=f"write {trigger}", seconds=WRITE_SECONDS)

    async def _written(self, card: Card, slack: str, *, once: str) -> None:
        metadata, doubted = {"event_type": EVENT, "event_payload": {"to": slack}}, False
        while True:
            try:
                channel = await self._poster.direct(slack, weight=Weight.DECISION)
                await self._poster.post(channel, card, metadata=metadata, once=once, weight=Weight.DECISION)
                return
            except Later as later:
                wait = later.seconds
            except Unknown as unknown:
                # Said twice is better than not at all.
                log.warning("answer_perhaps_not_written", slack=slack, why=str(unknown))
                if doubted:
                    return
                doubted, wait = True, AGAIN_SECONDS
            except Earlier:
                return
            except Undeliverable as refused:
                log.warning("answer_not_written", slack=slack, why=refused.reason)
                return
            await asyncio.sleep(wait)

    async def _look_again(self, drawn: Card, body: Payload) -> None:
        try:
            await copies.look_again(self._desk, body, drawn)
        except (errors.KubeError, Refused) as error:
            log.info("card_not_looked_after", why=str(error))

    async def _tidy(self, body: Payload) -> None:
        try:
            if body.get("response_url") and await copies.is_left_over(self._desk, body):
                await slack.webhook(str(body["response_url"])).send(delete_original=True)
        except (errors.KubeError, Refused) as error:
            log.info("card_not_looked_after", why=str(error))


async def _sent(url: str, card: Card, **how: Any) -> bool:
    """Whether Slack took it, as far as we know."""
    try:
        answer = await slack.webhook(url).send(text=card.text, blocks=list(card.blocks), **how)
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("press_not_answered", error=str(error) or type(error).__name__)
        return False
    if answer.status_code != 200:
        log.warning("press_not_answered", status=answer.status_code, error=answer.body[:100])
    return answer.status_code == 200
