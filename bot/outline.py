"""A cluster's specification in few words: what a card, a list or a form says about it. Pure."""

from __future__ import annotations

from bot import replies, text
from provisioning.model import CatalogSpec, ClusterSpec, NodePool
from provisioning.model.cluster import Hibernation

Row = tuple[str, str]
"""A label and its value in mrkdwn."""


def pool(it: NodePool, catalog: CatalogSpec | None = None) -> str:
    """How many workers, of which size."""
    many = replies.between(it.min or 0, it.max or 0) if it.autoscaled else str(it.replicas)
    flavor = catalog.flavor(it.flavor) if catalog else None
    return replies.times(many, it.flavor, f"{flavor.vcpu} vCPU, {flavor.memory} each" if flavor else "")


def pools(spec: ClusterSpec, catalog: CatalogSpec | None = None) -> str:
    return ", ".join(pool(each, catalog) for each in spec.pools)


def rows(spec: ClusterSpec, catalog: CatalogSpec) -> tuple[Row, ...]:
    """What an approver has to know, in a fixed order."""
    return (
        (replies.LABEL["workers"], pools(spec, catalog)),
        (replies.LABEL["version"], spec.version or catalog.recommended().version),
        (replies.LABEL["lifetime"], text.lifetime(spec.lifetime) if spec.lifetime else replies.NO_END),
        (replies.LABEL["control_plane"], replies.count(spec.control_plane.replicas, "replica")),
        (replies.LABEL["addons"], ", ".join(text.code(a.name) for a in spec.add_ons) or replies.NOTHING),
    )


def changes(old: ClusterSpec, new: ClusterSpec, catalog: CatalogSpec) -> tuple[Row, ...]:
    """The rows of the new specification, those that differ as old → new. Of sleep only when something becomes of it."""
    before, after = rows(old, catalog), rows(new, catalog)
    if old.hibernation != new.hibernation:
        label = replies.LABEL["sleep"]
        before, after = (*before, (label, sleep(old.hibernation))), (*after, (label, sleep(new.hibernation)))
    was = dict(before)
    return tuple((label, value if was[label] == value else f"{was[label]} → *{value}*") for label, value in after)


def sleep(it: Hibernation) -> str:
    """Whether a cluster sleeps, or what decides it."""
    if it.enabled:
        return replies.ASLEEP
    by = replies.by_schedules(len(it.schedules)) if it.schedules else replies.AWAKE
    return replies.awake_until(by, it.awake_until) if it.awake_until else by
