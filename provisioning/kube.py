"""The one module that knows kubernetes-asyncio: raw JSON in, raw JSON out, errors of our own.

Typed models of the library, its Watch and its leader election stay out (they block the loop, hammer the server
and are unsafe in turn); every call has a timeout. Nothing here decides anything.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from provisioning import errors, names
from provisioning.library import client as library
from provisioning.library import config as library_config
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from provisioning.server_time import ServerTime

Keep = Callable[[Manifest], Manifest | None]
"""What to keep of an object; None for nothing at all."""

REQUEST_TIMEOUT = 15.0
"""Seconds a plain call may take."""
WATCH_SECONDS = 280
"""Seconds after which the server ends a watch; we start the next one where it stopped."""
WATCH_SILENCE = 150.0
"""Seconds a watch may say nothing before the line counts as dead; the server sends a bookmark every minute or so."""
PAGE = 500
"""Objects a page of a list holds."""
JSON = "application/json"
METADATA = f"{JSON};as=PartialObjectMetadata;g=meta.k8s.io;v=v1,{JSON}"
"""An answer without spec and status, from a server that can."""
READ_BUFFER = 2 * 2**20
"""Bytes that may wait to be read: an event of a watch is one line, and as large as what changed."""


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


class Kube:
    """A connection to one API server. Use `connect`, then `async with`.

    `most` bounds the bytes of all its answers together, where the server is somebody's whom we do not trust.
    """

    def __init__(self, api: library.ApiClient, *, most: int | None = None) -> None:
        self._api = api
        self._left = most
        self._time = ServerTime()

    @classmethod
    async def connect(cls, *, kubeconfig: Path | None = None, context: str | None = None) -> Kube:
        """Connect by a kubeconfig file, or as the Pod's service account when none is given."""
        configuration = library.Configuration()
        if kubeconfig is None:
            library_config.load_incluster_config(  # type: ignore[no-untyped-call]
                client_configuration=configuration
            )
        else:
            try:
                await library_config.load_kube_config(
                    config_file=str(kubeconfig), context=context, client_configuration=configuration
                )
            except library_config.ConfigException as error:
                raise errors.KubeError(f"the kubeconfig {kubeconfig} cannot be used: {error}") from error
        return cls.by(configuration)

    @classmethod
    def by(cls, configuration: library.Configuration, *, most: int | None = None) -> Kube:
        """Connect as the library's configuration says."""
        configuration.retries = False
        # A watch holds its connection for minutes: a bound would let the watches starve the plain calls.
        configuration.connection_pool_maxsize = 0
        configuration.proxy = configuration.proxy or _proxy_to(configuration.host or "")
        api = library.ApiClient(configuration)
        # After it the API server names who wrote a field, where a write does not say, and whom its audit log tells of.
        api.user_agent = names.FIELD_MANAGER
        # Of a session it wants no more than that.
        api.rest_client.pool_manager = _Straight(api.rest_client.pool_manager)  # type: ignore[assignment]
        return cls(api, most=most)

    async def __aenter__(self) -> Kube:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._api.close()

    def now(self) -> datetime:
        """What time it is at the API server. Raises `Unavailable` before its first answer."""
        return self._time.now()

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
        self, resource: Resource, *, namespace: str = "", labels: str = "", keep: Keep | None = None
    ) -> Listing:
        """All objects, page by page; each item carries apiVersion and kind, which lists leave out.

        `keep` says what to keep of each, so that a list of very many is never whole in memory.
        """
        items: list[Manifest] = []
        query: dict[str, Any] = {"limit": PAGE}
        if labels:
            query["labelSelector"] = labels
        while True:
            page = await self.call("GET", resource.path(namespace=namespace), query=query)
            kind = {"apiVersion": resource.api_version, "kind": resource.kind}
            found = ({**kind, **item} for item in page.get("items") or [])
            items.extend(filter(None, map(keep, found)) if keep is not None else found)
            following = page["metadata"].get("continue")
            if not following:
                return Listing(items, page["metadata"]["resourceVersion"])
            query["continue"] = following

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
        with _translated():
            try:
                async for line in response.content:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise _error_of(event["object"].get("code", 500), event["object"])
                    yield Change(event["type"], event["object"])
            finally:
                response.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Manifest | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = REQUEST_TIMEOUT,
    ) -> Manifest:
        """One request of any path; the parsed JSON object of its answer, empty when there is none."""
        response = await self._send(
            method,
            path,
            query=query,
            body=body,
            content_type=content_type,
            accept=accept,
            timeout=aiohttp.ClientTimeout(total=timeout),
        )
        with _translated():
            text = await self._read(response)
            answer = json.loads(text) if text else {}
        if not isinstance(answer, dict):
            raise errors.Unavailable("the API server's answer is no object")
        return answer

    async def text(self, path: str, *, timeout: float = REQUEST_TIMEOUT) -> str:
        """What a path that speaks no JSON answers, `/readyz` for one."""
        response = await self._send("GET", path, timeout=aiohttp.ClientTimeout(total=timeout))
        with _translated():
            return (await self._read(response)).decode("utf-8", "replace")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if self._left is None:
            return await response.read()
        parts = []
        try:
            async for part in response.content.iter_any():
                self._left -= len(part)
                if self._left < 0:
                    raise errors.Unavailable("the API server answers with more than is taken from it")
                parts.append(part)
        except BaseException:
            # Whoever asked may run out of patience in the middle; the line must not stay open for that.
            response.close()
            raise
        return b"".join(parts)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Manifest | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": accept, "Content-Type": content_type}
        with _translated():
            response: aiohttp.ClientResponse = await self._api.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _request_timeout=timeout,
                _return_http_data_only=True,
            )
            self._time.heard(response.headers.get("Date", ""))
            if response.status >= 300:
                status = _status_of(await self._read(response))
                raise _error_of(response.status, status, response.headers.get("Retry-After", ""))
        return response


