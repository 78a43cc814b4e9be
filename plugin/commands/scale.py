"""`kubectl clusterdesk scale NAME`: more or fewer workers in a pool."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import asked, finding, options
from plugin.changing import Edit, Task, command, edited
from plugin.errors import NotDone
from provisioning import edits
from provisioning.model import NodePool, TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    *,
    pool: options.PoolOption = "",
    replicas: Annotated[int | None, typer.Option(min=0, help="A fixed number of workers.")] = None,
    least: Annotated[int | None, typer.Option("--min", min=0, help="The least the autoscaler goes down to.")] = None,
    most: Annotated[
        int | None, typer.Option("--max", min=1, help="The most it goes up to; the quota counts it.")
    ] = None,
) -> Task:
    """Give a pool another number of workers, or other bounds to the autoscaler.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """

    def edit(cluster: Stored[TenantCluster]) -> Edit:
        before = finding.pool(cluster.it.spec, pool)
        after = sized(before, replicas=replicas, least=least, most=most)
        done = f"{name}: {before.name} {asked.pool(before, None)} -> {asked.pool(after, None)}"
        return Edit(edits.with_pools(cluster.it.spec, after), done)

    return edited(name, edit)


def sized(pool: NodePool, *, replicas: int | None, least: int | None, most: int | None) -> NodePool:
    """The pool with the numbers that were said; what was not said of an autoscaled one stays. Raises `NotDone`."""
    if replicas is not None and (least, most) != (None, None):
        raise NotDone("say either --replicas, or --min and --max")
    if (replicas, least, most) == (None, None, None):
        raise NotDone("say how many workers: --replicas, or --min and --max for the autoscaler")
    if replicas is None:
        least, most = (pool.min if least is None else least), (pool.max if most is None else most)
        if least is None or most is None:
            raise NotDone(f"{pool.name} is not autoscaled so far: say both --min and --max")
        if least > most:
            raise NotDone(f"--min must not be above --max, and {least} is above {most}")
    return edits.sized(pool, replicas=replicas, least=least, most=most)


COMMAND = command("scale", run)
