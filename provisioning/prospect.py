"""What a tenant comes to if all that waits, for approval or for room, is done. Pure.

A look ahead for people, and no promise: what really fits is decided when it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provisioning import quota, room
from provisioning.manifest import Key
from provisioning.model import CatalogSpec, ClusterRequest, ClusterSpec
from provisioning.objects import Stored
from provisioning.usage import Usage


def wishes(requests: Iterable[Stored[ClusterRequest]]) -> dict[Key, ClusterSpec | None]:
    """What the clusters that something is asked for would be, None for gone; `requests` come oldest first.

    The newest wish for each, because one can be carried out only: the others were asked of what it was before.
    """
    return {
        (request.meta.namespace, request.it.spec.cluster): request.it.spec.desired
        for request in requests
        if room.waits_for_anything(request)
    }


def then(
    used: Usage, wanted: Mapping[Key, ClusterSpec | None], had: Mapping[Key, ClusterSpec], catalog: CatalogSpec
) -> Usage:
    """What is used once every wish is granted. `had` are the clusters as they are."""
    was, becomes = Usage(), Usage()
    for key, desired in wanted.items():
        was += quota.envelope(had[key], catalog) if key in had else Usage()
        becomes += quota.envelope(desired, catalog) if desired else Usage()
    # What is published may lag behind: nobody uses less than nothing.
    return (used - was).rises() + becomes
