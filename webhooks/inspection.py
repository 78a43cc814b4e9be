"""Looks through what a request sends into a tenant, and says what is new in it. What to look for is the policy's."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from webhooks import decision, deliveries, difference
from webhooks.decision import INVALID, Deny
from webhooks.facts import Facts
from webhooks.parts import Part
from webhooks.review import Request

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TOLD_MAX = 10
"""Findings that one answer tells of."""

T = TypeVar("T", bound="DataclassInstance")


def found(
    request: Request,
    facts: Facts,
    look: Callable[[Part], list[T]],
    *,
    sift: Callable[[Sequence[T]], Sequence[T]] = lambda them: them,
) -> Sequence[T]:
    """What `look` finds in all that goes into a tenant by this request, and that did not go there before. `sift` says
    what of it matters, where that takes other objects to tell.

    What is there already must stay changeable and removable, in all its other parts, also where it is more than can be
    looked through: controllers mark it, and people take it away, piece by piece. So it is known by what it is and not
    by where it stands in a list; once more of the same is new. Raises `Overgrown`.
    """
    manifest = request.object
    if manifest is None or not deliveries.is_concern(request, facts):
        return []
    before = _before(request, facts)
    try:
        sent = facts.once("sent", partial(deliveries.of, request, manifest, facts))
        new = [f for part in difference.surplus(sent, before, _content) for f in _looked(part, look)]
    except Overgrown:
        if deliveries.is_sent(request, facts):
            raise
        return []
    if not new:
        return []
    gone = difference.surplus(before, sent, _content)
    known = [finding for part in gone for finding in _known(part, look)]
    fresh = list(dict.fromkeys(difference.added(new, known)))
    told = sift(fresh) if fresh else fresh
    return told if told and deliveries.is_sent(request, facts) else []


def refuse(causes: Sequence[Cause]) -> Deny:
    """A denial that is short enough to be read."""
    told = list(causes[:TOLD_MAX])
    if len(causes) > TOLD_MAX:
        told.append(Cause("", f"and {len(causes) - TOLD_MAX} more of this kind"))
    return decision.refuse(*told)


def refuse_unread(error: Overgrown) -> Deny:
    """Of content that is not looked through nobody can say that it is harmless."""
    return decision.refuse(Cause("", f"nobody can tell what it brings along: {error}"), code=INVALID)


def _before(request: Request, facts: Facts) -> list[Part]:
    """What went there already. Of what is more than can be looked through nothing is known."""
    try:
        old = request.old
        return facts.once("sent before", partial(deliveries.of, request, old, facts)) if old is not None else []
    except Overgrown:
        return []


def _content(part: Part) -> Hashable:
    """The same for what is the same, wherever in a list."""
    alike = difference.placeless(part)
    return alike.field, alike.form, part.content if isinstance(part.content, str) else repr(part.content)


def _known(part: Part, look: Callable[[Part], list[T]]) -> list[T]:
    """As `_looked`, of what went there already."""
    try:
        return look(part)
    except Overgrown:
        return []


def _looked(part: Part, look: Callable[[Part], list[T]]) -> list[T]:
    try:
        return look(part)
    except Overgrown as error:
        raise Overgrown(f"{part.field}: {error}") from error
