"""Bytes that nobody means: they are read, or refused as they should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import decoders

PIECES = """
0 1 9 . - + e E m k Ki Mi Gi n _ \uff11 NaN { } [ ] : , " ' & * ! | > # a spec kind null --- << %
""".split()  # noqa: SIM905 - a list of forty words
texts = st.lists(st.sampled_from([*PIECES, " ", "\n"]), max_size=14).map(lambda parts: "".join(parts).encode())


@pytest.mark.parametrize("decoder", list(decoders.DECODERS.values()), ids=list(decoders.DECODERS))
@given(content=st.binary(max_size=60) | texts)
def test_any_bytes_are_read_or_refused(decoder: decoders.Decoder, content: bytes) -> None:
    decoder(content)


@pytest.mark.parametrize("depth", [100, 500, 999, 10_000, 100_000])
@pytest.mark.parametrize("decoder", list(decoders.DECODERS.values()), ids=list(decoders.DECODERS))
def test_nesting_is_followed_or_refused(decoder: decoders.Decoder, depth: int) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b"- ", b"x")):
        decoder(opening * depth + b"1" + closing * depth)


@pytest.mark.parametrize("name", list(decoders.DECODERS))
def test_what_the_long_run_begins_with_is_read(name: str) -> None:
    begun = list(decoders.seeds(name))
    assert len(begun) >= 10
    for content in begun:
        decoders.DECODERS[name](content)
