"""A cluster is given up at a terminal while it is set up, or before it is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioning import giving_up, names
from provisioning.manifest import Manifest
from provisioning.resources import CLUSTER_REQUESTS, TENANT_CLUSTERS, TENANTS
from tests import builders
from tests.builders import CLUSTER, NAMESPACE, TENANT, tweak
from tests.plugin.terminal import ME, Terminal, at_a_terminal
from tests.provisioning.waiting import running, until

MINE = tweak(
    tweak(CLUSTER, "metadata.annotations", {names.REQUESTED_BY_ANNOTATION: "ann"}), "status.initialized", False
)


def put(ann: Terminal, name: str, **status: Any) -> None:
    ann.server.put(CLUSTER_REQUESTS, tweak(builders.REQUEST, "metadata.name", name), status=status or None)


@asynccontextmanager
async def provisioner(ann: Terminal, **status: Any) -> AsyncIterator[None]:
    """What it makes of the request that somebody is about to send."""

    async def act() -> None:
        await until(lambda: ann.requests)
        name = ann.requests[0]["metadata"]["name"]
        ann.server.patch(CLUSTER_REQUESTS, name, NAMESPACE, {"status": status}, "status")
        await asyncio.Event().wait()

    async with running(act()):
        yield


async def test_who_asked_for_it_gives_it_up_by_a_request_once_they_have_said_that_they_mean_it(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, MINE) as ann:
        code, _, err = await ann.type("cancel web", given="n\n")
        assert (code, err.endswith("web is not cancelled\n"), ann.requests) == (1, True, [])
        async with provisioner(ann, phase="Applied", waiver=giving_up.RULE):
            code, out, _ = await ann.type("cancel web --reason='the wrong size'", given="y\n")
        assert (code, out.endswith("web is cancelled, and is being deleted\n")) == (0, True)
        (asked,) = ann.requests
    spec = asked["spec"]
    assert (spec["action"], spec["cluster"], spec["requester"]["user"]) == ("Delete", "web", "ann")
    assert spec["reason"] == "the wrong size"


async def test_when_it_became_ready_first_that_is_said(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, MINE) as ann:
        async with provisioner(ann, phase="Failed", message=giving_up.TOO_LATE):
            code, _, err = await ann.type("cancel web --yes")
        assert (code, err) == (1, f"web could not be applied: {giving_up.TOO_LATE}\n")
        assert ann.cluster() is not None


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (tweak(MINE, "status.initialized", True), "web was ready already, so it cannot be cancelled any more."),
        (CLUSTER, "web may have been ready already, so it cannot be cancelled any more."),
        (tweak(MINE, "spec.deletionProtection", True), "web is protected from deletion, so it cannot be cancelled."),
        (
            tweak(MINE, "metadata.annotations", {names.REQUESTED_BY_ANNOTATION: "eva"}),
            "Only eva, who asked for it, and those who decide for blue can cancel web.",
        ),
    ],
)
async def test_what_cannot_be_given_up_is_told_and_ends_with_1(tmp_path: Path, cluster: Manifest, said: str) -> None:
    async with at_a_terminal(tmp_path, cluster) as ann:
        code, out, err = await ann.type("cancel web --yes")
        assert (code, out, err.startswith(said)) == (1, "", True)
        assert ann.requests == []


async def test_who_decides_by_a_group_gives_it_up_at_once(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, tweak(MINE, "metadata.annotations", {})) as ann:
        ann.server.put(TENANTS, tweak(TENANT, "spec.approvers", [{"group": "leads"}]))
        ann.server.texts[ME] = json.dumps({"status": {"userInfo": {"username": "ann", "groups": ["leads"]}}})
        assert await ann.type("cancel web --yes") == (0, "web is cancelled, and is being deleted\n", "")
        assert (ann.cluster(), ann.requests) == (None, [])


@pytest.mark.parametrize("word", ["web", "cr-mine"])
async def test_a_request_for_a_new_cluster_that_waits_is_withdrawn(tmp_path: Path, word: str) -> None:
    async with at_a_terminal(tmp_path, tweak(CLUSTER, "metadata.name", "other")) as ann:
        put(ann, "cr-mine")
        assert await ann.type(f"cancel {word}") == (0, "Your request about web is withdrawn.\n", "")
        assert ann.requests[0]["status"]["phase"] == "Withdrawn"


@pytest.mark.parametrize("word", ["web", "cr-mine"])
async def test_a_dry_run_of_what_waits_says_what_would_be_withdrawn_and_leaves_it(tmp_path: Path, word: str) -> None:
    async with at_a_terminal(tmp_path, tweak(CLUSTER, "metadata.name", "other")) as ann:
        put(ann, "cr-mine")
        said = "Your request about web is withdrawn. (server dry run)\n"
        assert await ann.type(f"cancel {word} --dry-run=server") == (0, said, "")
        assert ann.requests[0].get("status", {}).get("phase", "Pending") == "Pending"


async def test_programs_read_the_request_that_is_withdrawn(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, tweak(CLUSTER, "metadata.name", "other")) as ann:
        put(ann, "cr-mine")
        for flags in ("--dry-run=server -o json", "-o json"):
            code, out, err = await ann.type(f"cancel web {flags}")
            told = json.loads(out)
            assert (code, err, told["metadata"]["name"], told["status"]["phase"]) == (0, "", "cr-mine", "Withdrawn")
        assert ann.requests[0]["status"]["phase"] == "Withdrawn"


async def test_what_is_approved_and_not_made_yet_is_cancelled_once_it_is_there(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, tweak(CLUSTER, "metadata.name", "other")) as ann:
        put(ann, "cr-mine", phase="Approved")
        told = "web is accepted and starts in a moment. You can cancel it once it is being set up.\n"
        assert await ann.type("cancel web --yes") == (1, "", told)


async def test_a_dry_run_gives_nothing_up(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, MINE) as ann:
        code, out, _ = await ann.type("cancel web --dry-run=server")
        assert (code, out) == (0, "web is cancelled, and is being deleted (server dry run)\n")
        assert ann.requests == []
    assert TENANT_CLUSTERS.plural not in " ".join(ann.written())
