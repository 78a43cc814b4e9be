"""Settings, values and messages that pages name are those that the code has."""

from __future__ import annotations

import re

import pytest
import yaml
from pydantic_settings import BaseSettings

import bot.settings
import playground.workspace.settings
import provisioning.settings
import webhooks.settings
from bot import manifest
from tests.docs.pages import ROOT, Page, pages

SETTINGS: tuple[type[BaseSettings], ...] = (
    bot.settings.Settings,
    provisioning.settings.Settings,
    webhooks.settings.Settings,
    playground.workspace.settings.Settings,
)
PACKAGES = ("bot", "certs", "playground", "plugin", "provisioning", "webhooks")
FOREIGN = (
    "no endpoints",
    "connection refused",
    "context deadline",
    "certificate signed by",
    "address already in use",
    "ValidatingAdmissionPolicy",
)
"""What others say: the API server, the operating system."""
SHORTEST = 5
"""Pieces of a message between two gaps that are shorter prove nothing."""

_PATH = re.compile(r"[a-z][A-Za-z]+(\.[a-zA-Z]+)+")


def test_every_setting_named_is_one_that_is_read() -> None:
    read = {
        f"{settings.model_config['env_prefix']}{field}".upper()
        for settings in SETTINGS
        for field in settings.model_fields
    }
    named = {name for page in pages() for name in re.findall(r"CLUSTERDESK_[A-Z_]+[A-Z]", page.text)}
    assert named
    assert named - read == set()


@pytest.mark.parametrize("name", ["install.md", "slack.md", "tenants.md", "troubleshooting.md"])
def test_every_value_named_is_one_of_the_chart(name: str) -> None:
    known = yaml.safe_load((ROOT / "charts" / "clusterdesk" / "values.yaml").read_text())
    codes = {code.partition(":")[0] for code in Page(ROOT / "docs" / name).codes()}
    named = {code for code in codes if _PATH.fullmatch(code) and code.partition(".")[0] in known}
    assert named
    assert [code for code in sorted(named) if not _has(known, code.split("."))] == []


def test_every_scope_of_the_slack_app_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z:]+)` \| (.+) \|$", Page(ROOT / "docs" / "slack.md").text, re.MULTILINE)
    assert {scope: words.replace("`", "") for scope, words in rows} == manifest.SCOPES


def test_every_message_that_troubleshooting_explains_is_one_that_people_can_see() -> None:
    said = _sources()
    table = re.findall(r"^\| (.+?) \|", Page(ROOT / "docs" / "troubleshooting.md").text, re.MULTILINE)
    messages = [code for cell in table for code in re.findall(r"`([^`]+)`", cell) if " " in code]
    ours = [message for message in messages if not message.startswith(FOREIGN)]
    assert len(ours) > 30
    pieces = {piece.strip() for message in ours for piece in message.split("…")}
    assert [piece for piece in sorted(pieces) if len(piece) >= SHORTEST and piece not in said] == []


def _has(values: object, path: list[str]) -> bool:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


def _sources() -> str:
    """All code, with texts that go on in the next line joined as Python joins them."""
    whole = "\n".join(path.read_text() for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return re.sub(r'"\s*\n\s*f?"', "", whole)
