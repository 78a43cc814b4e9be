"""Port numbers on loopback, kept in the state folder so that addresses stay the same from one start to the next.

Between the choice of a port and the moment when a program listens there, it looks free to everybody. So whoever chooses
one has it for as long as they live: no other process of this user takes it, nor is it chosen again for something else.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import random
import socket
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from playground.errors import PlaygroundError

FIRST, LAST = 20000, 32000
"""Below the range from which systems take the ports of outgoing connections, which would take ours at random."""
_OURS: set[int] = set()
"""What this process has taken."""


class NoFreePort(PlaygroundError):
    """Every port we tried is taken."""


class NoRegister(PlaygroundError):
    """The file in which ports are taken cannot be used."""


@dataclass(frozen=True)
class Ports:
    """The ports of one state folder by the name of what listens there."""

    file: Path

    def __getitem__(self, name: str) -> int:
        """The port `name` is about to listen on: the one of last time when it is still free, else a new one."""
        known = self._known()
        if name in known and take(known[name]):
            return known[name]
        return self._keep(name, known)

    def reserved(self, name: str) -> int:
        """The port kept for `name`, whether or not it listens there already; a new one the first time."""
        known = self._known()
        return known[name] if name in known else self._keep(name, known)

    def _known(self) -> dict[str, int]:
        known: dict[str, int] = json.loads(self.file.read_text()) if self.file.exists() else {}
        return known

    def _keep(self, name: str, known: dict[str, int]) -> int:
        known[name] = pick(known.values())
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(known, indent=1, sort_keys=True))
        return known[name]


def pick(known: Collection[int] = ()) -> int:
    """A port that is none of these, and free; it is ours now. Raises `NoFreePort` and `NoRegister`."""
    for _ in range(200):
        port = random.randint(FIRST, LAST)  # noqa: S311  (no secret)
        if port not in known and port not in _OURS and take(port):
            return port
    raise NoFreePort(f"no free port between {FIRST} and {LAST} on 127.0.0.1")


def take(port: int) -> bool:
    """Whether one could listen there now and no other process of this user is about to; then it is ours. Raises
    `NoRegister`."""
    if not _is_free(port):
        return False
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):  # which of the two is the system's choice
        return False
    _OURS.add(port)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        # As servers do: a connection of an earlier run that is still closing does not count.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@functools.cache
def _register() -> int:
    """An empty file in which a lock on the byte of a port's number says that a process has taken the port. Raises
    `NoRegister`.

    Never closed: that would let go of all of them at once. When the process ends, however it does, the system does.
    """
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    # Beside others in a shared folder anybody may have made the file first.
    folder = own if own and os.access(own, os.W_OK | os.X_OK) else tempfile.gettempdir()
    path = Path(folder) / f"clusterdesk-ports-{os.getuid()}"
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        why = f"cannot note which ports are taken in {path}: {error.strerror}"
        raise NoRegister(f"{why}; remove it, or set XDG_RUNTIME_DIR to a folder of your own") from error
