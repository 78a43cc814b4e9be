"""Every card and form as JSON, to be read in a diff: `python -m tests.bot.golden` writes the files anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot import (
    access_cards,
    commands,
    delegations,
    delete_forms,
    details,
    digest,
    entries,
    forms,
    home,
    inquiries,
    messages,
    news,
    receipts,
    replies,
    request_cards,
    shortage,
    sights,
    unasked,
)
from bot.answers import Open, Say
from bot.buttons import ticket_of
from bot.cards import Card
from bot.commands import outlooks
from bot.entries import Draft
from bot.offers import Place
from bot.sights import Sight
from bot.unasked import Unasked
from provisioning import backing, edits, names, objects, quota, room
from provisioning.delegations import Delegation
from provisioning.diagnosis import Diagnosis, Symptom
from provisioning.errors import Cause
from provisioning.handmade import Keeper
from provisioning.happenings import Happening
from provisioning.losses import Losses
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    ClusterSpec,
    ClusterStatus,
    Decision,
    DelegationSpec,
    Delivery,
    EscalationStep,
    HandedOn,
    LargeRequests,
    NodePool,
    Person,
    Phase,
    Question,
    QuotaSpec,
    RequestStatus,
    Subject,
    Surface,
    TenantCluster,
    Urgency,
    Vote,
)
from provisioning.model.cluster import Hibernation, HibernationSchedule
from provisioning.model.tenant import LifetimePolicy, Waiver
from provisioning.objects import Stored
from provisioning.room import Turn
from provisioning.trouble import Trouble
from provisioning.usage import Usage
from provisioning.usual import Span, Usual
from tests.bot import access_samples, golden_answers, samples
from tests.bot.fake_desk import FakeDesk

FOLDER = Path(__file__).with_name("golden")
USED = Usage(clusters=2, nodes=5, vcpu=10_000, memory=40 * 2**30)
BY_OMAR = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)
BY_KAI_FOR_OMAR = Vote(voter=samples.KAI, decision=Decision.APPROVE, at=samples.LATER, instead_of=samples.OMAR)


def sight(status: RequestStatus | None = None, cluster: Stored[TenantCluster] | None = None, **kind: Any) -> Sight:
    tenant = samples.tenant(approval=ApprovalPolicy(required=kind.pop("required", 1)))
    made = samples.request(status=status, **kind)
    hard = quota.limits(tenant.it.spec.quota.hard)
    return Sight(made, tenant, samples.catalog(), cluster=cluster, hard=hard, used=USED)


def _applied(cluster: Stored[TenantCluster] | None, **kind: Any) -> Sight:
    status = RequestStatus(phase=Phase.APPLIED, votes=(BY_OMAR,), decided_at=samples.AT)
    return sight(status, cluster, **kind)


def _given_up(cluster: Stored[TenantCluster] | None) -> Sight:
    """Nobody chose what becomes of it."""
    status = RequestStatus(
        phase=Phase.APPLIED, votes=(BY_OMAR,), decided_at=samples.AT, conditions=samples.nobody_chose()
    )
    return sight(status, cluster)


def _with_deputy(status: RequestStatus | None = None) -> Sight:
    """Kai, who only uses kubectl, decides for Omar; a user group decides too."""
    seen = sight(status, required=2)
    approvers = (*seen.tenant.it.spec.approvers, Subject(slack_group="S0TEAMALEADS"), Subject(group="on-*call*"))
    spec = seen.tenant.it.spec.model_copy(update={"approvers": approvers})
    tenant = Stored(seen.tenant.meta, seen.tenant.it.model_copy(update={"spec": spec}))
    deputy = DelegationSpec(approver=samples.OMAR, delegate=samples.KAI, until=samples.TOMORROW)
    return replace(seen, tenant=tenant, delegations=(deputy,))


def _forced() -> RequestStatus:
    vote = Vote(
        voter=samples.LENA, decision=Decision.APPROVE, reason=samples.HOSTILE, at=samples.LATER, break_glass=True
    )
    return RequestStatus(phase=Phase.APPLIED, votes=(vote,), decided_at=samples.LATER)


def _denied() -> RequestStatus:
    vote = Vote(voter=samples.EVA, decision=Decision.DENY, reason=samples.HOSTILE, at=samples.LATER)
    return RequestStatus(phase=Phase.DENIED, votes=(vote,), decided_at=samples.LATER)


def _sent(*, undeliverable: bool) -> RequestStatus:
    places = [Delivery(surface=Surface.APPROVER, channel="C0TEAMA", ts="" if undeliverable else "1.1")]
    if undeliverable:
        places += [Delivery(surface=Surface.APPROVER, channel=f"D{n}", ts="1.1") for n in (1, 2)]
    return RequestStatus(expires_at=samples.TOMORROW, deliveries=tuple(places))


def _desk() -> FakeDesk:
    desk = FakeDesk(used={"team-a": USED})
    desk.put_cluster(samples.cluster(status=samples.ready(), annotations={"clusterdesk.dev/requested-by": "lena"}))
    desk.put_cluster(samples.cluster("alpha", by="cr-other", status=samples.building()))
    desk.put(samples.request("cr-waiting", cluster="build-8"))
    desk.put(samples.request("cr-denied", cluster="build-6", status=_denied()))
    kai = Keeper(name=samples.KAI.user)
    alone = samples.hand_made(
        "lone", keeper=kai, add_ons=False, ready=False, version="*v*", endpoint="", message=samples.HOSTILE
    )
    desk.by_hand = (samples.hand_made(), alone)
    desk.accesses.put(access_samples.opened())
    desk.accesses.put(access_samples.opened(name="build-7-kai", user=samples.KAI.user, role="Viewer"))
    return desk


def _beginning() -> FakeDesk:
    """With a cluster of Lena's that is set up for the first time."""
    desk, marks = _desk(), {"clusterdesk.dev/requested-by": "lena"}
    desk.put_cluster(samples.cluster("build-9", by="cr-9", status=samples.building(), annotations=marks))
    return desk


