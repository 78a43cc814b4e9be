"""The small rules by which played controllers decide whether there is anything to write."""

from __future__ import annotations

from playground.simulated import PLAYED
from playground.simulated.stage import condition, differs, failure, with_conditions


def test_a_patch_that_says_what_is_there_changes_nothing() -> None:
    assert not differs({"ready": True, "extra": 1}, {"ready": True})
    assert not differs({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}})
    assert not differs({}, {"gone": None})


def test_a_patch_that_says_anything_else_changes_something() -> None:
    assert differs({}, {"ready": True})
    assert differs({"a": {"b": 1}}, {"a": {"b": 2}})
    assert differs({"list": [1]}, {"list": [1, 2]})
    assert differs({"there": 0}, {"there": None})


def test_a_transition_time_moves_only_with_the_status() -> None:
    old = {"status": {"conditions": [condition("Ready", "False", "Waiting", now="2026-01-01T00:00:00Z")]}}
    same = with_conditions(old, condition("Ready", "False", "StillWaiting", now="2026-01-02T00:00:00Z"))
    other = with_conditions(old, condition("Ready", "True", "Done", now="2026-01-02T00:00:00Z"))
    assert [(c["reason"], c["lastTransitionTime"]) for c in same] == [("StillWaiting", "2026-01-01T00:00:00Z")]
    assert [(c["reason"], c["lastTransitionTime"]) for c in other] == [("Done", "2026-01-02T00:00:00Z")]


def test_other_conditions_stay() -> None:
    old = {"status": {"conditions": [condition("A", "True", "A", now="t")]}}
    assert [c["type"] for c in with_conditions(old, condition("B", "True", "B", now="t"))] == ["A", "B"]


def test_a_field_that_the_api_server_puts_into_a_condition_is_no_reason_to_write_it_again() -> None:
    stored = {**condition("Available", "True", "Enough", now="2026-01-01T00:00:00Z"), "lastUpdateTime": None}
    deployment = {"status": {"conditions": [stored]}}
    wanted = with_conditions(deployment, condition("Available", "True", "Enough", now="2026-01-02T00:00:00Z"))
    assert not differs(deployment["status"], {"conditions": wanted})


def test_nothing_fails_unless_asked_to() -> None:
    assert failure({"metadata": {"name": "web"}}) == ""
    assert failure({"metadata": {"annotations": {"playground.clusterdesk.dev/fail": "freeze"}}}) == "freeze"


def test_every_played_controller_has_a_name_of_its_own() -> None:
    names = [played.name for played in PLAYED]
    assert len(set(names)) == len(names)
