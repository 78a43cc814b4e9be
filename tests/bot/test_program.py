"""The real program: real settings, caches, desk and Lease, against a small API server and the local Slack."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bot import manifest, replies
from playground import workspace
from playground.ports import Ports
from playground.workspace import installation, people
from provisioning import resources
from provisioning.audit_heads import KubeHeads, name_of
from provisioning.audit_proof import check
from provisioning.model.base import Model
from provisioning.objects import parse_time
from provisioning.resources import Resource
from tests.bot import leaks, samples
from tests.bot.conftest import APP, BOT, SECRET, Mode
from tests.fakes.api_server import ApiServer

HOME = "clusterdesk-system"
NAMESPACE = "tenant-team-a"


@dataclass
class Program:
    """A bot that runs as a process of its own."""

    server: ApiServer
    slack: workspace.LocalSlack
    process: asyncio.subprocess.Process
    health: int


def stored(resource: Resource, name: str, it: Model, *, namespace: str = "", **meta: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    kind = {"apiVersion": resource.api_version, "kind": resource.kind}
    return {**kind, "metadata": {"name": name, **place, **meta}, "spec": it.wire()}


@asynccontextmanager
async def program(folder: Path, mode: Mode, *, off: timedelta = timedelta()) -> AsyncIterator[Program]:
    """`off` is by how much the API server's clock is ahead of the bot's."""
    installed = installation.install(people.load(), manifest.app_manifest(mode, url="https://clusterdesk.example.com"))
    options = workspace.Options(
        signing_secret=SECRET,
        bot_token=BOT,
        app_token=APP,
        mode=mode,
        directory=installed.directory,
        scopes=installed.scopes,
    )
    async with ApiServer() as server, workspace.serving(options) as slack:
        server.objects.off = off
        server.put(resources.CATALOGS, stored(resources.CATALOGS, "default", samples.catalog()))
        server.put(resources.CONFIG_MAPS, {"metadata": {"name": name_of("bot"), "namespace": HOME}})
        server.put(resources.TENANTS, stored(resources.TENANTS, "team-a", samples.tenant().it.spec))
        ports = Ports(folder / "ports.json")
        port, health = ports["bot"], ports["health"]
        slack.point_at(f"http://127.0.0.1:{port}")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            env=environment(folder, server, slack, mode=mode, port=port, health=health),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        made = Program(server, slack, process, health)
        try:
            await ready(made)
            yield made
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def environment(
    folder: Path, server: ApiServer, slack: workspace.LocalSlack, *, mode: Mode, port: int, health: int
) -> dict[str, str]:
    kubeconfig = folder / "kubeconfig"
    cluster = {"name": "x", "cluster": {"server": server.url}}
    context = {"name": "x", "context": {"cluster": "x", "user": "x"}}
    user = {"name": "x", "user": {"token": "t"}}
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [cluster],
                "users": [user],
                "contexts": [context],
                "current-context": "x",
            }
        )
    )
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CLUSTERDESK_")},
        "CLUSTERDESK_KUBECONFIG": str(kubeconfig),
        "CLUSTERDESK_SLACK_API_URL": slack.api_url,
        "CLUSTERDESK_SLACK_MODE": mode,
        "CLUSTERDESK_SLACK_BOT_TOKEN": BOT,
        "CLUSTERDESK_SLACK_APP_TOKEN": APP,
        "CLUSTERDESK_SLACK_SIGNING_SECRET": SECRET,
        "CLUSTERDESK_PORT": str(port),
        "CLUSTERDESK_HEALTH_PORT": str(health),
        "CLUSTERDESK_LOG_FORMAT": "json",
        # The small API server asks no webhook.
        "CLUSTERDESK_CANARY_NAMESPACE": "",
    }


async def ready(made: Program) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while made.process.returncode is None:
            try:
                async with session.get(f"http://127.0.0.1:{made.health}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError("the bot ended")


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_the_program_takes_a_wish_from_slack_to_the_api_server_and_back(tmp_path: Path, mode: Mode) -> None:
    async with program(tmp_path, mode) as made:
        server, lena, omar = made.server, made.slack.person("U0LENA"), made.slack.person("U0OMAR")

        await lena.command("/cluster create")
        await lena.modal.fill({"Name": "build-7", "Workers": "2", "Reason": "builds"})
        await lena.modal.submit()
        await omar.waits_for("asks for a new cluster build-7")
        home = await omar.open_home()
        assert "asks for a new cluster build-7" in home.text
        await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")
        await lena.waits_for("is accepted and starts in a moment")
        await omar.waits_until(lambda: replies.HOME_NOTHING_WAITS in home.text)

        (request,) = server.all(resources.CLUSTER_REQUESTS)
        name = request["metadata"]["name"]
        assert request["spec"]["requester"] == {"user": "lena", "slack": "U0LENA"}
        assert request["status"]["phase"] == "Approved"
        assert [vote["voter"]["user"] for vote in request["status"]["votes"]] == ["omar"]

        applied = {**request["status"], "phase": "Applied"}
        server.patch(resources.CLUSTER_REQUESTS, name, NAMESPACE, {"status": applied}, "status")
        cluster = stored(
            resources.TENANT_CLUSTERS,
            "build-7",
            samples.spec(),
            namespace=NAMESPACE,
            annotations={"clusterdesk.dev/request": name},
        )
        server.put(resources.TENANT_CLUSTERS, cluster, status=samples.ready().wire())

        await lena.waits_for("build-7 is ready")
        await lena.waits_until(lambda: {d["surface"] for d in _deliveries(server, name)} == {"Approver", "Requester"})
        made.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await made.process.wait() == 0
        lease = server.get(resources.LEASES, "clusterdesk-bot", HOME)
        assert lease is not None
        assert lease["spec"]["holderIdentity"] == ""

        out, logged = await made.process.communicate()
        assert leaks.found(out.decode(), logged.decode()) == []
        async with server.kube() as kube:
            proof = check(out.decode().splitlines(), await KubeHeads(kube, HOME, "bot").load())
        assert (proof.flaw, proof.loose) == (None, 0)
        codes = [line.content["code"] for line in proof.lines]
        # That Omar saw his Home is told once Slack has answered, which may be after he pressed something.
        done = ["button-pressed", "command-asked", "form-submitted", "home-seen"]
        assert sorted(code for code in codes if code != "card-shown") == done
        assert "card-shown" in codes


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_what_time_it_is_the_api_server_says(tmp_path: Path, mode: Mode) -> None:
    ahead = timedelta(days=2)
    async with program(tmp_path, mode, off=ahead) as made:
        lena, omar = made.slack.person("U0LENA"), made.slack.person("U0OMAR")
        await lena.command("/cluster create build-7 small 24h")
        await lena.modal.fill({"Reason": "builds"})
        await lena.modal.submit()
        await omar.waits_for("asks for a new cluster build-7")
        await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")
        await lena.waits_for("is accepted and starts in a moment")

        (request,) = made.server.all(resources.CLUSTER_REQUESTS)
        said = [request["status"]["decidedAt"], *(vote["at"] for vote in request["status"]["votes"])]
        off = [parse_time(at) - datetime.now(UTC) - ahead for at in said]
        assert max(map(abs, off)) < timedelta(minutes=5)


def _deliveries(server: ApiServer, name: str) -> list[dict[str, Any]]:
    found = server.get(resources.CLUSTER_REQUESTS, name, NAMESPACE) or {}
    deliveries: list[dict[str, Any]] = found["status"].get("deliveries", [])
    return deliveries
