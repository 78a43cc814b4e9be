"""What the words behind `/cluster create NAME` say."""

from __future__ import annotations

import pytest

from bot import words
from bot.words import Said, Unknown

SIZES = ("small", "large", "2xlarge")
VERSIONS = ("v1.33.9", "v1.34.5", "v1.34.11")


def read(line: str) -> Said | Unknown:
    return words.read(line.split(), sizes=SIZES, versions=VERSIONS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", Said()),
        ("small 24h", Said(flavor="small", lifetime="24h")),
        ("24h small", Said(flavor="small", lifetime="24h")),
        ("3 small", Said(flavor="small", nodes=3)),
        ("3x small", Said(flavor="small", nodes=3)),
        ("3xsmall", Said(flavor="small", nodes=3)),
        ("2-6x large", Said(flavor="large", nodes=2, most=6)),
        ("2\u20136x large", Said(flavor="large", nodes=2, most=6)),
        ("2\u20136xlarge", Said(flavor="large", nodes=2, most=6)),
        ("2xlarge", Said(flavor="2xlarge")),
        ("3x2xlarge", Said(flavor="2xlarge", nodes=3)),
        ("v1.33.9", Said(version="v1.33.9")),
        ("1.33.9", Said(version="v1.33.9")),
        ("1.34", Said(version="v1.34.11")),
        ("3x small v1.34 90m", Said("small", 3, None, "v1.34.11", "1h30m")),
        ("3d", Said(lifetime="72h")),
        ("2w", Said(lifetime="336h")),
        ("24H", Said(lifetime="24h")),
        ("1d12h30m", Said(lifetime="36h30m")),
        ("99999h", Said(lifetime="99999h")),
    ],
)
def test_each_word_says_what_it_looks_like_in_any_order(line: str, said: Said) -> None:
    assert read(line) == said


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("smal", Unknown("size", "smal", "small")),
        ("3xsmal", Unknown("size", "smal", "small")),
        ("small 1.33.8", Unknown("version", "1.33.8", "v1.33.9")),
        ("v1.3", Unknown("version", "v1.3", "v1.34.5")),
        ("<!channel>", Unknown("size", "<!channel>", "")),
        ("100000h", Unknown("lifetime", "100000h", "")),
        ("5000d", Unknown("lifetime", "5000d", "")),
        ("0h", Unknown("lifetime", "0h", "")),
        ("2weeks", Unknown("lifetime", "2weeks", "")),
        ("3workers", Unknown("size", "3workers", "")),
        ("9small", Unknown("size", "9small", "small")),
    ],
)
def test_a_word_that_fits_nothing_comes_back_with_the_closest_that_would(line: str, unknown: Unknown) -> None:
    assert read(line) == unknown
