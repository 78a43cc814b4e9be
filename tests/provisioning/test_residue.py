"""What is left of a cluster, in words for whoever looks after the platform."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from provisioning import ending, residue
from provisioning.objects import format_time
from tests.builders import NOW

ASKED = NOW - timedelta(minutes=5)


def left(kind: str = "Service", *finalizers: str, name: str = "x", asked: Any = ASKED, **more: Any) -> dict[str, Any]:
    meta = {"name": name, "finalizers": list(finalizers)}
    return {"kind": kind, "metadata": meta | ({"deletionTimestamp": format_time(asked)} if asked else {}), **more}


def test_what_is_only_going_is_not_told() -> None:
    fresh = left("Service", "a/b", asked=NOW - timedelta(seconds=59))
    assert residue.told([left("Secret", asked=None), fresh], now=NOW) == []
    assert len(residue.told([fresh], now=NOW + timedelta(seconds=1))) == 1


@pytest.mark.parametrize("finalizer", sorted(residue.HOLDERS))
def test_every_holder_we_know_is_named_with_what_to_do(finalizer: str) -> None:
    (line,) = residue.told([left("Thing", finalizer)], now=NOW)
    assert line.startswith("Thing x was asked to go at 2026-08-03T11:55:00Z: held by the finalizer ")
    assert finalizer in line
    assert residue.HOLDERS[finalizer].who in line
    assert len(line) <= residue.LENGTH


def test_a_finalizer_that_nobody_knows_is_told_all_the_same() -> None:
    (line,) = residue.told([left("Service", "who.example.com/knows", "a.example.com/b")], now=NOW)
    assert "who.example.com/knows; see that whoever set it runs" in line
    assert "a.example.com/b" in line


def test_kamajis_datastore_is_named() -> None:
    tenant = left("TenantControlPlane", residue.TENANT_CONTROL_PLANE_FINALIZER, spec={"dataStore": "postgres-2"})
    (line,) = residue.told([tenant], now=NOW)
    assert "its DataStore postgres-2 is missing or not ready" in line


def test_a_claim_is_told_with_the_pods_that_use_it_and_no_others() -> None:
    def pod(name: str, claim: str) -> dict[str, Any]:
        volumes = [{"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": claim}}]
        return {"kind": "Pod", "metadata": {"name": name}, "spec": {"volumes": volumes}}

    claim = left("PersistentVolumeClaim", residue.CLAIM_FINALIZER, name="pvc-1")
    pods = [pod("hp-volume-a", "pvc-1"), pod("other", "pvc-2")]
    (line,) = residue.told([claim], now=NOW, pods=pods)
    assert line.endswith("it goes once no Pod uses it; used by Pod hp-volume-a")


def test_the_same_residue_has_the_same_words_whenever_it_is_looked_at() -> None:
    things = [left("Service", "a/b"), left("Secret")]
    assert residue.told(things, now=NOW) == residue.told(things, now=NOW + timedelta(hours=3))


def test_the_message_has_the_first_cause_and_counts_the_rest() -> None:
    now = ending.at("still there: Service x", asked=ASKED, now=NOW, residue=("Service x is held", "b", "c"))
    assert now.message == "still there: Service x; Service x is held; 2 more in status.residue"
    assert ending.at("going", asked=ASKED, now=NOW).message == "going"


def test_a_deletion_is_stuck_after_half_an_hour() -> None:
    assert not ending.at("x", asked=NOW, now=NOW + timedelta(minutes=29)).stuck
    assert ending.at("x", asked=NOW, now=NOW + timedelta(minutes=30)).stuck


def test_what_cluster_api_says_of_its_deletion_is_one_line() -> None:
    def host(reason: str, message: str) -> dict[str, Any]:
        condition = {"type": "Deleting", "status": "True", "reason": reason, "message": message}
        return {"status": {"conditions": [condition]}}

    said = ending.stage_of(host("WaitingForWorkersDeletion", "* MachineSets: a\n* Worker Machines: b, c"))
    assert said == "the workers are being deleted: MachineSets: a; Worker Machines: b, c"
    assert ending.stage_of(host("SomethingNew", "")) == "the cluster is being deleted"
    assert ending.stage_of({}) == "the cluster is being deleted"
