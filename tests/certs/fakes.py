"""A store in memory that answers as the API server does, with a clock and a network of the test's own."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonpatch

from certs import errors, injection
from certs.injection import Operation, Target
from certs.ports import Snapshot

START = datetime(2027, 1, 1, tzinfo=UTC)


class FakeStore:
    """One Secret and some webhook configurations, each with a resourceVersion.

    `now` is the API server's clock. Every call first gives way to others a random number of times, so that two
    keepers interleave; `failing` makes every call raise; `forbidden` refuses patches of these paths;
    `asleep_before` lets the next call of that name wait, as a process that is suspended does.
    """

    def __init__(self, *, chance: random.Random | None = None) -> None:
        self.now = START
        self.secret: Mapping[str, bytes] | None = None
        self.secret_version = 0
        self.objects: dict[str, dict[str, Any]] = {}
        self.failing: errors.StoreError | None = None
        self.forbidden: set[str] = set()
        self.asleep_before: dict[str, asyncio.Event] = {}
        self.writes = 0
        self.after_each_call: Callable[[], None] = lambda: None
        self._chance = chance
        self._versions = 0

    def put_configuration(self, name: str, *webhooks: str) -> str:
        """As `kubectl replace` does: the configuration as the chart has it, without any caBundle."""
        path = f"/validating/{name}"
        self._versions += 1
        self.objects[path] = {
            "metadata": {"name": name, "resourceVersion": str(self._versions)},
            "webhooks": [{"name": webhook, "clientConfig": {"service": {"name": "desk"}}} for webhook in webhooks],
        }
        return path

    def published(self, path: str) -> bytes:
        """The PEM that verifiers behind this object are given; all its webhooks must agree."""
        bundles = {w["clientConfig"].get("caBundle", "") for w in self.objects[path]["webhooks"]}
        (only,) = bundles
        return base64.b64decode(only)

    async def read(self) -> Snapshot:
        await self._travel("read")
        if self.secret is None:
            return Snapshot(None, None, self.now)
        return Snapshot(dict(self.secret), str(self.secret_version), self.now)

    async def write(self, data: Mapping[str, bytes], *, version: str | None) -> None:
        await self._travel("write")
        current = None if self.secret is None else str(self.secret_version)
        if version != current:
            raise errors.Conflict(f"the Secret is at {current}, not {version}")
        self._versions += 1
        self.secret, self.secret_version = dict(data), self._versions
        self.writes += 1
        self.after_each_call()

    async def targets(self) -> Sequence[Target]:
        await self._travel("targets")
        found = [injection.read(path, manifest) for path, manifest in self.objects.items()]
        return [target for target in found if target is not None]

    async def patch(self, target: Target, operations: Sequence[Operation]) -> None:
        await self._travel("patch")
        if target.path in self.forbidden:
            raise errors.Forbidden(f"may not patch {target.path}")
        if target.path not in self.objects:
            raise errors.Conflict(f"{target.path} is gone")
        try:
            changed = jsonpatch.apply_patch(self.objects[target.path], list(operations))
        except jsonpatch.JsonPatchException as error:
            raise errors.Conflict(f"{target.path}: {error}") from error
        self._versions += 1
        changed["metadata"]["resourceVersion"] = str(self._versions)
        self.objects[target.path] = changed
        self.after_each_call()

    async def _travel(self, call: str) -> None:
        if call in self.asleep_before:
            await self.asleep_before.pop(call).wait()
        for _ in range(self._chance.randrange(4) if self._chance else 1):
            await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing


class Stopwatch:
    """A monotonic clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, span: timedelta) -> None:
        self.seconds += span.total_seconds()
