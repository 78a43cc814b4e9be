"""A kubeconfig for a person, made from their ClusterAccess. Pure. There is no key in it: nobody but them has that.

It names the file in which they keep the key; kubectl looks for that beside the kubeconfig.
"""

from __future__ import annotations

import base64

import yaml

from provisioning.errors import ClusterdeskError
from provisioning.model import ClusterAccess
from provisioning.objects import Stored


class NotIssued(ClusterdeskError):
    """There is no certificate yet."""


def render(access: Stored[ClusterAccess], *, key_file: str = "") -> str:
    """YAML. The key is looked for in `key_file`, by default `<name of the access>.key`. Raises `NotIssued`."""
    spec, status, name = access.it.spec, access.it.status, access.meta.name
    if not status.certificate:
        raise NotIssued(f"the certificate of {name} is not there yet")
    cluster = {"server": status.server, "certificate-authority-data": _encoded(status.authority)}
    user = {
        "client-certificate-data": _encoded(status.certificate),
        "client-key": key_file or f"{name}.key",
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": spec.cluster, "cluster": cluster}],
        "users": [{"name": spec.user, "user": user}],
        "contexts": [{"name": spec.cluster, "context": {"cluster": spec.cluster, "user": spec.user}}],
        "current-context": spec.cluster,
    }
    return yaml.safe_dump(content, sort_keys=False)


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
