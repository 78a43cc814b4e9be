"""Tests that share what is expensive to start are not parted where several processes run them."""

from __future__ import annotations

import pytest

from tests.dealing import begins_at_the_end, share, turn

FILE = "tests/bot/test_home.py"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{FILE}::test_a", f"{FILE}::test_b[http]"),
        (f"{FILE}::test_a", f"{FILE}::test_b[a::b]"),
        ("tests/e2e/test_access.py::test_a", "tests/e2e/test_waiting.py::test_b[socket]"),
        ("tests/faults/test_killed.py::test_a", "tests/faults/test_webhooks.py::test_b"),
        ("tests/provisioning/test_real_legacy.py::test_a", "tests/webhooks/test_real_legacy.py::test_b"),
    ],
)
def test_what_shares_a_file_or_a_playground_stays_together(one: str, other: str) -> None:
    assert share(one) == share(other)


def test_other_files_of_a_folder_may_be_run_elsewhere() -> None:
    assert share(f"{FILE}::test_a") != share("tests/bot/test_life.py::test_a")


def test_what_is_never_divided_comes_first_what_waits_last_and_what_is_over_at_once_in_between() -> None:
    undivided, real, quick, waits = (
        turn("tests/e2e/test_access.py::test_a", is_real=True),
        turn("tests/webhooks/test_real_ways.py::test_a", is_real=True),
        turn("tests/webhooks/test_app.py::test_a", is_real=False),
        turn(f"{FILE}::test_a", is_real=False),
    )
    assert undivided < real < quick < waits == turn("tests/bench/test_bench.py::test_a", is_real=True)


@pytest.mark.parametrize("processes", [2, 3])
def test_one_process_alone_begins_with_what_waits(processes: int) -> None:
    found = [begins_at_the_end(number, processes=processes) for number in range(processes)]
    assert found == [*[False] * (processes - 1), True]
