"""What is written down about a running playground: for `down` and `status`, and the ready file for other programs.

Process ids are kept with their start times, because an id alone may belong to somebody else by the time it is used.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from playground import identity
from playground.pki import write_private

PATIENCE = 60.0
"""Seconds that `down` gives a playground to stop by itself."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Mark(_Document):
    """A process, so that it can be told from a later one with the same id."""

    pid: int
    began: str

    @property
    def alive(self) -> bool:
        return bool(self.began) and identity.started_at(self.pid) == self.began

    def signal(self, number: signal.Signals) -> None:
        """Send it the signal if it is still that process."""
        identity.signal_if_same(self.pid, self.began, number)


class Ready(_Document):
    """Where everything is. `ca_bundle` and the secrets are values, `kubeconfig` and `logs` are paths."""

    kubeconfig: str
    api_server: str
    workspace_url: str
    bot_url: str
    signing_secret: str
    bot_token: str
    app_token: str
    webhook_urls: tuple[str, ...]
    ca_bundle: str
    pids: Mapping[str, int]
    logs: str


class Record(_Document):
    """A playground that was started on a state folder, and may still run."""

    playground: Mark
    children: Mapping[str, Mark] = {}
    ready: Ready | None = None

    @property
    def marks(self) -> dict[str, Mark]:
        """Every process by name."""
        return {"playground": self.playground, **self.children}


def path_in(state: Path) -> Path:
    return state / "running.json"


def read(state: Path) -> Record | None:
    """What was written down in this state folder; None when nothing runs there."""
    path = path_in(state)
    return Record.model_validate_json(path.read_text()) if path.exists() else None


def write(document: _Document, path: Path) -> None:
    """Write it for its owner alone, whole or not at all: it holds secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, (document.model_dump_json(by_alias=True, indent=2) + "\n").encode())


def forget(state: Path) -> None:
    path_in(state).unlink(missing_ok=True)


def stop(record: Record) -> bool:
    """Ask the playground to stop and wait; then end whatever of it is left. Says whether anything ran.

    Only processes that are still the recorded ones are touched.
    """
    ran = any(mark.alive for mark in record.marks.values())
    record.playground.signal(signal.SIGTERM)
    _wait([record.playground], PATIENCE)
    left = list(record.marks.values())
    for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        for mark in left:
            mark.signal(number)
        _wait(left, seconds)
    return ran


def _wait(marks: list[Mark], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(mark.alive for mark in marks) and time.monotonic() < deadline:
        time.sleep(0.05)
