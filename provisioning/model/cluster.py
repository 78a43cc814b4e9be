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
    replicas: Annotated[int, Field(ge=1, le=7)] = 2


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
    flavor: DnsLabel
    replicas: Annotated[int, Field(ge=0, le=1000)] | None = None
    min: Annotated[int, Field(ge=0, le=1000)] | None = None
    max: Annotated[int, Field(ge=1, le=1000)] | None = None

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
    values: Annotated[dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})] = {}


class Network(Model):
    pods: Cidr | None = None
    services: Cidr | None = None


class ClusterSpec(Model):
    """Desired state of a tenant cluster; what is left out is completed from the Catalog and the Tenant."""

    version: KubernetesVersion | None = None
    control_plane: ControlPlane = ControlPlane()
    pools: Annotated[tuple[NodePool, ...], Field(min_length=1, max_length=20, json_schema_extra=_BY_NAME)]
    add_ons: Annotated[tuple[ClusterAddOn, ...], Field(max_length=50, json_schema_extra=_BY_NAME)] = ()
    network: Network = Network()
    lifetime: Duration | None = None


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
    version: ShortText = ""
    endpoint: ShortText = ""
    kubeconfig_secret: ShortText = ""
    nodes: NodeCount = NodeCount()
    expires_at: Timestamp | None = None


class TenantCluster(Model):
    """A Kubernetes cluster of a tenant."""

    spec: ClusterSpec
    status: ClusterStatus = ClusterStatus()
