"""A live context: certificates change under load and nobody notices."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from certs import authority, errors, serving
from certs.authority import Authority
from certs.bundle import Bundle

HOST = "127.0.0.1"
SWAPS = 80


def now() -> datetime:
    return datetime.now(UTC)


def load(live: serving.Live, signer: Authority) -> None:
    leaf = authority.issue(signer, [HOST], now=now())
    live.load(leaf.certificate_pem, leaf.key_pem)


@dataclass
class Served:
    """A TLS server on loopback, and the number of requests that it has answered."""

    live: serving.Live
    url: str = ""
    answered: int = 0
    failures: list[str] = field(default_factory=list)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    here = Served(serving.Live())

    async def answer(_: web.Request) -> web.Response:
        here.answered += 1
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, ssl_context=here.live.context).start()
    here.url = f"https://{HOST}:{runner.addresses[0][1]}"
    yield here
    await runner.cleanup()


def trusting(bundle: Bundle) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=bundle.pem.decode())


class Callers:
    """Clients that verify with the published bundle: one keeps its connection, one makes a new one each time."""

    def __init__(self, served: Served, bundle: Bundle) -> None:
        self.served = served
        self.publish(bundle)

    def publish(self, bundle: Bundle) -> None:
        self.context = trusting(bundle)

    async def keep_calling(self, *, fresh: bool) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=fresh)) as session:
            context = self.context
            while True:
                try:
                    async with session.get(self.served.url, ssl=self.context if fresh else context) as response:
                        assert await response.text() == "ok"
                except aiohttp.ClientError as error:
                    self.served.failures.append(str(error))


async def test_eighty_swaps_under_load_with_overlapping_bundles_fail_no_request(served: Served) -> None:
    bundle = Bundle((authority.found(now=now()),))
    load(served.live, bundle.authorities[0])
    callers = Callers(served, bundle)
    calling = [asyncio.create_task(callers.keep_calling(fresh=fresh)) for fresh in (True, True, False)]
    for swap in range(SWAPS):
        await _some_calls(served)
        if swap % 4 == 0:
            newcomer = authority.found(now=now())
            bundle = bundle.adding(newcomer)
            callers.publish(bundle)
            await _some_calls(served)
        load(served.live, bundle.authorities[-1])
        await _some_calls(served)
        if swap % 4 == 0:
            bundle = Bundle(bundle.authorities[-1:])
            callers.publish(bundle)
    for task in calling:
        task.cancel()
    await asyncio.gather(*calling, return_exceptions=True)
    assert served.failures == []
    assert served.answered >= SWAPS * 10


async def test_new_connections_get_the_new_certificate_and_the_old_authority_is_refused(served: Served) -> None:
    old, new = authority.found(now=now()), authority.found(now=now())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        load(served.live, old)
        await (await session.get(served.url, ssl=trusting(Bundle((old,))))).read()
        load(served.live, new)
        await (await session.get(served.url, ssl=trusting(Bundle((new,))))).read()
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(served.url, ssl=trusting(Bundle((old,))))


async def test_pair_that_does_not_match_is_refused_and_what_was_served_is_served_on(served: Served) -> None:
    ca = authority.found(now=now())
    load(served.live, ca)
    one, other = (authority.issue(ca, [HOST], now=now()) for _ in range(2))
    for certificate, key in ((one.certificate_pem, other.key_pem), (b"nonsense", one.key_pem), (b"", b"")):
        with pytest.raises(errors.Malformed):
            served.live.load(certificate, key)
    async with aiohttp.ClientSession() as session:
        await (await session.get(served.url, ssl=trusting(Bundle((ca,))))).read()


def test_context_speaks_tls_1_2_or_later() -> None:
    assert serving.Live().context.minimum_version == ssl.TLSVersion.TLSv1_2


async def _some_calls(served: Served, count: int = 6) -> None:
    until = served.answered + count
    while served.answered < until and not served.failures:  # noqa: ASYNC110 - an event per request would slow them
        await asyncio.sleep(0.001)
