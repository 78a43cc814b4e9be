"""How long Slack wants to be left alone with a method that somebody waits for: what it says is remembered and kept to.

Of those methods each call is somebody's click, so no budget spreads them (`budgets` does for what nobody waits for);
but a refusal is no reason to ask again at every click. What must never live here: what is said meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from slack_sdk.errors import SlackApiError

from bot import slack

log = structlog.get_logger()


class Respite:
    """Of one method, in one process."""

    def __init__(self, method: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._method = method
        self._clock = clock
        self._until = clock()

    def left(self) -> float:
        """Seconds that are still to be waited; 0 when the method may be asked."""
        return max(0.0, self._until - self._clock())

    def heed(self, error: BaseException) -> bool:
        """Whether Slack asks for it with this error. It is kept to from now on."""
        if not isinstance(error, SlackApiError) or not slack.is_throttled(error):
            return False
        seconds = slack.wait_of(error, otherwise=slack.AWAY_SECONDS)
        log.warning("slack_asked_too_often", method=self._method, seconds=seconds)
        self._until = max(self._until, self._clock() + seconds)
        return True
