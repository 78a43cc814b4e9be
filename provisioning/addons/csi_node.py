"""The node half of KubeVirt's CSI driver, inside the tenant: it mounts what was plugged into its Node.

It holds no credential of the management cluster; the half that makes volumes runs beside the control plane
(`addons.csi_controller`). Its Pods are privileged by nature: they mount for the kubelet and see the Node's devices. So
they live in kube-system, which Pod Security leaves alone, and their account may do next to nothing.
Source: kubevirt/csi-driver, `deploy/tenant/base/deploy.yaml`.
"""

from __future__ import annotations

from typing import Any, Final

from provisioning.manifest import Manifest
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL, NAME_LABEL
from provisioning.model import CatalogSpec, HostedImages

NAME: Final = "csi-node"
DRIVER: Final = "csi.kubevirt.io"
NAMESPACE: Final = "kube-system"
OBJECT: Final = "kubevirt-csi-node"
"""The DaemonSet and its account, by upstream's name."""
HEALTH_PORT: Final = 10300
KUBELET: Final = "/var/lib/kubelet"
PLUGIN: Final = f"{KUBELET}/plugins/{DRIVER}"
_RBAC: Final = "rbac.authorization.k8s.io"


def manifests(catalog: CatalogSpec) -> list[Manifest]:
    """Everything of it, as it stands in the tenant; nothing where the Catalog has no image to register it by."""
    images = catalog.hosted
    if not images.csi_node_driver_registrar:
        return []
    # It looks up its own Node, once: which virtual machine that is, and where.
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]
    return [
        _object("v1", "ServiceAccount", NAMESPACE),
        _object(f"{_RBAC}/v1", "ClusterRole", rules=rules),
        _object(
            f"{_RBAC}/v1",
            "ClusterRoleBinding",
            roleRef={"apiGroup": _RBAC, "kind": "ClusterRole", "name": OBJECT},
            subjects=[{"kind": "ServiceAccount", "name": OBJECT, "namespace": NAMESPACE}],
        ),
        _object("storage.k8s.io/v1", "CSIDriver", name=DRIVER, spec=_driver()),
        _object("apps/v1", "DaemonSet", NAMESPACE, spec=_daemon_set(images)),
    ]


def _driver() -> Manifest:
    return {"attachRequired": True, "podInfoOnMount": True, "fsGroupPolicy": "ReadWriteOnceWithFSType"}


def _object(api_version: str, kind: str, namespace: str = "", *, name: str = OBJECT, **content: Any) -> Manifest:
    where = {"namespace": namespace} if namespace else {}
    labels = {MANAGED_BY_LABEL: MANAGED_BY, NAME_LABEL: OBJECT}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **where, "labels": labels}, **content}


def _daemon_set(images: HostedImages) -> Manifest:
    chosen = {NAME_LABEL: OBJECT}
    containers = [_driver_container(images), _registrar(images)]
    if images.csi_liveness_probe:
        containers.append(_liveness(images))
    return {
        "selector": {"matchLabels": chosen},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        "template": {
            "metadata": {"labels": chosen},
            "spec": {
                "serviceAccountName": OBJECT,
                "priorityClassName": "system-node-critical",
                # On every Node, from its first minute: one that is not initialised yet, and one that is going.
                "tolerations": [{"operator": "Exists"}],
                "nodeSelector": {"kubernetes.io/os": "linux"},
                "enableServiceLinks": False,
                "containers": containers,
                "volumes": [
                    _host_path("kubelet", KUBELET, "Directory"),
                    _host_path("plugin", PLUGIN, "DirectoryOrCreate"),
                    _host_path("registration", f"{KUBELET}/plugins_registry", "Directory"),
                    _host_path("devices", "/dev", "Directory"),
                    _host_path("udev", "/run/udev", ""),
                ],
            },
        },
    }


def _driver_container(images: HostedImages) -> Manifest:
    probe = {"httpGet": {"path": "/healthz", "port": HEALTH_PORT}, "initialDelaySeconds": 10, "timeoutSeconds": 3}
    return {
        "name": "csi-driver",
        "image": images.csi_driver,
        "args": [
            "--endpoint=unix:///csi/csi.sock",
            "--node-name=$(NODE_NAME)",
            "--run-node-service=true",
            # It defaults to true, and then this would be the controller.
            "--run-controller-service=false",
        ],
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "securityContext": {"privileged": True},
        **({"livenessProbe": {**probe, "failureThreshold": 5}} if images.csi_liveness_probe else {}),
        "resources": _resources("10m", "50Mi", "200Mi"),
        "volumeMounts": [
            {"name": "kubelet", "mountPath": KUBELET, "mountPropagation": "Bidirectional"},
            {"name": "plugin", "mountPath": "/csi"},
            {"name": "devices", "mountPath": "/dev"},
            {"name": "udev", "mountPath": "/run/udev"},
        ],
    }


def _registrar(images: HostedImages) -> Manifest:
    arguments = ["--csi-address=/csi/csi.sock", f"--kubelet-registration-path={PLUGIN}/csi.sock"]
    mounts = [{"name": "plugin", "mountPath": "/csi"}, {"name": "registration", "mountPath": "/registration"}]
    return _sidecar("csi-node-driver-registrar", images.csi_node_driver_registrar, arguments, mounts)


def _liveness(images: HostedImages) -> Manifest:
    arguments = ["--csi-address=/csi/csi.sock", "--probe-timeout=3s", f"--health-port={HEALTH_PORT}"]
    return _sidecar(
        "csi-liveness-probe", images.csi_liveness_probe, arguments, [{"name": "plugin", "mountPath": "/csi"}]
    )


def _sidecar(name: str, image: str, arguments: list[str], mounts: list[Manifest]) -> Manifest:
    return {
        "name": name,
        "image": image,
        "args": arguments,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": _resources("5m", "20Mi", "100Mi"),
        "volumeMounts": mounts,
    }


def _resources(cpu: str, memory: str, limit: str) -> Manifest:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def _host_path(name: str, path: str, type_: str) -> Manifest:
    return {"name": name, "hostPath": {"path": path, **({"type": type_} if type_ else {})}}
