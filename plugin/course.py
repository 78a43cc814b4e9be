"""How a command that changes something ends: told in a sentence or as an object, and followed where that is wished."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rich.console import Console

from plugin import finding, following, printing, tables
from plugin.asked import moment
from plugin.errors import NotDone
from plugin.options import DryRun, Output, Span
from plugin.session import Session
from plugin.wishes import Outcome
from provisioning import approval_words, escalation, lifetime, objects, people, resources, risk, stage, wording
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest, Decision, Phase, RequestSpec, Subject, Tenant, TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage

PATIENCE: Final = Span(minutes=15)
"""What a cluster takes at most, with room for machines that boot slowly."""
AT_ONCE: Final = timedelta(seconds=15)
"""In which the provisioner carries out what nobody has to agree to, many times over."""
_ON_THE_WAY: Final = (Phase.PENDING, Phase.APPROVED)

Arrived = Callable[[Stored[TenantCluster]], bool]


@dataclass(frozen=True)
class Course:
    """What the flags say about how a change is asked for, and about the end of the command."""

    output: Output = Output.TABLE
    dry_run: DryRun = DryRun.NONE
    wait: bool = False
    timeout: timedelta = PATIENCE
    reason: str = ""
    namespace: str = ""
    """The one that was said; empty where it is the context's."""

    @property
    def dry(self) -> bool:
        return self.dry_run is DryRun.SERVER

    @property
    def console(self) -> Console:
        """Where progress is drawn: never into what a program reads."""
        return printing.console(aside=printing.is_for_programs(self.output))


async def see_through(
    session: Session, outcome: Outcome, course: Course, *, done: str, arrived: Arrived = tables.is_ready
) -> None:
    """Tell what came of it, `done` where nobody has to agree, and follow it until the cluster has `arrived`.

    Raises `NotDone` when nobody can agree, when it is denied, or does not come that far.
    """
    if outcome.unchanged:
        done = wording.unchanged(outcome.wish.cluster)
    request = objects.read(ClusterRequest, outcome.written) if outcome.asked else None
    tenant = await _deciding(session, request.it.spec) if request else None
    if not printing.is_for_programs(course.output):
        sentences = asked(outcome, request, tenant) if request else (done,)
        # What was only tried cannot be approved, nor followed.
        further = go_on(request, tenant, session.namespace) if request and not course.dry else ()
        for sentence in (*sentences, *further):
            printing.say(f"{sentence} (server dry run)" if course.dry else sentence)
    if request:
        _check_deciders(request, tenant)
    if course.wait and not course.dry:
        try:
            async with asyncio.timeout(course.timeout.total_seconds()):
                if request:
                    await _decided(session, request)
                await _arrived(session, outcome, course, arrived)
        except TimeoutError as error:
            raise NotDone(await _late(session, outcome, course)) from error
    if printing.is_for_programs(course.output):
        printing.object_(course.output, await _now(session, outcome, course))


async def carried_out(session: Session, outcome: Outcome, course: Course) -> None:
    """Return once a request is carried out to which nobody has to agree. Raises `NotDone` when that does not come to
    it within moments."""
    if course.dry:
        return
    name = objects.Meta.of(outcome.written).name
    try:
        async with asyncio.timeout(AT_ONCE.total_seconds()):
            await _decided(session, objects.read(ClusterRequest, outcome.written))
    except TimeoutError as error:
        raise NotDone(underway(await finding.request(session, name), lifetime.spell(AT_ONCE))) from error


def asked(outcome: Outcome, request: Stored[ClusterRequest], tenant: Stored[Tenant] | None) -> tuple[str, ...]:
    """What a person is told when somebody has to agree: what is asked for, and who that is."""
    wish = {Action.CREATE: "a new cluster", Action.CHANGE: "a change of", Action.DELETE: "the deletion of"}
    since = f" since {moment(request.meta.created)}" if outcome.already and request.meta.created else ""
    told = f"{request.meta.name}: {wish[outcome.wish.action]} {outcome.wish.cluster} is asked for{since}"
    if request.it.status.phase is Phase.APPROVED:
        return (f"{told}, and {wording.SAID[stage.of_request(request, None)]}",)
    return (f"{told}, and waits for approval", _who(request, tenant))


def go_on(request: Stored[ClusterRequest], tenant: Stored[Tenant] | None, namespace: str) -> tuple[str, ...]:
    """How it goes on then."""
    follow = f"follow it with: kubectl clusterdesk show {request.it.spec.cluster} -n {namespace}"
    if request.it.status.phase is Phase.APPROVED:
        return (follow,)
    return (f"they {_where(tenant)}: {approval_words.approve_line(request.meta.name, namespace)}", follow)


