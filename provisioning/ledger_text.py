"""The text that a ledger is stored as. Few slots are JSON that people can read, many are packed.

Everybody who reserves writes the whole text, and an API server takes, checks and stores all of it. So many slots are
spread over shelves by their keys, each shelf compressed: a fifth of the text, and a change of one slot packs one shelf
anew. Values in, values out; what a slot means is `provisioning.ledger`'s to say.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
SHELVES_KNOWN: Final = 512
"""Shelves that are kept unpacked, of all ledgers together."""
KEYS_KNOWN: Final = 32768
LEVEL: Final = 1
"""Of compression: the next ones take longer than what they save is worth."""


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


def dumps(
    keys: Collection[str],
    text_of: Callable[[str], str],
    packed: dict[int, str],
    lent: Mapping[str, Sequence[int]],
) -> str:
    """Sorted, so that equal slots are equal texts. `packed` is what is known of shelves that have not changed; what is
    packed now is added to it. `lent` stands beside them, where there is any."""
    rest = f',"lent":{msgspec.json.encode(lent).decode()}}}' if lent else "}"
    if len(keys) <= PLAIN_MAX:
        return f'{{"format":{PLAIN},"slots":{_joined(keys, text_of)}{rest}'
    wanted: dict[int, list[str]] = {shelf: [] for shelf in range(SHELVES) if shelf not in packed}
    for key in keys:
        if (shelf := shelf_of(key)) in wanted:
            wanted[shelf].append(key)
    for shelf, standing in wanted.items():
        packed[shelf] = _pack(_joined(standing, text_of))
    shelves = ",".join(f'"{packed[shelf]}"' for shelf in range(SHELVES))
    return f'{{"format":{PACKED},"shelves":[{shelves}]{rest}'


def loads(text: str) -> tuple[Mapping[str, bytes], dict[int, str], Mapping[str, Sequence[int]]]:
    """The text of each slot by its key, the shelves as they are packed, and what is lent. Raises `Unreadable`."""
    try:
        stored = _texts.decode(text)
    except (ValueError, TypeError) as error:
        raise Unreadable(f"no ledger of ours: {type(error).__name__}") from error
    if stored.format == PLAIN and stored.slots is not None:
        return {key: bytes(slot) for key, slot in stored.slots.items()}, {}, stored.lent
    if stored.format != PACKED or len(stored.shelves) != SHELVES:
        raise Unreadable(f"a ledger of format {stored.format}")
    slots: dict[str, bytes] = {}
    for number, packed in enumerate(stored.shelves):
        for key, slot in _unpack(packed).items():
            if shelf_of(key) != number:
                raise Unreadable("a slot does not stand where it belongs")
            slots[key] = slot
    return slots, dict(enumerate(stored.shelves)), stored.lent


def _joined(keys: Iterable[str], text_of: Callable[[str], str]) -> str:
    return f"{{{','.join(f'{_quoted(key)}:{text_of(key)}' for key in sorted(keys))}}}"


@lru_cache(maxsize=KEYS_KNOWN)
def _quoted(key: str) -> str:
    return msgspec.json.encode(key).decode()


def _pack(text: str) -> str:
    return binascii.b2a_base64(zlib.compress(text.encode(), LEVEL), newline=False).decode()


@lru_cache(maxsize=SHELVES_KNOWN)
def _unpack(packed: str) -> Mapping[str, bytes]:
    """A shelf, unpacked once: who has lost a race reads a ledger again of which hardly anything has changed."""
    try:
        expanding = zlib.decompressobj()
        text = expanding.decompress(binascii.a2b_base64(packed, strict_mode=True), SHELF_MAX)
        if not expanding.eof or expanding.unused_data:
            raise Unreadable("a shelf is not what was packed")
        return {key: bytes(slot) for key, slot in _shelf.decode(text).items()}
    except (ValueError, TypeError, zlib.error) as error:
        raise Unreadable(f"no shelf of ours: {type(error).__name__}") from error
