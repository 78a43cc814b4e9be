"""Who may have clusters, how many, and who has to agree."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from provisioning.model.base import DnsLabel, Duration, Model, Quantity, ShortText, Timestamp, rules
from provisioning.model.conditions import Conditions


class Action(StrEnum):
    """What a ClusterRequest asks for."""

    CREATE = "Create"
    CHANGE = "Change"
    DELETE = "Delete"


class Subject(Model):
    """One person (`user`, and the Slack account that is theirs), one Kubernetes group, or one user group of Slack."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "(has(self.user) ? 1 : 0) + (has(self.group) ? 1 : 0) + (has(self.slackGroup) ? 1 : 0) == 1",
                "name either a user, a group or a Slack user group",
            ),
            ("!has(self.slack) || has(self.user)", "a Slack account needs the user whose it is"),
        )
    )

    user: ShortText = ""
    """A Kubernetes user name."""
    slack: Annotated[str, Field(pattern=r"^([UW][A-Z0-9]{1,20})?$")] = ""
    """The Slack account of that user: an id such as U024BE7LH."""
    group: ShortText = ""
    """A Kubernetes group, for people who use kubectl."""
    slack_group: Annotated[str, Field(pattern=r"^(S[A-Z0-9]{1,20})?$")] = ""
    """A user group of Slack, for people who use Slack: an id such as S0614TZR7. For approvers only."""


Subjects = Annotated[tuple[Subject, ...], Field(max_length=500)]

MOST_CLUSTERS = 100_000
MOST_NODES = 1_000_000
MOST_VCPU = 10_000_000
MOST_PIECES = 1_000_000
Money = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$", max_length=16)]
"""An amount in the currency of the Catalog's prices, such as 12.50."""


class Amounts(Model):
    """Upper bounds; what is left out is not bounded."""

    clusters: Annotated[int, Field(ge=0, le=MOST_CLUSTERS)] | None = None
    """Clusters."""
    nodes: Annotated[int, Field(ge=0, le=MOST_NODES)] | None = None
    """Workers, with the one more per pool that an update adds."""
    vcpu: Annotated[int, Field(ge=0, le=MOST_VCPU)] | None = None
    """Virtual CPUs of all workers."""
    memory: Quantity | None = None
    """Memory of all workers, such as 64Gi."""
    storage: Quantity | None = None
    """Workers' own disks and all volumes, such as 2Ti."""
    gpus: Annotated[int, Field(ge=0, le=MOST_PIECES)] | None = None
    """Devices passed through to workers."""
    control_plane_replicas: Annotated[int, Field(ge=0, le=MOST_PIECES)] | None = None
    """Replicas of all control planes."""
    load_balancers: Annotated[int, Field(ge=0, le=MOST_PIECES)] | None = None
    """Services of type LoadBalancer: one for each cluster's API server, and those of its Services."""
    hourly_cost: Money | None = None
    """What an hour of all of it costs, by the Catalog's prices; it bounds nothing where there are none."""


class QuotaSpec(Model):
    hard: Amounts = Amounts()


class Waiver(Model):
    """A rule that makes approval unnecessary: these actions, on clusters no larger than `up_to`."""

    name: ShortText
    """What people read where this rule was used."""
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=3)]
    """What may be done without approval."""
    up_to: Amounts = Amounts()
    """The largest cluster it is for, surge included."""
    extensions_only: bool = False
    """Whether it is only for changes that give a cluster a later end, and nothing else."""
    unprotects: bool = False
    """Whether it is for changes that take a cluster's deletion protection off as well. Without it they need somebody
    else's word."""


class Weekday(StrEnum):
    """In the order of the week, Monday first."""

    MON = "Mon"
    TUE = "Tue"
    WED = "Wed"
    THU = "Thu"
    FRI = "Fri"
    SAT = "Sat"
    SUN = "Sun"


Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
"""A time of day, such as 09:00, wherever somebody is."""


