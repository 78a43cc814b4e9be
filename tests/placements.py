"""Containers as they come into a tenant, and what they are: the same for the webhook and for the guard inside."""

from __future__ import annotations

from typing import Any, Final

from provisioning.components import CLOUD_CONTROLLER_MANAGER, CLUSTER_AUTOSCALER, CSI_CONTROLLER, Component

CCM, CSI, CA = CLOUD_CONTROLLER_MANAGER, CSI_CONTROLLER, CLUSTER_AUTOSCALER

REFUSED: Final[tuple[tuple[dict[str, Any], Component], ...]] = (
    ({"image": "quay.io/kubevirt/kubevirt-cloud-controller-manager:v0.6.0"}, CCM),
    ({"image": "ghcr.io/cozystack/cozystack/kubevirt-cloud-provider@sha256:00"}, CCM),
    ({"image": "docker.io/fork/kubevirt-cloud-controller-manager"}, CCM),
    ({"image": "mirror/ccm", "args": ["--cloud-provider=kubevirt"]}, CCM),
    ({"image": "mirror/ccm", "args": ["--cloud-provider", "kubevirt"]}, CCM),
    ({"image": "mirror/ccm", "args": ['--cloud-provider="kubevirt"']}, CCM),
    ({"image": "mirror/ccm", "command": ["/bin/kubevirt-cloud-controller-manager"]}, CCM),
    ({"image": "mirror/ccm", "command": ["sh", "-c", "exec /bin/kubevirt-cloud-controller-manager -v 2"]}, CCM),
    ({"image": "quay.io/kubevirt/kubevirt-csi-driver:v1"}, CSI),
    ({"image": "quay.io/kubevirt/kubevirt-csi-driver:v1", "args": ["--run-controller-service=true"]}, CSI),
    # Go reads this as the bare flag, which means true, and a word.
    ({"image": "quay.io/kubevirt/kubevirt-csi-driver:v1", "args": ["--run-controller-service", "false"]}, CSI),
    ({"image": "x/driver", "args": ["--run-controller-service"]}, CSI),
    ({"image": "x/driver", "args": ["--run-controller-service=T"]}, CSI),
    ({"image": "x/driver", "args": ["--infra-cluster-namespace=tenant-blue"]}, CSI),
    ({"image": "x/driver", "args": ["-infra-cluster-kubeconfig", "/etc/kubeconfig"]}, CSI),
    ({"image": "x/driver", "env": [{"name": "INFRACLUSTER_LABELS", "value": "a=b"}]}, CSI),
    ({"image": "registry.k8s.io/autoscaling/cluster-autoscaler-amd64:v1.34.0"}, CA),
    ({"image": "mirror/ca", "command": ["/cluster-autoscaler"]}, CA),
    ({"image": "mirror/ca", "args": ["--cloud-provider=clusterapi"]}, CA),
    ({"image": "mirror/ca", "args": ["--node-group-auto-discovery=clusterapi:namespace=a"]}, CA),
    ({"image": "mirror/ca", "args": ["--clusterapi-cloud-config-authoritative"]}, CA),
    ({"image": "mirror/ca", "env": [{"name": "CAPI_GROUP"}]}, CA),
)

LEFT_ALONE: Final[tuple[dict[str, Any], ...]] = (
    {
        "image": "quay.io/kubevirt/kubevirt-csi-driver:v1",
        "args": ["--run-controller-service=false", "--node-name=n"],
    },
    {"image": "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.15"},
    {"image": "registry.k8s.io/sig-storage/csi-provisioner:v5", "args": ["--csi-address=/csi/csi.sock"]},
    {"image": "registry.k8s.io/autoscaling/addon-resizer:1.8"},
    {"image": "registry.k8s.io/autoscaling/vpa-recommender:1.4"},
    {"image": "registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.9"},
    {"image": "registry.k8s.io/kube-apiserver:v1.34.0", "args": ["--cloud-provider=external"]},
    {"image": "x/kubelet", "args": ["--cloud-provider", "external"]},
    {
        "image": "registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.9",
        "args": ["--target=deploy/cluster-autoscaler"],
    },
    {"image": "x/metrics", "env": [{"name": "WATCHED", "value": "cluster-autoscaler"}]},
)
