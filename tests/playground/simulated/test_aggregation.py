"""Kubernetes' aggregated roles hold what they gather, so that a viewer of a played tenant sees something."""

from __future__ import annotations

from typing import Any

from playground.simulated import aggregation
from provisioning import resources
from tests.fakes.api_server import ApiServer

AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"


def role(name: str, *, to: str = "", gathers: str = "", rules: Any = None) -> Any:
    """A ClusterRole as an API server makes it at its first start."""
    labels = {f"{AGGREGATE}{to}": "true"} if to else {}
    found = {"metadata": {"name": name, "labels": labels}, "rules": rules}
    selectors = [{"matchLabels": {f"{AGGREGATE}{gathers}": "true"}}]
    return {**found, "aggregationRule": {"clusterRoleSelectors": selectors}} if gathers else found


READ = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
WRITE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}
ROLES = (
    role("view", to="edit", gathers="view"),
    role("edit", to="admin", gathers="edit"),
    role("admin", gathers="admin"),
    role("system:aggregate-to-view", to="view", rules=[READ]),
    role("system:aggregate-to-edit", to="edit", rules=[WRITE]),
)


async def test_each_role_holds_its_own_parts_and_those_of_the_lesser_ones() -> None:
    async with ApiServer() as server, server.kube() as kube:
        for one in ROLES:
            server.put(resources.CLUSTER_ROLES, one)
        await aggregation.fill(kube)

        def held(name: str) -> Any:
            return (server.get(resources.CLUSTER_ROLES, name) or {})["rules"]

        assert held("view") == [READ]
        assert [rule["verbs"] for rule in held("edit")] == [["create"], ["get"]]
        assert held("admin") == held("edit")
        last = server.objects.last
        await aggregation.fill(kube)
        assert server.objects.last == last