class ReminderPolicy(Model):
    """When those who were asked and have not voted are reminded: in their own working hours, less and less often."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "(has(self.start) ? self.start : '09:00') < (has(self.end) ? self.end : '18:00')",
                "a working day starts before it ends",
            )
        )
    )

    first: Duration = "30m"
    """How long after they were asked, then twice as long each time. 0s: never."""
    days: Annotated[tuple[Weekday, ...], Field(max_length=7)] = tuple(Weekday)[:5]
    """The working days."""
    start: Clock = "09:00"
    """When a working day begins, where the approver is."""
    end: Clock = "18:00"
    """When it ends."""


class EscalationStep(Model):
    """To whom a request is handed on that nobody decided."""

    after: Duration
    """How long after it was made."""
    approvers: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=50)]
    """Who is asked then, and may decide from then on, beside those who could before."""


class LargeRequests(Model):
    """Who decides about requests above some bounds, where not those who decide about the others."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                " || ".join(f"has(self.above.{bound.alias})" for bound in Amounts.model_fields.values()),
                "say above what a request is large",
            )
        )
    )

    above: Amounts
    """A request is large when its cluster, surge included, is above any of these. For a deletion that is what is
    deleted."""
    required: Annotated[int, Field(ge=1, le=10)] | None = None
    """How many different approvers must agree: as many as otherwise when nothing is said, and one at least."""
    approvers: Subjects = ()
    """Who decides instead of the tenant's approvers. Empty: they do."""
    in_slack: bool = True
    """Whether these can be approved in Slack."""


class ApprovalPolicy(Model):
    """How many approvers must agree (0: nobody), and which requests need none."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.large) || !has(self.large.required)"
                " || self.large.required >= (has(self.required) ? self.required : 1)",
                "no fewer must agree to a large request than to another",
            )
        )
    )

    required: Annotated[int, Field(ge=0, le=10)] = 1
    """How many different approvers must agree."""
    own_requests: bool = False
    """Whether an approver may decide about their own request."""
    expiry: Duration = "24h"
    """For how long a request can be decided."""
    waivers: Annotated[tuple[Waiver, ...], Field(max_length=16)] = ()
    """Requests that need nobody's approval."""
    in_slack: bool = True
    """Whether requests can be approved in Slack. Where not, approvers agree by kubectl, which signs them in. Whoever
    denies a request may do so in Slack all the same."""
    large: LargeRequests | None = None
    """Who decides about large requests. A waiver that fits holds for them, too."""
    break_glass: Subjects = ()
    """Who may take a request through alone in an emergency, their own as well. Nobody when it is left out."""
    reminders: ReminderPolicy = ReminderPolicy()
    """When approvers are reminded in Slack."""
    escalation: Annotated[tuple[EscalationStep, ...], Field(max_length=5)] = ()
    """Who is asked, and may decide, when nobody has decided for long. When nobody who was asked can be reached in
    Slack, the next step comes at once."""


class LifetimePolicy(Model):
    """How long a cluster lives when nobody says, and at most. Empty: for ever."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.failed) || duration(self.failed) == duration('0s')"
                " || duration(self.failed) >= duration('10m')",
                "failed must be ten minutes or more, or 0s for ever",
            ),
        )
    )

    default: Duration | None = None
    """What a cluster gets that asks for none."""
    longest: Duration | None = None
    """What a cluster may ask for at most."""
    warnings: Annotated[tuple[Duration, ...], Field(max_length=10)] = ("24h", "1h", "10m")
    """How long before its end people are told."""
    hibernation: Duration | None = None
    """How long a cluster whose lifetime is over sleeps before it is deleted. Empty: it is deleted at once."""
    failed: Duration = "2h"
    """How long a cluster that failed before it was ever ready is kept for somebody to choose what becomes of it; then
    it is deleted. Ten minutes at least; 0s: for ever."""


class AccessPolicy(Model):
    """How people get into clusters."""

    longest: Duration = "24h"
    """For how long a certificate is valid at most."""


class IdentityPolicy(Model):
    """Whom people in Slack are taken for, beside the accounts that are listed."""

    email: bool = False
    """Whether a Slack account with a confirmed e-mail address is that of the user who is called like the address and
    listed without an account. Whoever manages addresses in Slack then decides who is who."""


class HandMadePolicy(Model):
    """What becomes of Cluster API clusters that people make by hand, without a TenantCluster."""

    allowed: bool = True
    """Whether there may be any. They need room in the quota and nobody's approval, so turn it off where approval is to
    hold for everything. What is there already stays, and does not grow."""
    add_ons: bool = True
    """Whether they get the Catalog's default add-ons, and the components hosted beside the control plane. What one has
    got already stays when this is taken back."""


class Channels(Model):
    """Slack channel ids where this tenant's cards go."""

    approvals: Annotated[str, Field(pattern=r"^([CG][A-Z0-9]{1,20})?$")] = ""
    """Where approvers' cards go; without it they go to the approvers directly."""
    notified: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[CGUW][A-Z0-9]{1,20}$", max_length=21)], ...], Field(max_length=20)
    ] = ()
    """Channels and people who are told what was decided. They need not be approvers, and are not asked."""


