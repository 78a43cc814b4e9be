"""KubeVirt's cloud controller manager: a tenant's load balancers become Services here, and its Nodes are initialised.

Flags and configuration: kubevirt/cloud-provider-kubevirt, `config/` and `pkg/provider/cloud.go`.
"""

from __future__ import annotations

from typing import Final

from provisioning import names
from provisioning.addons import hosted
from provisioning.addons.hosted import KUBECONFIG, READ, Component, Rule
from provisioning.addons.target import Target
from provisioning.addons.writing import written
from provisioning.model import CatalogSpec

NAME: Final = "cloud-controller-manager"
PORT: Final = 10258
RULES: Final = (
    # Whether the machine of a Node still runs, and its addresses.
    Rule("kubevirt.io", ("virtualmachines", "virtualmachineinstances"), READ),
    Rule("", ("services",), (*READ, "create", "update", "patch", "delete")),
)


def component(target: Target, catalog: CatalogSpec) -> Component | None:
    arguments = (
        "--cloud-provider=kubevirt",
        f"--cloud-config={hosted.CONFIG}/cloud-config",
        f"--kubeconfig={KUBECONFIG}",
        # It labels every Service with this name; its default is the same for all tenants.
        f"--cluster-name={target.cluster}",
        # Who asks for its metrics is checked by the tenant; this account may look up nothing in kube-system here.
        f"--authentication-kubeconfig={KUBECONFIG}",
        f"--authorization-kubeconfig={KUBECONFIG}",
        "--authentication-skip-lookup=true",
        f"--secure-port={PORT}",
    )
    container = hosted.container(
        NAME,
        catalog.hosted.cloud_controller_manager,
        arguments,
        command="/bin/kubevirt-cloud-controller-manager",
        cpu="50m",
        memory="64Mi",
        livenessProbe={"httpGet": {"path": "/healthz", "port": PORT, "scheme": "HTTPS"}, "initialDelaySeconds": 20},
        volumeMounts=[{"name": "config", "mountPath": hosted.CONFIG, "readOnly": True}],
    )
    return Component(NAME, RULES, (container,), {"cloud-config": _configuration(target)})


def _configuration(target: Target) -> str:
    content = {
        "namespace": target.namespace,
        "loadBalancer": {
            "enabled": True,
            "creationPollInterval": 5,
            "creationPollTimeout": 60,
            # Services select the machines of this cluster by their labels. The other way, EndpointSlices written by
            # the controller, does not tell apart two clusters that share a namespace.
            "selectorless": False,
            "enableEPSController": False,
        },
        # Zones would need to read the management cluster's Nodes.
        "instancesV2": {"enabled": True, "zoneAndRegionEnabled": False},
        "infraLabels": {names.CLUSTER_LABEL: target.cluster, names.TENANT_LABEL: target.tenant},
    }
    return written(content)
