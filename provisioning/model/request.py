"""ClusterRequest: who wants which change, and who agreed. `spec` never changes; approval is bound to its digest."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from provisioning.model.base import Model, ShortText, Text, Timestamp, rules
from provisioning.model.cluster import ClusterSpec
from provisioning.model.conditions import Conditions
from provisioning.model.tenant import Action

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]


class Person(Model):
    """Somebody known by a Kubernetes user name, and by a Slack account when they came that way."""

    user: Annotated[str, Field(min_length=1, max_length=253)]
    slack: Annotated[str, Field(pattern=r"^([UW][A-Z0-9]{1,20})?$")] = ""


class RequestSpec(Model):
    model_config = ConfigDict(
        json_schema_extra=rules(
            ("self == oldSelf", "a request cannot be changed; withdraw it and ask again"),
            ("has(self.desired) == (self.action != 'Delete')", "desired is for Create and Change only"),
        )
    )

    action: Action
    cluster: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=30)]
    desired: ClusterSpec | None = None
    base_generation: Annotated[int, Field(ge=0)] = 0
    digest: Digest
    reason: Text = ""
    requester: Person


class Phase(StrEnum):
    PENDING = "Pending"
    APPROVED = "Approved"
    APPLIED = "Applied"
    DENIED = "Denied"
    WITHDRAWN = "Withdrawn"
    EXPIRED = "Expired"
    FAILED = "Failed"


class Decision(StrEnum):
    APPROVE = "Approve"
    DENY = "Deny"


class Vote(Model):
    voter: Person
    decision: Decision
    reason: Text = ""
    at: Timestamp


class Surface(StrEnum):
    """A place in Slack where a card of a request stands."""

    APPROVER = "Approver"
    REQUESTER = "Requester"


class Delivery(Model):
    """A card that stands in Slack: where, and the hash of what was drawn last."""

    surface: Surface
    channel: ShortText
    ts: ShortText
    revision: ShortText = ""


class RequestStatus(Model):
    phase: Phase = Phase.PENDING
    message: Text = ""
    votes: Annotated[tuple[Vote, ...], Field(max_length=50)] = ()
    waiver: ShortText = ""
    decided_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    deliveries: Annotated[tuple[Delivery, ...], Field(max_length=100)] = ()
    observed_generation: int = 0
    conditions: Conditions = ()


class ClusterRequest(Model):
    """A wish for a cluster, a change of one, or its end."""

    spec: RequestSpec
    status: RequestStatus = RequestStatus()
