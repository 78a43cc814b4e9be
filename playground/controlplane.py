"""A real management control plane on loopback: etcd, kube-apiserver, kube-controller-manager, and ways in.

Everything it needs to come back with the same objects, keys and addresses is in its state folder. Which CRDs,
controllers and people live in it is none of this module's business.
"""

from __future__ import annotations

import asyncio
import base64
import signal
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from playground import pki
from playground.binaries import Binaries
from playground.pki import Pki
from playground.ports import Ports
from playground.processes import Child, Processes, answers

SERVICES = "10.96.0.0/16"
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "clusterrole-aggregation-controller",
    "validatingadmissionpolicy-status-controller",
)
"""Enough for namespaces, owner references and tokens to behave; there are no nodes to run anything on."""

ADMIN = ("kubernetes-admin", ("system:masters",))


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane. `kubeconfig` is an administrator's."""

    state: Path
    url: str
    etcd_url: str
    pki: Pki
    binaries: Binaries

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def bundle(self) -> str:
        """The certificate authority, as PEM."""
        return self.pki.bundle.read_text()

    def kubeconfig_for(self, user: str, groups: Sequence[str] = (), *, path: Path | None = None) -> Path:
        """A kubeconfig by which one is `user` in `groups`, readable by its owner only. Grants no permission.

        A user or group is at most 64 characters, as certificates want it; service accounts have `accounts`.
        """
        target = path or self.state / "kubeconfigs" / f"{pki.slug(user, groups)}.yaml"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pki.write_private(target, kubeconfig_text(self.url, self.pki, user=user, groups=groups))
        return target


async def start(processes: Processes, binaries: Binaries, state: Path) -> ControlPlane:
    """Start etcd and the API server in `state` and wait until both answer; start the controllers.

    Raises `processes.ProcessEnded` or `processes.NotReady`.
    """
    plane = prepare(binaries, state)
    etcd = processes.start("etcd", etcd_command(plane), tier=0)
    # Started together: the API server waits for etcd by itself, and most of its start needs no etcd.
    apiserver = processes.start("kube-apiserver", apiserver_command(plane), tier=1, grace=3, death=signal.SIGKILL)
    await asyncio.gather(answers(etcd, f"{plane.etcd_url}/health"), ready(plane, apiserver))
    processes.start("kube-controller-manager", controllers_command(plane), tier=2, grace=2)
    return plane


def prepare(binaries: Binaries, state: Path) -> ControlPlane:
    """Give `state` its keys, its addresses (last time's if still free) and the administrator's kubeconfig."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = Ports(state / "ports.json")
    url, etcd_url = (f"{s}://127.0.0.1:{ports[n]}" for s, n in (("https", "kube-apiserver"), ("http", "etcd")))
    plane = ControlPlane(state, url, etcd_url, Pki.open(state / "pki"), binaries)
    plane.kubeconfig_for(*ADMIN, path=plane.kubeconfig)
    return plane


async def ready(plane: ControlPlane, child: Child, *, timeout: float = 90.0) -> None:
    """Wait until the API server says that it is ready. Raises as `processes.answers` does."""
    await answers(child, f"{plane.url}/readyz", tls=trusting(plane), timeout=timeout)


def trusting(plane: ControlPlane) -> ssl.SSLContext:
    """A TLS context that trusts the control plane's authority and shows the administrator's certificate."""
    return plane.pki.trusting(*ADMIN)


def etcd_command(plane: ControlPlane) -> list[str]:
    """Plain HTTP, because every tenant's API server shares it; loopback only."""
    peer_url = f"http://127.0.0.1:{Ports(plane.state / 'ports.json')['etcd-peer']}"
    return [
        str(plane.binaries["etcd"]),
        f"--data-dir={plane.state / 'etcd'}",
        f"--listen-client-urls={plane.etcd_url}",
        f"--advertise-client-urls={plane.etcd_url}",
        f"--listen-peer-urls={peer_url}",
        f"--initial-advertise-peer-urls={peer_url}",
        f"--initial-cluster=default={peer_url}",
        # A playground may lose its last seconds when the machine loses its power.
        "--unsafe-no-fsync",
        "--log-level=warn",
        "--max-request-bytes=8388608",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=30m",
    ]


def apiserver_command(plane: ControlPlane) -> list[str]:
    """RBAC, client certificates, service account tokens; every admission plugin that is on by default."""
    serving = plane.pki.server("kube-apiserver", also=("kubernetes.default.svc",))
    return [
        str(plane.binaries["kube-apiserver"]),
        f"--etcd-servers={plane.etcd_url}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={plane.url.rpartition(':')[2]}",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={plane.pki.bundle}",
        "--authorization-mode=RBAC",
        f"--service-account-issuer={plane.url}",
        f"--service-account-key-file={plane.pki.token_key}",
        f"--service-account-signing-key-file={plane.pki.token_key}",
        f"--service-cluster-ip-range={SERVICES}",
        "--allow-privileged=true",
        # There is no node to reach it from, and a loopback address may not be an endpoint.
        "--endpoint-reconciler-type=none",
        "--profiling=false",
    ]


def controllers_command(plane: ControlPlane) -> list[str]:
    return [
        str(plane.binaries["kube-controller-manager"]),
        f"--kubeconfig={plane.kubeconfig}",
        f"--authentication-kubeconfig={plane.kubeconfig}",
        f"--authorization-kubeconfig={plane.kubeconfig}",
        f"--controllers={','.join(CONTROLLERS)}",
        f"--service-account-private-key-file={plane.pki.token_key}",
        f"--root-ca-file={plane.pki.bundle}",
        "--bind-address=127.0.0.1",
        "--secure-port=0",
        "--leader-elect=false",
        "--profiling=false",
    ]


def kubeconfig_text(url: str, authority: Pki, *, user: str, groups: Sequence[str] = ()) -> bytes:
    """A kubeconfig by which one is `user` in `groups` at `url`, with a certificate that `authority` signs now."""
    pair = authority.person(user, groups)
    credentials = {
        "client-certificate-data": _encoded(pair.certificate),
        "client-key-data": _encoded(pair.key),
    }
    return _kubeconfig(url, authority, user, credentials)


def token_kubeconfig_text(url: str, authority: Pki, *, user: str, token: str) -> bytes:
    """A kubeconfig with a bearer token in place of a certificate."""
    return _kubeconfig(url, authority, user, {"token": token})


def _kubeconfig(url: str, authority: Pki, user: str, credentials: Mapping[str, str]) -> bytes:
    name = "clusterdesk-playground"
    cluster = {"server": url, "certificate-authority-data": _encoded(authority.bundle)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": user, "user": dict(credentials)}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    }
    return yaml.safe_dump(document, sort_keys=False).encode()


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
