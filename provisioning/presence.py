"""Whether something is there: present, absent, or nobody can tell, which is never taken for absent.

An API server answers 404 for an object that is not there, and also for a kind that it does not serve at this version.
The second proves nothing as long as the kind is served at another one. So a 404 counts only when discovery agrees.
"""

from __future__ import annotations

from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import Resource


async def find(kube: Kube, kind: Resource, name: str, *, namespace: str) -> Manifest | None:
    """The object; None when it is proven not to be there. Raises `KubeError` when that cannot be told."""
    try:
        return await kube.get(kind, name, namespace=namespace)
    except errors.NotFound:
        served = await versions(kube, kind)
        if served and kube.where(kind).version not in served:
            raise _elsewhere(kube.where(kind), served) from None
        return None


async def everything(kube: Kube, kind: Resource, *, namespace: str, labels: str) -> list[Manifest]:
    """All objects of the kind with these labels. Raises `KubeError` when they cannot be told."""
    try:
        return (await kube.list(kind, namespace=namespace, labels=labels)).items
    except errors.NotFound:
        served = await versions(kube, kind)
        if served:
            raise _elsewhere(kube.where(kind), served) from None
        return []


async def versions(kube: Kube, kind: Resource) -> frozenset[str]:
    """The versions at which the API server serves the kind; none when it does not know it. Raises `KubeError`."""
    if not kind.group:
        return frozenset({kind.version})
    groups = (await kube.call("GET", "/apis")).get("groups") or ()
    group = next((group for group in groups if group["name"] == kind.group), {"versions": ()})
    listed = [version["version"] for version in group["versions"]]
    return frozenset([version for version in listed if await _serves(kube, kind, version)])


async def _serves(kube: Kube, kind: Resource, version: str) -> bool:
    answer = await kube.call("GET", f"/apis/{kind.group}/{version}")
    return any(resource["name"] == kind.plural for resource in answer.get("resources") or ())


def _elsewhere(kind: Resource, served: frozenset[str]) -> errors.Unavailable:
    where = ", ".join(sorted(served))
    return errors.Unavailable(f"{kind.plural}.{kind.group} is served as {where}, and was asked for as {kind.version}")
