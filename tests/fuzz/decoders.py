"""What reads bytes of others, one function each: for hypothesis in the tests, for atheris in the long run.

Each returns when the input was read or refused as it should be, and raises when something else happened.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random

from provisioning import documents, quantity
from provisioning.errors import ClusterdeskError, MalformedQuantity
from tests.fuzz import reviews
from webhooks import review


def read_review(content: bytes) -> None:
    """A body. It is read, or it is malformed, and then not quoted."""
    for stored in (True, False):
        with contextlib.suppress(review.Malformed):
            asked = review.decode(content, stored=stored)
            assert isinstance(asked.either, dict)


def read_quantity(content: bytes) -> None:
    """A quantity. It is a number, and as whole milli-CPU or bytes no less; or it is none."""
    text = content.decode(errors="replace")
    with contextlib.suppress(MalformedQuantity):
        value = quantity.parse(text)
        assert isinstance(value, Fraction)
        assert text.isascii()
        rounded = quantity.byte_count(text)
        assert 0 <= value <= rounded <= quantity.MOST
        rounded = quantity.milli(text)
        assert value * 1000 <= rounded <= quantity.MOST


def read_documents(content: bytes) -> None:
    """Manifests within a Secret or a ConfigMap: texts, lists and mappings, or a refusal."""
    text = content.decode(errors="replace")
    with contextlib.suppress(ClusterdeskError):
        documents.read(text)


Decoder = Callable[[bytes], None]

DECODERS: Mapping[str, Decoder] = {
    "review": read_review,
    "quantity": read_quantity,
    "documents": read_documents,
}

QUANTITIES = ("0", "2", "500m", "1.5Gi", "-1Ki", "+3e2", "1E", "9223372036854775807", ".5n", "1e-3")


def seeds(decoder: str) -> Iterator[bytes]:
    """Sound inputs to begin with: no fuzzer finds the shape of a review by itself."""
    match decoder:
        case "quantity":
            yield from (text.encode() for text in QUANTITIES)
        case "documents":
            yield from (text.encode(errors="replace") for text in reviews.TEXTS if text)
        case _:
            yield from (reviews.make(Random(number)).content for number in range(100))  # noqa: S311 - repeatable
