"""The named errors of the core, as one small tree.

    ClusterdeskError
    ├── KubeError                what the API server (or the way to it) answered
    │   ├── NotFound             404
    │   ├── Conflict             409, somebody wrote first: read again, decide again
    │   │   └── AlreadyExists    409 on create
    │   ├── Gone                 410, the resourceVersion is too old: list again
    │   ├── Forbidden            403, by RBAC or by an admission webhook
    │   │   └── NoRoom           403, by our own webhook: the quota has no room, and may have some later
    │   ├── Invalid              400/422, the object itself is wrong
    │   │   └── MalformedTime    text that is no moment, though the API server took it for one
    │   ├── Throttled            429, come back after `retry_after` seconds
    │   └── Unavailable          5xx, timeouts, connections that broke: outcome unknown
    │       └── TooMuch          an answer of more bytes than are taken
    ├── MalformedQuantity        text that is no Kubernetes quantity
    ├── NoCatalog                there is none, so that nothing can be asked for
    └── RuleError                a request that our own rules refuse

Library exceptions are translated into these once, in `provisioning.failures`. Nothing here knows a library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NO_ROOM: Final = "QuotaExceeded"
"""The reason in each cause of a denial for want of quota, and of no other: part of the API, for programs to go by."""


class ClusterdeskError(Exception):
    """Anything we raise on purpose."""


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with an object: where (a field path such as `spec.pools[0].flavor`) and why."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class KubeError(ClusterdeskError):
    """The API server said no, or could not be reached."""

    status = 0

    def __init__(self, message: str, *, status: int = 0, causes: Sequence[Cause] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or self.status
        self.causes = tuple(causes)


class NotFound(KubeError):
    status = 404


class Conflict(KubeError):
    status = 409


class AlreadyExists(Conflict):
    pass


class Gone(KubeError):
    status = 410


class Forbidden(KubeError):
    status = 403


class NoRoom(Forbidden):
    """For the quota and for nothing else. `causes` say the numbers."""


class Invalid(KubeError):
    status = 422


class MalformedTime(Invalid, ValueError):
    """The schema of a CRD takes more for a time than our language does, such as the year 0."""


class Throttled(KubeError):
    """Too many requests, or a contended ledger. `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, *, retry_after: float = 1.0, causes: Sequence[Cause] = ()) -> None:
        super().__init__(message, causes=causes)
        self.retry_after = retry_after


class Unavailable(KubeError):
    """Nobody knows whether the request took effect; doing it again must be safe."""

    status = 503


class TooMuch(Unavailable):
    """The answer was broken off: there is not the memory for whatever others may have put there."""


class MalformedQuantity(ClusterdeskError, ValueError):
    """A text that the API server would not take as a quantity, or that is outside what we count with."""


class NoCatalog(ClusterdeskError):
    """The platform has not said yet what is on offer."""


class RuleError(ClusterdeskError):
    """Our rules refuse this. `causes` name every reason at once, each with its field."""

    def __init__(self, *causes: Cause) -> None:
        super().__init__("; ".join(map(str, causes)))
        self.causes = causes
