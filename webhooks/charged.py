"""The charged kinds as the door meets them: where a denial points, and where they are looked at. A table.

What they cost is `provisioning.charges`' business, what it depends on that of `provisioning.measures`; what follows for
a write is that of the policy `tenant_quota`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provisioning import measures
from provisioning.manifest import Manifest
from provisioning.resources import (
    CLUSTERS,
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from webhooks import tree
from webhooks.policy import Reach
from webhooks.review import Request

BY_TEMPLATE_SECONDS: Final = 2.0
"""In which whoever was measured by a template is reserved: `immutable_templates` waits for longer than that."""


@dataclass(frozen=True)
class Kind:
    """A charged kind. `field` is where a denial points, `scaled` the dotted path that its `/scale` writes.

    `part`: whether it is within its controller's charge in everyday life. `shared`: whether others of its kind are
    within the same charge. `holds`: as of a `Charge`.
    """

    resource: Resource
    field: str
    scaled: str = ""
    reach: Reach = Reach.EVERYWHERE
    part: bool = False
    shared: bool = False
    holds: float = math.inf

    def scaled_to(self, manifest: Manifest, replicas: Any) -> Manifest:
        """The object with another number."""
        return _with(manifest, self.scaled.split("."), replicas)


def _with(holder: Mapping[str, Any], path: Sequence[str], value: Any) -> Manifest:
    first, *rest = path
    return {**holder, first: _with(tree.dig(holder, first), rest, value) if rest else value}


_REPLICAS = "spec.replicas"
_FRONT = "spec.controlPlane.deployment.replicas"
_CLAIMED = "spec.resources.requests.storage"
KINDS: Final = (
    Kind(TENANT_CLUSTERS, "spec.pools"),
    Kind(CLUSTERS, "spec"),
    Kind(KAMAJI_CONTROL_PLANES, _REPLICAS, scaled=_REPLICAS),
    Kind(TENANT_CONTROL_PLANES, _FRONT, scaled=_FRONT, reach=Reach.TENANTS, part=True),
    Kind(MACHINE_DEPLOYMENTS, _REPLICAS, scaled=_REPLICAS, holds=BY_TEMPLATE_SECONDS),
    Kind(MACHINE_SETS, _REPLICAS, scaled=_REPLICAS, part=True, shared=True, holds=BY_TEMPLATE_SECONDS),
    Kind(KUBEVIRT_MACHINES, "spec.virtualMachineTemplate.spec", part=True, shared=True),
    Kind(VIRTUAL_MACHINES, "spec.template.spec.domain", reach=Reach.TENANTS),
    Kind(VIRTUAL_MACHINE_INSTANCES, "spec.domain", reach=Reach.TENANTS, part=True),
    Kind(DATA_VOLUMES, "spec.storage", reach=Reach.TENANTS, part=True),
    Kind(PERSISTENT_VOLUME_CLAIMS, _CLAIMED, reach=Reach.TENANTS, part=True),
    Kind(SERVICES, "spec.type", reach=Reach.TENANTS, part=True, shared=True),
)
"""Every kind that `provisioning.charges` knows the cost of."""
BY_PLURAL: Final[Mapping[str, Kind]] = {kind.resource.plural: kind for kind in KINDS}


def may_cost_otherwise(request: Request) -> bool:
    """Told by the object alone: nothing is looked up, and so controllers that write annotations are never held up."""
    kind = BY_PLURAL.get(request.resource)
    if kind is None or request.subresource or request.old is None or request.object is None:
        return True
    return not measures.alike(kind.resource, request.old, request.object)
