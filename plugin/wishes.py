"""From what somebody wants of a cluster to its being done, or asked for where somebody else has to agree.

As in Slack: a dry run asks all rules first, so that every reason is told at once and nobody is bothered in vain.
Whether somebody has to agree is the webhook's to say, and nobody guesses it here.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from plugin import claimed, errors, finding
from plugin.session import Session
from provisioning import approval, asking, names, objects, resources, room
from provisioning import errors as kube_errors
from provisioning.digest import digest_of
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest, ClusterSpec, TenantCluster
from provisioning.objects import Stored

TRIES: Final = 5
"""Times a change is decided again after somebody else wrote first."""
DONE: Final = {Action.CREATE: "created", Action.CHANGE: "changed", Action.DELETE: "deleted"}


@dataclass(frozen=True)
class Wish:
    """What is wanted: `desired` is None for a deletion, `generation` that of the cluster as it is, 0 when it is new.

    With `dry_run` all rules are asked and nothing is kept.
    """

    action: Action
    cluster: str
    desired: ClusterSpec | None
    generation: int
    reason: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """`written` is the cluster as it is wanted now, or the request when `asked`; `already`: an earlier one for the same
    new cluster. `unchanged`: it was so already."""

    wish: Wish
    written: Manifest
    asked: bool = False
    already: bool = False
    unchanged: bool = False

    @property
    def generation(self) -> int:
        """The first of the cluster with what is wanted."""
        return self.wish.generation + (not self.unchanged)


async def make(session: Session, manifest: Manifest, *, reason: str = "", dry_run: bool = False) -> Outcome:
    """A new cluster, or the request with which the same person waits for it. Raises `NotDone` with every reason."""
    name = manifest["metadata"]["name"]
    wish = Wish(Action.CREATE, name, None, 0, reason, dry_run)
    if (claim := await claimed.claim(session, name)) is not None:
        # Asked before the rules: what waits for room has none, and is the same wish all the same.
        desired = await claimed.desired(session, manifest, claim)
        if desired is None:
            raise refused(wish, (await claimed.cause(session, claim),))
        return Outcome(replace(wish, desired=desired), claim.manifest, asked=True, already=True)

    async def write(body: Manifest, *, dry: bool) -> Manifest:
        try:
            return await session.kube.create(resources.TENANT_CLUSTERS, body, dry_run=dry)
        except kube_errors.AlreadyExists as error:
            raise refused(wish, (Cause("metadata.name", f"{name} exists already"),)) from error

    return await _written_or_asked(session, wish, manifest, write)


async def change(
    session: Session,
    name: str,
    edit: Callable[[Stored[TenantCluster]], ClusterSpec],
    *,
    reason: str = "",
    dry_run: bool = False,
) -> Outcome:
    """Another spec for a cluster. `edit` is asked anew when somebody else writes first. Raises `NotDone`."""

    async def write(body: Manifest, *, dry: bool) -> Manifest:
        return await session.kube.replace(resources.TENANT_CLUSTERS, body, dry_run=dry)

    for _ in range(TRIES):
        manifest = await finding.manifest(session, name)
        stored = objects.read(TenantCluster, manifest)
        desired = edit(stored)
        wish = Wish(Action.CHANGE, name, desired, stored.meta.generation, reason, dry_run)
        if desired == stored.it.spec:
            return Outcome(wish, manifest, unchanged=True)
        manifest["spec"] = laid_over(manifest["spec"], stored.it.spec, desired)
        try:
            return await _written_or_asked(session, wish, manifest, write)
        except kube_errors.Conflict:
            continue
    raise errors.NotDone(f"{name} changes faster than it can be written; try again")


async def remove(
    session: Session, cluster: Stored[TenantCluster], *, reason: str = "", dry_run: bool = False
) -> Outcome:
    """No such cluster any more. Raises `NotDone`."""
    wish = Wish(Action.DELETE, cluster.meta.name, None, cluster.meta.generation, reason, dry_run)

    async def write(_: Manifest, *, dry: bool) -> Manifest:
        return await session.kube.delete(
            resources.TENANT_CLUSTERS,
            cluster.meta.name,
            namespace=session.namespace,
            uid=cluster.meta.uid,
            dry_run=dry,
        )

    return await _settled(session, wish, {}, write)


async def give_up(
    session: Session, cluster: Stored[TenantCluster], *, reason: str = "", dry_run: bool = False
) -> Outcome:
    """A request to delete a cluster that is not ready yet, also by whom nobody has to agree with: so that its end is
    told where it was asked for. Raises `NotDone`."""
    wish = Wish(Action.DELETE, cluster.meta.name, None, cluster.meta.generation, reason, dry_run)
    return Outcome(wish, await _ask(session, wish))


def laid_over(written: Manifest, before: ClusterSpec, after: ClusterSpec) -> Manifest:
    """The spec as somebody wrote it, with the fields that differ as they are after. The rest stays word for word."""
    old, new = before.wire(), after.wire()
    kept = {field: value for field, value in written.items() if field in new or field not in old}
    return {**kept, **{field: value for field, value in new.items() if old.get(field) != value}}


def refused(wish: Wish, causes: tuple[Cause, ...]) -> errors.NotDone:
    return errors.refusal(f"{wish.cluster} was not {DONE[wish.action]}", causes)


_Write = Callable[..., Awaitable[Manifest]]


async def _written_or_asked(session: Session, wish: Wish, manifest: Manifest, write: _Write) -> Outcome:
    """First whether it would do at all, approval aside; the API server's answer has what was left out filled in."""
    meta = manifest["metadata"]
    marked = {**(meta.get("annotations") or {}), names.PREVIEW_ANNOTATION: "true"}
    try:
        shown = await write({**manifest, "metadata": {**meta, "annotations": marked}}, dry=True)
    except (kube_errors.Forbidden, kube_errors.Invalid) as error:
        raise refused(wish, error.causes or (Cause("", error.message),)) from error
    desired = objects.read(TenantCluster, shown).it.spec
    return await _settled(session, replace(wish, desired=desired), manifest, write)


