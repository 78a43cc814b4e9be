"""Quota as bars: what is used now, what would be then, of what is allowed. Pure."""

from __future__ import annotations

from bot import replies, text
from provisioning import quota
from provisioning.model import Amounts
from provisioning.quota import Usage


def lines(hard: Amounts, before: Usage, after: Usage) -> str:
    """One line for each bounded dimension, or a sentence when nothing is bounded."""
    limits = quota.limits(hard)
    drawn = [_line(name, before[name], after[name], limits[name]) for name in limits]
    return "\n".join(drawn) or replies.NO_QUOTA


def _line(name: str, before: int, after: int, hard: int) -> str:
    amounts = (quota.show(name, each) for each in (before, after, hard))
    return replies.meter(replies.DIMENSION[name], text.bar(before, after, hard), *amounts)
