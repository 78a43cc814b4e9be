"""What would fit where a wish does not: fewer workers, or workers of a smaller size. Pure.

The arithmetic is the quota's own. It is a hint: the webhook decides again when somebody takes it.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from provisioning import quantity, quota
from provisioning.model import CatalogSpec, ClusterSpec, Flavor, NodePool
from provisioning.quota import Limits
from provisioning.usage import Usage


@dataclass(frozen=True)
class Alternative:
    """Instead of as many workers of `flavor` as are wanted there is room for `fewer` of them, or for `many` of
    `smaller`: as many as are wanted, or fewer of these too where nothing else would help.

    0 and "" where that would not help either.
    """

    flavor: str
    fewer: int = 0
    smaller: str = ""
    many: int = 0


def fitting(
    becomes: ClusterSpec,
    was: ClusterSpec | None,
    *,
    used: Usage,
    hard: Limits,
    catalog: CatalogSpec,
    flavors: Iterable[Flavor],
) -> Alternative | None:
    """What would fit in place of the first pool that grows; None when the wish fits, or nothing would help.

    `was` is the cluster as it is, which is part of `used`; `flavors` are those that its tenant may have.
    """
    had = quota.envelope(was, catalog) if was else Usage()

    def fits(spec: ClusterSpec) -> bool:
        return not hard.excess(used, quota.envelope(spec, catalog) - had)

    pool = _growing(becomes, was, catalog)
    if pool is None or fits(becomes):
        return None

    def with_pool(**changes: object) -> ClusterSpec:
        changed = pool.model_copy(update=changes)
        return becomes.model_copy(update={"pools": tuple(changed if it is pool else it for it in becomes.pools)})

    before = next((it for it in (was.pools if was else ()) if it.name == pool.name), None)
    sizes = _between(before, pool, tuple(flavors), catalog)

    def fewer(flavor: str) -> int:
        return _fewer(pool, lambda number: fits(with_pool(flavor=flavor, replicas=number, min=None, max=None)))

    found = Alternative(pool.flavor, fewer=fewer(pool.flavor))
    if smaller := next((name for name in sizes if fits(with_pool(flavor=name))), ""):
        return replace(found, smaller=smaller, many=pool.most)
    if found.fewer:
        return found
    fitting = ((name, many) for name in sizes if (many := fewer(name)))
    return next((replace(found, smaller=name, many=many) for name, many in fitting), None)


def shrunk(pools: Iterable[NodePool], flavors: Iterable[Flavor], catalog: CatalogSpec) -> dict[str, str]:
    """The pool with the largest workers, and the next smaller size for them; nothing where they have the smallest."""
    known = [(pool, flavor) for pool in pools if (flavor := catalog.flavor(pool.flavor))]
    if not known:
        return {}
    pool, _ = max(known, key=lambda each: _size(each[1]))
    sizes = _smaller(pool, flavors, catalog)
    return {pool.name: sizes[0]} if sizes else {}


def _growing(becomes: ClusterSpec, was: ClusterSpec | None, catalog: CatalogSpec) -> NodePool | None:
    before = {pool.name: quota.share(pool, catalog) for pool in was.pools} if was else {}
    return next(
        (it for it in becomes.pools if not quota.share(it, catalog).within(before.get(it.name, Usage()))),
        None,
    )


def _fewer(pool: NodePool, fits: Callable[[int], bool]) -> int:
    """The most workers that fit, 0 when not even one does."""
    return bisect.bisect_left(range(1, pool.most), True, key=lambda number: not fits(number))


def _between(before: NodePool | None, pool: NodePool, flavors: Sequence[Flavor], catalog: CatalogSpec) -> list[str]:
    """The flavors below the pool's own that would do instead, the largest first.

    Whoever wants more of what they have does not want all of it replaced by another size; and whoever wants larger
    workers is not helped by those that they have, or by smaller ones.
    """
    below = _smaller(pool, flavors, catalog)
    if before is None:
        return below
    if before.flavor == pool.flavor:
        return []
    return [name for name in below if name not in (before.flavor, *_smaller(before, flavors, catalog))]


def _smaller(pool: NodePool, flavors: Iterable[Flavor], catalog: CatalogSpec) -> list[str]:
    """The flavors below the pool's own, the largest first."""
    now = catalog.flavor(pool.flavor)
    if now is None:
        return []
    below = [flavor for flavor in flavors if _size(flavor) < _size(now)]
    return [flavor.name for flavor in sorted(below, key=_size, reverse=True)]


def _size(flavor: Flavor) -> tuple[int, int, int]:
    return sum(gpu.count for gpu in flavor.gpus), flavor.vcpu, quantity.byte_count(flavor.memory)
