"""Child processes: started with a log file each, watched, and stopped in order. Only what was started here.

A child runs in a session of its own, so that Ctrl-C in the terminal reaches us alone and we stop the others in the
right order. On Linux the kernel ends a child when we are killed; on macOS a kill -9 of ours leaves them behind, and
`clusterdesk-playground down` finds them by their recorded ids.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext

import aiohttp

from playground import identity
from playground.errors import PlaygroundError

POLL = 0.05
"""Seconds between two looks at a child or at its URL."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ProcessEnded(PlaygroundError):
    """A child that was meant to go on has ended; the message carries the end of its log."""


class NotReady(PlaygroundError):
    """A child is there but did not answer in time; the message carries the end of its log."""


@dataclass(frozen=True)
class Child:
    """A running program. Children of a higher `tier` are stopped first; `grace` is seconds between TERM and KILL."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None
    popen: subprocess.Popen[bytes]
    log: Path
    began: str
    tier: int
    grace: float
    death: signal.Signals

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def last_words(self, lines: int = 12) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


@dataclass
class Processes:
    """The children of this process. Not safe across threads, on purpose: the kernel's signal follows the thread."""

    logs: Path
    children: dict[str, Child] = field(default_factory=dict)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        tier: int = 0,
        grace: float = 5.0,
        death: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a program; its output goes to `<name>.log`. `death` is what it gets when we are killed."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        words = tuple(str(part) for part in command)
        with log.open("ab") as out:
            popen = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                start_new_session=True,
                preexec_fn=_bound_to_parent(death),
            )
        began = identity.started_at(popen.pid)
        child = Child(name, words, environment, popen, log, began, tier, grace, death)
        self.children[name] = child
        return child

    def again(self, child: Child) -> Child:
        """Start an ended child once more, as it was."""
        return self.start(
            child.name,
            child.command,
            environment=child.environment,
            tier=child.tier,
            grace=child.grace,
            death=child.death,
        )

    async def first_end(self) -> Child:
        """Wait until any child ends by itself."""
        while True:
            for child in self.children.values():
                if not child.running:
                    return child
            await asyncio.sleep(POLL * 4)

    async def stop(self, *names: str) -> None:
        """Stop the named children (all if none is named): highest tier first, a tier's children together."""
        chosen = [child for child in self.children.values() if not names or child.name in names]
        for tier in sorted({child.tier for child in chosen}, reverse=True):
            await asyncio.gather(*(self._stop(child) for child in chosen if child.tier == tier))

    async def _stop(self, child: Child) -> None:
        if child.running:
            child.popen.terminate()
            if not await _until(lambda: not child.running, child.grace):
                child.popen.kill()
                await _until(lambda: not child.running, 10)
        self.children.pop(child.name, None)


async def answers(child: Child, url: str, *, tls: SSLContext | bool = True, timeout: float = 60.0) -> None:
    """Wait until a GET of `url` is answered with 200. Raises `ProcessEnded` or `NotReady` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    last = "no connection"
    connector = aiohttp.TCPConnector(ssl=tls, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=5)) as session:
        while time.monotonic() < deadline:
            if not child.running:
                raise ProcessEnded(f"{child.name} ended with code {child.popen.returncode}:\n{child.last_words()}")
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
                    last = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                last = f"{type(error).__name__}: {error}"
            await asyncio.sleep(POLL)
    raise NotReady(f"{child.name} did not answer at {url} within {timeout:.0f} s ({last}):\n{child.last_words()}")


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL)
    return True


def _bound_to_parent(death: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    parent = os.getpid()

    def bind() -> None:
        # Runs between fork and exec: nothing here may take a lock. The library was opened beforehand.
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind
