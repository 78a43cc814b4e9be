"""What is left of a cluster that is being deleted, in words: which object, since when, held by whom, what to do. Pure.

Whoever reads this looks after the platform. Times are what the API server says, and no ages: a text that is the same
need not be written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.objects import parse_time

PATIENCE: Final = timedelta(minutes=1)
"""What has been asked to go for a shorter time than this is simply going."""
TOLD_AT_MOST: Final = 50
LENGTH: Final = 1000
"""Both as the status takes them."""

TENANT_CONTROL_PLANE_FINALIZER: Final = "finalizer.kamaji.clastix.io"
DATASTORE_FINALIZER: Final = "finalizer.kamaji.clastix.io/datastore-secret"
CLAIM_FINALIZER: Final = "kubernetes.io/pvc-protection"


@dataclass(frozen=True)
class Holder:
    """Who set a finalizer, and what somebody can do when it stays."""

    who: str
    hint: str


HOLDERS: Final[Mapping[str, Holder]] = {
    "finalizers.fluxcd.io": Holder("Flux", "see that the helm-controller runs; after a minute it is taken off"),
    "cluster.cluster.x-k8s.io": Holder("Cluster API", "it goes after the workers, the control plane and the rest"),
    "machine.cluster.x-k8s.io": Holder("Cluster API", "it goes after its KubevirtMachine"),
    "cluster.x-k8s.io/machinedeployment": Holder("Cluster API", "it goes after its Machines"),
    "cluster.x-k8s.io/machineset": Holder("Cluster API", "it goes after its Machines"),
    "addons.cluster.x-k8s.io": Holder("Cluster API", "see that its core manager runs"),
    "kubevirtmachine.infrastructure.cluster.x-k8s.io": Holder(
        "KubeVirt's provider", "it goes after its VirtualMachine; see the provider's log for why that cannot be deleted"
    ),
    "kubevirtcluster.infrastructure.cluster.x-k8s.io": Holder(
        "KubeVirt's provider",
        "it was made without the annotation cluster.x-k8s.io/managed-by, and so nobody takes this off; do it by hand",
    ),
    "kubevirt.io/virtualMachineControllerFinalize": Holder(
        "KubeVirt", "see that virt-controller runs, and whether its VirtualMachineInstance can stop"
    ),
    "foregroundDeleteVirtualMachine": Holder(
        "KubeVirt", "see that virt-handler runs on its node, and whether its virt-launcher Pod can stop"
    ),
    TENANT_CONTROL_PLANE_FINALIZER: Holder(
        "Kamaji",
        "it deletes first what the tenant has stored, and cannot while its DataStore is missing or not ready; bring "
        "that back; if this is taken off by hand, what was stored stays there for ever",
    ),
    DATASTORE_FINALIZER: Holder("Kamaji", "it is taken off once the TenantControlPlane is proven gone"),
    "service.kubernetes.io/load-balancer-cleanup": Holder(
        "the load balancer controller of this cluster", "see that it runs, and whether it can give the address back"
    ),
    CLAIM_FINALIZER: Holder("Kubernetes", "it goes once no Pod uses it"),
    "helmchartproxy.addons.cluster.x-k8s.io": Holder("the Helm add-on provider", "see that its manager runs"),
    "helmreleaseproxy.addons.cluster.x-k8s.io": Holder(
        "the Helm add-on provider", "it lets go once the Cluster is gone; see that its manager runs"
    ),
    "foregroundDeletion": Holder("the garbage collector", "it goes after what it owns"),
}


def told(left: Iterable[Manifest], *, now: datetime, pods: Iterable[Manifest] = ()) -> list[str]:
    """A line for each of these objects that should have been gone by now. `pods`: whoever may use their claims."""
    used = tuple(pods)
    return [_line(manifest, used) for manifest in left if is_late(manifest, now=now)]


def is_late(manifest: Manifest, *, now: datetime) -> bool:
    """Whether it was asked to go longer ago than it should take."""
    asked = manifest["metadata"].get("deletionTimestamp")
    return asked is not None and now - parse_time(asked) >= PATIENCE


def name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def _line(manifest: Manifest, pods: tuple[Manifest, ...]) -> str:
    meta = manifest["metadata"]
    holds = [_held(finalizer, manifest) for finalizer in meta.get("finalizers") or ()]
    users = _users(manifest, pods)
    if users:
        holds.append(f"used by {', '.join(users)}")
    return f"{name(manifest)} was asked to go at {meta['deletionTimestamp']}: {'; '.join(holds) or 'it is going'}"


def _held(finalizer: str, manifest: Manifest) -> str:
    holder = HOLDERS.get(finalizer)
    if holder is None:
        return f"held by the finalizer {finalizer}; see that whoever set it runs"
    datastore = (manifest.get("spec") or {}).get("dataStore")
    which = f" {datastore}" if finalizer == TENANT_CONTROL_PLANE_FINALIZER and datastore else ""
    hint = holder.hint.replace("its DataStore", f"its DataStore{which}")
    return f"held by the finalizer {finalizer} of {holder.who}: {hint}"


def _users(claim: Manifest, pods: tuple[Manifest, ...]) -> list[str]:
    """The Pods that use a PersistentVolumeClaim; `hp-volume-...` are KubeVirt's, which plug it into a machine."""
    if claim["kind"] != resources.PERSISTENT_VOLUME_CLAIMS.kind:
        return []
    wanted = claim["metadata"]["name"]
    return [
        name(pod)
        for pod in pods
        for volume in pod["spec"].get("volumes") or ()
        if (volume.get("persistentVolumeClaim") or {}).get("claimName") == wanted
    ]
