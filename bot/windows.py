"""The windows that people have open: a form is opened while its trigger lives, and then filled with live numbers.

What must never live here: what a form says (`forms`), or what becomes of it when it is sent (`reception`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import approvals, cards, commands, forms, inquiries, replies, secrecy, slack
from bot.answers import Open, Say
from bot.commands.command import Filled, Form
from bot.errands import Errands
from bot.refusals import Unwelcome
from bot.respite import Respite
from provisioning import errors
from provisioning.errors import NoCatalog

log = structlog.get_logger()

Payload = Mapping[str, Any]

OPEN_SECONDS = 2.0
FILL_SECONDS = 10.0
"""How long a form may wait for its numbers where Slack is asked too often; its sender is told them all the same."""
SETTLE_SECONDS = 0.3
"""How long a wish must stand before it is looked at: each look is a dry run, and each letter typed is another wish."""
FORMS: dict[str, Form] = {
    form.callback: form for form in (*commands.FORMS, *inquiries.FORMS, approvals.FORM, approvals.GLASS_FORM)
}


async def _settled() -> None:
    await asyncio.sleep(SETTLE_SECONDS)


class Windows:
    """`filled` reads a form as somebody has it before them; `settled` returns when a wish has stood long enough."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        errands: Errands,
        filled: Callable[[Payload], Awaitable[Filled]],
        settled: Callable[[], Awaitable[object]] = _settled,
    ) -> None:
        self._client = client
        self._errands = errands
        self._filled = filled
        self._settled = settled
        self._opening, self._pushing = Respite("views.open"), Respite("views.push")
        self._updating = Respite("views.update")

    async def open(self, answer: Open, body: Payload) -> Say | None:
        """Open a form while its trigger lives; what to say when that failed."""
        # Out of a window, the new one is laid upon it.
        is_above = surface(body) == "modal"
        respite = self._pushing if is_above else self._opening
        if respite.left():
            return Say(cards.say(replies.FORM_NOT_OPENED))
        open_ = self._client.views_push if is_above else self._client.views_open
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                opened = await open_(trigger_id=body["trigger_id"], view=heard_of(answer.view))
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            respite.heed(error)
            log.warning("form_not_opened", error=str(error) or type(error).__name__)
            is_full = isinstance(error, SlackApiError) and slack.code_of(error) == "push_limit_reached"
            return Say(cards.say(replies.TOO_MANY_WINDOWS if is_full else replies.FORM_NOT_OPENED))
        self._fill(opened["view"], body)
        return None

    def changed(self, body: Payload) -> None:
        """Something was chosen in an open form: draw it anew, the newest wish only."""
        form = FORMS.get(str(body.get("view", {}).get("callback_id", "")))
        if form and form.changed:
            self._errands.start(self._redraw_newest(form, body), name=_redrawing(body["view"]))

    def became(self, view: Payload, body: Payload) -> None:
        """A form was sent, and Slack draws another one in its place: that gets its live numbers as well."""
        known = {name: body["view"][name] for name in ("id", "hash")}
        self.changed({**body, "view": {**view, **known}})

    def ended(self, view: Payload) -> None:
        """A form was sent, or closed: it is not drawn anew any more."""
        self._errands.end(_redrawing(view))

    def _fill(self, view: Payload, body: Payload) -> None:
        """What opened at once, from caches, gets its live numbers; what was done to it meanwhile is newer."""
        form = FORMS.get(str(view.get("callback_id", "")))
        if form and form.changed:
            who = body.get("user") or {"id": body.get("user_id")}
            team = body.get("team") or {"id": body.get("team_id")}
            redrawing = self._redraw(form, {"view": view, "user": who, "team": team}, newest=False)
            self._errands.start(redrawing, name=_redrawing(view))

    async def _redraw_newest(self, form: Form, body: Payload) -> None:
        await self._settled()
        await self._redraw(form, body, newest=True)

    async def _redraw(self, form: Form, body: Payload, *, newest: bool) -> None:
        # A field is drawn anew with what was typed into it; a secret is not said again, not even to whoever typed it.
        if form.changed is None or secrecy.in_form(body["view"]):
            return
        try:
            filled = await self._filled(body)
            view = forms.in_place_of(await form.changed(filled), filled.replaces)
        except (Unwelcome, errors.RuleError, NoCatalog) as refused:
            log.info("form_not_redrawn", why=str(refused))
            return
        try:
            await self._draw(view, body, newest=newest)
        except SlackApiError as error:
            # The form was closed meanwhile.
            if slack.code_of(error) not in ("not_found", "view_not_found"):
                raise

    async def _draw(self, view: dict[str, Any], body: Payload, *, newest: bool) -> None:
        which = str(body["view"]["id"])
        try:
            await self._update(view=view, view_id=which, hash=body["view"]["hash"])
        except SlackApiError as error:
            if slack.code_of(error) != "hash_conflict":
                raise
            # A redrawing of an older wish had reached Slack before this one ended it.
            if newest:
                await self._update(view=view, view_id=which)

    async def _update(self, **view: Any) -> None:
        """Draw it as soon as Slack lets us: a newer wish, or the form being sent, ends the waiting."""
        while (wait := self._updating.left()) <= FILL_SECONDS:
            await asyncio.sleep(wait)
            try:
                await self._client.views_update(**{**view, "view": heard_of(view["view"])})
                return
            except SlackApiError as error:
                if not self._updating.heed(error):
                    raise
        log.info("form_not_redrawn", why="ratelimited")


def surface(body: Payload) -> str:
    """`modal` or `home` when a button stands in one, empty for messages and Slack's menu."""
    return str((body.get("view") or {}).get("type") or "")


def heard_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view, Slack being asked to tell when it is closed: nobody need look any more at what it would say then."""
    form = FORMS.get(str(view.get("callback_id", "")))
    return {**view, "notify_on_close": True} if form and form.changed else dict(view)


def _redrawing(view: Payload) -> str:
    """The one errand that draws a view anew."""
    return f"redraw {view['id']}"
