"""What people have approved nobody takes apart, or gives another version, behind their back."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.model import Action
from provisioning.resources import KAMAJI_CONTROL_PLANES
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, WORLD, cluster, tweak
from tests.webhooks.estate import request as asked_for
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.approved_parts import POLICY
from webhooks.policies.protected_clusters import PARTS
from webhooks.trusted import Trusted

ALLOWED: list[dict[str, Any]] = [
    {"user": Trusted().provisioner},
    {"groups": ("system:masters",)},
    {"user": "system:serviceaccount:kube-system:generic-garbage-collector"},
    {"user": "system:serviceaccount:capi-system:capi-manager"},
]


def delete(part: Any, *more: Any, name: str = "web", **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(part, None, old=manifest(part, name, {}), **rest))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_cluster_goes_only_as_the_cluster_may(part: Any) -> None:
    verdict = delete(part, cluster())
    assert isinstance(verdict, Deny)
    assert f"this {part.kind} is what the cluster web stands on; to delete this cluster" in verdict.reason
    assert isinstance(delete(part, cluster(), user="system:serviceaccount:tenant-blue:web-autoscaler"), Deny)


@pytest.mark.parametrize("part", PARTS)
def test_where_nobody_must_agree_it_goes(part: Any) -> None:
    free = tweak(TENANT, "spec.approval.required", 0)
    asked = request(part, None, old=manifest(part, "web", {}))
    assert isinstance(World(CATALOG, free, NAMESPACE, cluster()).check(POLICY, asked), Allow)


@pytest.mark.parametrize("part", PARTS)
def test_it_goes_by_who_takes_clusters_apart_and_with_its_cluster(part: Any) -> None:
    for rest in ALLOWED:
        assert delete(part, cluster(), **rest) == Allow()
    going = tweak(cluster(), "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert delete(part, going) == Allow()
    assert delete(part, cluster(), name="hand-made") == Allow()
    assert delete(part) == Allow()


@pytest.mark.parametrize("part", PARTS)
def test_a_request_to_delete_that_nobody_has_decided_helps_nobody(part: Any) -> None:
    verdict = delete(part, cluster(), asked_for(Action.DELETE))
    assert isinstance(verdict, Deny)
    assert "the request cr-1 does not stand behind this" in verdict.reason


def test_a_control_plane_has_the_version_that_was_approved() -> None:
    def upgrade(version: str, *world: Any, **rest: Any) -> Any:
        old = manifest(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.33.4", "replicas": 2})
        asked = request(KAMAJI_CONTROL_PLANES, tweak(old, "spec.version", version), old=old, **rest)
        return World(*WORLD, *world).check(POLICY, asked)

    verdict = upgrade("v1.35.0", cluster())
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == ["spec.version"]
    assert "the cluster web is to have v1.34.2" in verdict.reason
    assert upgrade("v1.34.2", cluster()) == Allow()
    assert upgrade("v1.33.4", cluster()) == Allow()
    assert upgrade("v1.35.0") == Allow()
    for rest in ALLOWED:
        assert upgrade("v1.35.0", cluster(), **rest) == Allow()
