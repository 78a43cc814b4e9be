"""The same way with the bot pointed at another Slack, which reaches it over HTTP or by Socket Mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import replies
from playground import workspace
from playground.binaries import Binaries
from playground.ports import Ports
from tests.bot import slack_objects
from tests.bot.conftest import Mode
from tests.e2e import desk as desks
from tests.e2e.desk import eventually, nothing_left

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

NAMESPACE, CLUSTER = "tenant-team-a", "ci-1"
SECRETS = {
    "CLUSTERDESK_SLACK_SIGNING_SECRET": "signing-secret-of-the-test",
    "CLUSTERDESK_SLACK_BOT_TOKEN": "xoxb-of-the-test",
    "CLUSTERDESK_SLACK_APP_TOKEN": "xapp-of-the-test",
}


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_the_whole_way_with_another_slack(mode: Mode, tmp_path: Path, control_plane_binaries: Binaries) -> None:
    bot_port = Ports(tmp_path / "ports.json")["bot"]
    options = workspace.Options(
        bot_url=f"http://127.0.0.1:{bot_port}",
        signing_secret=SECRETS["CLUSTERDESK_SLACK_SIGNING_SECRET"],
        bot_token=SECRETS["CLUSTERDESK_SLACK_BOT_TOKEN"],
        app_token=SECRETS["CLUSTERDESK_SLACK_APP_TOKEN"],
        mode=mode,
    )
    async with workspace.serving(options) as slack:
        arguments = (f"--slack-api-url={slack.api_url}", f"--slack-mode={mode}", f"--bot-port={bot_port}")
        async with desks.up(tmp_path, control_plane_binaries["kubectl"], *arguments, environment=SECRETS) as desk:
            lena, omar = slack.person("U0LENA"), slack.person("U0OMAR")
            await lena.command("/cluster create", at="#team-a-approvals")
            await lena.waits_until(lambda: lena.has_modal)
            await lena.modal.fill({replies.TENANT: NAMESPACE})
            await lena.modal.fill({replies.NAME: CLUSTER, replies.NODES: "1", replies.REASON: "CI"})
            await lena.modal.submit()
            await lena.waits_until(lambda: replies.RECEIPT_TITLE in lena.transcript() or not lena.modal.errors)
            await omar.waits_until(lambda: bool(omar.cards(CLUSTER, at="#team-a-approvals")))
            await omar.card(CLUSTER, at="#team-a-approvals").click(replies.APPROVE)
            await eventually(lambda: desk.is_ready(NAMESPACE, CLUSTER), what="Ready")
            mine = lena.card(CLUSTER, at="dm")
            await lena.waits_until(lambda: "is ready" in mine.text)

            await lena.command(f"/cluster delete {CLUSTER}", at="dm")
            await lena.waits_until(lambda: lena.has_modal)
            await lena.modal.fill({replies.CONFIRM: CLUSTER})
            await lena.modal.submit()
            await omar.waits_until(lambda: replies.APPROVE in omar.card(CLUSTER, at="#team-a-approvals").buttons)
            await omar.card(CLUSTER, at="#team-a-approvals").click(replies.APPROVE)
            await nothing_left(desk, NAMESPACE, CLUSTER)
    assert slack_objects.complaints(slack) == []
