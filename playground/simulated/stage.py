"""What a played controller sees and how it is driven: caches to look at, a connection to act with.

Level-triggered: every tick each object is handed to its controller, which compares and acts; an object that is being
worked on is left alone until that ends. Looking costs no request, because the caches follow the API server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from playground.simulated.tenants import Tenants
from provisioning import errors
from provisioning.cache import Cache
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import Resource

log = structlog.get_logger()

TICK = 0.2
"""Seconds between two looks at the caches."""
PAUSE = 2.0
"""Seconds an object is left alone after an error."""

FAIL_ANNOTATION = "playground.clusterdesk.dev/fail"
"""On the object a played controller looks after: what is to go wrong, see the controllers for the words they know."""


@dataclass(frozen=True)
class Stage:
    """The management cluster, seen through caches, and the tenants' API servers."""

    kube: Kube
    caches: Mapping[Resource, Cache]
    tenants: Tenants

    def list(self, resource: Resource) -> list[Manifest]:
        return list(self.caches[resource].list())

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        return self.caches[resource].get(namespace, name)

    def owner(self, manifest: Manifest, resource: Resource) -> Manifest | None:
        """The object of that kind that owns this one."""
        meta = manifest["metadata"]
        for reference in meta.get("ownerReferences") or ():
            if reference["kind"] == resource.kind:
                return self.get(resource, meta.get("namespace", ""), reference["name"])
        return None


@dataclass(frozen=True)
class Played:
    """One controller that is played: the kind it looks after, the others it looks at, and what it does."""

    name: str
    resource: Resource
    act: Callable[[Stage, Manifest], Awaitable[None]]
    looks_at: tuple[Resource, ...] = ()


@dataclass
class Driver:
    """Runs one played controller for ever."""

    stage: Stage
    played: Played
    _busy: set[str] = field(default_factory=set)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                for manifest in self.stage.list(self.played.resource):
                    uid = manifest["metadata"]["uid"]
                    if uid not in self._busy:
                        self._busy.add(uid)
                        group.create_task(self._act(uid, manifest))
                await asyncio.sleep(TICK)

    async def _act(self, uid: str, manifest: Manifest) -> None:
        try:
            await self.played.act(self.stage, manifest)
        except (errors.Conflict, errors.NotFound):
            pass  # Somebody wrote first; the next look sees it.
        except errors.KubeError as error:
            log.warning("played_controller_waits", controller=self.played.name, why=str(error), **where(manifest))
            await asyncio.sleep(PAUSE)
        finally:
            self._busy.discard(uid)


def where(manifest: Manifest) -> dict[str, Any]:
    """For log lines: which object."""
    meta = manifest["metadata"]
    return {"kind": manifest.get("kind", ""), "namespace": meta.get("namespace", ""), "name": meta["name"]}


def failure(manifest: Manifest) -> str:
    """What is to go wrong with this object on purpose; "" for nothing."""
    annotations: dict[str, str] = manifest["metadata"].get("annotations") or {}
    return annotations.get(FAIL_ANNOTATION, "")


def differs(actual: Any, wanted: Any) -> bool:
    """Whether a merge patch of `wanted` would change `actual`. Lists are compared whole."""
    if isinstance(wanted, dict):
        return not isinstance(actual, dict) or any(differs(actual.get(key), value) for key, value in wanted.items())
    return bool(actual != wanted)


async def ensure(stage: Stage, resource: Resource, manifest: Manifest, part: str, wanted: Manifest) -> bool:
    """Make `spec` or `status` of an object hold what is wanted, if it does not yet. Says whether it wrote."""
    if not differs(manifest.get(part) or {}, wanted):
        return False
    meta = manifest["metadata"]
    await stage.kube.merge(
        resource,
        meta["name"],
        {part: wanted},
        namespace=meta.get("namespace", ""),
        subresource="status" if part == "status" else "",
    )
    return True


async def ensure_finalizer(stage: Stage, resource: Resource, manifest: Manifest, finalizer: str) -> bool:
    """Put our finalizer on, if it is missing. Says whether it wrote."""
    meta = manifest["metadata"]
    present = list(meta.get("finalizers") or ())
    if finalizer in present:
        return False
    await _write_finalizers(stage, resource, manifest, [*present, finalizer])
    return True


async def drop_finalizer(stage: Stage, resource: Resource, manifest: Manifest, finalizer: str) -> None:
    """Take our finalizer off, if it is on."""
    present = list(manifest["metadata"].get("finalizers") or ())
    if finalizer in present:
        await _write_finalizers(stage, resource, manifest, [f for f in present if f != finalizer])


async def _write_finalizers(stage: Stage, resource: Resource, manifest: Manifest, finalizers: list[str]) -> None:
    meta = manifest["metadata"]
    await stage.kube.merge(
        resource,
        meta["name"],
        {"metadata": {"finalizers": finalizers, "resourceVersion": meta["resourceVersion"]}},
        namespace=meta.get("namespace", ""),
    )


def condition(type_: str, status: str, reason: str, message: str = "", *, now: str) -> Manifest:
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": now}


def with_conditions(manifest: Manifest, *wanted: Manifest) -> list[Manifest]:
    """The object's conditions with these put in; a transition time moves only with the status.

    What a condition has besides stays: the API server puts fields in that nobody wrote, and without them every look
    would find something to write.
    """
    present = {c["type"]: c for c in (manifest.get("status") or {}).get("conditions") or ()}
    for new in wanted:
        old = present.get(new["type"])
        if old is not None and old["status"] == new["status"]:
            new = {**old, **new, "lastTransitionTime": old["lastTransitionTime"]}
        present[new["type"]] = new
    return list(present.values())
