"""When a delegation ends that somebody types."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.commands.delegate import ends

THURSDAY = datetime(2026, 3, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("3d", datetime(2026, 3, 8, 13, tzinfo=UTC)),
        ("12h", datetime(2026, 3, 6, 1, tzinfo=UTC)),
        ("Fri", datetime(2026, 3, 7, tzinfo=UTC)),
        ("friday", datetime(2026, 3, 7, tzinfo=UTC)),
        ("Thu", datetime(2026, 3, 6, tzinfo=UTC)),
        ("wed", datetime(2026, 3, 12, tzinfo=UTC)),
        ("2026-12-24", datetime(2026, 12, 25, tzinfo=UTC)),
        *((word, None) for word in ("", "0d", "3w", "30m", "soon", "frittata", "24.12.", "9999d9")),
        *((word, None) for word in ("2026-13-01", "9999-12-31")),
    ],
)
def test_a_day_is_over_when_it_is_and_what_is_no_end_is_none(word: str, end: datetime | None) -> None:
    assert ends(word, now=THURSDAY) == end
