"""The long run itself, when it is short."""

from __future__ import annotations

import typer
from typer.testing import CliRunner, Result

from tests.fuzz import __main__ as long_run


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(long_run.main)
    return CliRunner().invoke(app, ["--decoder-seconds", "0", *arguments])


def test_it_says_its_seed_how_it_goes_and_what_came_of_it() -> None:
    done = run("--reviews", "20", "--seed", "s", "--first", "5")
    assert done.exit_code == 0, done.output
    first, progress, last = done.output.splitlines()
    assert first == "seed s, reviews 5 to 24"
    assert progress.startswith("20 of 20 reviews")
    assert last == "nothing was found"


def test_without_a_seed_it_takes_one_and_prints_it() -> None:
    one, other = (run("--reviews", "1").output.splitlines()[0] for _ in range(2))
    assert one != other
