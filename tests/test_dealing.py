"""Tests that share what is expensive to start are not parted where several processes run them."""

from __future__ import annotations

import pytest

from tests.dealing import comes_first, share

FILE = "tests/bot/test_home.py"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{FILE}::test_a", f"{FILE}::test_b[http]"),
        (f"{FILE}::test_a", f"{FILE}::test_b[a::b]"),
        ("tests/e2e/test_access.py::test_a", "tests/e2e/test_waiting.py::test_b[socket]"),
        ("tests/faults/test_killed.py::test_a", "tests/faults/test_webhooks.py::test_b"),
    ],
)
def test_what_shares_a_file_or_a_playground_stays_together(one: str, other: str) -> None:
    assert share(one) == share(other)


def test_other_files_of_a_folder_may_be_run_elsewhere() -> None:
    assert share(f"{FILE}::test_a") != share("tests/bot/test_life.py::test_a")


def test_what_is_never_divided_comes_first_and_the_rest_as_it_is() -> None:
    tests = [f"{FILE}::test_a", "tests/e2e/test_access.py::test_a", "tests/webhooks/test_app.py::test_a"]
    assert sorted(tests, key=lambda nodeid: not comes_first(nodeid)) == [tests[1], tests[0], tests[2]]
