"""The program's door: settings, logs, health, and an orderly end."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import structlog
import yaml

from provisioning import health, logs, names, resources
from provisioning.audit_heads import KubeHeads, name_of
from provisioning.audit_proof import check
from provisioning.settings import Settings
from tests import builders
from tests.fakes.api_server import ApiServer
from tests.provisioning.waiting import PATIENCE, until


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """`configure` is for whole programs; put back what the tests share."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("log_as_before")
def test_logs_are_one_json_object_a_line() -> None:
    stream = io.StringIO()
    logs.configure(fmt="json", stream=stream)
    structlog.get_logger().info("cluster_is", name="web", ready=True)
    logging.getLogger("aiohttp").warning("a library speaks")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["name"], first["ready"], first["level"]) == ("cluster_is", "web", True, "info")
    assert second["event"] == "a library speaks"


@pytest.mark.usefixtures("log_as_before")
def test_a_log_line_that_is_not_wanted_is_not_written() -> None:
    stream = io.StringIO()
    logs.configure(fmt="json", level="WARNING", stream=stream)
    structlog.get_logger().info("nobody_cares")
    logging.getLogger("aiohttp").info("chatter")
    assert stream.getvalue() == ""


async def test_readiness_says_what_is_waited_for(unused_tcp_port: int) -> None:
    reason = "waiting for the first list of clusters"
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with (
        health.serving("127.0.0.1", unused_tcp_port, waits=lambda: reason),
        aiohttp.ClientSession() as session,
    ):
        async with session.get(f"{url}/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, reason)
        reason = ""
        async with session.get(f"{url}/readyz") as answer:
            assert answer.status == 200
        async with session.get(f"{url}/healthz") as answer:
            assert answer.status == 200
        async with session.get(f"{url}/metrics") as answer:
            assert "process_max_fds" in await answer.text()


def test_settings_fit_a_release_called_clusterdesk() -> None:
    settings = Settings()
    assert settings.namespace == "clusterdesk-system"
    assert settings.kubeconfig is None
    assert settings.health_port == 0


async def program(folder: Path, server: ApiServer) -> asyncio.subprocess.Process:
    """The provisioner as a process of its own."""
    config = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": server.url}}],
        "users": [{"name": "x", "user": {}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "provisioning",
        env={**os.environ, "CLUSTERDESK_KUBECONFIG": str(path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_told_to_stop_it_gives_the_lease_back_and_ends_well(tmp_path: Path) -> None:
    async with ApiServer() as server:
        process = await program(tmp_path, server)

        def holder() -> str:
            found = server.get(resources.LEASES, "clusterdesk-provisioner", "clusterdesk-system")
            return found["spec"]["holderIdentity"] if found else ""

        await until(holder)
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        assert holder() == ""
        assert json.loads(errors.splitlines()[-1])["event"] == "stopped"


async def test_what_it_found_is_in_its_audit_trail_and_proven_by_the_head_that_it_leaves(tmp_path: Path) -> None:
    async with ApiServer() as server:
        server.put(
            resources.CONFIG_MAPS,
            {"metadata": {"name": name_of("provisioner"), "namespace": "clusterdesk-system"}},
        )
        server.put(resources.CATALOGS, builders.CATALOG)
        server.put(resources.TENANTS, builders.TENANT)
        labels = {names.TENANT_LABEL: builders.TENANT["metadata"]["name"]}
        server.put(resources.NAMESPACES, {"metadata": {"name": builders.NAMESPACE, "labels": labels}})
        server.put(resources.CLUSTER_REQUESTS, builders.REQUEST)
        process = await program(tmp_path, server)
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        process.send_signal(signal.SIGTERM)
        rest, _ = await asyncio.wait_for(process.communicate(), 60)
        async with server.kube() as kube:
            heads = await KubeHeads(kube, "clusterdesk-system", "provisioner").load()
    proof = check((first + rest).decode().splitlines(), heads)
    assert (proof.flaw, proof.loose) == (None, 0)
    assert [line.content["code"] for line in proof.lines] == ["request-made"]
