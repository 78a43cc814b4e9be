"""What a tenant comes to if all that waits is approved."""

from __future__ import annotations

from typing import Any

from provisioning import prospect, quota, room
from provisioning.model import Action, ClusterRequest, ClusterSpec
from provisioning.objects import Stored
from provisioning.usage import Usage
from tests import builders

CATALOG = builders.catalog()
SMALL, LARGE = (builders.spec(pools=[{"name": "md0", "flavor": each, "replicas": 1}]) for each in ("small", "large"))
KEY = (builders.NAMESPACE, "web")


def wish(desired: ClusterSpec | None, *, cluster: str = "web", **status: Any) -> Stored[ClusterRequest]:
    action = Action.CHANGE if desired else Action.DELETE
    made = builders.request(action, desired=desired, status=dict(status))
    about = made.it.spec.model_copy(update={"cluster": cluster})
    return Stored(made.meta, made.it.model_copy(update={"spec": about}))


def test_the_newest_wish_for_a_cluster_counts_because_only_one_can_be_carried_out() -> None:
    assert prospect.wishes([wish(SMALL), wish(LARGE), wish(None, cluster="old")]) == {
        KEY: LARGE,
        (builders.NAMESPACE, "old"): None,
    }


def test_what_is_decided_waits_no_more() -> None:
    assert prospect.wishes([wish(SMALL, phase="Denied"), wish(LARGE, phase="Applied")]) == {}


def test_what_is_approved_and_waits_for_room_is_still_to_come() -> None:
    waits = {"type": room.WAITS, "status": "True", "reason": room.NO_ROOM, "lastTransitionTime": "2026-08-03T09:00:00Z"}
    assert prospect.wishes([wish(LARGE, phase="Approved", conditions=[waits])]) == {KEY: LARGE}
    assert prospect.wishes([wish(LARGE, phase="Approved")]) == {}


def test_what_a_cluster_has_goes_and_what_it_is_to_have_comes() -> None:
    small, large = (quota.envelope(spec, CATALOG) for spec in (SMALL, LARGE))
    used = small + large
    assert prospect.then(used, {KEY: LARGE}, {KEY: SMALL}, CATALOG) == large + large
    assert prospect.then(used, {KEY: None}, {KEY: SMALL}, CATALOG) == large
    assert prospect.then(used, {KEY: SMALL}, {}, CATALOG) == used + small


def test_nobody_comes_to_less_than_nothing_where_what_is_published_lags_behind() -> None:
    assert prospect.then(Usage(), {KEY: None}, {KEY: SMALL}, CATALOG) == Usage()
