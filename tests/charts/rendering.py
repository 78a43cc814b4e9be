"""A chart as Helm renders it: values in, manifests out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from provisioning.manifest import Manifest

CHART = Path(__file__).parents[2] / "charts" / "clusterdesk"
TENANT_CLUSTER = CHART.parent / "tenant-cluster"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
COMPONENTS = ("bot", "provisioner", "webhooks")


class Refused(Exception):
    """Helm, or the chart, did not take the values; the text is what a person would read."""


@dataclass(frozen=True)
class Helm:
    """The real Helm, of the playground's cache."""

    program: Path
    chart: Path = CHART

    def lint(self, values: Path) -> str:
        return self._run("lint", "--strict", str(self.chart), "--values", str(values))

    def render(
        self,
        values: Manifest | Path | None = None,
        *,
        release: str = "clusterdesk",
        namespace: str = "clusterdesk-system",
        served: Iterable[str] = (),
    ) -> list[Manifest]:
        """Every object, in the order in which Helm would apply them, where these are `served`. Raises `Refused`."""
        arguments = ["template", release, str(self.chart), "--namespace", namespace]
        arguments += [word for api_version in served for word in ("--api-versions", api_version)]
        if isinstance(values, Path):
            text = self._run(*arguments, "--values", str(values))
        else:
            text = self._run(*arguments, "--values", "-", stdin=json.dumps(values or {}))
        return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]

    def install(self, release: str, values: Manifest, *, kubeconfig: Path, namespace: str) -> str:
        """Install for real, without waiting for Pods: nothing runs them here. Gives the status as Helm tells it."""
        where = ("--kubeconfig", str(kubeconfig), "--namespace", namespace)
        return self._run("install", release, str(self.chart), *where, "--values", "-", stdin=json.dumps(values))

    def upgrade(self, release: str, values: Manifest, *flags: str, kubeconfig: Path, namespace: str) -> str:
        where = ("--kubeconfig", str(kubeconfig), "--namespace", namespace)
        arguments = ("upgrade", release, str(self.chart), *where, *flags, "--values", "-")
        return self._run(*arguments, stdin=json.dumps(values))

    def uninstall(self, release: str, *, kubeconfig: Path, namespace: str) -> None:
        self._run("uninstall", release, "--kubeconfig", str(kubeconfig), "--namespace", namespace)

    def _run(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [str(self.program), *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode != 0:
            raise Refused(done.stderr + done.stdout)
        return done.stdout


def kinds(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [m for m in manifests if m["kind"] == kind]


def only(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = (m for m in kinds(manifests, kind) if m["metadata"]["name"] == name)
    return found


def container(manifests: list[Manifest], component: str) -> Manifest:
    """The one container of a component's Deployment, in a release called clusterdesk."""
    pod = only(manifests, "Deployment", f"clusterdesk-{component}")["spec"]["template"]["spec"]
    (found,) = pod["containers"]
    return dict(found)


def environment(manifests: list[Manifest], component: str) -> dict[str, Any]:
    """Name -> value, or where it comes from."""
    found = container(manifests, component)["env"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in found}
