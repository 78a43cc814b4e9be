"""What the chart has from the code is what the code says today."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.rendering import CHART

CHARTS = CHART.parent
GENERATE: dict[str, Any] = runpy.run_path(str(CHARTS / "generate.py"))
CONTENTS: dict[str, str] = GENERATE["contents"]()


@pytest.mark.parametrize("path", CONTENTS)
def test_generated_file_is_up_to_date(path: str) -> None:
    assert (CHARTS / path).read_text() == CONTENTS[path], f"charts/{path} is old: run `make generate`"


def test_no_crd_is_left_of_a_kind_that_is_gone() -> None:
    there = {str(path.relative_to(CHARTS)) for path in (CHART / "files" / "crds").iterdir()}
    assert there == {path for path in CONTENTS if "/crds/" in path}


def app(mode: str) -> Any:
    return yaml.safe_load(Path(CHARTS / f"slack-app-manifest.{mode}.yaml").read_text())


def test_slack_app_by_http_names_one_address_and_by_socket_none() -> None:
    http, socket = app("http"), app("socket")
    assert http["settings"]["interactivity"]["request_url"] == http["features"]["slash_commands"][0]["url"]
    assert "url" not in str(socket)
    assert (http["settings"]["socket_mode_enabled"], socket["settings"]["socket_mode_enabled"]) == (False, True)


@pytest.mark.parametrize("mode", ["http", "socket"])
def test_slack_app_keeps_to_what_slack_takes(mode: str) -> None:
    manifest = app(mode)
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
    (slash,) = manifest["features"]["slash_commands"]
    assert slash["command"].startswith("/")
    assert len(slash["command"]) <= 32
    assert len(slash["description"]) <= 2000
    assert len(slash["usage_hint"]) <= 1000


@pytest.mark.parametrize("mode", ["http", "socket"])
def test_slack_app_reads_neither_messages_nor_files(mode: str) -> None:
    scopes = app(mode)["oauth_config"]["scopes"]["bot"]
    assert not [scope for scope in scopes if "history" in scope or "files" in scope]
