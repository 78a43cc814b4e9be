"""The cluster autoscaler: it sees the tenant's Pods that find no room, and scales the MachineDeployments here.

Only for clusters with a pool that may grow. Flags: kubernetes/autoscaler, `cloudprovider/clusterapi/README.md`,
"running in management cluster ..., with separate workload cluster"; rights: what `clusterapi_unstructured.go` calls.
"""

from __future__ import annotations

import re
from typing import Final

from provisioning.addons import hosted
from provisioning.addons.hosted import KUBECONFIG, READ, Component, Rule
from provisioning.addons.target import Target
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec

NAME: Final = "cluster-autoscaler"
PORT: Final = 8085
RULES: Final = (
    # It asks for pools of the last kind as well, and does not start where it may not.
    Rule("cluster.x-k8s.io", ("machinedeployments", "machinesets", "machinepools"), READ),
    # The machine that is to go is marked before the number goes down.
    Rule("cluster.x-k8s.io", ("machines",), (*READ, "update")),
    Rule("cluster.x-k8s.io", ("machinedeployments/scale", "machinesets/scale"), ("get", "update")),
    # How large a Node of a pool that has none would be.
    Rule("infrastructure.cluster.x-k8s.io", ("kubevirtmachinetemplates",), READ),
)
BY_REFERENCE: Final = (1, 33, 0)
"""The last version that reads of a template reference its `apiVersion` only, which references have no more."""


def component(target: Target, catalog: CatalogSpec) -> Component | None:
    if not target.autoscaled:
        return None
    discovery = f"clusterapi:namespace={target.namespace},clusterName={target.cluster}"
    arguments = (
        "--cloud-provider=clusterapi",
        f"--kubeconfig={KUBECONFIG}",
        # The management cluster is the one it runs in, by its account; nothing falls back to the tenant's kubeconfig.
        "--clusterapi-cloud-config-authoritative",
        f"--node-group-auto-discovery={discovery}",
        f"--cluster-name={target.cluster}",
        "--enforce-node-group-min-size=true",
        "--balance-similar-node-groups=true",
        f"--address=:{PORT}",
    )
    container = hosted.container(
        NAME,
        catalog.hosted.cluster_autoscaler,
        arguments,
        command="/cluster-autoscaler",
        cpu="50m",
        memory="192Mi",
        **_environment(catalog.hosted.cluster_autoscaler),
        livenessProbe={"httpGet": {"path": "/health-check", "port": PORT}, "initialDelaySeconds": 30},
    )
    return Component(NAME, RULES, (container,), {}, rests_first=True)


def _environment(image: str) -> Manifest:
    """Cluster API's older version, which still has what old autoscalers look for, is served until Cluster API 1.16."""
    version = re.search(r":v?([0-9]+)\.([0-9]+)\.([0-9]+)", image)
    old = version is not None and tuple(map(int, version.groups())) <= BY_REFERENCE
    return {"env": [{"name": "CAPI_VERSION", "value": "v1beta1"}]} if old else {}
