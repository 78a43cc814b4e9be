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

BATCH = 300
LEFT_MAX = 100
"""Bytes that one review may leave behind: less than anything that is remembered of each takes."""


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

        async def batch() -> int:
            """What is traced after some more reviews."""
            for _ in range(BATCH):
                assert await opened.ask(reviews.make(random)) == ""
            # As many as there are words we registered for, which `tests/webhooks/test_app.py` holds; not all met yet.
            metrics.REQUESTS.clear()
            metrics.requests.cache_clear()
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        await batch()
        tracemalloc.start()
        try:
            before, after = await batch(), await batch()
        finally:
            tracemalloc.stop()
    assert (after - before) / BATCH < LEFT_MAX


def test_the_same_seed_makes_the_same_call() -> None:
    assert reviews.make(Random(3)) == reviews.make(Random(3))  # noqa: S311 - repeatable, guards nothing