def _said(line: str, desk: FakeDesk | None = None, person: Person = samples.LENA) -> Card:
    answer = commands.answer(line, desk=desk or _desk(), person=person, now=samples.NOW)
    if not isinstance(answer, Say):
        raise TypeError(line)
    return answer.card


def _opened(line: str, desk: FakeDesk | None = None, person: Person = samples.LENA) -> Mapping[str, Any]:
    answer = commands.answer(line, desk=desk or _desk(), person=person, now=samples.NOW)
    if not isinstance(answer, Open):
        raise TypeError(line)
    return answer.view


def _home(person: Person | None, desk: FakeDesk | None = None, *, platform: bool = False) -> Mapping[str, Any]:
    return home.view(person, desk=desk or _desk(), now=samples.NOW, platform=platform)


def _delegating() -> FakeDesk:
    """Pat decides for Omar, and Omar for Eva; in one tenant nothing is approved in Slack, in another nothing large."""
    desk = FakeDesk()
    large = LargeRequests(above=Amounts(vcpu=4), in_slack=False)
    desk.tenants["team-b"] = samples.tenant("team-b", approval=ApprovalPolicy(large=large))
    desk.tenants["team-c"] = samples.tenant("team-c", approval=ApprovalPolicy(in_slack=False))
    away = DelegationSpec(approver=samples.OMAR, delegate=samples.PAT, until=samples.TOMORROW, reason=samples.HOSTILE)
    desk.voting.given["tenant-team-a", samples.OMAR.user] = away
    ill = DelegationSpec(approver=samples.EVA, delegate=samples.OMAR, until=samples.TOMORROW)
    desk.voting.given["tenant-team-b", samples.EVA.user] = ill
    return desk


def _omars() -> Delegation:
    """The one by which Pat decides for him."""
    (found,), _ = delegations.of(samples.OMAR, _delegating(), samples.NOW)
    return found


def _undelegated() -> Sight:
    """Kai's word for Omar was all there was, and it counted no more when it was to be done."""
    shown = sight(RequestStatus(phase=Phase.APPROVED, votes=(BY_KAI_FOR_OMAR,)))
    request = shown.request.it
    why = backing.uncovered(
        shown.request,
        action=request.spec.action,
        cluster=request.spec.cluster,
        desired=request.spec.desired,
        generation=request.spec.base_generation,
        catalog=shown.catalog,
        tenant=shown.tenant.it.spec,
    )
    return sight(request.status.model_copy(update={"phase": Phase.FAILED, "message": why}))


def _paused() -> FakeDesk:
    desk = FakeDesk()
    desk.canary.says(Trouble.TAKEN)
    return desk


def _in_trouble() -> FakeDesk:
    desk = _desk()
    desk.put_cluster(samples.cluster("alpha", by="cr-other", status=samples.stuck()))
    desk.tenants["team-b"] = samples.tenant("team-b", quota=QuotaSpec())
    return desk


def _two_tenants() -> FakeDesk:
    desk = _desk()
    desk.tenants["team-b"] = samples.tenant("team-b", approval=ApprovalPolicy(required=0))
    return desk


def _two_pools() -> FakeDesk:
    desk = _desk()
    pools = (NodePool(name="md0", flavor="small", replicas=2), NodePool(name="gpu", flavor="large", min=0, max=2))
    desk.put_cluster(samples.cluster(status=samples.ready(), pools=pools))
    return desk


def _guarded(*, is_over: bool = False) -> FakeDesk:
    """Protected from deletion; where its lifetime `is_over`, it sleeps."""
    desk = _desk()
    made = samples.cluster(status=samples.asleep() if is_over else samples.ready(), deletion_protection=True)
    created = samples.NOW - timedelta(days=30) if is_over else samples.NOW
    desk.put_cluster(replace(made, meta=replace(made.meta, created=created)))
    return desk


def _unprotecting() -> Sight:
    guarded = samples.cluster(status=samples.ready(), deletion_protection=True)
    return sight(None, guarded, action=Action.CHANGE, desired=samples.spec(), required=0)


def _unprolonged() -> Sight:
    """A later end that was approved, and could not be written."""
    why = "the cluster has changed since this was asked for (generation 3, not 2)"
    status = RequestStatus(phase=Phase.FAILED, votes=(BY_OMAR,), decided_at=samples.LATER, message=why)
    longer = samples.spec(lifetime="48h")
    return sight(status, samples.cluster(status=samples.ready()), action=Action.CHANGE, desired=longer)


