"""What each verb makes of a cluster: asleep, awake, a later end, other workers, add-ons, another version. Pure.

Whichever door the verb comes through, it means the same. What must never live here: whether it may be so (that is
`shape`'s and the webhooks'), how a door takes its words, or a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from provisioning import hibernation, lifetime, objects, upgrades
from provisioning.hibernation import Rest
from provisioning.model import CatalogSpec, ClusterAddOn, ClusterSpec, LifetimePolicy, NodePool, Release, TenantCluster
from provisioning.objects import Stored, format_time


def asleep(spec: ClusterSpec) -> ClusterSpec:
    """The cluster put to sleep, whatever its schedules say."""
    rests = spec.hibernation.model_copy(update={"enabled": True, "awake_until": None})
    return spec.model_copy(update={"hibernation": rests})


def awake(
    cluster: Stored[TenantCluster], policy: LifetimePolicy, awake_for: timedelta | None, *, now: datetime
) -> tuple[ClusterSpec, Rest]:
    """The cluster awake, for so long whatever its schedules say; and whether something has it asleep all the same.

    `policy` is its tenant's.
    """
    before = cluster.it.spec.hibernation
    until = format_time(now + awake_for) if awake_for is not None else before.awake_until
    rests = before.model_copy(update={"enabled": False, "awake_until": until})
    spec = cluster.it.spec.model_copy(update={"hibernation": rests})
    return spec, hibernation.rest(spec, policy, created=cluster.meta.created or now, now=now)


def sleepless(spec: ClusterSpec, *, now: datetime) -> ClusterSpec | None:
    """The cluster awake through the sleep that its schedules have now, or next, and only that one. None when they have
    none."""
    ends = hibernation.sleep_ends(spec.hibernation, now)
    if ends is None:
        return None
    until = spec.hibernation.awake_until
    if until is None or objects.parse_time(until) < ends:
        until = format_time(ends)
    rests = spec.hibernation.model_copy(update={"enabled": False, "awake_until": until})
    return spec.model_copy(update={"hibernation": rests})


def prolonged(cluster: Stored[TenantCluster], by: timedelta, *, now: datetime) -> ClusterSpec | None:
    """The cluster with a later end: later than its own, or than now when that is over. None when it has no end."""
    before, created = cluster.it.spec.lifetime, cluster.meta.created
    if not before or created is None:
        return None
    return cluster.it.spec.model_copy(update={"lifetime": lifetime.prolonged(created, before, by, now=now)})


def room_to_live(cluster: Stored[TenantCluster], policy: LifetimePolicy, *, now: datetime) -> timedelta | None:
    """By how much it may live longer at most, in whole minutes: not at all below one. None where nothing bounds that.

    `policy` is its tenant's.
    """
    least = prolonged(cluster, timedelta(), now=now)
    if least is None or not least.lifetime or not policy.longest:
        return None
    left = lifetime.parse(policy.longest) - lifetime.parse(least.lifetime)
    return max(left // timedelta(minutes=1), 0) * timedelta(minutes=1)


def protected(spec: ClusterSpec, is_protected: bool) -> ClusterSpec:
    """The cluster with its deletion protection on, or off."""
    return spec.model_copy(update={"deletion_protection": is_protected})


def sized(
    pool: NodePool, *, replicas: int | None = None, least: int | None = None, most: int | None = None
) -> NodePool:
    """The pool with a fixed number of workers, or with these bounds to the autoscaler. Raises `Invalid`."""
    numbers = {"replicas": replicas, "min": least, "max": most}
    kept = {field: value for field, value in pool.wire().items() if field not in numbers}
    said = {field: value for field, value in numbers.items() if value is not None}
    return objects.parse(NodePool, {**kept, **said}, at=f"spec.pools[{pool.name}]")


def with_pools(spec: ClusterSpec, *changed: NodePool) -> ClusterSpec:
    """The cluster with these pools in place of those of the same names."""
    by_name = {pool.name: pool for pool in changed}
    return spec.model_copy(update={"pools": tuple(by_name.get(pool.name, pool) for pool in spec.pools)})


def resized(spec: ClusterSpec, sizes: Mapping[str, str]) -> ClusterSpec:
    """The cluster with workers of another size in these pools: flavors by the names of pools."""
    changed = (pool.model_copy(update={"flavor": sizes[pool.name]}) for pool in spec.pools if pool.name in sizes)
    return with_pools(spec, *changed)


def with_add_ons(spec: ClusterSpec, wanted: Collection[str]) -> ClusterSpec:
    """The cluster with these add-ons; those that it has already keep their values and their places."""
    kept = tuple(each for each in spec.add_ons if each.name in wanted)
    had = {each.name for each in kept}
    return spec.model_copy(
        update={"add_ons": (*kept, *(ClusterAddOn(name=name) for name in wanted if name not in had))}
    )


def optional_add_ons(spec: ClusterSpec, catalog: CatalogSpec) -> tuple[str, ...]:
    """What may be put in or taken out: the Catalog's that are no default, and what the cluster has of no Catalog's."""
    offered = {add_on.name: not add_on.default for add_on in catalog.add_ons}
    names = (*offered, *(each.name for each in spec.add_ons if each.name not in offered))
    return tuple(name for name in names if offered.get(name, True))


def following(before: str, offered: Iterable[Release]) -> tuple[str, ...]:
    """The versions on offer that may come next, the newest first."""
    found = [release.version for release in offered if before and upgrades.follows(release, before)]
    return tuple(sorted(found, key=upgrades.numbers, reverse=True))


_SIZES = frozenset(("replicas", "min", "max"))
_BY_FIELD = {"add_ons": "addons", "lifetime": "extend", "version": "upgrade"}


def verb(before: ClusterSpec, after: ClusterSpec) -> str:
    """The one verb that makes the one cluster of the other; empty where none of those that have a form does alone."""
    fields = {name for name in ClusterSpec.model_fields if getattr(before, name) != getattr(after, name)}
    if len(fields) != 1:
        return ""
    if fields == {"deletion_protection"}:
        return "protect" if after.deletion_protection else "unprotect"
    if fields != {"pools"}:
        return _BY_FIELD.get(fields.pop(), "")
    if [pool.name for pool in before.pools] != [pool.name for pool in after.pools]:
        return ""
    pairs = zip(before.pools, after.pools, strict=True)
    changed = {name for old, new in pairs for name in NodePool.model_fields if getattr(old, name) != getattr(new, name)}
    if changed <= _SIZES:
        return "scale"
    return "resize" if changed == {"flavor"} else ""
