"""Whether somebody asks for a cluster to be put there anew: for all of it to be applied and asked again, now. Pure."""

from __future__ import annotations

from provisioning import names
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def asked(cluster: Stored[TenantCluster]) -> str:
    """The value by which somebody asks for it; empty where nobody ever did."""
    return cluster.meta.annotations.get(names.RECONCILE_ANNOTATION, "")


def is_due(cluster: Stored[TenantCluster]) -> bool:
    """Whether that was not done yet."""
    value = asked(cluster)
    return bool(value) and value[: names.HANDLED_MAX] != cluster.it.status.last_handled_reconcile_at