def _gone_asker() -> RequestStatus:
    """Of somebody whose Slack account is deactivated, as is an approver's."""
    return RequestStatus(expires_at=samples.TOMORROW, unreachable=("U0LENA", "U0EVA"))


def _old(*, lifetime: str = "24h", longest: str | None = "168h", waived: bool = False) -> FakeDesk:
    """A cluster that lives so long, of a tenant whose clusters may live as long as `longest`."""
    desk, rule = _desk(), Waiver(name="a later end", actions=(Action.CHANGE,), extensions_only=True)
    policy = ApprovalPolicy(required=1, waivers=(rule,) if waived else ())
    desk.put_tenant(samples.tenant(lifetime=LifetimePolicy(longest=longest), approval=policy))
    desk.put_cluster(samples.cluster(status=samples.ready(), lifetime=lifetime))
    return desk


def _fixed() -> Stored[TenantCluster]:
    """In a fix."""
    return samples.cluster(status=samples.stuck())


def _in_a_fix() -> FakeDesk:
    desk = _desk()
    desk.put_cluster(_fixed())
    return desk


def _diagnosed() -> Diagnosis:
    machine = "build-7-workers-x7k2"
    return Diagnosis(
        symptoms=(
            Symptom("KubevirtMachine", machine, "VMProvisioned", "Unschedulable", samples.HOSTILE, samples.NOW),
            Symptom("Machine", machine, "InfrastructureReady", "NotReady", "", None),
            Symptom("MachineDeployment", "build-7-workers", "Stalled", "Stalled", "x" * 900, samples.NOW, holds=True),
        ),
        more_symptoms=2,
        happenings=(
            Happening("KubevirtMachine", machine, "Failed", samples.HOSTILE, samples.NOW, 7, warning=True),
            Happening("TenantCluster", "build-7", "NotReady", "y" * 900, samples.NOW, 1, warning=False),
        ),
    )


def _sleeping_first() -> FakeDesk:
    """Whose clusters sleep before they are deleted."""
    desk = _desk()
    desk.put_tenant(samples.tenant(lifetime=LifetimePolicy(longest="168h", hibernation="72h")))
    return desk


def _behind() -> FakeDesk:
    """Two versions behind, with an upgrade on the way; it is known how long things take."""
    desk = _knowing()
    pools = (
        NodePool(name="md0", flavor="small", replicas=4, max_surge=2, drain_timeout="15m"),
        NodePool(name="gpu", flavor="large", min=0, max=2, max_surge=0, max_unavailable=1),
        NodePool(name="spare", flavor="small", replicas=0),
    )
    status = samples.building().model_copy(update={"version": "v1.33.8"})
    desk.put_cluster(samples.cluster(status=status, version="v1.33.9", pools=pools))
    return desk


def _hindered() -> FakeDesk:
    """With a cluster in which an upgrade runs into something."""
    desk = _desk()
    desk.put_cluster(samples.cluster(status=samples.hindered()))
    return desk


def _upgrading(status: RequestStatus | None = None, *, unseen: tuple[str, ...] = ()) -> Sight:
    """Lena asks for another version of such a cluster; not all of it could be looked at."""
    made = samples.cluster(status=samples.hindered(unseen=unseen))
    return sight(status, made, action=Action.CHANGE, desired=samples.spec(version="v1.35.1"))


def _scheduled() -> FakeDesk:
    """Asleep at the hour of `samples.NOW`."""
    desk = _desk()
    sleeps = Hibernation(schedules=(HibernationSchedule(start="0 12 * * *", end="0 14 * * *"),))
    desk.put_cluster(samples.cluster(status=samples.asleep(), hibernation=sleeps))
    return desk


def _knowing() -> FakeDesk:
    """With prices, and three clusters that came up."""
    desk = FakeDesk(used={"team-a": USED}, offered=samples.priced())
    for number in range(3):
        desk.put_cluster(samples.cluster(f"old-{number}", status=samples.ready()))
    desk.put(samples.request("cr-waiting", cluster="build-8"))
    return desk


def _full() -> FakeDesk:
    """With little room left, where the platform is the last to whom something is handed on."""
    step = EscalationStep(after="4h", approvers=(samples.subject(samples.PAT), Subject(slack_group="S0PLATFORM")))
    desk = FakeDesk(used={"team-a": Usage(clusters=4, nodes=15, vcpu=36_000, memory=120 * 2**30)})
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(escalation=(step,)))
    return desk


def _unfolded() -> Mapping[str, Any]:
    """The create form with what few people need."""
    desk, place = _knowing(), Place(samples.tenant(), "tenant-team-a")
    draft = Draft(name="build-9", more=True, add_ons=("velero",), sleep="nights", zone="Europe/Berlin")
    filled = entries.filled(draft, place, desk.catalog(), zone=UTC)
    spec = entries.spec(filled)
    known = outlooks.guess(
        desk, place, person=samples.LENA, action=Action.CREATE, cluster="build-9", was=None, becomes=spec
    )
    berlin = ZoneInfo("Europe/Berlin")
    return forms.create(
        filled, place=place, places=[place], catalog=desk.catalog(), outlook=known, now=samples.NOW, zone=berlin
    )


