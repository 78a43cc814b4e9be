"""The controller half of KubeVirt's CSI driver: a tenant's claim becomes a volume here, plugged into its machine.

The other half, on the tenant's Nodes, holds no credential of the management cluster.
Flags: kubevirt/csi-driver, `deploy/controller-infra`; rights: its `deploy/infra-cluster-service-account.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from provisioning import names
from provisioning.addons import hosted
from provisioning.addons.hosted import KUBECONFIG, Component, Rule
from provisioning.addons.target import Target
from provisioning.addons.writing import written
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec, HostedImages

NAME: Final = "csi-controller"
SOCKETS: Final = "/csi"
SOCKET: Final = f"unix://{SOCKETS}/csi.sock"
SOCKET_VOLUME: Final = "socket"
HEALTH_PORT: Final = 10301
_ALWAYS: Final = (
    Rule("cdi.kubevirt.io", ("datavolumes",), ("get", "create", "delete")),
    Rule("kubevirt.io", ("virtualmachines", "virtualmachineinstances"), ("get", "list")),
    Rule("subresources.kubevirt.io", ("virtualmachines/addvolume", "virtualmachines/removevolume"), ("update",)),
    # Growing a volume is a patch of its claim.
    Rule("", ("persistentvolumeclaims",), ("get", "patch")),
)
_SNAPSHOTS: Final = (Rule("snapshot.storage.k8s.io", ("volumesnapshots",), ("get", "create", "delete")),)
RULES: Final = (*_ALWAYS, *_SNAPSHOTS)
"""All that it may be given; the last only where it makes snapshots."""
ENFORCEMENT: Final = "INFRA_STORAGE_CLASS_ENFORCEMENT"
_LIVENESS: Final = {
    "livenessProbe": {
        "httpGet": {"path": "/healthz", "port": HEALTH_PORT},
        "initialDelaySeconds": 10,
        "timeoutSeconds": 3,
        "failureThreshold": 5,
    }
}


def component(target: Target, catalog: CatalogSpec) -> Component | None:
    images = catalog.hosted
    driver = _container(
        "csi-driver",
        images.csi_driver,
        (
            f"--endpoint={SOCKET}",
            f"--infra-cluster-namespace={target.namespace}",
            f"--infra-cluster-labels={_volume_labels(target)}",
            f"--tenant-cluster-kubeconfig={KUBECONFIG}",
            "--run-node-service=false",
            "--run-controller-service=true",
        ),
        memory="64Mi",
        **_enforcement(catalog),
        **(_LIVENESS if images.csi_liveness_probe else {}),
    )
    volumes: tuple[Manifest, ...] = ({"name": SOCKET_VOLUME, "emptyDir": {}},)
    rules = RULES if images.csi_snapshotter else _ALWAYS
    return Component(NAME, rules, (driver, *_sidecars(images)), {}, volumes)


def _sidecars(images: HostedImages) -> Iterator[Manifest]:
    common = (f"--csi-address={SOCKET}", f"--kubeconfig={KUBECONFIG}", "--timeout=3m")
    yield _container("csi-provisioner", images.csi_provisioner, (*common, "--default-fstype=ext4"))
    yield _container("csi-attacher", images.csi_attacher, common)
    yield _container("csi-resizer", images.csi_resizer, (*common, "--handle-volume-inuse-error=false"))
    if images.csi_snapshotter:
        # It needs the CRDs of snapshots in the tenant; their chart is for the Catalog to offer.
        yield _container("csi-snapshotter", images.csi_snapshotter, common)
    if images.csi_liveness_probe:
        probe = (f"--csi-address={SOCKETS}/csi.sock", "--probe-timeout=3s", f"--health-port={HEALTH_PORT}")
        yield _container("csi-liveness-probe", images.csi_liveness_probe, probe)


def _enforcement(catalog: CatalogSpec) -> Manifest:
    """Which StorageClasses of the management cluster a tenant reaches: those of the Catalog, or all if it has none.

    A tenant's people may write StorageClasses of their own, with whatever they like behind them.
    """
    if not catalog.storage_classes:
        return {}
    behind = {offered.infra for offered in catalog.storage_classes}
    allowed = {"allowAll": False, "allowDefault": "" in behind, "allowList": sorted(behind - {""})}
    return {"env": [{"name": ENFORCEMENT, "value": written(allowed)}]}


def _volume_labels(target: Target) -> str:
    """Marks for every volume made here, so that a teardown finds what a tenant has left behind."""
    pairs = {
        names.CAPI_CLUSTER_LABEL: target.cluster,
        names.CLUSTER_LABEL: target.cluster,
        names.TENANT_LABEL: target.tenant,
    }
    return ",".join(f"{key}={value}" for key, value in pairs.items())


def _container(name: str, image: str, arguments: tuple[str, ...], *, memory: str = "32Mi", **more: Any) -> Manifest:
    mounts = [{"name": SOCKET_VOLUME, "mountPath": SOCKETS}]
    return hosted.container(name, image, arguments, cpu="10m", memory=memory, volumeMounts=mounts, **more)
