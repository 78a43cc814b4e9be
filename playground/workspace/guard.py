"""Keeps other web sites away from a page where everybody may act as anybody.

Loopback names only in Host (against DNS rebinding), own Origin only on POST, a strict content policy.
What must never live here: routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import yarl
from aiohttp import web

LOOPBACK = ("127.0.0.1", "localhost", "::1")
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": that makes browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def why_refused(*, method: str, host: str, origin: str | None, fetch_site: str | None) -> str:
    """Why a request is turned away; empty when it may pass."""
    try:
        name = yarl.URL(f"http://{host}").host
    except ValueError:
        name = None
    if name not in LOOPBACK:
        return "This workspace answers on loopback names only."
    if origin is not None and origin != f"http://{host}":
        return "This request comes from another site."
    if method != "GET" and fetch_site in ("cross-site", "same-site"):
        return "This request comes from another site."
    return ""


@web.middleware
async def middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn away what `why_refused` names."""
    reason = why_refused(
        method=request.method,
        host=request.headers.get("Host", ""),
        origin=request.headers.get("Origin"),
        fetch_site=request.headers.get("Sec-Fetch-Site"),
    )
    if reason:
        return web.Response(status=403, text=reason)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the policy on every response, streams included."""
    response.headers.update(HEADERS)
