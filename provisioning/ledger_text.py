"""The text that a ledger is stored as. Few slots are JSON that people can read, many are packed.

Everybody who reserves writes the whole text, and an API server takes, checks and stores all of it. So many slots are
spread over shelves by their keys, each shelf compressed: a fifth of the text, and a change of one slot packs one shelf
anew. Values in, values out; what a slot means is `provisioning.ledger`'s to say.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

PLAIN: Final = 1
PACKED: Final = 2
PLAIN_MAX: Final = 24
"""Slots that are still written as they are."""
SHELVES: Final = 16
SHELF_MAX: Final = 8 * 1024 * 1024
"""Bytes that a shelf may come to. More than an API server stores is no ledger of ours."""
KEYS_KNOWN: Final = 32768
LEVEL: Final = 1
"""Of compression: the next ones take longer than what they save is worth."""


Lent = Mapping[str, Sequence[int]]
"""By the name of a door: a serial, and amounts."""


class Unreadable(ValueError):
    """No text of ours."""


class _Stored(msgspec.Struct):
    format: int
    slots: dict[str, msgspec.Raw] | None = None
    shelves: tuple[str, ...] = ()
    lent: dict[str, tuple[int, ...]] = {}


_texts: Final = msgspec.json.Decoder(_Stored)
_shelf: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@lru_cache(maxsize=KEYS_KNOWN)
def shelf_of(key: str) -> int:
    """Where a slot stands."""
    return zlib.crc32(key.encode()) % SHELVES


def line(key: str, text: str) -> str:
    """What is stored of a slot with this text."""
    return f"{_quoted(key)}:{text}"


def plain(lines: Iterable[str], lent: Lent) -> str:
    """A ledger of few slots, and what is lent to whom."""
    return f'{{"format":{PLAIN},"slots":{{{",".join(lines)}}}{_beside(lent)}}}'


def packed(shelves: Iterable[str], lent: Lent) -> str:
    """A ledger of many, of all its shelves in their order."""
    joined = ",".join(f'"{shelf}"' for shelf in shelves)
    return f'{{"format":{PACKED},"shelves":[{joined}]{_beside(lent)}}}'


def pack(lines: Iterable[str]) -> str:
    """The slots of one shelf."""
    text = f"{{{','.join(lines)}}}"
    return binascii.b2a_base64(zlib.compress(text.encode(), LEVEL), newline=False).decode()


def loads(text: str) -> tuple[Mapping[str, bytes] | tuple[str, ...], Lent]:
    """The text of each slot by its key, where they are few, or the shelves as they are packed; and what is lent. Raises
    `Unreadable`."""
    try:
        stored = _texts.decode(text)
    except (ValueError, TypeError) as error:
        raise Unreadable(f"no ledger of ours: {type(error).__name__}") from error
    if stored.format == PLAIN and stored.slots is not None:
        return {key: bytes(slot) for key, slot in stored.slots.items()}, stored.lent
    if stored.format != PACKED or len(stored.shelves) != SHELVES:
        raise Unreadable(f"a ledger of format {stored.format}")
    return stored.shelves, stored.lent


def unpack(number: int, packed: str) -> Mapping[str, bytes]:
    """The text of each slot of this shelf by its key. Raises `Unreadable`."""
    try:
        expanding = zlib.decompressobj()
        text = expanding.decompress(binascii.a2b_base64(packed, strict_mode=True), SHELF_MAX)
        if not expanding.eof or expanding.unused_data:
            raise Unreadable("a shelf is not what was packed")
        slots = {key: bytes(slot) for key, slot in _shelf.decode(text).items()}
    except (ValueError, TypeError, zlib.error) as error:
        raise Unreadable(f"no shelf of ours: {type(error).__name__}") from error
    if any(shelf_of(key) != number for key in slots):
        raise Unreadable("a slot does not stand where it belongs")
    return slots


def _beside(lent: Lent) -> str:
    return f',"lent":{msgspec.json.encode(lent, order="sorted").decode()}' if lent else ""


@lru_cache(maxsize=KEYS_KNOWN)
def _quoted(key: str) -> str:
    return msgspec.json.encode(key).decode()
