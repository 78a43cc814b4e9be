"""`kubectl clusterdesk unprotect NAME`: it can be deleted again. Somebody else has to agree to that."""

from __future__ import annotations

from plugin import options, wishes
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
    """Take a cluster's deletion protection off. Somebody else always has to agree.

    One whose lifetime is over is deleted then.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not done in time.
    """
    course = Course(output, dry_run, wait, timeout)

    def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
        return edits.protected(cluster.it.spec, False)

    async def ask(session: Session) -> None:
        outcome = await wishes.change(session, name, edit, reason=reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=f"{name} is protected no longer", arrived=lambda _: True)

    carry_out(ask, kubeconfig=kubeconfig, context=context, namespace=namespace)


COMMAND = Command("unprotect", run)
