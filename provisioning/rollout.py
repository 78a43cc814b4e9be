"""What another Kubernetes version comes to for a cluster: the way, what is replaced in which order, how long. Pure.

For people who are about to ask for it. What is really done, and when, `upgrades` decides at each look; nothing here
binds anybody. What must never live here: a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from provisioning import hindrances, upgrades
from provisioning.hindrances import Hindrances
from provisioning.model import NodePool, Release, Step, StepState, TenantCluster
from provisioning.objects import Stored
from provisioning.steps import CONTROL_PLANE, WORKERS
from provisioning.usual import Span, Usual


@dataclass(frozen=True)
class Rollout:
    """First the control plane goes from `before` to `after`; then all `pools` begin, each of which has workers.

    `beyond` are the versions on the way from there to the newest on offer, each a step of its own. `time` is None where
    nobody can say. `asleep`: nothing begins before the cluster wakes. `still` is the version that the control plane
    runs while an earlier upgrade is not done. `trailing`: some workers may be older than the control plane, which then
    waits for them. `hindrances` are what is in its way inside the cluster.
    """

    before: str
    after: str
    beyond: tuple[str, ...]
    pools: tuple[NodePool, ...]
    time: Span | None
    asleep: bool = False
    still: str = ""
    trailing: bool = False
    hindrances: Hindrances = field(default_factory=Hindrances)


def rollout(cluster: Stored[TenantCluster], after: str, *, offered: Iterable[Release], known: Usual) -> Rollout:
    """From what the cluster is now to `after`; `offered` is what its tenant may have, `known` how long things take."""
    spec, status, releases = cluster.it.spec, cluster.it.status, tuple(offered)
    before, runs = spec.version or status.version, upgrades.tidy(status.version)
    pools = tuple(pool for pool in spec.pools if pool.most)
    return Rollout(
        before,
        after,
        beyond=_beyond(after, releases),
        pools=pools,
        time=known.upgrade(max(map(turns, pools), default=0)),
        asleep=bool(status.asleep_since),
        still=runs if runs and runs != before else "",
        trailing=_is_done(CONTROL_PLANE, status.steps) and not _is_done(WORKERS, status.steps),
        hindrances=hindrances.of(spec, status, after),
    )


def at_once(pool: NodePool) -> int:
    """How many of its workers are replaced at a time."""
    return pool.max_surge + pool.max_unavailable


def turns(pool: NodePool) -> int:
    """How many times that happens until all are, at most."""
    return -(-pool.most // at_once(pool))


def _beyond(after: str, releases: tuple[Release, ...]) -> tuple[str, ...]:
    """The way to the newest version that can be reached from there."""
    newest_first = sorted((release.version for release in releases), key=upgrades.numbers, reverse=True)
    return next((way for version in newest_first if (way := upgrades.way(after, version, releases))), ())


def _is_done(name: str, steps: Iterable[Step]) -> bool:
    return any(step.name == name and step.state is StepState.DONE for step in steps)
