"""A cluster, or a wish for one, in few words: what a card, a list or a form says about it. Pure."""

from __future__ import annotations

from datetime import datetime

from bot import replies, text
from provisioning import estimate, prices, stage, wording
from provisioning.model import CatalogSpec, ClusterRequest, ClusterSpec, NodePool, Phase, TenantCluster
from provisioning.model.cluster import Hibernation
from provisioning.objects import Stored, parse_time

Row = tuple[str, str]
"""A label and its value in mrkdwn."""


def pool(it: NodePool, catalog: CatalogSpec | None = None) -> str:
    """How many workers, of which size."""
    many = replies.between(it.min or 0, it.max or 0) if it.autoscaled else str(it.replicas)
    flavor = catalog.flavor(it.flavor) if catalog else None
    return replies.times(many, it.flavor, f"{flavor.vcpu} vCPU, {flavor.memory} each" if flavor else "")


def pools(spec: ClusterSpec, catalog: CatalogSpec | None = None) -> str:
    return ", ".join(pool(each, catalog) for each in spec.pools)


def wish(request: Stored[ClusterRequest], tenant: str) -> str:
    """What is asked for, or approved and not done yet, in a line of a listing."""
    spec = request.it.spec
    if request.it.status.phase is Phase.PENDING:
        return replies.waiting_line(spec.cluster, spec.action, text.name(spec.requester))
    return replies.headline(stage.of_request(request, None), spec.cluster, tenant)


def rows(spec: ClusterSpec, catalog: CatalogSpec) -> tuple[Row, ...]:
    """What an approver has to know, in a fixed order. Of sleep and protection only when they are spoken of."""
    told = list(_rows(spec, catalog))
    if spec.hibernation != Hibernation():
        told.append((replies.LABEL["sleep"], sleep(spec.hibernation)))
    if spec.deletion_protection:
        told.append(protection(spec))
    return tuple(told)


def _rows(spec: ClusterSpec, catalog: CatalogSpec) -> tuple[Row, ...]:
    return (
        (replies.LABEL["workers"], pools(spec, catalog)),
        (replies.LABEL["version"], spec.version or catalog.recommended().version),
        (replies.LABEL["lifetime"], text.lifetime(spec.lifetime) if spec.lifetime else replies.NO_END),
        (replies.LABEL["control_plane"], wording.count(spec.control_plane.replicas, "replica")),
        (replies.LABEL["addons"], ", ".join(text.code(a.name) for a in spec.add_ons) or replies.NOTHING),
    )


def changes(old: ClusterSpec, new: ClusterSpec, catalog: CatalogSpec) -> tuple[Row, ...]:
    """The rows of the new specification, those that differ as old → new. Of sleep and protection only when something
    becomes of them."""
    before, after = _rows(old, catalog), _rows(new, catalog)
    if old.hibernation != new.hibernation:
        label = replies.LABEL["sleep"]
        before, after = (*before, (label, sleep(old.hibernation))), (*after, (label, sleep(new.hibernation)))
    if old.deletion_protection != new.deletion_protection:
        before, after = (*before, protection(old)), (*after, protection(new))
    was = dict(before)
    return tuple((label, value if was[label] == value else f"{was[label]} → *{value}*") for label, value in after)


def gist(old: ClusterSpec | None, new: ClusterSpec | None, catalog: CatalogSpec) -> str:
    """In one line what a request comes to: what would differ, or the workers of what would come or go."""
    if old and new:
        before = rows(old, catalog)
        differing = (row for row in changes(old, new, catalog) if row not in before)
        return " · ".join(f"{label}: {value}" for label, value in differing)
    spec = new or old
    if not spec:
        return ""
    workers, version, lives, *_ = rows(spec, catalog)
    return " · ".join(value for _, value in (workers, version, lives))


def facts(cluster: Stored[TenantCluster], tenant: str, catalog: CatalogSpec, *, now: datetime) -> str:
    """A cluster in one line: how it is, whose, of what size, at what price, and how long it lives."""
    status, spec = cluster.it.status, cluster.it.spec
    told = [stage.of_cluster(cluster).value, tenant, pools(spec), status.version or spec.version or ""]
    told += [hourly(spec, catalog), life_left(cluster, now=now)]
    return " · ".join(each for each in told if each)


def hourly(spec: ClusterSpec, catalog: CatalogSpec) -> str:
    """What an hour of it costs; empty where nothing has a price."""
    found = estimate.of(spec, spec, catalog)
    return replies.hourly(f"{prices.show(found.after)} {found.currency}", bound=found.bound) if found else ""


def life_left(cluster: Stored[TenantCluster], *, now: datetime) -> str:
    """How long it lives yet, and until when. Empty where it has no end, or that is over."""
    ends = cluster.it.status.expires_at
    if not ends or parse_time(ends) <= now:
        return ""
    return f"{replies.left(text.left(now, parse_time(ends)))}, {replies.until(text.moment(ends))}"


def protection(spec: ClusterSpec) -> Row:
    """Whether it is protected from deletion."""
    return replies.LABEL["protection"], replies.PROTECTED if spec.deletion_protection else replies.UNPROTECTED


def sleep(it: Hibernation) -> str:
    """Whether a cluster sleeps, or what decides it."""
    if it.enabled:
        return replies.ASLEEP
    by = replies.by_schedules(len(it.schedules)) if it.schedules else replies.AWAKE
    return replies.awake_until(by, _moment(it.awake_until)) if it.awake_until else by


def _moment(written: str) -> str:
    """A time that somebody wrote; what is none, as it is written."""
    try:
        return text.moment(written)
    except ValueError:
        return text.code(written)
