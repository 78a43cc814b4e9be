"""What time it is at the API server, from the Date of its answers. What ends by the clock ends by this one.

An object says by the API server's clock when it was made; how old it is must not depend on the clock of the machine
that asks. That clock is not looked at here: between two answers a monotonic one goes on, which nobody sets.

An answer was dated before it arrived, so each shows a time that is past at the least: the latest of them is closest,
and never ahead. Should answers show a time that is far from it, something was set: back counts at once, and ahead only
after all have said so for a while. So nothing ends early for one answer that is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

import structlog

from provisioning import errors

log = structlog.get_logger()

SLACK: Final = timedelta(seconds=30)
"""By how much answers may differ from each other: a Date is in whole seconds, and an answer may be long on its way."""
DOUBT_SECONDS: Final = 300.0
"""For how long answers must have shown a later time before it is believed."""


class ServerTime:
    """Of one API server. `clock` gives seconds that only go on."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._zero: datetime | None = None
        """What time it was there when `clock` showed 0."""
        self._ahead_since: float | None = None
        self._is_warned = False
        """Two API servers behind one address may disagree at every other answer."""

    def now(self) -> datetime:
        """Never ahead of the API server's clock. Raises `Unavailable` before its first answer."""
        if self._zero is None:
            raise errors.Unavailable("the API server has not said yet what time it is")
        return self._zero + timedelta(seconds=self._clock())

    def heard(self, date: str) -> None:
        """An answer arrived that is dated so. One without a date, of a proxy perhaps, says nothing."""
        at = _read(date)
        if at is None:
            return
        now = self._clock()
        zero = at.replace(tzinfo=UTC) - timedelta(seconds=now)
        if self._zero is None or abs(zero - self._zero) <= SLACK:
            self._zero, self._ahead_since = max(zero, self._zero or zero), None
        elif zero < self._zero:
            self._set(zero)
        elif self._ahead_since is None:
            self._ahead_since = now
            if not self._is_warned:
                log.warning("api_server_clock_ahead", seconds=(zero - self._zero).total_seconds())
            self._is_warned = True
        elif now - self._ahead_since >= DOUBT_SECONDS:
            self._set(zero)

    def _set(self, zero: datetime) -> None:
        log.warning("api_server_clock_set", seconds=(zero - (self._zero or zero)).total_seconds())
        self._zero, self._ahead_since, self._is_warned = zero, None, False


@lru_cache(maxsize=8)
def _read(date: str) -> datetime | None:
    """A Date that can be read. All answers within a second say the same one."""
    try:
        return parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
