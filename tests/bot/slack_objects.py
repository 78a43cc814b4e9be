"""Whether Slack would take a payload of ours. Two judges are asked that know nothing of each other: the local
workspace, with the rules between fields, and Slack's own published types (`tests.slack_types`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.blocks import Block
from bot.cards import Card
from playground.workspace import LocalSlack, blockkit
from tests.bot import leaks
from tests.slack_types import judge

REFUSALS = frozenset(
    ("invalid_blocks", "invalid_blocks_format", "invalid_arguments", "msg_too_long", "no_text", "missing_scope")
)
"""Errors that are the bot's own fault, whatever else is going on."""


MESSAGES = ("chat.postMessage", "chat.postEphemeral", "chat.update", "response_url")


def problems_of_card(card: Card) -> list[str]:
    found = [each for blocks in (card.blocks, card.modern) for each in _of_message(card.text, blocks or ())]
    return found if len(card.text) <= 4000 and card.text.strip() else [*found, "no text, or too long for chat.update"]


def problems_of_view(view: Mapping[str, Any]) -> list[str]:
    kind = str(view["type"])
    return [*(str(p) for p in blockkit.problems(view, kind)), *judge.problems(view, kind)]


def complaints(slack: LocalSlack) -> list[str]:
    """What the local Slack refused of all that the bot sent or answered, and what Slack would not take by its types."""
    found, inputs = [], set[str]()
    for call in slack.api.calls:
        if call.answer.get("error") in REFUSALS:
            found.append(f"{call.method}: {call.answer}")
        if call.method in MESSAGES and not (call.args.get("text") or call.args.get("delete_original")):
            found.append(f"{call.method}: without text")
        found += [f"{call.method}: {problem}" for problem in _of_sent(call.args)]
        found += [f"{call.method}: {secret}" for secret in leaks.found(call.args)]
        inputs |= set(_inputs(call.args))
    for answer in slack.door.answers:
        found += [f"acknowledgement: {secret}" for secret in leaks.found(answer.body)]
        if isinstance(answer.body, Mapping):
            inputs |= set(_inputs(answer.body))
            found += [f"acknowledgement: {problem}" for problem in _of_sent(answer.body)]
            lost = [key for key in answer.body.get("errors", {}) if key not in inputs]
            found += [f"acknowledgement: an error at {key}, which is no input" for key in lost]
    return found


def _of_message(text: str, blocks: Sequence[Block]) -> list[str]:
    message = {"text": text, "blocks": list(blocks)}
    return [*(str(p) for p in blockkit.problems(message, "message")), *judge.problems(message, "message")]


def _of_sent(body: Mapping[str, Any]) -> list[str]:
    """The workspace's own refusals are complained of where they were answered; here is what the types say."""
    if isinstance(view := body.get("view"), Mapping):
        return judge.problems(view, str(view["type"]))
    if "options" in body or "option_groups" in body:
        return judge.problems(body, "options")
    return _of_message("", body["blocks"]) if body.get("blocks") else []


def _inputs(body: Mapping[str, Any]) -> Iterator[str]:
    view = body.get("view")
    for block in view.get("blocks", ()) if isinstance(view, Mapping) else ():
        if block.get("type") == "input":
            yield str(block.get("block_id"))
