"""How much of an object a request changes. Values."""

from __future__ import annotations

from webhooks import marks
from webhooks.review import Request

_SAID = ("spec", "data", "binaryData", "stringData", "operation")
"""Where an object says what it is about."""


def goes_as_it_is(request: Request) -> bool:
    """Whether the object is being deleted and says what it said. Somebody may hold it by a finalizer for as long as
    they like, and others go on acting by what it says."""
    new, old = request.object, request.old
    if new is None:
        return marks.deleting(old or {})
    return marks.deleting(new) and is_about_the_same(request)


def is_about_the_same(request: Request) -> bool:
    """Whether nothing changes in all that the object is about: its content, besides its spec."""
    old, new = request.old, request.object
    if old is None or new is None:
        return False
    for key in _SAID:  # noqa: SIM110 - asked at every change by many policies; a generator takes twice as long
        if new.get(key) != old.get(key):
            return False
    return True


def says_something_else(request: Request) -> bool:
    """Whether an object says what it did not say before. One that goes says nothing."""
    return request.object is not None and not is_about_the_same(request)


def says_the_same(request: Request) -> bool:
    """Whether nothing but a mark, a finalizer, an owner or a status changes: the garbage collector and the like write
    those."""
    old, new = request.old, request.object
    return old is not None and new is not None and old.get("spec") == new.get("spec")
