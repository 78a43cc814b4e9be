"""Every command in the pages exists, with the flags it is given."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess

import pytest
import typer.main

from bot.commands import COMMANDS
from playground.__main__ import app
from playground.binaries import Binaries
from plugin.__main__ import app as plugin
from tests.docs.pages import ROOT, pages

OTHERS = {"docker", "export", "curl"}
"""Programs that pages name and that are not ours to check."""
PLUGIN = "clusterdesk"
"""What kubectl hands to a program of ours."""
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_ASSIGNMENT = re.compile(r"\w+=")
_WITH_VALUE = {"-n", "--namespace", "--kubeconfig"}


def lines() -> list[list[str]]:
    """Command lines as words, up to the first pipe, comment or here-document."""
    found = []
    for page in pages():
        for command in page.commands():
            words = shlex.split(re.split(r" \| | <<|\s+#", command)[0])
            if words and not _ASSIGNMENT.match(words[0]):
                found.append(words)
    return found


def verbs(program: str) -> set[str]:
    """What the program is told to do: its first word that is no flag and no flag's value."""
    found = set()
    for words in lines():
        if words[0] == program:
            rest = [word for before, word in itertools.pairwise(words) if before not in _WITH_VALUE]
            found.add(next(word for word in rest if not word.startswith("-")))
    return found


def test_every_command_of_our_plugin_is_one_that_it_knows_with_its_flags() -> None:
    known = typer.main.get_command(plugin).commands  # type: ignore[attr-defined]
    typed = [words[2:] for words in lines() if words[:2] == ["kubectl", PLUGIN]]
    assert typed
    for name, *rest in typed:
        takes = {option for parameter in known[name].params for option in parameter.opts}
        assert {flag for word in rest for flag in _FLAG.findall(word)} - takes == set()


def test_every_program_is_one_that_people_have_by_then() -> None:
    programs = {words[0] for words in lines()}
    ours = {name for name in programs if name.startswith(".venv/bin/")}
    assert programs - ours - OTHERS <= {"make", "kubectl", "helm"}


def test_every_make_target_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = verbs("make") | {
        code.split()[1] for page in pages() for code in page.codes() if code.startswith("make ") and len(code) > 5
    }
    assert named - targets == set()


def test_every_flag_of_the_playground_is_one_it_takes() -> None:
    up = typer.main.get_command(app).commands["up"]  # type: ignore[attr-defined]
    takes = {option for parameter in up.params for option in (*parameter.opts, *parameter.secondary_opts)}
    (start,) = (page for page in pages() if page.path.name == "start.md")
    named = {flag for code in start.codes() if code.startswith("--") for flag in _FLAG.findall(code)}
    assert named
    assert named - takes == set()
    arguments = re.findall(r'make playground ARGS="?(--[^"`\s]+)', "\n".join(page.text for page in pages()))
    assert set(arguments) - takes == set()


def test_every_slack_command_is_one_that_the_bot_knows() -> None:
    typed = {word for page in pages() for word in re.findall(r"/cluster ([a-z]+)", "\n".join(page.codes()))}
    assert typed
    assert typed - {command.name for command in COMMANDS} == set()


@pytest.mark.real
@pytest.mark.parametrize("program", ["kubectl", "helm"])
def test_every_verb_is_one_that_the_program_knows(program: str, control_plane_binaries: Binaries) -> None:
    for verb in sorted(verbs(program) - {PLUGIN}):
        done = subprocess.run(
            [str(control_plane_binaries[program]), verb, "--help"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, f"{program} {verb}: {done.stderr}"
        assert re.search(rf"^\s+{program} {verb}\b", done.stdout, re.MULTILINE), f"{program} does not know {verb}"
