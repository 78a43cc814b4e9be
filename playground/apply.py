"""Puts manifests into the API server: quickly when they are new, not at all when they are there already."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import stamina

from playground.errors import PlaygroundError
from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import CUSTOM_RESOURCE_DEFINITIONS, Resource

MANAGER = "clusterdesk-playground"
DIGEST = "playground.clusterdesk.dev/digest"
"""Annotation: what we applied last, so that a second start need not do it again."""
AT_ONCE = 8


class NotEstablished(PlaygroundError):
    """The API server does not serve a CRD that it has accepted."""


class UnknownKind(PlaygroundError):
    """A manifest names a kind that the API server does not serve."""


async def define(kube: Kube, crds: Sequence[Manifest], *, timeout: float = 180.0) -> None:
    """Put the CRDs there and wait until all are served. Raises `NotEstablished` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    await _together(_define(kube, marked_with_digest(crd), deadline) for crd in crds)


async def put(kube: Kube, manifests: Iterable[Manifest]) -> None:
    """Server-side apply of any kinds, namespaces before what is in them."""
    await _each(kube, manifests, _put)


async def put_missing(kube: Kube, manifests: Iterable[Manifest]) -> None:
    """Create what is not there, and leave alone what is: somebody may have changed it on purpose."""
    await _each(kube, manifests, _create)


class Kinds:
    """Where the kinds of an API server live, asked once per group and version."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._known: dict[str, dict[str, Resource]] = {}

    async def resource(self, manifest: Manifest) -> Resource:
        """Where this manifest belongs. Raises `UnknownKind`."""
        api_version, kind = manifest["apiVersion"], manifest["kind"]
        if api_version not in self._known:
            self._known[api_version] = await self._discover(api_version)
        try:
            return self._known[api_version][kind]
        except KeyError:
            raise UnknownKind(f"the API server serves no {kind} in {api_version}") from None

    async def _discover(self, api_version: str) -> dict[str, Resource]:
        group, _, version = api_version.rpartition("/")
        served = await self._kube.call("GET", f"/apis/{api_version}" if group else f"/api/{version}")
        return {
            entry["kind"]: Resource(group, version, entry["name"], entry["kind"], entry["namespaced"])
            for entry in served["resources"]
            if "/" not in entry["name"]
        }


def marked_with_digest(manifest: Manifest) -> Manifest:
    """The manifest with its own digest as an annotation."""
    metadata = manifest["metadata"]
    text = json.dumps(manifest, sort_keys=True)
    annotations = {**metadata.get("annotations", {}), DIGEST: hashlib.sha256(text.encode()).hexdigest()[:16]}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def established(crd: Manifest) -> bool:
    """Whether the API server serves it."""
    conditions = (crd.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


async def _define(kube: Kube, crd: Manifest, deadline: float) -> None:
    name, digest = crd["metadata"]["name"], crd["metadata"]["annotations"][DIGEST]
    known = present = await kube.find(CUSTOM_RESOURCE_DEFINITIONS, name)
    if present is None or present["metadata"].get("annotations", {}).get(DIGEST) != digest:
        present = await _put(kube, CUSTOM_RESOURCE_DEFINITIONS, crd)
    while not established(present):
        if time.monotonic() > deadline:
            raise NotEstablished(f"the API server does not serve {name}")
        await asyncio.sleep(0.1)
        present = await kube.get(CUSTOM_RESOURCE_DEFINITIONS, name)
    # Where there may be objects already, to list them may take a conversion, and nobody converts yet.
    if known is None:
        await _look(kube, crd["spec"], deadline)


Act = Callable[[Kube, Resource, Manifest], Coroutine[Any, Any, Any]]


async def _each(kube: Kube, manifests: Iterable[Manifest], act: Act) -> None:
    kinds = Kinds(kube)
    everything = list(manifests)
    first = [manifest for manifest in everything if manifest["kind"] == "Namespace"]
    for group in (first, [manifest for manifest in everything if manifest not in first]):
        located = [(await kinds.resource(manifest), manifest) for manifest in group]
        await _together(act(kube, resource, manifest) for resource, manifest in located)


_PASSING = (errors.Throttled, errors.Unavailable)
patiently = stamina.retry(on=_PASSING, timeout=30.0, attempts=None, wait_initial=0.05, wait_max=0.5)
"""For what touches a kind that was just defined: it answers "storage is (re)initializing" for a moment."""


async def _look(kube: Kube, spec: Manifest, deadline: float) -> None:
    """Have the API server answer for a new kind: it says that it serves it a moment before it does."""
    version = next(version["name"] for version in spec["versions"] if version["served"])
    path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
    while True:
        try:
            await kube.call("GET", path, query={"limit": 1})
            return
        except (*_PASSING, errors.NotFound) as error:
            if time.monotonic() > deadline:
                raise NotEstablished(f"the API server does not serve {path}") from error
        await asyncio.sleep(0.1)


@patiently
async def _create(kube: Kube, resource: Resource, manifest: Manifest) -> None:
    with contextlib.suppress(errors.AlreadyExists):
        await kube.create(resource, manifest)


@patiently
async def _put(kube: Kube, resource: Resource, manifest: Manifest) -> Manifest:
    return await kube.apply(resource, manifest, manager=MANAGER)


async def _together(tasks: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """All of them, a few at a time; then the first error, if there was one."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(task: Coroutine[Any, Any, Any]) -> None:
        async with gate:
            await task

    outcomes = await asyncio.gather(*(gated(task) for task in tasks), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
