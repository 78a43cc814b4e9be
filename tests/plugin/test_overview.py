"""`list` and `show`: how what there is looks on a terminal and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from provisioning import names, resources
from provisioning.manifest import Manifest
from tests.builders import CLUSTER, NAMESPACE, REQUEST, tweak
from tests.plugin.terminal import at_a_terminal


def condition(type_: str, status: str, reason: str = "Ready", message: str = "") -> Manifest:
    when = {"lastTransitionTime": "2026-08-03T09:00:00Z", "observedGeneration": 1}
    return {"type": type_, "status": status, "reason": reason, "message": message, **when}


WEB: Manifest = {
    **tweak(CLUSTER, "metadata.annotations", {names.REQUESTED_BY_ANNOTATION: "ann"}),
    "status": {
        "conditions": [condition("Ready", "True")],
        "version": "v1.35.1",
        "nodes": {"ready": 2, "wanted": 2},
        "endpoint": "https://10.0.0.1:6443",
        "expiresAt": "2026-08-05T09:00:00Z",
        "inventory": ["Cluster.cluster.x-k8s.io/web"],
        "steps": [{"name": "Control plane", "state": "Done"}],
    },
}
STUCK: Manifest = {
    **tweak(CLUSTER, "metadata.name", "build"),
    "status": {
        "conditions": [
            condition("Ready", "False", "WorkersRunning", "no \x1b[2Jroom"),
            condition("Stalled", "True", "WorkersRunning"),
        ],
        "steps": [{"name": "Workers", "state": "Failed", "message": "no room", "hint": "make room"}],
    },
}
RAW: Manifest = {
    "metadata": {"name": "raw", "namespace": NAMESPACE, "annotations": {names.REQUESTED_BY_ANNOTATION: "ben"}},
    "spec": {},
    "status": {
        "conditions": [condition("Available", "True")],
        "workers": {"desiredReplicas": 3, "readyReplicas": 2},
    },
}
ASKED = tweak(REQUEST, "spec.cluster", "api")


def rows(out: str) -> list[list[str]]:
    """Cells that are two spaces or more apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()]


async def test_a_list_has_what_waits_then_the_clusters_then_those_made_by_hand(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, WEB, STUCK) as ann:
        ann.server.put(resources.CLUSTERS, RAW, status=RAW["status"])
        ann.server.put(resources.CLUSTER_REQUESTS, ASKED)
        decided = {**ASKED, "metadata": {"name": "cr-old", "namespace": NAMESPACE}}
        ann.server.put(resources.CLUSTER_REQUESTS, decided, status={"phase": "Denied"})
        code, out, err = await ann.type("list")
        assert (code, err) == (0, "")
    assert out.splitlines()[0] == "api: create asked by ann, waiting for approval (cr-abcdefghij)"
    assert rows(out)[1:] == [
        ["name", "status", "workers", "version", "until"],
        ["build", "Stalled", "2 x small", "v1.35.1"],
        ["web", "Ready", "2 x small", "v1.35.1", "2026-08-05 09:00 UTC"],
        ["raw", "Available, made by hand", "3"],
    ]


async def test_a_wide_list_says_where_they_are_reached_whose_they_are_and_what_is_in_the_way(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, WEB, STUCK) as ann:
        _, out, _ = await ann.type("list -o wide -A")
    told = rows(out)
    assert told[0][:2] == ["namespace", "name"]
    # What comes from a cluster neither commands the terminal nor is markup.
    assert told[1][-1] == "no [2Jroom"
    assert told[2][-3:] == ["2/2", "https://10.0.0.1:6443", "ann"]


async def test_programs_get_every_object_with_its_kind(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, WEB) as ann:
        ann.server.put(resources.CLUSTERS, RAW, status=RAW["status"])
        ann.server.put(resources.CLUSTER_REQUESTS, ASKED)
        _, as_json, _ = await ann.type("list -o json")
        _, as_yaml, _ = await ann.type("list -o yaml")
        _, shown, _ = await ann.type("show raw -o yaml")
    listed = json.loads(as_json)
    assert listed["kind"] == "List"
    assert [it["kind"] for it in listed["items"]] == ["ClusterRequest", "TenantCluster", "Cluster"]
    assert yaml.safe_load(as_yaml) == listed
    assert yaml.safe_load(shown)["metadata"]["name"] == "raw"


async def test_who_sees_no_clusters_of_cluster_api_sees_ours(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, WEB) as ann:
        ann.server.fail(403, plural="clusters")
        code, out, _ = await ann.type("list")
    assert (code, rows(out)[1][0]) == (0, "web")


async def test_an_empty_namespace_says_so(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, _ = await ann.type("list -n elsewhere")
    assert (code, out) == (0, "no clusters yet in elsewhere\n")


async def test_one_cluster_is_shown_with_its_facts_and_its_steps_while_it_is_on_the_way(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, WEB, STUCK) as ann:
        ann.server.put(resources.CLUSTER_REQUESTS, tweak(REQUEST, "spec.action", "Change"))
        _, ready, _ = await ann.type("show web")
        _, stuck, _ = await ann.type("show build")
        _, wide, _ = await ann.type("show web -o wide")
    assert ready.splitlines()[0] == "web is ready"
    facts = {row[0]: row[1:] for row in rows(ready)}
    assert facts["pool md0"] == ["2 x small"]
    assert facts["until"] == ["2026-08-05 09:00 UTC"]
    assert "in the way" not in facts
    assert "Control plane" not in ready
    assert ready.splitlines()[-1] == "web: change asked by ann, waiting for approval (cr-abcdefghij)"
    assert stuck.splitlines()[0] == "build is stuck"
    assert stuck.splitlines()[-1] == "✖ Workers: make room"
    assert "Cluster.cluster.x-k8s.io/web" in wide
    assert "✔ Control plane" in " ".join(wide.split())


async def test_what_is_only_asked_for_or_made_by_hand_is_shown_too(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.put(resources.CLUSTERS, RAW, status=RAW["status"])
        ann.server.put(resources.CLUSTER_REQUESTS, ASKED)
        code, out, _ = await ann.type("show api")
        assert (code, out) == (0, "api: create asked by ann, waiting for approval (cr-abcdefghij)\n")
        _, out, _ = await ann.type("show raw")
        assert out.splitlines()[0] == "raw is available"
        assert "Made by hand, as objects of Cluster API, by ben." in out
        code, out, err = await ann.type("show nothing")
        assert (code, out, err) == (1, "", f"there is no TenantCluster nothing in {NAMESPACE}\n")


async def test_what_is_given_up_unless_somebody_chooses_says_until_when(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, WEB, tweak(STUCK, "status.givesUpAt", "2026-08-03T14:05:00Z")) as ann:
        _, stuck, _ = await ann.type("show build")
        _, ready, _ = await ann.type("show web")
    said = "given up Unless somebody chooses what becomes of it, it is deleted 2026-08-03 14:05 UTC: none of its"
    assert said in " ".join(stuck.split())
    assert "given up" not in ready
