"""Plays the one thing of a tenant's controller-manager that people would miss: the roles made of other roles.

Kubernetes' `view`, `edit` and `admin` are empty until its clusterrole-aggregation-controller has gathered their rules.
Tenants here have an API server and no controllers, so it is done once, when the server has started.
"""

from __future__ import annotations

from typing import Final

from provisioning import resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest

MADE_OF_OTHERS: Final = ("view", "edit", "admin")
"""In this order: each is a part of the next one."""


async def fill(tenant: Kube) -> None:
    """Gather the rules of Kubernetes' own aggregated roles. Raises `KubeError`."""
    roles = {role["metadata"]["name"]: role for role in (await tenant.list(resources.CLUSTER_ROLES)).items}
    for name in MADE_OF_OTHERS:
        rules = gathered(name, roles)
        if roles[name].get("rules") != rules:
            roles[name] = await tenant.merge(resources.CLUSTER_ROLES, name, {"rules": rules})


def gathered(name: str, roles: dict[str, Manifest]) -> list[Manifest]:
    """The rules of every role that carries one of the labels that this one asks for."""
    asked = [selector.get("matchLabels") or {} for selector in roles[name]["aggregationRule"]["clusterRoleSelectors"]]
    parts = [
        role
        for other, role in sorted(roles.items())
        if other != name and any(labels.items() <= (role["metadata"].get("labels") or {}).items() for labels in asked)
    ]
    return [rule for part in parts for rule in part.get("rules") or ()]
