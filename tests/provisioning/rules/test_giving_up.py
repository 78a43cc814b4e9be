"""Who gives a cluster up that was never ready, and who does not."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import approval, backing, giving_up, names
from provisioning.giving_up import Obstacle
from provisioning.model import Action, Person, TenantCluster
from provisioning.objects import Stored, read
from tests import builders
from tests.builders import ANN, BEN, DAVE, MADE, tweak

CATALOG = builders.catalog()
EVA = Person(user="eva", slack="U0EVA")
"""A member who has not asked for it."""
MEMBERS = [{"user": "ann", "slack": "U0ANN"}, {"user": "ann-admin", "slack": "U0ANN"}, {"user": "eva"}]
DELETIONS = {"waivers": [{"name": "small ones", "actions": ["Delete"], "upTo": {"nodes": 3}}]}
LARGE = {"large": {"above": {"nodes": 1}, "approvers": [{"user": "cleo", "slack": "U0CLEO"}]}}


def cluster(*, asked_by: str = "ann", **changes: Any) -> Stored[TenantCluster]:
    """Ann's, which has been set up for a while and was never ready."""
    marks = {names.REQUESTED_BY_ANNOTATION: asked_by} if asked_by else {}
    manifest = tweak(tweak(builders.CLUSTER, "metadata.annotations", marks), "status", {"initialized": False})
    for path, value in changes.items():
        manifest = tweak(manifest, path.replace("__", "."), value)
    return read(TenantCluster, manifest)


def obstacle(there: Stored[TenantCluster], person: Person = ANN, groups: Any = (), **policy: Any) -> Obstacle | None:
    tenant = builders.tenant(members=MEMBERS, approval=policy)
    return giving_up.obstacle(there, person, tenant=tenant, catalog=CATALOG, groups=groups)


@pytest.mark.parametrize("person", [ANN, Person(user="ann"), Person(user="ann-admin"), BEN])
def test_who_asked_for_it_and_who_decides_give_it_up(person: Person) -> None:
    assert obstacle(cluster(), person) is None


@pytest.mark.parametrize("person", [EVA, DAVE])
def test_others_do_not(person: Person) -> None:
    assert obstacle(cluster(), person) is Obstacle.NOT_YOURS
    assert obstacle(cluster(asked_by=""), person) is Obstacle.NOT_YOURS


def test_a_member_does_where_the_tenant_lets_them_delete_one_like_it() -> None:
    assert obstacle(cluster(), EVA, **DELETIONS) is None
    assert obstacle(cluster(), EVA, required=0) is None
    assert obstacle(cluster(spec__pools=[{"name": "md0", "flavor": "small", "replicas": 3}]), EVA, **DELETIONS)


def test_who_decides_by_a_group_does_where_the_group_is_known() -> None:
    tenant = builders.tenant(approvers=[{"group": "leads"}])
    for groups, wanted in ((("leads",), None), ((), Obstacle.NOT_YOURS)):
        found = giving_up.obstacle(cluster(), DAVE, tenant=tenant, catalog=CATALOG, groups=groups)
        assert found is wanted


def test_who_decides_by_a_user_group_of_slack_does_where_the_bot_vouches_for_it() -> None:
    tenant = builders.tenant(members=MEMBERS, approvers=[{"slackGroup": "S0LEADS"}])

    def found(*held: str, **policy: Any) -> Obstacle | None:
        it = builders.tenant(members=MEMBERS, approvers=[{"slackGroup": "S0LEADS"}], approval=policy)
        return giving_up.obstacle(cluster(), EVA, tenant=it, catalog=CATALOG, slack_groups=held)

    assert (found("S0LEADS"), found("S0OTHER"), found()) == (None, Obstacle.NOT_YOURS, Obstacle.NOT_YOURS)
    assert found("S0LEADS", inSlack=False) is Obstacle.NOT_YOURS
    for group, wanted in (("S0LEADS", giving_up.RULE), ("", None)):
        asked = builders.request(Action.DELETE, requester=EVA).it.spec.model_copy(update={"slack_group": group})
        assert giving_up.waiver(tenant, asked, cluster(), CATALOG) == wanted


def test_of_what_is_large_those_who_decide_about_it_do_and_whoever_asked() -> None:
    assert obstacle(cluster(), BEN, **LARGE) is Obstacle.NOT_YOURS
    assert obstacle(cluster(), builders.CLEO, **LARGE) is None
    assert obstacle(cluster(), ANN, **LARGE) is None


def test_an_approver_gives_up_nothing_of_others_where_nothing_is_approved_in_slack() -> None:
    assert obstacle(cluster(), BEN, inSlack=False) is Obstacle.NOT_YOURS
    assert obstacle(cluster(), Person(user="ben"), inSlack=False) is None
    assert obstacle(cluster(), ANN, inSlack=False) is None


def test_without_a_catalog_only_whoever_asked_does() -> None:
    tenant = builders.tenant()
    assert giving_up.obstacle(cluster(), ANN, tenant=tenant, catalog=None) is None
    assert giving_up.obstacle(cluster(), BEN, tenant=tenant, catalog=None) is Obstacle.NOT_YOURS


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status__initialized": True}, Obstacle.READY),
        ({"status": {}}, Obstacle.READY),
        ({"spec__deletionProtection": True}, Obstacle.PROTECTED),
        ({"metadata__deletionTimestamp": "2026-08-03T10:00:00Z"}, Obstacle.GOING),
    ],
)
def test_nobody_gives_up_what_was_ready_is_protected_or_goes_already(changes: dict[str, Any], why: Obstacle) -> None:
    there = cluster(**changes)
    for person in (ANN, BEN, EVA):
        assert obstacle(there, person, required=0) is why


def test_a_deletion_that_gives_up_needs_nobody_and_is_called_so() -> None:
    tenant, asked = builders.tenant(), builders.request(Action.DELETE)
    assert giving_up.waiver(tenant, asked.it.spec, cluster(), CATALOG) == giving_up.RULE
    assert giving_up.waiver(tenant, asked.it.spec, cluster(status__initialized=True), CATALOG) is None
    assert giving_up.waiver(tenant, asked.it.spec, None, CATALOG) is None


def test_a_change_of_what_is_not_ready_yet_needs_whom_it_needs_otherwise() -> None:
    grown = builders.request(Action.CHANGE, desired=builders.spec(lifetime="24h"), base_generation=1)
    assert giving_up.waiver(builders.tenant(), grown.it.spec, cluster(), CATALOG) is None
    nobody = builders.tenant(approval={"required": 0})
    assert giving_up.waiver(nobody, grown.it.spec, cluster(), CATALOG) == approval.NOBODY


def test_what_the_rule_granted_stands_behind_the_deletion_only_while_the_rule_holds() -> None:
    asked = builders.request(Action.DELETE, status={"phase": "Approved", "waiver": giving_up.RULE})
    how: dict[str, Any] = {"action": Action.DELETE, "cluster": "web", "desired": None, "generation": 1, "born": MADE}

    def why(there: Stored[TenantCluster]) -> str:
        rule = giving_up.waiver(builders.tenant(), asked.it.spec, there, CATALOG)
        return backing.uncovered(asked, **how, catalog=CATALOG, tenant=builders.tenant(), waiver=rule)

    assert why(cluster()) == ""
    assert why(cluster(status__initialized=True)) == giving_up.TOO_LATE
