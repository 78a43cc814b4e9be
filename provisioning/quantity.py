"""Kubernetes quantities, exactly: text in, whole milli-CPU or bytes out.

The grammar is that of apimachinery (`pkg/api/resource/quantity.go`). Python's own parsers take NaN, Infinity,
underscores and the digits of other scripts, each of which would be a way around a quota; this one takes ASCII only
and never meets a float.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

from provisioning.errors import MalformedQuantity

_NUMBER: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?:(?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[+-]?[0-9]{1,3}))?"
)
_SUFFIXES: Final = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}
LONGEST: Final = 64
"""Characters of a quantity; longer ones only cost time."""
MOST: Final = 2**63 - 1
"""The largest whole number of milli-CPU or bytes that we count with, as the API server does."""


def parse(text: object) -> Fraction:
    """The exact value, which may be negative. Whole numbers are taken as JSON writes them.

    Raises `MalformedQuantity` for everything that is no quantity.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return Fraction(text)
    if not isinstance(text, str):
        raise MalformedQuantity(f"a quantity is text or a whole number, not {type(text).__name__}")
    return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Fraction:
    match = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise MalformedQuantity(f"{text[:LONGEST]!r} is no quantity, such as 2, 500m or 4Gi")
    value = Fraction(match["digits"].rstrip("."))
    if match["suffix"]:
        value *= _SUFFIXES[match["suffix"]]
    elif match["exponent"]:
        value *= Fraction(10) ** int(match["exponent"])
    return -value if match["sign"] == "-" else value


def milli(text: object) -> int:
    """CPU as whole milli-CPU, rounded up. Raises `MalformedQuantity` when negative or too large."""
    return _whole(parse(text) * 1000, text)


def byte_count(text: object) -> int:
    """Memory or storage as whole bytes, rounded up. Raises `MalformedQuantity` when negative or too large."""
    return _whole(parse(text), text)


def format_cpu(milli_cpu: int) -> str:
    """Milli-CPU as people write it: `2`, `1.5`, `250m`."""
    if milli_cpu % 1000 == 0:
        return str(milli_cpu // 1000)
    return f"{milli_cpu // 1000}.{milli_cpu % 1000 // 100}" if milli_cpu % 100 == 0 else f"{milli_cpu}m"


def format_bytes(count: int) -> str:
    """Bytes as a quantity, exactly: in the largest unit that keeps it whole, such as `4Gi`, `1536Mi` or `5G`."""
    for unit in ("Pi", "Ti", "Gi", "Mi", "P", "T", "G", "M", "Ki", "k"):
        size = int(_SUFFIXES[unit])
        if count and count % size == 0:
            return f"{count // size}{unit}"
    return str(count)


def _whole(value: Fraction, text: object) -> int:
    if value < 0:
        raise MalformedQuantity(f"{text!r} is negative")
    rounded = -(-value.numerator // value.denominator)
    if rounded > MOST:
        raise MalformedQuantity(f"{text!r} is more than can be counted")
    return rounded
