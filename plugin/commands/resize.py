"""`kubectl clusterdesk resize NAME --flavor=FLAVOR`: workers of another size."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import completion, finding, options
from plugin.changing import Edit, Task, command, edited
from provisioning import edits
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    *,
    flavor: Annotated[
        str,
        typer.Option(
            help="The size of a worker, one of the Catalog's.",
            show_default=False,
            autocompletion=completion.flavors,
        ),
    ],
    pool: options.PoolOption = "",
) -> Task:
    """Give a pool workers of another size. Every one of them is replaced.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """

    def edit(cluster: Stored[TenantCluster]) -> Edit:
        before = finding.pool(cluster.it.spec, pool)
        after = edits.resized(cluster.it.spec, {before.name: flavor})
        return Edit(after, f"{name}: the workers of {before.name} {before.flavor} -> {flavor}")

    return edited(name, edit)


COMMAND = command("resize", run)
