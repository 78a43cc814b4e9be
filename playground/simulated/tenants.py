"""The tenants' API servers: real kube-apiservers on the management cluster's etcd, each with its own prefix and CA.

This is what Kamaji does for a tenant, without Pods. Certificates are kept in the state folder and in the tenant's
`<cluster>-ca` Secret, so a tenant outlives a restart of the playground.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from playground import controlplane, pki, ports
from playground.pki import Pki
from playground.ports import Ports
from playground.processes import Processes, answers
from playground.simulated import aggregation
from provisioning import errors, resources
from provisioning.kube import Kube

SHARED = "shared"
"""The one server of all tenants when they may not have their own."""
START_SECONDS = 60.0


@dataclass(frozen=True)
class TenantServer:
    """A tenant's running API server. `kubeconfig` is an administrator's, as text."""

    port: int
    authority: Pki
    kubeconfig: str


@dataclass
class Tenants:
    """Starts and stops tenants' API servers by the uid of their KamajiControlPlane."""

    processes: Processes
    kube_apiserver: Path
    etcd_url: str
    state: Path
    own_servers: bool = True
    arguments: tuple[str, ...] = ()
    """Further ones of each server."""
    _running: dict[str, TenantServer] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _clients: dict[str, Kube] = field(default_factory=dict)
    _retired: list[Kube] = field(default_factory=list)
    """Connections to servers that are gone; closed at the end."""

    def running(self, uid: str) -> TenantServer | None:
        server = self._running.get(self._key(uid))
        child = self.processes.children.get(_process(self._key(uid)))
        return server if child is not None and child.running else None

    async def ensure(
        self, uid: str, *, services: str, names: tuple[str, ...], known_ca: dict[str, str], port: int = 0
    ) -> TenantServer:
        """Start the server if it does not run, and wait until it is ready.

        `services` is the Service range, `names` the DNS names it answers to; `known_ca` (the data of the tenant's
        `<cluster>-ca` Secret) and `port` are what it had before, if it was there before.
        Raises `Unavailable` when it does not come up.
        """
        key = self._key(uid)
        async with self._locks.setdefault(key, asyncio.Lock()):
            if server := self.running(uid):
                return server
            folder = self.state / "tenants" / key
            _restore(folder, known_ca)
            authority = Pki.open(folder)
            if not port or not ports.take(port):
                port = Ports(self.state / "tenant-ports.json")[key]
            url = f"https://127.0.0.1:{port}"
            command = self._command(key, authority, port, services=services, names=names)
            # SIGTERM makes an API server wait for its watchers, tens of seconds long.
            child = self.processes.start(_process(key), command, tier=1, grace=0.1, death=signal.SIGKILL)
            context = authority.trusting(*controlplane.ADMIN)
            await answers(child, f"{url}/readyz", tls=context, timeout=START_SECONDS)
            kubeconfig = controlplane.kubeconfig_text(
                url, authority, user="kubernetes-super-admin", groups=("system:masters",)
            ).decode()
            self._running[key] = TenantServer(port, authority, kubeconfig)
            if (client := await self.client(uid)) is not None:
                await aggregation.fill(client)
            return self._running[key]

    async def client(self, uid: str) -> Kube | None:
        """An administrator's connection to a running tenant."""
        server = self.running(uid)
        if server is None:
            return None
        if uid not in self._clients:
            path = server.authority.folder / "admin.kubeconfig"
            pki.write_private(path, server.kubeconfig.encode())
            self._clients[uid] = await Kube.connect(kubeconfig=path)
        return self._clients[uid]

    async def answers(self, uid: str) -> bool:
        """Whether the tenant's API server answers now."""
        client = await self.client(uid)
        if client is None:
            return False
        try:
            await client.list(resources.NAMESPACES)
        except errors.KubeError:
            return False
        return True

    def freeze(self, uid: str, *, frozen: bool) -> None:
        """Make the server hang, or go on."""
        child = self.processes.children.get(_process(self._key(uid)))
        if child is not None and child.running:
            os.kill(child.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    async def stop(self, uid: str) -> None:
        """Stop the server and keep what it stored; `ensure` starts it again. A shared server stays."""
        if not self.own_servers:
            return
        self._running.pop(uid, None)
        # Another played controller may be asking by it this very moment: it is not closed under its hands.
        if (client := self._clients.pop(uid, None)) is not None:
            self._retired.append(client)
        child = self.processes.children.get(_process(uid))
        if child is not None:
            child.popen.kill()
            await self.processes.stop(child.name)

    async def remove(self, uid: str) -> None:
        """Stop the server and delete what it stored. A shared server stays."""
        await self.stop(uid)
        if not self.own_servers:
            return
        await self._forget(uid)
        shutil.rmtree(self.state / "tenants" / uid, ignore_errors=True)

    async def close(self) -> None:
        for client in (*self._clients.values(), *self._retired):
            await client.close()
        self._clients.clear()
        self._retired.clear()

    def _key(self, uid: str) -> str:
        return uid if self.own_servers else SHARED

    def _command(self, key: str, authority: Pki, port: int, *, services: str, names: tuple[str, ...]) -> list[str]:
        serving = authority.server("kube-apiserver", also=names)
        return [
            str(self.kube_apiserver),
            f"--etcd-servers={self.etcd_url}",
            f"--etcd-prefix={_prefix(key)}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={authority.bundle}",
            "--authorization-mode=Node,RBAC",
            "--enable-bootstrap-token-auth=true",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={authority.token_key}",
            f"--service-account-signing-key-file={authority.token_key}",
            f"--service-cluster-ip-range={services}",
            "--allow-privileged=true",
            "--disable-admission-plugins=ServiceAccount",
            "--endpoint-reconciler-type=none",
            "--profiling=false",
            *self.arguments,
        ]

    async def _forget(self, key: str) -> None:
        start = _prefix(key) + "/"
        body = {
            "key": base64.b64encode(start.encode()).decode(),
            "range_end": base64.b64encode(start[:-1].encode() + b"0").decode(),  # "0" follows "/"
        }
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(f"{self.etcd_url}/v3/kv/deleterange", data=json.dumps(body)) as answer,
            ):
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise errors.Unavailable(f"etcd did not forget the tenant: {error}") from error


def _prefix(key: str) -> str:
    return f"/tenant/{key}"


def _process(key: str) -> str:
    return f"tenant-{key}"


def _restore(folder: Path, known_ca: dict[str, str]) -> None:
    """Write the tenant's authority back from its Secret when the folder was lost."""
    if (folder / "ca.crt").exists() or not known_ca:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pki.write_private(folder / "ca.key", base64.b64decode(known_ca["tls.key"]))
    pki.write_token_key(folder)
    pki.write_private(folder / "ca.crt", base64.b64decode(known_ca["tls.crt"]))
