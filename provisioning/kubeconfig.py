"""A kubeconfig for a person, made from their ClusterAccess. Pure.

A ClusterAccess has no key in it: nobody but the person has that. So whoever makes the kubeconfig says where the key is,
in a file that kubectl looks for beside the kubeconfig, or on the person's own machine in it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import yaml

from provisioning.errors import ClusterdeskError
from provisioning.model import ClusterAccess
from provisioning.objects import Stored


class NotIssued(ClusterdeskError):
    """There is no certificate yet."""


def render(access: Stored[ClusterAccess], *, key_file: str = "", name: str = "") -> str:
    """YAML. The key is looked for in `key_file`, by default `<name of the access>.key`; `name` as for `content`.

    ASCII, without a character that a terminal would obey. Raises `NotIssued`.
    """
    key = {"client-key": key_file or f"{access.meta.name}.key"}
    return yaml.safe_dump(content(access, key, name=name), sort_keys=False)


def called(access: Stored[ClusterAccess]) -> str:
    """What it is called among a person's other clusters: nobody else's name, and the next one takes its place."""
    return f"clusterdesk/{access.meta.namespace}/{access.it.spec.cluster}"


def content(access: Stored[ClusterAccess], key: Mapping[str, str], *, name: str = "") -> dict[str, Any]:
    """What stands in it. `key` is the field that says where the key is; `name` what cluster, user and context are
    called, by default as they are called here. Raises `NotIssued`.
    """
    spec, status = access.it.spec, access.it.status
    if not status.certificate:
        raise NotIssued(f"the certificate of {access.meta.name} is not there yet")
    cluster, user = name or spec.cluster, name or spec.user
    way = {"server": status.server, "certificate-authority-data": encoded(status.authority)}
    credentials = {"client-certificate-data": encoded(status.certificate), **key}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": way}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
        "current-context": cluster,
    }


def encoded(pem: str) -> str:
    """As a kubeconfig holds what is in the field itself and not in a file."""
    return base64.b64encode(pem.encode()).decode()
