"""A cluster's way to Ready, step by step, and what is left to wait. Pure.

One thing in two drawings: lines, which every place in Slack takes, and a plan of task cards, which messages take where
Slack knows them (`outbox` finds out). What must never live here: what is usual (`provisioning.usual`), or a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import blocks, replies, text
from bot.blocks import Block
from provisioning import objects, usual
from provisioning.model import Step, StepState
from provisioning.usual import Usual

MESSAGE_SHOWN = 300
"""Characters of what is in the way; `/cluster show` has all of it."""
_STATUS = {
    StepState.WAITING: "pending",
    StepState.RUNNING: "in_progress",
    StepState.DONE: "complete",
    StepState.FAILED: "error",
}


def lines(
    steps: Sequence[Step], known: Usual, now: datetime | None, *, longest: int = blocks.SECTION_TEXT
) -> list[Block]:
    """How far it is, and a line for each step. Without `now` nobody can say what is left, or what is slow."""
    if not steps:
        return []
    drawn = [_line(step, known, now, longest=longest) for step in steps]
    return [blocks.context(_how_far(steps, known, now)), blocks.section("\n".join(drawn))]


def plan(steps: Sequence[Step], known: Usual, now: datetime | None) -> list[Block]:
    """The same as a plan, and below it what is in the way."""
    if not steps:
        return []
    failed = [_line(step, known, now, longest=MESSAGE_SHOWN) for step in steps if step.state is StepState.FAILED]
    told = [blocks.section("\n".join(failed))] if failed else []
    return [blocks.plan(_how_far(steps, known, now), [_task(step, known, now) for step in steps]), *told]


def _how_far(steps: Sequence[Step], known: Usual, now: datetime | None) -> str:
    # Steps may end out of order; what is waited for is the first that has not.
    at = next((n for n, each in enumerate(steps, start=1) if each.state is not StepState.DONE), len(steps))
    # Of what takes longer than ever nobody knows how long it will.
    late = now is None or any(usual.is_slow(step, known, now) for step in steps)
    rest = usual.left(steps, known, now) if now and not late else None
    return replies.step_of(at, len(steps), _minutes(rest) if rest else 0)


def _minutes(rest: timedelta) -> int:
    """In whole minutes, above ten in fives: a guess is no clock, and each new number is a call of Slack's."""
    minutes = -(-rest // timedelta(minutes=1))
    return minutes if minutes <= 10 else -(-minutes // 5) * 5


def _line(step: Step, known: Usual, now: datetime | None, *, longest: int) -> str:
    slow = _slow(step, known, now)
    icon = replies.SLOW_ICON if slow else replies.STEP_ICON[step.state]
    message, hint = text.clip(text.harmless(step.message), longest), text.clip(step.hint, longest)
    return replies.step(icon, text.escape(step.name), slow or _took(step), message, hint)


def _task(step: Step, known: Usual, now: datetime | None) -> Block:
    message = "" if step.state is StepState.FAILED else text.harmless(step.message)
    title = replies.task(step.name, _slow(step, known, now) or _took(step), message)
    return blocks.task(step.name.lower().replace(" ", "-"), title, status=_STATUS[step.state])


def _slow(step: Step, known: Usual, now: datetime | None) -> str:
    """How much longer than usual a step takes; empty while that is nothing to speak of."""
    if now is None or not step.started_at or not usual.is_slow(step, known, now):
        return ""
    taken = now - objects.parse_time(step.started_at)
    return replies.slow(text.about(taken), text.about(known.steps[step.name].half))


def _took(step: Step) -> str:
    if not step.started_at or not step.ended_at:
        return ""
    return text.elapsed(objects.parse_time(step.started_at), objects.parse_time(step.ended_at))
