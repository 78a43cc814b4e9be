"""What a cluster would cost, by the Catalog's prices. Pure; millionths of the currency, as in `prices`.

An estimate for people, and no bill: it counts the workers that run, without those that an update adds, and an
autoscaled pool with its most.
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioning import lifetime, prices, quota
from provisioning.model import CatalogSpec, ClusterSpec


@dataclass(frozen=True)
class Estimate:
    """An hour of it `before` and `after`, and what all the hours come to that the wish adds to its life.

    `total` is None where that does not end, or where no hours are added. `bound`: it may be less, because workers come
    and go or because it sleeps.
    """

    currency: str
    before: int
    after: int
    total: int | None = None
    hours: str = ""
    """The duration that `total` is for, such as 24h."""
    bound: bool = False


def of(was: ClusterSpec | None, becomes: ClusterSpec | None, catalog: CatalogSpec) -> Estimate | None:
    """What comes of a wish; None where nothing has a price. `was` and `becomes` are None for what is not there."""
    listed = prices.of(catalog.prices)
    if not listed.by_dimension:
        return None
    before, after = (listed.of(quota.standing(spec, catalog)) if spec else 0 for spec in (was, becomes))
    added = _added(was, becomes)
    return Estimate(
        listed.currency,
        before,
        after,
        total=prices.over(after, lifetime.parse(added)) if added else None,
        hours=added,
        bound=becomes is not None
        and bool(becomes.hibernation.schedules or any(pool.autoscaled for pool in becomes.pools)),
    )


def _added(was: ClusterSpec | None, becomes: ClusterSpec | None) -> str:
    """The time that the wish adds to the cluster's life; empty for none, or for no end."""
    if becomes is None or not becomes.lifetime:
        return ""
    if was is None:
        return becomes.lifetime
    more = lifetime.parse(becomes.lifetime) - lifetime.parse(was.lifetime or becomes.lifetime)
    return lifetime.spell(more) if more.total_seconds() > 0 else ""
