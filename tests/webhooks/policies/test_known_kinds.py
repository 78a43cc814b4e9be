"""References name kinds that are judged, in the object's own namespace."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    CLUSTERS,
    KUBEADM_CONFIGS,
    MACHINE_DEPLOYMENTS,
    MACHINE_HEALTH_CHECKS,
    MACHINES,
    Resource,
)
from tests.webhooks.estate import WORLD, deployment, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Deny
from webhooks.policies.known_kinds import POLICY


def fields(resource: Resource, new: Any, **rest: Any) -> list[str]:
    verdict = World(*WORLD).check(POLICY, request(resource, new, **rest))
    return [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []


def reference(kind: str, group: str, **more: Any) -> Any:
    return {"apiGroup": group, "kind": kind, "name": "a", **more}


BOOTSTRAP = "spec.template.spec.bootstrap.configRef"
SECOND = reference("KubevirtMachineTemplate", "infrastructure.cluster.x-k8s.io")


def test_a_machine_template_in_place_of_bootstrap_would_be_a_second_machine_for_each() -> None:
    twice = tweak(deployment(), BOOTSTRAP, SECOND)
    assert fields(MACHINE_DEPLOYMENTS, twice) == [BOOTSTRAP]
    config = reference("KubeadmConfigTemplate", "bootstrap.cluster.x-k8s.io")
    assert fields(MACHINE_DEPLOYMENTS, tweak(deployment(), BOOTSTRAP, config)) == []
    assert fields(MACHINE_DEPLOYMENTS, deployment()) == []


def test_controllers_copy_what_was_judged_and_what_is_there_may_stay() -> None:
    twice = tweak(deployment(), BOOTSTRAP, SECOND)
    assert fields(MACHINE_DEPLOYMENTS, twice, user="system:serviceaccount:capi-system:capi-manager") == []
    assert fields(MACHINE_DEPLOYMENTS, tweak(twice, "spec.replicas", 2), old=twice) == []


@pytest.mark.parametrize(
    ("field", "kind", "group"),
    [
        ("controlPlaneRef", "KubeadmControlPlane", "controlplane.cluster.x-k8s.io"),
        ("controlPlaneRef", "KamajiControlPlane", "mine.example.org"),
        ("infrastructureRef", "AWSCluster", "infrastructure.cluster.x-k8s.io"),
    ],
)
def test_a_cluster_of_other_providers_is_refused(field: str, kind: str, group: str) -> None:
    made = manifest(CLUSTERS, "hand", {field: reference(kind, group)})
    assert fields(CLUSTERS, made) == [f"spec.{field}"]


def test_references_stay_in_the_namespace() -> None:
    """Only the older generation of APIs has a place for one."""
    config = reference(KUBEADM_CONFIGS.kind, KUBEADM_CONFIGS.group, namespace="tenant-red")
    made = manifest(MACHINES, "a", {"bootstrap": {"configRef": config}})
    assert fields(MACHINES, made) == ["spec.bootstrap.configRef.namespace"]


def test_a_health_check_makes_nothing_of_a_template() -> None:
    for spec in ({"remediation": {"templateRef": SECOND}}, {"remediationTemplate": SECOND}):
        (found,) = fields(MACHINE_HEALTH_CHECKS, manifest(MACHINE_HEALTH_CHECKS, "a", spec))
        assert "emplate" in found
    assert fields(MACHINE_HEALTH_CHECKS, manifest(MACHINE_HEALTH_CHECKS, "a", {"clusterName": "web"})) == []
