"""What the platform offers: sizes, Kubernetes versions, add-ons. One cluster-scoped object named `default`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from provisioning.model.base import Cidr, DnsLabel, DnsName, KubernetesVersion, Model, Quantity, ShortText, Text
from provisioning.model.conditions import Conditions

_BY_NAME = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
_BY_VERSION = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["version"]}


class Gpu(Model):
    """Devices of the management cluster's machines that a worker gets as its own."""

    device: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9._]+/[-a-zA-Z0-9._]+$", max_length=253)]
    """The device as KubeVirt permits it: nvidia.com/GA102GL_A10 for one."""
    resource: Annotated[str, Field(pattern=r"^[-a-z0-9.]+/[-a-z0-9._]+$", max_length=253)] = "nvidia.com/gpu"
    """What Pods in the tenant ask for to get one."""
    count: Annotated[int, Field(ge=1, le=16)] = 1
    """How many of them."""


class Flavor(Model):
    """A size of worker: what one virtual machine gets."""

    name: DnsLabel
    vcpu: Annotated[int, Field(ge=1, le=512)]
    """Virtual CPUs."""
    memory: Quantity
    """Memory, such as 4Gi."""
    description: Text = ""
    """What people read in the form."""
    disk: Quantity | None = None
    """A disk of its own for containers and their images, which outlives a restart. Empty: they are on the root disk."""
    storage_class: DnsName = ""
    """The management cluster's StorageClass for that disk; its default one when empty."""
    gpus: Annotated[tuple[Gpu, ...], Field(max_length=8)] = ()
    """Devices passed through to the worker."""
    instancetype: DnsName = ""
    """A VirtualMachineClusterInstancetype that gives vCPU and memory, which must be the ones written here."""


class Release(Model):
    """A Kubernetes version on offer, and the container disk its workers boot from."""

    version: KubernetesVersion
    """Such as v1.34.4."""
    image: ShortText
    """The container disk that workers boot from."""
    recommended: bool = False
    """What a form starts with."""
    upgrades_from: Annotated[tuple[KubernetesVersion, ...], Field(max_length=50)] = ()
    """The versions that may be upgraded to this one. Empty: older ones of the same minor version, and all of the one
    before."""
    konnectivity: ShortText = ""
    """The tag of Konnectivity's images for this version, such as v0.34.0; Kamaji's own choice when empty."""


class Chart(Model):
    """A Helm chart: the repository's URL (https:// or oci://), its name there, and a version or range."""

    repository: Annotated[str, Field(pattern=r"^(https|oci)://", max_length=253)]
    name: DnsLabel
    version: ShortText


class AddOn(Model):
    """Something that may be installed into a tenant cluster by its chart."""

    name: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=20)]
    chart: Chart
    """Where it comes from."""
    namespace: DnsLabel = "kube-system"
    """Where it goes in the tenant cluster."""
    default: bool = False
    """Whether every cluster gets it."""
    cni: bool = False
    """Whether it is what gives Nodes a network."""
    replaces_kube_proxy: bool = False
    """Whether clusters that have it need no kube-proxy; the two do not bear each other."""
    replaces_core_dns: bool = False
    """Whether clusters that have it need no CoreDNS from the control plane."""
    after: Annotated[tuple[DnsLabel, ...], Field(max_length=16)] = ()
    """Add-ons that must be ready first."""
    values: Annotated[dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})] = {}
    """Helm values."""


class HostedImages(Model):
    """Images of what runs beside the control plane in the management cluster, never in a tenant."""

    cloud_controller_manager: ShortText
    csi_driver: ShortText
    csi_provisioner: ShortText
    csi_attacher: ShortText
    csi_resizer: ShortText
    cluster_autoscaler: ShortText
    csi_snapshotter: ShortText = ""
    """Makes snapshots of volumes; without it there are none."""
    csi_liveness_probe: ShortText = ""
    """Asks the CSI driver whether it lives; without it nobody does."""
    csi_node_driver_registrar: ShortText = ""
    """Runs on tenants' Nodes beside the CSI driver; without it tenants get no volumes."""


class StorageClass(Model):
    """A StorageClass of every tenant cluster, and the one of the management cluster behind it."""

    name: DnsName
    """What claims in the tenant ask for."""
    infra: DnsName = ""
    """The management cluster's StorageClass; its default one when empty."""
    default: bool = False
    """Whether claims that name none get it."""
    bus: Annotated[str, Field(pattern=r"^(scsi|virtio)$")] = "scsi"
    """How the volume is plugged into the worker."""
    retain: bool = False
    """Whether volumes stay when their claims go."""


