"""The file with people and channels, the command line, and the small rules of a form."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from playground import workspace
from playground.workspace import inputs, installation, people
from playground.workspace.rates import Budgets
from tests.playground.workspace import payloads_for_tests as made
from tests.playground.workspace import tiny_bot


def test_default_people_have_the_roles_the_sample_tenants_name() -> None:
    directory = people.load()
    roles = {p.id: p.role for p in directory.people}
    assert roles["U0LENA"] == "requester"
    assert (roles["U0OMAR"], roles["U0EVA"]) == ("approver", "approver")
    assert roles["U0PAT"] == "platform admin"
    assert {c.id for c in directory.channels} == {"C0TEAMA", "C0TEAMB", "C0TEAMC", "C0PLATFORM"}
    assert next(p for p in directory.people if p.id == "U0GUEST").is_restricted


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("people: [", "people.yaml"),
        ("people: []", "at least 1"),
        ("people: [{id: U1, name: a, real_name: A, colour: red}]", "colour"),
        ("people: [{id: U1, name: a, real_name: A, tz: Moon/Base}]", "no such time zone"),
        ("people: [{id: U1, name: a, real_name: A}, {id: U1, name: b, real_name: B}]", "used twice: U1"),
        (
            "people: [{id: U1, name: a, real_name: A}]\nchannels: [{id: C1, name: c, members: [U2]}]",
            "not among the people: U2",
        ),
    ],
)  # fmt: skip
def test_bad_directory_is_refused_with_its_reason(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(text)
    with pytest.raises(workspace.BadDirectory, match=part):
        people.load(path)


MANIFEST = {
    "features": {
        "slash_commands": [{"command": "/desk", "description": "d", "usage_hint": "u", "should_escape": False}],
        "shortcuts": [
            {"type": "global", "callback_id": "new-cluster", "name": "New cluster"},
            {"type": "message", "callback_id": "later", "name": "Later"},
        ],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
    "settings": {"event_subscriptions": {"bot_events": ["user_change"]}},
}


def test_app_is_installed_as_its_manifest_says() -> None:
    installed = installation.install(people.load(), MANIFEST)
    assert [c.command for c in installed.directory.commands] == ["/desk"]
    assert [s.callback_id for s in installed.directory.shortcuts] == ["new-cluster"]
    assert installed.directory.events == ("user_change",)
    assert installed.scopes == {"commands", "chat:write"}
    assert installed.directory.people == people.load().people


@pytest.mark.parametrize("manifest", [{}, {"features": None, "settings": {}}, {**MANIFEST, "oauth_config": {}}])
def test_manifest_that_is_none_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(workspace.BadManifest):
        installation.install(people.load(), manifest)


def test_manifest_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(workspace.BadManifest):
        installation.load(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("[]")
    with pytest.raises(workspace.BadManifest):
        installation.load(tmp_path / "list.yaml")


async def test_app_without_a_home_has_no_home_to_open_or_to_put() -> None:
    directory = installation.install(people.load(), MANIFEST).directory
    async with workspace.serving(tiny_bot.options(directory=directory)) as slack:
        lena = slack.person("U0LENA")
        assert not lena.screen.has_home
        with pytest.raises(workspace.NotVisible, match="no Home tab"):
            await lena.open_home()
        with pytest.raises(SlackApiError, match="not_enabled"):
            await tiny_bot.client(slack).views_publish(user_id="U0LENA", view=made.home())


def test_app_with_a_home_tab_in_its_manifest_has_a_home() -> None:
    manifest = {**MANIFEST, "features": {"app_home": {"home_tab_enabled": True}}}
    assert installation.install(people.load(), manifest).directory.home_tab


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"socket_mode_enabled": True}, True),
        ({"interactivity": {"message_menu_options_url": "https://desk.example"}}, True),
        ({"interactivity": {"request_url": "https://desk.example"}}, False),
    ],
)
def test_app_is_asked_for_options_only_where_its_manifest_says_how(settings: dict[str, Any], asked: bool) -> None:
    assert installation.install(people.load(), {**MANIFEST, "settings": settings}).directory.menus is asked


def test_missing_directory_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(workspace.BadDirectory, match=r"none\.yaml"):
        people.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("element", "text", "complaint"),
    [
        ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3"),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", "no more than 3"),
        ({"type": "number_input", "is_decimal_allowed": False}, "x", "a number"),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "whole number"),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": "2"}, "1.5", "at least 2"),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "1"}, "1.5", "at most 1"),
        ({"type": "email_text_input"}, "nobody", "email"),
        ({"type": "url_text_input"}, "ftp", "URL"),
        ({"type": "plain_text_input"}, "  ", "required"),
    ],
)
def test_client_complains_before_it_sends(element: dict[str, Any], text: str, complaint: str) -> None:
    found = inputs.complaints([made.field("f", "F", element)], {"f|f": (text,)})
    assert complaint in found["f"]


def test_client_has_no_complaint_about_good_input() -> None:
    blocks = [
        made.field("f", "F", {"type": "number_input", "is_decimal_allowed": True}),
        made.field("g", "G", {"type": "email_text_input"}, optional=True),
    ]
    assert inputs.complaints(blocks, {"f|f": ("1.5",), "g|g": ()}) == {}


def test_budget_refills_with_time() -> None:
    budgets = Budgets()
    assert budgets.take("apps.connections.open", tier=1, channel="", now=0.0) == 0
    assert budgets.take("apps.connections.open", tier=1, channel="", now=0.0) == 60
    assert budgets.take("apps.connections.open", tier=1, channel="", now=30.0) == 30
    assert budgets.take("apps.connections.open", tier=1, channel="", now=60.0) == 0


async def test_driver_names_what_is_there_instead() -> None:
    async with workspace.serving(tiny_bot.options()) as slack:
        lena = slack.person("U0LENA")
        with pytest.raises(workspace.NotVisible, match="#team-a-approvals"):
            lena.go("#platform")
        with pytest.raises(workspace.NotVisible, match="no modal"):
            _ = lena.modal
        with pytest.raises(workspace.NotVisible, match="empty App Home"):
            _ = lena.home
        with pytest.raises(workspace.NotVisible, match="sees no message"):
            lena.card("nothing")
        with pytest.raises(workspace.NotVisible, match="waited"):
            await lena.waits_for("nothing", seconds=0.05)
        with pytest.raises(KeyError):
            slack.person("U0NOBODY")
        api = tiny_bot.client(slack)
        await api.chat_postMessage(channel="C0TEAMA", text="card", blocks=made.card())
        with pytest.raises(workspace.NotVisible, match="Approve"):
            await lena.card("card").click("Explode")


def test_program_serves_says_so_and_stops_when_told(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    secrets = {"CLUSTERDESK_WORKSPACE_BOT_TOKEN": "xoxb-1", "CLUSTERDESK_WORKSPACE_SIGNING_SECRET": "s"}
    command = [sys.executable, "-m", "playground.workspace", "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(
        command, env=os.environ | secrets, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as program:
        deadline = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        body = json.loads(ready.read_text())
        assert body["pid"] == program.pid
        with urllib.request.urlopen(body["workspaceUrl"], timeout=30) as answer:  # noqa: S310 - loopback
            assert b"Not Slack." in answer.read()
        program.send_signal(signal.SIGTERM)
        output, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert b"workspace_is_for_one_person_on_one_machine" in output
    assert b"xoxb-1" not in output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "a bot token is needed"),
        (["--bot-token", "x"], "signing secret"),
        (["--bot-token", "x", "--mode", "socket"], "app token"),
        (["--bot-token", "x", "--mode", "pigeon"], "mode"),
        (["--bot-token", "x", "--signing-secret", "s", "--people", "none.yaml"], "none.yaml"),
    ],
)
def test_program_refuses_bad_settings_with_a_sentence(tmp_path: Path, arguments: list[str], part: str) -> None:
    command = [sys.executable, "-m", "playground.workspace", *arguments]
    path = {"PYTHONPATH": str(Path(workspace.__file__).parents[2])}
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (1, 2)
    assert part in done.stderr
    assert "Traceback" not in done.stderr
