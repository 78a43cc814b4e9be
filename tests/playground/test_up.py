"""A run of the playground from start to end: what is written down, who may stop it, and that nothing is left.

The control plane itself is played by sleeping processes here; `test_playground.py` runs the real one.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from playground import identity, record
from playground.__main__ import app
from playground.record import Mark, Record

RUN = """
    import asyncio, pathlib, sys
    from playground import up
    from playground.options import Options
    from playground.progress import Steps
    from playground.record import Ready

    state, how = pathlib.Path(sys.argv[1]), sys.argv[2]

    async def begin(processes, held) -> Ready:
        processes.start("etcd", ["sleep", "100"], tier=0)
        processes.start("bot", ["sleep", "100"], tier=4)
        if how == "slow":
            (state / "starting").touch()
            await asyncio.sleep(100)
        if how == "broken":
            raise RuntimeError("this machine has no luck")
        return Ready(
            kubeconfig="k", api_server="https://127.0.0.1:1", workspace_url="", bot_url="b", signing_secret="s",
            bot_token="t", app_token="a", webhook_urls=("w",), ca_bundle="c", pids={}, logs=str(state / "logs"),
        )

    options = Options(state=state, ready_file=state / "ready.json", browser=False)
    asyncio.run(up.run(options, begin, steps=Steps()))
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def start(tmp_path: Path, state: Path) -> Iterator[Start]:
    """Starts a playground on the state folder as a process of its own; none outlives the test."""
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(RUN))
    state.mkdir()
    started: list[subprocess.Popen[str]] = []

    def begin(how: str = "normal") -> subprocess.Popen[str]:
        run = subprocess.Popen([sys.executable, str(script), str(state), how], stderr=subprocess.PIPE, text=True)
        started.append(run)
        return run

    yield begin
    for run in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.terminate()
            run.wait(20)
        if run.stderr:
            run.stderr.close()


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (outcome := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return outcome


def ready(state: Path) -> dict[str, Any]:
    path = state / "ready.json"
    until(path.exists)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def noted(state: Path) -> list[int]:
    """The bot's process id as written down, if anything is."""
    known = record.read(state)
    return [known.children["bot"].pid] if known else []


def alive(pid: int) -> bool:
    return identity.started_at(pid) != ""


def errors_of(run: subprocess.Popen[str]) -> str:
    assert run.stderr is not None
    return run.stderr.read()


def test_ready_file_says_where_everything_is_and_only_its_owner_reads_it(start: Start, state: Path) -> None:
    start()
    said = ready(state)
    assert set(said) == {
        "kubeconfig",
        "apiServer",
        "workspaceUrl",
        "botUrl",
        "signingSecret",
        "botToken",
        "appToken",
        "webhookUrls",
        "caBundle",
        "pids",
        "logs",
    }
    assert set(said["pids"]) == {"etcd", "bot"}
    assert all(alive(pid) for pid in said["pids"].values())
    assert stat.S_IMODE((state / "ready.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((state / "running.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_that_was_started_and_ends_well(
    start: Start, state: Path, number: signal.Signals
) -> None:
    bystander = subprocess.Popen(["sleep", "100"])
    run = start()
    pids = ready(state)["pids"].values()
    run.send_signal(number)
    assert run.wait(20) == 0
    assert not any(alive(pid) for pid in pids)
    assert bystander.poll() is None
    assert not (state / "ready.json").exists()
    assert not (state / "running.json").exists()
    bystander.kill()
    bystander.wait()


def test_a_signal_during_the_start_stops_what_was_started_so_far(start: Start, state: Path) -> None:
    run = start("slow")
    until((state / "starting").exists)
    run.send_signal(signal.SIGINT)
    assert run.wait(20) == 0
    assert "Stopping 2 processes" in errors_of(run)
    assert not (state / "ready.json").exists()


def test_a_start_that_fails_leaves_nothing_running(start: Start, state: Path) -> None:
    run = start("broken")
    assert run.wait(20) == 1
    said = errors_of(run)
    assert "Stopping 2 processes" in said
    assert "this machine has no luck" in said
    assert record.read(state) is None


def test_two_playgrounds_never_share_a_state_folder(start: Start, state: Path) -> None:
    first = start()
    pids = ready(state)["pids"]
    second = start()
    assert second.wait(20) == 1
    assert "a playground runs on" in errors_of(second)
    assert ready(state)["pids"] == pids
    assert first.poll() is None


def test_a_program_of_ours_that_ends_is_started_again(start: Start, state: Path) -> None:
    run = start()
    before = ready(state)["pids"]
    os.kill(before["bot"], signal.SIGKILL)
    until(lambda: ready(state)["pids"]["bot"] != before["bot"])
    assert alive(ready(state)["pids"]["bot"])
    assert ready(state)["pids"]["etcd"] == before["etcd"]
    assert run.poll() is None


def test_a_program_that_ends_again_and_again_is_given_up(start: Start, state: Path) -> None:
    run = start()
    ready(state)
    for _ in range(6):
        (pid,) = until(lambda: noted(state))
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: pid not in noted(state))  # type: ignore[misc]
    assert run.wait(20) == 1
    assert "bot ended with code -9" in errors_of(run)


def test_the_end_of_a_part_of_the_control_plane_ends_the_playground(start: Start, state: Path) -> None:
    run = start()
    pids = ready(state)["pids"]
    os.kill(pids["etcd"], signal.SIGKILL)
    assert run.wait(20) == 1
    assert "etcd ended with code -9" in errors_of(run)
    assert not alive(pids["bot"])


def test_down_stops_a_running_playground(start: Start, state: Path) -> None:
    run = start()
    pids = ready(state)["pids"].values()
    outcome = CliRunner().invoke(app, ["down", "--state-dir", str(state)])
    assert (outcome.exit_code, outcome.output) == (0, "Stopped.\n")
    assert run.wait(20) == 0
    assert not any(alive(pid) for pid in pids)


def test_down_where_nothing_runs_is_no_mistake(state: Path) -> None:
    outcome = CliRunner().invoke(app, ["down", "--state-dir", str(state)])
    assert (outcome.exit_code, outcome.output) == (0, "Nothing was running.\n")


def test_down_never_touches_a_process_that_only_has_a_recorded_id(state: Path) -> None:
    stranger = subprocess.Popen(["sleep", "100"])
    marks = {"bot": Mark(pid=stranger.pid, began="another time")}
    record.write(Record(playground=Mark(pid=stranger.pid, began="long ago"), children=marks), state / "running.json")
    outcome = CliRunner().invoke(app, ["down", "--state-dir", str(state)])
    assert outcome.output == "Nothing was running.\n"
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_status_names_every_process_and_whether_it_runs(start: Start, state: Path) -> None:
    start()
    ready(state)
    outcome = CliRunner().invoke(app, ["status", "--state-dir", str(state), "-o", "json"])
    assert outcome.exit_code == 0
    said = json.loads(outcome.output)
    assert said["running"] == {"playground": True, "etcd": True, "bot": True}
    assert said["ready"]["apiServer"] == "https://127.0.0.1:1"
    table = CliRunner().invoke(app, ["status", "--state-dir", str(state)]).output
    assert "etcd" in table
    assert "kubeconfig" in table


def test_status_of_nothing_says_how_to_start(state: Path) -> None:
    outcome = CliRunner().invoke(app, ["status", "--state-dir", str(state)])
    assert outcome.exit_code == 1
    assert "make playground" in outcome.output
