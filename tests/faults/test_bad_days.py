"""Bad days of the API server and of provisioners: the same clusters come of them, and none is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from playground import controlplane
from playground.processes import Processes
from provisioning import resources
from provisioning.__main__ import lead
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.lease import Elector, Terms
from provisioning.settings import Settings
from tests.faults import estate, troublemaker
from tests.faults.conftest import SYSTEM, Plane
from tests.faults.mortal import Severed
from tests.provisioning.waiting import eventually, running, until

SETTINGS = Settings(namespace=SYSTEM, probe_tenants=False)
FIRST = "kx0"
NAMES = ("kx1", "kx2", "kx3")
"""In no other word, so that they can be told from everything else in an object."""
LONG = 150.0


@asynccontextmanager
async def leading(kube: Kube) -> AsyncIterator[Landscape]:
    """A provisioner at work over this connection."""
    landscape = Landscape(kube, namespace=SYSTEM)
    async with running(landscape.run()):
        await landscape.synced()
        async with running(lead(kube, landscape, SETTINGS, now=lambda: datetime.now(UTC))):
            yield landscape


async def ask_for(kube: Kube, place: str, *names: str) -> None:
    for name in names:
        await kube.create(resources.TENANT_CLUSTERS, estate.cluster(place, name))


async def complete(kube: Kube, place: str, name: str) -> bool:
    """Whether the last object of it is there, and its status says so."""
    found = await kube.find(resources.TENANT_CLUSTERS, name, namespace=place)
    inventory = ((found or {}).get("status") or {}).get("inventory", ())
    return f"Deployment.apps/{name}-csi-controller" in inventory


async def settled(kube: Kube, place: str, *names: str) -> list[dict[str, Any]]:
    """How these clusters look once they are complete."""
    for name in names:
        await eventually(lambda name=name: complete(kube, place, name), seconds=LONG)  # type: ignore[misc]
    return [await estate.likeness(kube, place, name) for name in names]


def unlike(all_of_them: list[dict[str, Any]], as_it_should_be: dict[str, Any]) -> list[str]:
    return [line for one in all_of_them for line in estate.differences(one, as_it_should_be)]


async def ended(kube: Kube, place: str, *names: str, seconds: float = LONG) -> None:
    """Delete them, and wait until there is nothing left of any."""
    for name in names:
        await kube.delete(resources.TENANT_CLUSTERS, name, namespace=place)

    async def gone() -> bool:
        there = [await kube.find(resources.TENANT_CLUSTERS, name, namespace=place) for name in names]
        return not any(there) and not any([await estate.everything(kube, place, name) for name in names])

    await eventually(gone, seconds=seconds)


@pytest.mark.timeout(600)
async def test_an_api_server_that_fails_a_fifth_of_the_time_only_costs_time(
    plane: Plane, kube: Kube, place: str
) -> None:
    async with leading(kube):
        await ask_for(kube, place, FIRST)
        (as_it_should_be,) = await settled(kube, place, FIRST)
    tls = controlplane.trusting(plane.control)
    async with troublemaker.between(plane.control.url, tls) as (trouble, through), leading(through):
        await ask_for(kube, place, *NAMES)
        assert unlike(await settled(kube, place, *NAMES), as_it_should_be) == []
        # A dozen seconds; a look that began anew whenever one of its dozens of questions failed would never end.
        await ended(kube, place, *NAMES, FIRST, seconds=90)
        assert {"slow", "409", "410", "429", "500", "lost"} <= trouble.made.keys()


@pytest.mark.timeout(600)
async def test_an_api_server_that_is_restarted_in_the_middle_finds_the_work_going_on(
    plane: Plane, kube: Kube, place: str
) -> None:
    async with leading(kube) as landscape:
        await ask_for(kube, place, FIRST)
        (as_it_should_be,) = await settled(kube, place, FIRST)
        await ask_for(kube, place, *NAMES)
        await until(lambda: landscape.get(resources.TENANT_CLUSTERS, place, NAMES[0]))
        await restart(plane)
        assert unlike(await settled(kube, place, *NAMES), as_it_should_be) == []
        await ended(kube, place, *NAMES, FIRST)


@pytest.mark.timeout(600)
async def test_of_two_provisioners_one_loses_its_lease_in_the_middle_and_the_other_finishes(
    plane: Plane, kube: Kube, place: str
) -> None:
    terms, stage, overlapped = Terms(duration=4.0, renew=2.0, retry=0.3), list[str](), list[str]()

    async def replica(connection: Kube, who: str) -> None:
        landscape = Landscape(connection, namespace=SYSTEM)

        async def payload() -> None:
            overlapped.extend(stage)
            stage.append(who)
            try:
                await lead(connection, landscape, SETTINGS, now=lambda: datetime.now(UTC))
            finally:
                stage.remove(who)

        async with running(landscape.run()):
            await landscape.synced()
            elector = Elector(connection, name=place, namespace=SYSTEM, identity=who, terms=terms)
            await elector.run(payload)

    severed = await Severed.connect(kubeconfig=plane.control.kubeconfig)
    assert isinstance(severed, Severed)
    async with severed, running(replica(severed, "first")):
        await until(lambda: stage == ["first"])
        await ask_for(kube, place, FIRST)
        (as_it_should_be,) = await settled(kube, place, FIRST)
        async with running(replica(kube, "second")):
            await ask_for(kube, place, *NAMES)
            await asyncio.sleep(0.1)
            severed.plugged.clear()
            await until(lambda: stage == ["second"])
            assert unlike(await settled(kube, place, *NAMES), as_it_should_be) == []
            severed.plugged.set()
            await asyncio.sleep(1)
            assert stage == ["second"]
            await ended(kube, place, *NAMES, FIRST)
    assert overlapped == []


async def restart(plane: Plane) -> None:
    """Kill the API server, and start it again as it was."""
    processes: Processes = plane.processes
    child = processes.children["kube-apiserver"]
    child.popen.kill()
    await until(lambda: not child.running)
    await controlplane.ready(plane.control, processes.again(child))