def _beside() -> Sight:
    """One of two that wait for the same room, with prices."""
    desk = _knowing()
    asked = desk.put(samples.request("cr-1"))
    found = sights.of(desk, asked)
    assert found is not None
    return found


_NO_ROOM = "vCPU: asks for 6, 2 of 40 free (38 used, most by build-9 with 24)"


def _squeezed() -> Sight:
    """One that fitted when it was asked for, and does not any more: build-9 was made in between."""
    taker = samples.cluster("build-9")
    taker = replace(taker, meta=replace(taker.meta, created=objects.parse_time(samples.LATER)))
    return replace(sight(), used=Usage(clusters=3, nodes=14, vcpu=38_000, memory=80 * 2**30), taker=taker)


def _in_line(reason: str = room.NO_ROOM, *, missing: tuple[str, ...] = ()) -> Sight:
    """One that was approved and waits for room, as the second in line; build-3 ends next."""
    status = samples.waits_for_room(reason, _NO_ROOM)
    status = status.model_copy(update={"votes": (BY_OMAR,), "unreachable": missing})
    turn = Turn(2, ("build-3", objects.parse_time(samples.TOMORROW)))
    return replace(sight(status), turn=turn, now=samples.NOW)


def _undone() -> Sight:
    """One that nobody has carried out for half an hour; the platform team is told."""
    status = RequestStatus(phase=Phase.APPROVED, votes=(BY_OMAR,), decided_at=samples.AT)
    return replace(_told_platform(sight(status)), now=samples.NOW + timedelta(minutes=31))


def _at(it: Sight, *, hibernation: str | None = None) -> Sight:
    """Looked at at one."""
    policy = LifetimePolicy(default="24h", longest="168h", hibernation=hibernation)
    return replace(it, now=samples.NOW, tenant=samples.tenant(lifetime=policy))


def _known(status: ClusterStatus, *, after: timedelta = timedelta(minutes=2)) -> Sight:
    """Where each step is known to take four minutes, five at most."""
    span = Span(timedelta(minutes=4), timedelta(minutes=5))
    known = Usual({step.name: span for step in status.steps})
    return replace(_applied(samples.cluster(status=status)), usual=known, now=samples.NOW + after)


def _told_platform(it: Sight) -> Sight:
    return _with(it, Delivery(surface=Surface.PLATFORM, channel="C0PLATFORM", ts="1.1"))


def _heard(it: Sight, told: str) -> Sight:
    """Somebody was told this about the end."""
    return _with(it, Delivery(surface=Surface.NEWS, channel="D0LENA", ts="1.1", revision=told))


def _with(it: Sight, delivery: Delivery) -> Sight:
    status = it.request.it.status.model_copy(update={"deliveries": (delivery,)})
    return replace(it, request=Stored(it.request.meta, it.request.it.model_copy(update={"status": status})))


def _aged(
    status: ClusterStatus,
    life: str = "24h",
    *,
    hours: int,
    deleting: bool = False,
    hibernation: str | None = None,
) -> Sight:
    """One that is to live so long, a minute after it has lived so many hours."""
    seen = _at(_applied(samples.cluster(status=status, lifetime=life, deleting=deleting)), hibernation=hibernation)
    return replace(seen, now=samples.NOW + timedelta(hours=hours, minutes=1))


def _sleeper(status: ClusterStatus) -> Stored[TenantCluster]:
    schedule = HibernationSchedule(start="0 12 * * *", end="0 14 * * *")
    return samples.cluster(status=status, hibernation=Hibernation(schedules=(schedule,)))


def _sleepless() -> ClusterSpec:
    spec = edits.sleepless(_sleeper(samples.ready()).it.spec, now=samples.NOW)
    if spec is None:
        raise TypeError("no sleep")
    return spec


def _leaving() -> Stored[TenantCluster]:
    left = ("KubevirtMachine build-7-workers-x: finalizer `kubevirtmachine`: its VirtualMachine is there", "Secret a")
    made = samples.cluster(deleting=True, status=samples.going(*left, stuck=True))
    return replace(made, meta=replace(made.meta, deleted=samples.NOW))


_ENDS = samples.request(
    "cr-ends",
    action=Action.DELETE,
    requester=samples.EVA,
    status=RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT),
)


def _news(it: Sight) -> Card:
    found = news.due(news.of_request(it), it.now or samples.NOW)
    if found is None:
        raise TypeError("nothing to tell")
    return found.card


def _unasked(status: ClusterStatus, *, hours: int) -> Unasked:
    """Lena made build-7 by kubectl, to live for thirty hours."""
    made = samples.cluster(status=status, lifetime="30h", annotations={names.REQUESTED_BY_ANNOTATION: "lena"})
    desk = FakeDesk()
    desk.put_cluster(made)
    found = unasked.at(desk, made.key, now=samples.NOW + timedelta(hours=hours))
    if found is None:
        raise TypeError("no such cluster")
    return found


def _trouble(status: ClusterStatus, surface: Surface, noted: Delivery | None = None) -> Card:
    found = unasked.trouble(_unasked(status, hours=1), noted, surface)
    if found is None:
        raise TypeError("no trouble")
    return found.card


