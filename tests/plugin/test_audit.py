"""`kubectl clusterdesk audit`: the verdict in words, for programs, and as an exit code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from provisioning import audit
from provisioning.audit import Code, Event
from provisioning.audit_heads import name_of
from provisioning.resources import CONFIG_MAPS
from tests.plugin.terminal import Terminal, at_a_terminal

HOME = "clusterdesk-system"


def chain(writer: str, *events: tuple[str, str]) -> tuple[list[str], str]:
    """Lines of who did something at which time, and the head as the cluster keeps it."""
    lines, head = [], audit.BEGINNING
    for at, who in events:
        event = Event(Code.REQUEST_MADE, who=who, where="cluster", about="tenant-blue/cr-1")
        line, head = audit.link(event, writer=writer, head=head, at=f"2026-08-04T{at}:00Z")
        lines.append(line)
    return lines, json.dumps({"at": "2026-08-04T10:00:00Z", "number": head.number, "hash": head.hash})


BOT, BOT_HEAD = chain("bot-1", ("09:12", "ann"), ("09:14", "[bold]ben"))
PROVISIONER, PROVISIONER_HEAD = chain("provisioner-1", ("09:13", "cleo"))
TRAIL = [*BOT, '{"event": "ready"}', *PROVISIONER]


@pytest_asyncio.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    async with at_a_terminal(tmp_path) as made:
        for service, writer, head in (("bot", "bot-1", BOT_HEAD), ("provisioner", "provisioner-1", PROVISIONER_HEAD)):
            meta = {"name": name_of(service), "namespace": HOME}
            made.server.put(CONFIG_MAPS, {"metadata": meta, "data": {writer: head}})
        yield made


async def test_a_whole_trail_is_said_to_be_whole(terminal: Terminal) -> None:
    code, out, _ = await terminal.type("audit verify", given="\n".join(TRAIL))
    assert (code, out) == (0, "whole: 3 lines of 2 processes are as they were written\n")


async def test_the_first_wrong_line_is_named_with_what_is_wrong(terminal: Terminal) -> None:
    code, out, _ = await terminal.type("audit verify", given="\n".join(TRAIL).replace("ann", "eve"))
    assert (code, out) == (1, "line 1: number 1 of bot-1 is wrong (edited): it is not as it was written\n")
    code, out, _ = await terminal.type("audit verify", given="\n".join(TRAIL[1:]))
    assert (code, out) == (1, "line 1: number 1 of bot-1 is wrong (dropped): it is missing here\n")
    code, out, _ = await terminal.type("audit verify", given="\n".join([TRAIL[0], *TRAIL[2:]]))
    assert code == 1
    assert out.startswith("number 2 of bot-1 is wrong (cut off): from it on all is missing")


async def test_a_program_reads_the_same_as_json(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join([TRAIL[1], TRAIL[0], *TRAIL[2:]]))
    code, out, _ = await terminal.type(f"audit verify {tmp_path / 'log'} -o json")
    flaw = {"wrong": "swapped", "line": 1, "writer": "bot-1", "number": 2}
    assert (code, json.loads(out)) == (1, {"whole": False, "lines": 3, "unanchored": 0, "flaw": flaw})


async def test_a_piece_of_the_log_is_held_to_what_is_left_of_it(terminal: Terminal) -> None:
    code, out, _ = await terminal.type("audit verify --piece", given=TRAIL[1])
    assert (code, out) == (0, "whole: 1 lines of 1 processes are as they were written\n")


async def test_lines_that_are_not_anchored_yet_are_counted(terminal: Terminal) -> None:
    first = json.loads(BOT_HEAD)
    event = Event(Code.REQUEST_MADE, who="dave", where="cluster")
    more, _ = audit.link(event, writer="bot-1", head=audit.Head(first["number"], first["hash"]), at="")
    code, out, _ = await terminal.type("audit verify", given="\n".join([*TRAIL, more]))
    assert code == 0
    assert out.endswith("; 1 of them behind the heads, and not proven yet\n")


async def test_an_export_is_in_the_order_of_time_and_its_verdict_stands_beside_it(terminal: Terminal) -> None:
    code, out, err = await terminal.type("audit export -o json", given="\n".join(TRAIL).replace("ann", "eve"))
    assert code == 1
    assert [event["who"] for event in json.loads(out)] == ["eve", "cleo", "[bold]ben"]
    assert "is wrong (edited)" in err
    code, out, err = await terminal.type("audit export", given="\n".join(TRAIL))
    assert code == 0
    assert [line.split()[2] for line in out.splitlines()[1:]] == ["ann", "cleo", "[bold]ben"]
    assert err.startswith("whole: ")


async def test_what_somebody_forged_moves_no_cursor_and_breaks_no_export(terminal: Terminal) -> None:
    forged = TRAIL[0].replace("bot-1", "\\u001b[2K\\ud800").replace("ann", "\\u202eeve\\ud800")
    for verb in ("verify", "export"):
        code, out, err = await terminal.type(f"audit {verb}", given="\n".join([forged, *TRAIL]))
        assert code == 1
        assert "number 1 of [2K is wrong (head unknown)" in out + err
        assert "\x1b" not in out
        assert "\u202e" not in out


async def test_where_the_desk_is_not_no_head_is_known(terminal: Terminal) -> None:
    code, out, _ = await terminal.type("audit verify --system-namespace elsewhere", given="\n".join(TRAIL))
    assert code == 1
    assert out == "line 1: number 1 of bot-1 is wrong (head unknown): the cluster keeps no head of this chain\n"


async def test_heads_that_cannot_be_read_are_no_proof_of_anything(terminal: Terminal) -> None:
    for answer in (403, 503):
        terminal.server.fail(answer, method="GET")
        code, out, err = await terminal.type("audit verify", given="\n".join(TRAIL))
        assert (code, out) == (2, "")
        assert err


async def test_a_file_that_is_not_there_is_said_so(terminal: Terminal, tmp_path: Path) -> None:
    code, _, err = await terminal.type(f"audit verify {tmp_path / 'none'}")
    assert code == 1
    assert "cannot be read: No such file or directory" in err
