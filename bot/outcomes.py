"""How a message fared that was to go into Slack, each outcome by its name.

    OutboxError
    ├── Undeliverable    this place takes no card: archived, left, unknown; `reason` is Slack's word
    ├── Vanished         the card to be redrawn or replied to is not there, or takes no reply
    │   └── Fixed        it stands, and takes no change any more
    ├── Later            nothing happened: come back after `seconds`; Slack is down or throttles
    │   └── Busy         our own budget is spent, or what is left of it is for weightier messages
    ├── Earlier          it had been posted before: that message stands at `ts`, with what it said then
    ├── Unfit            Slack takes no such message; `reason` is its word. The outbox sends it plainer
    ├── TakenAway        it had been posted before, and somebody took it away since. The outbox posts it anew
    └── Unknown          nobody knows whether it was posted

Pure. What must never live here: what is done about it.
"""

from __future__ import annotations

from provisioning.errors import ClusterdeskError

_ELSEWHERE = frozenset(
    (
        *("channel_not_found", "not_in_channel", "is_archived", "user_not_found", "user_disabled", "cannot_dm_bot"),
        *("posting_to_channel_denied", "no_permission", "channel_is_archived", "messages_tab_disabled"),
        *("restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel"),
        *("user_not_visible", "method_not_supported_for_channel_type"),
    )
)
_VANISHED = frozenset(
    (
        *("message_not_found", "thread_not_found"),
        *("cannot_reply_to_message", "restricted_action_non_threadable_channel", "restricted_action_thread_locked"),
    )
)
_FIXED = frozenset(("cant_update_message", "edit_window_closed", "is_inactive", "block_mismatch"))
BAD_BLOCKS = frozenset(("invalid_blocks", "invalid_blocks_format"))
_TOO_MUCH = frozenset(("msg_too_long", "msg_blocks_too_long", "metadata_too_large"))
_TAKEN_AWAY = frozenset(("duplicate_message_not_found", "duplicate_channel_not_found"))
DOWN = frozenset(("internal_error", "fatal_error", "service_unavailable"))
"""Slack is not well; it may be in a moment."""
OTHERWISE_SECONDS = 60
"""When to come back after a word that is not known here, or that does not get better soon: `invalid_auth`."""


class OutboxError(ClusterdeskError):
    """A card did not get where it should."""


class Undeliverable(OutboxError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Vanished(OutboxError):
    pass


class Fixed(Vanished):
    pass


class Later(OutboxError):
    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Busy(Later):
    pass


class Earlier(OutboxError):
    def __init__(self, ts: str) -> None:
        super().__init__(ts)
        self.ts = ts


class Unknown(OutboxError):
    pass


class Unfit(OutboxError):
    """Slack takes no such message: a mistake of ours, or blocks that it does not know."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TakenAway(OutboxError):
    """It was posted once, and somebody took it away since."""


def of(word: str, *, said: str) -> OutboxError:
    """What Slack's word for refusing a message means; `said` is all that it answered."""
    if word in _TAKEN_AWAY:
        return TakenAway(word)
    if word in _VANISHED:
        return Vanished(word)
    if word in _FIXED:
        return Fixed(word)
    if word in BAD_BLOCKS or word in _TOO_MUCH:
        return Unfit(word)
    if word in _ELSEWHERE:
        return Undeliverable(word)
    return Later(word or said, seconds=OTHERWISE_SECONDS)
