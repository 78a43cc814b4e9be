"""`kubectl clusterdesk resize NAME --flavor=FLAVOR`: workers of another size."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import completion, finding, options, wishes
from plugin.command import Command
from plugin.course import PATIENCE, Course, see_through
from plugin.session import Session, carry_out
from provisioning import edits
from provisioning.model import ClusterSpec, TenantCluster
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
    reason: options.ReasonOption = "",
    dry_run: options.DryRunOption = options.DryRun.NONE,
    wait: options.WaitOption = False,
    timeout: options.TimeoutOption = PATIENCE,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """Give a pool workers of another size. Every one of them is replaced.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """
    course = Course(output, dry_run, wait, timeout)
    told: list[str] = []

    def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
        before = finding.pool(cluster.it.spec, pool)
        told[:] = [f"{name}: the workers of {before.name} {before.flavor} -> {flavor}"]
        return edits.resized(cluster.it.spec, {before.name: flavor})

    async def resize(session: Session) -> None:
        outcome = await wishes.change(session, name, edit, reason=reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=told[0])

    carry_out(resize, kubeconfig=kubeconfig, context=context, namespace=namespace)


COMMAND = Command("resize", run)
