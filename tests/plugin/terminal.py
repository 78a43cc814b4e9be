"""Somebody at a terminal before a fake API server: lines typed in, and what came back."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from plugin.__main__ import app
from provisioning import approval, names
from provisioning.manifest import Manifest
from provisioning.resources import CATALOGS, CLUSTER_REQUESTS, NAMESPACES, TENANT_CLUSTERS, TENANTS
from tests.builders import CATALOG, CLUSTER, NAMESPACE, TENANT
from tests.fakes.api_server import ApiServer
from tests.fakes.objects import Kind, Refused

ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
WORD_WANTED = "to change this cluster 1 approver of tenant blue must agree"

LOOKED_INTO = {"precheck": {"checkedAt": "2026-08-03T11:40:00Z"}}
"""The status of a cluster in which nothing is in the way of an upgrade."""


@dataclass
class Rules:
    """Stands for the webhooks: what is wrong with any TenantCluster, and whether somebody has to agree to it."""

    wrong: list[tuple[str, str]] = field(default_factory=list)
    """Fields and messages."""
    approval: bool = False

    def judge(self, operation: str, kind: Kind, new: Manifest | None, old: Manifest | None, dry_run: bool) -> None:
        if kind.plural != TENANT_CLUSTERS.plural:
            return
        marks = ((new or {}).get("metadata") or {}).get("annotations") or {}
        preview = dry_run and marks.get(names.PREVIEW_ANNOTATION) == "true"
        word = [(approval.FIELD, WORD_WANTED)] if self.approval and not preview else []
        causes = [{"field": field, "message": message} for field, message in (*self.wrong, *word)]
        if causes:
            raise Refused(403, "Forbidden", "the webhook denied the request", causes=causes)


@dataclass
class Terminal:
    """`server` is what is on the other side, `rules` what it says to changes."""

    server: ApiServer
    kubeconfig: Path
    rules: Rules

    async def type(self, line: str, *, given: str = "") -> tuple[int, str, str]:
        """Exit code, output and errors of `kubectl clusterdesk <line>`."""
        arguments = [*shlex.split(line), f"--kubeconfig={self.kubeconfig}"]
        # The program has a loop of its own, as it has in a process of its own.
        done = await asyncio.to_thread(CliRunner().invoke, app, arguments, input=given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    def cluster(self, name: str = "web") -> Manifest | None:
        return self.server.get(TENANT_CLUSTERS, name, NAMESPACE)

    @property
    def requests(self) -> list[Manifest]:
        return self.server.all(CLUSTER_REQUESTS, NAMESPACE)

    def written(self) -> list[str]:
        """Paths of what was not merely tried."""
        return [path for method, path in self.server.requests if method not in ("GET",) and "dryRun" not in path]


@asynccontextmanager
async def at_a_terminal(folder: Path, *clusters: Manifest) -> AsyncIterator[Terminal]:
    """Ann of the tenant blue, in its namespace, with these clusters in it. Somebody has looked into each."""
    async with ApiServer() as server:
        rules = Rules()
        server.put(NAMESPACES, {"metadata": {"name": NAMESPACE, "labels": {names.TENANT_LABEL: "blue"}}})
        server.put(CATALOGS, CATALOG)
        server.put(TENANTS, TENANT)
        for cluster in clusters or (CLUSTER,):
            server.put(TENANT_CLUSTERS, cluster, status=LOOKED_INTO | (cluster.get("status") or {}))
        server.texts[ME] = json.dumps({"status": {"userInfo": {"username": "ann", "groups": []}}})
        server.objects.admission.append(rules.judge)
        yield Terminal(server, _kubeconfig(folder, server.url), rules)


def _kubeconfig(folder: Path, url: str) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(content))
    return path
