"""How our own programs are started: as whom, with which secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from playground import services
from playground.services import Secrets, SecretsMissing, Slack


def test_local_secrets_are_made_once_and_are_their_owners_alone(tmp_path: Path) -> None:
    first = Secrets.kept_in(tmp_path)
    assert Secrets.kept_in(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "slack.json").stat().st_mode) == 0o600
    assert len({first.signing_secret, first.bot_token, first.app_token}) == 3


def test_another_slack_needs_its_secrets_in_the_environment() -> None:
    with pytest.raises(SecretsMissing, match="CLUSTERDESK_SLACK_BOT_TOKEN"):
        Secrets.given({})
    given = Secrets.given({"CLUSTERDESK_SLACK_BOT_TOKEN": "xoxb-1", "CLUSTERDESK_SLACK_APP_TOKEN": "xapp-1"})
    assert (given.bot_token, given.app_token, given.signing_secret) == ("xoxb-1", "xapp-1", "")


def test_secrets_are_never_on_a_command_line(tmp_path: Path) -> None:
    slack = Slack("http://127.0.0.1:1/api/", "http", Secrets.kept_in(tmp_path))
    for service in (
        services.workspace(slack, bot_port=1, port=2),
        services.bot(tmp_path / "kubeconfig", slack, port=1, health_port=3),
    ):
        command = " ".join(service.command)
        assert not any(secret in command for secret in slack.secrets.model_dump().values())


def test_programs_run_as_the_accounts_of_a_real_installation() -> None:
    assert {account.user for account in services.ACCOUNTS.values()} == {
        "system:serviceaccount:clusterdesk-system:clusterdesk-bot",
        "system:serviceaccount:clusterdesk-system:clusterdesk-provisioner",
        "system:serviceaccount:clusterdesk-system:clusterdesk-webhooks",
    }
