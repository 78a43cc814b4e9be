"""TenantCluster: what a tenant's cluster should be, and how far it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from provisioning.model.base import (
    Cidr,
    Cron,
    DnsLabel,
    Duration,
    KubernetesVersion,
    LabelKey,
    LabelValue,
    Model,
    Seen,
    ShortText,
    Text,
    Timestamp,
    rules,
)
from provisioning.model.conditions import Conditions
from provisioning.model.precheck import Precheck

_BY_NAME = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}


class ControlPlane(Model):
    """The API server and its companions, which run as Pods in the management cluster."""

    replicas: Annotated[int, Field(ge=1, le=7)] = 2
    """How many of each run."""


class TaintEffect(StrEnum):
    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Model):
    """Keeps Pods off a pool's Nodes, unless they tolerate it."""

    key: LabelKey
    """Such as dedicated, or example.com/gpu."""
    value: LabelValue = ""
    """Such as builds."""
    effect: TaintEffect
    """What happens to Pods that do not tolerate it."""


class NodePool(Model):
    """Workers of one flavor: `replicas` of them, or between `min` and `max` by the autoscaler."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.replicas) != has(self.max)", "give either replicas, or min and max"),
            ("has(self.min) == has(self.max)", "min and max go together"),
            ("!has(self.min) || !has(self.max) || self.min <= self.max", "min must not be above max"),
            (
                "!has(self.maxSurge) || self.maxSurge > 0 || (has(self.maxUnavailable) && self.maxUnavailable > 0)",
                "maxSurge and maxUnavailable cannot both be 0: then no worker can ever be replaced",
            ),
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
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=20)] = {}
    """Labels of its Nodes."""
    taints: Annotated[tuple[Taint, ...], Field(max_length=20)] = ()
    """Taints of its Nodes."""
    max_surge: Annotated[int, Field(ge=0, le=1000)] = 1
    """Workers beyond the pool's size while it is updated; the quota counts them."""
    max_unavailable: Annotated[int, Field(ge=0, le=1000)] = 0
    """Workers that may be missing while it is updated."""
    drain_timeout: Duration = "5m"
    """How long Pods may take to leave a worker that goes; after that it goes with them."""

    @model_validator(mode="after")
    def _one_way_of_sizing(self) -> Self:
        if (self.replicas is None) == (self.max is None):
            raise ValueError("give either replicas, or min and max")
        if (self.min is None) != (self.max is None):
            raise ValueError("min and max go together")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        if not (self.max_surge or self.max_unavailable):
            raise ValueError("maxSurge and maxUnavailable cannot both be 0: then no worker can ever be replaced")
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


class HibernationSchedule(Model):
    """When the cluster goes to sleep and when it wakes, week by week."""

    start: Cron
    """When it goes to sleep: five fields as cron takes them, such as 0 19 * * 1-5."""
    end: Cron
    """When it wakes, in the same way."""
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]+$", max_length=64)] = "UTC"
    """The IANA time zone in which both are meant, such as Europe/Berlin."""


class Hibernation(Model):
    """A cluster asleep has neither workers nor a running control plane; what it stored is kept."""

    enabled: bool = False
    """Whether it sleeps, whatever the schedules say."""
    schedules: Annotated[tuple[HibernationSchedule, ...], Field(max_length=10)] = ()
    """When it sleeps by itself."""
    awake_until: Timestamp | None = None
    """Until then it stays awake, whatever the schedules say."""


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
    """After this time, from when it was made, the cluster is over: it hibernates if its tenant has it so, and is
    deleted."""
    hibernation: Hibernation = Hibernation()
    """When the cluster sleeps."""
    deletion_protection: bool = False
    """Nobody deletes the cluster while this is set. When its lifetime is over it sleeps, and is not deleted."""


class StepState(StrEnum):
    WAITING = "Waiting"
    RUNNING = "Running"
    DONE = "Done"
    FAILED = "Failed"


class Step(Seen):
    """One step on the way to Ready, with its times."""

    name: ShortText
    state: StepState = StepState.WAITING
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    message: Text = ""
    """How far it is, or what is in its way."""
    hint: Text = ""
    """What to do about what is in its way."""


class NodeCount(Seen):
    ready: int = 0
    """Workers that are ready."""
    wanted: int = 0
    """Workers that there should be now."""


class ClusterStatus(Seen):
    observed_generation: int = 0
    """The generation that this was seen of."""
    conditions: Conditions = ()
    initialized: bool | None = None
    """Whether it was ready once. One that never was can be given up. Left out where nobody knows."""
    had_ready_node: bool | None = None
    """Whether a worker of it was ready once. One of which none ever was is given up when nobody chooses. Left out where
    nobody knows."""
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
    """When the cluster's lifetime is over."""
    deletes_at: Timestamp | None = None
    """When the cluster is deleted: with its lifetime, or after the sleep that follows it."""
    gives_up_at: Timestamp | None = None
    """When the cluster is given up that failed before it was ever ready, unless somebody chooses what becomes of it."""
    asleep_since: Timestamp | None = None
    """Since when the cluster hibernates."""
    inventory: Annotated[tuple[ShortText, ...], Field(max_length=500)] = ()
    """Everything that was put there for the cluster, as Kind.group/name, so that it is found again."""
    last_handled_reconcile_at: ShortText = ""
    """The value of the annotation clusterdesk.dev/reconcile-at that was last acted upon."""
    residue: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    """While it is deleted: what is still there, and why."""
    precheck: Precheck | None = None
    """What an upgrade may run into, as seen in the cluster itself. Left out where nobody could look yet."""


class TenantCluster(Model):
    """A Kubernetes cluster of a tenant."""

    spec: ClusterSpec
    status: ClusterStatus = ClusterStatus()