async def _settled(session: Session, wish: Wish, manifest: Manifest, write: _Write) -> Outcome:
    try:
        return Outcome(wish, await write(manifest, dry=wish.dry_run))
    except (kube_errors.Forbidden, kube_errors.Invalid) as error:
        others = tuple(cause for cause in error.causes if cause.field != approval.FIELD)
        if others or not error.causes:
            raise refused(wish, others or (Cause("", error.message),)) from error
    return Outcome(wish, await _ask(session, wish), asked=True)


async def _ask(session: Session, wish: Wish) -> Manifest:
    """The request for it: a new one, or the one by which the same person has asked for the same."""
    me = (await session.myself()).person
    digest = digest_of(action=wish.action, cluster=wish.cluster, desired=wish.desired)
    label = f"{names.CLUSTER_LABEL}={wish.cluster}"
    for found in (await session.kube.list(resources.CLUSTER_REQUESTS, namespace=session.namespace, labels=label)).items:
        request = objects.read(ClusterRequest, found)
        it = request.it.spec
        same = (it.digest, it.base_generation, it.requester.user) == (digest, wish.generation, me.user)
        if room.is_open(request) and same:
            return found
    manifest = asking.request(
        name=names.request_name(session.namespace, me.user, digest, uuid.uuid4().hex),
        namespace=session.namespace,
        action=wish.action,
        cluster=wish.cluster,
        desired=wish.desired,
        base_generation=wish.generation,
        requester=me,
        reason=wish.reason,
    )
    try:
        return await session.kube.create(resources.CLUSTER_REQUESTS, manifest, dry_run=wish.dry_run)
    except (kube_errors.Forbidden, kube_errors.Invalid) as error:
        raise refused(wish, error.causes or (Cause("", error.message),)) from error
