"""Port numbers on loopback, kept in the state folder so that addresses stay the same from one start to the next."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from playground.errors import PlaygroundError

FIRST, LAST = 20000, 32000
"""Below the range from which systems take the ports of outgoing connections, which would take ours at random."""


class NoFreePort(PlaygroundError):
    """Every port we tried is taken."""


@dataclass(frozen=True)
class Ports:
    """The ports of one state folder by the name of what listens there."""

    file: Path

    def __getitem__(self, name: str) -> int:
        """The port `name` is about to listen on: the one of last time when it is still free, else a new one."""
        known = self._known()
        if name in known and is_free(known[name]):
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
        known[name] = pick(set(known.values()))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(known, indent=1, sort_keys=True))
        return known[name]


def is_free(port: int) -> bool:
    """Whether one could listen there now."""
    with socket.socket() as attempt:
        # As servers do: a connection of an earlier run that is still closing does not count.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick(taken: set[int]) -> int:
    """A free port that is none of these. Raises `NoFreePort`."""
    for _ in range(200):
        port = random.randint(FIRST, LAST)  # noqa: S311  (no secret)
        if port not in taken and is_free(port):
            return port
    raise NoFreePort(f"no free port between {FIRST} and {LAST} on 127.0.0.1")
