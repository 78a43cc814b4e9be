"""`python -m bench.tenants PORT CERTIFICATE KEY`: one API server that stands for those of all tenants, and is well.

In a process of its own, so that what it costs is not counted as ours.
"""

from __future__ import annotations

import ssl
import sys

from aiohttp import web

from bench.sample import WORKERS

SAMPLE = 'apiserver_request_duration_seconds_bucket{group="apps",resource="r%d",verb="LIST",version="v1",le="0.1"} 1'
METRICS = "\n".join(SAMPLE % number for number in range(20_000))
"""Some two megabytes, as an API server has them that is at work."""


async def readyz(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def nodes(_: web.Request) -> web.Response:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    items = [{"metadata": {"name": f"n{number}"}, "spec": {}, "status": ready} for number in range(WORKERS)]
    return web.json_response({"metadata": {"resourceVersion": "1"}, "items": items})


async def metrics(_: web.Request) -> web.Response:
    return web.Response(text=METRICS)


async def nothing(_: web.Request) -> web.Response:
    return web.json_response({"metadata": {"resourceVersion": "1"}, "items": []})


def main(port: str, certificate: str, key: str) -> None:
    app = web.Application()
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/api/v1/nodes", nodes)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/{path:.*}", nothing)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    web.run_app(app, host="127.0.0.1", port=int(port), ssl_context=context, access_log=None, print=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
