"""A connection to one API server: a request in, raw JSON out, errors of our own.

This is the one module that makes kubernetes-asyncio work for us. Typed models of the library, its Watch and its leader
election stay out (they block the loop, hammer the server and are unsafe in turn); every call has a timeout. Which
requests there are is `kube`'s; nothing here decides anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from provisioning import errors, failures, names
from provisioning.library import client as library
from provisioning.library import config as library_config
from provisioning.manifest import Manifest
from provisioning.server_time import ServerTime

REQUEST_TIMEOUT = 15.0
"""Seconds a plain call may take."""
JSON = "application/json"
READ_BUFFER = 2 * 2**20
"""Bytes that may wait to be read: an event of a watch is one line, and as large as what changed."""


@dataclass
class Allowance:
    """Bytes of answers that whoever hands it over still takes, in one call or in several."""

    left: int

    def take(self, size: int) -> None:
        """Raises `TooMuch`."""
        self.left -= size
        if self.left < 0:
            raise errors.TooMuch("the API server answers with more than is taken from it")


class Connection:
    """Use `connect`, then `async with`.

    `most` bounds the bytes of all its answers together, where the server is somebody's whom we do not trust.
    """

    def __init__(self, api: library.ApiClient, *, most: int | None = None) -> None:
        self._api = api
        self._allowance = Allowance(most) if most is not None else None
        self._time = ServerTime()

    @classmethod
    async def connect(cls, *, kubeconfig: Path | None = None, context: str | None = None) -> Self:
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
    def by(cls, configuration: library.Configuration, *, most: int | None = None) -> Self:
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._api.close()

    def now(self) -> datetime:
        """What time it is at the API server. Raises `Unavailable` before its first answer."""
        return self._time.now()

    def clock(self) -> datetime:
        """The same, for what is told meanwhile: before the first answer by the clock of this machine."""
        try:
            return self._time.now()
        except errors.Unavailable:
            return datetime.now(UTC)

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
        allowance: Allowance | None = None,
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
        with failures.translated():
            text = await self._read(response, allowance)
            answer = json.loads(text) if text else {}
        if not isinstance(answer, dict):
            raise errors.Unavailable("the API server's answer is no object")
        return answer

    async def text(self, path: str, *, timeout: float = REQUEST_TIMEOUT) -> str:
        """What a path that speaks no JSON answers, `/readyz` for one."""
        response = await self._send("GET", path, timeout=aiohttp.ClientTimeout(total=timeout))
        with failures.translated():
            return (await self._read(response)).decode("utf-8", "replace")

    async def _read(self, response: aiohttp.ClientResponse, allowance: Allowance | None = None) -> bytes:
        allowances = [each for each in (self._allowance, allowance) if each is not None]
        if not allowances:
            return await response.read()
        parts = []
        try:
            async for part in response.content.iter_any():
                for each in allowances:
                    each.take(len(part))
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
        with failures.translated():
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
                status = failures.status_of(await self._read(response))
                raise failures.of(response.status, status, response.headers.get("Retry-After", ""))
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
