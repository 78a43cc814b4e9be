"""`kubectl clusterdesk extend NAME DURATION`: a later end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from plugin import options
from plugin.changing import Edit, Task, command, edited
from plugin.errors import NotDone
from provisioning import edits, lifetime, wording
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    by: Annotated[
        timedelta, typer.Argument(metavar="DURATION", parser=options.span, help="How much longer, such as 24h or 3d.")
    ],
) -> Task:
    """Let a cluster live longer: by DURATION from its end on, or from now on when that is over.

    One that sleeps because its time was over wakes by that.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """

    def edit(cluster: Stored[TenantCluster]) -> Edit:
        now = datetime.now(UTC)
        after = edits.prolonged(cluster, by, now=now)
        if after is None:
            raise NotDone(wording.no_end(name))
        end = lifetime.ends_at(cluster.meta.created or now, after)
        longer = f"lifetime {cluster.it.spec.lifetime} -> {after.lifetime}"
        return Edit(after, f"{name} lives until {end:%Y-%m-%d %H:%M} UTC ({longer})")

    return edited(name, edit)


COMMAND = command("extend", run)
