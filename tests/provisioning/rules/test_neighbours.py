"""Names that two clusters of one namespace cannot both have."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provisioning import neighbours
from provisioning.addons import charts
from provisioning.model import ClusterSpec
from provisioning.neighbours import HOSTED, Neighbour
from tests import builders


def problems(spec: ClusterSpec, name: str, beside: dict[str, Neighbour], *, old: Any = None) -> list[tuple[str, str]]:
    return [(c.field, c.message) for c in neighbours.problems(spec, name=name, old=old, beside=beside)]


def with_add_ons(*wanted: str) -> ClusterSpec:
    return builders.spec(addOns=[{"name": name} for name in wanted])


def test_an_add_on_whose_release_has_the_name_of_anothers_is_a_problem() -> None:
    beside = {"web-csi": Neighbour(add_ons=("node", "dns")), "other": Neighbour(add_ons=("csi-node",))}
    ((field, message),) = problems(with_add_ons("dns", "csi-node"), "web", beside)
    assert field == "spec.addOns[1].name"
    assert "web-csi-node is what add-on node of cluster web-csi is called here" in message


def test_an_add_on_that_was_there_before_is_not_held_against_anybody() -> None:
    beside, spec = {"web-csi": Neighbour(add_ons=("node",))}, with_add_ons("csi-node")
    assert problems(spec, "web", beside, old=spec) == []
    assert problems(spec, "web", beside, old=with_add_ons()) != []


def test_a_cluster_is_not_called_as_what_is_hosted_beside_another_one() -> None:
    ((field, message),) = problems(builders.spec(), "web-cluster-autoscaler", {"web": Neighbour()})
    assert field == "metadata.name"
    assert "is what the cluster-autoscaler of cluster web is called here" in message
    ((field, message),) = problems(builders.spec(), "web", {"web-csi-controller": Neighbour()})
    assert (field, "its csi-controller would be called web-csi-controller" in message) == ("metadata.name", True)
    assert problems(builders.spec(), "web", {"web-csi-controller": Neighbour()}, old=builders.spec()) == []


def test_what_is_hosted_beside_two_clusters_never_has_one_name() -> None:
    for one, other in itertools.permutations(HOSTED, 2):
        assert not one.endswith(f"-{other}")


_NAME = st.sampled_from(["a", "b", "c", "a-b", "b-c", "a-b-c"])
_CLUSTERS = st.lists(
    st.tuples(_NAME, st.lists(_NAME, unique=True, max_size=3)), min_size=2, max_size=4, unique_by=lambda it: it[0]
)


@given(clusters=_CLUSTERS)
def test_of_clusters_that_come_one_after_the_other_exactly_those_are_refused_that_share_a_name(
    clusters: list[tuple[str, list[str]]],
) -> None:
    beside: dict[str, Neighbour] = {}
    taken: set[str] = set()
    for name, add_ons in clusters:
        releases = {charts.release_name(name, add_on) for add_on in add_ons}
        found = problems(with_add_ons(*add_ons), name, beside)
        assert bool(found) is not releases.isdisjoint(taken)
        if not found:
            beside[name] = Neighbour(add_ons=tuple(add_ons))
            taken |= releases
