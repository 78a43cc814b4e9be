"""What was measured of the bot, as a table for people, and against what it has to keep to. Values in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bench.admission.load import Sample
from bench.desk.run import Found

LATEST: Final = 100.0
"""Milliseconds within which 99 of 100 commands are acknowledged."""
MOST: Final = 200e6
"""Bytes of memory of one bot."""


def goals(found: Found) -> Iterator[tuple[str, str, bool]]:
    """What is bounded, what was found, and whether that is within the bounds."""
    for how, sample in (("over HTTP", found.ours), ("by Socket Mode", found.by_socket)):
        late = sample.milliseconds(99)
        yield f"99 of 100 acknowledged within {LATEST:.0f} ms, {how}", f"{late:.1f} ms", late < LATEST
        yield f"every command answered, {how}", f"{sample.errors} were not", sample.errors == 0
    yield f"under {MOST / 1e6:.0f} MB", f"{found.memory:.0f} MiB", found.memory * 2**20 < MOST


def rows(found: Found) -> Iterator[tuple[str, str]]:
    sizes = found.sizes
    known = f"{sizes.tenants} tenants and {sizes.clusters} clusters known"
    yield f"acknowledgements, {sizes.rate:.0f} commands a second, {known}", _times(found.ours)
    yield "the same commands by Socket Mode, with their way through Slack", _times(found.by_socket)
    yield "the same commands to a slack-bolt app that acknowledges at once", _times(found.bare)
    for percent in (50, 99):
        ratio = found.ours.milliseconds(percent) / found.bare.milliseconds(percent)
        yield f"ours against that, p{percent}", f"**{ratio:.1f} times as long**"
    yield f"`/cluster list` by somebody who sees all {sizes.clusters}", _times(found.wide)
    yield "CPU meanwhile", f"{found.cpu_percent:.0f} % of a core"
    yield "memory before anybody typed, and at the end", f"{found.idle:.0f} MiB, {found.memory:.0f} MiB"


def markdown(found: Found) -> str:
    """The tables of docs/performance.md."""
    told = [(what, said, "kept" if good else "**missed**") for what, said, good in goals(found)]
    return "\n\n".join((_table(("what is bounded", "found", ""), told), _table(("", ""), list(rows(found)))))


def wire(found: Found) -> dict[str, Any]:
    """For programs."""
    kept = {f"{what}: {said}": good for what, said, good in goals(found)}
    return {"rows": dict(rows(found)), "kept": kept}


def _times(sample: Sample) -> str:
    p50, p99, most = (sample.milliseconds(percent) for percent in (50, 99, 100))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, at most {most:.0f} ms"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
