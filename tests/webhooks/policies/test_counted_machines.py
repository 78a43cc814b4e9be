"""Machines stay where they were counted, and clusters whose size nobody knows before are the platform's to make."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    CLUSTERS,
    KUBEVIRT_MACHINES,
    MACHINE_SETS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from tests.webhooks.estate import WORLD, owned, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies import kept_machines, no_topologies
from webhooks.policies.kept_machines import FINALIZERS, IN_USE

REFERENCE = {"kind": KUBEVIRT_MACHINES.kind, "apiGroup": KUBEVIRT_MACHINES.group, "name": "m0"}
DEPLOYMENT = {
    "apiVersion": MACHINE_SETS.api_version,
    "kind": "MachineDeployment",
    "metadata": {"name": "a", "uid": "d"},
}
SET = owned(manifest(MACHINE_SETS, "old", {"replicas": 1}), DEPLOYMENT)
NEXT = owned(manifest(MACHINE_SETS, "new", {"replicas": 1}), DEPLOYMENT)
STRANGER = manifest(MACHINE_SETS, "stranger", {"replicas": 1})
MACHINE = owned(manifest(MACHINES, "m0", {"clusterName": "web", "infrastructureRef": REFERENCE}), SET)


def written(after: Any, *there: Any, before: Any = MACHINE) -> Any:
    world = World(*WORLD, SET, NEXT, STRANGER) if not there else World(*WORLD, *there)
    return world.check(kept_machines.POLICY, request(MACHINES, after, old=before))


@pytest.mark.parametrize(
    "after",
    [
        tweak(MACHINE, "metadata.ownerReferences", None),
        owned(MACHINE, STRANGER),
        tweak(MACHINE, "metadata.ownerReferences.0.controller", False),
    ],
    ids=["nobody's", "another's", "not controlled"],
)
def test_a_machine_is_not_taken_from_the_set_that_would_make_another_for_it(after: Any) -> None:
    verdict = written(after)
    assert isinstance(verdict, Deny)
    assert "must stay the MachineSet old" in verdict.reason


def test_a_kubevirt_machine_does_not_go_before_its_virtual_machine() -> None:
    def let_go(old: Any, *there: Any, **rest: Any) -> Any:
        new = tweak(old, "metadata.finalizers", ["another.dev/one"])
        asked = request(KUBEVIRT_MACHINES, new, old=old, **rest)
        return World(*WORLD, *there).check(kept_machines.POLICY, asked)

    runs = manifest(VIRTUAL_MACHINES, "m0", {})
    here = tweak(
        manifest(KUBEVIRT_MACHINES, "m0", {}), "metadata.finalizers", [FINALIZERS[KUBEVIRT_MACHINES], "another.dev/one"]
    )
    going = tweak(here, "metadata.deletionTimestamp", "2026-11-29T12:00:00Z")
    for verdict in (let_go(here, runs), let_go(going, runs), let_go(here)):
        assert isinstance(verdict, Deny)
        assert verdict.causes[0].field == "metadata.finalizers"
    assert let_go(going) == Allow()
    assert let_go(going, runs, user="system:serviceaccount:capk-system:capk-manager") == Allow()
    assert let_go(manifest(KUBEVIRT_MACHINES, "m0", {}), runs) == Allow()
    assert let_go(tweak(here, "metadata.namespace", "elsewhere"), runs) == Allow()


def test_a_machine_does_not_go_before_its_kubevirt_machine() -> None:
    going = tweak(MACHINE, "metadata.deletionTimestamp", "2026-11-29T12:00:00Z")
    kept = tweak(going, "metadata.finalizers", [FINALIZERS[MACHINES]])
    verdict = written(going, SET, manifest(KUBEVIRT_MACHINES, "m0", {}), before=kept)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "metadata.finalizers"
    assert written(going, SET, before=kept) == Allow()
    assert written(kept, SET, before=going) == Allow()


@pytest.mark.parametrize(
    ("kind", "spec", "finalizer"),
    [
        *(
            (kind, {}, finalizer)
            for kind in (VIRTUAL_MACHINES, VIRTUAL_MACHINE_INSTANCES)
            for finalizer in IN_USE[kind]
        ),
        (PERSISTENT_VOLUME_CLAIMS, {"volumeName": "v"}, "kubernetes.io/pvc-protection"),
    ],
)
def test_what_runs_or_is_in_use_does_not_go_before_its_controller_says_so(
    kind: Resource, spec: Any, finalizer: str
) -> None:
    def let_go(old: Any, new: Any, **rest: Any) -> Any:
        return World(*WORLD).check(kept_machines.POLICY, request(kind, new, old=old, **rest))

    here = tweak(manifest(kind, "m0", spec), "metadata.finalizers", [finalizer, "another.dev/one"])
    going = tweak(here, "metadata.deletionTimestamp", "2026-11-30T12:00:00Z")
    for old in (here, going):
        verdict = let_go(old, tweak(old, "metadata.finalizers", ["another.dev/one"]))
        assert isinstance(verdict, Deny)
        assert verdict.reason.startswith(f"metadata.finalizers: must keep {finalizer}: it may be in use")
        assert isinstance(let_go(old, tweak(old, "metadata.finalizers", None), subresource="status"), Deny)
        assert let_go(old, tweak(old, "metadata.finalizers", [finalizer])) == Allow()
        assert let_go(old, tweak(old, "metadata.finalizers", None), groups=("system:masters",)) == Allow()
    gone = tweak(going, "metadata.finalizers", None)
    for account in ("kubevirt:kubevirt-controller", "kube-system:pvc-protection-controller"):
        assert let_go(going, gone, user=f"system:serviceaccount:{account}") == Allow()
    elsewhere = [tweak(one, "metadata.namespace", "elsewhere") for one in (going, gone)]
    assert let_go(*elsewhere) == Allow()


def test_a_claim_that_has_no_volume_yet_may_be_let_go_of() -> None:
    claim = tweak(manifest(PERSISTENT_VOLUME_CLAIMS, "a", {}), "metadata.finalizers", ["kubernetes.io/pvc-protection"])
    asked = request(PERSISTENT_VOLUME_CLAIMS, tweak(claim, "metadata.finalizers", None), old=claim)
    assert World(*WORLD).check(kept_machines.POLICY, asked) == Allow()


def test_a_machine_gets_no_other_virtual_machine() -> None:
    verdict = written(tweak(MACHINE, "spec.infrastructureRef.name", "m1"))
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.infrastructureRef.name"


def test_cluster_api_may_hand_a_machine_on_within_its_deployment_and_write_all_else() -> None:
    assert written(owned(MACHINE, NEXT)) == Allow()
    assert written(tweak(MACHINE, "spec.providerID", "kubevirt://m0")) == Allow()
    stray = tweak(MACHINE, "metadata.ownerReferences", None)
    assert written(MACHINE, before=stray) == Allow()


def test_the_garbage_collector_may_take_away_an_owner_that_is_gone() -> None:
    assert written(tweak(MACHINE, "metadata.ownerReferences", None), NEXT) == Allow()


TOPOLOGY = {"topology": {"classRef": {"name": "any"}, "version": "v1.34.2"}}


def made(new: Any, **rest: Any) -> Any:
    return World(*WORLD).check(no_topologies.POLICY, request(CLUSTERS, new, **rest))


def test_people_make_no_cluster_by_a_class() -> None:
    verdict = made(manifest(CLUSTERS, "raw", TOPOLOGY))
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.topology"
    assert isinstance(made(manifest(CLUSTERS, "raw", TOPOLOGY), old=manifest(CLUSTERS, "raw", {})), Deny)


def test_the_platform_may_and_others_may_write_all_else_of_it() -> None:
    assert made(manifest(CLUSTERS, "raw", TOPOLOGY), groups=["system:masters"]) == Allow()
    paused = manifest(CLUSTERS, "raw", {**TOPOLOGY, "paused": True})
    assert made(paused, old=manifest(CLUSTERS, "raw", TOPOLOGY)) == Allow()
    assert made(manifest(CLUSTERS, "raw", {})) == Allow()
    assert made(manifest(CLUSTERS, "raw", TOPOLOGY, namespace="elsewhere")) == Allow()
