"""A cluster's specification in few words: what a card, a list or a form says about it. Pure."""

from __future__ import annotations

from bot import replies, text
from provisioning.model import CatalogSpec, ClusterSpec, NodePool

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
    """The rows of the new specification, those that differ as old → new."""
    before = dict(rows(old, catalog))
    return tuple(
        (label, value if before[label] == value else f"{before[label]} → *{value}*")
        for label, value in rows(new, catalog)
    )