class TenantSpec(Model):
    """Whose namespaces these are, who may ask and decide there, and for how much."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.members) || self.members.all(each, !has(each.slackGroup))",
                "a Slack user group decides, and asks for nothing: name its people as members",
            ),
            (
                "!has(self.approval) || !has(self.approval.breakGlass)"
                " || self.approval.breakGlass.all(each, !has(each.slackGroup))",
                "name the people who may break the glass, not a Slack user group",
            ),
            (
                "!has(self.approvers) || !self.approvers.exists(each, has(each.slackGroup))"
                " || (has(self.channels) && has(self.channels.approvals))",
                "a Slack user group is asked in a channel: name it in channels.approvals",
            ),
            (
                "!has(self.approval) || !has(self.approval.large) || !has(self.approval.large.approvers)"
                " || !self.approval.large.approvers.exists(each, has(each.slackGroup))"
                " || (has(self.channels) && has(self.channels.approvals))",
                "a Slack user group is asked in a channel: name it in channels.approvals",
            ),
        )
    )

    display_name: ShortText = ""
    """What people read in Slack instead of the object's name."""
    namespaces: Annotated[
        tuple[DnsLabel, ...],
        Field(min_length=1, max_length=50, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ]
    """The tenant's namespaces, by name. Each also carries the label clusterdesk.dev/tenant."""
    members: Subjects = ()
    """Who may ask for clusters."""
    approvers: Subjects = ()
    """Who may decide about requests; they need not be members."""
    quota: QuotaSpec = QuotaSpec()
    """The most that all clusters together may come to."""
    approval: ApprovalPolicy = ApprovalPolicy()
    """Who has to agree to what."""
    flavors: Annotated[tuple[DnsLabel, ...], Field(max_length=100)] = ()
    """The Catalog's flavors that the tenant may have; empty means all."""
    versions: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()
    """The Catalog's Kubernetes versions that the tenant may have; empty means all."""
    lifetime: LifetimePolicy = LifetimePolicy()
    """How long clusters live."""
    access: AccessPolicy = AccessPolicy()
    """How people get into clusters."""
    identity: IdentityPolicy = IdentityPolicy()
    """Whom people in Slack are taken for."""
    hand_made: HandMadePolicy = HandMadePolicy()
    """What Clusters get that are made by hand."""
    channels: Channels = Channels()
    """Where cards go in Slack."""


class QuotaStatus(Model):
    """A published view of the ledger. Nothing decides on it."""

    hard: Amounts = Amounts()
    used: Amounts = Amounts()
    """All that counts."""
    reserved: Amounts = Amounts()
    """The part of it that was let in and was not seen yet."""
    counted_at: Timestamp | None = None
    """When the ledger was last held against lists of everything there is. It grows old when no provisioner runs."""


class TenantStatus(Model):
    observed_generation: int = 0
    clusters: int = 0
    """How many clusters there are."""
    quota: QuotaStatus = QuotaStatus()
    """What is used, as published a moment ago."""
    conditions: Conditions = ()


class Tenant(Model):
    """A team with namespaces, a quota and an approval policy."""

    spec: TenantSpec
    status: TenantStatus = TenantStatus()
