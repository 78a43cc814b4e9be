"""What a person does in Slack, and what comes of it: commands, clicks, forms, closing, looking at App Home.

Each act makes the payload, sends it through the door, and applies the acknowledgement exactly as Slack does,
a missed one included. The page and the test driver both act through here. What must never live here: HTML,
transports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from playground.workspace import answers, blockkit, inputs, lines, payloads
from playground.workspace.door import Answered, Door, Envelope, Missed, Outcome
from playground.workspace.errors import NotVisible
from playground.workspace.events import Events
from playground.workspace.state import Workspace
from playground.workspace.tickets import ResponseUrl
from playground.workspace.views import View

log = structlog.get_logger()


class Interactions:
    """The hands of everybody. `base` gives our own address, for response URLs."""

    def __init__(self, workspace: Workspace, *, door: Door, events: Events, base: Callable[[], str]) -> None:
        self.workspace = workspace
        self.door = door
        self.events = events
        self._base = base

    async def command(self, user: str, channel: str, text: str) -> None:
        """Type a slash command. Raises `NotVisible` when the person is not in that channel."""
        workspace = self.workspace
        conversation = workspace.conversations.by_id.get(channel)
        if conversation is None or user not in conversation.members:
            raise NotVisible(f"{user} is not in {channel}")
        command, _, rest = text.strip().partition(" ")
        known = next((c for c in workspace.directory.commands if c.command == command), None)
        if known is None:
            workspace.tell(user, channel, f"{command} is not a valid command.")
            return
        ticket = ResponseUrl(user=user, channel=channel, at=workspace.now())
        payload = payloads.slash_command(
            workspace,
            user,
            conversation=conversation,
            command=command,
            text=lines.sent(workspace, rest.strip(), escape=known.should_escape),
            trigger_id=self._trigger(user),
            response_url=self._response_url(ticket),
        )
        outcome = await self.door.send(Envelope("slash_commands", payload))
        if isinstance(outcome, Missed):
            workspace.tell(user, channel, _missed_command(command, outcome))
            return
        answers.apply_command(workspace, ticket, command=command, body=outcome.body)

    async def say(self, user: str, channel: str, text: str) -> None:
        """Say something. A line that starts with a slash is a command."""
        if text.startswith("/"):
            await self.command(user, channel, text)
            return
        conversation = self.workspace.conversations.by_id.get(channel)
        if conversation is None or user not in conversation.members or conversation.is_archived:
            raise NotVisible(f"{user} cannot write in {channel}")
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self.workspace.post(conversation, user=user, text=escaped)

    async def act_on_message(self, user: str, channel: str, ts: str, *, name: str, typed: inputs.Typed) -> None:
        """Use the control `name` (block_id|action_id) of a message. Raises `NotVisible`."""
        workspace = self.workspace
        message = next((m for m in workspace.conversations.seen_by(user, channel) if m.ts == ts), None)
        if message is None:
            raise NotVisible(f"{user} sees no message {ts} in {channel}")
        block, element = _find(message.blocks, name)
        held = inputs.initial(message.blocks) | {k: v for k, v in typed.items() if k != name} | _own(name, typed)
        actions = [self._action(block, element, held.get(name, ()), ())]
        ticket = ResponseUrl(
            user=user,
            channel=channel,
            at=workspace.now(),
            message_ts=ts,
            ephemeral=message.visible_to is not None,
        )
        payload = payloads.message_actions(
            workspace,
            user,
            conversation=workspace.conversations.get(channel),
            message=message,
            actions=actions,
            typed=held,
            trigger_id=self._trigger(user),
            response_url=self._response_url(ticket),
        )
        self._explain(user, await self.door.send(Envelope("interactive", payload)))

    async def act_on_view(self, user: str, view_id: str, *, name: str, typed: inputs.Typed) -> None:
        """Use a control of a modal or of App Home. Raises `NotVisible`."""
        view = self._view(user, view_id)
        block, element = _find(view.blocks, name)
        self._type(view, typed)
        actions = [self._action(block, element, view.typed.get(name, ()), view.offered.get(name, ()))]
        if element["type"] == "overflow":
            actions = [self._action(block, element, typed.get(name, ()), ())]
        payload = payloads.view_actions(
            self.workspace, view, user=user, actions=actions, trigger_id=self._trigger(user, view.id)
        )
        self.workspace.touch()
        self._explain(user, await self.door.send(Envelope("interactive", payload)))

    async def submit(self, user: str, view_id: str, *, typed: inputs.Typed) -> None:
        """Press the submit button of the modal in front. Raises `NotVisible`."""
        view = self._view(user, view_id)
        if view is not self.workspace.views.top(user) or not view.body.get("submit"):
            raise NotVisible(f"{user} has no submit button in front for {view_id}")
        self._type(view, typed)
        view.trouble, view.errors = "", inputs.complaints(view.blocks, view.typed)
        self.workspace.touch()
        if view.errors:
            return
        payload = payloads.view_submission(self.workspace, view, trigger_id=self._trigger(user, view.id))
        outcome = await self.door.send(Envelope("interactive", payload))
        if view is not self.workspace.views.top(user):
            return  # closed or covered while the bot was thinking
        if isinstance(outcome, Missed):
            view.trouble = f"We had some trouble connecting. Try again? ({outcome.detail})"
            self.workspace.touch()
            return
        for closed in answers.apply_submission(self.workspace, view, body=outcome.body):
            log.debug("view_closed_by_the_bot", view=closed.id)

    async def close(self, user: str, view_id: str) -> None:
        """Close a modal; the bot hears of it if the view asked for that. Raises `NotVisible`."""
        view = self._view(user, view_id)
        whole = bool(view.body.get("clear_on_close"))
        closed = self.workspace.views.close(view, whole_stack=whole)
        self.workspace.touch()
        for each in closed:
            if each.body.get("notify_on_close"):
                payload = payloads.view_closed(self.workspace, each, is_cleared=whole)
                await self.door.send(Envelope("interactive", payload))

    async def suggest(
        self, user: str, *, name: str, value: str, view_id: str = "", channel: str = "", ts: str = ""
    ) -> list[Mapping[str, Any]]:
        """Ask the bot for the options of an external select; groups come back flat. Raises `NotVisible`."""
        view = self._view(user, view_id) if view_id else None
        if view is not None:
            blocks, source = view.blocks, {"view": payloads.view_body(self.workspace, view)}
        else:
            message = next((m for m in self.workspace.conversations.seen_by(user, channel) if m.ts == ts), None)
            if message is None:
                raise NotVisible(f"{user} sees no message {ts} in {channel}")
            shown = payloads.message_body(self.workspace, message)
            blocks, source = message.blocks, {"message": shown, "channel": {"id": channel}}
        block, element = _find(blocks, name)
        if len(value) < element.get("min_query_length", 3):
            return []
        if not self.workspace.directory.menus:
            self.workspace.notice(user, "The options could not be loaded: the app has no URL for them.")
            return []
        payload = payloads.block_suggestion(
            self.workspace,
            user,
            block_id=block["block_id"],
            action_id=element["action_id"],
            value=value,
            source=source,
        )
        outcome = await self.door.send(Envelope("interactive", payload))
        body = outcome.body if isinstance(outcome, Answered) and isinstance(outcome.body, Mapping) else {}
        if found := blockkit.option_problems(body):
            self.workspace.notice(user, f"The options could not be loaded: {found[0].message}")
            return []
        offered = blockkit.flat_options(body)
        if view is not None:
            view.offered[name] = [*view.offered.get(name, []), *offered]
        return offered

    def type(self, user: str, view_id: str, typed: inputs.Typed) -> None:
        """Type into a modal or App Home; nobody else hears of it. Raises `NotVisible`."""
        self._type(self._view(user, view_id), typed)
        self.workspace.touch()

    async def shortcut(self, user: str, callback_id: str) -> None:
        """Use a registered global shortcut. Raises `NotVisible`."""
        if callback_id not in {s.callback_id for s in self.workspace.directory.shortcuts}:
            raise NotVisible(f"no shortcut {callback_id}")
        payload = payloads.shortcut(
            self.workspace,
            user,
            callback_id=callback_id,
            trigger_id=self._trigger(user),
            ts=self.workspace.next_ts(),
        )
        self._explain(user, await self.door.send(Envelope("interactive", payload)))

    async def open_home(self, user: str, *, tab: str = "home") -> None:
        """Look at App Home; the direct message with the app is another `tab` of it. Raises `NotVisible`."""
        if tab == "home" and not self.workspace.directory.home_tab:
            raise NotVisible("the app has no Home tab")
        await self.events.send(payloads.home_opened(self.workspace, user, tab=tab))

    def _view(self, user: str, view_id: str) -> View:
        for view in self.workspace.views.all():
            if view.id == view_id and view.user == user:
                return view
        raise NotVisible(f"{user} has no view {view_id} open")

    def _type(self, view: View, typed: inputs.Typed) -> None:
        known = inputs.initial(view.blocks)
        picked = inputs.picked(view.blocks, typed, tz=self.workspace.people[view.user].tz)
        view.typed |= {name: value for name, value in picked.items() if name in known}

    def _trigger(self, user: str, view_id: str | None = None) -> str:
        return self.workspace.tickets.issue_trigger(user, now=self.workspace.now(), view_id=view_id)

    def _response_url(self, ticket: ResponseUrl) -> str:
        return f"{self._base()}/response/{self.workspace.tickets.issue_response(ticket)}"

    def _action(
        self,
        block: Mapping[str, Any],
        element: Mapping[str, Any],
        typed: tuple[str, ...],
        offered: Sequence[Mapping[str, Any]],
    ) -> payloads.Payload:
        value: payloads.Payload = {}
        if element["type"] not in ("button", "workflow_button", "icon_button", "feedback_buttons"):
            value = inputs.state_of(element, typed, offered)
        return payloads.action(block, element, value=value, ts=self.workspace.next_ts())

    def _explain(self, user: str, outcome: Outcome) -> None:
        name = self.workspace.team.bot_name
        if isinstance(outcome, Missed):
            self.workspace.notice(user, f"{name} did not respond: {outcome.detail}.")
        elif isinstance(outcome.body, Mapping) and outcome.body.get("text"):
            # Slack ignores a message in the answer to a click; saying so helps whoever wrote the bot.
            log.warning("text_in_ack_of_a_click_is_ignored")


def _own(name: str, typed: inputs.Typed) -> inputs.Typed:
    return {name: typed[name]} if name in typed else {}


def _find(blocks: Sequence[Mapping[str, Any]], name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    found = tuple(inputs.controls(blocks))
    for known, block, element in found:
        if known == name:
            return block, element
    # Drawn anew while it was pressed, a message has blocks with other ids, and the same button in them.
    alike = [(block, element) for _, block, element in found if element.get("action_id") == name.partition("|")[2]]
    if len(alike) != 1:
        raise NotVisible(f"no control {name} there")
    return alike[0]


def _missed_command(command: str, outcome: Missed) -> str:
    if outcome.reason == "http_timeout":
        return f"{command} did not respond (operation_timeout: {outcome.detail})."
    return f'{command} failed with the error "dispatch_failed" ({outcome.detail}).'
