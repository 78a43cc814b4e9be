"""The way from one version to the next, and what control plane and workers may have on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import upgrades
from provisioning.errors import RuleError
from provisioning.manifest import Manifest
from provisioning.model import Release
from provisioning.upgrades import Versions

OFFERED = ("v1.33.2", "v1.33.8", "v1.34.4", "v1.35.0", "v1.35.1", "v1.36.0")


def releases(*listed: str, **paths: tuple[str, ...]) -> list[Release]:
    """The offer; `v1_35_1=("v1.34.4",)` says what that version may be reached from."""
    known = {version.replace("_", "."): path for version, path in paths.items()}
    return [
        Release(version=version, image=f"registry.example.org/workers:{version}", upgrades_from=known.get(version, ()))
        for version in listed or OFFERED
    ]


def control_plane(asked: str, reached: str = "") -> Manifest:
    status = {"version": reached} if reached else {}
    return {"kind": "KamajiControlPlane", "spec": {"version": asked}, "status": status}


def machine(version: str) -> Manifest:
    return {"kind": "Machine", "spec": {"version": version}}


def deployment(version: str) -> Manifest:
    return {"kind": "MachineDeployment", "spec": {"template": {"spec": {"version": version}}}}


# --- the way


@pytest.mark.parametrize(
    ("here", "wanted", "through"),
    [
        ("v1.33.8", "v1.34.4", ("v1.34.4",)),
        ("v1.33.2", "v1.36.0", ("v1.34.4", "v1.35.1", "v1.36.0")),
        ("v1.35.0", "v1.35.1", ("v1.35.1",)),
        ("v1.33.8", "v1.33.8", ()),
        ("v1.35.1", "v1.35.0", ()),
        ("v1.35.1", "v1.34.4", ()),
        ("v1.33.8", "v1.37.0", ()),
        ("v1.31.0", "v1.33.8", ()),
    ],
)
def test_the_way_leads_over_the_newest_versions_one_minor_at_a_time(
    here: str, wanted: str, through: tuple[str, ...]
) -> None:
    assert upgrades.way(here, wanted, releases()) == through


def test_the_catalog_can_forbid_a_step_and_with_it_every_way_over_it() -> None:
    offer = releases(v1_35_1=("v1.35.0",))
    assert upgrades.way("v1.34.4", "v1.35.1", offer) == ("v1.35.0", "v1.35.1")
    assert upgrades.way("v1.34.4", "v1.35.1", releases(v1_35_1=("v1.35.0",), v1_35_0=("v1.33.8",))) == ()


def test_the_catalog_cannot_allow_a_step_that_kamaji_refuses() -> None:
    assert upgrades.way("v1.33.8", "v1.35.1", releases("v1.35.1", v1_35_1=("v1.33.8",))) == ()
    assert upgrades.way("v1.35.1", "v1.34.4", releases("v1.34.4", v1_34_4=("v1.35.1",))) == ()


# --- what the parts may have now


def test_a_new_cluster_has_one_version() -> None:
    assert upgrades.versions("v1.34.4", releases(), []) == Versions("v1.34.4", "v1.34.4")


def test_the_control_plane_goes_first() -> None:
    there = [control_plane("v1.34.4", "v1.34.4"), deployment("v1.34.4"), machine("v1.34.4")]
    assert upgrades.versions("v1.35.1", releases(), there) == Versions("v1.35.1", "v1.34.4")


@pytest.mark.parametrize("reached", ["v1.34.4", "1.34.4"])
def test_workers_stay_until_the_control_plane_has_really_arrived(reached: str) -> None:
    there = [control_plane("v1.35.1", reached), machine("v1.34.4")]
    assert upgrades.versions("v1.35.1", releases(), there) == Versions("v1.35.1", "v1.34.4")
    there = [control_plane("v1.35.1", "v1.35.1"), machine("v1.34.4")]
    assert upgrades.versions("v1.35.1", releases(), there) == Versions("v1.35.1", "v1.35.1")


@pytest.mark.parametrize("left", [machine("v1.34.4"), deployment("v1.34.4")])
def test_the_control_plane_goes_no_further_while_a_worker_of_an_earlier_version_is_left(left: Manifest) -> None:
    there = [control_plane("v1.35.1", "v1.35.1"), machine("v1.35.1"), left]
    assert upgrades.versions("v1.36.0", releases(), there) == Versions("v1.35.1", "v1.35.1")
    assert upgrades.versions("v1.36.0", releases(), there[:-1]) == Versions("v1.36.0", "v1.35.1")


def test_a_version_far_ahead_is_reached_step_by_step() -> None:
    there = [control_plane("v1.33.8", "v1.33.8"), machine("v1.33.8")]
    assert upgrades.versions("v1.36.0", releases(), there) == Versions("v1.34.4", "v1.33.8")


def test_a_control_plane_that_never_came_up_can_be_led_to_another_version() -> None:
    assert upgrades.versions("v1.35.1", releases(), [control_plane("v1.34.4")]) == Versions("v1.35.1", "v1.34.4")


def test_a_later_patch_mends_an_upgrade_that_is_stuck_and_a_later_minor_version_does_not() -> None:
    stuck = [control_plane("v1.35.0", "v1.34.4"), machine("v1.34.4")]
    assert upgrades.versions("v1.35.1", releases(), stuck) == Versions("v1.35.1", "v1.34.4")
    offer = releases("v1.34.4", "v1.35.0", "v1.36.0")
    assert upgrades.versions("v1.36.0", offer, stuck) == Versions("v1.35.0", "v1.34.4")


def test_a_control_plane_made_anew_is_no_older_than_the_data_that_it_finds() -> None:
    there = [deployment("v1.34.4"), machine("v1.33.8")]
    assert upgrades.versions("v1.35.1", releases(), there) == Versions("v1.34.4", "v1.34.4")
    assert upgrades.versions("v1.35.1", releases(), [machine("v1.33.8")]) == Versions("v1.35.1", "v1.35.1")


def test_a_version_that_somebody_else_asked_for_is_put_right() -> None:
    there = [control_plane("v1.35.1", "v1.34.4"), machine("v1.34.4")]
    assert upgrades.versions("v1.34.4", releases(), there) == Versions("v1.34.4", "v1.34.4")


def test_a_version_that_is_none_is_put_right_as_well() -> None:
    for reached in ("", "v1.34.4"):
        there = [control_plane("latest", reached)]
        assert upgrades.versions("v1.34.4", releases(), there) == Versions("v1.34.4", "v1.34.4")


def test_nothing_begins_while_a_cluster_is_held_and_what_has_begun_stays() -> None:
    assert upgrades.versions("v1.36.0", releases(), [control_plane("v1.35.1", "v1.35.1")], hold=True) == Versions(
        "v1.35.1", "v1.35.1"
    )
    assert upgrades.versions("v1.36.0", releases(), [control_plane("v1.35.1", "v1.34.4")], hold=True) == Versions(
        "v1.35.1", "v1.34.4"
    )


def test_a_version_that_has_left_the_catalog_is_no_trouble_to_a_cluster_that_has_it_or_is_on_its_way() -> None:
    offer = releases("v1.36.0")
    for reached in ("v1.34.4", "v1.35.1"):
        there = [control_plane("v1.35.1", reached)]
        assert upgrades.versions("v1.35.1", offer, there) == Versions("v1.35.1", reached)


@pytest.mark.parametrize(
    ("here", "wanted", "why"),
    [
        ("v1.35.1", "v1.34.4", "cannot go back to v1.34.4"),
        ("v1.31.0", "v1.36.0", "no way from there to v1.36.0"),
        ("v1.35.1", "v1.37.0", "no way from there to v1.37.0"),
    ],
)
def test_where_no_way_leads_nothing_is_touched_and_the_reason_is_told(here: str, wanted: str, why: str) -> None:
    with pytest.raises(RuleError, match=why) as refused:
        upgrades.versions(wanted, releases(), [control_plane(here, here)])
    assert [cause.field for cause in refused.value.causes] == ["spec.version"]


# --- whole upgrades

orders = st.lists(st.sampled_from(["control plane", "worker 0", "worker 1", "worker 2"]), max_size=60)


@given(st.sampled_from(OFFERED), st.sampled_from(OFFERED), orders)
def test_whoever_moves_when_every_upgrade_ends_and_no_rule_of_cluster_api_or_kamaji_is_broken(
    start: str, wanted: str, moves: list[str]
) -> None:
    """Control plane and workers do what they are told, in any order, each as late as it likes."""
    if upgrades.numbers(wanted) < upgrades.numbers(start):
        return
    asked, reached, workers = start, start, [start] * 3
    for move in [*moves, *["control plane", "worker 0", "worker 1", "worker 2"] * 8]:
        there = [control_plane(asked, reached), *map(machine, workers)]
        now = upgrades.versions(wanted, releases(), there)
        assert now.control_plane == asked or upgrades.is_step(asked, now.control_plane)
        asked = now.control_plane
        if move == "control plane":
            reached = asked
        else:
            workers[int(move[-1])] = now.workers
        for worker in workers:
            assert upgrades.numbers(worker) <= upgrades.numbers(reached)
            assert upgrades.numbers(asked)[1] - upgrades.numbers(worker)[1] <= 1
    assert {asked, reached, *workers} == {wanted}