def _unasked_ends() -> Card:
    it = _unasked(samples.ready(), hours=29)
    found = news.due(unasked.watched(it, None), samples.NOW + timedelta(hours=29))
    if found is None:
        raise TypeError("nothing to tell")
    return found.card


def _let_go(it: Sight) -> Card:
    found = news.let_go(news.of_request(it))
    if found is None:
        raise TypeError("nothing to let go")
    return found.card


_GROWS = samples.spec(pools=(NodePool(name="workers", flavor="large", min=1, max=4),))
_STEP = EscalationStep(after="4h", approvers=(samples.subject(samples.PAT), Subject(group="leads")))


def _waited() -> Sight:
    """Handed on, asked about twice, and answered once."""
    asked = [
        Question(asker=samples.OMAR, words="Why so large?", at=samples.LATER, answer=samples.HOSTILE),
        Question(asker=samples.EVA, words=samples.HOSTILE * 10, at=samples.LATER),
    ]
    status = RequestStatus(
        expires_at=samples.TOMORROW,
        deliveries=_sent(undeliverable=False).deliveries,
        questions=tuple(asked),
        handed_on=(HandedOn(step=0, at=samples.LATER, why=Urgency.TIME),),
        next_reminder_at="2026-03-05T15:30:00Z",
        unreachable=("U0OMAR",),
    )
    found = sight(status)
    policy = ApprovalPolicy(required=1, escalation=(_STEP,))
    return replace(found, tenant=samples.tenant(approval=policy))


def _large(status: RequestStatus | None = None, cluster: Stored[TenantCluster] | None = None, **kind: Any) -> Sight:
    """Above the tenant's line, where two others decide, and at a terminal only; with prices."""
    others = (samples.subject(samples.PAT), Subject(group="platform-leads"))
    line = LargeRequests(above=Amounts(vcpu=24, hourly_cost="2.5"), required=2, approvers=others, in_slack=False)
    hard = Amounts(vcpu=200, memory="1Ti")
    tenant = samples.tenant(approval=ApprovalPolicy(large=line), quota=QuotaSpec(hard=hard))
    seen = sight(status, cluster, desired=_GROWS, **kind)
    return replace(seen, tenant=tenant, catalog=samples.priced(), hard=quota.limits(hard))


def _asked_twice() -> Sight:
    """The same, where it is approved in Slack as well."""
    seen = _large(requester=samples.KAI)
    policy = seen.tenant.it.spec.approval
    large = policy.large.model_copy(update={"in_slack": True}) if policy.large else None
    return replace(seen, tenant=samples.tenant(approval=policy.model_copy(update={"large": large})))


def _crowded() -> FakeDesk:
    """Where what is asked for is large."""
    desk, seen = _knowing(), _large()
    desk.tenants["team-a"] = seen.tenant
    return desk


def _replaced() -> Sight:
    status = RequestStatus(phase=Phase.WITHDRAWN, decided_at=samples.LATER, replaced_by="cr-newer")
    return replace(sight(status), newer=samples.request("cr-newer", desired=_GROWS))


_ASK, _TELL = request_cards.approver, request_cards.requester

