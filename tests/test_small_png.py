"""A picture of few colours is the picture it was."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import pytest

from tests import small_png

INK, PAPER = (10, 20, 30), (250, 251, 252)


def picture(rows: Sequence[Sequence[tuple[int, ...]]], *, filters: bytes, kind: int) -> bytes:
    """As a browser writes it. `filters` is each row's; only none (0) and up (2) are known here."""
    channels = {2: 3, 6: 4}[kind]
    before, body = bytes(len(rows[0]) * channels), b""
    for row, used in zip(rows, filters, strict=True):
        line = b"".join(bytes((*pixel, 255)[:channels]) for pixel in row)
        body += bytes([used]) + (bytes((a - b) & 255 for a, b in zip(line, before, strict=True)) if used else line)
        before = line
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, kind, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(body)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """What stands in a picture with a palette."""
    chunks = dict(small_png._chunks(png))
    width, height, _, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert kind == 3
    raw, colours = zlib.decompress(chunks[b"IDAT"]), chunks[b"PLTE"]
    rows = (raw[at * (width + 1) + 1 : (at + 1) * (width + 1)] for at in range(height))
    return [[tuple(colours[3 * n : 3 * n + 3]) for n in row] for row in rows]


@pytest.mark.parametrize("kind", [2, 6])
@pytest.mark.parametrize("filters", [b"\0\0", b"\0\2", b"\2\2"])
def test_every_pixel_stays_where_it_was_in_the_nearest_shade(kind: int, filters: bytes) -> None:
    found = pixels(small_png.small(picture([[INK, PAPER], [PAPER, INK]], filters=filters, kind=kind)))

    assert found == [[(17, 17, 34), (255, 255, 255)], [(255, 255, 255), (17, 17, 34)]]


def test_of_more_colours_than_a_palette_holds_the_nearest_are_taken() -> None:
    rows = [[(red * 17, green * 17, 0) for red in range(16)] for green in range(16)]
    many = [[(red, green, blue * 17) for red, green, _ in row] for blue in range(4) for row in rows]

    found = pixels(small_png.small(picture(many, filters=bytes(len(many)), kind=2)))

    assert len({pixel for row in found for pixel in row}) <= small_png.COLOURS
    off = [
        abs(a - b)
        for new, old in zip(found, many, strict=True)
        for p, q in zip(new, old, strict=True)
        for a, b in zip(p, q, strict=True)
    ]
    assert max(off) <= 51
