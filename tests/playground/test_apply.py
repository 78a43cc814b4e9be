"""A kind counts as defined once the API server answers for it, and only so long is it waited for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from playground import apply
from provisioning.manifest import Manifest
from provisioning.resources import CUSTOM_RESOURCE_DEFINITIONS
from tests.fakes.api_server import ApiServer, connected

NAME = "gadgets.example.dev"
GADGETS: Manifest = {
    "apiVersion": CUSTOM_RESOURCE_DEFINITIONS.api_version,
    "kind": CUSTOM_RESOURCE_DEFINITIONS.kind,
    "metadata": {"name": NAME},
    "spec": {"group": "example.dev", "names": {"plural": "gadgets"}, "versions": [{"name": "v1", "served": True}]},
}


def establish(server: ApiServer) -> None:
    said: Any = {"conditions": [{"type": "Established", "status": "True"}]}
    server.patch(CUSTOM_RESOURCE_DEFINITIONS, NAME, "", {"status": said}, subresource="status")


async def accepted(server: ApiServer) -> None:
    while server.get(CUSTOM_RESOURCE_DEFINITIONS, NAME) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("is_established", [True, False])
async def test_what_is_accepted_and_not_served_in_time_is_told_in_our_words(is_established: bool) -> None:
    async with connected() as (server, kube), asyncio.timeout(5.0):
        server.unserved = {"gadgets"}
        defined = asyncio.create_task(apply.define(kube, [GADGETS], timeout=0.5))
        await accepted(server)
        if is_established:
            establish(server)
        with pytest.raises(apply.NotEstablished, match="gadgets"):
            await defined


async def test_a_kind_that_is_served_a_moment_late_is_waited_for() -> None:
    async with connected() as (server, kube), asyncio.timeout(5.0):
        server.unserved = {"gadgets"}
        defined = asyncio.create_task(apply.define(kube, [GADGETS]))
        await accepted(server)
        establish(server)
        while not server.asked("GET", "/gadgets?"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not defined.done()
        server.unserved = set()
        await defined