CARDS: dict[str, Callable[[], Card]] = {
    "approver_asked": lambda: _ASK(sight()),
    "approver_asked_long_reason": lambda: _ASK(sight(reason="It goes on and on. " * 20)),
    "approver_asked_paused": lambda: _ASK(replace(sight(), paused=True)),
    "approver_asked_one_of_two": lambda: _ASK(
        sight(RequestStatus(votes=(BY_OMAR,), expires_at=samples.TOMORROW), required=2)
    ),
    "approver_asked_beside": lambda: _ASK(_beside()),
    "approver_asked_no_room": lambda: _ASK(_squeezed()),
    "approver_asked_back": lambda: shortage.asked_back(_squeezed(), (Cause("spec.pools", _NO_ROOM),)),
    "requester_waiting_no_room": lambda: _TELL(_squeezed()),
    "requester_in_line": lambda: _TELL(_in_line()),
    "approver_in_line_asker_gone": lambda: _ASK(_in_line(missing=("U0LENA",))),
    "requester_in_line_forced": lambda: _TELL(replace(_in_line(), turn=Turn(1, forced=True))),
    "requester_in_line_too_large": lambda: _TELL(replace(_in_line(room.TOO_LARGE), turn=Turn(0))),
    "requester_undone": lambda: _TELL(_undone()),
    "platform_undone": lambda: request_cards.platform(_undone()),
    "approver_asked_change": lambda: _ASK(
        sight(None, samples.cluster(status=samples.ready()), action=Action.CHANGE, desired=_GROWS)
    ),
    "requester_lifetime_failed": lambda: _TELL(_unprolonged()),
    "notice_lifetime_failed": lambda: request_cards.draw(Surface.NOTICE, _unprolonged()),
    "approver_asked_by_gone": lambda: _ASK(sight(_gone_asker())),
    "requester_withdrawn_for": lambda: _TELL(
        sight(RequestStatus(phase=Phase.WITHDRAWN, withdrawn_by=samples.KAI, decided_at=samples.LATER))
    ),
    "approver_asked_unprotect": lambda: _ASK(_unprotecting()),
    "requester_asked_unprotect": lambda: _TELL(_unprotecting()),
    "approver_asked_hibernate": lambda: _ASK(
        sight(None, samples.cluster(status=samples.ready()), action=Action.CHANGE, desired=edits.asleep(samples.spec()))
    ),
    "approver_asked_skip_a_sleep": lambda: _ASK(
        sight(None, _sleeper(samples.ready()), action=Action.CHANGE, desired=_sleepless())
    ),
    "approver_asked_delete": lambda: _ASK(
        sight(None, samples.cluster(status=samples.ready()), action=Action.DELETE, reason="")
    ),
    "approver_asked_upgrade": lambda: _ASK(_upgrading()),
    "approver_asked_upgrade_unseen": lambda: _ASK(_upgrading(unseen=(samples.HOSTILE,))),
    "requester_waiting_upgrade": lambda: _TELL(_upgrading(_sent(undeliverable=False))),
    "approver_asked_large": lambda: _ASK(_asked_twice()),
    "approver_asked_at_terminal": lambda: _ASK(_large()),
    "requester_waiting_large": lambda: _TELL(_large(_sent(undeliverable=False))),
    "approver_asked_hostile": lambda: _ASK(sight(requester=samples.KAI, reason=samples.HOSTILE * 10)),
    "approver_asked_deputy_voted": lambda: _ASK(
        _with_deputy(RequestStatus(votes=(BY_KAI_FOR_OMAR,), expires_at=samples.TOMORROW))
    ),
    "approver_forced": lambda: _ASK(_with_deputy(_forced())),
    "requester_forced": lambda: _TELL(sight(_forced(), samples.cluster(status=samples.ready()))),
    "approver_approved": lambda: _ASK(_applied(None)),
    "approver_denied": lambda: _ASK(sight(_denied())),
    "approver_expired": lambda: _ASK(sight(RequestStatus(phase=Phase.EXPIRED, decided_at=samples.TOMORROW))),
    "requester_waiting": lambda: _TELL(sight(_sent(undeliverable=False))),
    "requester_waiting_channel_archived": lambda: _TELL(sight(_sent(undeliverable=True))),
    "requester_denied": lambda: _TELL(sight(_denied())),
    "approver_asked_handed_on": lambda: _ASK(_waited()),
    "approver_replaced": lambda: _ASK(_replaced()),
    "requester_waiting_asked": lambda: _TELL(_waited()),
    "requester_replaced": lambda: _TELL(_replaced()),
    "requester_came_too_late": lambda: _TELL(
        sight(
            RequestStatus(
                phase=Phase.WITHDRAWN,
                decided_at=samples.LATER,
                message="it was to replace cr-0, which is Approved already",
            ),
            replaces="cr-0",
        )
    ),
    "message_reminder": lambda: messages.reminder(_waited(), ("U0OMAR", "U0EVA")),
    "message_question": lambda: messages.question(_waited(), 1),
    "message_question_answered": lambda: messages.question(_waited(), 0),
    "message_answer": lambda: messages.answer(_waited(), 0),
    "message_stranded": lambda: messages.stranded(_waited()),
    "requester_withdrawn": lambda: _TELL(sight(RequestStatus(phase=Phase.WITHDRAWN, decided_at=samples.LATER))),
    "requester_expired": lambda: _TELL(sight(RequestStatus(phase=Phase.EXPIRED, decided_at=samples.TOMORROW))),
    "requester_waived": lambda: _TELL(
        sight(RequestStatus(phase=Phase.APPROVED, waiver="small clusters", decided_at=samples.AT))
    ),
    "requester_failed": lambda: _TELL(
        sight(RequestStatus(phase=Phase.FAILED, votes=(BY_OMAR,), message="quota: vCPU 44 of 40"))
    ),
    "requester_failed_undelegated": lambda: _TELL(_undelegated()),
    "requester_building": lambda: _TELL(_applied(samples.cluster(status=samples.building()))),
    "requester_stuck": lambda: _TELL(_applied(samples.cluster(status=samples.stuck()))),
    "requester_building_knowing": lambda: _TELL(_known(samples.building())),
    "requester_slow": lambda: _TELL(_known(samples.building(), after=timedelta(minutes=20))),
    "requester_stuck_told": lambda: _TELL(_told_platform(_applied(samples.cluster(status=samples.stuck())))),
    "requester_ready_scheduled": lambda: _TELL(_at(_applied(_sleeper(samples.ready())))),
    "requester_asleep_scheduled": lambda: _TELL(_at(_applied(_sleeper(samples.asleep())))),
    "requester_asleep_over": lambda: _TELL(_aged(samples.over(), hours=24, hibernation="48h")),
    "requester_deleting_stuck": lambda: _TELL(_told_platform(_applied(_leaving(), action=Action.DELETE))),
    "platform_stuck": lambda: request_cards.platform(_at(_applied(samples.cluster(status=samples.stuck())))),
    "platform_over": lambda: request_cards.platform(_at(_applied(samples.cluster(status=samples.ready())))),
    "news_ends_soon": lambda: _news(_aged(samples.ready(), "30h", hours=29)),
    "news_cannot_live_longer": lambda: _news(_aged(samples.ready(), "168h", hours=144)),
    "news_over": lambda: _news(_aged(samples.over(), hours=24, hibernation="48h")),
    "news_being_deleted": lambda: _news(_aged(samples.going(), hours=24, deleting=True)),
    "news_gone": lambda: _news(_heard(_at(_applied(None)), "told 2026-03-05T12:00:00Z due")),
    "news_taken": lambda: _news(replace(_at(_applied(samples.cluster(deleting=True))), deleter=_ENDS)),
    "news_lives_on": lambda: _news(_heard(_aged(samples.ready(), "72h", hours=24), f"told {samples.TOMORROW} 1h")),
    "news_let_go": lambda: _let_go(_heard(_aged(samples.ready(), "30h", hours=7), "told 2026-03-06T19:00:00Z 24h")),
    "unasked_failed": lambda: _trouble(samples.stuck(), Surface.NOTICE),
    "unasked_hangs": lambda: _trouble(samples.stuck(), Surface.PLATFORM),
    "unasked_over": lambda: _trouble(
        samples.ready(), Surface.NOTICE, Delivery(surface=Surface.NOTICE, channel="C0TEAMA", ts="1.0")
    ),
    "unasked_many": lambda: unasked.together([_unasked(samples.stuck(), hours=1)] * 5),
    "unasked_ends_soon": _unasked_ends,
    "requester_of_many": lambda: digest.card(
        [sight(), _applied(samples.cluster(status=samples.ready())), sight(_denied())]
    ),
    "requester_waiting_paused": lambda: _TELL(replace(sight(_sent(undeliverable=False)), paused=True)),
    "requester_ready": lambda: _TELL(_applied(samples.cluster(status=samples.ready()))),
    "requester_asleep": lambda: _TELL(_applied(samples.cluster(status=samples.asleep()))),
    "requester_deleting": lambda: _TELL(_applied(samples.cluster(deleting=True), action=Action.DELETE)),
    "requester_deleted": lambda: _TELL(_applied(None, action=Action.DELETE)),
    "requester_deleted_by_another": lambda: _TELL(replace(_applied(None), deleter=_ENDS)),
    "requester_cancelled_going": lambda: _TELL(
        replace(
            _applied(samples.cluster(status=samples.going(), deleting=True)),
            given_up=samples.given_up(gone=False, by=samples.OMAR),
        )
    ),
    "requester_cancelled": lambda: _TELL(replace(_applied(None), given_up=samples.given_up())),
    "requester_unattended": lambda: _TELL(_at(_applied(samples.cluster(status=samples.unattended())))),
    "requester_given_up_going": lambda: _TELL(
        _given_up(samples.cluster(status=samples.going("Machine build-7-workers-x: its finalizer"), deleting=True))
    ),
    "requester_given_up": lambda: _TELL(_given_up(None)),
    "requester_superseded": lambda: _TELL(_applied(samples.cluster(by="cr-newer", status=samples.ready()))),
    "access_waiting": lambda: access_samples.card(access_samples.asked()),
    "access_open": lambda: access_samples.card(access_samples.opened()),
    "access_revoked": lambda: access_samples.card(access_samples.opened(revoked=True)),
    "access_expired": lambda: access_samples.card(access_samples.opened(), later=True),
    "access_ends_soon": lambda: access_cards.ends_soon(access_samples.opened()),
    "access_refused": lambda: access_samples.card(access_samples.refused()),
    "command_access_list": lambda: _said("access list"),
    "command_list": lambda: _said("list"),
    "command_list_priced": lambda: _said("list", _knowing()),
    "command_show_hindered": lambda: _said("show build-7", _hindered()),
    "command_show_ready": lambda: _said("show build-7"),
    "command_show_building": lambda: _said("show team-a/alpha"),
    "command_show_requested": lambda: _said("show build-8"),
    "command_show_by_hand": lambda: _said("show lab"),
    "command_show_by_hand_without_add_ons": lambda: _said("show team-a/lone"),
    "command_delete_by_hand": lambda: _said("delete lab"),
    "command_extend_too_long": lambda: _said("extend build-7 9000h"),
    "command_delete_protected": lambda: _said("delete build-7", _guarded()),
    "command_show_protected": lambda: _said("show build-7", _guarded()),
    "command_cancel_too_late": lambda: _said("cancel build-7"),
    "command_cancel_not_yours": lambda: _said("cancel team-a/alpha"),
    "command_quota": lambda: _said("quota"),
    "command_delegate_show": lambda: _said("delegate show", _delegating(), samples.OMAR),
    "command_delegate_show_none": lambda: _said("delegate show"),
    "delegate_given": lambda: delegations.given(samples.PAT, samples.NOW, ["team-a", "team-b"]),
    "delegate_begun": lambda: delegations.begun(_omars(), _delegating()),
    "delegate_ended": lambda: delegations.ended(_omars(), _delegating()),
    "command_requests": lambda: _said("requests"),
    "command_help": lambda: _said("help"),
    "command_help_lifetime": lambda: _said("help lifetime"),
    **golden_answers.CARDS,
}
VIEWS: dict[str, Callable[[], Mapping[str, Any]]] = {
    "form_create": lambda: _opened("create"),
    "form_create_filled": lambda: _opened("create build-9 large 72h"),
    "form_create_knowing": lambda: _opened("create build-9 small 72h", _knowing()),
    "form_create_large": lambda: _opened("create build-9 large 72h", _crowded()),
    "form_create_unfit": lambda: _opened("create Build_7"),
    "form_create_too_much": lambda: _opened("create build-9 3x small 72h", _full()),
    "form_create_unfolded": lambda: _unfolded(),
    "form_create_two_tenants": lambda: _opened("create team-b/build-9", _two_tenants()),
    "form_which": lambda: _opened("scale"),
    "form_which_to_cancel": lambda: _opened("cancel", _beginning()),
    "form_delegate": lambda: _opened("delegate <@U0EVA> until Fri", _delegating(), samples.OMAR),
    "form_which_request": lambda: _opened("withdraw"),
    "form_delete": lambda: _opened("delete build-7"),
    "form_delete_counted": lambda: delete_forms.counted(
        dict(_opened("delete build-7")), Losses(volumes=3, storage=30 * 2**30, load_balancers=1)
    ),
    "form_delete_uncounted": lambda: delete_forms.counted(dict(_opened("delete build-7", _sleeping_first())), None),
    "form_details": lambda: _opened("details build-7", _in_a_fix()),
    "form_details_looked": lambda: details.looked(_fixed(), "team-a", _diagnosed()),
    "form_details_unseen": lambda: details.looked(
        _fixed(), "team-a", Diagnosis(unseen=("Machine", "Event"), unread=True)
    ),
    "form_details_nothing": lambda: details.looked(_fixed(), "team-a", Diagnosis()),
    "form_details_unanswered": lambda: details.unanswered(_fixed(), "team-a", samples.NOW),
    "form_details_going": lambda: details.opened(_leaving(), "team-a"),
    "form_extend_rest": lambda: _opened("extend build-7", _old(lifetime="150h")),
    "form_extend_waived": lambda: _opened("extend build-7", _old(waived=True)),
    "form_extend_unbounded": lambda: _opened("extend build-7", _old(longest=None)),
    "form_protect": lambda: _opened("protect build-7"),
    "form_unprotect": lambda: _opened("unprotect build-7", _guarded()),
    "form_unprotect_over": lambda: _opened("unprotect build-7", _guarded(is_over=True)),
    "form_scale": lambda: _opened("scale build-7"),
    "form_scale_two_pools": lambda: _opened("scale build-7", _two_pools()),
    "form_resize_two_pools": lambda: _opened("resize build-7", _two_pools()),
    "form_addons": lambda: _opened("addons build-7"),
    "form_access": lambda: _opened("access build-7"),
    "form_access_filled": lambda: _opened("access build-7 admin 2h"),
    "form_extend": lambda: _opened("extend build-7"),
    "form_wake": lambda: _opened("wake build-7", _scheduled()),
    "form_upgrade": lambda: _opened("upgrade build-7"),
    "form_upgrade_behind": lambda: _opened("upgrade build-7", _behind()),
    "form_upgrade_hindered": lambda: _opened("upgrade build-7", _hindered()),
    "form_break_glass": lambda: forms.break_glass(
        ticket_of(samples.request()), cluster="build-7", passed_over="<@U0OMAR>, <@U0EVA>"
    ),
    "form_question": lambda: inquiries.question_form(ticket_of(samples.request()), cluster="build-7"),
    "form_answer": lambda: inquiries.answer_form(
        ticket_of(samples.request()).model_copy(update={"number": 1}), _waited().request
    ),
    "form_edit": lambda: _opened("edit build-8"),
    "form_deny": lambda: forms.deny(ticket_of(samples.request()), cluster="build-7"),
    "details": lambda: forms.details(_ASK(sight(reason=samples.HOSTILE * 10)), reason=samples.HOSTILE * 10),
    "home_member": lambda: _home(samples.LENA),
    "home_approver": lambda: _home(samples.OMAR),
    "home_delegating": lambda: _home(samples.OMAR, _delegating()),
    "home_platform": lambda: _home(None, _in_trouble(), platform=True),
    "home_empty": lambda: _home(samples.LENA, FakeDesk()),
    "home_paused": lambda: _home(samples.OMAR, _paused()),
    "home_refused": lambda: home.refused(replies.UNMAPPED, account="U0ZOE", ask=["U0PAT"]),
    "receipt": lambda: forms.receipt(receipts.parts(samples.request())),
    "receipt_differs": lambda: forms.receipt(receipts.parts(samples.request()), differs=True),
    "receipt_waived": lambda: forms.receipt(receipts.parts(samples.request(), waiver="small clusters")),
    "receipt_asked_already": lambda: forms.receipt(receipts.parts(samples.request(), already=True)),
    "told": lambda: forms.told("Too late."),
    "shown": lambda: forms.shown(_said("list")),
    "home_not_ready": lambda: home.told(replies.NOT_READY),
}


def drawn(name: str) -> str:
    """A card or a form as text."""
    if name in VIEWS:
        content: Any = VIEWS[name]()
    else:
        card = CARDS[name]()
        content = {"text": card.text, "blocks": card.blocks, **({"modern": card.modern} if card.modern else {})}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    for name in (*CARDS, *VIEWS):
        (FOLDER / f"{name}.json").write_text(drawn(name), encoding="utf-8")


if __name__ == "__main__":
    main()
