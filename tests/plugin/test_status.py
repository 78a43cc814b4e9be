"""`kubectl clusterdesk status`: how far a cluster is, on a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from plugin import tables
from provisioning import connection, resources
from provisioning.kube import Kube
from provisioning.model import TenantCluster
from provisioning.objects import Stored, parse_time, read
from tests import builders
from tests.builders import tweak
from tests.plugin.running import run

BEGAN = "2026-08-03T09:00:00Z"
NOW = parse_time(BEGAN) + timedelta(seconds=95)


def cluster(*steps: dict[str, Any], ready: bool = False, **status: Any) -> Stored[TenantCluster]:
    condition = {
        "type": "Ready",
        "status": "True" if ready else "False",
        "reason": "Ready" if ready else "WorkersRunning",
        "message": "",
        "lastTransitionTime": BEGAN,
        "observedGeneration": 1,
    }
    return read(TenantCluster, {**builders.CLUSTER, "status": {"conditions": [condition], "steps": steps, **status}})


def drawn(shown: Stored[TenantCluster]) -> list[str]:
    console = Console(width=120, force_terminal=False)
    with console.capture() as captured:
        console.print(tables.status(shown, now=NOW))
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_each_step_has_its_time_and_what_is_in_the_way_has_its_remedy() -> None:
    done = {"name": "Control plane", "state": "Done", "startedAt": BEGAN, "endedAt": "2026-08-03T09:00:12Z"}
    stuck = {
        "name": "Workers",
        "state": "Failed",
        "startedAt": "2026-08-03T09:00:12Z",
        "message": "a worker finds [no] room",
        "hint": "make room",
    }
    shown = cluster(done, stuck, {"name": "Add-ons", "state": "Waiting"}, nodes={"ready": 1, "wanted": 2})
    assert drawn(shown) == [
        "web is being set up · 1 of 2 workers",
        "✔ Control plane 12 s",
        "✖ Workers 1 min 23 s a worker finds [no] room",
        "○ Add-ons",
        "✖ Workers: make room",
    ]


def test_what_a_deletion_has_left_is_listed() -> None:
    assert drawn(cluster(residue=["Service a1 was asked to go"]))[-1] == "! Service a1 was asked to go"


def test_ready_for_an_earlier_spec_is_not_ready() -> None:
    shown = cluster(ready=True)
    assert tables.is_ready(shown)
    assert not tables.is_ready(replace(shown, meta=replace(shown.meta, generation=2)))


def test_the_namespace_is_the_contexts_when_nobody_says(tmp_path: Path) -> None:
    config = tmp_path / "config"
    contexts = "".join(
        f"- {{name: {name}, context: {{cluster: c, user: u{more}}}}}\n"
        for name, more in (("here", ", namespace: tenant-team-c"), ("there", ""))
    )
    rest = "clusters: [{name: c, cluster: {server: https://c}}]\nusers: [{name: u, user: {}}]\n"
    config.write_text(f"apiVersion: v1\nkind: Config\ncurrent-context: here\n{rest}contexts:\n{contexts}")
    assert connection.namespace_of(config) == "tenant-team-c"
    assert connection.namespace_of(config, "there") == "default"


@pytest.mark.real
async def test_by_kubectl_the_exit_code_says_whether_it_is_ready(
    kubectl: tuple[Path, Path], admin: Kube, namespace: str
) -> None:
    code, _, err = await run(kubectl, "status", "web", "-n", namespace)
    assert (code, err.strip()) == (1, f"there is no TenantCluster web in {namespace}")
    wanted = tweak(builders.CLUSTER, "metadata", {"name": "web", "namespace": namespace})
    made = await admin.create(resources.TENANT_CLUSTERS, wanted)
    code, out, _ = await run(kubectl, "status", "web", "-n", namespace)
    assert code == 1
    assert "web is being set up · 0 of 0 workers" in out
    condition = {"type": "Ready", "status": "True", "reason": "Ready", "message": "", "lastTransitionTime": BEGAN}
    status = {"conditions": [{**condition, "observedGeneration": 1}], "version": "v1.35.1"}
    await admin.replace(resources.TENANT_CLUSTERS, {**made, "status": status}, subresource="status")
    code, out, _ = await run(kubectl, "status", "web", "-n", namespace, "--watch")
    assert code == 0
    assert "web is ready · v1.35.1" in out
