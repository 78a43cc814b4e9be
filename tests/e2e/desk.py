"""A running playground as a test sees it: what its ready file says, its objects, kubectl in it, and what is left after.

Everything runs as a person would run it: `clusterdesk-playground up` in a process of its own.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playground import identity
from playground.controlplane import kubeconfig_text
from playground.pki import Pki, write_private
from playground.record import Ready
from provisioning import names, quota, resources
from provisioning.kube import Kube
from provisioning.ledger import Ledger
from provisioning.manifest import Manifest
from provisioning.model import Tenant
from provisioning.objects import read
from provisioning.resources import Resource
from tests.bot import slack_objects

T = TypeVar("T")

START_SECONDS = 240.0
READY_SECONDS = 150.0
"""A tenant cluster takes a seventh of this on an idle machine."""
LEFT_BY_CLUSTERS = (
    resources.TENANT_CLUSTERS,
    resources.CLUSTERS,
    resources.KAMAJI_CONTROL_PLANES,
    resources.KUBEVIRT_CLUSTERS,
    resources.KUBEVIRT_MACHINE_TEMPLATES,
    resources.KUBEADM_CONFIG_TEMPLATES,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.VIRTUAL_MACHINES,
    resources.MACHINE_HEALTH_CHECKS,
    resources.HELM_RELEASES,
    resources.HELM_REPOSITORIES,
    resources.DEPLOYMENTS,
    resources.SERVICE_ACCOUNTS,
    resources.ROLES,
    resources.ROLE_BINDINGS,
    resources.CONFIG_MAPS,
    resources.SECRETS,
    resources.SERVICES,
    resources.PERSISTENT_VOLUME_CLAIMS,
    resources.DATA_VOLUMES,
    resources.TENANT_CONTROL_PLANES,
)
"""Every kind of which a cluster may leave something behind; what goes last comes first."""


@dataclass(frozen=True)
class Desk:
    """A playground that is up. `kube` may do anything in it."""

    ready: Ready
    kube: Kube
    kubectl_program: Path
    folder: Path

    async def kubectl(self, *arguments: str, kubeconfig: Path | None = None, given: str = "") -> tuple[int, str]:
        """Exit code and everything that kubectl printed."""
        process = await asyncio.create_subprocess_exec(
            self.kubectl_program,
            "--kubeconfig",
            kubeconfig or self.ready.kubeconfig,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate(given.encode())
        assert process.returncode is not None
        return process.returncode, printed.decode()

    async def tenant_kubeconfig(self, namespace: str, cluster: str) -> Path:
        """The kubeconfig that Cluster API keeps of a tenant cluster, as a file."""
        secret = await self.kube.get(resources.SECRETS, f"{cluster}-kubeconfig", namespace=namespace)
        path = self.folder / f"{cluster}.kubeconfig"
        path.write_bytes(base64.b64decode(secret["data"]["value"]))
        return path

    def kubeconfig_of(self, user: str) -> Path:
        """A kubeconfig of one of the playground's people."""
        state, path = Path(self.ready.kubeconfig).parent, self.folder / f"{user}.kubeconfig"
        write_private(path, kubeconfig_text(self.ready.api_server, Pki(state / "pki"), user=user))
        return path

    async def cluster(self, namespace: str, name: str) -> Manifest | None:
        return await self.kube.find(resources.TENANT_CLUSTERS, name, namespace=namespace)

    async def is_ready(self, namespace: str, name: str) -> bool:
        """Whether the cluster is Ready for the spec that it has now."""
        manifest = await self.cluster(namespace, name)
        status = (manifest or {}).get("status") or {}
        current = status.get("observedGeneration") == (manifest or {"metadata": {}})["metadata"].get("generation")
        return current and any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())

    async def leftovers(self, namespace: str, cluster: str, *kinds: Resource) -> list[str]:
        """Everything of these kinds that still carries the cluster's label, as `Kind/name`."""
        found = []
        for kind in kinds:
            for item in (await self.kube.list(kind, namespace=namespace)).items:
                meta = item["metadata"]
                labels = meta.get("labels") or {}
                itself = kind is resources.TENANT_CLUSTERS and meta["name"] == cluster
                if itself or cluster in (labels.get(names.CAPI_CLUSTER_LABEL), labels.get(names.CLUSTER_LABEL)):
                    found.append(f"{kind.kind}/{meta['name']}")
        return found


