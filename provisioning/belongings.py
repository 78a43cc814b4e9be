"""What belongs to a cluster, of all that carries its label. Pure.

`cluster.x-k8s.io/cluster-name` is Cluster API's label, and people put it on things of their own: a Secret with values,
a Service before their workers, a volume with data. Those outlive the cluster. What goes with it is

* what carries our own label: everything rendered, and every load balancer and volume that our hosted components make
  for the tenant (`infraLabels`, `--infra-cluster-labels`); Kamaji's TenantControlPlane takes it from its parent,
* what says `spec.clusterName`, as Cluster API's own kinds do,
* what the providers make for machines: by their kind, their label, or their type of Secret.
"""

from __future__ import annotations

from typing import Final

from provisioning import names, plan, resources, world
from provisioning.manifest import Manifest
from provisioning.resources import Resource

_FIRST: Final[tuple[Resource, ...]] = (
    resources.SERVICES,
    resources.DATA_VOLUMES,
    resources.PERSISTENT_VOLUME_CLAIMS,
    resources.VIRTUAL_MACHINE_INSTANCES,
    resources.VIRTUAL_MACHINES,
    resources.KUBEVIRT_MACHINES,
    resources.KUBEADM_CONFIGS,
    resources.MACHINES,
    resources.MACHINE_SETS,
    resources.MACHINE_DEPLOYMENTS,
    resources.TENANT_CONTROL_PLANES,
    resources.HELM_RELEASE_PROXIES,
)
SWEPT: Final[tuple[Resource, ...]] = (
    *{kind: None for kind in (*_FIRST, *plan.KINDS, *world.KINDS, resources.SECRETS) if kind != resources.CLUSTERS},
)
"""Everything that may carry the label of a cluster: first what others wait for, and what costs money."""

CLUSTER_SECRET: Final = "cluster.x-k8s.io/secret"  # noqa: S105 - the name of a type
"""The type of Cluster API's Secrets: kubeconfig, certificates, bootstrap data, and KubeVirt's copy `-userdata`."""
MACHINE_LABEL: Final = "capk.cluster.x-k8s.io/kubevirt-machine-name"
"""What KubeVirt's provider puts on virtual machines."""
_MADE_BY_PROVIDERS: Final = frozenset(
    kind.kind for kind in (resources.KUBEADM_CONFIGS, resources.KUBEVIRT_MACHINES, resources.HELM_RELEASE_PROXIES)
)


def belongs(manifest: Manifest, cluster: str) -> bool:
    """Whether this object, which carries the label of the cluster, goes with it."""
    labels: dict[str, str] = manifest["metadata"].get("labels") or {}
    return (
        labels.get(names.CLUSTER_LABEL) == cluster
        or (manifest.get("spec") or {}).get("clusterName") == cluster
        or MACHINE_LABEL in labels
        or manifest.get("type") == CLUSTER_SECRET
        or manifest["kind"] in _MADE_BY_PROVIDERS
    )
