"""A machine's user data, as cloud-init takes it apart: a script, a configuration, or many of either in one. Pure.

What it fetches from elsewhere (`#include`) is not here to be looked at, as with a script that fetches something.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final

from provisioning import documents
from provisioning.documents import Overgrown
from webhooks import tree
from webhooks.parts import Form, Part, commands, decoded, expanded

PIECES_MAX: Final = 100
"""Scripts and configurations in one, however deep."""
_MIME: Final = "mime-version:"
_MIME_WITHIN: Final = 4096
"""Characters in which cloud-init looks for the sign of a message (cloudinit/user_data.py)."""
_TEMPLATE: Final = "## template:"
_CONFIG: Final = "#cloud-config"
_ARCHIVE: Final = "#cloud-config-archive"


def is_such(text: str) -> bool:
    """Whether a text is user data by its looks, and more than one plain script."""
    return _is_message(text) or _sort(text).startswith((_CONFIG, _TEMPLATE))


def parts(text: str, at: str) -> Iterator[Part]:
    """Everything in it that may be looked at. Raises `Overgrown`."""
    for number, (piece, place) in enumerate(_pieces(text, at)):
        if number >= PIECES_MAX:
            raise Overgrown(f"user data of more than {PIECES_MAX} pieces")
        yield Part(place, Form.TEXT, piece)
        if _sort(piece).startswith(_CONFIG):
            yield from _of_config(piece, place)


def _pieces(text: str, at: str) -> Iterator[tuple[str, str]]:
    """Itself, or what is packed into it."""
    if _is_message(text):
        if text.lower().count("multipart/") > PIECES_MAX:
            # The library goes into messages within messages by recursion.
            raise Overgrown(f"a message of more than {PIECES_MAX} messages")
        yield from _of_message(email.message_from_string(text), at)
        return
    if _sort(text).startswith(_TEMPLATE):
        # What a template engine would make of it is not known; what stands there is.
        text = text.lstrip().partition("\n")[2]
    yield text, at
    if _sort(text).startswith(_ARCHIVE):
        yield from _of_archive(text, at)


def _of_message(message: Message, at: str) -> Iterator[tuple[str, str]]:
    leaves = (part for part in message.walk() if not part.is_multipart())
    for index, part in enumerate(leaves):
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield from _pieces(expanded(payload).decode("utf-8", "replace"), f"{at}.parts[{index}]")


def _of_archive(text: str, at: str) -> Iterator[tuple[str, str]]:
    for entries in _read(text):
        for index, entry in enumerate(tree.sequence(entries)):
            content = entry if isinstance(entry, str) else tree.text(tree.mapping(entry).get("content"))
            yield from _pieces(content, f"{at}[{index}]")


def _of_config(text: str, at: str) -> Iterator[Part]:
    """Files that it writes, and commands that it runs."""
    for config in map(tree.mapping, _read(text)):
        for index, file in enumerate(tree.mappings(config.get("write_files"))):
            content = decoded(tree.text(file.get("content")), tree.text(file.get("encoding")))
            yield Part(f"{at}.write_files[{index}].content", Form.TEXT, content)
        for key in ("bootcmd", "runcmd"):
            yield from commands(config.get(key), f"{at}.{key}")


def _read(text: str) -> list[Any]:
    try:
        return list(documents.read(text))
    except documents.Unreadable:
        return []


def _is_message(text: str) -> bool:
    return _MIME in text[:_MIME_WITHIN].lower()


def _sort(text: str) -> str:
    """Its beginning, as cloud-init compares it."""
    return text.lstrip()[:64].lower()
