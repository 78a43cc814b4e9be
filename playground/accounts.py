"""Service accounts for what runs on the playground: the same accounts, with the same names and groups, as in a real
installation, so that RBAC and admission see what they would see there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playground.controlplane import ControlPlane, token_kubeconfig_text
from playground.pki import slug, write_private
from provisioning.kube import Kube
from provisioning.manifest import Manifest

TOKEN_SECONDS = 30 * 24 * 3600
"""How long a token is good: as long as a playground may run without being started again."""


@dataclass(frozen=True)
class Account:
    """A service account by namespace and name."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        """What the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def subject(self) -> Manifest:
        """As role bindings name it."""
        return {"kind": "ServiceAccount", "namespace": self.namespace, "name": self.name}


def manifests(account: Account) -> list[Manifest]:
    """The account and its namespace."""
    metadata = {"name": account.name, "namespace": account.namespace}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": account.namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
    ]


async def kubeconfig(kube: Kube, plane: ControlPlane, account: Account) -> Path:
    """Write a kubeconfig by which a program is `account`. Raises `errors.NotFound` when there is no such account."""
    path = f"/api/v1/namespaces/{account.namespace}/serviceaccounts/{account.name}/token"
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": TOKEN_SECONDS},
    }
    answer = await kube.call("POST", path, body=request)
    token = answer["status"]["token"]
    target = plane.state / "kubeconfigs" / f"{slug(account.user)}.yaml"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(target, token_kubeconfig_text(plane.url, plane.pki, user=account.user, token=token))
    return target
