"""What Kubernetes' Pod Security level `restricted` asks of a Pod, as far as our Pods can break it.

Source: kubernetes.io, "Pod Security Standards", restricted. A real API server is asked as well, by another test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def violations(pod: dict[str, Any]) -> list[str]:
    """What in a Pod's spec the level would refuse."""
    return list(_pod(pod)) + [v for c in pod.get("initContainers", []) + pod["containers"] for v in _container(pod, c)]


def _pod(pod: dict[str, Any]) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield field
    for volume in pod.get("volumes", []):
        if not set(volume) - {"name"} <= ALLOWED_VOLUMES:
            yield f"volume {volume['name']}"


def _container(pod: dict[str, Any], container: dict[str, Any]) -> Iterator[str]:
    own, shared = container.get("securityContext", {}), pod.get("securityContext", {})
    checks = {
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "privileged": not own.get("privileged"),
        "capabilities": own.get("capabilities", {}).get("drop") == ["ALL"] and not own["capabilities"].get("add"),
        "runAsNonRoot": own.get("runAsNonRoot", shared.get("runAsNonRoot")) is True,
        "runAsUser": own.get("runAsUser", shared.get("runAsUser")) != 0,
        "seccompProfile": own.get("seccompProfile", shared.get("seccompProfile", {})).get("type") == "RuntimeDefault",
        "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
    }
    for name, passed in checks.items():
        if not passed:
            yield f"{container['name']}: {name}"
