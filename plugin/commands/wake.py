"""`kubectl clusterdesk wake NAME`: awake again, for good, for a while or through one sleep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from plugin import options
from plugin.changing import Edit, Task, command, edited
from plugin.course import Course
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import edits, wording
from provisioning.model import ClusterSpec, LifetimePolicy, TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    *,
    awake_for: Annotated[
        timedelta | None,
        typer.Option(
            "--for", parser=options.span, metavar="DURATION", help="How long its schedules are to leave it awake."
        ),
    ] = None,
    tonight: Annotated[
        bool, typer.Option("--tonight", help="Skip the sleep that its schedules have now, or next, once.")
    ] = False,
) -> Task:
    """Wake a cluster that sleeps. With --for it stays awake so long, whatever its schedules say.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """
    if tonight and awake_for is not None:
        raise typer.BadParameter("give either --for or --tonight")

    async def wake(session: Session, course: Course) -> None:
        tenant = await session.tenant()
        policy = tenant.it.spec.lifetime if tenant is not None else LifetimePolicy()

        def edit(cluster: Stored[TenantCluster]) -> Edit:
            now = datetime.now(UTC)
            after = sleepless(cluster, now=now) if tonight else woken(cluster, policy, awake_for, now=now)
            return Edit(after, f"{name} wakes")

        await edited(name, edit)(session, course)

    return wake


def woken(
    cluster: Stored[TenantCluster], policy: LifetimePolicy, awake_for: timedelta | None, *, now: datetime
) -> ClusterSpec:
    """The spec with which the cluster is awake now. Raises `NotDone` when this alone does not wake it."""
    name = cluster.meta.name
    if awake_for is not None and not cluster.it.spec.hibernation.schedules:
        raise NotDone(f"{wording.no_schedule(name)}: leave out --for")
    spec, rest = edits.awake(cluster, policy, awake_for, now=now)
    if rest.asleep and rest.is_over:
        raise NotDone(f"{rest.why}, so {name} sleeps; extend it: kubectl clusterdesk extend {name} 24h")
    if rest.asleep:
        raise NotDone(f"{rest.why}; say for how long it is to be awake with --for, such as --for 2h")
    return spec


def sleepless(cluster: Stored[TenantCluster], *, now: datetime) -> ClusterSpec:
    """The spec with which the cluster skips one sleep. Raises `NotDone` when its schedules have none."""
    spec = edits.sleepless(cluster.it.spec, now=now)
    if spec is None:
        raise NotDone(wording.no_sleep_to_skip(cluster.meta.name))
    return spec


COMMAND = command("wake", run)
