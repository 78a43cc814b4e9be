"""What we ask of an API server: raw manifests in and out, errors of our own.

How a request gets there, and what becomes of it, is `connection`'s. Nothing here decides anything.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from provisioning import errors, failures
from provisioning.connection import JSON, Allowance, Connection
from provisioning.manifest import Manifest, Revisions, key_of, revision_of
from provisioning.resources import Resource

Keep = Callable[[Manifest], Manifest | None]
"""What to keep of an object; None for nothing at all."""

WATCH_SECONDS = 280
"""Seconds after which the server ends a watch; we start the next one where it stopped."""
WATCH_SILENCE = 150.0
"""Seconds a watch may say nothing before the line counts as dead; the server sends a bookmark every minute or so."""
PAGE = 500
"""Objects a page of a list holds."""
PAGE_BYTES = 32 * 2**20
"""Bytes that a page may come to, before fewer objects are asked for at once: each may be a megabyte and a half."""
METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
"""An answer without spec and status, from a server that can."""
METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"
"""The same of a list."""


@dataclass(frozen=True)
class Listing:
    """A whole list, and the resourceVersion to watch from."""

    items: list[Manifest]
    resource_version: str


@dataclass(frozen=True)
class Change:
    """One event of a watch: ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    object: Manifest


class Kube(Connection):
    """A connection that knows Kubernetes' verbs."""

    def where(self, resource: Resource) -> Resource:
        """At which version the kind is asked for here."""
        return resource

    async def get(self, resource: Resource, name: str, *, namespace: str = "", subresource: str = "") -> Manifest:
        return await self.call("GET", resource.path(namespace=namespace, name=name, subresource=subresource))

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        """Like `get`, with None for what is not there. Others may have written the name: one that no object can have
        would lead the request elsewhere."""
        if name in ("", ".", "..") or "/" in name or "%" in name:
            return None
        try:
            return await self.get(resource, name, namespace=namespace)
        except errors.NotFound:
            return None

    async def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        keep: Keep | None = None,
        most: int | None = None,
    ) -> Listing:
        """All objects, page by page; each item carries apiVersion and kind, which lists leave out.

        `keep` says what to keep of each, so that a list of very many is never whole in memory. `most` bounds the bytes
        of all pages together; raises `TooMuch`.
        """
        items: list[Manifest] = []
        query: dict[str, Any] = {"limit": PAGE}
        if labels:
            query["labelSelector"] = labels
        bound = Allowance(most) if most is not None else None
        while True:
            allowance = bound or Allowance(PAGE_BYTES)
            try:
                page = await self.call("GET", resource.path(namespace=namespace), query=query, allowance=allowance)
            except errors.TooMuch:
                if allowance is bound or query["limit"] == 1:
                    raise
                query["limit"] = max(1, query["limit"] // 10)
                continue
            kind = {"apiVersion": resource.api_version, "kind": resource.kind}
            found = ({**kind, **item} for item in page.get("items") or [])
            items.extend(filter(None, map(keep, found)) if keep is not None else found)
            following = page["metadata"].get("continue")
            if not following:
                return Listing(items, page["metadata"]["resourceVersion"])
            query["continue"] = following

    async def revisions(self, resource: Resource, *, most: int) -> Revisions | None:
        """Which objects of a kind there are in all namespaces, and as of when; None where there are more than that."""
        path = self.where(resource).path()
        page = await self.call("GET", path, query={"limit": most}, accept=METADATA_LIST)
        if page["metadata"].get("continue"):
            return None
        return {key_of(item): revision_of(item) for item in page.get("items") or []}

    async def create(self, resource: Resource, body: Manifest, *, dry_run: bool = False) -> Manifest:
        path = resource.path(namespace=body["metadata"].get("namespace", ""))
        return await self.call("POST", path, query=_dry(dry_run), body=body)

    async def replace(
        self, resource: Resource, body: Manifest, *, subresource: str = "", dry_run: bool = False, brief: bool = False
    ) -> Manifest:
        """Write the whole object; its resourceVersion makes it a compare-and-swap (`Conflict` when lost).

        `brief`: who knows what it wrote is answered with the metadata alone.
        """
        meta = body["metadata"]
        path = resource.path(namespace=meta.get("namespace", ""), name=meta["name"], subresource=subresource)
        accept = METADATA if brief else JSON
        return await self.call("PUT", path, query=_dry(dry_run), body=body, accept=accept)

    async def apply(
        self,
        resource: Resource,
        body: Manifest,
        *,
        manager: str,
        subresource: str = "",
        force: bool = True,
        dry_run: bool = False,
    ) -> Manifest:
        """Server-side apply under the field manager `manager`."""
        meta = body["metadata"]
        path = resource.path(namespace=meta.get("namespace", ""), name=meta["name"], subresource=subresource)
        query = {"fieldManager": manager, "force": "true" if force else "false", **_dry(dry_run)}
        return await self.call("PATCH", path, query=query, body=body, content_type="application/apply-patch+yaml")

    async def merge(
        self, resource: Resource, name: str, patch: Manifest, *, namespace: str = "", subresource: str = ""
    ) -> Manifest:
        """JSON merge patch; put `metadata.resourceVersion` into it to make it a compare-and-swap."""
        path = resource.path(namespace=namespace, name=name, subresource=subresource)
        return await self.call("PATCH", path, body=patch, content_type="application/merge-patch+json")

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        version: str = "",
        propagation: str = "Background",
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> Manifest:
        """Ask for deletion; `uid` makes sure that it is still the same object, `version` that it has not changed."""
        options: Manifest = {"propagationPolicy": propagation}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        unless = {key: value for key, value in (("uid", uid), ("resourceVersion", version)) if value}
        if unless:
            options["preconditions"] = unless
        if dry_run:
            # Beside a body the API server reads no query: that is for whoever reads logs.
            options["dryRun"] = ["All"]
        return await self.call(
            "DELETE", resource.path(namespace=namespace, name=name), query=_dry(dry_run), body=options
        )

    async def watch(
        self, resource: Resource, *, since: str, namespace: str = "", labels: str = ""
    ) -> AsyncGenerator[Change, None]:
        """Events after the resourceVersion `since`, with bookmarks, until the server ends the watch.

        Raises `Gone` when `since` is too old (as an answer or as an event), `Unavailable` when the line breaks.
        """
        query: dict[str, Any] = {
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": WATCH_SECONDS,
        }
        if labels:
            query["labelSelector"] = labels
        timeout = aiohttp.ClientTimeout(sock_connect=10, sock_read=WATCH_SILENCE)
        response = await self._send("GET", resource.path(namespace=namespace), query=query, timeout=timeout)
        with failures.translated():
            try:
                async for line in response.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise failures.of(event["object"].get("code", 500), event["object"])
                    yield Change(event["type"], event["object"])
            finally:
                response.close()


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}
