"""Who may have clusters, how many, and who has to agree."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from provisioning.model.base import DnsLabel, Duration, Model, Quantity, ShortText, rules
from provisioning.model.conditions import Conditions


class Action(StrEnum):
    """What a ClusterRequest asks for."""

    CREATE = "Create"
    CHANGE = "Change"
    DELETE = "Delete"


class Subject(Model):
    """One person (`user`, and the Slack account that is theirs) or one Kubernetes group."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("has(self.user) != has(self.group)", "name either a user or a group"),
            ("!has(self.slack) || has(self.user)", "a Slack account needs the user whose it is"),
        )
    )

    user: ShortText = ""
    slack: Annotated[str, Field(pattern=r"^([UW][A-Z0-9]{1,20})?$")] = ""
    group: ShortText = ""


MOST_CLUSTERS = 100_000
MOST_NODES = 1_000_000
MOST_VCPU = 10_000_000


class Amounts(Model):
    """Upper bounds; what is left out is not bounded."""

    clusters: Annotated[int, Field(ge=0, le=MOST_CLUSTERS)] | None = None
    nodes: Annotated[int, Field(ge=0, le=MOST_NODES)] | None = None
    vcpu: Annotated[int, Field(ge=0, le=MOST_VCPU)] | None = None
    memory: Quantity | None = None


class QuotaSpec(Model):
    hard: Amounts = Amounts()


class Waiver(Model):
    """A rule that makes approval unnecessary: these actions, on clusters no larger than `up_to`."""

    name: ShortText
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=3)]
    up_to: Amounts = Amounts()


class ApprovalPolicy(Model):
    """How many approvers must agree (0: nobody), and which requests need none."""

    required: Annotated[int, Field(ge=0, le=10)] = 1
    own_requests: bool = False
    expiry: Duration = "24h"
    waivers: Annotated[tuple[Waiver, ...], Field(max_length=16)] = ()


class LifetimePolicy(Model):
    """How long a cluster lives when nobody says, and at most. Empty: for ever."""

    default: Duration | None = None
    longest: Duration | None = None


class Channels(Model):
    """Slack channel ids where this tenant's cards go."""

    approvals: Annotated[str, Field(pattern=r"^([CG][A-Z0-9]{1,20})?$")] = ""


Subjects = Annotated[tuple[Subject, ...], Field(max_length=500)]


class TenantSpec(Model):
    display_name: ShortText = ""
    namespaces: Annotated[
        tuple[DnsLabel, ...],
        Field(min_length=1, max_length=50, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ]
    members: Subjects = ()
    approvers: Subjects = ()
    quota: QuotaSpec = QuotaSpec()
    approval: ApprovalPolicy = ApprovalPolicy()
    flavors: Annotated[tuple[DnsLabel, ...], Field(max_length=100)] = ()
    versions: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()
    lifetime: LifetimePolicy = LifetimePolicy()
    channels: Channels = Channels()


class QuotaStatus(Model):
    """A published view of the ledger. Nothing decides on it."""

    hard: Amounts = Amounts()
    used: Amounts = Amounts()
    reserved: Amounts = Amounts()


class TenantStatus(Model):
    observed_generation: int = 0
    clusters: int = 0
    quota: QuotaStatus = QuotaStatus()
    conditions: Conditions = ()


class Tenant(Model):
    """A team with namespaces, a quota and an approval policy."""

    spec: TenantSpec
    status: TenantStatus = TenantStatus()
