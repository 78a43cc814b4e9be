"""`kubectl clusterdesk extend NAME DURATION`: a later end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from plugin import options, wishes
from plugin.command import Command
from plugin.course import PATIENCE, Course, see_through
from plugin.errors import NotDone
from plugin.session import Session, carry_out
from provisioning import edits, lifetime, wording
from provisioning.model import ClusterSpec, TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    by: Annotated[
        timedelta, typer.Argument(metavar="DURATION", parser=options.span, help="How much longer, such as 24h or 3d.")
    ],
    *,
    reason: options.ReasonOption = "",
    dry_run: options.DryRunOption = options.DryRun.NONE,
    wait: options.WaitOption = False,
    timeout: options.TimeoutOption = PATIENCE,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """Let a cluster live longer: by DURATION from its end on, or from now on when that is over.

    One that sleeps because its time was over wakes by that.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """
    course = Course(output, dry_run, wait, timeout)
    told: list[str] = []

    def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
        now = datetime.now(UTC)
        after = edits.prolonged(cluster, by, now=now)
        if after is None:
            raise NotDone(wording.no_end(name))
        end = lifetime.ends_at(cluster.meta.created or now, after)
        told[:] = [
            f"{name} lives until {end:%Y-%m-%d %H:%M} UTC (lifetime {cluster.it.spec.lifetime} -> {after.lifetime})"
        ]
        return after

    async def extend(session: Session) -> None:
        outcome = await wishes.change(session, name, edit, reason=reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=told[0])

    carry_out(extend, kubeconfig=kubeconfig, context=context, namespace=namespace)


COMMAND = Command("extend", run)
