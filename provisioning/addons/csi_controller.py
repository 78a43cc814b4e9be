"""The controller half of KubeVirt's CSI driver: a tenant's claim becomes a volume here, plugged into its machine.

The other half, on the tenant's Nodes, holds no credential of the management cluster.
Flags: kubevirt/csi-driver, `deploy/controller-infra`; rights: its `deploy/infra-cluster-service-account.yaml`.
"""

from __future__ import annotations

from typing import Final

from provisioning import names
from provisioning.addons import hosted
from provisioning.addons.hosted import KUBECONFIG, Component, Rule
from provisioning.addons.target import Target
from provisioning.manifests.marks import Manifest
from provisioning.model import CatalogSpec

NAME: Final = "csi-controller"
SOCKETS: Final = "/csi"
SOCKET: Final = f"unix://{SOCKETS}/csi.sock"
SOCKET_VOLUME: Final = "socket"
RULES: Final = (
    Rule("cdi.kubevirt.io", ("datavolumes",), ("get", "create", "delete")),
    Rule("kubevirt.io", ("virtualmachines", "virtualmachineinstances"), ("get", "list")),
    Rule("subresources.kubevirt.io", ("virtualmachines/addvolume", "virtualmachines/removevolume"), ("update",)),
    # Growing a volume is a patch of its claim.
    Rule("", ("persistentvolumeclaims",), ("get", "patch")),
)


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
    )
    common = (f"--csi-address={SOCKET}", f"--kubeconfig={KUBECONFIG}", "--timeout=3m")
    sidecars = (
        _container("csi-provisioner", images.csi_provisioner, (*common, "--default-fstype=ext4")),
        _container("csi-attacher", images.csi_attacher, common),
        _container("csi-resizer", images.csi_resizer, (*common, "--handle-volume-inuse-error=false")),
    )
    volumes: tuple[Manifest, ...] = ({"name": SOCKET_VOLUME, "emptyDir": {}},)
    return Component(NAME, RULES, (driver, *sidecars), {}, volumes)


def _volume_labels(target: Target) -> str:
    """Marks for every volume made here, so that a teardown finds what a tenant has left behind."""
    pairs = {
        names.CAPI_CLUSTER_LABEL: target.cluster,
        names.CLUSTER_LABEL: target.cluster,
        names.TENANT_LABEL: target.tenant,
    }
    return ",".join(f"{key}={value}" for key, value in pairs.items())


def _container(name: str, image: str, arguments: tuple[str, ...], *, memory: str = "32Mi") -> Manifest:
    mounts = [{"name": SOCKET_VOLUME, "mountPath": SOCKETS}]
    return hosted.container(name, image, arguments, cpu="10m", memory=memory, volumeMounts=mounts)
