"""What was measured, as values for programs, as a table for people, and as a part of docs/performance.md."""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.rest import Cost, Rest
from bench.speed import Speed

BEGIN: Final = "<!-- measured by make bench -->"
END: Final = "<!-- end of what was measured -->"
DESK: Final = ("<!-- the bot, measured by make bench -->", "<!-- end of what was measured of the bot -->")
ADMISSION: Final = ("<!-- admission, measured by make bench -->", "<!-- end of what was measured of admission -->")


@dataclass(frozen=True)
class Report:
    """One run. A part that was not asked for is None."""

    command: str
    machine: str
    day: str
    speed: Speed | None = None
    costs: Sequence[Cost] = ()
    rest: Rest | None = None

    def wire(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def rows(self) -> Iterator[tuple[str, str]]:
        """What was measured, and what came out."""
        if self.speed is not None:
            yield from _speed(self.speed)
        for cost in self.costs:
            yield f"CPU of one look at a cluster, {cost.clusters} there", f"{cost.cpu_milliseconds:.1f} ms"
        if self.rest is not None:
            yield from _rest(self.rest)

    def markdown(self) -> str:
        lines = [f"`{self.command}` on {self.machine}, {self.day}:", "", "| | |", "|---|---|"]
        return "\n".join([*lines, *(f"| {what} | {found} |" for what, found in self.rows())])


def machine() -> str:
    """What this ran on, as far as it matters."""
    cores = f"{os.cpu_count()} cores"
    try:
        text = Path("/proc/cpuinfo").read_text()
        kilobytes = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1))  # type: ignore[union-attr]
    except OSError:
        return f"{platform.machine()}, {cores}"
    model = re.search(r"model name\s*: (.+)", text)
    return f"{model.group(1) if model else platform.machine()}, {cores}, {kilobytes / 2**20:.0f} GiB"


def write(text: str, page: Path, *, between: tuple[str, str] = (BEGIN, END)) -> None:
    """Put what was measured into the page, in place of what was measured before."""
    begin, end = between
    before, _, rest = page.read_text().partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def heading(command: str) -> str:
    """What was run, where and when."""
    return f"`{command}` on {machine()}, {datetime.now(UTC).date().isoformat()}:"


def _speed(speed: Speed) -> Iterator[tuple[str, str]]:
    for name, seconds in (("clusterdesk", speed.clusterdesk), ("kubectl", speed.kubectl), ("helm", speed.helm)):
        what = {
            "clusterdesk": f"from the approval to the last of {speed.objects} objects",
            "kubectl": "the same by `kubectl apply --server-side`",
            "helm": "the same by `helm install`",
        }[name]
        found = f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}, {len(seconds)} rounds)"
        yield what, found if name == "clusterdesk" else f"{found}, **{speed.ratio(seconds):.1f} times as long**"


def _rest(rest: Rest) -> Iterator[tuple[str, str]]:
    minutes = rest.requests_per_minute
    yield f"{rest.clusters} clusters at rest: CPU", f"{rest.cpu_percent:.1f} % of a core, over {rest.seconds:.0f} s"
    yield f"{rest.clusters} clusters at rest: memory", f"{rest.memory:.0f} MiB (at most {rest.peak:.0f})"
    yield f"{rest.clusters} clusters at rest: requests", f"{minutes:.0f} a minute, the Lease's renewals among them"
    yield f"from a start to a look at all {rest.clusters}", f"{rest.resync_seconds:.1f} s"
    yield "requests to the API server in that time", f"{rest.resync_requests:.0f}"
    yield "each tenant's API server is asked", f"every {rest.probe_seconds:.0f} s, give or take a fifth"
