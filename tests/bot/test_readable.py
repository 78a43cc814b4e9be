"""What everybody must be able to read: by ear, in a notification, and in their own time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bot import golden

DRAWN = sorted(path.stem for path in golden.FOLDER.glob("*.json"))
DATE = re.compile(r"<!date\^[0-9]+\^[^|>]+\|[^>]+>")
HIDING = re.compile(r"[\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
PLAIN_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}|\bUTC\b")
MARKUP = re.compile(r"<![a-z]+\^[^|>]*\||<[^|>]*\||[*_`>~]|&[a-z]+;")


def drawn(name: str) -> Any:
    return json.loads((golden.FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def objects(it: Any) -> Iterator[dict[str, Any]]:
    """Every object in a drawing, at any depth."""
    if isinstance(it, dict):
        yield it
        for each in it.values():
            yield from objects(each)
    elif isinstance(it, list):
        for each in it:
            yield from objects(each)


def letters(words: str, *, markup: bool = True) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", MARKUP.sub("", words) if markup else words)


@pytest.mark.parametrize("name", DRAWN)
def test_every_button_says_alone_what_it_is_about(name: str) -> None:
    buttons = [it for it in objects(drawn(name)) if it.get("type") == "button"]

    for button in buttons:
        spoken = button.get("accessibility_label", "")
        assert len(spoken.split()) > 1, button
        assert not spoken.endswith("…"), button
    spoken_of = [(button["accessibility_label"], button.get("value")) for button in buttons]
    # One label for two things would leave whoever listens guessing. A card and its modern drawing have the same ones.
    assert len({spoken for spoken, _ in spoken_of}) == len(set(spoken_of))


@pytest.mark.parametrize("name", [name for name in DRAWN if "text" in drawn(name)])
def test_the_text_of_a_message_says_all_that_its_blocks_say(name: str) -> None:
    message = drawn(name)
    said = letters(message["text"])

    for block in message["blocks"]:
        if block["type"] == "actions" or message["text"].endswith("…"):
            continue
        # What a button says it says itself.
        for it in objects({**block, "accessory": None}):
            if it.get("type") in ("mrkdwn", "plain_text"):
                assert letters(it["text"], markup=it["type"] == "mrkdwn") in said, it["text"]


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_that_somebody_wrote_moves_or_hides_what_stands_there(name: str) -> None:
    for it in objects(drawn(name)):
        if it.get("type") in ("mrkdwn", "plain_text"):
            assert HIDING.search(it["text"]) is None, it["text"]


@pytest.mark.parametrize("name", [name for name in DRAWN if "text" in drawn(name)])
def test_every_time_in_a_message_is_the_readers_own(name: str) -> None:
    for it in objects(drawn(name)):
        if it.get("type") == "mrkdwn":
            assert PLAIN_TIME.search(DATE.sub("", it["text"])) is None, it["text"]
