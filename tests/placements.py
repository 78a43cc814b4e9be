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
    ({"image": "cluster-autoscaler"}, CA),
    ({"image": "localhost:5000/cluster-autoscaler"}, CA),
    ({"image": "x/cluster-autoscaler:v1@sha256:00"}, CA),
    ({"image": "mirror/ca", "args": ["-cloud-provider=clusterapi"]}, CA),
    ({"image": "mirror/ca", "args": ["--v=2 --cloud-provider=clusterapi"]}, CA),
    ({"image": "mirror/ca", "args": ["--v", "2", "--cloud-provider", "clusterapi", "--v=3"]}, CA),
    ({"image": "mirror/ca", "command": ["/bin/sh", "-c", "sleep 1; /opt/cluster-autoscaler --v=2"]}, CA),
    ({"image": "mirror/ccm", "command": ["/bin/sh"], "args": ["-c", "kubevirt-cloud-provider|tee /log"]}, CCM),
    ({"image": "mirror/ccm", "args": ["--cloud_provider=kubevirt"]}, CCM),
    ({"image": "x/driver", "args": ["--run_controller-service"]}, CSI),
    ({"image": "mirror/ca", "args": ["-cloud_provider", "clusterapi"]}, CA),
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
    {"image": "registry.k8s.io/autoscaling/vpa-admission-controller:1.4", "args": ["--v=4"]},
    {"image": "registry.k8s.io/sig-storage/csi-attacher:v4", "args": ["--csi-address=/csi/csi.sock"]},
    {"image": "registry.k8s.io/provider-aws/cloud-controller-manager:v1", "args": ["--cloud-provider=aws"]},
    {"image": "x/kube-controller-manager", "command": ["kube-controller-manager", "--cloud-provider=external"]},
    {"image": "x/cluster-autoscaler-exporter:v1"},
    {"image": "x/metrics", "env": [{"name": "WATCHED", "value": "cluster-autoscaler"}]},
)
