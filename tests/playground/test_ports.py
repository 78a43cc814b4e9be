"""Ports stay the same from one start to the next, unless somebody else has taken them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from playground import ports
from playground.ports import FIRST, LAST, Ports

TAKES_MANY = """
import json, pathlib, sys
from playground.ports import Ports
ports = Ports(pathlib.Path(sys.argv[1]))
print(json.dumps([ports[f"replica-{n}"] for n in range(400)]), flush=True)
sys.stdin.read()
"""
"""A process that takes ports, says which, and listens on none of them until its input ends."""


@contextmanager
def elsewhere(file: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", TAKES_MANY, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> set[int]:
    assert process.stdout is not None
    return set(json.loads(process.stdout.readline()))


def test_a_port_stays_the_same(tmp_path: Path) -> None:
    first = Ports(tmp_path / "state" / "ports.json")["etcd"]
    assert FIRST <= first <= LAST
    assert Ports(tmp_path / "state" / "ports.json")["etcd"] == first


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    kept = Ports(tmp_path / "ports.json")
    assert len({kept[f"replica-{n}"] for n in range(20)}) == 20


def test_a_port_that_somebody_took_is_replaced(tmp_path: Path) -> None:
    kept = Ports(tmp_path / "ports.json")
    with socket.create_server(("127.0.0.1", kept["bot"])) as taken:
        assert kept["bot"] != taken.getsockname()[1]


def test_a_reserved_port_is_kept_while_it_is_in_use(tmp_path: Path) -> None:
    kept = Ports(tmp_path / "ports.json")
    with socket.create_server(("127.0.0.1", kept.reserved("webhook"))) as taken:
        assert kept.reserved("webhook") == taken.getsockname()[1]


def test_processes_that_choose_at_the_same_time_never_choose_the_same_though_nobody_listens_yet(tmp_path: Path) -> None:
    with elsewhere(tmp_path / "one.json") as one, elsewhere(tmp_path / "other.json") as other:
        here = {ports.pick() for _ in range(200)}
        assert len(here | said(one) | said(other)) == 200 + 400 + 400


def test_a_port_of_last_time_that_another_process_has_taken_since_is_replaced(tmp_path: Path) -> None:
    file, mine = tmp_path / "ports.json", tmp_path / "mine.json"
    with elsewhere(file) as process:
        theirs = min(said(process))
        mine.write_text(json.dumps({"bot": theirs}))
        assert not ports.take(theirs)
        assert Ports(mine)["bot"] != theirs


@pytest.mark.parametrize("kind", ["own", "not there", "unset"])
def test_ports_are_noted_where_nobody_else_writes_if_there_is_such_a_folder_and_else_a_name_is_in_the_way_in_words(
    tmp_path: Path, kind: str
) -> None:
    shared, own, name = tmp_path / "shared", tmp_path / "own", f"clusterdesk-ports-{os.getuid()}"
    shared.mkdir()
    # Somebody else was there first: neither root nor anybody else follows it.
    (shared / name).symlink_to(tmp_path / "theirs")
    runtime = {"own": str(own), "not there": str(tmp_path / "nowhere"), "unset": ""}[kind]
    own.mkdir()
    picks = "from playground import errors, ports\ntry: ports.pick()\nexcept errors.PlaygroundError as e: print(e)"
    env = {**os.environ, "TMPDIR": str(shared), "XDG_RUNTIME_DIR": runtime}
    done = subprocess.run([sys.executable, "-c", picks], env=env, capture_output=True, text=True, check=True)
    if kind == "own":
        assert (done.stdout, (own / name).exists()) == ("", True)
    else:
        assert str(shared / name) in done.stdout
        assert "XDG_RUNTIME_DIR" in done.stdout
    assert not (tmp_path / "theirs").exists()


def test_what_a_process_had_taken_is_free_once_it_has_died(tmp_path: Path) -> None:
    with elsewhere(tmp_path / "ports.json") as process:
        theirs = max(said(process))
    assert ports.take(theirs)
