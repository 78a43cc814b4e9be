"""What an access is worth, and the bindings that go with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from provisioning import grants
from provisioning.model import AccessPolicy, ClusterAccess
from provisioning.objects import Stored, format_time, read
from tests.builders import MADE, NOW, tweak
from tests.provisioning.accesses import access

ISSUED = {"certificate": "PEM", "issuedAt": format_time(NOW), "expiresAt": format_time(NOW + timedelta(hours=2))}


def stored(status: Any = None, *, deleting: bool = False, **spec: Any) -> Stored[ClusterAccess]:
    manifest = tweak(access(**spec), "metadata.uid", "uid-1")
    manifest["metadata"]["creationTimestamp"] = format_time(MADE)
    if deleting:
        manifest["metadata"]["deletionTimestamp"] = format_time(NOW)
    return read(ClusterAccess, {**manifest, "status": status or {}})


def ready(one: Stored[ClusterAccess], **how: Any) -> tuple[str, str, str]:
    return next((c.status, c.reason, c.message) for c in grants.told(one, now=NOW, **how).conditions)


@pytest.mark.parametrize(
    ("asked", "cap", "cluster_ends", "hours"),
    [
        ("2h", "24h", None, 2),
        ("48h", "24h", None, 24),
        ("2h", "24h", NOW + timedelta(hours=1), 1),
        ("2h", "24h", NOW + timedelta(hours=9), 2),
    ],
)
def test_the_shortest_of_wish_cap_and_cluster_counts(asked: str, cap: str, cluster_ends: Any, hours: int) -> None:
    ends = grants.ends_at(stored(validFor=asked), AccessPolicy(longest=cap), now=NOW, cluster_ends=cluster_ends)
    assert ends == NOW + timedelta(hours=hours)


def test_the_binding_is_for_one_person_and_one_role_and_named_by_the_object_behind_it() -> None:
    made = grants.binding(stored(role="Admin"), "uid-web")
    assert made["metadata"]["name"] == "clusterdesk:access:uid-1"
    assert made["metadata"]["labels"]["clusterdesk.dev/access-to"] == "uid-web"
    assert made["metadata"]["annotations"] == {"clusterdesk.dev/access": "team-a/ann-web"}
    assert made["subjects"] == [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}]
    assert made["roleRef"]["name"] == "cluster-admin"
    assert grants.binding(stored(), "uid-web")["roleRef"]["name"] == "view"


def test_what_is_in_place_is_neither_stray_nor_absent() -> None:
    wanted = [grants.binding(stored(), "uid-web")]
    assert (grants.strays(wanted, wanted), grants.absent(wanted, wanted)) == ([], [])
    assert grants.absent(wanted, []) == wanted
    assert grants.strays([], wanted) == wanted


def test_another_subject_is_put_right_and_another_role_is_made_anew() -> None:
    wanted = [grants.binding(stored(), "uid-web")]
    other = [tweak(wanted[0], "subjects[0].name", "eve")]
    assert (grants.strays(wanted, other), grants.absent(wanted, other)) == ([], wanted)
    higher = [tweak(wanted[0], "roleRef.name", "cluster-admin")]
    assert (grants.strays(wanted, higher), grants.absent(wanted, higher)) == (higher, wanted)


def test_a_role_is_for_whoever_has_a_certificate_that_counts() -> None:
    assert grants.gives_role(stored(ISSUED), NOW)
    assert not grants.gives_role(stored(), NOW)
    assert not grants.gives_role(stored(ISSUED, revoked=True), NOW)
    assert not grants.gives_role(stored(ISSUED, deleting=True), NOW)
    assert not grants.gives_role(stored(ISSUED), NOW + timedelta(hours=2))


def test_its_phases_are_told_as_kubectl_wait_and_flux_read_them() -> None:
    assert ready(stored(), obstacle="it sleeps") == ("False", "Waiting", "it sleeps")
    assert ready(stored(), refusal="no request") == ("False", "Refused", "no request")
    assert ready(stored(ISSUED)) == ("True", "Issued", "")
    assert ready(stored(ISSUED, revoked=True), obstacle="it hangs") == ("False", "Revoked", "it hangs")
    told = {c.type: c.status for c in grants.told(stored(ISSUED, revoked=True), now=NOW).conditions}
    assert told == {"Ready": "False", "Reconciling": "False", "Stalled": "True"}


def test_who_is_in_stays_in_while_the_tenant_does_not_answer() -> None:
    inside = stored(grants.told(stored(ISSUED), now=NOW).wire())
    assert grants.told(inside, now=NOW, obstacle="it hangs") == inside.it.status


def test_an_end_is_told_only_once_nothing_is_left_in_the_tenant() -> None:
    over = stored(ISSUED, revoked=True)
    assert grants.end_told(grants.told(over, now=NOW, obstacle="it hangs")) == ""
    assert grants.end_told(grants.told(over, now=NOW)) == "Revoked"
    assert grants.end_told(grants.told(stored(ISSUED), now=NOW)) == ""


def test_the_next_change_by_time_alone_is_its_end_then_its_removal() -> None:
    ends = NOW + timedelta(hours=2)
    assert grants.changes_at(stored(ISSUED), NOW) == ends
    assert grants.changes_at(stored(ISSUED), ends) == ends + timedelta(days=1)
    assert grants.changes_at(stored(), NOW) is None
    refused = stored(grants.told(stored(), now=NOW, refusal="no request").wire())
    assert grants.changes_at(refused, NOW) == MADE + timedelta(days=1)
