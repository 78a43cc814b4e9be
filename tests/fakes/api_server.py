"""A small API server on loopback for tests of what talks to Kubernetes: real HTTP, objects in memory, faults on order.

async with ApiServer() as server, server.kube() as kube:
    server.fail(Fault.LOST, method="PUT")        # the next PUT happens, but its answer never arrives
    server.put(manifest)                          # as somebody else would, beside the client under test
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from pathlib import Path
from typing import Any, Self

import kubernetes_asyncio.client as library
from aiohttp import web

from provisioning import resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from tests.fakes.objects import Event, Kind, Objects, Refused

KNOWN = tuple(kind for kind in vars(resources).values() if isinstance(kind, Resource))
"""Every kind of the table, and so what a fake server serves."""
NOBODY = Path(__file__).with_name("nobody.pem")
"""An authority that has signed nothing. A client that is given none reads all those of the system, which takes ten
times as long as the rest of its making, also where no TLS is spoken."""


class Fault(Enum):
    """What goes wrong beside plain error codes."""

    DROPPED = "dropped"
    """The connection breaks before anything happened."""
    LOST = "lost"
    """It happens, but the answer does not arrive."""
    HANGS = "hangs"
    """No answer, until the test is over."""
    HTML = "html"
    """A proxy answers instead."""


@dataclass(frozen=True)
class Order:
    fault: Fault | int
    method: str
    plural: str


@dataclass(frozen=True)
class Where:
    """A request's path, taken apart."""

    kind: Kind
    namespace: str
    name: str
    subresource: str


