"""A hosted component writes what is of its own cluster."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.names import CAPI_CLUSTER_LABEL
from provisioning.resources import (
    DATA_VOLUMES,
    MACHINE_DEPLOYMENTS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    Resource,
)
from tests.webhooks.estate import WORLD, deployment
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.own_cluster import POLICY

ACCOUNT = "system:serviceaccount:tenant-blue:{}"
CCM, CSI, AUTOSCALER = "cloud-controller-manager", "csi-controller", "cluster-autoscaler"


def check(component: str, resource: Resource, new: Any, *more: Any, cluster: str = "web", **rest: Any) -> Any:
    user = ACCOUNT.format(f"{cluster}-{component}")
    return World(*WORLD, *more).check(POLICY, request(resource, new, user=user, **rest))


def of(resource: Resource, cluster: str, **more: Any) -> Any:
    return manifest(resource, "a", {}, labels={CAPI_CLUSTER_LABEL: cluster}, **more)


@pytest.mark.parametrize(("component", "resource"), [(CCM, SERVICES), (CSI, DATA_VOLUMES)])
def test_it_makes_and_deletes_what_is_of_its_own_cluster_only(component: str, resource: Resource) -> None:
    own, other, nobodys = of(resource, "web"), of(resource, "shop"), manifest(resource, "a", {})
    assert check(component, resource, own) == Allow()
    assert check(component, resource, None, old=own) == Allow()
    for verdict in (
        check(component, resource, other),
        check(component, resource, nobodys),
        check(component, resource, None, old=other),
    ):
        assert isinstance(verdict, Deny)
        assert f"web-{component} may write what belongs to the cluster web only" in verdict.reason


def test_it_takes_nothing_over_by_writing_its_own_mark_on_it() -> None:
    assert isinstance(check(CCM, SERVICES, of(SERVICES, "web"), old=of(SERVICES, "shop")), Deny)


def test_the_autoscaler_scales_its_own_workers() -> None:
    own, other = deployment("md0"), deployment("md1")
    other["spec"]["clusterName"] = "shop"
    for stored, admitted in ((own, True), (other, False)):
        old, new = ({**stored, "spec": {"replicas": number}} for number in (1, 2))
        verdict = check(AUTOSCALER, MACHINE_DEPLOYMENTS, new, stored, old=old, subresource="scale")
        assert isinstance(verdict, Allow) is admitted
    machine = manifest(MACHINES, "a", {"clusterName": "shop"})
    assert isinstance(check(AUTOSCALER, MACHINES, machine, old=machine), Deny)


def test_a_claim_without_marks_is_of_the_cluster_of_its_data_volume() -> None:
    claim = manifest(PERSISTENT_VOLUME_CLAIMS, "a", {})
    assert check(CSI, PERSISTENT_VOLUME_CLAIMS, claim, of(DATA_VOLUMES, "web"), old=claim) == Allow()
    assert isinstance(check(CSI, PERSISTENT_VOLUME_CLAIMS, claim, of(DATA_VOLUMES, "shop"), old=claim), Deny)


@pytest.mark.parametrize(
    "user", ["ann", ACCOUNT.format("default"), "system:serviceaccount:elsewhere:web-csi-controller", ACCOUNT.format("")]
)
def test_everybody_else_is_left_to_other_rules(user: str) -> None:
    assert World(*WORLD).check(POLICY, request(SERVICES, of(SERVICES, "shop"), user=user)) == Allow()
