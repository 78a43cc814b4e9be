"""What people read, in Slack, at a terminal and beside an admission, of what is in the way of an upgrade. Pure.

Plain words, no markup; each door draws names and times itself. What must never live here: what is in the way
(`hindrances`).
"""

from __future__ import annotations

from collections.abc import Sequence

from provisioning import hindrances, objects, plain, precheck, wording
from provisioning.hindrances import Hindrances
from provisioning.model import ClusterSpec, DeprecatedApi, HoldingBudget, TenantCluster


def lets_none_go(budget: str, it: HoldingBudget) -> str:
    """`budget` is its name as this door draws names."""
    if not precheck.is_for_ever(it):
        return f"{budget} lets no Pod go now: {it.healthy} of {it.expected} are healthy, and {it.needed} must be"
    kept = "its only Pod" if it.expected == 1 else f"all its {f'{it.expected} ' if it.expected else ''}Pods"
    return f"{budget} never lets a Pod go: {kept} must stay"


def held_workers(waits: str) -> str:
    """`waits` is drawn as this door draws durations."""
    return f"a worker waits up to {waits} for such Pods, which then go with it"


def gone_in(api: str, it: DeprecatedApi) -> str:
    """`api` is its name as this door draws names."""
    return f"{api} is gone from Kubernetes {it.removed_release} on"


def not_seen(unseen: Sequence[str], *, seen: bool) -> str:
    """`seen` says that there was an earlier look, or that the rest could be looked at."""
    told = "not all of it could be looked at" if seen else "nobody could look into the cluster"
    return f"{told}: {'; '.join(unseen)}"


def of_change(cluster: TenantCluster, after: ClusterSpec) -> tuple[str, ...]:
    """The warnings for whoever asks for this of a cluster; none where it is no upgrade."""
    if after.version is None or after.version == cluster.spec.version:
        return ()
    return warnings(hindrances.of(cluster.spec, cluster.status, after.version))


def warnings(it: Hindrances) -> tuple[str, ...]:
    """A line of a terminal for each thing, and for what nobody could see; as of when they hold stands in the last one.
    None where nothing is in the way."""
    lines = [lets_none_go(f"PodDisruptionBudget {precheck.budget_name(each)}", each) for each in it.budgets]
    lines += [f"and {wording.count(it.more_budgets, 'more PodDisruptionBudget')}"] if it.more_budgets else []
    lines += [held_workers(it.waits)] if it.budgets else []
    lines += [gone_in(f"{precheck.api_name(each)}, which is in use,", each) for each in it.apis]
    lines += [not_seen(it.unseen, seen=bool(it.at))] if it.unseen else []
    if it.at and lines:
        lines.append(f"the cluster was looked into {objects.parse_time(it.at):%Y-%m-%d %H:%M} UTC")
    return tuple(map(plain.one_line, lines))
