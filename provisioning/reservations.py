"""What else waits for approval in a tenant, and whether there is room for all of it. Pure.

Nothing is kept free for a wish that nobody has approved: the ledger counts what was let in. This says to people, in
time, what would become of theirs if the others were approved as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from provisioning import prospect, quota
from provisioning.manifest import Key
from provisioning.model import CatalogSpec, ClusterRequest, ClusterSpec, TenantCluster
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.usage import Usage


@dataclass(frozen=True)
class Others:
    """So many other wishes that need room, and what they would come to on top of what is used."""

    count: int = 0
    rise: Usage = field(default_factory=Usage)

    def have_room_beside(self, asked: Usage, *, used: Usage, hard: Limits) -> bool:
        """Whether all of them fit together with `asked`, which is on top of `used` as well."""
        return not hard.excess(used, asked + self.rise)


def others(
    requests: Iterable[Stored[ClusterRequest]],
    clusters: Iterable[Stored[TenantCluster]],
    catalog: CatalogSpec,
    *,
    besides: Key,
) -> Others:
    """The wishes of one tenant that need room, other than those about the cluster `besides`."""
    wanted = prospect.wishes(requests)
    if not wanted.keys() - {besides}:
        return Others()
    had: Mapping[Key, ClusterSpec] = {cluster.key: cluster.it.spec for cluster in clusters}
    rises = []
    for key, desired in wanted.items():
        if key != besides and desired is not None:
            before = quota.envelope(had[key], catalog) if key in had else Usage()
            rises.append((quota.envelope(desired, catalog) - before).rises())
    needed = [rise for rise in rises if rise != Usage()]
    return Others(len(needed), Usage.total(needed))
