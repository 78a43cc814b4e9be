"""What is measured of admission is measured right: the numbers are for whoever runs it, the counting is for a test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from bench.__main__ import app
from bench.admission import load, run
from bench.admission.counts import Count
from bench.admission.crowd import Crowd
from bench.admission.ledger import Reservations
from bench.admission.load import Call, Client, Sample
from bench.admission.peers import NOTHING, OURS, QUOTA
from bench.admission.race import Free, Heat, Sizes
from bench.admission.report import Admission
from bench.admission.run import Parts
from playground.progress import Steps


def sample(*milliseconds: float, lasted: float = 1.0) -> Sample:
    return Sample(took=[each / 1000 for each in milliseconds], lasted=lasted)


FREE = Free(
    one={NOTHING: sample(5.0), OURS: sample(5.4)},
    steady={NOTHING: sample(5.0), OURS: sample(9.0)},
    straight={NOTHING: sample(1.0), OURS: sample(2.0)},
)
HEATS = (
    Heat(1, 1, 1, {QUOTA: sample(7.0, 10.0), OURS: sample(8.0, 14.0)}),
    Heat(16, 50, 1, {QUOTA: sample(7.0), OURS: sample(8.0)}, cpu_milliseconds=1.1),
)
LEDGER = (Reservations(1, 20, sample(*[9.0] * 2500), 0), Reservations(3, 60, sample(150.0), 0))
COUNTS = {OURS: Count(200, 50, leaked={0.0: 20, 150.0: 0}), QUOTA: Count(200, 43, 7, leaked={0.0: 7, 150.0: 7})}
CROWD = Crowd(
    tenants=1000,
    clusters=10_000,
    few_clusters=10,
    few={"MachineDeployment": sample(8.0), "TenantCluster": sample(10.0)},
    many={"MachineDeployment": sample(9.0), "TenantCluster": sample(11.0)},
    memory=120.0,
    ready_after=3.0,
)
FOUND = Admission(FREE, 72.0, HEATS, LEDGER, COUNTS, CROWD)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A server that sends everybody back once, and then refuses what is called `no`."""
    seen: set[str] = set()

    async def answer(request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            return web.Response(status=429, headers={"Retry-After": "0"})
        return web.Response(status={"no": 403, "broken": 500}.get(name, 201), text=name)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server, aiohttp.ClientSession() as session:
        yield Client(session, str(server.make_url("")).rstrip("/"))


async def test_who_is_sent_back_comes_again_and_every_answer_is_told_apart(client: Client) -> None:
    found = await load.closed(client, [Call("POST", f"/{name}") for name in ("a", "no", "broken", "b")], writers=2)
    assert (len(found.took), found.sent_back, found.refused) == (4, 4, 1)
    assert found.failed == {"500: broken": 1}


async def test_a_steady_load_counts_the_time_from_when_a_call_was_due(client: Client) -> None:
    found = await load.steady(client, [Call("POST", f"/{number}") for number in range(20)], rate=400)
    assert len(found.took) == 20
    assert found.lasted >= 19 / 400


def test_percentiles_are_times_that_were_measured() -> None:
    found = sample(*range(1, 101))
    assert [round(found.milliseconds(percent)) for percent in (50, 99, 100)] == [50, 99, 100]


def test_a_run_within_all_bounds_says_so_and_one_that_is_not_says_where() -> None:
    assert [what for what, kept in FOUND.kept().items() if not kept] == [
        "1 writer, 1 tenant, 1 replica: p99 at most 1.3 times a ResourceQuota's: 1.40"
    ]
    worse = Admission(counts={OURS: Count(200, 51, leaked={150.0: 0})})
    assert worse.kept() == {
        "counted exactly, nothing leaked after 150 s: 51 admitted, 1 above, 0 falsely denied, 0 leaked": False
    }


def test_the_tables_name_everybody_who_was_measured() -> None:
    text = FOUND.markdown()
    assert "| 200 such changes a second; clusterdesk | 9.0 ms | 9.0 ms | 1 | 0 |" in text
    assert "| a ResourceQuota, room for 50 | 200 | 43 | 0 | 7 | 0 | 0 s: 7, 150 s: 7 |" in text
    assert "**missed**" in text
    assert json.loads(json.dumps(FOUND.wire()))["kept"]


def test_a_part_that_does_not_exist_is_named() -> None:
    found = CliRunner().invoke(app, ["admission", "--parts", "races,speed"])
    assert found.exit_code == 2
    assert "there is no part speed" in found.output


def test_a_portion_is_taken_of_what_was_chosen_and_nothing_of_the_rest() -> None:
    parts = run.parts(["ledger"], 0.5)
    assert (parts.ledgers, parts.asked, parts.clusters, parts.sizes.replicas) == (2, 0, 0, ())


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_every_peer_answers_and_what_is_granted_is_in_the_ledger() -> None:
    sizes = Sizes(each=3, steady_seconds=0.2, rounds=1, round_=6, writers=(1, 3), tenants=(1,), replicas=(1,))
    parts = Parts(sizes, ledgers=1, asked=0, clusters=0)
    with Steps() as steps:
        found = await run.measure(parts, steps)
    assert [(heat.writers, heat.samples[OURS].errors, heat.samples[OURS].refused) for heat in found.heats] == [
        (1, 0, 0),
        (3, 0, 0),
    ]
    assert [(one.sample.errors, one.lost) for one in found.ledger] == [(0, 0), (0, 0)]
    assert found.free is not None
    assert {peer: (len(each.took), each.errors) for peer, each in found.free.straight.items()} == {
        NOTHING: (40, 0),
        OURS: (40, 0),
    }
    assert found.memory > 0
