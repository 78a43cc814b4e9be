"""What the words behind `/cluster create NAME` say: size, number of workers, version, lifetime, in any order. Pure.

`3x small v1.34 24h`. What a word is follows from how it looks and from what is on offer; what fits nothing comes back
with the closest that would.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from bot import entries, offers
from provisioning import upgrades

WORKERS: Final = r"([0-9]{1,4})(?:[-\u2013]([0-9]{1,4}))?"
"""`4`, or `2-6` for the autoscaler; with the dash, too, that cards have and telephones make of it."""
_NUMBER = re.compile(rf"{WORKERS}[x\u00d7]?")
"""The same, or `3x`."""
_TIMES = re.compile(r"([0-9]{1,4}(?:[-\u2013][0-9]{1,4})?[x\u00d7])(.+)")
"""`3xsmall`."""
_LASTS = re.compile(r"(?:[0-9]+(?:[smhdwy]|ms|mins?|hrs?|(?:minute|hour|day|week|month|year)s?))+", re.IGNORECASE)
"""What somebody may mean as a lifetime, though it is none: `2weeks`."""
_VERSION = re.compile(r"v?[0-9]+\.[0-9.]+")


@dataclass(frozen=True)
class Said:
    """What the words say; empty and None where they say nothing."""

    flavor: str = ""
    nodes: int | None = None
    most: int | None = None
    version: str = ""
    lifetime: str = ""


@dataclass(frozen=True)
class Unknown:
    """A word that fits nothing, `what` it looks like, and the closest that would fit."""

    what: str
    word: str
    suggestion: str


def read(words: Iterable[str], *, sizes: Collection[str], versions: Collection[str]) -> Said | Unknown:
    """What these words say of a new cluster, out of the sizes and versions that there are, or the first that fits
    nothing."""
    said = Said()
    for word in itertools.chain.from_iterable(_parts(each, sizes) for each in words):
        if word in sizes:
            said = replace(said, flavor=word)
        elif lifetime := entries.duration(word):
            said = replace(said, lifetime=lifetime)
        elif number := _NUMBER.fullmatch(word):
            said = replace(said, nodes=int(number[1]), most=int(number[2]) if number[2] else None)
        elif _VERSION.fullmatch(word):
            wanted = f"v{word.removeprefix('v')}"
            version = _newest(wanted, versions)
            if not version:
                return Unknown("version", word, offers.suggestion(wanted, versions))
            said = replace(said, version=version)
        else:
            size = offers.suggestion(word, sizes)
            return Unknown("size" if size or not _LASTS.fullmatch(word) else "lifetime", word, size)
    return said


def _parts(word: str, sizes: Collection[str]) -> tuple[str, ...]:
    """`3xsmall` is `3x` and `small`; a size may look like that itself."""
    times = None if word in sizes else _TIMES.fullmatch(word)
    return (times[1], times[2]) if times else (word,)


def _newest(wanted: str, versions: Collection[str]) -> str:
    """The version meant: the very one, or of a minor version such as v1.34 the newest."""
    if wanted in versions:
        return wanted
    alike = [version for version in versions if version.startswith(f"{wanted}.")]
    return max(alike, key=upgrades.numbers, default="")
