"""The shape that hosted components share: a Deployment beside the control plane, with an account that may little.

They run in the tenant's namespace of the MANAGEMENT cluster and reach into the tenant with its kubeconfig, so that no
credential of the management cluster ever enters a tenant. There is no container that waits for that kubeconfig: its
Secret is a volume that must be there, and the kubelet itself holds the Pod back until it is. That needs no image, no
script and no time limit, and a Pod that waits so does not count as crashing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provisioning import names, resources
from provisioning.addons.target import Target
from provisioning.manifest import Manifest
from provisioning.manifests.marks import NAME_LABEL, Owner

KUBECONFIG: Final = "/etc/kubernetes/tenant/kubeconfig"
"""Where a container finds the tenant's kubeconfig."""
KUBECONFIG_VOLUME: Final = "tenant-kubeconfig"
NOBODY: Final = 65532
"""The user that images without a distribution call `nonroot`."""


@dataclass(frozen=True)
class Rule:
    """One rule of an account's Role, always in the tenant's own namespace."""

    group: str
    kinds: tuple[str, ...]
    verbs: tuple[str, ...]


@dataclass(frozen=True)
class Component:
    """What distinguishes one hosted component from another."""

    name: str
    rules: tuple[Rule, ...]
    containers: tuple[Manifest, ...]
    files: Mapping[str, str]
    """A ConfigMap's content, mounted at `/etc/config`; empty: none."""
    volumes: tuple[Manifest, ...] = ()
    rests_first: bool = False
    """Whether it stops as soon as the cluster is to sleep, and not only once the control plane has."""


READ: Final = ("get", "list", "watch")
CONFIG: Final = "/etc/config"


def name_of(cluster: str, component: str) -> str:
    return f"{cluster}-{component}"


def render(target: Target, host: Owner, component: Component) -> list[Manifest]:
    """Account, rights, configuration and Deployment, all owned by the Cluster: garbage-collected last."""
    metadata = target.metadata(name_of(target.cluster, component.name), host)
    metadata["labels"] = {**metadata["labels"], NAME_LABEL: component.name}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(component.files)}
    return [
        {**account, "automountServiceAccountToken": False},
        *_rights(metadata, component.rules),
        *([configuration] if component.files else []),
        _deployment(target, metadata, component),
    ]


def container(
    name: str, image: str, arguments: Sequence[str], *, cpu: str, memory: str, command: str = "", **more: Any
) -> Manifest:
    """A container that may do nothing to its node. `cpu` and `memory` are what it usually needs."""
    mounts = [{"name": KUBECONFIG_VOLUME, "mountPath": KUBECONFIG.rpartition("/")[0], "readOnly": True}]
    return {
        "name": name,
        "image": image,
        **({"command": [command]} if command else {}),
        "args": list(arguments),
        # Memory is bounded, processor time is not: a throttled controller is a late one.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": _twice(memory)}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **more,
        "volumeMounts": [*mounts, *more.get("volumeMounts", [])],
    }


def _twice(memory: str) -> str:
    return f"{2 * int(memory.removesuffix('Mi'))}Mi"


def _rights(metadata: Manifest, rules: Sequence[Rule]) -> list[Manifest]:
    role, group = resources.ROLES, resources.ROLES.group
    return [
        {
            "apiVersion": role.api_version,
            "kind": role.kind,
            "metadata": metadata,
            "rules": [
                {"apiGroups": [rule.group], "resources": list(rule.kinds), "verbs": list(rule.verbs)} for rule in rules
            ],
        },
        {
            "apiVersion": role.api_version,
            "kind": resources.ROLE_BINDINGS.kind,
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": role.kind, "name": metadata["name"]},
            "subjects": [
                {"kind": "ServiceAccount", "name": metadata["name"], "namespace": metadata["namespace"]},
            ],
        },
    ]


def _deployment(target: Target, metadata: Manifest, component: Component) -> Manifest:
    # A selector cannot change, so only what never will is in it.
    chosen = {names.CLUSTER_LABEL: target.cluster, NAME_LABEL: component.name}
    annotations = {f"{resources.GROUP}/config": names.content_hash(dict(component.files))} if component.files else {}
    template: Manifest = {
        "metadata": {
            "labels": {**chosen, names.TENANT_LABEL: target.tenant, names.CAPI_CLUSTER_LABEL: target.cluster},
            # A program reads its configuration when it starts; another content starts it anew.
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {
            "serviceAccountName": metadata["name"],
            "automountServiceAccountToken": True,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": NOBODY,
                "runAsGroup": NOBODY,
                "fsGroup": NOBODY,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": list(component.containers),
            "volumes": [_kubeconfig(target), *_configuration(metadata, component), *component.volumes],
        },
    }
    spec = {
        "replicas": _replicas(target, metadata["name"], component),
        # One at a time: two would both act on the same machines, volumes and load balancers for a moment.
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": chosen},
        "template": template,
    }
    kind = resources.DEPLOYMENTS
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


def _replicas(target: Target, name: str, component: Component) -> int:
    """One, or none in a cluster that is asleep: last to rest, behind the workers and the API server, and last to wake.

    A Pod that finds nobody at the other end would end, again and again.
    """
    control_plane = target.control_plane
    if control_plane is None:
        return 1
    status = control_plane.get("status") or {}
    if target.asleep:
        resting = control_plane["spec"].get("replicas") == 0 and not status.get("readyReplicas")
        return 0 if component.rests_first or resting else 1
    standing = target.standing(resources.DEPLOYMENTS, name)
    rested = standing is not None and standing["spec"].get("replicas") == 0
    return 0 if rested and not status.get("ready") else 1


def _kubeconfig(target: Target) -> Manifest:
    secret = {
        "secretName": names.kubeconfig_secret(target.cluster),
        "defaultMode": 0o440,
        "items": [{"key": "value", "path": KUBECONFIG.rpartition("/")[2]}],
    }
    return {"name": KUBECONFIG_VOLUME, "secret": secret}


def _configuration(metadata: Manifest, component: Component) -> list[Manifest]:
    return [{"name": "config", "configMap": {"name": metadata["name"]}}] if component.files else []
