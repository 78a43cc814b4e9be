"""One run of the playground, from its start to the moment somebody ends it: the lock, the signals, the record.

In which order things start is `startup`'s business.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from playground import identity, lock, record
from playground.errors import PlaygroundError
from playground.options import Options
from playground.processes import Child, ProcessEnded, Processes
from playground.progress import Steps, duration
from playground.record import Mark, Ready, Record

RESTARTS = 5
"""How often one of our programs may end within `WINDOW` seconds before the playground gives up on it."""
WINDOW = 60.0
PROGRAMS = 4
"""Tier from which on programs are ours, and started again when they end, as a Deployment would."""

Begin = Callable[[Processes, AsyncExitStack], Awaitable[Ready]]
"""Starts everything as children of the first; the second keeps what must stay open while they run."""


class CannotStart(PlaygroundError):
    """The playground was not started, and the message says why."""


async def run(options: Options, begin: Begin, *, steps: Steps) -> None:
    """Start, stay until SIGINT or SIGTERM, stop. Raises `CannotStart`, `ProcessEnded`, and what a start raises."""
    with lock.held(options.state / "lock") as ours:
        if not ours:
            raise CannotStart(f"a playground runs on {options.state} already; see `clusterdesk-playground status`")
        _clear(options)
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        processes = Processes(options.state / "logs")
        async with AsyncExitStack() as held:
            held.push_async_callback(_end, options, processes, steps)
            began = time.monotonic()
            with steps:
                ready = await _unless(told, begin(processes, held))
            if ready is None:
                return
            note(options, processes, ready)
            _announce(ready, options, steps, time.monotonic() - began)
            await _watch(told, options, ready, processes, steps)


def note(options: Options, processes: Processes, ready: Ready | None = None) -> None:
    """Write down what runs now, for `down`, `status` and whoever waits for the ready file."""
    marks = {name: Mark(pid=child.pid, began=child.began) for name, child in processes.children.items()}
    if ready is not None:
        ready = ready.model_copy(update={"pids": {name: mark.pid for name, mark in marks.items()}})
    ourselves = Mark(pid=os.getpid(), began=identity.started_at(os.getpid()))
    record.write(Record(playground=ourselves, children=marks, ready=ready), record.path_in(options.state))
    if ready is not None and options.ready_file is not None:
        record.write(ready, options.ready_file)


def _clear(options: Options) -> None:
    """End what a killed run left behind (only macOS leaves anything), and forget what it said."""
    left = record.read(options.state)
    if left is not None:
        record.stop(left)
        record.forget(options.state)
    if options.ready_file is not None:
        options.ready_file.unlink(missing_ok=True)
    for log in (options.state / "logs").glob("*.log"):
        log.unlink()
    note(options, Processes(options.state / "logs"))


async def _end(options: Options, processes: Processes, steps: Steps) -> None:
    if processes.children:
        steps.say(f"Stopping {len(processes.children)} processes")
    await processes.stop()
    record.forget(options.state)
    if options.ready_file is not None:
        _remove(options.ready_file)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _unless(told: asyncio.Event, work: Awaitable[Ready]) -> Ready | None:
    """The outcome of `work`, or None if we are told to stop before that."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        waiting.cancel()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _watch(told: asyncio.Event, options: Options, ready: Ready, processes: Processes, steps: Steps) -> None:
    """Stay until we are told to stop. Raises `ProcessEnded` when a part of the control plane ends by itself."""
    ends: list[float] = []
    while True:
        ended = asyncio.create_task(processes.first_end())
        waiting = asyncio.create_task(told.wait())
        await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if told.is_set():
            ended.cancel()
            return
        child = ended.result()
        ends = [moment for moment in ends if moment > time.monotonic() - WINDOW] + [time.monotonic()]
        if child.tier < PROGRAMS or len(ends) > RESTARTS:
            raise ProcessEnded(_last_words(child))
        steps.say(f"{child.name} ended with code {child.popen.returncode}: starting it again")
        processes.again(child)
        note(options, processes, ready)


def _last_words(child: Child) -> str:
    return f"{child.name} ended with code {child.popen.returncode} (log: {child.log}):\n{child.last_words()}"


def _announce(ready: Ready, options: Options, steps: Steps, seconds: float) -> None:
    lines = [f"\nReady after {duration(seconds)}. What to do next:"]
    if ready.workspace_url:
        lines.append(f"  open {ready.workspace_url} and type /cluster create   (for one person on one machine)")
    lines += [
        f"  export KUBECONFIG={ready.kubeconfig}",
        "  kubectl get tenants",
        "Ctrl-C stops everything; the next start finds the same clusters again.",
    ]
    for line in lines:
        steps.say(line)
    displayed = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    # Without a display a browser in text mode would take the terminal.
    if options.browser and ready.workspace_url and displayed:
        webbrowser.open(ready.workspace_url)
