"""The wire: real TLS, real bodies, what is answered to what is no review, and how the door is left."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
import trustme
from structlog.testing import capture_logs

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import APPROVAL_DELEGATIONS, TENANT_CLUSTERS
from tests.webhooks.fakes import NOW, SlowWorld, ToldLedgers, World
from tests.webhooks.reviews import body, manifest
from webhooks import app as server
from webhooks import metrics
from webhooks.app import App
from webhooks.connections import Turnover
from webhooks.decision import Allow, Deny, refuse
from webhooks.facts import Facts
from webhooks.judge import Judge
from webhooks.policies import POLICIES
from webhooks.policy import Default, Policy, Rule
from webhooks.ports import Lookup
from webhooks.review import Request
from webhooks.trusted import Trusted

RULES = (Rule(TENANT_CLUSTERS),)
CLUSTER = manifest(TENANT_CLUSTERS, "web", {"ok": True})


def check(request: Request, facts: Facts) -> Any:
    spec = (request.object or {})["spec"]
    if "look" in spec:
        facts.get(TENANT_CLUSTERS, "other")
    if "boom" in spec:
        raise RuntimeError("a secret of ours")
    return Allow() if spec.get("ok") else refuse(Cause("spec.ok", "must be"))


def complete(_: Request, found: Manifest, __: Facts) -> Manifest:
    return {**found, "spec": {**found["spec"], "more": 1}}


@dataclass
class Door:
    app: App
    url: str
    session: aiohttp.ClientSession
    waits_for: list[str]
    """What the door is not ready for."""
    denied: list[tuple[str, str]]
    """Whose requests were refused, and why."""
    admitted: list[str] = field(default_factory=list)
    """The calls that may be stored now."""

    async def post(self, content: Any, *, path: str = "/validate?timeout=10s", **rest: Any) -> aiohttp.ClientResponse:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {"Content-Type": "application/json", **rest.pop("headers", {})}
        return await self.session.post(self.url + path, data=io.BytesIO(data), headers=headers, **rest)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def world() -> Lookup:
    return World()


@pytest.fixture
async def door(authority: trustme.CA, world: Lookup) -> AsyncIterator[Door]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    policy, default = Policy("p", RULES, check), Default("d", RULES, complete)
    judge = Judge((policy,), (default,), world, ToldLedgers(), Trusted(), now=lambda: NOW)
    waits_for: list[str] = []
    denied: list[tuple[str, str]] = []
    admitted: list[str] = []

    def note(request: Request, denial: Deny) -> None:
        denied.append((request.user.name, denial.reason))

    def hear(request: Request, _: Allow) -> None:
        if request.uid == "untold":
            raise RuntimeError("a bug of ours")
        admitted.append(request.uid)

    def why_not_ready() -> str | None:
        return waits_for[0] if waits_for else None

    app = App(judge, why_not_ready=why_not_ready, note=note, admitted=hear, in_flight_max=2)
    async with (
        server.serving(app, context, host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client)) as session,
    ):
        yield Door(app, f"https://127.0.0.1:{port}", session, waits_for, denied, admitted)


async def test_each_denial_is_noted_and_nothing_else_is(door: Door) -> None:
    await door.post(body(TENANT_CLUSTERS, CLUSTER))
    await door.post(body(TENANT_CLUSTERS, CLUSTER), path="/mutate?timeout=10s")
    await door.post(body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {})))
    assert door.denied == [("ann", "spec.ok: must be")]


async def test_what_is_admitted_is_heard_of_and_what_is_only_completed_is_not(door: Door) -> None:
    await door.post(body(TENANT_CLUSTERS, CLUSTER, uid="call-1"))
    await door.post(body(TENANT_CLUSTERS, CLUSTER, uid="call-2"), path="/mutate?timeout=10s")
    await door.post(body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {}), uid="call-3"))
    assert door.admitted == ["call-1"]


async def test_a_review_is_answered_with_its_own_uid(door: Door) -> None:
    response = await door.post(body(TENANT_CLUSTERS, CLUSTER, uid="abc"))
    assert response.status == 200
    assert response.content_type == "application/json"
    answer = await response.json()
    assert answer["apiVersion"] == "admission.k8s.io/v1"
    assert answer["response"] == {"uid": "abc", "allowed": True}


async def test_a_refusal_is_an_answer_and_leaves_one_line_in_the_log(door: Door) -> None:
    with capture_logs() as lines:
        response = await door.post(body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {})))
    status = (await response.json())["response"]["status"]
    assert (status["code"], status["message"]) == (403, "spec.ok: must be")
    (line,) = [line for line in lines if line["log_level"] != "debug"]
    assert (line["event"], line["decision"], line["name"], line["user"]) == ("review_answered", "deny", "web", "ann")


async def test_defaults_come_back_as_a_patch(door: Door) -> None:
    response = await door.post(body(TENANT_CLUSTERS, CLUSTER), path="/mutate?timeout=5s")
    answer = (await response.json())["response"]
    assert (answer["allowed"], answer["patchType"]) == (True, "JSONPatch")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{nonsense-of-the-caller",
        b"[]",
        {"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview"},
        {"apiVersion": "v1", "kind": "Pod"},
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"},
        b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
async def test_what_is_no_review_is_400_with_one_line_in_the_log_and_no_echo(door: Door, content: Any) -> None:
    with capture_logs() as lines:
        response = await door.post(content)
    assert response.status == 400
    assert await response.text() == "this is no AdmissionReview of admission.k8s.io/v1\n"
    assert [line["event"] for line in lines] == ["review_malformed"]
    assert "nonsense" not in str(lines)


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "zstd"])
async def test_what_says_that_it_is_packed_is_not_unpacked_and_leaves_no_trace(
    door: Door, packing: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = await door.post(b"no such thing", headers={"Content-Encoding": packing})
    assert response.status == 400
    assert not [record for record in caplog.records if record.exc_info]


async def test_eight_megabytes_are_too_much_and_the_door_stays_open(door: Door) -> None:
    with capture_logs() as lines:
        response = await door.post(b'{"pad": "' + b"x" * 8 * 1024 * 1024 + b'"}')
    assert response.status == 413
    assert "at most" in await response.text()
    assert [line["event"] for line in lines] == ["review_rejected"]
    assert (await door.post(body(TENANT_CLUSTERS, CLUSTER))).status == 200


async def test_two_large_objects_still_fit(door: Door) -> None:
    large = manifest(TENANT_CLUSTERS, "web", {"ok": True, "pad": "x" * 3 * 1024 * 1024})
    assert (await door.post(body(TENANT_CLUSTERS, large, old=large))).status == 200


async def test_another_content_type_is_415(door: Door) -> None:
    response = await door.post(body(TENANT_CLUSTERS, CLUSTER), headers={"Content-Type": "text/plain"})
    assert response.status == 415


async def test_a_bug_of_ours_admits_nothing_and_its_words_stay_in_the_log(door: Door) -> None:
    with capture_logs() as lines:
        response = await door.post(body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {"boom": 1})))
    answer = (await response.json())["response"]
    assert (answer["allowed"], answer["status"]["code"], answer["status"]["reason"]) == (False, 500, "InternalError")
    assert "secret" not in str(answer)
    assert [line["event"] for line in lines] == ["review_failed", "review_answered"]


async def test_a_bug_in_what_is_told_of_a_decision_changes_no_answer(door: Door) -> None:
    with capture_logs() as lines:
        response = await door.post(body(TENANT_CLUSTERS, CLUSTER, uid="untold"))
    assert (await response.json())["response"] == {"uid": "untold", "allowed": True}
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["review_not_told"]


async def test_a_bug_in_a_default_changes_nothing_and_is_no_reason_to_refuse(door: Door) -> None:
    with capture_logs() as lines:
        response = await door.post(body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web")), path="/mutate?timeout=5s")
    answer = (await response.json())["response"]
    assert answer["allowed"] is True
    assert "patch" not in answer
    assert "defaults were not filled in" in answer["warnings"][0]
    assert lines[0]["event"] == "review_failed"


async def test_a_body_that_does_not_come_is_not_waited_for(door: Door) -> None:
    async def never_ending() -> AsyncIterator[bytes]:
        yield b'{"apiVersion": '
        await asyncio.sleep(60)

    headers = {"Content-Type": "application/json"}
    response = await door.session.post(door.url + "/validate?timeout=600ms", data=never_ending(), headers=headers)
    assert response.status == 408


async def test_words_that_nobody_registered_for_make_no_time_series(door: Door) -> None:
    for odd in (
        {"operation": "ODD"},
        {"subResource": "odd"},
        {"resource": {"group": "odd", "version": "v1", "resource": "x"}},
    ):
        review = body(TENANT_CLUSTERS, CLUSTER)
        await door.post({**review, "request": {**review["request"], **odd}})
    samples = next(iter(metrics.REQUESTS.collect())).samples
    assert not [sample for sample in samples if "odd" in str(sample.labels).lower()]
    assert [sample for sample in samples if sample.labels["kind"] == "other"]


@pytest.mark.parametrize(("key", "value"), [("uid", None), ("name", ""), ("uid", 3)])
async def test_what_no_stored_object_lacks_is_asked_for_where_objects_are_stored_next(
    door: Door, key: str, value: Any
) -> None:
    bare = {**CLUSTER, "metadata": {**CLUSTER["metadata"], key: value}}
    assert (await door.post(body(TENANT_CLUSTERS, bare))).status == 400


async def test_an_old_object_has_a_revision_that_a_ledger_can_compare(door: Door) -> None:
    odd = {**CLUSTER, "metadata": {**CLUSTER["metadata"], "resourceVersion": "\u0663"}}
    assert (await door.post(body(TENANT_CLUSTERS, CLUSTER, old=odd))).status == 400
    assert (await door.post(body(TENANT_CLUSTERS, CLUSTER, old=CLUSTER))).status == 200


async def test_defaults_are_asked_before_there_is_a_uid(door: Door) -> None:
    bare = {**CLUSTER, "metadata": {"generateName": "web-", "namespace": "tenant-blue"}}
    assert (await door.post(body(TENANT_CLUSTERS, bare), path="/mutate?timeout=5s")).status == 200


async def test_other_paths_and_methods_are_not_there(door: Door) -> None:
    assert (await door.session.get(door.url + "/validate")).status == 405
    assert (await door.session.get(door.url + "/")).status == 404


class TestSlowly:
    @pytest.fixture
    def world(self) -> SlowWorld:
        return SlowWorld()

    async def test_the_callers_timeout_is_kept_with_a_margin(self, door: Door) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        looking = body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {"look": 1}))
        response = await door.post(looking, path="/validate?timeout=1s")
        status = (await response.json())["response"]["status"]
        assert (status["code"], status["details"]["retryAfterSeconds"]) == (429, 1)
        assert loop.time() - began < 0.95

    async def test_more_than_can_be_held_are_sent_back_at_once(self, door: Door, world: SlowWorld) -> None:
        looking = body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {"look": 1}))
        held = [asyncio.create_task(door.post(looking, path="/validate?timeout=2s")) for _ in range(2)]
        for _ in held:
            await world.arrived.get()
        answer = await (await door.post(looking)).json()
        assert answer["response"]["status"]["message"].startswith("too many")
        await asyncio.gather(*held)


async def test_healthy_is_not_yet_ready(door: Door) -> None:
    door.waits_for.append("not yet listed: tenants")
    assert (await door.session.get(door.url + "/healthz")).status == 200
    response = await door.session.get(door.url + "/readyz")
    assert (response.status, await response.text()) == (503, "not yet listed: tenants\n")


async def test_who_leaves_is_unready_at_once_but_still_answers_and_closes_the_connection(door: Door) -> None:
    before = await door.post(body(TENANT_CLUSTERS, CLUSTER))
    assert before.headers.get("Connection") != "close"
    door.app.leave()
    assert (await door.session.get(door.url + "/readyz")).status == 503
    response = await door.post(body(TENANT_CLUSTERS, CLUSTER))
    assert (response.status, response.headers["Connection"]) == (200, "close")


async def test_a_connection_that_has_lasted_is_closed_by_its_next_answer_and_the_one_after_it_goes_on(
    authority: trustme.CA,
) -> None:
    seen: list[object] = []

    class Third(Turnover):
        """A connection is over when it is used for the third time."""

        def is_over(self, connection: object, now: float) -> bool:
            seen.append(connection)
            return len([each for each in seen if each is connection]) >= 3

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    judge = Judge((Policy("p", RULES, check),), (), World(), ToldLedgers(), Trusted(), now=lambda: NOW)
    app = App(judge, why_not_ready=lambda: None, turnover=Third())
    async with (
        server.serving(app, context, host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client)) as session,
    ):
        door = Door(app, f"https://127.0.0.1:{port}", session, [], [])
        answers = []
        for _ in range(6):
            answers.append(await door.post(body(TENANT_CLUSTERS, CLUSTER)))
            await answers[-1].read()
    assert [answer.status for answer in answers] == [200] * 6
    assert [answer.headers.get("Connection") for answer in answers] == [None, None, "close"] * 2
    assert len({id(each) for each in seen}) == 2


async def test_what_is_never_refused_is_not_refused_under_load_or_by_a_fault_either(authority: trustme.CA) -> None:
    def broken(asked: Request, facts: Facts) -> Any:
        raise RuntimeError("a bug of ours")

    admitted: list[str] = []
    policies = [replace(policy, check=broken) for policy in POLICIES]
    judge = Judge(policies, (), World(), ToldLedgers(), Trusted(), now=lambda: NOW)
    app = App(judge, why_not_ready=lambda: None, admitted=lambda asked, _: admitted.append(asked.uid), in_flight_max=0)
    context, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(client)
    there = manifest(APPROVAL_DELEGATIONS, "away", {"until": "odd"})
    async with (
        server.serving(app, context, host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client)) as session,
    ):
        door = Door(app, f"https://127.0.0.1:{port}", session, [], [])
        answers = [
            (await (await door.post(body(APPROVAL_DELEGATIONS, new, old=there))).json())["response"]["allowed"]
            for new in (None, there)
        ]
    assert answers == [True, False]
    assert admitted == ["call-1"]


async def test_who_leaves_waits_until_nobody_comes_any_more(door: Door) -> None:
    loop = asyncio.get_running_loop()
    door.app.leave()
    await asyncio.sleep(0.3)
    came = loop.time()
    assert (await door.post(body(TENANT_CLUSTERS, CLUSTER))).status == 200
    await door.app.left_alone(0.3)
    assert loop.time() - came >= 0.3


async def test_what_is_under_way_when_the_door_closes_is_still_answered(authority: trustme.CA) -> None:
    held, go = asyncio.Event(), asyncio.Event()

    class Holding(World):
        async def find(self, query: Any, *, live: bool) -> Any:
            held.set()
            await go.wait()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    judge = Judge((Policy("p", RULES, check),), (), Holding(), ToldLedgers(), Trusted(), now=lambda: NOW)
    app = App(judge, why_not_ready=lambda: None)
    looking = body(TENANT_CLUSTERS, manifest(TENANT_CLUSTERS, "web", {"look": 1, "ok": True}))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client)) as session:
        async with server.serving(app, context, host="127.0.0.1", port=0) as port:
            door = Door(app, f"https://127.0.0.1:{port}", session, [], [])
            asking = asyncio.create_task(door.post(looking))
            await held.wait()
            app.leave()
            asyncio.get_running_loop().call_later(0.1, go.set)
        response = await asking
        assert (await response.json())["response"]["allowed"] is True


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("2s", 2),
        ("500ms", 0.5),
        ("", 10),
        ("-1s", 10),
        ("x", 10),
        ("1h", 10),
        ("999s", 30),
        ("\uff11s", 10),
    ],
)
def test_timeouts_are_read_as_the_api_server_writes_them(text: str, seconds: float) -> None:
    assert server.seconds(text) == seconds
