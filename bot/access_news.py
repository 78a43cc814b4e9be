"""News of an access: that it is there after a while, and that it ends soon, once each, as a message of its own. Pure.

A card that is edited makes no sound; a new message does. What was told last stands in the access (`status.reminder`),
and what its person has heard of so far beside the place of its card (`Delivery.heard`).
What must never live here: where a message goes (`access_follow`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from bot.access_cards import Access
from provisioning import grants
from provisioning.model import Delivery, conditions
from provisioning.objects import parse_time

MARKS: Final = {"24h": timedelta(hours=24), "1h": timedelta(hours=1)}
"""How long before its end its person is told, by the word that is noted; the longest first."""
SHARE: Final = 2
"""A mark is for accesses that last at least so many times as long: nobody is told at once that what they got ends."""

WAITS, OPEN, REFUSED = "waits", "open", "refused"
PATIENCE: Final = timedelta(minutes=1)
"""Whoever waited no longer still looks at the card."""


def word(access: Access) -> str:
    """What there is to hear of now."""
    if grants.is_refused(access):
        return REFUSED
    return OPEN if conditions.is_true(access.it.status.conditions, "Ready") else WAITS


def is_awaited(access: Access, told: Delivery | None, now: datetime) -> bool:
    """Whether what its person waits for came about, and is to be said below the card, which they have had for long."""
    if told is None or told.heard != WAITS or word(access) == WAITS or grants.over(access, now):
        return False
    return not _looks_on(access, now)


def heard(access: Access, told: Delivery, now: datetime) -> str:
    """What its person has heard of once the card is drawn anew."""
    return word(access) if told.heard == WAITS and _looks_on(access, now) else told.heard


def due(access: Access, told: Delivery | None, now: datetime) -> str:
    """The mark that is to be told now; empty for none. What was missed meanwhile is not made up for."""
    mark = next((mark for mark, at in reversed(_moments(access, now)) if at <= now), "")
    return "" if told is not None and told.revision == mark else mark


def next_at(access: Access, now: datetime) -> datetime | None:
    """When there may be more to tell."""
    return min((at for _, at in _moments(access, now) if at > now), default=None)


def is_renewed(access: Access, others: Iterable[Access], now: datetime) -> bool:
    """Whether its person has another one to this cluster, of that role, that lasts longer."""
    spec, ends = access.it.spec, access.it.status.expires_at
    return any(
        (each.it.spec.user, each.it.spec.cluster, each.it.spec.role) == (spec.user, spec.cluster, spec.role)
        and each.it.status.expires_at is not None
        and ends is not None
        and parse_time(each.it.status.expires_at) > parse_time(ends)
        and _lasts(each, now)
        for each in others
        if each.meta.namespace == access.meta.namespace
    )


def _looks_on(access: Access, now: datetime) -> bool:
    return access.meta.created is None or now - access.meta.created <= PATIENCE


def _moments(access: Access, now: datetime) -> list[tuple[str, datetime]]:
    """Of each mark that is for an access of its length, when it comes; none for what has ended."""
    status = access.it.status
    if not status.issued_at or not status.expires_at or not _lasts(access, now):
        return []
    begins, ends = parse_time(status.issued_at), parse_time(status.expires_at)
    return [(mark, ends - left) for mark, left in MARKS.items() if SHARE * left <= ends - begins]


def _lasts(access: Access, now: datetime) -> bool:
    going = access.meta.deleting or bool(grants.over(access, now))
    return not going and conditions.is_true(access.it.status.conditions, "Ready")
