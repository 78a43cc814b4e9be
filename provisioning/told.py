"""What was told in Slack of a cluster that nobody asked for there, and where that stands: in an annotation of it.

Of what somebody asked for, the request keeps that. The bot alone writes it (`webhooks.policies.slack_notes`), and reads
it before it tells anything: so a new leader neither repeats nor forgets.
"""

from __future__ import annotations

from typing import Final

import pydantic

from provisioning import errors
from provisioning.kube import Kube
from provisioning.model import Delivery, TenantCluster
from provisioning.names import TOLD_ANNOTATION
from provisioning.objects import Meta, Stored
from provisioning.resources import TENANT_CLUSTERS

MOST: Final = 60
"""So many are kept, the latest: a tenant names 21 places, and each may have heard of two things."""
TRIES: Final = 8
"""Times a note is written again after somebody else wrote the cluster first."""
_NOTES: Final = pydantic.TypeAdapter(tuple[Delivery, ...])


def of(meta: Meta) -> tuple[Delivery, ...]:
    """Where what stands. Nothing, where it says nothing that we can read."""
    try:
        return _NOTES.validate_json(meta.annotations.get(TOLD_ANNOTATION) or "[]")
    except pydantic.ValidationError:
        return ()


def line(standing: tuple[Delivery, ...], more: Delivery) -> str:
    """The annotation with one more, in place of what was noted for the same surface and place."""
    others = (each for each in standing if (each.surface, each.channel) != (more.surface, more.channel))
    return _NOTES.dump_json((*others, more)[-MOST:], exclude_defaults=True).decode()


async def note(kube: Kube, cluster: Stored[TenantCluster], more: Delivery) -> None:
    """Write it down, unless this very cluster is gone. Raises `KubeError`."""
    for _ in range(TRIES):
        found = await kube.find(TENANT_CLUSTERS, cluster.meta.name, namespace=cluster.meta.namespace)
        meta = Meta.of(found) if found is not None else None
        if meta is None or meta.uid != cluster.meta.uid or more in of(meta):
            return
        marks = {TOLD_ANNOTATION: line(of(meta), more)}
        patch = {"metadata": {"resourceVersion": meta.resource_version, "annotations": marks}}
        try:
            await kube.merge(TENANT_CLUSTERS, meta.name, patch, namespace=meta.namespace)
        except errors.Conflict:
            continue
        except errors.NotFound:
            return
        return
    raise errors.Throttled("the cluster changes faster than it can be written; try again")