@dataclass
class ApiServer:
    """Use as `async with`. `objects` is the state, to look at and to change."""

    objects: Objects = field(default_factory=Objects)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path with query of everything that was asked, in order."""
    url: str = ""
    tls: ssl.SSLContext | None = None
    """With it the server speaks https, as tenants' do."""
    unserved: set[str] = field(default_factory=set)
    """Plurals that answer 404, as if their CRD was missing."""
    versions: dict[str, str] = field(default_factory=dict)
    """Groups that are served at another version than the one that we know, and only at that."""
    undiscoverable: bool = False
    """Whether it fails when it is asked what it serves."""
    texts: dict[str, str] = field(default_factory=lambda: {"/readyz": "ok", "/version": "{}"})
    _orders: list[Order] = field(default_factory=list)
    _pulse: asyncio.Condition = field(default_factory=asyncio.Condition)
    _broken: int = 0
    _told: deque[tuple[int, Manifest]] = field(default_factory=deque)
    _runner: web.AppRunner | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=8 * 2**20)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        app.on_response_prepare.append(self._date)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self._runner.addresses[0][1]}"
        self.objects.notify = self._wake
        return self

    async def __aexit__(self, *_: object) -> None:
        self.break_watches()
        if self._runner is not None:
            await self._runner.cleanup()

    def kube(self) -> Kube:
        """A client of this server; close it."""
        configuration = library.Configuration(host=self.url)
        if self.tls is None:
            configuration.ssl_ca_cert = str(NOBODY)
        return Kube.by(configuration)

    # What tests do beside the client.

    def put(self, resource: Resource, body: Manifest, *, status: Manifest | None = None) -> Manifest:
        """Create or replace an object, status included, whoever may or may not."""
        kind = _kind(resource)
        meta = body["metadata"]
        namespace, name = meta.get("namespace", ""), meta["name"]
        # Whoever puts an object here does not care which version or which object was there before.
        meta = {k: v for k, v in meta.items() if k not in ("resourceVersion", "uid")}
        full = {"apiVersion": resource.api_version, "kind": resource.kind, **body, "metadata": meta}
        there = self.get(resource, name, namespace) is not None
        made = (
            self.objects.replace(kind, namespace, name, full) if there else self.objects.create(kind, full, namespace)
        )
        if status is not None:
            made = self.objects.merge(kind, namespace, name, {"status": status}, subresource="status")
        return made

    def get(self, resource: Resource, name: str, namespace: str = "") -> Manifest | None:
        try:
            return self.objects.get(_kind(resource), namespace, name)
        except Refused:
            return None

    def all(self, resource: Resource, namespace: str = "") -> list[Manifest]:
        return self.objects.all(_kind(resource), namespace)

    def remove(self, resource: Resource, name: str, namespace: str = "") -> None:
        self.objects.delete(_kind(resource), namespace, name, {})

    def patch(self, resource: Resource, name: str, namespace: str, patch: Manifest, subresource: str = "") -> Manifest:
        return self.objects.merge(_kind(resource), namespace, name, patch, subresource=subresource)

    def fail(self, fault: Fault | int, *, method: str = "", plural: str = "", times: int = 1) -> None:
        """Let the next `times` requests that match go wrong: a `Fault`, or an HTTP status."""
        self._orders += [Order(fault, method, plural)] * times

    def heal(self) -> None:
        """No more faults."""
        self._orders.clear()

    def break_watches(self) -> None:
        """Cut every watch that is open, as a load balancer does."""
        self._broken += 1
        self._wake()

    def expire_watches(self) -> None:
        """Tell every open watch that its point in history is gone."""
        self.objects.forget()
        self._told.append((self._broken, {"code": 410, "reason": "Expired", "message": "too old resource version"}))
        self.break_watches()

    def asked(self, method: str, part: str = "") -> list[str]:
        """Paths of the requests by this method that hold `part`."""
        return [path for m, path in self.requests if m == method and part in path]

    # The server's side.

    def _wake(self) -> None:
        async def wake() -> None:
            async with self._pulse:
                self._pulse.notify_all()

        task = asyncio.ensure_future(wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(datetime.now(UTC) + self.objects.off, usegmt=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        if request.path in self.texts:
            return web.Response(text=self.texts[request.path])
        if (discovered := self._discover(request.path)) is not None:
            return web.json_response(discovered, status=500 if self.undiscoverable else 200)
        where = _where(request.path)
        order = self._take(request.method, where.kind.plural)
        if isinstance(order, int):
            return _status(Refused(order, "Ordered", f"ordered to answer {order}"))
        if order is Fault.HTML:
            return web.Response(text="<html>hello from a proxy</html>", content_type="text/html")
        if order is Fault.HANGS:
            await asyncio.sleep(60)
        if order is Fault.DROPPED:
            return _cut(request)
        try:
            if where.kind.plural in self.unserved or not self._serves(where.kind):
                raise Refused(404, "NotFound", "the server could not find the requested resource")
            if request.query.get("watch") == "true":
                return await self._watch(request, where)
            answer = await self._do(request, where)
        except Refused as refusal:
            return _status(refusal)
        return _cut(request) if order is Fault.LOST else web.json_response(answer)

    def _discover(self, path: str) -> Manifest | None:
        """What the server says of itself below /apis: its groups, or the kinds of one group and version."""
        served: dict[tuple[str, str], list[str]] = {}
        for kind in KNOWN:
            if kind.group and kind.plural not in self.unserved:
                served.setdefault((kind.group, self.versions.get(kind.group, kind.version)), []).append(kind.plural)
        _, root, *rest = path.split("/")
        if root != "apis" or len(rest) not in (0, 2):
            return None
        if rest:
            return {"resources": [{"name": plural} for plural in served.get((rest[0], rest[1]), ())]}
        groups = {group: [{"version": v} for g, v in served if g == group] for group, _ in served}
        return {"groups": [{"name": group, "versions": versions} for group, versions in groups.items()]}

    def _serves(self, kind: Kind) -> bool:
        """Whether this is a version that it serves of the kind; of kinds that nobody here knows it serves any."""
        known = {
            self.versions.get(k.group, k.version) for k in KNOWN if (k.group, k.plural) == (kind.group, kind.plural)
        }
        return not known or kind.version in known

    def _take(self, method: str, plural: str) -> Fault | int | None:
        for order in self._orders:
            if order.method in ("", method) and order.plural in ("", plural):
                self._orders.remove(order)
                return order.fault
        return None

    async def _do(self, request: web.Request, where: Where) -> Manifest:
        dry = request.query.get("dryRun") == "All"
        body = json.loads(await request.read() or b"{}")
        at = (where.kind, where.namespace, where.name)
        if request.method == "GET":
            return self.objects.get(*at) if where.name else self._list(request, where)
        if request.method == "POST":
            return self.objects.create(where.kind, body, where.namespace, dry_run=dry)
        if request.method == "PUT":
            return self.objects.replace(*at, body, subresource=where.subresource, dry_run=dry)
        if request.method == "DELETE":
            # As the real one: what stands beside a body is not read.
            return self.objects.delete(*at, body, dry_run="All" in body.get("dryRun", ()) if body else dry)
        if request.content_type == "application/apply-patch+yaml":
            return self.objects.apply(
                *at,
                body,
                manager=request.query["fieldManager"],
                force=request.query.get("force") == "true",
                subresource=where.subresource,
                dry_run=dry,
            )
        return self.objects.merge(*at, body, subresource=where.subresource, dry_run=dry)

    def _list(self, request: web.Request, where: Where) -> Manifest:
        selects = selector(request.query.get("labelSelector", ""))
        chooses = chooser(request.query.get("fieldSelector", ""))
        items = [o for o in self.objects.all(where.kind, where.namespace) if selects(o) and chooses(o)]
        start, limit = int(request.query.get("continue") or 0), int(request.query.get("limit") or 0)
        page = items[start : start + limit] if limit else items
        meta: Manifest = {"resourceVersion": str(self.objects.last)}
        if limit and start + limit < len(items):
            meta["continue"] = str(start + limit)
        # As in real lists, the items do not say what they are.
        bare = [{k: v for k, v in item.items() if k not in ("apiVersion", "kind")} for item in page]
        return {"kind": "List", "apiVersion": "v1", "metadata": meta, "items": bare}

    async def _watch(self, request: web.Request, where: Where) -> web.StreamResponse:
        since = int(request.query.get("resourceVersion") or self.objects.last)
        if since < self.objects.forgotten:
            raise Refused(410, "Expired", "too old resource version")
        selects = selector(request.query.get("labelSelector", ""))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        opened = self._broken
        deadline = asyncio.get_running_loop().time() + float(request.query.get("timeoutSeconds") or 60)
        while True:
            for event in [e for e in self.objects.history if e.version > since]:
                since = event.version
                line = _line(event, where, selects)
                if line is not None:
                    await response.write(line)
            if self._broken != opened:
                return await self._end_watch(request, response, opened)
            try:
                async with asyncio.timeout_at(deadline):
                    async with self._pulse:
                        while self.objects.last <= since and self._broken == opened:
                            await self._pulse.wait()
            except TimeoutError:
                bookmark = {"metadata": {"resourceVersion": str(self.objects.last)}}
                await response.write(json.dumps({"type": "BOOKMARK", "object": bookmark}).encode() + b"\n")
                return response

    async def _end_watch(self, request: web.Request, response: web.StreamResponse, opened: int) -> web.StreamResponse:
        for at, status in self._told:
            if at == opened:
                await response.write(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
                return response
        if request.transport is not None:
            request.transport.abort()
        return response


def selector(text: str) -> Callable[[Manifest], bool]:
    """`a=b,c,d!=e` -> whether an object's labels fit."""
    terms = [term.strip() for term in text.split(",") if term.strip()]

    def fits(manifest: Manifest) -> bool:
        labels = manifest["metadata"].get("labels") or {}
        for term in terms:
            if "!=" in term:
                name, _, value = term.partition("!=")
                if labels.get(name) == value:
                    return False
            elif "=" in term:
                name, _, value = term.replace("==", "=").partition("=")
                if labels.get(name) != value:
                    return False
            elif term not in labels:
                return False
        return True

    return fits


def chooser(text: str) -> Callable[[Manifest], bool]:
    """`a.b=c,d!=e` -> whether an object's fields fit."""
    terms = [term for term in text.split(",") if term]

    def fits(manifest: Manifest) -> bool:
        for term in terms:
            path, operator, value = re.split("(!?=)", term, maxsplit=1)
            found: Any = manifest
            for key in path.split("."):
                found = (found or {}).get(key)
            if ((found or "") == value) is (operator == "!="):
                return False
        return True

    return fits


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[ApiServer, Kube]]:
    """A server and a client of it."""
    async with ApiServer() as server, server.kube() as kube:
        yield server, kube


def _kind(resource: Resource) -> Kind:
    return Kind(resource.group, resource.version, resource.plural)


def _where(path: str) -> Where:
    _, root, *rest = path.split("/")
    group, version, *rest = rest if root == "apis" else ["", *rest]
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] not in ("status", "finalize"):
        _, namespace, *rest = rest
    else:
        namespace = ""
    plural, name, subresource = (*rest, "", "")[:3]
    return Where(Kind(group, version, plural), namespace, name, subresource)


def _line(event: Event, where: Where, selects: Callable[[Manifest], bool]) -> bytes | None:
    """One event as this watch sees it: an object that enters or leaves the selection is added or deleted."""
    there = where.namespace in ("", event.object["metadata"].get("namespace", ""))
    if event.kind != where.kind or not there:
        return None
    is_in = event.type != "DELETED" and selects(event.object)
    was_in = event.before is not None and selects(event.before)
    if not (is_in or was_in):
        return None
    type_ = "DELETED" if not is_in else "MODIFIED" if was_in else "ADDED"
    return json.dumps({"type": type_, "object": event.object}).encode() + b"\n"


def _status(refusal: Refused) -> web.Response:
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": refusal.message,
        "reason": refusal.reason,
        "details": refusal.details,
        "code": refusal.code,
    }
    return web.json_response(body, status=refusal.code)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
