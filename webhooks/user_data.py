"""A machine's user data, as cloud-init takes it apart: a script, a configuration, or many of either in one. Pure.

What it includes from elsewhere (`#include`) is not here to be looked at; its addresses are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from email.policy import Policy, compat32
from typing import Any, Final

from provisioning import documents
from provisioning.documents import Overgrown
from webhooks import tree
from webhooks.parts import Form, Part, commands, decoded, expanded

PIECES_MAX: Final = 100
"""Scripts and configurations in one, however deep."""
STEPS_MAX: Final = 1000
"""Files and commands of one configuration, and addresses of one list."""
_SIGN: Final = re.compile(r"^#include(-once)?", re.IGNORECASE)
_MIME: Final = "mime-version:"
_MIME_WITHIN: Final = 4096
"""Characters in which cloud-init looks for the sign of a message (cloudinit/user_data.py)."""
_TEMPLATE: Final = "## template:"
_CONFIG: Final = "#cloud-config"
_ARCHIVE: Final = "#cloud-config-archive"
_INCLUDE: Final = "#include"
_SAID: Final = {
    "text/cloud-config": _CONFIG,
    "text/cloud-config-archive": _ARCHIVE,
    "text/x-include-url": _INCLUDE,
    "text/x-include-once-url": _INCLUDE,
}
"""What a piece is when its type is said, whatever it begins with."""


def is_such(text: str) -> bool:
    """Whether a text is user data by its looks, and more than one plain script."""
    return _is_message(text) or _sort(text).startswith((_CONFIG, _TEMPLATE, _INCLUDE))


def parts(text: str, at: str) -> Iterator[Part]:
    """Everything in it that may be looked at. Raises `Overgrown`."""
    for number, (piece, place, sort) in enumerate(_pieces(text, at)):
        if number >= PIECES_MAX:
            raise Overgrown(f"user data of more than {PIECES_MAX} pieces")
        yield Part(place, Form.TEXT, piece)
        if sort.startswith(_CONFIG):
            yield from _of_config(piece, place)
        elif sort.startswith(_INCLUDE):
            yield from _of_include(piece, place)


def _pieces(text: str, at: str, said: str = "") -> Iterator[tuple[str, str, str]]:
    """Itself, or what is packed into it, each with its place and its beginning, or that of its kind if that is said."""
    if _is_message(text):
        if text.lower().count("multipart/") > PIECES_MAX:
            # The library goes into messages within messages by recursion.
            raise Overgrown(f"a message of more than {PIECES_MAX} messages")
        yield from _of_message(Parser(_Counting()).parsestr(text), at)
        return
    if _sort(text).startswith(_TEMPLATE):
        # What a template engine would make of it is not known; what stands there is.
        text = text.lstrip().partition("\n")[2]
    sort = _SAID.get(said) or _sort(text)
    yield text, at, sort
    if sort.startswith(_ARCHIVE):
        yield from _of_archive(text, at)


class _Counting:
    """Makes the messages within a message, and no more of them than anybody means: each takes the library a while."""

    def __init__(self) -> None:
        self._left = 2 * PIECES_MAX

    def __call__(self, *, policy: Policy = compat32) -> Message:
        self._left -= 1
        if self._left < 0:
            raise Overgrown(f"a message of more than {PIECES_MAX} messages")
        return Message(policy)


def _of_message(message: Message, at: str) -> Iterator[tuple[str, str, str]]:
    leaves = (part for part in message.walk() if not part.is_multipart())
    for index, part in enumerate(leaves):
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            piece = expanded(payload).decode("utf-8", "replace")
            yield from _pieces(piece, f"{at}.parts[{index}]", part.get_content_type())


def _of_archive(text: str, at: str) -> Iterator[tuple[str, str, str]]:
    for entries in _read(text):
        for index, entry in enumerate(tree.sequence(entries)):
            said = tree.mapping(entry)
            content = entry if isinstance(entry, str) else tree.text(said.get("content"))
            yield from _pieces(content, f"{at}[{index}]", tree.text(said.get("type")))


def _of_include(text: str, at: str) -> Iterator[Part]:
    """Addresses of more user data, one a line, the first one perhaps behind the sign."""
    lines = (_SIGN.sub("", line.strip()).strip() for line in text.splitlines())
    addresses = [line for line in lines if "://" in line and not line.startswith(("#", "file://"))]
    if len(addresses) > STEPS_MAX:
        raise Overgrown(f"it includes more than {STEPS_MAX} addresses")
    if addresses:
        yield Part(at, Form.ADDRESSES, addresses)


def _of_config(text: str, at: str) -> Iterator[Part]:
    """Files that it writes, and commands that it runs."""
    for config in map(tree.mapping, _read(text)):
        if sum(len(tree.sequence(config.get(key))) for key in ("write_files", "bootcmd", "runcmd")) > STEPS_MAX:
            raise Overgrown(f"a configuration of more than {STEPS_MAX} files and commands")
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