@contextlib.asynccontextmanager
async def up(
    folder: Path, kubectl: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Desk]:
    """Start a playground; at the end end it as Ctrl-C does, and see that nothing of it is left."""
    ready_file = folder / "ready.json"
    log = folder / "up.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "playground",
            "up",
            "--no-browser",
            f"--state-dir={folder / 'state'}",
            f"--ready-file={ready_file}",
            *arguments,
            stdout=out,
            stderr=out,
            env={**os.environ, **(environment or {})},
        )
    try:
        ready = await _until_ready(process, ready_file, log)
        async with await Kube.connect(kubeconfig=Path(ready.kubeconfig)) as kube:
            yield Desk(ready, kube, kubectl, folder)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.wait()
    left = {name: pid for name, pid in ready.pids.items() if identity.started_at(pid)}
    assert not left, f"still running after Ctrl-C: {left}"
    assert _complaints(Path(ready.logs)) == []


def _complaints(logs: Path) -> list[str]:
    """What the local Slack would not take of what the bot sent it. Another Slack has its log elsewhere."""
    log = logs / "workspace.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in lines if any(error in line for error in slack_objects.REFUSALS)]


async def _until_ready(process: asyncio.subprocess.Process, ready_file: Path, log: Path) -> Ready:
    deadline = time.monotonic() + START_SECONDS
    while not ready_file.exists():
        assert process.returncode is None, f"the playground ended by itself:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"not up within {START_SECONDS:.0f} s:\n{log.read_text()}"
        await asyncio.sleep(0.1)
    return Ready.model_validate_json(ready_file.read_text())


async def eventually(look: Callable[[], Awaitable[T]], *, seconds: float = READY_SECONDS, what: str = "") -> T:
    """What `look` returns once it is truthy; fails with what it was last after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"{what or 'that'} did not come about in {seconds:.0f} s, but: {seen!r}"
        await asyncio.sleep(0.2)
    return seen


async def nothing_left(desk: Desk, namespace: str, cluster: str, *, seconds: float = READY_SECONDS) -> None:
    """Wait until nothing that carries the cluster's label is left."""
    deadline = time.monotonic() + seconds
    while await _something_left(desk, namespace, cluster):
        if time.monotonic() > deadline:
            left = await desk.leftovers(namespace, cluster, *LEFT_BY_CLUSTERS)
            raise AssertionError(f"left after {seconds:.0f} s: {left}")
        await asyncio.sleep(0.3)


async def _something_left(desk: Desk, namespace: str, cluster: str) -> bool:
    # One is enough: as long as what goes last is there, nobody need list the rest.
    for kind in LEFT_BY_CLUSTERS:
        if await desk.leftovers(namespace, cluster, kind):
            return True
    return False


async def quota_released(desk: Desk, tenant: str, cluster: str) -> None:
    """Wait until the tenant's ledger has nothing of the cluster any more, and the Tenant says so."""

    async def released() -> bool:
        stored = await desk.kube.get(resources.TENANT_LEDGERS, tenant, namespace="clusterdesk-system")
        ledger = Ledger.loads(stored["spec"]["data"])
        charged = {key.rpartition("/")[2] for key in ledger.slots}
        if any(name == cluster or name.startswith(f"{cluster}-") for name in charged):
            return False
        published = read(Tenant, await desk.kube.get(resources.TENANTS, tenant)).it.status.quota.used
        return quota.usage(published) == quota.usage(quota.amounts(ledger.used()))

    await eventually(released, what=f"the quota of {cluster} released")
