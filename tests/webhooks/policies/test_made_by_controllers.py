"""What controllers make of something else, nobody makes directly, whatever RBAC gave them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioning.resources import (
    KAMAJI_CONTROL_PLANES,
    PERSISTENT_VOLUME_CLAIMS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from tests.webhooks.estate import WORLD, owned, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import CONTROLLER_REVISIONS
from webhooks.policies.made_by_controllers import POLICY
from webhooks.trusted import Trusted

KAMAJI = "system:serviceaccount:kamaji-system:kamaji-controller-manager"
CONTROL_PLANE = manifest(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.34.2"})
MADE = (TENANT_CONTROL_PLANES, VIRTUAL_MACHINES, VIRTUAL_MACHINE_INSTANCES)


def check(resource: Resource, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new, **rest))


@pytest.mark.parametrize("resource", MADE, ids=lambda resource: str(resource.kind))
def test_people_make_none_and_change_none(resource: Resource) -> None:
    stored = manifest(resource, "web", {"running": True})
    for verdict in (
        check(resource, stored),
        check(resource, tweak(stored, "spec.running", False), old=stored),
        check(resource, stored, user="system:serviceaccount:tenant-blue:web-csi-controller"),
    ):
        assert isinstance(verdict, Deny)
        assert f"a {resource.kind} is made and changed by" in verdict.reason


@pytest.mark.parametrize("resource", MADE, ids=lambda resource: str(resource.kind))
def test_marks_and_what_is_outside_of_tenants_is_left_alone(resource: Resource) -> None:
    stored = manifest(resource, "web", {"running": True})
    assert check(resource, tweak(stored, "metadata.labels", {"a": "b"}), old=stored) == Allow()
    assert check(resource, manifest(resource, "web", {}, namespace="elsewhere")) == Allow()


def test_scaling_behind_kamajis_back_is_refused() -> None:
    old, new = (manifest(TENANT_CONTROL_PLANES, "web", {"replicas": number}) for number in (2, 3))
    verdict = check(TENANT_CONTROL_PLANES, new, old=old, subresource="scale")
    assert isinstance(verdict, Deny)
    assert "change that one" in verdict.reason
    assert check(TENANT_CONTROL_PLANES, new, old=old, subresource="scale", user=KAMAJI) == Allow()


def test_kamaji_makes_one_for_a_control_plane_that_lives() -> None:
    bare = manifest(TENANT_CONTROL_PLANES, "web", {"dataStore": "default"})
    made = owned(bare, CONTROL_PLANE)
    assert check(TENANT_CONTROL_PLANES, made, CONTROL_PLANE, user=KAMAJI) == Allow()
    # Nobody's, of one that is gone, and of one that was there before under the same name.
    another = tweak(CONTROL_PLANE, "metadata.uid", "another")
    for child, world in ((bare, [CONTROL_PLANE]), (made, []), (made, [another])):
        verdict = check(TENANT_CONTROL_PLANES, child, *world, user=KAMAJI)
        assert isinstance(verdict, Deny)
        assert [cause.field for cause in verdict.causes] == ["metadata.ownerReferences"]


def test_the_namespace_is_that_of_the_request_whatever_the_object_says() -> None:
    made = owned(manifest(TENANT_CONTROL_PLANES, "web", {"dataStore": "default"}), CONTROL_PLANE)
    asked = replace(request(TENANT_CONTROL_PLANES, made, user=KAMAJI), object=tweak(made, "metadata.namespace", None))
    assert World(*WORLD, CONTROL_PLANE).check(POLICY, asked) == Allow()


def test_kubevirt_makes_machines_and_the_platform_may_make_anything() -> None:
    for resource in (VIRTUAL_MACHINES, VIRTUAL_MACHINE_INSTANCES):
        made = manifest(resource, "web-0", {"running": True})
        assert check(resource, made, user="system:serviceaccount:kubevirt:kubevirt-controller") == Allow()
        assert check(resource, made, groups=("system:masters",)) == Allow()


CLAIM = tweak(manifest(PERSISTENT_VOLUME_CLAIMS, "data", {}), "metadata.uid", "0b9e3c52-1f6a-4d0e-9a57-3f2b8c1d7e60")
FILLING = manifest(PERSISTENT_VOLUME_CLAIMS, f"prime-{CLAIM['metadata']['uid']}", {})
GOING = tweak(FILLING, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")


@pytest.mark.parametrize("owner", [None, CLAIM], ids=["alone", "owned"])
def test_what_fills_a_claim_is_made_by_the_importer_only(owner: Any) -> None:
    made = owned(FILLING, owner) if owner else FILLING
    verdict = check(PERSISTENT_VOLUME_CLAIMS, made)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == ["metadata.name"]
    assert check(PERSISTENT_VOLUME_CLAIMS, made, user="system:serviceaccount:cdi:cdi-sa") == Allow()


@pytest.mark.parametrize("before", [FILLING, GOING, owned(FILLING, tweak(CLAIM, "metadata.uid", "x"))])
def test_nor_does_anybody_else_say_whose_it_is_also_while_it_is_kept_from_going(before: Any) -> None:
    assert isinstance(check(PERSISTENT_VOLUME_CLAIMS, owned(before, CLAIM), old=before), Deny)


def test_all_other_claims_are_made_by_anybody_and_what_fills_one_may_be_marked() -> None:
    there = owned(FILLING, CLAIM)
    marked = tweak(there, "metadata.labels", {"a": "b"})
    named = manifest(PERSISTENT_VOLUME_CLAIMS, "prime-data", {})
    for new, old in ((CLAIM, None), (named, None), (marked, there), (owned(CLAIM, CLAIM), None)):
        assert check(PERSISTENT_VOLUME_CLAIMS, new, old=old) == Allow()


def test_whose_controllers_are_believed_is_for_the_platform_to_say() -> None:
    made = request(VIRTUAL_MACHINES, manifest(VIRTUAL_MACHINES, "a", {}), user="system:serviceaccount:kubevirt:x")
    trusted = Trusted(controllers=frozenset({"virtualization"}))
    assert isinstance(World(*WORLD).check(POLICY, made, trusted=trusted), Deny)
    # A name that only looks like an account's is none.
    odd = request(VIRTUAL_MACHINES, manifest(VIRTUAL_MACHINES, "a", {}), user="x:system:serviceaccount:kubevirt:x")
    assert isinstance(World(*WORLD).check(POLICY, odd), Deny)


def test_no_revision_of_a_size_is_put_where_kubevirt_looks_for_its_own() -> None:
    about = {"apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachineClusterInstancetype"}
    revision = manifest(CONTROLLER_REVISIONS, "web-md0-small-1", revision=0, data={**about, "spec": {}})
    for user in ("ann", "system:serviceaccount:tenant-blue:gitops"):
        verdict = check(CONTROLLER_REVISIONS, revision, user=user)
        assert isinstance(verdict, Deny)
        assert f"is made by controllers only, and not by {user}" in verdict.reason
    for account in ("kubevirt:kubevirt-controller", "kube-system:statefulset-controller", "velero:velero"):
        assert check(CONTROLLER_REVISIONS, revision, user=f"system:serviceaccount:{account}") == Allow()
    assert check(CONTROLLER_REVISIONS, revision, user="system:kube-controller-manager") == Allow()
    assert check(CONTROLLER_REVISIONS, revision, groups=("system:masters",)) == Allow()
    assert check(CONTROLLER_REVISIONS, tweak(revision, "metadata.namespace", "elsewhere")) == Allow()


@pytest.mark.parametrize("key", ["hooks.kubevirt.io/hookSidecars", "k8s.v1.cni.cncf.io/networks", "of-next.year/x"])
def test_nothing_is_marked_on_a_running_guest_that_its_next_pod_would_have(key: str) -> None:
    plain = manifest(VIRTUAL_MACHINE_INSTANCES, "web-0", {})
    there = manifest(VIRTUAL_MACHINE_INSTANCES, "web-0", {}, annotations={key: "a", "b": "c"})
    verdict = check(VIRTUAL_MACHINE_INSTANCES, there, old=plain)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == sorted(
        [f"metadata.annotations[{key}]", "metadata.annotations[b]"]
    )
    assert isinstance(
        check(VIRTUAL_MACHINE_INSTANCES, tweak(there, "metadata.annotations", {key: "x"}), old=there), Deny
    )
    # What is there may go, and what runs beside the tenants marks what it likes.
    assert check(VIRTUAL_MACHINE_INSTANCES, plain, old=there) == Allow()
    for account in ("kubevirt:kubevirt-controller", "kube-system:generic-garbage-collector", "velero:velero"):
        user = f"system:serviceaccount:{account}"
        assert check(VIRTUAL_MACHINE_INSTANCES, there, old=plain, user=user) == Allow()
    applied = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    assert check(VIRTUAL_MACHINE_INSTANCES, tweak(plain, "metadata.annotations", applied), old=plain) == Allow()
    elsewhere = [tweak(one, "metadata.namespace", "elsewhere") for one in (there, plain)]
    assert check(VIRTUAL_MACHINE_INSTANCES, elsewhere[0], old=elsewhere[1]) == Allow()


def test_no_control_plane_is_paused_under_whoever_is_charged_for_it() -> None:
    plain = manifest(TENANT_CONTROL_PLANES, "web", {"controlPlane": {"deployment": {"replicas": 3}}})
    key = "kamaji.clastix.io/paused"
    paused = tweak(plain, "metadata.annotations", {key: "", "a": "b"})
    verdict = check(TENANT_CONTROL_PLANES, paused, old=plain)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == [f"metadata.annotations[{key}]"]
    going = [tweak(one, "metadata.deletionTimestamp", "2026-11-30T12:00:00Z") for one in (paused, plain)]
    assert isinstance(check(TENANT_CONTROL_PLANES, going[0], old=going[1]), Deny)
    assert check(TENANT_CONTROL_PLANES, paused, old=plain, user=KAMAJI) == Allow()
    assert check(TENANT_CONTROL_PLANES, paused, old=plain, groups=("system:masters",)) == Allow()
    assert check(TENANT_CONTROL_PLANES, plain, old=paused) == Allow()
    assert check(TENANT_CONTROL_PLANES, tweak(paused, "metadata.labels", {"c": "d"}), old=paused) == Allow()
