"""A slice of the long run: whatever comes in, the door answers by the protocol, and remembers nothing."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import door, reviews
from webhooks import metrics

WARM, MEASURED = 400, 400
GROWTH_MAX = 100_000
"""Bytes that so many reviews may leave behind: caches of the interpreter, and nothing that grows with their number."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.randoms(use_true_random=False), min_size=1, max_size=30))
def test_whatever_comes_in_is_answered_by_the_protocol(sources: list[Random]) -> None:
    calls = [reviews.make(source) for source in sources]

    async def ask_all() -> list[str]:
        async with door.opened() as opened:
            return [await opened.ask(call) for call in calls]

    wrong = [(found, call) for found, call in zip(asyncio.run(ask_all()), calls, strict=True) if found]
    assert wrong == []


async def test_nothing_is_left_of_reviews_that_were_answered() -> None:
    random = Random(7)  # noqa: S311 - repeatable, guards nothing
    async with door.opened() as opened:
        for _ in range(WARM):
            assert await opened.ask(reviews.make(random)) == ""
        gc.collect()
        tracemalloc.start()
        try:
            for _ in range(MEASURED):
                assert await opened.ask(reviews.make(random)) == ""
            # As many as there are words we registered for, which `tests/webhooks/test_app.py` holds; not all met yet.
            metrics.REQUESTS.clear()
            gc.collect()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert grown < GROWTH_MAX


def test_the_same_seed_makes_the_same_call() -> None:
    assert reviews.make(Random(3)) == reviews.make(Random(3))  # noqa: S311 - repeatable, guards nothing
