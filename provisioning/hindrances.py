"""What of that which was seen in a cluster is in the way of its upgrade to one version. Pure.

It keeps nobody from anything: people are told, and decide. What must never live here: a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provisioning import lifetime, precheck, upgrades
from provisioning.model import ClusterSpec, ClusterStatus, DeprecatedApi, HoldingBudget, Precheck

ASLEEP: Final = "it is asleep"
NOT_YET: Final = "its API server has not been asked yet"


@dataclass(frozen=True)
class Hindrances:
    """`budgets` hold up the workers, and `more_budgets` more do; `apis` are in use, and the version has them no more.

    `unseen` says what could not be looked at, and why, in plain words. `at` is when somebody looked and found this (RFC
    3339), empty where nobody has. `waits` is how long a worker is held at most, such as 5m.
    """

    budgets: tuple[HoldingBudget, ...] = ()
    more_budgets: int = 0
    apis: tuple[DeprecatedApi, ...] = ()
    unseen: tuple[str, ...] = ()
    at: str = ""
    waits: str = ""

    @property
    def none(self) -> bool:
        """Whether somebody has looked at all of it, and found nothing."""
        return not (self.budgets or self.apis or self.unseen)


def of(spec: ClusterSpec, status: ClusterStatus, after: str) -> Hindrances:
    """What is in the way from the version that it has to `after`."""
    seen = status.precheck or Precheck(unseen=(NOT_YET,))
    runs = upgrades.tidy(status.version) or spec.version or after
    pools = tuple(pool for pool in spec.pools if pool.most)
    return Hindrances(
        budgets=seen.budgets if pools else (),
        more_budgets=seen.more_budgets if pools else 0,
        apis=tuple(api for api in seen.apis if _goes_between(api, runs, after)),
        unseen=(ASLEEP,) if status.asleep_since else seen.unseen,
        at=seen.checked_at or "",
        waits=max((pool.drain_timeout for pool in pools), key=lifetime.parse, default=""),
    )


def _goes_between(api: DeprecatedApi, runs: str, after: str) -> bool:
    return precheck.release(runs) < precheck.release(api.removed_release) <= precheck.release(after)
