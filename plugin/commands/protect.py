"""`kubectl clusterdesk protect NAME`: nobody deletes it, until that is taken back."""

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
    """Keep a cluster from being deleted, by anybody and by the end of its lifetime.

    When its lifetime is over it sleeps, and keeps what it has stored.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not done in time.
    """
    course = Course(output, dry_run, wait, timeout)

    def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
        return edits.protected(cluster.it.spec, True)

    async def ask(session: Session) -> None:
        outcome = await wishes.change(session, name, edit, reason=reason, dry_run=course.dry)
        await see_through(
            session, outcome, course, done=f"{name} is protected: nobody deletes it", arrived=lambda _: True
        )

    carry_out(ask, kubeconfig=kubeconfig, context=context, namespace=namespace)


COMMAND = Command("protect", run)
