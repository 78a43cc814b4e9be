"""Looks through what a request sends into a tenant, and says what is new in it. What to look for is the policy's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from webhooks import decision, deliveries
from webhooks.decision import INVALID, Deny
from webhooks.facts import Facts
from webhooks.parts import Part
from webhooks.review import Request

TOLD_MAX = 10
"""Findings that one answer tells of."""

T = TypeVar("T")


def found(request: Request, facts: Facts, look: Callable[[Part], list[T]]) -> list[T]:
    """What `look` finds in all that goes into a tenant by this request, and that did not go there before.

    What is there already must stay changeable and removable, in all its other parts. Raises `Overgrown`.
    """
    manifest = request.object
    if manifest is None or not deliveries.is_concern(request, facts):
        return []
    try:
        sent = deliveries.of(request, manifest, facts)
        before = deliveries.of(request, request.old, facts) if request.old is not None else []
        new = [finding for part in sent if part not in before for finding in _looked(part, look)]
        known = {finding for part in before if new for finding in _looked(part, look)}
    except Overgrown:
        if deliveries.is_sent(request, facts):
            raise
        return []
    new = [finding for finding in dict.fromkeys(new) if finding not in known]
    return new if new and deliveries.is_sent(request, facts) else []


def refuse(causes: Sequence[Cause]) -> Deny:
    """A denial that is short enough to be read."""
    told = list(causes[:TOLD_MAX])
    if len(causes) > TOLD_MAX:
        told.append(Cause("", f"and {len(causes) - TOLD_MAX} more of this kind"))
    return decision.refuse(*told)


def refuse_unread(error: Overgrown) -> Deny:
    """Of content that is not looked through nobody can say that it is harmless."""
    return decision.refuse(Cause("", f"nobody can tell what it brings along: {error}"), code=INVALID)


def _looked(part: Part, look: Callable[[Part], list[T]]) -> list[T]:
    try:
        return look(part)
    except Overgrown as error:
        raise Overgrown(f"{part.field}: {error}") from error