class _Straight:
    """The library's session, but nobody is followed elsewhere. An API server sends nobody away; whoever poses as one
    could send us, with what we may reach, to where they cannot get themselves.

    Nor does it look for a password in ~/.netrc, which aiohttp does in a thread, before every call, for whoever trusts
    the environment."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = aiohttp.ClientSession(connector=session.connector, read_bufsize=READ_BUFFER)
        session.detach()

    async def request(self, method: str, url: str, **more: Any) -> aiohttp.ClientResponse:
        return await self._session.request(method, url, allow_redirects=False, **more)

    async def close(self) -> None:
        await self._session.close()


def _proxy_to(url: str) -> str | None:
    """The proxy that the environment names for this address."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def namespace_of(kubeconfig: Path, context: str = "") -> str:
    """The namespace that a kubeconfig's context names, or its current one; `default` when none is named."""
    try:
        known, current = library_config.list_kube_config_contexts(config_file=str(kubeconfig))
    except library_config.ConfigException as error:
        raise errors.KubeError(f"the kubeconfig {kubeconfig} cannot be used: {error}") from error
    chosen = next((one for one in known if one["name"] == context), None) if context else current
    namespace: str = ((chosen or {}).get("context") or {}).get("namespace") or "default"
    return namespace


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _status_of(text: bytes) -> Manifest:
    try:
        status = json.loads(text)
    except ValueError:
        return {"message": text[:200].decode("utf-8", "replace")}
    return status if isinstance(status, dict) else {"message": str(status)[:200]}


def _error_of(code: int, status: Manifest, retry_after: str = "") -> errors.KubeError:
    details = status.get("details") or {}
    message = status.get("message") or f"the API server answered {code}"
    causes = [errors.Cause(c.get("field", ""), c.get("message", "")) for c in details.get("causes") or []]
    if code == 429:
        # The server's own flow control says it in the header only.
        seconds = details.get("retryAfterSeconds") or (int(retry_after) if retry_after.isdecimal() else 1)
        return errors.Throttled(message, retry_after=seconds, causes=causes)
    if code == 409 and status.get("reason") == "AlreadyExists":
        return errors.AlreadyExists(message, causes=causes)
    if code == 403 and {c.get("reason") for c in details.get("causes") or []} == {errors.NO_ROOM}:
        return errors.NoRoom(message, causes=causes)
    kind = {
        400: errors.Invalid,
        403: errors.Forbidden,
        404: errors.NotFound,
        409: errors.Conflict,
        410: errors.Gone,
        422: errors.Invalid,
    }.get(code, errors.Unavailable if code >= 500 else errors.KubeError)
    return kind(message, status=code, causes=causes)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise errors.Unavailable(f"no answer from the API server: {type(error).__name__}: {error}") from error
    except (ValueError, RecursionError) as error:
        # Half a line of a watch, or the page of some proxy in between.
        raise errors.Unavailable(f"the API server's answer is no JSON: {error}") from error
