"""A person's own way into a cluster: asked for, waited for, taken away.

What was asked for and came to nothing is taken back: its key is thrown away, and so it is of no use to anybody.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import typer

from plugin import errors
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import asking, grants, lifetime, objects, plain
from provisioning import errors as kube_errors
from provisioning.manifest import Manifest
from provisioning.model import AccessRole, ClusterAccess, conditions
from provisioning.objects import Stored
from provisioning.resources import CLUSTER_ACCESSES

T = TypeVar("T")

SECONDS_BETWEEN_LOOKS: Final = 0.5
SECONDS_TO_TAKE_BACK: Final = 5.0


@dataclass(frozen=True)
class Entry:
    """Which way into which cluster is wanted. `valid_for` as the API writes durations."""

    cluster: str
    role: AccessRole
    valid_for: str


@asynccontextmanager
async def asked(session: Session, entry: Entry, *, request: str) -> AsyncIterator[str]:
    """Asks, with a certificate request, and gives the name of the ClusterAccess.

    Takes it back when what is done with it does not end well. Raises `NotDone` when it is refused.
    """
    me = (await session.myself()).person
    name = name_for(entry.cluster, me.user)
    manifest = asking.access(name=name, namespace=session.namespace, person=me, request=request, **vars(entry))
    there = True
    try:
        try:
            await session.kube.create(CLUSTER_ACCESSES, manifest)
        except (kube_errors.Forbidden, kube_errors.Invalid) as error:
            there = False
            causes = error.causes or (kube_errors.Cause("", error.message),)
            raise errors.refusal(f"you get no access to {entry.cluster}", causes) from error
        yield name
    except BaseException:
        # Ctrl-C too, and when nobody knows whether it was made: the name is ours alone.
        if there:
            await _take_back(session, name, entry.cluster)
        raise


async def issued(session: Session, name: str, *, timeout: timedelta) -> Manifest:
    """The access as it is kept, once it opens the cluster. Raises `NotDone` when it never will, or not in time."""

    async def look() -> tuple[Manifest | None, str]:
        manifest = await session.kube.find(CLUSTER_ACCESSES, name, namespace=session.namespace)
        if manifest is None:
            raise NotDone(f"somebody has deleted the ClusterAccess {name}")
        access = objects.read(ClusterAccess, manifest)
        seen, why = access.it.status.conditions, message(access)
        if conditions.is_true(seen, "Stalled"):
            raise NotDone(f"you get no access to {access.it.spec.cluster}: {why}")
        return (manifest if conditions.is_true(seen, "Ready") else None), why

    return await _found(look, timeout=timeout, late="there is no certificate")


async def revoke(session: Session, cluster: str, *, timeout: timedelta) -> list[Manifest]:
    """One's own accesses to the cluster, taken away and out of effect there. Raises `NotDone`."""
    me, now = (await session.myself()).person, datetime.now(UTC)
    read = (objects.read(ClusterAccess, item) for item in await listed(session, cluster))
    mine = {a.meta.name for a in read if a.it.spec.user == me.user and not grants.over(a, now) and not a.meta.deleting}
    if not mine:
        raise NotDone(f"you have no access to {cluster} in {session.namespace} that could be taken away")
    for name in mine:
        await session.kube.merge(CLUSTER_ACCESSES, name, {"spec": {"revoked": True}}, namespace=session.namespace)

    async def look() -> tuple[list[Manifest] | None, str]:
        found = [item for item in await listed(session, cluster) if item["metadata"]["name"] in mine]
        read = (objects.read(ClusterAccess, item) for item in found)
        left = [access for access in read if not grants.end_told(access.it.status)]
        return (None, message(left[0])) if left else (found, "")

    return await _found(look, timeout=timeout, late=f"it is revoked, but may still be of effect in {cluster}")


async def listed(session: Session, cluster: str = "") -> list[Manifest]:
    """The accesses in the namespace, everybody's; to one cluster when one is named."""
    found = (await session.kube.list(CLUSTER_ACCESSES, namespace=session.namespace)).items
    return [item for item in found if cluster in ("", item["spec"]["cluster"])]


def name_for(cluster: str, user: str) -> str:
    """A name that says whose it is, and that nobody has yet."""
    slug = re.sub(r"[^a-z0-9]+", "-", user.lower()).strip("-")[:30].strip("-")
    return "-".join(part for part in (cluster, slug, secrets.token_hex(3)) if part)


def message(access: Stored[ClusterAccess]) -> str:
    """What is waited for, or why nothing comes of it."""
    ready = conditions.find(access.it.status.conditions, "Ready")
    return ready.message if ready is not None else ""


async def _found(look: Callable[[], Awaitable[tuple[T | None, str]]], *, timeout: timedelta, late: str) -> T:
    """What `look` finds in the end; until then it says what is waited for, and so does this. Raises `NotDone`."""
    why = "the provisioner has said nothing of it yet"
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            while True:
                try:
                    found, said = await look()
                except (kube_errors.Unavailable, kube_errors.Throttled) as error:
                    found, said = None, error.message
                if found is not None:
                    return found
                if said and said != why:
                    typer.echo(f"Waiting: {plain.one_line(said)}", err=True)
                why = said or why
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    except TimeoutError as error:
        raise NotDone(f"{late} after {lifetime.spell(timeout)}: {why}") from error


async def _take_back(session: Session, name: str, cluster: str) -> None:
    try:
        async with asyncio.timeout(SECONDS_TO_TAKE_BACK):
            await session.kube.delete(CLUSTER_ACCESSES, name, namespace=session.namespace)
    except kube_errors.NotFound:
        return
    except (kube_errors.KubeError, TimeoutError):
        how = f"kubectl clusterdesk access {cluster} --revoke -n {session.namespace}"
        typer.echo(f"The ClusterAccess {name} may be left; nobody has its key. Take it away with: {how}", err=True)
    else:
        typer.echo(f"The ClusterAccess {name} was taken back; nothing of it is left.", err=True)
