"""A screenshot as a PNG of few colours: text on paper stays as it was, in a third of the bytes. Pure.

What a browser writes has each shade of each letter's edge; here a shade is one of a few, and each pixel a number in a
palette. Only what Chromium writes is read: 8 bits a channel, with or without alpha, not interlaced.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
STEPS = (17, 34, 51, 85)
"""From one shade to the next, the finest first."""
COLOURS = 256


def small(png: bytes) -> bytes:
    """The same picture with 256 colours at most; what is transparent is shown as it is drawn without that."""
    chunks = list(_chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    if depth != 8 or kind not in _CHANNELS or chunks[0][1][12]:
        raise ValueError("not what Chromium writes")
    raw = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    rows = list(_rows(raw, width, height, _CHANNELS[kind]))
    for step in STEPS:
        palette, numbers = _numbered(rows, _CHANNELS[kind], step)
        if len(palette) <= COLOURS:
            break
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    body = zlib.compress(b"".join(b"\0" + row for row in numbers), 9)
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", body), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(raw: bytes, width: int, height: int, channels: int) -> Iterator[bytes]:
    """The pixels, line by line, with each line's filter undone."""
    size, before = width * channels, bytes(width * channels)
    for number in range(height):
        at = number * (size + 1)
        row = bytearray(raw[at + 1 : at + 1 + size])
        for i in range(size) if raw[at] else ():
            left, up = row[i - channels] if i >= channels else 0, before[i]
            corner = before[i - channels] if i >= channels else 0
            row[i] = (row[i] + (left, up, (left + up) // 2, _nearest(left, up, corner))[raw[at] - 1]) & 255
        before = bytes(row)
        yield before


def _nearest(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))


def _numbered(rows: list[bytes], channels: int, step: int) -> tuple[dict[tuple[int, ...], int], list[bytes]]:
    """The colours that are left with such steps, by number, and the rows as numbers."""
    shades = bytes(min(255, (value + step // 2) // step * step) for value in range(256))
    palette: dict[tuple[int, ...], int] = {}
    numbers = []
    for row in rows:
        shaded = row.translate(shades)
        pixels = zip(shaded[0::channels], shaded[1::channels], shaded[2::channels], strict=True)
        numbers.append([palette.setdefault(pixel, len(palette)) for pixel in pixels])
    return palette, [bytes(row) if len(palette) <= COLOURS else b"" for row in numbers]
