"""The real playground by its own command: started, used with kubectl, stopped, started again on the same state."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from playground import identity
from playground.binaries import Binaries

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

START_SECONDS = 60
"""Generous, because tests share the machine; `make playground` on an idle one must take less than 20."""


class Playground:
    """`clusterdesk-playground up` as a process of its own."""

    def __init__(self, folder: Path, binaries: Binaries, *options: str) -> None:
        self.folder, self.binaries = folder, binaries
        self.ready_file = folder / "ready.json"
        self.output = (folder / "output").open("a+")
        command = [sys.executable, "-m", "playground", "up", f"--state-dir={folder / 'state'}"]
        given = [f"--ready-file={self.ready_file}", "--no-browser", "--no-tenant-apiservers", *options]
        self.process = subprocess.Popen(
            [*command, *given], stdout=self.output, stderr=self.output, start_new_session=True
        )

    def ready(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        found: dict[str, Any] = json.loads(self.ready_file.read_text())
        return found

    def kubectl(self, *arguments: str, who: str = "kubeconfig") -> str:
        kubeconfig = f"--kubeconfig={self.folder / 'state' / who}"
        command = [str(self.binaries["kubectl"]), kubeconfig, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def said(self) -> str:
        return (self.folder / "output").read_text()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def started(tmp_path: Path, control_plane_binaries: Binaries) -> Iterator[list[Playground]]:
    running: list[Playground] = []
    yield running
    for playground in running:
        playground.stop()
        playground.output.close()


def test_the_whole_playground_starts_is_used_stops_and_is_found_again(
    tmp_path: Path, control_plane_binaries: Binaries, started: list[Playground]
) -> None:
    playground = Playground(tmp_path, control_plane_binaries, "--webhook-replicas=2")
    started.append(playground)
    said = playground.ready()
    assert said["apiServer"].startswith("https://127.0.0.1:")
    assert "BEGIN CERTIFICATE" in said["caBundle"]
    assert len(said["webhookUrls"]) == 2
    assert {"etcd", "kube-apiserver", "cluster-api-core", "webhooks-1", "provisioner", "bot", "workspace"} <= set(
        said["pids"]
    )
    tenants = playground.kubectl("get", "tenants", "-o", "name").split()
    assert tenants == [f"tenant.clusterdesk.dev/team-{team}" for team in "abc"]
    for name in ("eva", "lena", "omar", "pat"):
        assert f"{name}@example.com" in playground.kubectl("auth", "whoami", who=f"people/{name}.yaml")
    playground.kubectl("create", "configmap", "kept", "-n", "tenant-team-a")

    assert playground.stop() == 0, playground.said()
    assert not any(identity.started_at(pid) for pid in said["pids"].values())
    assert not playground.ready_file.exists()

    # Slack reaches the bot another way now, and everything else is as it was.
    again = Playground(tmp_path, control_plane_binaries, "--slack-mode=socket")
    started.append(again)
    assert again.ready()["apiServer"] == said["apiServer"]
    assert again.kubectl("get", "configmap", "kept", "-n", "tenant-team-a", "-o", "name").strip() == "configmap/kept"
    assert again.stop() == 0, again.said()
