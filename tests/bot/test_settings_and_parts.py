"""Settings that cannot work are refused at the start; errands end; buttons carry what they should; the manifest."""

from __future__ import annotations

import asyncio

import pydantic
import pytest
import structlog
from typer.testing import CliRunner

from bot import buttons, manifest
from bot.__main__ import cli
from bot.errands import Errands
from bot.settings import Settings
from tests.bot import samples

TOKEN = {"slack_bot_token": "xoxb-1"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (TOKEN, "CLUSTERDESK_SLACK_SIGNING_SECRET"),
        (TOKEN | {"slack_mode": "socket"}, "CLUSTERDESK_SLACK_APP_TOKEN"),
        (TOKEN | {"slack_mode": "socket", "slack_app_token": "xapp-1", "slack_connections": 1}, "slack_connections"),
        (TOKEN | {"slack_signing_secret": "s", "slack_api_url": "ftp://x"}, "slack_api_url"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(given: dict[str, object], named: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=named):
        Settings.model_validate(given)


def test_the_platforms_people_are_ids_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTERDESK_PLATFORM_PEOPLE", "U0PAT, U0EVA")
    assert Settings.model_validate(TOKEN | {"slack_signing_secret": "hush"}).platform_people == {"U0PAT", "U0EVA"}

    monkeypatch.setenv("CLUSTERDESK_PLATFORM_PEOPLE", "pat@example.com")
    with pytest.raises(pydantic.ValidationError, match="platform_people"):
        Settings.model_validate(TOKEN | {"slack_signing_secret": "hush"})


def test_no_secret_is_ever_shown() -> None:
    settings = Settings.model_validate(TOKEN | {"slack_signing_secret": "hush", "slack_app_token": "xapp-1"})

    assert not {word for word in ("xoxb-1", "hush", "xapp-1") if word in repr(settings)}


def test_the_program_without_settings_says_which_one_is_missing() -> None:
    result = CliRunner().invoke(cli, env={"CLUSTERDESK_SLACK_BOT_TOKEN": ""}, args=[])

    assert result.exit_code == 2
    assert "CLUSTERDESK_SLACK_SIGNING_SECRET" in result.output


def test_the_program_prints_the_manifest() -> None:
    good = CliRunner().invoke(cli, ["manifest", "--mode", "http", "--url", "https://desk.example"])
    bad = CliRunner().invoke(cli, ["manifest", "--mode", "http"])

    assert f"https://desk.example{manifest.PATH}" in good.output
    assert bad.exit_code == 2


def test_addresses_of_people_are_asked_for_only_where_that_is_wanted() -> None:
    without = CliRunner().invoke(cli, ["manifest"])
    wanted = CliRunner().invoke(cli, ["manifest", "--email"])

    assert "users:read.email" not in without.output
    assert set(wanted.output.split()) - set(without.output.split()) == {"users:read.email"}


def test_the_manifest_of_socket_mode_names_no_address() -> None:
    made = manifest.app_manifest("socket")

    assert "request_url" not in str(made)
    assert made["settings"]["socket_mode_enabled"] is True


def test_a_button_carries_the_request_and_the_digest_of_what_was_shown() -> None:
    request = samples.request()
    value = buttons.approve(request)["value"]

    ticket = buttons.read(value)

    assert ticket is not None
    assert (ticket.id, ticket.namespace, ticket.digest) == (
        request.meta.name,
        request.meta.namespace,
        request.it.spec.digest,
    )


@pytest.mark.parametrize(
    "value",
    [None, "", "{}", "[]", "nonsense", 7, '{"namespace":"../x","id":"cr-1","digest":"sha256:0123456789abcdef"}'],
)
def test_a_value_we_never_wrote_is_no_ticket(value: object) -> None:
    assert buttons.read(value) is None


async def test_an_errand_that_breaks_is_logged_and_harms_nobody() -> None:
    async def breaks() -> None:
        raise ZeroDivisionError

    errands = Errands()
    with structlog.testing.capture_logs() as lines:
        errands.start(breaks(), name="x")
        await errands.drain()

    assert [line["event"] for line in lines] == ["errand_failed"]
    assert len(errands) == 0


async def test_a_newer_errand_takes_the_place_of_an_older_one_of_the_same_name() -> None:
    done = []

    async def note(number: int) -> None:
        await asyncio.sleep(0.01)
        done.append(number)

    errands = Errands()
    for number in range(3):
        errands.start(note(number), name="redraw V1")
    errands.start(note(9), name="redraw V2")
    await errands.drain()

    assert done == [2, 9]


async def test_draining_waits_a_while_and_then_ends_what_is_left() -> None:
    errands = Errands()
    errands.start(asyncio.sleep(60), name="slow")

    await errands.drain(seconds=0.01)

    assert len(errands) == 0
