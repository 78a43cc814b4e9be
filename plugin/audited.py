"""What `kubectl clusterdesk audit` reads and says: the lines, the heads that the cluster keeps, and the verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from plugin.errors import NotDone
from plugin.session import Session
from provisioning import plain
from provisioning.audit import Head
from provisioning.audit_heads import SERVICES, KubeHeads
from provisioning.audit_proof import Flaw, Line, Proof, Wrong

INPUT: Final = Path("-")
"""Standard input."""
_SAID: Final = {
    Wrong.EDITED: "it is not as it was written",
    Wrong.DROPPED: "it is missing here",
    Wrong.SWAPPED: "it is not where it was written",
    Wrong.INSERTED: "there is another line of this number",
    Wrong.CUT_OFF: "from it on all is missing, up to the head that the cluster keeps",
    Wrong.UNANCHORED: "the cluster keeps no head of this chain",
}


def lines_of(file: Path) -> list[str]:
    """What the file holds, or standard input. Raises `NotDone`."""
    try:
        # What is no UTF-8 is kept as it is: it may stand in the log beside.
        raw = sys.stdin.buffer.read() if file == INPUT else file.read_bytes()
    except OSError as error:
        raise NotDone(f"{file} cannot be read: {error.strerror}") from error
    # Not splitlines, which ends a line at what may stand in one.
    return raw.decode(errors="surrogateescape").split("\n")


async def heads(session: Session) -> dict[str, Head]:
    """The heads of every chain of the desk in the session's namespace. Raises `KubeError`."""
    found: dict[str, Head] = {}
    for service in SERVICES:
        found |= await KubeHeads(session.kube, session.namespace, service).load()
    return found


def verdict(proof: Proof) -> str:
    """In one sentence."""
    if proof.flaw is not None:
        return _fault(proof.flaw)
    chains = len({line.writer for line in proof.lines})
    loose = f"; {proof.loose} of them behind the heads, and not proven yet" if proof.loose else ""
    return f"whole: {len(proof.lines)} lines of {chains} processes are as they were written{loose}"


def _fault(flaw: Flaw) -> str:
    at = f"line {flaw.row}: " if flaw.row else ""
    who = f"number {flaw.number} of {plain.one_line(flaw.writer)} is wrong" if flaw.writer else "it is wrong"
    return f"{at}{who} ({flaw.wrong.value}): {_SAID[flaw.wrong]}"


def for_programs(proof: Proof) -> dict[str, Any]:
    """The same as JSON holds it."""
    flaw = proof.flaw
    return {
        "whole": flaw is None,
        "lines": len(proof.lines),
        "unanchored": proof.loose,
        "flaw": flaw and {"wrong": flaw.wrong.value, "line": flaw.row, "writer": flaw.writer, "number": flaw.number},
    }


def in_order(lines: tuple[Line, ...]) -> list[Line]:
    """By time, and in a second as each process wrote them."""
    return sorted(lines, key=lambda line: (line.content["at"], line.writer, line.number))
