"""`kubectl clusterdesk access`: a certificate for a key that stays here, or nothing at all."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugin import entering
from plugin.entering import Entry
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import errors
from provisioning.manifest import Manifest
from provisioning.model import AccessRole
from provisioning.resources import CLUSTER_ACCESSES
from tests.builders import NAMESPACE
from tests.fakes.api_server import ApiServer, Fault
from tests.fakes.objects import Kind
from tests.plugin.terminal import ME, at_a_terminal
from tests.provisioning.accesses import REQUEST, access

WEB = Entry("web", AccessRole.VIEWER, "8h")
SOON = timedelta(seconds=5)
AT_ONCE = timedelta(seconds=0.1)


@asynccontextmanager
async def staged() -> AsyncIterator[tuple[ApiServer, Session]]:
    async with ApiServer() as server, server.kube() as kube:
        review = {"status": {"userInfo": {"username": "Ann@example.com", "groups": []}}}
        server.texts[ME] = json.dumps(review)
        yield server, Session(kube, NAMESPACE)


def condition(reason: str, message: str = "", *, ready: bool = False, stalled: bool = False) -> dict[str, Any]:
    at = "2026-08-03T09:00:00Z"
    pairs = (("Ready", ready), ("Stalled", stalled))
    return {
        "conditions": [
            {"type": type_, "status": str(it), "reason": reason, "message": message, "lastTransitionTime": at}
            for type_, it in pairs
        ]
    }


async def enter(server: ApiServer, session: Session, status: dict[str, Any] | None = None) -> Manifest:
    """Ask, and wait for what becomes of it, when this is said of it at once."""
    async with entering.asked(session, WEB, request=REQUEST) as name:
        if status is not None:
            server.patch(CLUSTER_ACCESSES, name, NAMESPACE, {"status": status}, "status")
        return await entering.issued(session, name, timeout=AT_ONCE if status else SOON)


def left(server: ApiServer) -> list[str]:
    return [item["metadata"]["name"] for item in server.all(CLUSTER_ACCESSES, NAMESPACE)]


async def test_it_asks_for_oneself_and_comes_back_with_the_certificate() -> None:
    async with staged() as (server, session), entering.asked(session, WEB, request=REQUEST) as name:
        server.patch(CLUSTER_ACCESSES, name, NAMESPACE, {"status": condition("Issued", ready=True)}, "status")
        made = await entering.issued(session, name, timeout=SOON)
    assert made["spec"] == {
        "cluster": "web",
        "user": "Ann@example.com",
        "role": "Viewer",
        "request": REQUEST,
        "validFor": "8h",
    }
    assert name.startswith("web-ann-example-com-")
    assert left(server) == [name]


async def test_what_is_waited_for_is_told_and_after_a_while_it_gives_up_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with staged() as (server, session):
        with pytest.raises(NotDone, match=r"there is no certificate after 0s: the cluster web is asleep"):
            await enter(server, session, condition("Waiting", "the cluster web is asleep"))
        assert left(server) == []
    waiting, back = capsys.readouterr().err.splitlines()
    assert waiting == "Waiting: the cluster web is asleep"
    assert re.fullmatch(r"The ClusterAccess web-ann-\S+ was taken back; nothing of it is left\.", back)


async def test_a_refusal_for_good_is_not_waited_for() -> None:
    async with staged() as (server, session):
        with pytest.raises(NotDone, match="you get no access to web: its key is weak"):
            await enter(server, session, condition("Refused", "its key is weak", stalled=True))
        assert left(server) == []


async def test_the_webhooks_refusal_is_passed_on_and_nothing_is_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    async with staged() as (server, session):
        server.fail(403, method="POST", plural="clusteraccesses")
        with pytest.raises(NotDone, match="you get no access to web: ordered to answer 403"):
            await enter(server, session)
        assert server.asked("DELETE") == []
    assert capsys.readouterr().err == ""


async def test_whoever_presses_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        command = (sys.executable, "-m", "plugin", "access", "web", f"--kubeconfig={ann.kubeconfig}")
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=tmp_path)
        async with asyncio.timeout(30):
            while not (there := left(ann.server)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
        assert (process.returncode, out, left(ann.server)) == (130, b"", [])
    assert f"The ClusterAccess {there[0]} was taken back; nothing of it is left." in err.decode()
    assert "Traceback" not in err.decode()
    assert [file.name for file in tmp_path.iterdir()] == [ann.kubeconfig.name]


async def test_what_cannot_be_taken_back_is_named_with_the_way_to_take_it_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with staged() as (server, session):
        server.fail(503, method="DELETE")
        with pytest.raises(NotDone, match="its key is weak"):
            await enter(server, session, condition("Refused", "its key is weak", stalled=True))
        (name,) = left(server)
    told = capsys.readouterr().err
    assert f"The ClusterAccess {name} may be left" in told
    assert f"kubectl clusterdesk access web --revoke -n {NAMESPACE}" in told


async def test_a_request_whose_answer_is_lost_is_taken_back_by_its_name() -> None:
    async with staged() as (server, session):
        server.fail(Fault.LOST, method="POST", plural="clusteraccesses")
        with pytest.raises(errors.Unavailable):
            await enter(server, session)
        assert left(server) == []


async def test_an_api_server_that_stumbles_does_not_end_the_wait() -> None:
    async with staged() as (server, session), entering.asked(session, WEB, request=REQUEST) as name:
        server.patch(CLUSTER_ACCESSES, name, NAMESPACE, {"status": condition("Issued", ready=True)}, "status")
        server.fail(503, method="GET")
        await entering.issued(session, name, timeout=SOON)


async def test_one_revokes_all_ones_own_to_the_cluster_and_nobody_elses() -> None:
    async with staged() as (server, session):
        mine, other = {"user": "Ann@example.com"}, condition("Revoked", stalled=True)
        for name, spec in (
            ("one", mine),
            ("two", mine),
            ("elsewhere", {**mine, "cluster": "api"}),
            ("hers", {"user": "eva"}),
        ):
            server.put(CLUSTER_ACCESSES, access(name, **spec))
        for name in ("one", "two"):
            server.patch(CLUSTER_ACCESSES, name, NAMESPACE, {"status": other}, "status")
        found = await entering.revoke(session, "web", timeout=SOON)
        revoked = {
            item["metadata"]["name"] for item in server.all(CLUSTER_ACCESSES) if item["spec"].get("revoked", False)
        }
    assert revoked == {"one", "two"} == {item["metadata"]["name"] for item in found}


async def test_revoked_is_said_only_when_it_is_of_no_effect_any_more() -> None:
    async with staged() as (server, session):
        server.put(CLUSTER_ACCESSES, access("one", user="Ann@example.com"))
        pending = condition("Revoked", "the cluster web is asleep")
        server.patch(CLUSTER_ACCESSES, "one", NAMESPACE, {"status": pending}, "status")
        with pytest.raises(NotDone, match="may still be of effect in web after 0s: the cluster web is asleep"):
            await entering.revoke(session, "web", timeout=AT_ONCE)


async def test_who_has_none_is_told_so() -> None:
    async with staged() as (server, session):
        server.put(CLUSTER_ACCESSES, access("old", user="Ann@example.com", revoked=True))
        with pytest.raises(NotDone, match="you have no access to web in team-a that could be taken away"):
            await entering.revoke(session, "web", timeout=SOON)


async def test_a_kubeconfig_with_the_key_is_written_and_said_where(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    async with at_a_terminal(tmp_path) as ann:
        ann.server.objects.admission.append(issue_at_once)
        code, out, err = await ann.type(f"access web --role=admin --for=1h --out={file}")
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            f"You are Admin of web until 2030-01-01 09:00 UTC. Your key is in {file}: keep it to yourself.",
            f"Use it with: kubectl --kubeconfig {file} get pods --all-namespaces",
        ]
        code, out, err = await ann.type(f"access web --out={file}")
        assert (code, out) == (1, "")
        assert f"{file} exists already" in err
        code, out, err = await ann.type(f"access web --out={file} --force -o json")
        assert (code, json.loads(out)["spec"]["role"]) == (0, "Viewer")
    (user,) = yaml.safe_load(file.read_text())["users"]
    assert base64.b64decode(user["user"]["client-key-data"]).startswith(b"-----BEGIN PRIVATE KEY-----")
    assert "PRIVATE" not in out


async def test_merged_it_is_one_more_context(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.objects.admission.append(issue_at_once)
        code, out, err = await ann.type("access web --merge")
        assert (code, err) == (0, "")
        assert out.splitlines()[1] == "Use it with: kubectl --context clusterdesk/team-a/web get pods --all-namespaces"
        made = yaml.safe_load(ann.kubeconfig.read_text())
        assert [context["name"] for context in made["contexts"]] == ["here", "clusterdesk/team-a/web"]
        code, out, _ = await ann.type("access --list")
    titles, row = (line.split() for line in out.splitlines())
    assert titles == ["name", "cluster", "user", "role", "state", "until"]
    assert row[1:] == ["web", "ann", "Viewer", "Issued", "2030-01-01", "09:00", "UTC"]


@pytest.mark.parametrize(
    "line", ["access", "access web --list --revoke", "access web --merge --out=f", "access web --for=soon"]
)
async def test_what_is_not_understood_asks_for_nothing(tmp_path: Path, line: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert (await ann.type(line))[0] == 2
        assert ann.server.requests == []


def issue_at_once(operation: str, kind: Kind, new: Manifest | None, old: Manifest | None, dry_run: bool) -> None:
    """Stands for the provisioner."""
    if kind.plural == CLUSTER_ACCESSES.plural and operation == "CREATE" and new is not None:
        issued = {"certificate": "C", "authority": "A", "server": "https://web", "expiresAt": "2030-01-01T09:00:00Z"}
        new["status"] = {**condition("Issued", ready=True), **issued}
