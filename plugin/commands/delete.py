"""`kubectl clusterdesk delete NAME`: the name typed once more, then it goes, or is asked to go."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import finding, options, wishes
from plugin.command import Command
from plugin.course import PATIENCE, Course, see_through
from plugin.errors import NotDone
from plugin.session import Session, carry_out
from provisioning import wording
from provisioning.stage import Stage


def run(
    name: options.ClusterName,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask to type the name.")] = False,
    reason: options.ReasonOption = "",
    dry_run: options.DryRunOption = options.DryRun.NONE,
    wait: options.WaitOption = False,
    timeout: options.TimeoutOption = PATIENCE,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """Delete a cluster with everything that runs in it: workers, volumes and load balancers. It cannot be undone.

    You type its name once more, or say --yes. Ends with 1 when it was refused; with --wait also when it was denied, or
    is not gone in time.
    """
    course = Course(output, dry_run, wait, timeout)

    async def delete(session: Session) -> None:
        cluster = await finding.cluster(session, name)
        if not (yes or course.dry):
            typer.echo(wording.delete_warning(name, session.namespace), err=True)
            if typer.prompt(wording.CONFIRM, err=True, prompt_suffix=": ") != name:
                raise NotDone(wording.confirm_mismatch(name))
        outcome = await wishes.remove(session, cluster, reason=reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=f"{name} {wording.SAID[Stage.DELETING]}")

    carry_out(delete, kubeconfig=kubeconfig, context=context, namespace=namespace)


COMMAND = Command("delete", run)
