"""Puts bindings into a tenant and takes them out: the one place where we write into a tenant's API server.

It decides nothing: what should be there is given, what is there and ours is read, the difference is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from provisioning import access, errors, grants, names, resources
from provisioning.kube import Kube
from provisioning.manifest import Key, Manifest

TENANT_SECONDS: Final = 10.0
"""How long a tenant may take for all that is asked of it in one look."""
KIND: Final = resources.CLUSTER_ROLE_BINDINGS


class TenantRoles:
    """`bring` makes the bindings of one cluster what they should be."""

    def __init__(self, kube: Kube, *, seconds: float = TENANT_SECONDS) -> None:
        self._kube = kube
        self._seconds = seconds

    async def bring(self, key: Key, wanted: Sequence[Manifest], *, cluster_uid: str) -> str:
        """What keeps us from it, in plain words; empty when all is as it should be."""
        try:
            way = await find_way(self._kube, key)
            if way is None:
                return "the cluster has no API server yet"
            async with asyncio.timeout(self._seconds), way.connect() as tenant:
                await _make(tenant, wanted, selector=f"{grants.ACCESS_LABEL}={cluster_uid}")
        except access.UnusableKubeconfig as error:
            return f"the cluster's kubeconfig cannot be used: {error}"
        except (errors.Unavailable, errors.Throttled, TimeoutError):
            return "the cluster's API server does not answer"
        except errors.KubeError as error:
            return f"the cluster's API server refuses: {error.message}"[:1000]
        return ""


async def find_way(kube: Kube, key: Key) -> access.Access | None:
    """How we get into the tenant ourselves; None while nobody has written that down. Raises `UnusableKubeconfig`."""
    secret = await kube.find(resources.SECRETS, names.kubeconfig_secret(key[1]), namespace=key[0])
    return access.of_secret(secret) if secret is not None else None


async def _make(tenant: Kube, wanted: Sequence[Manifest], *, selector: str) -> None:
    there = (await tenant.list(KIND, labels=selector)).items
    strays = grants.strays(wanted, there)
    for stray in strays:
        with suppress(errors.NotFound):
            await tenant.delete(KIND, stray["metadata"]["name"])
    for absent in grants.absent(wanted, [one for one in there if one not in strays]):
        await tenant.apply(KIND, absent, manager=names.FIELD_MANAGER)
