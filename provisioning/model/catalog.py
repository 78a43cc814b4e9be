"""What the platform offers: sizes, Kubernetes versions, add-ons. One cluster-scoped object named `default`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from provisioning.model.base import Cidr, DnsLabel, KubernetesVersion, Model, Quantity, ShortText, Text
from provisioning.model.conditions import Conditions

_BY_NAME = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
_BY_VERSION = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["version"]}


class Flavor(Model):
    """A size of worker: what one virtual machine gets."""

    name: DnsLabel
    vcpu: Annotated[int, Field(ge=1, le=512)]
    """Virtual CPUs."""
    memory: Quantity
    """Memory, such as 4Gi."""
    description: Text = ""
    """What people read in the form."""


class Release(Model):
    """A Kubernetes version on offer, and the container disk its workers boot from."""

    version: KubernetesVersion
    image: ShortText
    recommended: bool = False


class Chart(Model):
    """A Helm chart: the repository's URL (https:// or oci://), its name there, and a version or range."""

    repository: Annotated[str, Field(pattern=r"^(https|oci)://", max_length=253)]
    name: DnsLabel
    version: ShortText


class AddOn(Model):
    """Something that may be installed into a tenant cluster by its chart. `cni`: it is what gives Nodes a network."""

    name: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=20)]
    chart: Chart
    """Where it comes from."""
    namespace: DnsLabel = "kube-system"
    """Where it goes in the tenant cluster."""
    default: bool = False
    """Whether every cluster gets it."""
    cni: bool = False
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


class NetworkDefaults(Model):
    """Ranges a tenant cluster gets when it asks for none; they must not overlap the management cluster's."""

    pods: Cidr = "10.243.0.0/16"
    services: Cidr = "10.95.0.0/16"


class CatalogSpec(Model):
    """Everything on offer."""

    flavors: Annotated[tuple[Flavor, ...], Field(min_length=1, max_length=100, json_schema_extra=_BY_NAME)]
    """Sizes of workers."""
    versions: Annotated[tuple[Release, ...], Field(min_length=1, max_length=50, json_schema_extra=_BY_VERSION)]
    """Kubernetes versions."""
    add_ons: Annotated[tuple[AddOn, ...], Field(max_length=50, json_schema_extra=_BY_NAME)] = ()
    """What can be installed into clusters."""
    hosted: HostedImages
    """Images of what runs beside control planes."""
    network: NetworkDefaults = NetworkDefaults()
    """Ranges of clusters that ask for none."""
    data_store: DnsLabel = "default"
    """The Kamaji DataStore that keeps the clusters' state."""

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
