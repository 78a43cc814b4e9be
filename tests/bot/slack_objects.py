"""Whether Slack would take a payload of ours, asked of the local workspace's validator and of slackblocks' limits."""

from __future__ import annotations

from bot.blocks import Block
from bot.cards import Card
from playground.workspace import LocalSlack, blockkit
from tests.bot import leaks

REFUSALS = frozenset(
    ("invalid_blocks", "invalid_blocks_format", "invalid_arguments", "msg_too_long", "no_text", "missing_scope")
)
"""Errors that are the bot's own fault, whatever else is going on."""


def problems_of_card(card: Card) -> list[str]:
    found = [str(p) for p in blockkit.problems({"text": card.text, "blocks": list(card.blocks)}, "message")]
    return found if len(card.text) <= 4000 and card.text.strip() else [*found, "no text, or too long for chat.update"]


def problems_of_view(view: Block) -> list[str]:
    return [str(p) for p in blockkit.problems(view, str(view["type"]))]


def complaints(slack: LocalSlack) -> list[str]:
    """What the local Slack refused of all that the bot sent, and what it would not have taken by the rules."""
    found = []
    for call in slack.api.calls:
        if call.answer.get("error") in REFUSALS:
            found.append(f"{call.method}: {call.answer}")
        shows = call.method in ("chat.postMessage", "chat.update", "response_url")
        if shows and not (call.args.get("text") or call.args.get("delete_original")):
            found.append(f"{call.method}: without text")
        found += [f"{call.method}: {secret}" for secret in leaks.found(call.args)]
    found += [f"acknowledgement: {secret}" for answer in slack.door.answers for secret in leaks.found(answer.body)]
    return found
