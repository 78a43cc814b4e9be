"""ClusterRequest: who wants which change, and who agreed. `spec` never changes; approval is bound to its digest."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from provisioning.model.base import DnsName, Model, ShortText, Text, Timestamp, rules
from provisioning.model.cluster import ClusterSpec
from provisioning.model.conditions import Conditions
from provisioning.model.tenant import Action

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]
SlackGroup = Annotated[str, Field(pattern=r"^(S[A-Z0-9]{1,20})?$")]


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
    """What is to be done."""
    cluster: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=30)]
    """The cluster's name."""
    desired: ClusterSpec | None = None
    """The whole specification that the cluster is to have."""
    base_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the TenantCluster that a change is made for."""
    digest: Digest
    """SHA-256 over action, cluster and desired: what an approval is bound to."""
    reason: Text = ""
    """Why, in the requester's words."""
    requester: Person
    """Who asks."""
    replaces: DnsName = ""
    """The request of theirs that this one takes the place of. It can be decided once that one is taken back for it."""
    slack_group: SlackGroup = ""
    """The user group of Slack by which the requester decides, where by that alone they give up a cluster that was never
    ready. The bot vouches for it, and nobody else can."""


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
    """Who decides."""
    decision: Decision
    """What they decide."""
    reason: Text = ""
    """Why; asked for when they deny."""
    at: Timestamp
    """When."""
    group: ShortText = ""
    """The Kubernetes group by which the voter may decide; empty for one whom the tenant lists by name."""
    slack_group: SlackGroup = ""
    """The user group of Slack by which the voter may decide. The bot vouches for it, and nobody else can."""
    instead_of: Person | None = None
    """The approver for whom the voter decides, by an ApprovalDelegation."""
    break_glass: bool = False
    """Whether the voter takes the request through alone, in an emergency."""


class Surface(StrEnum):
    """A place in Slack where a card of a request stands."""

    APPROVER = "Approver"
    NOTICE = "Notice"
    """Tells what was decided, to people who are not asked."""
    REQUESTER = "Requester"
    NEWS = "News"
    """The last message to the requester about the end of the cluster's life. Its revision says what was told."""
    PLATFORM = "Platform"
    """What the platform team is told of a cluster that hangs."""


class Delivery(Model):
    """A card that stands in Slack: where, and the hash of what was drawn last."""

    surface: Surface
    channel: ShortText
    ts: ShortText
    revision: ShortText = ""
    heard: ShortText = ""
    """What whoever asked has heard of last, by the card being new or by a line below it; a word of the bot's own."""


class Message(Model):
    """A message of its own that stands in Slack beside the cards: where, and the hash of what was drawn last."""

    channel: ShortText
    ts: ShortText = ""
    """Empty where it could not be posted."""
    revision: ShortText = ""


class Question(Model):
    """What somebody who decides wants to know first, and what the requester says to it."""

    asker: Person
    words: Text
    at: Timestamp
    answer: Text = ""
    answered_at: Timestamp | None = None
    told: Message | None = None
    """How the requester was told of the question."""
    answer_told: bool = False
    """Whether the asker was told of the answer."""


class Reminder(Model):
    """How often somebody was reminded, and when last."""

    slack: ShortText
    times: Annotated[int, Field(ge=1)]
    at: Timestamp


class Urgency(StrEnum):
    """Why a request was handed on."""

    TIME = "NobodyDecided"
    UNREACHABLE = "NobodyReachable"


class HandedOn(Model):
    """A step of the tenant's escalation that was taken."""

    step: Annotated[int, Field(ge=0, le=4)]
    """Which, from 0 on."""
    at: Timestamp
    why: Urgency


class RequestStatus(Model):
    phase: Phase = Phase.PENDING
    """How far the request is."""
    message: Text = ""
    """Why it was denied, or why it failed."""
    votes: Annotated[tuple[Vote, ...], Field(max_length=50)] = ()
    """Who decided what."""
    waiver: ShortText = ""
    """The rule by which nobody had to agree."""
    decided_at: Timestamp | None = None
    """When it left Pending, or was withdrawn after that."""
    expires_at: Timestamp | None = None
    """Until when it can be decided."""
    deliveries: Annotated[tuple[Delivery, ...], Field(max_length=100)] = ()
    """The cards that stand in Slack."""
    withdrawn_by: Person | None = None
    """Who took it back in place of whoever asked, who is not there any more."""
    replaced_by: DnsName = ""
    """The request that took the place of this one."""
    questions: Annotated[tuple[Question, ...], Field(max_length=20)] = ()
    """What approvers asked, oldest first."""
    reminders: Annotated[tuple[Reminder, ...], Field(max_length=500)] = ()
    """Who was reminded."""
    next_reminder_at: Timestamp | None = None
    """When somebody is reminded next."""
    nudged_at: Timestamp | None = None
    """When the requester last had everybody reminded."""
    handed_on: Annotated[tuple[HandedOn, ...], Field(max_length=5)] = ()
    """The steps of the escalation that were taken."""
    unreachable: Annotated[tuple[ShortText, ...], Field(max_length=500)] = ()
    """Slack accounts of those who are asked, and of whoever asked, at which nobody is any more, while it waits."""
    stranded_at: Timestamp | None = None
    """When it was found that nobody who may decide can be reached in Slack."""
    observed_generation: int = 0
    conditions: Conditions = ()


class ClusterRequest(Model):
    """A wish for a cluster, a change of one, or its end."""

    spec: RequestSpec
    status: RequestStatus = RequestStatus()
