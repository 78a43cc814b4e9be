"""Every kind we read or write, and where it lives in the API. A table, no behaviour beyond the path."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

GROUP = "clusterdesk.dev"
VERSION = "v1alpha1"


@dataclass(frozen=True)
class Resource:
    """Where a kind lives in the API: `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    def __hash__(self) -> int:
        # Resources are looked up by more than by anything else.
        return hash(self.plural)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/" + "/".join(parts)


CATALOGS = Resource(GROUP, VERSION, "catalogs", "Catalog", namespaced=False)
TENANTS = Resource(GROUP, VERSION, "tenants", "Tenant", namespaced=False)
TENANT_CLUSTERS = Resource(GROUP, VERSION, "tenantclusters", "TenantCluster")
CLUSTER_REQUESTS = Resource(GROUP, VERSION, "clusterrequests", "ClusterRequest")
CLUSTER_ACCESSES = Resource(GROUP, VERSION, "clusteraccesses", "ClusterAccess")
APPROVAL_DELEGATIONS = Resource(GROUP, VERSION, "approvaldelegations", "ApprovalDelegation")
TENANT_LEDGERS = Resource(GROUP, VERSION, "tenantledgers", "TenantLedger")

CLUSTERS = Resource("cluster.x-k8s.io", "v1beta2", "clusters", "Cluster")
MACHINE_DEPLOYMENTS = Resource("cluster.x-k8s.io", "v1beta2", "machinedeployments", "MachineDeployment")
MACHINE_SETS = Resource("cluster.x-k8s.io", "v1beta2", "machinesets", "MachineSet")
MACHINES = Resource("cluster.x-k8s.io", "v1beta2", "machines", "Machine")
MACHINE_HEALTH_CHECKS = Resource("cluster.x-k8s.io", "v1beta2", "machinehealthchecks", "MachineHealthCheck")
CLUSTER_RESOURCE_SETS = Resource("addons.cluster.x-k8s.io", "v1beta2", "clusterresourcesets", "ClusterResourceSet")
KUBEADM_CONFIGS = Resource("bootstrap.cluster.x-k8s.io", "v1beta2", "kubeadmconfigs", "KubeadmConfig")
KUBEADM_CONFIG_TEMPLATES = Resource(
    "bootstrap.cluster.x-k8s.io", "v1beta2", "kubeadmconfigtemplates", "KubeadmConfigTemplate"
)
KAMAJI_CONTROL_PLANES = Resource(
    "controlplane.cluster.x-k8s.io", "v1alpha2", "kamajicontrolplanes", "KamajiControlPlane"
)
KUBEVIRT_CLUSTERS = Resource("infrastructure.cluster.x-k8s.io", "v1alpha1", "kubevirtclusters", "KubevirtCluster")
KUBEVIRT_MACHINE_TEMPLATES = Resource(
    "infrastructure.cluster.x-k8s.io", "v1alpha1", "kubevirtmachinetemplates", "KubevirtMachineTemplate"
)
KUBEVIRT_MACHINES = Resource("infrastructure.cluster.x-k8s.io", "v1alpha1", "kubevirtmachines", "KubevirtMachine")
DATA_STORES = Resource("kamaji.clastix.io", "v1alpha1", "datastores", "DataStore", namespaced=False)
TENANT_CONTROL_PLANES = Resource("kamaji.clastix.io", "v1alpha1", "tenantcontrolplanes", "TenantControlPlane")
KUBECONFIG_GENERATORS = Resource(
    "kamaji.clastix.io", "v1alpha1", "kubeconfiggenerators", "KubeconfigGenerator", namespaced=False
)
CLUSTER_CLASSES = Resource("cluster.x-k8s.io", "v1beta2", "clusterclasses", "ClusterClass")
KAMAJI_CONTROL_PLANE_TEMPLATES = Resource(
    "controlplane.cluster.x-k8s.io", "v1alpha2", "kamajicontrolplanetemplates", "KamajiControlPlaneTemplate"
)
KUBEVIRT_CLUSTER_TEMPLATES = Resource(
    "infrastructure.cluster.x-k8s.io", "v1alpha1", "kubevirtclustertemplates", "KubevirtClusterTemplate"
)
VIRTUAL_MACHINES = Resource("kubevirt.io", "v1", "virtualmachines", "VirtualMachine")
VIRTUAL_MACHINE_INSTANCES = Resource("kubevirt.io", "v1", "virtualmachineinstances", "VirtualMachineInstance")
VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES = Resource(
    "instancetype.kubevirt.io",
    "v1beta1",
    "virtualmachineclusterinstancetypes",
    "VirtualMachineClusterInstancetype",
    namespaced=False,
)
DATA_VOLUMES = Resource("cdi.kubevirt.io", "v1beta1", "datavolumes", "DataVolume")
HELM_RELEASES = Resource("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease")
HELM_REPOSITORIES = Resource("source.toolkit.fluxcd.io", "v1", "helmrepositories", "HelmRepository")
OCI_REPOSITORIES = Resource("source.toolkit.fluxcd.io", "v1", "ocirepositories", "OCIRepository")
HELM_CHART_PROXIES = Resource("addons.cluster.x-k8s.io", "v1alpha1", "helmchartproxies", "HelmChartProxy")
HELM_RELEASE_PROXIES = Resource("addons.cluster.x-k8s.io", "v1alpha1", "helmreleaseproxies", "HelmReleaseProxy")

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
NODES = Resource("", "v1", "nodes", "Node", namespaced=False)
PODS = Resource("", "v1", "pods", "Pod")
SECRETS = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SERVICES = Resource("", "v1", "services", "Service")
PERSISTENT_VOLUME_CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
EVENTS = Resource("events.k8s.io", "v1", "events", "Event")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
POD_DISRUPTION_BUDGETS = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CUSTOM_RESOURCE_DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