async def _deciding(session: Session, wanted: RequestSpec) -> Stored[Tenant] | None:
    """Whose the namespace is, as they decide about what was asked for. What tells its size, or what is there, is read
    only where that matters."""
    tenant = await session.tenant()
    if tenant is None or (tenant.it.spec.approval.large is None and wanted.action is not Action.CHANGE):
        return tenant
    cluster, catalog = await finding.find(session, wanted.cluster), await session.catalog()
    spec = risk.about(tenant.it.spec, wanted, cluster.it.spec if cluster else None, catalog)
    return Stored(tenant.meta, tenant.it.model_copy(update={"spec": spec}))


def _where(tenant: Stored[Tenant] | None) -> str:
    in_slack = tenant is None or tenant.it.spec.approval.in_slack
    return "decide in Slack, or with" if in_slack else "approve it with"


def _who(request: Stored[ClusterRequest], tenant: Stored[Tenant] | None) -> str:
    if tenant is None:
        return "approvers of the tenant must agree"
    named = people.deciders(tenant.it.spec, request.it.spec.requester)
    who = ", ".join(map(_named, named)) or "there is none yet"
    return f"{wording.must_agree(tenant.it.spec.approval.required, tenant.meta.name)}: {who}"


def _named(subject: Subject) -> str:
    return subject.user or (f"group {subject.group}" if subject.group else f"Slack's group {subject.slack_group}")


def _check_deciders(request: Stored[ClusterRequest], tenant: Stored[Tenant] | None) -> None:
    """Raises `NotDone` when nobody can ever agree: it is asked for, and comes to nothing as things are."""
    if request.it.status.phase is Phase.APPROVED or tenant is None:
        return
    if not people.suffice(escalation.everybody(tenant.it.spec), request.it.spec.requester):
        raise NotDone(
            f"{request.meta.name} cannot be approved as things are: {_who(request, tenant)}; "
            "ask your platform team for approvers, or take it back with: "
            f"kubectl clusterdesk withdraw {request.meta.name} -n {request.meta.namespace}"
        )


async def _decided(session: Session, request: Stored[ClusterRequest]) -> None:
    """Until the request is applied. Raises `NotDone` when it ends otherwise."""
    while request.it.status.phase in _ON_THE_WAY:
        await asyncio.sleep(following.SECONDS_BETWEEN_LOOKS)
        request = await finding.request(session, request.meta.name)
    if request.it.status.phase is not Phase.APPLIED:
        raise NotDone(_ended(request))


def _ended(request: Stored[ClusterRequest]) -> str:
    """How it ended that was not applied, by whom, and why."""
    status = request.it.status
    said = wording.SAID[stage.of_request(request, None)]
    who = [vote.voter.user for vote in status.votes if vote.decision is Decision.DENY]
    by, why = f" by {who[-1]}" if who else "", f": {status.message}" if status.message else ""
    return f"{request.it.spec.cluster} {said}{by}{why}"


async def _arrived(session: Session, outcome: Outcome, course: Course, arrived: Arrived) -> None:
    name, going = outcome.wish.cluster, outcome.wish.action is Action.DELETE

    def there(cluster: Stored[TenantCluster]) -> bool:
        return not going and cluster.meta.generation >= outcome.generation and arrived(cluster)

    found = await following.until(session, name, there, console=course.console)
    if found is None and not going:
        raise NotDone(f"{name} is gone: somebody deleted it meanwhile")
    if found is None and not printing.is_for_programs(course.output):
        printing.say(f"{name} is gone")


async def _now(session: Session, outcome: Outcome, course: Course) -> Manifest:
    """What was written, or what has become of it in the meantime."""
    if not course.wait or course.dry:
        return outcome.written
    found = await session.kube.find(resources.TENANT_CLUSTERS, outcome.wish.cluster, namespace=session.namespace)
    return found or outcome.written


def underway(request: Stored[ClusterRequest], patience: str) -> str:
    """What is told of a request that has not come to its end in that time; empty for one that has."""
    what = f"{request.meta.name} about {request.it.spec.cluster}"
    match stage.of_request(request, None):
        case Stage.WAITING:
            return f"{what} is not decided after {patience}, and waits on"
        case Stage.NO_ROOM as full:
            return f"{what} {wording.SAID[full]}, also after {patience}"
        case Stage.ACCEPTED:
            return f"{what} is approved, and not carried out after {patience}"
        case _:
            return ""


async def _late(session: Session, outcome: Outcome, course: Course) -> str:
    """Where it stands after all the time that there was."""
    name, patience = outcome.wish.cluster, lifetime.spell(course.timeout)
    if outcome.asked:
        request = await finding.request(session, objects.Meta.of(outcome.written).name)
        if told := underway(request, patience):
            return told
    found = await finding.find(session, name)
    why = f": {tables.in_the_way(found)}" if found is not None else ""
    where = f"kubectl clusterdesk status {name} -n {session.namespace}"
    return f"{name} did not come that far in {patience}{why}; it goes on, look with: {where}"
