"""Every command is a file, a line in the tuple, and words for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugin import commands
from plugin.command import Command


def test_every_file_is_a_command_and_every_command_is_listed() -> None:
    files = {path.stem for path in Path(commands.__file__).parent.glob("*.py")} - {"__init__"}
    assert {command.name for command in commands.COMMANDS} == files


def test_every_command_has_its_line_in_the_page_about_them() -> None:
    page = (Path(__file__).parents[2] / "docs" / "kubectl.md").read_text()
    listed = [
        name for row in re.findall(r"^\| (`[a-z`, ]+) \|", page, re.MULTILINE) for name in re.findall(r"\w+", row)
    ]
    assert listed == [command.name for command in commands.COMMANDS]


@pytest.mark.parametrize("command", commands.COMMANDS, ids=lambda command: command.name)
def test_every_command_says_what_it_does(command: Command) -> None:
    assert (command.run.__doc__ or "").strip().partition("\n")[0].endswith((".", ":"))
