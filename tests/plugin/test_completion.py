"""What the Tab key brings."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from typer.completion import completion_init  # type: ignore[attr-defined]
from typer.testing import CliRunner

from playground.binaries import Binaries
from plugin import completion
from plugin.__main__ import app
from provisioning.resources import CLUSTER_REQUESTS
from tests.builders import CLUSTER, REQUEST, tweak
from tests.plugin.terminal import at_a_terminal


async def completed(*words: str, kubeconfig: Path = Path("nowhere")) -> list[str]:
    """What may follow; the last word is being typed."""
    completion_init()
    env = {**completion.asked(list(words)), "KUBECONFIG": str(kubeconfig)}
    done = await asyncio.to_thread(CliRunner().invoke, app, [], env=env, prog_name=completion.PROGRAM)
    assert done.exit_code == 0, done.stderr
    return done.stdout.split()


async def test_commands_and_flags_are_completed() -> None:
    assert await completed("s") == ["show", "status", "scale"]
    assert await completed("scale", "web", "--re") == ["--replicas", "--reason"]
    assert await completed("list", "-o", "n") == ["name"]


async def test_names_of_clusters_are_those_of_the_namespace_that_is_meant(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, CLUSTER, tweak(CLUSTER, "metadata.name", "build-7")) as ann:
        assert await completed("scale", "", kubeconfig=ann.kubeconfig) == ["build-7", "web"]
        assert await completed("show", "b", kubeconfig=ann.kubeconfig) == ["build-7"]
        assert await completed("show", "--namespace=elsewhere", "", kubeconfig=ann.kubeconfig) == []


async def test_what_goes_with_a_cluster_is_completed_by_what_there_is(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.put(CLUSTER_REQUESTS, REQUEST)
        decided = tweak(REQUEST, "metadata.name", "cr-decided")
        ann.server.put(CLUSTER_REQUESTS, decided, status={"phase": "Denied"})
        config = ann.kubeconfig
        assert await completed("resize", "web", "--pool", "", kubeconfig=config) == ["md0"]
        assert await completed("resize", "web", "--flavor", "l", kubeconfig=config) == ["large"]
        assert await completed("addons", "web", "--add", "ce", kubeconfig=config) == ["cert-manager"]
        assert await completed("approve", "", kubeconfig=config) == ["cr-abcdefghij"]
        assert await completed("withdraw", "cr", kubeconfig=config) == ["cr-abcdefghij"]


async def test_without_an_answer_there_is_nothing_and_no_error(tmp_path: Path) -> None:
    assert await completed("scale", "", kubeconfig=tmp_path / "none") == []
    async with at_a_terminal(tmp_path) as ann:
        ann.server.fail(403)
        assert await completed("scale", "", kubeconfig=ann.kubeconfig) == []


@pytest.mark.real
async def test_kubectl_asks_the_program_beside_the_plugin(control_plane_binaries: Binaries) -> None:
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        control_plane_binaries["kubectl"],
        "__complete",
        "clusterdesk",
        "hib",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PATH": search},
    )
    out, _ = await process.communicate()
    assert out.decode().splitlines()[0] == "hibernate"
