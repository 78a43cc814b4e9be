"""The audit trail of a process: lines at once, in order, and a head in the cluster that they can be held against."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from structlog.testing import capture_logs

from provisioning import audit_trail
from provisioning.audit import Code, Event, Head
from provisioning.audit_heads import KEPT, KubeHeads, name_of
from provisioning.audit_proof import check
from provisioning.audit_trail import Trail
from provisioning.resources import CONFIG_MAPS
from tests.builders import NOW
from tests.fakes.api_server import ApiServer

HOME = "clusterdesk-system"
NAME = name_of("bot")


def event(who: str) -> Event:
    return Event(Code.REQUEST_APPLIED, who=who, where="cluster")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as made:
        made.put(CONFIG_MAPS, {"metadata": {"name": NAME, "namespace": HOME}})
        yield made


class Full(io.StringIO):
    """A disk without room."""

    def write(self, _: str) -> int:
        raise OSError("no space left on device")


async def test_what_is_told_is_proven_by_the_head_that_is_left_behind(server: ApiServer, tmp_path: Path) -> None:
    file = tmp_path / "trail"
    async with server.kube() as kube:
        heads = KubeHeads(kube, HOME, "bot")
        for writer in ("bot-1", "bot-2"):
            async with audit_trail.kept(heads, writer=writer, file=file, now=lambda: NOW) as tell:
                tell(event("ann"))
                tell(event("ben"))
        anchored = await heads.load()
    lines = file.read_text().splitlines()
    assert check(lines, anchored).flaw is None
    assert check(lines, anchored).loose == 0
    assert {writer: head.number for writer, head in anchored.items()} == {"bot-1": 2, "bot-2": 2}


async def test_a_line_is_there_before_its_head(server: ApiServer) -> None:
    out = io.StringIO()
    async with server.kube() as kube:
        trail = Trail(KubeHeads(kube, HOME, "bot"), writer="bot-1", out=out, now=lambda: NOW)
        trail.tell(event("ann"))
        assert check(out.getvalue().splitlines(), {"bot-1": Head()}).loose == 1
        assert not (server.get(CONFIG_MAPS, NAME, HOME) or {}).get("data")
        await trail.anchor()
        assert (await KubeHeads(kube, HOME, "bot").load())["bot-1"].number == 1


async def test_a_chain_is_known_before_its_first_line(server: ApiServer) -> None:
    async with server.kube() as kube:
        heads = KubeHeads(kube, HOME, "bot")
        async with audit_trail.kept(heads, writer="bot-1", file=None, now=lambda: NOW), asyncio.timeout(5):
            while not await heads.load():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await heads.load() == {"bot-1": Head()}


async def test_replicas_that_anchor_at_once_keep_each_others_heads(server: ApiServer) -> None:
    async with server.kube() as kube:
        heads = KubeHeads(kube, HOME, "bot")
        await asyncio.gather(*(heads.save(f"bot-{n}", Head(n, "x"), at="2026-08-04T09:12:00Z") for n in range(5)))
        assert await heads.load() == {f"bot-{n}": Head(n, "x") for n in range(5)}


async def test_of_too_many_heads_the_oldest_are_forgotten(server: ApiServer) -> None:
    days = (f"2026-{1 + n // 28:02}-{1 + n % 28:02}T00:00:00Z" for n in range(KEPT))
    data = {f"bot-{n}": f'{{"at": "{day}", "number": 1, "hash": "x"}}' for n, day in enumerate(days)}
    server.put(CONFIG_MAPS, {"metadata": {"name": NAME, "namespace": HOME}, "data": data})
    async with server.kube() as kube:
        heads = KubeHeads(kube, HOME, "bot")
        await heads.save("bot-new", Head(1, "x"), at="2025-08-03T00:00:00Z")
        assert (await heads.load()).keys() == {*data, "bot-new"} - {"bot-0"}


async def test_what_somebody_else_wrote_there_is_no_head(server: ApiServer) -> None:
    data = {"a": "", "b": "[]", "c": "{}", "d": '{"number": "x", "hash": ""}'}
    server.put(CONFIG_MAPS, {"metadata": {"name": NAME, "namespace": HOME}, "data": data})
    async with server.kube() as kube:
        assert await KubeHeads(kube, HOME, "bot").load() == {}


async def test_an_api_server_that_is_away_holds_no_line_up_and_is_asked_again_at_the_end(
    server: ApiServer, tmp_path: Path
) -> None:
    async with server.kube() as kube:
        heads = KubeHeads(kube, HOME, "bot")
        server.fail(503, method="GET")
        with capture_logs() as logs:
            async with audit_trail.kept(heads, writer="bot-1", file=tmp_path / "trail", now=lambda: NOW) as tell:
                tell(event("ann"))
                assert "ann" in (tmp_path / "trail").read_text()
                async with asyncio.timeout(5):
                    while not logs:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
        assert [line["event"] for line in logs] == ["audit_not_anchored"]
        assert (await heads.load())["bot-1"].number == 1


async def test_a_line_that_could_not_be_written_stops_nobody_and_is_missed_later(server: ApiServer) -> None:
    async with server.kube() as kube:
        heads = KubeHeads(kube, HOME, "bot")
        with capture_logs() as logs:
            trail = Trail(heads, writer="bot-1", out=Full(), now=lambda: NOW)
            trail.tell(event("ann"))
            await trail.anchor()
        assert [line["event"] for line in logs] == ["audit_not_written"]
        assert check([], await heads.load()).flaw is not None
