"""Answers as data: what a policy or a default says about a request, and how several answers become one.

No JSON, no HTTP, no client. A reason is a whole sentence that somebody reads at a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioning.errors import Cause

FORBIDDEN = 403
INVALID = 422
"""The object itself is wrong: sending it again by somebody else or later does not help."""
BUSY = 429
"""Come back: the ledger is contended or time ran out. Never 409, which clients take for a lost write."""
UNAVAILABLE = 503
"""Nothing is known for sure now, so nothing is admitted."""
BROKEN = 500
"""A fault of ours: nothing was decided, so nothing is admitted."""
PASSING = (BUSY, UNAVAILABLE)
TOLD_MAX = 20
"""Reasons, or causes of one denial, that are told; of more, nobody reads the rest."""
LETTERS_MAX = 1000
"""Characters of one of them: it may quote what somebody wrote."""


@dataclass(frozen=True)
class Allow:
    """Admitted. `audit` goes into the API server's audit log, `warnings` to the person."""

    warnings: tuple[str, ...] = ()
    audit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Deny:
    """Refused, with one sentence and every cause. `retry_after` is in whole seconds, 0 for "do not"."""

    reason: str
    causes: tuple[Cause, ...] = ()
    code: int = FORBIDDEN
    retry_after: int = 0
    warnings: tuple[str, ...] = ()
    audit: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    """The reason in each of its causes, where programs tell this sort of denial from all others by it."""


@dataclass(frozen=True)
class Patch:
    """Admitted with changes: JSON Patch operations."""

    operations: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...] = ()
    audit: Mapping[str, str] = field(default_factory=dict)


Decision = Allow | Deny | Patch
Verdict = Allow | Deny
"""What a policy answers: it never changes the object."""


def refuse(*causes: Cause, code: int = FORBIDDEN) -> Deny:
    """A denial that says its causes, each with its field."""
    told = tuple(Cause(_short(cause.field), _short(cause.message)) for cause in causes[:TOLD_MAX])
    if len(causes) > TOLD_MAX:
        told = (*told, Cause("", f"and {len(causes) - TOLD_MAX} more"))
    return Deny("; ".join(map(_said, told)), told, code)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """All answers as one: one denial denies, and every denial is told.

    A passing one (429, 503) is told only when there is no lasting one: who must change the object anyway need not
    come back for it first. 422 is said only when all agree that the object itself is wrong.
    """
    verdicts = tuple(verdicts)
    warnings = tuple(dict.fromkeys(w for v in verdicts for w in v.warnings))
    audit = {key: value for v in verdicts for key, value in v.audit.items()}
    denials = [v for v in verdicts if isinstance(v, Deny)]
    if not denials:
        return Allow(warnings, audit)
    denials = [d for d in denials if d.code not in PASSING] or denials
    codes, marks = {d.code for d in denials}, {d.mark for d in denials}
    return Deny(
        _told(list(dict.fromkeys(reason for d in denials for reason in _reasons(d, alone=len(denials) == 1)))),
        tuple(dict.fromkeys(cause for d in denials for cause in d.causes)),
        codes.pop() if len(codes) == 1 else _strongest(codes),
        max(d.retry_after for d in denials),
        warnings,
        audit,
        # Of one sort only when all are: whoever waits for the one would wait in vain for the others.
        marks.pop() if len(marks) == 1 else "",
    )


def _short(text: str) -> str:
    return text if len(text) <= LETTERS_MAX else f"{text[:LETTERS_MAX]}..."


def _said(cause: Cause) -> str:
    return f"{cause.field}: {cause.message}" if cause.field else cause.message


def _reasons(denial: Deny, *, alone: bool) -> Sequence[str]:
    """What is to be told of a denial. Among others, each cause of one that says no more than its causes."""
    plain = denial.reason == "; ".join(map(_said, denial.causes))
    return [_said(cause) for cause in denial.causes] if plain and denial.causes and not alone else [denial.reason]


def _told(reasons: list[str]) -> str:
    """One reason as it is; several as a list that can be read at a terminal."""
    if len(reasons) == 1:
        return reasons[0]
    more = [f"and {len(reasons) - TOLD_MAX} more"] if len(reasons) > TOLD_MAX else []
    return "\n- ".join([f"for {len(reasons)} reasons:", *reasons[:TOLD_MAX], *more])


def _strongest(codes: set[int]) -> int:
    return FORBIDDEN if FORBIDDEN in codes or INVALID in codes else BUSY
