"""`python -m bench.admission.nothing PORT CERTIFICATE KEY`.

A webhook that decides nothing, to measure what asking anybody costs: `/allow` says yes to all, `/refuse` says no.
"""

from __future__ import annotations

import ssl
import sys

import msgspec
from aiohttp import web

from provisioning import loops


class _Request(msgspec.Struct):
    uid: str


class _Review(msgspec.Struct):
    request: _Request


_decoder = msgspec.json.Decoder(_Review)


async def _allow(request: web.Request) -> web.Response:
    return await _said(request, allowed=True)


async def _refuse(request: web.Request) -> web.Response:
    return await _said(request, allowed=False)


async def _said(request: web.Request, *, allowed: bool) -> web.Response:
    uid = _decoder.decode(await request.read()).request.uid
    answer = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": uid, "allowed": allowed},
    }
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


def main(port: str, certificate: str, key: str) -> None:
    app = web.Application()
    app.router.add_post("/allow", _allow)
    app.router.add_post("/refuse", _refuse)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    # As long as ours: whoever hangs up first pays for a new connection.
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(port),
        ssl_context=context,
        access_log=None,
        print=None,
        keepalive_timeout=3600,
        loop=quicker() if (quicker := loops.quickest()) else None,  # On the loop that we run on, too.
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
