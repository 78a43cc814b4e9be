"""`kubectl clusterdesk cancel NAME`: give a cluster up while it is set up for the first time, or while it waits."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import finding, options, wishes
from plugin.changing import Task, command
from plugin.commands import withdraw
from plugin.course import Course, carried_out, see_through
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import ending_words, giving_up, names, plain, room, wording
from provisioning.giving_up import Obstacle
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage


def run(
    name: options.ClusterName,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether it is meant.")] = False,
) -> Task:
    """Give up a cluster that was never ready, or a request of yours for one that waits. Nobody has to agree.

    For whoever asked for it, and those who decide for its tenant. Ends with 1 when it is too late, or not yours.
    """

    async def cancel(session: Session, course: Course) -> None:
        if await _taken_back(session, name, course):
            return
        cluster = await finding.cluster(session, name)
        by_request = await _is_by_request(session, cluster)
        asked = f"Cancel {name}, and remove whatever there is of it?"
        if not (yes or course.dry or typer.confirm(asked, err=True)):
            raise NotDone(f"{name} is not cancelled")
        ask = wishes.give_up if by_request else wishes.remove
        outcome = await ask(session, cluster, reason=course.reason, dry_run=course.dry)
        if by_request:
            await carried_out(session, outcome, course)
        await see_through(session, outcome, course, done=f"{name} is cancelled, and {wording.SAID[Stage.DELETING]}")

    return cancel


async def _taken_back(session: Session, name: str, course: Course) -> bool:
    """Whether it was a request that waits, which is withdrawn now. Raises `NotDone` for one that is just being done."""
    mine = await finding.own_creation(session, (await session.myself()).person, name)
    if mine is None:
        return False
    cluster = mine.it.spec.cluster
    if not room.waits_for_anything(mine):
        if await finding.find(session, cluster) is None:
            raise NotDone(ending_words.given_up_too_soon(cluster))
        return False
    await withdraw.take_back(session, mine.meta.name, output=course.output, dry_run=course.dry)
    return True


async def _is_by_request(session: Session, cluster: Stored[TenantCluster]) -> bool:
    """Whether it is done by a request, of whom the tenant names. Who decides by a group does it at once: in which
    groups somebody is, only the API server knows, and only while they ask.

    Raises `NotDone` with what speaks against it, as far as this person may look; the API server knows the rest.
    """
    tenant, catalog, me = await session.tenant(), await session.catalog(), await session.myself()
    if tenant is None or catalog is None:
        return True
    by_name, by_group = (
        giving_up.obstacle(cluster, me.person, tenant=tenant.it.spec, catalog=catalog, groups=groups)
        for groups in ((), me.groups)
    )
    if by_group is not None:
        raise NotDone(_why_not(cluster, by_group, tenant.meta.name))
    return by_name is None


def _why_not(cluster: Stored[TenantCluster], obstacle: Obstacle, tenant: str) -> str:
    name = cluster.meta.name
    match obstacle:
        case Obstacle.GOING:
            return f"{name} {wording.SAID[Stage.DELETING]}"
        case Obstacle.READY:
            return ending_words.given_up_too_late(name, known=cluster.it.status.initialized is True)
        case Obstacle.PROTECTED:
            return ending_words.protected_from_cancelling(name)
        case Obstacle.NOT_YOURS:
            asked = plain.one_line(cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, ""))
            return ending_words.not_yours_to_cancel(name, asked, tenant)


COMMAND = command("cancel", run)
