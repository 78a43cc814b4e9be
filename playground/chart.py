"""What the playground takes from our own chart: accounts, roles and all that admission is, exactly as a real
installation gets them. The workloads are left out, because here they are processes; so are the CRDs, which come
straight from the models.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import yaml

from playground.binaries import Binaries
from playground.errors import PlaygroundError
from provisioning.manifest import Manifest

CHART = Path(__file__).parent.parent / "charts" / "clusterdesk"
RIGHTS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ConfigMap")
"""With the objects that the chart makes for want of a right: those in which audit trails are anchored."""
ADMISSION = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
SECOND_LINE = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


class ChartBroken(PlaygroundError):
    """Helm could not render our chart; the message carries its words."""


def rendered(binaries: Binaries, *, namespace: str) -> list[Manifest]:
    """Everything the chart makes of a release called clusterdesk. Raises `ChartBroken`."""
    command = [str(binaries["helm"]), "template", "clusterdesk", str(CHART), "--namespace", namespace]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise ChartBroken(f"helm could not render {CHART}:\n{done.stderr.strip()}")
    return [document for document in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if document]


def of_kinds(manifests: Iterable[Manifest], kinds: tuple[str, ...]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def addressed(configurations: Iterable[Manifest], url: str) -> list[Manifest]:
    """Webhook configurations with an address on loopback in place of the Service.

    The caBundle is left to the webhooks themselves, which are their own authority here as there.
    """
    return [
        {**configuration, "webhooks": [_called_at(hook, url) for hook in configuration["webhooks"]]}
        for configuration in configurations
    ]


def _called_at(hook: Manifest, url: str) -> Manifest:
    return {**hook, "clientConfig": {"url": url + hook["clientConfig"]["service"].get("path", "")}}
