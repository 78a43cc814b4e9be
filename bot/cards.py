"""What a card is: something to show, as blocks and as full text that says the same. Pure.

What must never live here: Slack's API, or what a card tells (`request_cards`, `access_cards`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot import blocks, text
from bot.blocks import Block
from provisioning import names

FALLBACK_TEXT = 3500
REASON_SHOWN = 300
SECTION_LINES = 10
"""Lines of a listing that a section takes: well within 3000 characters."""


def cut(reason: str) -> str:
    """As much of somebody's reason as a card shows, on one line."""
    return text.clip(text.one_line(reason), REASON_SHOWN)


@dataclass(frozen=True)
class Card:
    """Something to show: `text` says everything for screen readers, notifications and clients without blocks.

    `modern` is the same with blocks that only messages take, and not every Slack knows; empty when there are none.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    modern: tuple[Block, ...] = ()

    @property
    def revision(self) -> str:
        """Changes when, and only when, what is drawn does."""
        return names.content_hash([self.text, self.blocks, *([self.modern] if self.modern else [])])


def card(parts: Sequence[Block]) -> Card:
    """Blocks, and the text that says the same."""
    said = "\n".join(words for part in parts for words in _words(part))
    return Card(text.clip_markup(said, FALLBACK_TEXT), tuple(parts[: blocks.MESSAGE_BLOCKS]))


def say(words: str) -> Card:
    """One sentence."""
    return card([blocks.section(words)])


def listing(lines: Sequence[str], *, most: int, more: Callable[[int], str]) -> Card:
    """Lines one below the other, `most` of them; `more` says how many are left out."""
    shown = lines[:most]
    parts = [blocks.section("\n".join(shown[at : at + SECTION_LINES])) for at in range(0, len(shown), SECTION_LINES)]
    if len(lines) > most:
        parts.append(blocks.context(more(len(lines) - most)))
    return card(parts)


def _words(part: Block) -> list[str]:
    """A block as text: our mrkdwn as it is, a person's words made harmless."""
    # What is there to be copied is not read out.
    if part["type"] in ("actions", "divider", "rich_text"):
        return []
    texts = [part["text"]] if "text" in part else []
    texts += [*part.get("fields", ()), *part.get("elements", ())]
    return [_line(each) for each in texts]


def _line(it: Block) -> str:
    if it["type"] == "mrkdwn":
        return str(it["text"]).replace("*\n", ":* ", 1) if it["text"].startswith("*") else str(it["text"])
    return text.escape(it["text"]) if it.get("emoji") else text.code(it["text"])
