"""Telling whether a process id still belongs to the process we started: ids are used again, start times are not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def started_at(pid: int) -> str:
    """When the process began, in the system's own words; "" when there is no such process (or only its zombie)."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The second field is the name in brackets and may hold blanks and brackets itself.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=10, check=False
    )
    return done.stdout.strip()


def signal_if_same(pid: int, began: str, number: int) -> bool:
    """Send the signal if the process is still the one that began then. Says whether it was."""
    if not began or started_at(pid) != began:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
