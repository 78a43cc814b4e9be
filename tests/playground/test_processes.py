"""Children: watched, stopped in order and by force if need be, gone when we are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web

from playground import identity
from playground.processes import Child, NotReady, ProcessEnded, Processes, answers

SLEEP = [sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


async def logged(child: Child, text: str) -> None:
    async with asyncio.timeout(60):
        while text not in child.last_words():  # noqa: ASYNC110  (a file tells nobody)
            await asyncio.sleep(0.02)


async def test_what_a_child_says_is_in_its_log(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    child = processes.start("sleeper", SLEEP)
    await logged(child, "hello")
    await processes.stop()
    assert child.log.name == "sleeper.log"
    assert not child.running


async def test_a_child_that_ignores_the_polite_signal_is_ended_by_force(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    child = processes.start("stubborn", STUBBORN, grace=0.3)
    await logged(child, "deaf")
    began = time.monotonic()
    await processes.stop()
    assert time.monotonic() - began >= 0.3
    assert child.popen.returncode == -signal.SIGKILL


async def test_children_stop_from_the_highest_tier_to_the_lowest(tmp_path: Path) -> None:
    order = tmp_path / "order"
    source = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    open(sys.argv[1], 'a').write(sys.argv[2]); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('set', flush=True); time.sleep(60)\n"
    )
    processes = Processes(tmp_path)
    for tier in (1, 3, 0, 2):
        child = processes.start(f"tier-{tier}", [sys.executable, "-c", source, order, str(tier)], tier=tier)
        await logged(child, "set")
    await processes.stop()
    assert order.read_text() == "3210"


async def test_only_the_named_child_is_stopped(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    first, second = processes.start("first", SLEEP), processes.start("second", SLEEP)
    await processes.stop("first")
    assert (first.running, second.running) == (False, True)
    assert set(processes.children) == {"second"}
    await processes.stop()


async def test_a_child_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start("steady", SLEEP)
    processes.start("fleeting", [sys.executable, "-c", "print('bye'); raise SystemExit(3)"])
    child = await asyncio.wait_for(processes.first_end(), 60)
    assert (child.name, child.popen.returncode, child.last_words()) == ("fleeting", 3, "bye")
    await processes.stop()


async def test_readiness_that_never_comes_because_the_child_died_shows_its_last_words(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    child = processes.start("broken", [sys.executable, "-c", "raise SystemExit('no such flag')"])
    with pytest.raises(ProcessEnded, match=r"(?s)broken ended with code 1.*no such flag"):
        await answers(child, "http://127.0.0.1:1/readyz", timeout=10)
    await processes.stop()


async def test_readiness_is_waited_for_and_given_up_in_time(tmp_path: Path) -> None:
    status = {"code": 503}

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(status=status["code"])

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/readyz"
    processes = Processes(tmp_path)
    child = processes.start("sleeper", SLEEP)
    with pytest.raises(NotReady, match="status 503"):
        await answers(child, url, timeout=0.5)
    waiting = asyncio.create_task(answers(child, url, timeout=60))
    await asyncio.sleep(0.2)
    status["code"] = 200
    await waiting
    await processes.stop()
    await runner.cleanup()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    source = (
        "import pathlib, sys, time\n"
        "from playground.processes import Processes\n"
        "child = Processes(pathlib.Path(sys.argv[1])).start('child', ['sleep', '60'])\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", source, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert identity.started_at(child)
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while identity.started_at(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert identity.started_at(child) == ""


def test_a_signal_goes_only_to_the_process_that_began_then() -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    began = identity.started_at(sleeper.pid)
    assert not identity.signal_if_same(sleeper.pid, "another time", signal.SIGTERM)
    assert not identity.signal_if_same(sleeper.pid, "", signal.SIGTERM)
    assert sleeper.poll() is None
    assert identity.signal_if_same(sleeper.pid, began, signal.SIGTERM)
    assert sleeper.wait(10) == -signal.SIGTERM
    assert not identity.signal_if_same(sleeper.pid, began, signal.SIGTERM)


def test_a_process_that_is_not_there_has_no_start() -> None:
    sleeper = subprocess.Popen(["true"])
    sleeper.wait(10)
    assert identity.started_at(sleeper.pid) == ""
    assert identity.started_at(os.getpid()) != ""
