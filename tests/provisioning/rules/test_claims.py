"""Whose a name is before there is a cluster of that name, and which one is free."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning import claims, room, shape
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest, Person
from provisioning.objects import Stored
from tests import builders
from tests.builders import ANN, BEN, MADE, NAMESPACE

IN_LINE: Manifest = {
    "phase": "Approved",
    "conditions": [
        {"type": room.WAITS, "status": "True", "reason": room.NO_ROOM, "lastTransitionTime": "2026-08-01T00:00:00Z"}
    ],
}


def asked(
    name: str = "cr-1",
    *,
    by: Person = ANN,
    later: int = 0,
    namespace: str = NAMESPACE,
    action: Action = Action.CREATE,
    deleting: bool = False,
    **status: object,
) -> Stored[ClusterRequest]:
    made = builders.request(action, requester=by, status=dict(status))
    created = MADE + timedelta(minutes=later)
    return replace(made, meta=replace(made.meta, name=name, namespace=namespace, created=created, deleting=deleting))


@pytest.mark.parametrize(
    ("request_", "claimed"),
    [
        (asked(), True),
        (asked(**IN_LINE), True),
        (asked(phase="Approved"), True),
        (asked(**{**IN_LINE, "conditions": [{**IN_LINE["conditions"][0], "status": "False"}]}), True),
        (asked(phase="Applied"), False),
        (asked(phase="Denied"), False),
        (asked(phase="Withdrawn"), False),
        (asked(phase="Expired"), False),
        (asked(action=Action.CHANGE), False),
        (asked(action=Action.DELETE), False),
        (asked(namespace="elsewhere"), False),
        (asked(deleting=True), False),
    ],
)
def test_a_request_for_a_new_cluster_has_its_name_until_it_is_done_or_refused(
    request_: Stored[ClusterRequest], claimed: bool
) -> None:
    assert ("web" in claims.claims([request_], NAMESPACE)) is claimed


def test_of_several_for_one_name_whoever_asked_first_has_it() -> None:
    first, second, third = asked("cr-z"), asked("cr-a", by=BEN, later=1), asked("cr-m", later=1)

    assert claims.claims([third, second, first], NAMESPACE) == {"web": first}
    assert claims.claims([third, second], NAMESPACE) == {"web": second}


def test_what_is_to_be_replaced_is_in_nobodys_way() -> None:
    assert claims.claims([asked("cr-1")], NAMESPACE, besides="cr-1") == {}
    assert claims.claims([asked("cr-1"), asked("cr-2", later=1)], NAMESPACE, besides="cr-1")["web"].meta.name == "cr-2"


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("build-7", ("build-7",), "build-8"),
        ("build-7", ("build-7", "build-8"), "build-9"),
        ("build", ("build",), "build-2"),
        ("a-b", ("a-b",), "a-b-2"),
        ("a" * 30, ("a" * 30,), "a" * 28 + "-2"),
        ("a" * 28 + "-9", ("a" * 28 + "-9",), "a" * 27 + "-10"),
    ],
)
def test_a_free_name_follows_the_taken_one(name: str, taken: tuple[str, ...], free: str) -> None:
    assert claims.free_name(name, taken) == free


@pytest.mark.parametrize(
    ("written", "fitting"),
    [
        ("build-9", "build-9"),
        ("a--b", "a--b"),
        ("build-7", "build-8"),
        ("Build_9", "build-9"),
        ("Build 7", "build-8"),
        ("7-build", "build"),
        ("my.shop.", "my-shop"),
        ("x" * 40, "x" * 30),
        ("\u00fc\u00df", "cluster"),
        ("", "cluster"),
    ],
)
def test_what_is_no_name_is_answered_with_a_free_one_that_is_close(written: str, fitting: str) -> None:
    found = claims.fitting_name(written, ("build-7",))

    assert found == fitting
    assert not [*shape.name_problems(found)]