class AddOnEngine(StrEnum):
    """What installs charts into tenants."""

    FLUX = "Flux"
    """Flux' helm-controller, by HelmReleases."""
    CAAPH = "HelmAddonProvider"
    """Cluster API's add-on provider for Helm, by HelmChartProxies."""


class NetworkDefaults(Model):
    """Ranges a tenant cluster gets when it asks for none; they must not overlap the management cluster's."""

    pods: Cidr = "10.243.0.0/16"
    services: Cidr = "10.95.0.0/16"
    reserved: Annotated[tuple[Cidr, ...], Field(max_length=32)] = ()
    """Ranges that no tenant cluster may use: those of the management cluster's Nodes, Pods and Services, and whatever
    else workers have to reach by its own address."""


Price = Annotated[str, Field(pattern=r"^([0-9]{1,6}(\.[0-9]{1,6})?)?$", max_length=13)]


SourceAddress = Annotated[str, Field(pattern=r"^(https|ssh|oci)://[^\s%?#]+$", max_length=253)]


class PriceList(Model):
    """What an hour costs. What has no price here costs nothing."""

    currency: Annotated[str, Field(pattern=r"^[A-Za-z]{1,12}$")]
    """What prices are in, such as EUR, or credits."""
    cluster: Price = ""
    """A cluster, whatever its size."""
    control_plane_replica: Price = ""
    """One replica of a control plane."""
    node: Price = ""
    """A worker, whatever its size."""
    vcpu: Price = ""
    """One virtual CPU, such as 0.012."""
    memory_gib: Price = ""
    """One GiB of memory."""
    storage_gib: Price = ""
    """One GiB of disks and volumes."""
    gpu: Price = ""
    """One device passed through to a worker."""
    load_balancer: Price = ""
    """One Service of type LoadBalancer."""


class CatalogSpec(Model):
    """Everything on offer."""

    flavors: Annotated[tuple[Flavor, ...], Field(min_length=1, max_length=100, json_schema_extra=_BY_NAME)]
    """Sizes of workers."""
    versions: Annotated[tuple[Release, ...], Field(min_length=1, max_length=50, json_schema_extra=_BY_VERSION)]
    """Kubernetes versions."""
    add_ons: Annotated[tuple[AddOn, ...], Field(max_length=50, json_schema_extra=_BY_NAME)] = ()
    """What can be installed into clusters."""
    add_on_engine: AddOnEngine = AddOnEngine.FLUX
    """What installs them. HelmAddonProvider takes over what Flux has installed; what HelmAddonProvider has installed
    stays with it, because it cannot let go without uninstalling."""
    trusted_sources: Annotated[tuple[SourceAddress, ...], Field(max_length=50)] = ()
    """Addresses of Git repositories, registries and chart repositories whose content may go into tenants although
    admission cannot look into it. All that is below an address counts."""
    storage_classes: Annotated[tuple[StorageClass, ...], Field(max_length=20, json_schema_extra=_BY_NAME)] = ()
    """StorageClasses of tenant clusters."""
    hosted: HostedImages
    """Images of what runs beside control planes."""
    network: NetworkDefaults = NetworkDefaults()
    """Ranges of clusters that ask for none."""
    prices: PriceList | None = None
    """What an hour of everything costs, for quotas of cost and for people to read."""
    data_store: DnsLabel = "default"
    """The Kamaji DataStore that keeps the state of clusters made from now on; that of others stays where it is."""

    def flavor(self, name: str) -> Flavor | None:
        return next((f for f in self.flavors if f.name == name), None)

    def release(self, version: str) -> Release | None:
        return next((r for r in self.versions if r.version == version), None)

    def add_on(self, name: str) -> AddOn | None:
        return next((a for a in self.add_ons if a.name == name), None)

    def recommended(self) -> Release:
        """The version a form starts with: the first one marked, else the first one listed."""
        return next((r for r in self.versions if r.recommended), self.versions[0])


class CatalogStatus(Model):
    observed_generation: int = 0
    conditions: Conditions = ()


class Catalog(Model):
    """Flavors, Kubernetes versions and add-ons on offer."""

    spec: CatalogSpec
    status: CatalogStatus = CatalogStatus()
