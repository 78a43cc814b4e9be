"""Quota as bars: what is used now, what would be then, of what is allowed. Pure."""

from __future__ import annotations

from provisioning.quota import Usage

from bot import replies, text
from provisioning import quantity, quota
from provisioning.model import Amounts


def lines(hard: Amounts, before: Usage, after: Usage) -> str:
    """One line for each bounded dimension, or a sentence when nothing is bounded."""
    limits = quota.limits(hard)
    drawn = [_line(name, getattr(before, name), getattr(after, name), limits[name]) for name in limits]
    return "\n".join(drawn) or replies.NO_QUOTA


def _line(name: str, before: int, after: int, hard: int) -> str:
    amounts = (_amount(name, each) for each in (before, after, hard))
    return replies.meter(replies.DIMENSION[name], text.bar(before, after, hard), *amounts)


def _amount(name: str, value: int) -> str:
    if name == "vcpu":
        return quantity.format_cpu(value)
    return quantity.format_bytes(value) if name == "memory" else str(value)
