"""Cluster API's own managers on the playground's control plane, with their webhooks registered.

Without the webhooks a MachineDeployment without replicas makes a controller panic for ever, so they are part of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from playground import accounts
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.ports import Ports
from playground.processes import Processes, answers
from provisioning.kube import Kube
from provisioning.manifest import Manifest


@dataclass(frozen=True)
class Manager:
    """One of Cluster API's controllers: its program, the account it has in a real installation, its API groups,
    and what else it is told."""

    name: str
    namespace: str
    account: str
    groups: tuple[str, ...]
    flags: tuple[str, ...] = ()

    @property
    def service_account(self) -> accounts.Account:
        return accounts.Account(self.namespace, self.account)


MANAGERS = (
    Manager(
        "cluster-api-core",
        "capi-system",
        "capi-manager",
        (
            "cluster.x-k8s.io",
            "addons.cluster.x-k8s.io",
            "ipam.cluster.x-k8s.io",
            "runtime.cluster.x-k8s.io",
        ),
    ),
    Manager(
        "cluster-api-bootstrap-kubeadm",
        "capi-kubeadm-bootstrap-system",
        "capi-kubeadm-bootstrap-manager",
        ("bootstrap.cluster.x-k8s.io",),
        # It looks several times before a machine may begin, and otherwise no more than once a second: that is two
        # seconds of each machine. The core manager keeps its limit, by which it waits to hear of its own writes.
        flags=("--feature-gates=ReconcilerRateLimiting=false",),
    ),
)


def converters(plane: ControlPlane) -> dict[str, Manifest]:
    """The clientConfig of what converts a group's versions, by group."""
    return {group: client_config(plane, manager, "/convert") for manager in MANAGERS for group in manager.groups}


def webhooks(plane: ControlPlane, binaries: Binaries) -> list[Manifest]:
    """Both managers' webhook configurations, with addresses on loopback in place of Services."""
    found = []
    for manager in MANAGERS:
        text = (binaries.manifests / f"{manager.name}-webhooks.json").read_text()
        for configuration in json.loads(text):
            hooks = [
                {**hook, "clientConfig": client_config(plane, manager, hook["clientConfig"]["service"]["path"])}
                for hook in configuration["webhooks"]
            ]
            found.append({**configuration, "webhooks": hooks})
    return found


def client_config(plane: ControlPlane, manager: Manager, path: str) -> Manifest:
    port = Ports(plane.state / "ports.json").reserved(f"{manager.name}-webhook")
    bundle = base64.b64encode(plane.bundle.encode()).decode()
    return {"url": f"https://127.0.0.1:{port}{path}", "caBundle": bundle}


def permissions() -> list[Manifest]:
    """The managers' accounts, with the right to do anything: their aggregated roles are not what is tried here."""
    found = [manifest for manager in MANAGERS for manifest in accounts.manifests(manager.service_account)]
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "playground-cluster-api"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [manager.service_account.subject for manager in MANAGERS],
    }
    return [*found, binding]


async def start(
    processes: Processes, plane: ControlPlane, manager: Manager, *, kube: Kube, environ: Mapping[str, str]
) -> None:
    """Start a manager and wait until it is ready. Raises as `processes.answers` does."""
    kubeconfig = await accounts.kubeconfig(kube, plane, manager.service_account)
    ports = Ports(plane.state / "ports.json")
    health, diagnostics = ports[f"{manager.name}-health"], ports[f"{manager.name}-diagnostics"]
    serving = plane.pki.server(manager.name)
    certificates = serving.certificate.parent
    command = [
        str(plane.binaries[manager.name]),
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        f"--webhook-port={ports.reserved(f'{manager.name}-webhook')}",
        f"--webhook-cert-dir={certificates}",
        f"--webhook-cert-name={serving.certificate.name}",
        f"--webhook-key-name={serving.key.name}",
        f"--health-addr=127.0.0.1:{health}",
        f"--diagnostics-address=127.0.0.1:{diagnostics}",
        "--insecure-diagnostics",
        *manager.flags,
    ]
    environment = {
        **environ,
        "POD_NAMESPACE": manager.namespace,
        "POD_NAME": manager.name,
        "POD_UID": "00000000-0000-0000-0000-000000000000",
    }
    child = processes.start(manager.name, command, environment=environment, tier=3, grace=5)
    await answers(child, f"http://127.0.0.1:{health}/readyz")
