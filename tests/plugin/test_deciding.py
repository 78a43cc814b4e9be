"""`kubectl clusterdesk` for approvers: somebody decides instead of them, a vote is taken back, a glass is broken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from provisioning import approval_words
from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, TENANTS
from tests.builders import NAMESPACE, REQUEST, TENANT, tweak
from tests.plugin.terminal import ME, Terminal, at_a_terminal

NAME = REQUEST["metadata"]["name"]
LISTED = tweak(TENANT, "spec.members", [{"user": "ann", "slack": "U0ANN"}, {"user": "dave", "slack": "U0DAVE"}])


@asynccontextmanager
async def ben_at_a_terminal(folder: Path, **approval: object) -> AsyncIterator[Terminal]:
    async with at_a_terminal(folder) as ben:
        ben.server.put(TENANTS, tweak(LISTED, "spec.approval", {"required": 2, **approval}))
        ben.server.put(CLUSTER_REQUESTS, REQUEST)
        become(ben, "ben")
        yield ben


def become(terminal: Terminal, user: str) -> None:
    terminal.server.texts[ME] = json.dumps({"status": {"userInfo": {"username": user, "groups": []}}})


async def test_somebody_decides_instead_of_an_approver_until_it_is_stopped(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        code, out, _ = await ben.type("delegate dave --for=72h --reason=holidays")
        assert (code, out.startswith(f"dave decides for you in {NAMESPACE} until ")) == (0, True)
        (given,) = ben.server.all(APPROVAL_DELEGATIONS, NAMESPACE)
        assert given["spec"]["delegate"] == {"user": "dave", "slack": "U0DAVE"}
        assert given["spec"]["approver"] == {"user": "ben"}

        become(ben, "dave")
        code, out, _ = await ben.type(f"approve {NAME} --yes")
        assert (code, out.endswith("counts. 1 more approval needed.\n")) == (0, True)
        assert ben.requests[0]["status"]["votes"][0]["insteadOf"] == {"user": "ben"}
        become(ben, "cleo")
        _, out, _ = await ben.type(f"approve {NAME}", given="n\n")
        assert "1 of 2: dave for ben" in out

        become(ben, "ben")
        assert await ben.type("delegate --stop") == (0, approval_words.not_delegated(["dave"]) + "\n", "")
        assert ben.server.all(APPROVAL_DELEGATIONS, NAMESPACE) == []
        code, _, err = await ben.type("delegate --stop")
        assert (code, err) == (1, f"nobody decides for you in {NAMESPACE}\n")


async def test_who_is_to_decide_is_named_in_one_namespace_or_it_is_stopped(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        for line in ("delegate dave --stop", "delegate dave -A"):
            code, _, err = await ben.type(line)
            assert (code, err) == (1, "Say who is to decide instead of you, in one namespace; or --stop.\n")


async def test_who_decides_instead_of_whom_is_listed_by_both_and_ended_everywhere(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        nobody = "nobody decides instead of you, and you decide instead of nobody else\n"
        assert await ben.type("delegate") == (0, nobody, "")
        for namespace in (NAMESPACE, "team-z"):
            await ben.type(f"delegate dave --for=72h --reason=holidays --namespace={namespace}")
        over = tweak(ben.server.all(APPROVAL_DELEGATIONS, NAMESPACE)[0], "spec.until", "2020-01-01T00:00:00Z")
        ben.server.put(APPROVAL_DELEGATIONS, tweak(over, "metadata.name", "over"))

        for user, who in (("ben", ["dave", "you"]), ("dave", ["you", "ben"])):
            become(ben, user)
            _, out, _ = await ben.type("delegate")
            title, *rows = (line.split() for line in out.splitlines())
            assert title == ["decides", "instead", "of", "until", "why"]
            assert [(row[:2], row[-1]) for row in rows] == [(who, "holidays")], out
            _, out, _ = await ben.type("delegate -A")
            assert [row.split()[0] for row in out.splitlines()] == ["namespace", NAMESPACE, "team-z"]
        become(ben, "cleo")
        assert await ben.type("delegate -A") == (0, nobody, "")

        become(ben, "ben")
        _, out, _ = await ben.type("delegate -A -o name")
        assert len(out.splitlines()) == 2
        assert await ben.type("delegate --stop -A") == (0, approval_words.not_delegated(["dave"]) + "\n", "")
        assert await ben.type("delegate") == (0, nobody, "")
        assert await ben.type("delegate --stop -A") == (1, "", "nobody decides for you in any namespace\n")


async def test_the_webhooks_refusal_is_told_and_nothing_is_delegated(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        ben.server.fail(403, method="POST", plural="approvaldelegations")
        code, _, err = await ben.type("delegate zoe")
        assert (code, err) == (1, "nothing was delegated: ordered to answer 403\n")


async def test_a_vote_is_taken_back_as_long_as_nothing_is_decided(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path) as ben:
        assert (await ben.type(f"unvote {NAME}"))[2] == f"{approval_words.NOT_VOTED}\n"
        await ben.type(f"approve {NAME} --yes")
        assert await ben.type(f"unvote {NAME}") == (0, f"{approval_words.vote_taken_back('web')}\n", "")
        assert "votes" not in ben.requests[0]["status"]
        for user in ("ben", "cleo"):
            become(ben, user)
            await ben.type(f"approve {NAME} --yes")
        code, _, err = await ben.type(f"unvote {NAME} -o json")
        assert (code, err.startswith("Too late: ")) == (1, True)


async def test_a_glass_is_broken_with_a_reason_by_whom_the_tenant_names(tmp_path: Path) -> None:
    async with ben_at_a_terminal(tmp_path, breakGlass=[{"user": "ann"}]) as ann:
        code, _, err = await ann.type(f"approve {NAME} --break-glass --reason=down --yes")
        assert (code, err) == (1, f"{approval_words.NO_BREAK_GLASS}\n")
        become(ann, "ann")
        code, _, err = await ann.type(f"approve {NAME} --break-glass --yes")
        assert (code, err) == (1, f"{approval_words.REASON_WANTED}\n")
        code, _, _ = await ann.type(f"approve {NAME} --break-glass --reason=down --yes")
        status = ann.requests[0]["status"]
        assert (code, status["phase"]) == (0, "Approved")
        assert (status["votes"][0]["breakGlass"], status["votes"][0]["reason"]) == (True, "down")
