"""What certificates need from the world, and what a server gets from them, in our nouns."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from certs.injection import Operation, Target


@dataclass(frozen=True)
class Snapshot:
    """The Secret at a moment: `data` and `version` are None when it does not exist.

    `now` is the API server's clock at the time of the answer.
    """

    data: Mapping[str, bytes] | None
    version: str | None
    now: datetime


class Store(Protocol):
    """Where the bundle lives and who is told about it. Every method may raise `errors.StoreError`."""

    async def read(self) -> Snapshot:
        """The Secret as it is now, never from a cache."""
        ...

    async def write(self, data: Mapping[str, bytes], *, version: str | None) -> None:
        """Replace the Secret read at `version`, or create it when that was None. `Conflict` when it moved on."""
        ...

    async def targets(self) -> Sequence[Target]:
        """Every object of ours that carries a caBundle."""
        ...

    async def patch(self, target: Target, operations: Sequence[Operation]) -> None:
        """Apply a JSON patch. `Conflict` when one of its tests fails or the object is gone."""
        ...


class Source(Protocol):
    """Where a server's certificate comes from: `keeper.Keeper`, or `files.Files` when somebody else makes them."""

    async def context(self) -> ssl.SSLContext:
        """A live server context with a certificate in it. Later certificates are loaded into the same object."""
        ...

    async def run(self) -> None:
        """Keep the certificate fresh until cancelled."""
        ...

    def why_not_ready(self) -> str | None:
        """None when callers can verify what is served; else a sentence for the readiness probe."""
        ...
