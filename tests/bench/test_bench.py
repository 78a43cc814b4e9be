"""The benchmark runs, at the smallest size: what it measures is for whoever runs it, not for a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import report
from bench.__main__ import PAGE, measure
from bench.report import Report
from bench.rest import Cost, Rest
from bench.speed import Speed

SPEED = Speed(objects=21, clusterdesk=(0.2, 0.3, 0.4), kubectl=(0.9, 0.8, 1.0), helm=(1.2, 1.5, 1.8))
REST = Rest(
    clusters=1000,
    seconds=345.0,
    cpu_percent=1.23,
    memory=170.4,
    peak=201.0,
    requests_per_minute=36.0,
    resync_seconds=9.5,
    resync_requests=120.0,
    probe_seconds=300.0,
)


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_a_race_puts_the_same_objects_there_three_times() -> None:
    found = await measure("here", rounds=1, sizes=[], seconds=1, probe_seconds=60)
    assert found.speed is not None
    assert found.speed.objects > 15
    assert all(len(seconds) == 1 and seconds[0] > 0 for seconds in (found.speed.clusterdesk, found.speed.helm))


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_clusters_at_rest_cost_no_requests_of_their_own() -> None:
    found = await measure("here", rounds=0, sizes=[1, 4], seconds=20, probe_seconds=5)
    assert [cost.clusters for cost in found.costs] == [1, 4]
    assert found.rest is not None
    # The Lease is renewed every two seconds, and watches begin anew now and then.
    assert found.rest.requests_per_minute < 30 + 40
    # A fresh leader writes nothing where all is well: the lists and watches of each kind, the Lease, the kubeconfigs.
    assert found.rest.resync_requests < 120
    assert found.rest.memory < 300


def test_a_report_says_how_many_times_as_long_the_others_take() -> None:
    text = Report("make bench", "a machine", "2026-01-01", speed=SPEED).markdown()
    assert "0.30 s (0.20 to 0.40, 3 rounds) |" in text
    assert "**3.0 times as long**" in text
    assert "**5.0 times as long**" in text


def test_a_report_is_written_in_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(PAGE.read_text())
    found = Report("make bench", "a machine", "2026-01-01", costs=[Cost(10, 4.0), Cost(1000, 4.1)], rest=REST)
    report.write(found.markdown(), page)
    report.write(found.markdown(), page)
    text = page.read_text()
    assert text.count("1000 clusters at rest: CPU | 1.2 % of a core") == 1
    assert text.startswith(PAGE.read_text()[:100])


def test_a_report_can_be_read_by_programs() -> None:
    wire = json.loads(json.dumps(Report("make bench", "a machine", "2026-01-01", speed=SPEED, rest=REST).wire()))
    assert wire["speed"]["objects"] == 21
    assert wire["rest"]["clusters"] == 1000
