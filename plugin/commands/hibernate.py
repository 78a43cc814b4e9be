"""`kubectl clusterdesk hibernate NAME`: no workers and no running control plane, and everything stored is kept."""

from __future__ import annotations

from plugin import options, tables, wishes
from plugin.command import Command
from plugin.course import PATIENCE, Course, see_through
from plugin.session import Session, carry_out
from provisioning import edits
from provisioning.model import ClusterSpec, TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
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
    """Put a cluster to sleep: its workers go, its control plane stops, what it has stored is kept.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not asleep in time.
    """
    course = Course(output, dry_run, wait, timeout)

    def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
        return edits.asleep(cluster.it.spec)

    async def hibernate(session: Session) -> None:
        outcome = await wishes.change(session, name, edit, reason=reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=f"{name} goes to sleep", arrived=tables.is_asleep)

    carry_out(hibernate, kubeconfig=kubeconfig, context=context, namespace=namespace)


COMMAND = Command("hibernate", run)
