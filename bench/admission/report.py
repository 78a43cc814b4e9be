"""What was measured of admission, as tables for people, and against what it has to keep to. Values in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.admission.counts import ROOM, Count
from bench.admission.crowd import KINDS, Crowd
from bench.admission.ledger import Reservations
from bench.admission.load import Sample
from bench.admission.peers import NAMES, NOTHING, OURS, QUOTA
from bench.admission.race import Free, Heat

COUNTED: Final = (
    "who counts",
    "asked",
    "admitted",
    "above the quota",
    "denied with room left",
    "errors",
    "leaked after",
)
HEAD: Final = ("what", "p50", "p99", "a second", "not answered")


@dataclass(frozen=True)
class Admission:
    """One run. A part that was not asked for is empty or None. `memory` is MiB of a replica that has just begun."""

    free: Free | None = None
    memory: float = 0.0
    heats: Sequence[Heat] = ()
    ledger: Sequence[Reservations] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)
    crowd: Crowd | None = None

    def wire(self) -> dict[str, Any]:
        """For programs: every number, by what it is of."""
        return {"rows": {what: list(cells) for what, *cells in self.rows()}, "kept": self.kept()}

    def kept(self) -> dict[str, bool]:
        """What it has to keep to, and whether this run did."""
        return {f"{what}: {said}": good for what, said, good in self.goals()}

    def rows(self) -> Iterator[tuple[str, ...]]:
        if self.free is not None:
            yield from _samples("one writer changes what costs nothing", self.free.one)
            yield from _samples("200 such changes a second", self.free.steady)
            yield from _samples("200 such reviews a second, without an API server", self.free.straight)
        for heat in self.heats:
            yield from _samples(f"creations: {_who(heat)}", heat.samples)
        for one in self.ledger:
            what = f"the ledger alone: {_number(one.writers, 'writer')}, {_number(one.replicas, 'replica')}"
            yield _row(what, one.sample)

    def goals(self) -> Iterator[tuple[str, str, bool]]:
        """What is bounded, what was found, and whether that is within the bounds."""
        if self.free is not None:
            more = _p(self.free.one, OURS, 50) - _p(self.free.one, NOTHING, 50)
            yield "what costs nothing takes at most 0.5 ms more than asking anybody", f"{more:+.2f} ms", more <= 0.5
            late = _p(self.free.steady, OURS, 99)
            yield "99 of 100 writes within 10 ms at 200 a second", f"{late:.1f} ms", late < 10
            late = _p(self.free.straight, OURS, 99)
            yield "99 of 100 answers of ours within 10 ms at 200 a second", f"{late:.1f} ms", late < 10
        if self.memory:
            yield "at most 80 MiB a replica before its caches", f"{self.memory:.0f} MiB", self.memory <= 80
        for heat in self.heats:
            yield from _goals(heat)
        for one in self.ledger:
            yield from _ledger_goals(one)
        for peer, count in self.counts.items():
            if peer == OURS:
                exact = not (count.over or count.falsely_denied or count.errors or count.leaked.get(150.0, 0))
                yield "counted exactly, nothing leaked after 150 s", _counted(count), exact
        if self.crowd is not None:
            yield from _crowd_goals(self.crowd)

    def markdown(self) -> str:
        """The tables of docs/performance.md."""
        parts = [
            _table(
                ("what is bounded", "found", ""),
                [(a, b, "kept" if good else "**missed**") for a, b, good in self.goals()],
            )
        ]
        parts.append(_table(HEAD, list(self.rows())))
        if self.counts:
            parts.append(_table(COUNTED, [_count_row(peer, count) for peer, count in self.counts.items()]))
        return "\n\n".join(parts)


def _goals(heat: Heat) -> Iterator[tuple[str, str, bool]]:
    ratio = {q: _p(heat.samples, OURS, q) / _p(heat.samples, QUOTA, q) for q in (50, 99)}
    if heat.writers == 1:
        yield f"{_who(heat)}: p50 at most 1.15 times a ResourceQuota's", f"{ratio[50]:.2f}", ratio[50] <= 1.15
        yield f"{_who(heat)}: p99 at most 1.3 times a ResourceQuota's", f"{ratio[99]:.2f}", ratio[99] <= 1.3
    if heat.writers == 16:
        many = heat.samples[OURS].rate / heat.samples[QUOTA].rate
        yield f"{_who(heat)}: at least 0.8 times as many a second as a ResourceQuota", f"{many:.2f}", many >= 0.8
        cpu = heat.cpu_milliseconds
        yield f"{_who(heat)}: at most 1.2 ms of CPU each", f"{cpu:.2f} ms", cpu <= 1.2
    wrong = heat.samples[OURS].errors + heat.samples[OURS].refused
    if wrong:
        yield f"{_who(heat)}: every creation is answered with yes", f"{wrong} were not", False


def _ledger_goals(one: Reservations) -> Iterator[tuple[str, str, bool]]:
    who = f"the ledger alone, {_number(one.writers, 'writer')}, {_number(one.replicas, 'replica')}"
    if one.replicas == 1:
        yield f"{who}: at least 2000 reservations a second", f"{one.sample.rate:.0f}", one.sample.rate >= 2000
    else:
        late = one.sample.milliseconds(99)
        yield f"{who}: 99 of 100 within 200 ms", f"{late:.0f} ms", late < 200
    yield f"{who}: no errors, none lost", f"{one.sample.errors} and {one.lost}", one.sample.errors == one.lost == 0


def _crowd_goals(crowd: Crowd) -> Iterator[tuple[str, str, bool]]:
    known = f"{crowd.tenants} tenants and {crowd.clusters} clusters known"
    for kind in KINDS:
        ratio = crowd.ratio(kind)
        yield f"{known}: p50 of a {kind} at most 1.2 times that at {crowd.few_clusters}", f"{ratio:.2f}", ratio <= 1.2
    yield f"{known}: under 400 MB a replica", f"{crowd.memory:.0f} MiB", crowd.memory * 2**20 < 400e6
    yield f"{known}: ready 20 s after the start", f"{crowd.ready_after:.1f} s", crowd.ready_after <= 20


def _samples(what: str, samples: Mapping[str, Sample]) -> Iterator[tuple[str, ...]]:
    for peer, sample in samples.items():
        yield _row(f"{what}; {NAMES[peer]}", sample)


def _row(what: str, sample: Sample) -> tuple[str, ...]:
    times = (f"{sample.milliseconds(percent):.1f} ms" for percent in (50, 99))
    return (what, *times, f"{sample.rate:.0f}", str(sample.errors))


def _count_row(peer: str, count: Count) -> tuple[str, ...]:
    leaked = ", ".join(f"{after:.0f} s: {number}" for after, number in count.leaked.items())
    numbers = (count.asked, count.admitted, count.over, count.falsely_denied, count.errors)
    return (f"{NAMES[peer]}, room for {ROOM}", *map(str, numbers), leaked)


def _counted(count: Count) -> str:
    left = f"{count.leaked.get(150.0, 0)} leaked"
    return f"{count.admitted} admitted, {count.over} above, {count.falsely_denied} falsely denied, {left}"


def _who(heat: Heat) -> str:
    return ", ".join(
        (_number(heat.writers, "writer"), _number(heat.tenants, "tenant"), _number(heat.replicas, "replica"))
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _p(samples: Mapping[str, Sample], peer: str, percent: float) -> float:
    return samples[peer].milliseconds(percent)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
