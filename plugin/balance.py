"""What a tenant may have and has, and what it comes to if all that waits is approved, as far as a person may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugin.errors import NotDone
from plugin.session import Session
from provisioning import errors, objects, prospect, quota, resources
from provisioning.manifest import Key
from provisioning.model import Amounts, ClusterRequest, ClusterSpec, TenantCluster
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.usage import Usage


@dataclass(frozen=True)
class Balance:
    """`waiting` wishes are in `then`. `unseen` are namespaces of the tenant into which the person may not look."""

    tenant: str
    allowed: Amounts
    hard: Limits
    used: Usage
    then: Usage
    waiting: int
    unseen: tuple[str, ...] = ()


async def of(session: Session) -> Balance:
    """Of the tenant whose the session's namespace is. Raises `NotDone` or `KubeError`."""
    tenant, catalog = await session.tenant(), await session.catalog()
    if tenant is None:
        raise NotDone(session.no_tenant)
    if catalog is None:
        raise NotDone("what waits cannot be counted: there is no Catalog, or you may not read it")
    allowed, used = tenant.it.spec.quota.hard, quota.usage(tenant.it.status.quota.used)
    requests: list[Stored[ClusterRequest]] = []
    had: dict[Key, ClusterSpec] = {}
    unseen = []
    for namespace in tenant.it.spec.namespaces:
        try:
            asked = (await session.kube.list(resources.CLUSTER_REQUESTS, namespace=namespace)).items
            there = (await session.kube.list(resources.TENANT_CLUSTERS, namespace=namespace)).items
        except errors.Forbidden:
            unseen.append(namespace)
            continue
        asked.sort(key=lambda it: it["metadata"].get("creationTimestamp") or "")
        requests += (objects.read(ClusterRequest, it) for it in asked)
        had |= {it.key: it.it.spec for it in (objects.read(TenantCluster, each) for each in there)}
    wanted = prospect.wishes(requests)
    then = prospect.then(used, wanted, had, catalog)
    hard = quota.limits(allowed, catalog)
    return Balance(tenant.meta.name, allowed, hard, used, then, len(wanted), tuple(unseen))


def rows(found: Balance) -> Iterator[tuple[str, str, str, str]]:
    """What is bounded, how much of it is used, would be used then, and may be."""
    for name, bound in found.hard.bounds.items():
        amounts = (found.hard.amount(found.used, name), found.hard.amount(found.then, name), bound)
        used, then, most = (found.hard.show(name, amount) for amount in amounts)
        yield quota.WORDS[name], used, then if then != used else "", most


def for_programs(found: Balance) -> dict[str, Any]:
    """The same as JSON holds it, amounts as the Tenant's status has them."""
    used, then = (quota.amounts(usage, found.hard.prices).wire() for usage in (found.used, found.then))
    return {
        "tenant": found.tenant,
        "hard": found.allowed.wire(),
        "used": used,
        "ifApproved": then,
        "waiting": found.waiting,
        "unseenNamespaces": list(found.unseen),
    }
