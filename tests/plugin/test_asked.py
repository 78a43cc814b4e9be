"""What whoever decides by `kubectl clusterdesk` is shown of a request: all of it, in few lines."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from plugin import asked
from plugin.asked import Paper
from provisioning.model import Action, ClusterRequest, ClusterSpec, Tenant
from provisioning.objects import Stored, read
from tests import builders
from tests.builders import ANN, REQUEST, TENANT, tweak


def paper(
    request: Stored[ClusterRequest] | None = None, *, now: ClusterSpec | None = None, used: dict[str, Any] | None = None
) -> Paper:
    tenant = read(Tenant, {**TENANT, "status": {"quota": {"used": used or {}}}})
    return Paper(request or builders.request(), tenant, builders.catalog(), now)


def lines(shown: Paper, *, width: int = 120) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(asked.draw(shown))
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_a_new_cluster_is_told_whole_with_the_quota_and_what_the_vote_is_bound_to() -> None:
    shown = lines(paper(used={"clusters": 1, "nodes": 3, "vcpu": 6, "memory": "12Gi"}))
    assert shown == [
        "ann asks for a new cluster web in team-a, of tenant blue",
        "pool md0 2 x small (2 vCPU, 4Gi each)",
        "version v1.35.1",
        "control plane 2 replicas",
        "lifetime no end",
        "add-ons cilium",
        'network.pods "10.243.0.0/16"',
        'network.services "10.95.0.0/16"',
        # Two workers and the one more of a rolling update.
        "quota: clusters 1 -> 2 of 3",
        "quota: nodes 3 -> 6 of 12",
        "quota: vCPU 6 -> 12 of 40",
        "quota: memory 12Gi -> 24Gi of 128Gi",
        "approvals 0 of 1",
        "until 2026-08-04 09:00 UTC",
        f"digest {builders.request().it.spec.digest}",
    ]


def test_a_change_is_told_by_every_field_that_is_to_be_another_and_by_no_other() -> None:
    old = builders.spec(deletionProtection=True)
    new = builders.spec(
        version="v1.36.0",
        pools=[
            {"name": "md0", "flavor": "small", "replicas": 2, "labels": {"team": "a"}, "maxSurge": 3},
            {"name": "batch", "flavor": "large", "min": 0, "max": 4},
        ],
        addOns=[{"name": "cilium", "values": {"hubble": {"enabled": True}}}, {"name": "cert-manager"}],
    )
    request = builders.request(Action.CHANGE, desired=new, base_generation=1)
    used = {"clusters": 1, "nodes": 3, "vcpu": 6, "memory": "12Gi"}
    shown = lines(paper(request, now=old, used=used))
    assert shown[:9] == [
        "ann asks to change the cluster web in team-a, of tenant blue",
        "pool batch (nothing) -> 0 to 4 x large (8 vCPU, 32Gi each)",
        "version v1.35.1 -> v1.36.0",
        "add-ons cilium -> cilium, cert-manager",
        'pools.md0.labels.team (nothing) -> "a"',
        "pools.md0.maxSurge (nothing) -> 3",
        "addOns.cilium.values.hubble.enabled (nothing) -> true",
        "deletionProtection true -> (nothing)",
        "quota: clusters 1 -> 1 of 3",
    ]
    assert "quota: nodes 3 -> 10 of 12" in shown


def test_a_deletion_is_told_by_what_goes_and_by_the_room_that_it_leaves() -> None:
    used = {"clusters": 1, "nodes": 3, "vcpu": 6, "memory": "12Gi"}
    shown = lines(paper(builders.request(Action.DELETE), now=builders.spec(), used=used))
    assert shown[0] == "ann asks to delete the cluster web in team-a, of tenant blue"
    assert "pool md0 2 x small (2 vCPU, 4Gi each)" in shown
    assert "quota: nodes 3 -> 0 of 12" in shown


def test_words_of_others_can_neither_move_nor_hide_what_is_shown() -> None:
    hostile = "please\x1b[2K\x1b[1A\n\u202ereason [bold]now"
    request = read(ClusterRequest, tweak(REQUEST, "spec.reason", hostile))
    shown = lines(paper(request))
    assert "reason please [2K [1A reason [bold]now" in shown


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1, "a": {"b": 3}}),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 3, "a": {"b": 2}}),
        (
            {"env": [{"name": "A", "v": 1}, {"name": "A", "v": 2}]},
            {"env": [{"name": "A", "v": 3}, {"name": "A", "v": 2}]},
        ),
        ({"on": "true"}, {"on": True}),
        ({"x": 1}, {"x": 1, "more": {}}),
        ({"x": [1, [2]]}, {"x": [1, [3]]}),
        ({"x": [""]}, {"x": []}),
    ],
)
def test_no_value_of_an_add_on_hides_behind_another(before: dict[str, Any], after: dict[str, Any]) -> None:
    old, new = (builders.spec(addOns=[{"name": "cilium", "values": values}]) for values in (before, after))
    request = builders.request(Action.CHANGE, desired=new, base_generation=1)
    shown = asked.rows(paper(request, now=old))
    assert shown
    assert all(path.startswith("addOns.cilium.values") for path, _ in shown)


def test_votes_so_far_are_named() -> None:
    vote = builders.vote(builders.BEN).wire()
    assert "approvals 1 of 1: ben" in lines(paper(builders.request(status={"votes": [vote]}, requester=ANN)))


def test_on_a_narrow_terminal_the_digest_stays_whole() -> None:
    shown = "".join(lines(paper(), width=40)).replace(" ", "")
    assert builders.request().it.spec.digest in shown


def test_of_what_is_large_it_is_told_why_others_decide() -> None:
    line = {"above": {"vcpu": 5, "memory": "8Gi"}, "required": 2, "approvers": [{"user": "dave"}]}
    tenant = read(Tenant, tweak(TENANT, "spec.approval", {"large": line}))
    shown = lines(Paper(builders.request(), tenant, builders.catalog(), None), width=200)
    assert (
        "size A large request (vCPU 6 is above 5, memory 12Gi is above 8Gi), so 2 must agree and others decide than "
        "about smaller ones."
    ) in shown
    assert "approvals 0 of 2" in shown
