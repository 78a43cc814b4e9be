"""What a node pool may look like: labels, taints, names and times, each refused at its field."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import shape
from provisioning.errors import Cause
from provisioning.model import ClusterSpec
from provisioning.neighbours import Neighbour
from provisioning.pools import LONGEST_LABELS
from tests import builders

SMALL = {"name": "md0", "flavor": "small", "replicas": 2}


def one(**fields: Any) -> ClusterSpec:
    """A cluster of one pool."""
    return builders.spec(pools=[{**SMALL, **fields}])


def problems(spec: ClusterSpec, *, name: str = "web", **rest: Any) -> tuple[Cause, ...]:
    return shape.problems(spec, name=name, catalog=builders.catalog(), tenant=builders.tenant(), **rest)


def fields(spec: ClusterSpec, **rest: Any) -> list[str]:
    return [cause.field for cause in problems(spec, **rest)]


def taint(key: str = "dedicated", effect: str = "NoSchedule", **rest: str) -> dict[str, str]:
    return {"key": key, "effect": effect, **rest}


# --- labels


@pytest.mark.parametrize(
    "key",
    [
        "team",
        "example.com/disk",
        "node.kubernetes.io/instance-type",
        "kubelet.kubernetes.io/role",
        "gpu.node.kubernetes.io/model",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "notkubernetes.io/a",
        "clusterdesk.development/a",
    ],
)
def test_labels_that_a_kubelet_sets_are_fine(key: str) -> None:
    assert fields(one(labels={key: "a"})) == []


@pytest.mark.parametrize(
    "key",
    [
        "node-role.kubernetes.io/worker",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "k8s.io/a",
        "example.k8s.io/a",
        "node-restriction.kubernetes.io/a",
        "topology.kubernetes.io/rack",
        "clusterdesk.dev/pool",
        "x.clusterdesk.dev/a",
    ],
)
def test_labels_that_a_kubelet_refuses_or_that_are_ours_are_named_one_by_one(key: str) -> None:
    assert fields(one(labels={"team": "blue", key: "a"})) == [f"spec.pools[0].labels[{key}]"]


def test_a_label_that_is_refused_is_answered_with_what_would_be_taken() -> None:
    (cause,) = problems(one(labels={"node-role.kubernetes.io/gpu": ""}))
    assert "node.kubernetes.io" in cause.message


def test_labels_that_are_too_many_to_be_told_to_a_kubelet_are_a_problem() -> None:
    most = {f"{n:02}.example.com/{'k' * 10}": "v" * 60 for n in range(11)}
    assert fields(one(labels=most)) == []
    (cause,) = problems(one(labels=most | {"another.example.com/key": "v" * 60}))
    assert cause.field == "spec.pools[0].labels"
    assert str(LONGEST_LABELS) in cause.message


# --- taints


def test_taints_are_fine() -> None:
    several = [taint(), taint(effect="NoExecute"), taint("node-role.kubernetes.io/gpu", value="yes")]
    assert fields(one(taints=several)) == []


@pytest.mark.parametrize(
    "key",
    [
        "node.kubernetes.io/not-ready",
        "node.cloudprovider.kubernetes.io/uninitialized",
        "node.cluster.x-k8s.io/uninitialized",
        "clusterdesk.dev/mine",
    ],
)
def test_a_taint_that_comes_and_goes_by_itself_is_a_problem(key: str) -> None:
    assert fields(one(taints=[taint(), taint(key)])) == ["spec.pools[0].taints[1].key"]


def test_the_same_taint_twice_is_a_problem_whatever_its_value() -> None:
    assert fields(one(taints=[taint(value="a"), taint(value="b")])) == ["spec.pools[0].taints[1]"]


# --- the rest


def test_pods_that_leave_have_some_time_and_not_for_ever() -> None:
    assert fields(one(drainTimeout="1h30m")) == []
    assert fields(one(drainTimeout="0s")) == ["spec.pools[0].drainTimeout"]


def test_a_pool_whose_machines_have_the_names_of_anothers_is_a_problem() -> None:
    spec, beside = one(name="b-c"), {"a-b": Neighbour(("d", "c")), "other": Neighbour(("md0",))}
    (cause,) = problems(spec, name="a", beside=beside)
    assert cause.field == "spec.pools[0].name"
    assert "a-b-c is what pool c of cluster a-b is called" in cause.message
    assert fields(spec, name="a", beside={"a-b": Neighbour(("d",))}) == []


def test_what_is_there_already_is_not_held_against_anybody() -> None:
    odd = one(
        name="b-c", labels={"k8s.io/a": "b"}, taints=[taint("clusterdesk.dev/mine")], drainTimeout="0s", replicas=2
    )
    less = one(
        name="b-c", labels={"k8s.io/a": "b"}, taints=[taint("clusterdesk.dev/mine")], drainTimeout="0s", replicas=1
    )
    assert fields(less, old=odd, name="a", beside={"a-b": Neighbour(("c",))}) == []


def test_more_machines_for_an_update_are_growth() -> None:
    retired = {"name": "old", "flavor": "retired", "replicas": 2}
    old = builders.spec(pools=[retired, SMALL])
    more = builders.spec(pools=[retired, {**SMALL, "maxSurge": 5}])
    assert fields(more, old=old) == ["spec.pools[0].flavor"]
