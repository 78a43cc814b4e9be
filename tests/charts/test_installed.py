"""Installed by Helm, each program does its work with the rights and the environment that the chart gives it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from certs import injection, kube
from playground import accounts
from playground.accounts import Account
from playground.controlplane import ControlPlane
from playground.ports import Ports
from playground.processes import Processes, answers
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from tests.charts.rendering import Helm, only

MODULES = {"provisioner": "provisioning", "webhooks": "webhooks"}
"""The bot needs a Slack as well; the end-to-end tests run it."""


@pytest.fixture
async def release(helm: Helm, control_plane: ControlPlane, namespace: str) -> AsyncIterator[str]:
    """A release whose objects are all called after its namespace. The CRDs are there already, for all tests."""
    helm.install(namespace, _values(namespace), kubeconfig=control_plane.kubeconfig, namespace=namespace)
    yield namespace
    helm.uninstall(namespace, kubeconfig=control_plane.kubeconfig, namespace=namespace)


@pytest.mark.parametrize("component", MODULES)
async def test_program_becomes_ready_with_the_rights_of_its_account_and_leaves_in_good_order(
    helm: Helm, admin: Kube, control_plane: ControlPlane, release: str, component: str, tmp_path: Path
) -> None:
    account = Account(release, f"{release}-{component}")
    kubeconfig = await accounts.kubeconfig(admin, control_plane, account)
    ports = Ports(tmp_path / "ports.json")
    environment = {
        **_environment(helm, release, component),
        "CLUSTERDESK_NAMESPACE": release,
        "CLUSTERDESK_HOST": "127.0.0.1",
        "CLUSTERDESK_PORT": "0",
        "CLUSTERDESK_HEALTH_PORT": str(ports["health"]),
        "CLUSTERDESK_KUBECONFIG": str(kubeconfig),
    }
    processes = Processes(tmp_path)
    try:
        child = processes.start(component, [sys.executable, "-m", MODULES[component]], environment=environment)
        await answers(child, f"http://127.0.0.1:{ports['health']}/readyz", timeout=30)
        if component == "webhooks":
            await _everybody_is_told(kubeconfig, release)
    finally:
        await processes.stop()
    assert child.popen.returncode == 0, child.last_words()
    assert "forbidden" not in child.log.read_text().lower()


async def _everybody_is_told(kubeconfig: Path, release: str) -> None:
    async with kube.connect(namespace=release, secret=f"{release}-certs", kubeconfig=kubeconfig) as store:
        bundle = (await store.read()).data
        assert bundle is not None
        ours = [target for target in await store.targets() if target.path.endswith(f"/{release}-webhooks")]
        assert len(ours) == 2
        assert all(injection.holds(target, bundle["ca.crt"]) for target in ours)


def _environment(helm: Helm, release: str, component: str) -> dict[str, str]:
    manifests = helm.render(_values(release), release=release, namespace=release)
    pod: Manifest = only(manifests, "Deployment", f"{release}-{component}")["spec"]["template"]["spec"]
    entries: list[dict[str, Any]] = pod["containers"][0]["env"]
    return {entry["name"]: entry["value"] for entry in entries if "value" in entry}


def _values(release: str) -> Manifest:
    return {"crds": {"enabled": False}, "fullnameOverride": release, "priorityAndFairness": {"enabled": False}}
