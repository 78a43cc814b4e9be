"""The cluster autoscaler: it sees the tenant's Pods that find no room, and scales the MachineDeployments here.

Only for clusters with a pool that may grow. Flags: kubernetes/autoscaler, `cloudprovider/clusterapi/README.md`,
"running in management cluster ..., with separate workload cluster".
"""

from __future__ import annotations

from typing import Final

from provisioning.addons import hosted
from provisioning.addons.hosted import KUBECONFIG, READ, Component, Rule
from provisioning.addons.target import Target
from provisioning.model import CatalogSpec

NAME: Final = "cluster-autoscaler"
PORT: Final = 8085
RULES: Final = (
    Rule("cluster.x-k8s.io", ("machinedeployments", "machinesets", "machines"), (*READ, "update", "patch")),
    # It asks for pools of this kind as well, and does not start where it may not.
    Rule("cluster.x-k8s.io", ("machinepools",), READ),
    Rule("cluster.x-k8s.io", ("machinedeployments/scale", "machinesets/scale"), ("get", "update", "patch")),
    Rule("infrastructure.cluster.x-k8s.io", ("kubevirtmachinetemplates",), READ),
)


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
        livenessProbe={"httpGet": {"path": "/health-check", "port": PORT}, "initialDelaySeconds": 30},
    )
    return Component(NAME, RULES, (container,), {})
