"""Why a command did not do what was asked, in the words that a person reads, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from provisioning import errors, plain
from provisioning.errors import Cause, ClusterdeskError, KubeError

NOT_DONE: Final = 1
"""It did not happen: refused, not there, not ready, not in time."""
NO_ANSWER: Final = 2
"""Nobody knows: the API server was not reached, or did not answer. Words that are not understood end so as well."""

NOWHERE: Final = ("", "<nil>")
"""The field of what is wrong with an object as a whole; the second is what the API server says."""
_ANSWERS: Final = (errors.NotFound, errors.Conflict, errors.Forbidden, errors.Invalid, errors.Throttled)
"""What the API server says to this very wish. All else is a matter of the way to it."""


class NotDone(ClusterdeskError):
    """A sentence that names what is wrong, and what would be right."""


def refusal(what: str, causes: Iterable[Cause]) -> NotDone:
    """Every reason at once, each at its field: on one line when there is one, else one line each."""
    lines = (cause.message if cause.field in NOWHERE else f"{cause.field}: {cause.message}" for cause in causes)
    told = list(dict.fromkeys(map(plain.one_line, lines)))
    if len(told) == 1:
        return NotDone(f"{what}: {told[0]}")
    return NotDone("\n- ".join([f"{what}, for {len(told)} reasons:", *told]))


def code_of(error: ClusterdeskError) -> int:
    """The exit code for what went wrong."""
    return NO_ANSWER if isinstance(error, KubeError) and not isinstance(error, _ANSWERS) else NOT_DONE
