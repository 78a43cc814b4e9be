"""A connection to an API server: whom it asks, by which way, and what it makes of answers that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from provisioning import errors
from provisioning.kube import Kube
from provisioning.library import client as library
from provisioning.resources import CONFIG_MAPS
from tests.fakes.api_server import ApiServer, Fault
from tests.fakes.objects import Refused
from tests.provisioning.kube_contract.promises import config_map


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with ApiServer() as started:
        yield started


@pytest_asyncio.fixture
async def kube(server: ApiServer) -> AsyncIterator[Kube]:
    async with server.kube() as connected:
        yield connected


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, errors.Invalid),
        (403, errors.Forbidden),
        (410, errors.Gone),
        (422, errors.Invalid),
        (429, errors.Throttled),
        (500, errors.Unavailable),
        (503, errors.Unavailable),
    ],
)
async def test_each_answer_is_an_error_of_ours(
    server: ApiServer, kube: Kube, code: int, error: type[errors.KubeError]
) -> None:
    server.fail(code)
    with pytest.raises(error):
        await kube.get(CONFIG_MAPS, "one", namespace="team-a")


@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        ((errors.NO_ROOM, errors.NO_ROOM), errors.NoRoom),
        ((errors.NO_ROOM, "Other"), errors.Forbidden),
        ((), errors.Forbidden),
    ],
)
async def test_a_denial_for_the_quota_alone_is_told_from_others_by_its_causes(
    server: ApiServer, kube: Kube, reasons: tuple[str, ...], error: type[errors.KubeError]
) -> None:
    causes = [{"reason": reason, "field": "spec", "message": "full"} for reason in reasons]

    def deny(*_: object) -> None:
        raise Refused(403, "Forbidden", "no", causes=causes)

    server.objects.admission.append(deny)
    with pytest.raises(error) as refused:
        await kube.create(CONFIG_MAPS, config_map("team-a", "one"))
    assert type(refused.value) is error
    assert [str(cause) for cause in refused.value.causes] == ["spec: full"] * len(reasons)


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LOST, Fault.HTML])
async def test_no_answer_and_no_json_are_outcome_unknown(server: ApiServer, kube: Kube, fault: Fault) -> None:
    server.fail(fault, method="POST")
    with pytest.raises(errors.Unavailable):
        await kube.create(CONFIG_MAPS, config_map("team-a", "one"))
    assert (server.get(CONFIG_MAPS, "one", "team-a") is not None) == (fault is Fault.LOST)


async def test_a_server_that_never_answers_is_given_up(server: ApiServer, kube: Kube) -> None:
    server.fail(Fault.HANGS)
    with pytest.raises(errors.Unavailable):
        await kube.call("GET", "/api/v1/configmaps", timeout=0.2)


async def test_nobody_looks_into_a_netrc_for_the_way_to_an_api_server(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    configuration = library.Configuration(host=server.url, api_key={"BearerToken": "Bearer ours"})
    async with Kube.by(configuration) as kube:
        assert (await kube.list(CONFIG_MAPS)).items == []


async def test_a_proxy_that_the_environment_names_is_gone_through(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "near.example.org")
    async with Kube.by(library.Configuration(host="http://far.example.org")) as kube:
        assert (await kube.list(CONFIG_MAPS)).items == []
    async with Kube.by(library.Configuration(host="http://near.example.org:1")) as kube:
        with pytest.raises(errors.Unavailable):
            await kube.call("GET", "/api/v1/configmaps", timeout=0.5)
    assert len(server.asked("GET", "configmaps")) == 1


async def test_a_list_of_large_objects_comes_in_small_pages_and_one_that_is_bounded_is_broken_off(
    server: ApiServer, kube: Kube
) -> None:
    """Whoever may write objects anywhere chooses how much memory it takes to list them."""
    for number in range(36):
        server.put(CONFIG_MAPS, {**config_map("team-a", f"large-{number}"), "data": {"a": "x" * 2**20}})
    assert len((await kube.list(CONFIG_MAPS, namespace="team-a")).items) == 36
    asked = server.asked("GET", "configmaps")
    assert len(asked) > 8
    with pytest.raises(errors.TooMuch):
        await kube.list(CONFIG_MAPS, namespace="team-a", most=2**20)
    assert len(server.asked("GET", "configmaps")) == len(asked) + 1
    assert len((await kube.list(CONFIG_MAPS, namespace="team-b", most=2**20)).items) == 0
