"""TenantCluster: what a tenant's cluster should be, and how far it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from provisioning.model.base import (
    Cidr,
    DnsLabel,
    Duration,
    KubernetesVersion,
    Model,
    ShortText,
    Text,
    Timestamp,
    rules,
)
from provisioning.model.conditions import Conditions

_BY_NAME = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}


class ControlPlane(Model):
    """The API server and its companions, which run as Pods in the management cluster."""

    replicas: Annotated[int, Field(ge=1, le=7)] = 2
    """How many of each run."""


class NodePool(Model):
    """Workers of one flavor: `replicas` of them, or between `min` and `max` by the autoscaler."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.replicas) != has(self.max)", "give either replicas, or min and max"),
            ("has(self.min) == has(self.max)", "min and max go together"),
            ("!has(self.min) || !has(self.max) || self.min <= self.max", "min must not be above max"),
        )
    )

    name: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=15)]
    """Part of the names of its machines."""
    flavor: DnsLabel
    """A size of the Catalog."""
    replicas: Annotated[int, Field(ge=0, le=1000)] | None = None
    """A fixed number of workers."""
    min: Annotated[int, Field(ge=0, le=1000)] | None = None
    """The least the autoscaler goes down to."""
    max: Annotated[int, Field(ge=1, le=1000)] | None = None
    """The most the autoscaler goes up to; this is what the quota counts."""

    @model_validator(mode="after")
    def _one_way_of_sizing(self) -> Self:
        if (self.replicas is None) == (self.max is None):
            raise ValueError("give either replicas, or min and max")
        if (self.min is None) != (self.max is None):
            raise ValueError("min and max go together")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        return self

    @property
    def autoscaled(self) -> bool:
        return self.max is not None

    @property
    def most(self) -> int:
        """The most nodes this pool can come to, surge aside."""
        return self.max if self.max is not None else (self.replicas or 0)


class ClusterAddOn(Model):
    """An add-on of the Catalog, with values laid over the Catalog's own."""

    name: DnsLabel
    """An add-on of the Catalog."""
    values: Annotated[dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})] = {}
    """Helm values."""


class Network(Model):
    """Ranges inside the cluster. They cannot change later."""

    pods: Cidr | None = None
    """The Pods' range, such as 10.243.0.0/16."""
    services: Cidr | None = None
    """The Services' range, such as 10.95.0.0/16."""


class ClusterSpec(Model):
    """Desired state of a tenant cluster; what is left out is completed from the Catalog and the Tenant."""

    version: KubernetesVersion | None = None
    """The Kubernetes version, one of the Catalog's."""
    control_plane: ControlPlane = ControlPlane()
    """The control plane."""
    pools: Annotated[tuple[NodePool, ...], Field(min_length=1, max_length=20, json_schema_extra=_BY_NAME)]
    """The workers."""
    add_ons: Annotated[tuple[ClusterAddOn, ...], Field(max_length=50, json_schema_extra=_BY_NAME)] = ()
    """What is installed into the cluster. The Catalog's default add-ons are always among them."""
    network: Network = Network()
    """The cluster's own ranges."""
    lifetime: Duration | None = None
    """After this time the cluster is deleted."""


class StepState(StrEnum):
    WAITING = "Waiting"
    RUNNING = "Running"
    DONE = "Done"
    FAILED = "Failed"


class Step(Model):
    """One step on the way to Ready, with its times."""

    name: ShortText
    state: StepState = StepState.WAITING
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    message: Text = ""


class NodeCount(Model):
    ready: int = 0
    wanted: int = 0


class ClusterStatus(Model):
    observed_generation: int = 0
    conditions: Conditions = ()
    steps: Annotated[tuple[Step, ...], Field(max_length=16)] = ()
    """The way to Ready, with times."""
    version: ShortText = ""
    """The version that the control plane runs."""
    endpoint: ShortText = ""
    """Where the API server answers."""
    kubeconfig_secret: ShortText = ""
    """The Secret in this namespace that holds an administrator's kubeconfig."""
    nodes: NodeCount = NodeCount()
    """Workers that are ready, and that are wanted."""
    expires_at: Timestamp | None = None
    """When the cluster is deleted."""


class TenantCluster(Model):
    """A Kubernetes cluster of a tenant."""

    spec: ClusterSpec
    status: ClusterStatus = ClusterStatus()
