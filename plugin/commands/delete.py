"""`kubectl clusterdesk delete NAME`: the name typed once more, then it goes, or is asked to go."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import asked, finding, options, wishes
from plugin.changing import Task, command
from plugin.course import Course, see_through
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import ending_words, plain, quota, wording
from provisioning import errors as kube_errors
from provisioning.insight import Insight
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.stage import Stage


def run(
    name: options.ClusterName,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask to type the name.")] = False,
) -> Task:
    """Delete a cluster with everything that runs in it: workers, volumes and load balancers. It cannot be undone.

    It counts what goes with it, and you type its name once more; or you say --yes. Ends with 1 when it was refused;
    with --wait also when it was denied, or is not gone in time.
    """

    async def delete(session: Session, course: Course) -> None:
        cluster = await finding.cluster(session, name)
        if not yes:
            lines = (ending_words.delete_warning(name, session.namespace), *await _losses(session, cluster))
            typer.echo("\n".join(map(plain.one_line, lines)), err=True)
        if not (yes or course.dry) and typer.prompt(ending_words.CONFIRM, err=True, prompt_suffix=": ") != name:
            raise NotDone(ending_words.confirm_mismatch(name))
        outcome = await wishes.remove(session, cluster, reason=course.reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=f"{name} {wording.SAID[Stage.DELETING]}")

    return delete


async def _losses(session: Session, cluster: Stored[TenantCluster]) -> tuple[str, ...]:
    """What goes with it, a line for each kind. That it cannot be counted keeps nobody from deleting it."""
    spec = cluster.it.spec
    try:
        catalog = await session.catalog()
    except kube_errors.KubeError:
        catalog = None  # The workers are told without their sizes.
    workers = ", ".join(f"{each.name} {asked.pool(each, catalog)}" for each in spec.pools)
    running = ending_words.goes_running(workers, ", ".join(each.name for each in spec.add_ons))
    try:
        lost = await Insight(session.kube).losses(session.namespace, cluster.meta.name)
    except kube_errors.Forbidden:
        stored = ending_words.not_counted("you may not see them here")
    except kube_errors.KubeError:
        stored = ending_words.not_counted("the API server did not answer")
    else:
        stored = ending_words.goes_stored(lost.volumes, quota.show("storage", lost.storage), lost.load_balancers)
    return (f"{ending_words.WHAT_GOES}:", f"- {running}", f"- {stored}")


COMMAND = command("delete", run)
