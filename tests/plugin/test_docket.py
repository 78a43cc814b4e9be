"""What waits for approval, what became of it, taking it back, and what it comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugin import course, docket
from provisioning import objects, resources, room
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest
from tests import builders
from tests.builders import CLUSTER, NAMESPACE, REQUEST, TENANT, tweak
from tests.plugin.terminal import Terminal, at_a_terminal
from tests.plugin.test_overview import rows

BENS = {"user": "ben", "slack": "U0BEN"}
WAITS = {"type": room.WAITS, "status": "True", "reason": room.NO_ROOM, "lastTransitionTime": "2026-08-03T10:00:00Z"}
VOTE = {"voter": BENS, "decision": "Deny", "reason": "no", "at": "2026-08-03T10:00:00Z"}


def request(name: str, at: str, *, by: Manifest | None = None, cluster: str = "api") -> Manifest:
    made = tweak(tweak(REQUEST, "metadata.name", name), "spec.cluster", cluster)
    made = tweak(tweak(made, "metadata.creationTimestamp", f"2026-08-03T{at}:00Z"), "metadata.uid", f"uid-{name}")
    return tweak(made, "spec.requester", by) if by else made


def put(ann: Terminal, manifest: Manifest, **status: Any) -> None:
    ann.server.put(resources.CLUSTER_REQUESTS, manifest, status=status or None)


def fill(ann: Terminal) -> None:
    """Two of Ann's and one of Ben's wait; one of each is decided."""
    put(ann, request("cr-bens", "08:00", by=BENS))
    put(ann, request("cr-first", "09:00"))
    put(ann, request("cr-second", "10:00", cluster="web"))
    put(ann, request("cr-denied", "07:00"), phase="Denied", votes=[VOTE], decidedAt="2026-08-03T10:00:00Z")
    put(ann, request("cr-others", "07:30", by=BENS), phase="Applied", decidedAt="2026-08-03T10:00:00Z")


async def test_requests_are_what_waits_ones_own_first_and_what_became_of_ones_others(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        fill(ann)
        code, out, err = await ann.type("requests")
        assert (code, err) == (0, "")
        assert [row[:5] for row in rows(out)] == [
            ["name", "cluster", "asks to", "status", "asked by"],
            ["cr-first", "api", "create", "Pending", "ann"],
            ["cr-second", "web", "create", "Pending", "ann"],
            ["cr-bens", "api", "create", "Pending", "ben"],
            ["cr-denied", "api", "create", "Denied", "ann"],
        ]
        _, out, _ = await ann.type("requests --all -o name")
        assert "clusterrequest.clusterdesk.dev/cr-others" in out.splitlines()[3:]
        _, out, _ = await ann.type("requests -o wide")
        assert ["ben deny", REQUEST["spec"]["digest"]] == rows(out)[-1][-2:]
        _, out, _ = await ann.type("requests -o json")
        assert [it["kind"] for it in json.loads(out)["items"]] == ["ClusterRequest"] * 4


def test_what_waits_is_in_the_order_of_time_and_what_is_decided_the_latest_first() -> None:
    late, early = request("cr-a", "10:00"), request("cr-b", "08:00")
    old, new = ({**request(f"cr-{at}", at), "status": {"phase": "Denied"}} for at in ("06:00", "07:00"))
    found = docket.ordered([late, old, early, new], builders.ANN, everybodys=False)
    assert [it["metadata"]["name"] for it in found] == ["cr-b", "cr-a", "cr-07:00", "cr-06:00"]


async def test_what_waits_for_room_stands_with_what_waits_for_approval(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        put(ann, request("cr-done", "11:00"), phase="Applied", decidedAt="2026-08-03T12:00:00Z")
        put(ann, request("cr-full", "10:00", cluster="web"), phase="Approved", conditions=[WAITS])
        _, out, _ = await ann.type("requests")
        assert [row[0] for row in rows(out)] == ["name", "cr-full", "cr-done"]
        assert "Approved, waits for room" in out.splitlines()[1]
        _, out, _ = await ann.type("list")
        assert out.splitlines()[0] == "web is approved, and waits for room in the quota (cr-full)"


async def test_where_nothing_is_asked_for_that_is_said(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, _ = await ann.type("requests")
    assert (code, out) == (0, "nothing waits, and nothing of yours has been decided\n")


@pytest.mark.parametrize("word", ["cr-second", "web"])
async def test_a_request_is_taken_back_by_its_name_or_by_that_of_its_cluster(tmp_path: Path, word: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        fill(ann)
        assert await ann.type(f"withdraw {word}") == (0, "Your request about web is withdrawn.\n", "")
        (stored,) = (it for it in ann.requests if it["metadata"]["name"] == "cr-second")
        assert stored["status"]["phase"] == "Withdrawn"
        code, _, err = await ann.type("withdraw cr-second")
        assert code == 1
        assert err.startswith("Too late: this request is already decided. It is Withdrawn")


async def test_what_was_asked_by_somebody_who_has_left_a_member_takes_back_by_its_name(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        put(ann, request("cr-gone", "08:00", by={"user": "olga", "slack": "U0OLGA"}))
        assert await ann.type("withdraw cr-gone") == (0, "The request of olga about api is withdrawn.\n", "")
        assert ann.requests[0]["status"]["withdrawnBy"] == {"user": "ann"}


async def test_what_is_approved_and_waits_for_room_is_taken_back_by_the_name_of_its_cluster(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        put(ann, request("cr-full", "10:00", cluster="web"), phase="Approved", conditions=[WAITS])
        assert await ann.type("withdraw web") == (0, "Your request about web is withdrawn.\n", "")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({}, "cr-a about api is not decided after 15m, and waits on"),
        ({"phase": "Approved"}, "cr-a about api is approved, and not carried out after 15m"),
        (
            {"phase": "Approved", "conditions": [WAITS]},
            "cr-a about api is approved, and waits for room in the quota, also after 15m",
        ),
        ({"phase": "Applied"}, ""),
    ],
)
def test_whoever_has_waited_long_enough_is_told_what_a_request_waits_for(status: Manifest, said: str) -> None:
    found = objects.read(ClusterRequest, {**request("cr-a", "10:00"), "status": status})
    assert course.underway(found, "15m") == said


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("cr-bens", "Only whoever asked can withdraw this request; once they are gone, any member can."),
        ("cr-denied", "Too late: this request is already decided. It is Denied, by ben, since 2026-08-03 10:00 UTC."),
        ("wob", f"no request of yours waits about wob in {NAMESPACE}; did you mean web?"),
    ],
)
async def test_what_cannot_be_taken_back_is_told_and_ends_with_1(tmp_path: Path, word: str, said: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        fill(ann)
        assert await ann.type(f"withdraw {word}") == (1, "", f"{said}\n")


async def test_a_cluster_that_several_requests_are_about_does_not_say_which(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        fill(ann)
        put(ann, request("cr-third", "11:00"))
        _, _, err = await ann.type("withdraw api")
    assert err == "several requests of yours about api wait; say which one: cr-first, cr-third\n"


async def test_programs_get_the_request_as_it_was_withdrawn(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        fill(ann)
        _, out, _ = await ann.type("withdraw web -o json")
    assert json.loads(out)["status"]["phase"] == "Withdrawn"


USED = {"clusters": 1, "nodes": 3, "vcpu": 6, "memory": "12Gi"}


async def test_a_quota_is_what_is_used_and_what_it_comes_to_if_all_that_waits_is_approved(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.put(resources.TENANTS, TENANT, status={"quota": {"used": USED}})
        put(ann, request("cr-first", "09:00"))
        code, out, err = await ann.type("quota")
        assert (code, err) == (0, "")
        assert rows(out) == [
            ["blue", "used", "if all that waits is approved (1)", "of"],
            ["clusters", "1", "2", "3"],
            ["nodes", "3", "6", "12"],
            ["vCPU", "6", "12", "40"],
            ["memory", "12Gi", "24Gi", "128Gi"],
        ]
        _, out, _ = await ann.type("quota -o json")
        told = json.loads(out)
    assert (told["tenant"], told["waiting"], told["hard"]) == ("blue", 1, TENANT["spec"]["quota"]["hard"])
    assert (told["used"]["vcpu"], told["ifApproved"]["vcpu"]) == (6, 12)


async def test_a_namespace_of_the_tenant_that_one_may_not_see_is_named(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.put(resources.TENANTS, tweak(TENANT, "spec.namespaces", [NAMESPACE, "elsewhere"]))
        ann.server.fail(403, method="GET", plural="clusterrequests", times=1)
        _, out, _ = await ann.type("quota")
    assert f"what waits in {NAMESPACE} is not in it: you may not see that namespace" in out


async def test_a_quota_is_no_object_that_has_a_name(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, _, err = await ann.type("quota -o name")
    assert (code, "no object that has a name" in " ".join(err.replace("│", " ").split())) == (2, True)


async def test_a_namespace_that_is_no_tenants_has_no_quota(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, _, err = await ann.type("quota -n elsewhere")
    assert (code, err.startswith("elsewhere is no tenant's namespace, or you may not see whose it is")) == (1, True)


async def test_add_ons_are_shown_with_what_there_is_to_choose_from(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, err = await ann.type("addons web")
    assert (code, err) == (0, "")
    assert rows(out) == [
        ["add-on", "installed", "in every cluster"],
        ["cilium", "yes", "yes"],
        ["cert-manager", "no", "no"],
    ]


async def test_add_ons_are_put_in_and_taken_out(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert await ann.type("addons web --add=cert-manager") == (0, "web: cilium -> cilium, cert-manager\n", "")
        assert await ann.type("addons web --remove=cert-manager") == (0, "web: cilium, cert-manager -> cilium\n", "")
        assert (ann.cluster() or {})["spec"] == CLUSTER["spec"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--add=cert-manger", "there is no add-on cert-manger; did you mean cert-manager?"),
        ("--remove=cilium", "every cluster has the add-on cilium: it cannot be taken out"),
        ("--add=cilium --remove=cilium", "say either --add or --remove of cilium"),
    ],
)
async def test_add_ons_that_cannot_be_so_are_told(tmp_path: Path, flags: str, said: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert await ann.type(f"addons web {flags}") == (1, "", f"{said}\n")


async def test_who_may_not_read_the_catalog_hears_it_from_the_webhook(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.fail(403, plural="catalogs")
        ann.rules.wrong = [("spec.addOns", "there is no add-on nginx")]
        code, _, err = await ann.type("addons web --add=nginx")
    assert (code, err) == (1, "web was not changed: spec.addOns: there is no add-on nginx\n")


async def test_workers_of_another_size_are_told_by_their_pool(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        done = await ann.type("resize web --flavor=large")
        assert done == (0, "web: the workers of md0 small -> large\n", "")
        assert (ann.cluster() or {})["spec"]["pools"][0]["flavor"] == "large"
        code, _, err = await ann.type("resize web --flavor=large --pool=gpu")
        assert (code, err) == (1, "there is no pool gpu; there is md0\n")


@pytest.mark.parametrize(
    ("approvers", "approval"),
    [([], {}), ([{"user": "ann"}], {}), ([{"user": "ben"}], {"required": 2})],
    ids=["nobody", "only oneself", "too few"],
)
async def test_what_nobody_can_approve_is_told_and_ends_with_1(
    tmp_path: Path, approvers: list[Manifest], approval: Manifest
) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        tenant = tweak(TENANT, "spec.approvers", approvers)
        ann.server.put(resources.TENANTS, tweak(tenant, "spec.approval", approval))
        code, out, err = await ann.type("resize web --flavor=large --wait --timeout=60s")
        (made,) = ann.requests
        name = made["metadata"]["name"]
    assert code == 1
    assert out.startswith(f"{name}: a change of web is asked for")
    assert err.startswith(f"{name} cannot be approved as things are: ")
    assert err.endswith(f"kubectl clusterdesk withdraw {name} -n {NAMESPACE}\n")


@pytest.mark.parametrize(
    ("group", "said"), [({"group": "leads"}, "group leads"), ({"slackGroup": "S0LEADS"}, "Slack's group S0LEADS")]
)
async def test_a_group_of_approvers_may_be_of_any_number(tmp_path: Path, group: Manifest, said: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        tenant = tweak(TENANT, "spec.approvers", [group])
        ann.server.put(resources.TENANTS, tweak(tenant, "spec.approval", {"required": 3}))
        code, out, err = await ann.type("resize web --flavor=large")
    assert (code, err) == (0, "")
    assert said in out


async def test_who_decides_about_what_is_large_is_named_and_how_where_not_in_slack(tmp_path: Path) -> None:
    line = {"above": {"vcpu": 20}, "required": 2, "approvers": [{"user": "dave"}, {"user": "eve"}], "inSlack": False}
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        ann.server.put(resources.TENANTS, tweak(TENANT, "spec.approval", {"large": line}))
        code, out, err = await ann.type("resize web --flavor=large")
        assert (code, err) == (0, "")
        assert "2 approvers of tenant blue must agree: dave, eve" in out
        name = ann.requests[0]["metadata"]["name"]
        assert f"they approve it with: kubectl clusterdesk approve {name} -n {NAMESPACE}" in out
        _, out, _ = await ann.type("scale web --replicas=4")
        assert "1 approver of tenant blue must agree: ben, cleo" in out
        assert "they decide in Slack, or with: kubectl clusterdesk approve" in out
