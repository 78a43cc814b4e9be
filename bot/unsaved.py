"""What somebody is told whose word was not saved: what speaks against it, or that the API server does not answer. Pure.

The webhook may refuse what the desk took for right: it knows more, or knows it newer. Then trying again does not help.
"""

from __future__ import annotations

from bot import entries, replies
from provisioning import errors


def sentence(error: errors.KubeError | TimeoutError) -> str:
    """Markup of ours, for a message."""
    return replies.not_noted(reasons) if (reasons := _reasons(error)) else replies.NOT_DECIDED


def at_field(error: errors.KubeError | TimeoutError) -> str:
    """Plain text, for the field of a form."""
    return "; ".join(_reasons(error))[: entries.ERROR_LONGEST] or replies.NOT_DECIDED


def _reasons(error: errors.KubeError | TimeoutError) -> list[str]:
    if not isinstance(error, (errors.Forbidden, errors.Invalid)):
        return []
    return [cause.message for cause in error.causes] or [error.message]
