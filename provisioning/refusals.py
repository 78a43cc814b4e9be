"""Objects that the API server, or a webhook of somebody else, did not take: which, why, and when to try them again.

In memory only: who starts anew asks once more. What a refusal means for the cluster is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import structlog

from provisioning import errors, metrics
from provisioning.manifest import Manifest
from provisioning.queue import Backoff

log = structlog.get_logger()

ObjectKey = tuple[str, str, str]
"""Kind, namespace and name."""
AGAIN: Final = Backoff(first=1.0, most=300.0)
"""What is refused once mostly is refused again, and each time somebody's webhook has to judge."""


@dataclass(frozen=True)
class Refusal:
    """One object, refused so often in a row with this content, and tried again when it is `due`."""

    kind: str
    name: str
    why: str
    content: str
    failures: int
    due: float
    """By the clock of `Refusals`, in seconds."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.why}"


class Refusals:
    """What of one cluster is refused at present."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: dict[ObjectKey, Refusal] = {}

    def __contains__(self, key: ObjectKey) -> bool:
        return key in self._of

    def told(self) -> tuple[Refusal, ...]:
        return tuple(self._of[key] for key in sorted(self._of))

    def again(self) -> float | None:
        """Seconds until the first of them is tried again; None when nothing is refused."""
        return min((max(0.0, one.due - self._clock()) for one in self._of.values()), default=None)

    def is_due(self, key: ObjectKey, content: str) -> bool:
        """Whether an object of this content may be tried; another content than the refused one may at once."""
        found = self._of.get(key)
        return found is None or found.content != content or found.due <= self._clock()

    def note(self, key: ObjectKey, content: str, error: errors.KubeError) -> None:
        """It was refused."""
        before = self._of.get(key)
        failures = before.failures + 1 if before is not None and before.content == content else 1
        kind, namespace, name = key
        if failures == 1:
            log.warning("object_refused", kind=kind, namespace=namespace, name=name, why=error.message)
        metrics.REFUSED.labels(kind).inc()
        due = self._clock() + AGAIN.delay(failures)
        self._of[key] = Refusal(kind, name, error.message, content, failures, due)

    def forget(self, key: ObjectKey) -> None:
        """It was taken."""
        self._of.pop(key, None)

    def keep(self, keys: Iterable[ObjectKey]) -> None:
        """Forget all others: nobody wants them any more."""
        wanted = set(keys)
        self._of = {key: refusal for key, refusal in self._of.items() if key in wanted}


def is_refusal(error: errors.KubeError) -> bool:
    """Whether this is about one object, and not about an API server that has a bad moment."""
    if isinstance(error, errors.Forbidden | errors.Invalid | errors.NotFound):
        return True
    # A webhook that does not answer, for admission or for conversion, concerns what it is asked about only.
    return isinstance(error, errors.Unavailable) and "webhook" in error.message


def names_one_of(refusals: Refusals, manifest: Manifest) -> bool:
    """Whether machines would be made from a template that is refused."""
    machine = ((manifest.get("spec") or {}).get("template") or {}).get("spec") or {}
    references = (machine.get("infrastructureRef"), (machine.get("bootstrap") or {}).get("configRef"))
    namespace = manifest["metadata"].get("namespace", "")
    return any((reference["kind"], namespace, reference["name"]) in refusals for reference in references if reference)
