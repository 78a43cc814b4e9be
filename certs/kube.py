"""The one module here that knows kubernetes-asyncio: a `Store` on a real API server.

Raw JSON in and out, errors of our own, a timeout on every call. Nothing here decides anything.
"""

from __future__ import annotations

import base64
import contextlib
import email.utils
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import kubernetes_asyncio.client as library
import kubernetes_asyncio.config as library_config

from certs import errors, injection
from certs.injection import Operation, Target
from certs.ports import Snapshot

PART_OF = {"app.kubernetes.io/part-of": "clusterdesk"}
"""The label by which we know the objects that are ours to inject into."""
TIMEOUT = 15.0
"""Seconds a call may take."""

_LISTS = (
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
)
_LOST_RACES = {("POST", 409), ("PUT", 404), ("PUT", 409), ("PATCH", 404), ("PATCH", 409), ("PATCH", 422)}
"""Taken, gone, changed, or (422) a `test` of a JSON patch that failed; the API server names no better reason."""


@dataclass(frozen=True)
class _Answer:
    body: dict[str, Any]
    date: datetime


@contextlib.asynccontextmanager
async def connect(*, namespace: str, secret: str, kubeconfig: Path | None = None) -> AsyncIterator[Store]:
    """A store on the Secret of that name, by a kubeconfig file or as the Pod's service account."""
    configuration = library.Configuration()
    configuration.retries = False
    if kubeconfig is None:
        library_config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    else:
        await library_config.load_kube_config(config_file=str(kubeconfig), client_configuration=configuration)
    async with library.ApiClient(configuration) as api:
        yield Store(api, namespace=namespace, secret=secret)


class Store:
    """The bundle in one Secret; every labelled webhook configuration and CRD as a target."""

    def __init__(self, api: library.ApiClient, *, namespace: str, secret: str) -> None:
        self._api = api
        self._namespace = namespace
        self._secret = secret

    async def read(self) -> Snapshot:
        answer = await self._call("GET", self._path, missing_is_none=True)
        if "metadata" not in answer.body:
            return Snapshot(None, None, answer.date)
        data = {name: base64.b64decode(value) for name, value in (answer.body.get("data") or {}).items()}
        return Snapshot(data, answer.body["metadata"]["resourceVersion"], answer.date)

    async def write(self, data: Mapping[str, bytes], *, version: str | None) -> None:
        metadata: dict[str, Any] = {"name": self._secret, "namespace": self._namespace, "labels": PART_OF}
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "Opaque",
            "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
        }
        if version is None:
            await self._call("POST", self._path.rpartition("/")[0], body=body)
        else:
            metadata["resourceVersion"] = version
            await self._call("PUT", self._path, body=body)

    async def targets(self) -> Sequence[Target]:
        selector = ",".join(f"{name}={value}" for name, value in PART_OF.items())
        found = []
        for path in _LISTS:
            listing = await self._call("GET", path, query={"labelSelector": selector})
            found += [injection.read(f"{path}/{quote(m['metadata']['name'])}", m) for m in listing.body["items"]]
        return [target for target in found if target is not None]

    async def patch(self, target: Target, operations: Sequence[Operation]) -> None:
        await self._call("PATCH", target.path, body=list(operations), content_type="application/json-patch+json")

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{quote(self._namespace)}/secrets/{quote(self._secret)}"

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        missing_is_none: bool = False,
    ) -> _Answer:
        with _translated():
            response: aiohttp.ClientResponse = await self._api.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={"Accept": "application/json", "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _request_timeout=aiohttp.ClientTimeout(total=TIMEOUT),
                _return_http_data_only=True,
            )
            text = await response.read()
        if response.status == 404 and missing_is_none:
            return _Answer({}, _date(response))
        if response.status >= 400:
            raise _error_of(response.status, method, path, text)
        return _Answer(_parsed(text, method, path), _date(response))


def _parsed(text: bytes, method: str, path: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        # The page of some proxy in between.
        raise errors.Unavailable(f"{method} {path}: the answer is no JSON") from error
    if not isinstance(content, dict):
        raise errors.Unavailable(f"{method} {path}: the answer is no object")
    return content


def _date(response: aiohttp.ClientResponse) -> datetime:
    try:
        return email.utils.parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        # A proxy ate the header. Our own clock is the next best.
        return datetime.now(UTC)


def _error_of(status: int, method: str, path: str, text: bytes) -> errors.StoreError:
    message = f"{method} {path}: {status} {_message(text)}"
    if (method, status) in _LOST_RACES:
        return errors.Conflict(message)
    if status in (401, 403):
        return errors.Forbidden(message)
    if status == 429 or status >= 500:
        return errors.Unavailable(message)
    return errors.StoreError(message)


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200].decode("utf-8", "replace")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except library.ApiException as error:
        raise errors.Unavailable(f"no answer from the API server: {error.reason}") from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise errors.Unavailable(f"no answer from the API server: {type(error).__name__}: {error}") from error
