"""`kubectl clusterdesk upgrade NAME`: another Kubernetes version, the next one when nobody says which."""

from __future__ import annotations

from typing import Annotated

import typer

from plugin import options, printing, tables, wishes
from plugin.changing import Task, command
from plugin.course import Course, see_through
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import edits, hindrance_words, hindrances, wording
from provisioning.model import ClusterSpec, Release, TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    *,
    to: Annotated[str, typer.Option("--to", help="The version; the Catalog's next one when empty.")] = "",
) -> Task:
    """Bring a cluster to another Kubernetes version: the control plane first, then the workers of all pools.

    Without --to it says which versions may follow, and takes the newest of them. One step at a time, and never back.
    It warns of what is in its way inside the cluster: PodDisruptionBudgets that let no Pod go, and APIs in use that the
    version does not have any more.
    Ends with 1 when it was refused or nothing follows; with --wait also when it was denied, or is not done in time.
    """
    told: list[str] = []
    before: list[Stored[TenantCluster]] = []

    async def upgrade(session: Session, course: Course) -> None:
        offered = () if to else await _offered(session)

        def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
            runs = cluster.it.spec.version or cluster.it.status.version
            ahead = edits.following(runs, offered)
            if not (to or ahead):
                raise NotDone(wording.nothing_follows(name, runs))
            after = to or ahead[0]
            choice = f", of what may follow: {', '.join(ahead)}" if ahead else ""
            told[:] = [f"{name}: {runs} -> {after}{choice}", after]
            before[:] = [cluster]
            return cluster.it.spec.model_copy(update={"version": after})

        def arrived(cluster: Stored[TenantCluster]) -> bool:
            return tables.is_ready(cluster) and cluster.it.status.version == told[1]

        outcome = await wishes.change(session, name, edit, reason=course.reason, dry_run=course.dry)
        # Only what was taken is known to be a version.
        for cluster in () if outcome.unchanged else before:
            for line in hindrance_words.warnings(hindrances.of(cluster.it.spec, cluster.it.status, told[1])):
                printing.warn(line)
        await see_through(session, outcome, course, done=told[0], arrived=arrived)

    return upgrade


async def _offered(session: Session) -> tuple[Release, ...]:
    """The Catalog's versions that the tenant may have. Raises `NotDone`."""
    catalog, tenant = await session.catalog(), await session.tenant()
    if catalog is None:
        raise NotDone("the Catalog cannot be read, so say the version with --to")
    allowed = tenant.it.spec.versions if tenant is not None else ()
    return tuple(release for release in catalog.versions if not allowed or release.version in allowed)


COMMAND = command("upgrade", run)
