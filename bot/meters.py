"""Quota as bars: what is used now, what would be then, of what is allowed. Pure."""

from __future__ import annotations

from bot import replies, text
from provisioning.quota import Limits
from provisioning.usage import Usage


def lines(hard: Limits, before: Usage, after: Usage) -> str:
    """One line for each bounded dimension, or a sentence when nothing is bounded. Where it is too much, the line says
    so in words as well as in red."""
    drawn = [_line(hard, name, hard.amount(before, name), hard.amount(after, name)) for name in hard.bounds]
    return "\n".join(drawn) or replies.NO_QUOTA


def missing(hard: Limits, before: Usage, after: Usage) -> tuple[str, ...]:
    """How much more of what would have to be allowed: `vCPU +2`."""
    return tuple(
        replies.more_of(it.dimension, hard.show(it.dimension, it.missing)) for it in hard.excess(before, after - before)
    )


def _line(hard: Limits, name: str, before: int, after: int) -> str:
    bound = hard.bounds[name]
    amounts = (hard.show(name, each) for each in (before, after, bound))
    lacks = hard.show(name, after - bound) if after > max(before, bound) else ""
    return replies.meter(replies.DIMENSION[name], text.bar(before, after, bound), *amounts, lacks=lacks)
