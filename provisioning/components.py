"""What belongs beside a tenant's control plane and never inside a tenant, and by what one knows it. A table.

Names of objects are a hint at most (upstream's node part carries a service account called after the controller);
images, flags, environment and chart names are signs. Images are compared by their last path element, without tag and
digest.

Two doors read it: the webhook, for what the management cluster sends into a tenant, and the guard inside the tenant
(`addons.tenant_guard`), for what is applied there. So patterns are of the kind that Python and RE2 both understand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NEVER: Final = re.compile(r"(?!)")
"""Matches nothing. RE2 does not know it: what is never is left out there."""


@dataclass(frozen=True)
class Flag:
    """A flag that tells: with one of these values, or with whatever value, or none, when `values` is empty."""

    name: str
    values: str = ""
    """A pattern of the whole value."""
    bare: bool = False
    """Whether the flag without a value tells as well, because that means one of them."""

    @property
    def pattern(self) -> str:
        """The flag as one word, with two dashes."""
        value = f"=(?:{self.values})" if self.values else "(?:=.*)?"
        return f"--{self.name}(?:{value})?" if self.bare else f"--{self.name}{value}"


@dataclass(frozen=True)
class Component:
    """One controller that runs in the management cluster. Patterns match whole texts.

    `shared_images` are used by the part that does belong into a tenant as well: they count together with a
    `sidecars` image, or when `node_only` is missing.
    """

    name: str
    place: str
    images: frozenset[str]
    charts: re.Pattern[str]
    flags: tuple[Flag, ...]
    environment: frozenset[str] = frozenset()
    values: re.Pattern[str] = NEVER
    """Values of a chart, as `key=value`. What is named `whole` is told as it is, of all others their key."""
    objects: re.Pattern[str] = NEVER
    """Kinds and names that upstream gives its objects: no proof, since names are free."""
    accounts: re.Pattern[str] = NEVER
    """ServiceAccounts that upstream runs it as: no proof either."""
    settings: re.Pattern[str] = NEVER
    """Kinds and names of what it is configured by."""
    hints: tuple[re.Pattern[str], ...] = ()
    """Values of its chart, as the last two names of their path and the value: each is one sort of hint."""
    shared_images: frozenset[str] = frozenset()
    sidecars: frozenset[str] = frozenset()
    node_only: str = ""

    def sign_of_flag(self, flag: str) -> str:
        """What to tell of a flag, written as one word with two dashes; empty when it is none of its."""
        known = next((known for known in self.flags if re.fullmatch(known.pattern, flag)), None)
        # A value that may be anything may come from a Secret, and is not repeated.
        return "" if known is None else flag if known.values else flag.partition("=")[0]

    def sign_of_value(self, key: str, value: str) -> str:
        """What to tell of a value of a chart; empty when it is none of its. The same goes for its value."""
        found = self.values.fullmatch(f"{key}={value}")
        return "" if found is None else found.groupdict().get("whole") or key


CLOUD_CONTROLLER_MANAGER = Component(
    name="the KubeVirt cloud controller manager",
    place="it turns the tenant's LoadBalancer Services into Services of the management cluster, so it runs there",
    images=frozenset({"kubevirt-cloud-controller-manager", "kubevirt-cloud-provider"}),
    charts=re.compile(r"kubevirt-(cloud-controller-manager|ccm|cloud-provider)|kccm"),
    flags=(Flag("cloud-provider", "kubevirt"),),
    objects=re.compile(
        r"(Deployment|DaemonSet|StatefulSet) (kubevirt-cloud-controller-manager|(.*-)?kccm)"
        r"|ServiceAccount .*-kccm|(Role|ClusterRole) (kccm|kccm-sa)"
    ),
    # Those of other clouds' are called so as well.
    accounts=re.compile(r"cloud-controller-manager|(.*-)?kccm"),
    settings=re.compile(r"ConfigMap cloud-config"),
)

CSI_CONTROLLER = Component(
    name="the KubeVirt CSI controller",
    place="it makes volumes in the management cluster, so it runs there; only its node part goes into a tenant",
    images=frozenset(),
    charts=re.compile(r"kubevirt-csi(-driver|-controller)?(-helm)?(-chart)?"),
    flags=(
        Flag("infra-cluster-namespace"),
        Flag("infra-cluster-labels"),
        Flag("infra-cluster-kubeconfig"),
        Flag("tenant-cluster-kubeconfig"),
        # As Go reads it: "--run-controller-service false" is the bare flag, and so means true.
        Flag("run-controller-service", "1|[tT]|true|True|TRUE", bare=True),
    ),
    environment=frozenset({"INFRACLUSTER_NAMESPACE", "INFRACLUSTER_LABELS", "INFRA_STORAGE_CLASS_ENFORCEMENT"}),
    # Its node part has kubevirt-csi-controller-sa and kubevirt-csi-controller-cr, upstream's own names for them.
    objects=re.compile(
        r"(Deployment|StatefulSet) (kubevirt-csi-controller|.*-kcsi-controller)|ServiceAccount kubevirt-csi"
        r"|Role kubevirt-csi|ClusterRole kubevirt-csi-cluster|Secret (infra-cluster-credentials|kvcluster-kubeconfig)"
    ),
    accounts=re.compile(r"kubevirt-csi"),
    shared_images=frozenset({"kubevirt-csi-driver"}),
    sidecars=frozenset({"csi-provisioner", "csi-attacher", "csi-resizer", "csi-snapshotter"}),
    # The flag defaults to true: a driver that does not say false is the controller.
    node_only="--run-controller-service=false",
)

CLUSTER_AUTOSCALER = Component(
    name="the cluster autoscaler",
    place="it changes MachineDeployments of the management cluster, so it runs there",
    images=frozenset({"cluster-autoscaler"}),
    charts=re.compile(r"cluster-autoscaler(-chart)?"),
    flags=(
        Flag("cloud-provider", "clusterapi"),
        Flag("clusterapi-cloud-config-authoritative"),
        Flag("node-group-auto-discovery", "clusterapi:.*"),
    ),
    environment=frozenset({"CAPI_GROUP", "CAPI_VERSION"}),
    objects=re.compile(
        r"(Deployment|ServiceAccount) (cluster-autoscaler|.*-clusterapi-cluster-autoscaler)"
        r"|ClusterRole cluster-autoscaler-management"
    ),
    accounts=re.compile(r"cluster-autoscaler|.*-clusterapi-cluster-autoscaler"),
    hints=(
        re.compile(r"autoDiscovery\.clusterName=.+"),
        re.compile(r"(.*\.)?((nameOverride|fullnameOverride)|serviceAccount\.name)=(.*-)?cluster-autoscaler"),
        re.compile(r"(.*\.)?cloudConfigPath=.+"),
    ),
    values=re.compile(
        r"(?P<whole>cloudProvider=clusterapi)|(clusterAPIMode|clusterAPIKubeconfigSecret|clusterAPICloudConfigPath"
        r"|clusterAPIWorkloadKubeconfigPath)=.+"
    ),
)

COMPONENTS = (CLOUD_CONTROLLER_MANAGER, CSI_CONTROLLER, CLUSTER_AUTOSCALER)

CREDENTIALS = re.compile(r"(Secret|ConfigMap) (.*[^a-z0-9])?(kubeconfig([^a-z0-9].*)?|infra-cluster-credentials)")
"""What is mounted and looks like access to an API server: kind, name, and perhaps the file. Nothing by itself."""
PROVIDERS = frozenset({"", "external", "kubevirt", "clusterapi"})
"""What `--cloud-provider` may be in a tenant of ours; whatever is of another cloud is none of the components."""
HINTED = frozenset({"clusterName", "nameOverride", "fullnameOverride", "name", "cloudConfigPath", "cloudProvider"})
"""The keys of `hints`, and of what speaks against them."""

WORDS = (
    "kubevirt-c",
    "kccm",
    "cluster-autoscaler",
    "clusterapi",
    "cloud-provider",
    "cloud-controller-manager",
    "cloud-config",
    "autodiscovery",
    "infra-cluster",
    "infracluster",
    "infra-storage",
    "tenant-cluster-kubeconfig",
    "run-controller-service",
    "capi-",
    "kcsi-controller",
    "kvcluster",
)
"""A text without any of these, in capitals or not, holds none of the components: reading it further would be wasted.
An underscore counts as a dash here: in a flag it means the same."""

ARCHITECTURES = ("amd64", "arm64", "arm", "ppc64le", "s390x")
_ARCHITECTURE = re.compile(rf"-(?:{'|'.join(ARCHITECTURES)})$")


def image_name(reference: str) -> str:
    """`registry.example/autoscaling/cluster-autoscaler-arm64:v1@sha256:..` -> `cluster-autoscaler`."""
    last = reference.strip().lower().partition("@")[0].rpartition("/")[2]
    return _ARCHITECTURE.sub("", last.partition(":")[0])


def is_worth_reading(text: str) -> bool:
    """Whether one of the `WORDS` is in it. Not by a pattern: this is asked of every text, and a pattern takes long."""
    lower = text.lower().replace("_", "-")
    return any(word in lower for word in WORDS)
