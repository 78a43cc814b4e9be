"""What is measured of the bot is measured right: the numbers are for whoever runs it, the counting is for a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from slack_sdk.signature import SignatureVerifier

from bench import report as reports
from bench.__main__ import PAGE
from bench.admission.load import Sample
from bench.desk import driver, report, run, sample
from bench.desk.driver import Plan
from bench.desk.run import Found, Sizes
from playground.progress import Steps


def times(*milliseconds: float) -> Sample:
    return Sample(took=[each / 1000 for each in milliseconds], lasted=1.0)


FOUND = Found(
    Sizes(),
    ours=times(*[10.0] * 98, 60.0, 200.0),
    by_socket=times(*[20.0] * 98, 70.0, 200.0),
    bare=times(*[5.0] * 100),
    wide=times(80.0),
    idle=120.0,
    memory=150.0,
    cpu_percent=30.0,
)


def test_a_run_within_all_bounds_says_so_and_one_that_is_not_says_where() -> None:
    assert all(good for _, _, good in report.goals(FOUND))
    lost = times(*[10.0] * 98, 100.0, 100.0)
    lost.failed["500: no"] = 1
    worse = Found(Sizes(), ours=lost, by_socket=lost, bare=FOUND.bare, wide=FOUND.wide, memory=191.0)
    assert [(said, good) for _, said, good in report.goals(worse)] == [
        *[("100.0 ms", False), ("1 were not", False)] * 2,
        ("191 MiB", False),
    ]


def test_the_tables_say_how_many_times_as_long_it_takes_as_a_bare_app() -> None:
    text = report.markdown(FOUND)
    assert "| 99 of 100 acknowledged within 100 ms, over HTTP | 60.0 ms | kept |" in text
    assert "| 99 of 100 acknowledged within 100 ms, by Socket Mode | 70.0 ms | kept |" in text
    assert "| ours against that, p99 | **12.0 times as long** |" in text
    assert json.loads(json.dumps(report.wire(FOUND)))["kept"]


def test_it_has_a_part_of_the_page_of_its_own(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(PAGE.read_text())
    reports.write(report.markdown(FOUND), page, between=reports.DESK)
    reports.write(report.markdown(FOUND), page, between=reports.DESK)
    assert page.read_text().count("ours against that, p50") == 1
    assert all(mark in page.read_text() for mark in (reports.BEGIN, *reports.ADMISSION))


def test_a_command_is_signed_as_slack_signs_and_none_is_anothers_replay() -> None:
    plan = Plan("http://127.0.0.1:1/slack/events", "secret", 50.0, [])
    first, second = (driver.call(plan, "U0ANN", "list") for _ in range(2))
    for call in (first, second):
        timestamp, signature = call.headers["X-Slack-Request-Timestamp"], call.headers["X-Slack-Signature"]
        assert SignatureVerifier("secret").is_valid(call.body, timestamp, signature)
    assert first.headers["X-Slack-Signature"] != second.headers["X-Slack-Signature"]


def test_everybody_types_everything_about_a_cluster_of_their_own() -> None:
    typed = list(sample.lines(70, tenants=10, clusters=100))
    assert {account for account, _ in typed} == {sample.account(tenant) for tenant in range(10)}
    for tenant in range(10):
        words = {line for account, line in typed if account == sample.account(tenant)}
        assert words == {line.format(cluster=sample.cluster_name(tenant)) for line in sample.LINES}


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_every_command_is_answered_by_the_bot_as_it_is_shipped() -> None:
    with Steps() as steps:
        found = await run.measure(Sizes(tenants=2, clusters=4, rate=20.0, seconds=1.0, rounds=1), steps)
    samples = (found.ours, found.by_socket, found.bare)
    assert [(len(each.took), each.errors, each.refused) for each in samples] == [(20, 0, 0)] * 3
    assert (len(found.wide.took), found.wide.errors) == (5, 0)
    assert found.memory > found.idle / 2 > 0
