"""`kubectl clusterdesk approve` and `deny`: who may, in which words one may not, and what stands there afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plugin import voting
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import approval_words, errors
from provisioning.lifecycle import Reason
from provisioning.model import ClusterRequest, Decision, Phase
from provisioning.objects import read
from provisioning.resources import CATALOGS, CLUSTER_REQUESTS, NAMESPACES, TENANTS
from tests.builders import CATALOG, NAMESPACE, REQUEST, TENANT, tweak
from tests.fakes.api_server import ApiServer, Fault
from tests.plugin.terminal import ME, Terminal, at_a_terminal

NAME = REQUEST["metadata"]["name"]


@dataclass
class Stage:
    server: ApiServer
    session: Session

    def am(self, user: str, *groups: str) -> None:
        """Whose kubeconfig it is."""
        self.server.texts[ME] = json.dumps({"status": {"userInfo": {"username": user, "groups": list(groups)}}})

    def tenant(self, path: str = "", value: Any = None) -> None:
        self.server.put(TENANTS, tweak(TENANT, path, value) if path else TENANT)

    def stored(self) -> ClusterRequest:
        found = self.server.get(CLUSTER_REQUESTS, NAME, NAMESPACE)
        assert found is not None
        return read(ClusterRequest, found).it

    async def vote(self, decision: Decision = Decision.APPROVE, *, reason: str = "") -> str:
        shown = await voting.paper(self.session, NAME)
        request = await voting.cast(self.session, shown, decision, reason=reason)
        return voting.counted(request, shown, decision)


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    async with ApiServer() as server, server.kube() as kube:
        stage = Stage(server, Session(kube, NAMESPACE))
        labels = {"clusterdesk.dev/tenant": "blue"}
        server.put(NAMESPACES, {"metadata": {"name": NAMESPACE, "labels": labels}})
        server.put(CATALOGS, CATALOG)
        server.put(CLUSTER_REQUESTS, REQUEST)
        stage.tenant()
        stage.am("ben")
        yield stage


async def test_the_last_approval_that_was_missing_decides() -> None:
    async with staged() as stage:
        stage.tenant("spec.approval", {"required": 2})
        assert await stage.vote() == "Your approval of the request about web counts. 1 more approval needed."
        assert stage.stored().status.phase is Phase.PENDING
        stage.am("cleo")
        assert await stage.vote() == "Your approval of the request about web counts."
    status = stage.stored().status
    assert status.phase is Phase.APPROVED
    # Whoever comes by kubectl says nothing of Slack: the webhook takes nobody's word for that.
    assert [(vote.voter.user, vote.voter.slack) for vote in status.votes] == [("ben", ""), ("cleo", "")]


async def test_one_denial_ends_it_with_the_reason() -> None:
    async with staged() as stage:
        assert await stage.vote(Decision.DENY, reason="too dear") == "Your denial of the request about web counts."
    status = stage.stored().status
    assert (status.phase, status.message, status.votes[0].reason) == (Phase.DENIED, "too dear", "too dear")


@pytest.mark.parametrize(
    ("user", "reason"), [("ann", Reason.OWN_REQUEST), ("dave", Reason.NOT_AN_APPROVER)], ids=["requester", "stranger"]
)
async def test_who_may_not_decide_is_told_in_the_words_of_slack_before_anything_is_written(
    user: str, reason: Reason
) -> None:
    async with staged() as stage:
        stage.am(user)
        with pytest.raises(NotDone, match=approval_words.REFUSALS[reason]):
            await stage.vote()
        assert stage.server.asked("PUT") == []


async def test_a_group_of_approvers_decides_by_kubectl() -> None:
    async with staged() as stage:
        stage.tenant("spec.approvers", [{"group": "deciders"}])
        stage.am("dave", "deciders")
        await stage.vote()
    assert stage.stored().status.phase is Phase.APPROVED


LARGE = {"above": {"vcpu": 5}, "required": 2, "approvers": [{"user": "dave"}, {"user": "eve"}], "inSlack": False}
"""The cluster that is asked for here comes to 6."""


async def test_a_large_request_takes_those_whom_the_tenant_names_for_it() -> None:
    async with staged() as stage:
        stage.tenant("spec.approval", {"large": LARGE})
        with pytest.raises(NotDone, match=approval_words.NOT_AN_APPROVER):
            await stage.vote()
        stage.am("dave")
        assert await stage.vote() == "Your approval of the request about web counts. 1 more approval needed."
        stage.am("eve")
        assert await stage.vote() == "Your approval of the request about web counts."
    assert stage.stored().status.phase is Phase.APPROVED


async def test_how_large_it_is_nobody_can_tell_who_may_not_read_the_catalog() -> None:
    async with staged() as stage:
        stage.am("dave")
        stage.tenant("spec.approval", {"large": LARGE})
        stage.server.fail(403, method="GET", plural="catalogs")
        with pytest.raises(NotDone, match=r"nobody can tell here how large it is, .* clusterdesk-reader"):
            await stage.vote()


async def test_a_second_vote_is_refused_not_repeated() -> None:
    async with staged() as stage:
        stage.tenant("spec.approval", {"required": 2})
        await stage.vote()
        with pytest.raises(NotDone, match=approval_words.ALREADY_VOTED):
            await stage.vote()


async def test_whoever_comes_too_late_hears_what_was_decided_and_by_whom() -> None:
    async with staged() as stage:
        await stage.vote(Decision.DENY, reason="too dear")
        stage.am("cleo")
        with pytest.raises(NotDone, match=r"Too late: .* It is Denied, by ben, since 20\d\d-.* UTC\."):
            await stage.vote()


async def test_what_is_written_in_between_is_decided_again() -> None:
    async with staged() as stage:
        stage.tenant("spec.approval", {"required": 2})
        mine = await voting.paper(stage.session, NAME)
        stage.am("cleo")
        await stage.vote()
        stage.am("ben")
        stage.server.fail(409, method="PUT")
        request = await voting.cast(stage.session, mine, Decision.APPROVE)
    assert request.it.status.phase is Phase.APPROVED
    assert len(stage.stored().status.votes) == 2


async def test_a_vote_is_for_what_was_shown_and_for_nothing_that_took_its_name() -> None:
    async with staged() as stage:
        shown = await voting.paper(stage.session, NAME)
        stage.server.remove(CLUSTER_REQUESTS, NAME, NAMESPACE)
        stage.server.put(CLUSTER_REQUESTS, tweak(REQUEST, "spec.digest", "sha256:" + "f" * 64))
        with pytest.raises(NotDone, match=approval_words.REFUSALS[Reason.CHANGED]):
            await voting.cast(stage.session, shown, Decision.APPROVE)
        assert stage.stored().status.votes == ()
        stage.server.remove(CLUSTER_REQUESTS, NAME, NAMESPACE)
        with pytest.raises(NotDone, match=approval_words.GONE):
            await voting.cast(stage.session, shown, Decision.APPROVE)


async def test_where_the_tenant_may_not_be_seen_it_says_which_right_is_missing() -> None:
    async with staged() as stage:
        stage.server.fail(403, method="GET", plural="tenants")
        with pytest.raises(NotDone, match="clusterdesk-reader"):
            await stage.vote()


async def test_the_webhooks_refusal_is_passed_on_with_its_reason() -> None:
    async with staged() as stage:
        shown = await voting.paper(stage.session, NAME)
        stage.server.fail(403, method="PUT")
        with pytest.raises(NotDone, match="your vote does not count: ordered to answer 403"):
            await voting.cast(stage.session, shown, Decision.APPROVE)


async def test_a_lost_answer_does_not_count_twice_and_no_answer_is_said_as_in_slack() -> None:
    async with staged() as stage:
        shown = await voting.paper(stage.session, NAME)
        stage.server.fail(Fault.DROPPED, method="GET", plural="clusterrequests", times=5)
        with pytest.raises(errors.Unavailable) as raised:
            await voting.cast(stage.session, shown, Decision.APPROVE)
        assert raised.value.message.startswith(approval_words.NOT_DECIDED)
        stage.server.heal()
        stage.server.fail(Fault.LOST, method="PUT")
        await voting.cast(stage.session, shown, Decision.APPROVE)
    assert len(stage.stored().status.votes) == 1


@asynccontextmanager
async def ben_at_a_terminal(folder: Path) -> AsyncIterator[Terminal]:
    async with at_a_terminal(folder) as ben:
        ben.server.texts[ME] = json.dumps({"status": {"userInfo": {"username": "ben", "groups": []}}})
        ben.server.put(CLUSTER_REQUESTS, REQUEST)
        yield ben


async def test_it_shows_what_it_is_and_asks_whether_it_is_meant(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        for given in ("n\n", ""):
            code, out, err = await ben.type(f"approve {NAME}", given=given)
            assert code == 1
            assert out.startswith("ann asks for a new cluster web in team-a, of tenant blue\n")
        assert "status" not in ben.requests[0]
        code, out, err = await ben.type(f"approve {NAME}", given="y\n")
        assert (code, err) == (0, "")
        assert out.endswith("Approve this? [y/N]: y\nYour approval of the request about web counts.\n")
        assert ben.requests[0]["status"]["phase"] == "Approved"


async def test_programs_get_the_request_and_nothing_else(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        code, out, err = await ben.type(f"approve {NAME} --yes -o json")
        assert (code, json.loads(out)["status"]["phase"]) == (0, "Approved")
        assert "ann asks for a new cluster" in err
        code, out, err = await ben.type(f"approve {NAME} --yes -o yaml")
        assert (code, out) == (1, "")
        assert err.startswith(approval_words.TOO_LATE)


@pytest.mark.parametrize("reason", ["", "' '", "x" * 1001])
async def test_a_denial_says_why_in_so_many_words(tmp_path: Path, reason: str) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        code, _, err = await ben.type(f"deny {NAME} --yes --reason={reason}")
        assert code == 1
        assert err.startswith(approval_words.REASON_WANTED)
        assert "status" not in ben.requests[0]
        code, _, _ = await ben.type(f"deny {NAME} --yes --reason='too dear'")
        assert (code, ben.requests[0]["status"]["message"]) == (0, "too dear")


async def test_what_is_not_there_is_gone(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        code, _, err = await ben.type("approve cr-nothing")
        nothing = f"there is no ClusterRequest cr-nothing in {NAMESPACE}, and none waits about such a cluster\n"
        assert (code, err) == (1, nothing)


async def test_a_request_is_found_by_its_cluster_as_long_as_one_alone_waits_about_it(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        other = tweak(REQUEST, "metadata.name", "cr-other")
        ben.server.put(CLUSTER_REQUESTS, other)
        code, _, err = await ben.type("approve web --yes")
        assert (code, err) == (1, f"several requests about web wait; say which one: {NAME}, cr-other\n")
        ben.server.put(CLUSTER_REQUESTS, other, status={"phase": "Denied"})
        code, out, _ = await ben.type("approve web --yes")
        assert (code, out.splitlines()[-1].startswith("Your approval of the request about web counts.")) == (0, True)
        voted = {it["metadata"]["name"]: it["status"].get("votes") for it in ben.requests}
        assert [name for name, votes in voted.items() if votes] == [NAME]
