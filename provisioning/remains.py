"""What of a TenantCluster its end goes by: who it is, since when it goes, and what was put there for it. Pure.

An object that is stored may be one that a later version of us does not read any more. It must be able to go all the
same; so nothing of its spec may ever be needed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.model import TenantCluster
from provisioning.objects import Meta, Stored


@dataclass(frozen=True)
class Remains:
    """`inventory` has the lines of `status.inventory`, see there."""

    meta: Meta
    inventory: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.meta.namespace, self.meta.name

    @classmethod
    def of(cls, cluster: Stored[TenantCluster]) -> Remains:
        return cls(cluster.meta, cluster.it.status.inventory)

    @classmethod
    def of_unread(cls, manifest: Mapping[str, Any]) -> Remains:
        """Of a manifest as it is stored. Lines that are none say nothing."""
        status = manifest.get("status")
        lines = status.get("inventory") if isinstance(status, Mapping) else None
        told = (line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ()
        return cls(Meta.of(manifest), tuple(told))
