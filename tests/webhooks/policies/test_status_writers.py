"""What people follow, an address or a number, and what controllers act by is written by whoever found it."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    HELM_REPOSITORIES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINES,
    Resource,
)
from tests.webhooks.estate import WORLD, cluster
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import GIT_REPOSITORIES, HELM_CHARTS
from webhooks.policies.status_writers import POLICY
from webhooks.policy import UPDATE, table
from webhooks.trusted import Trusted


def check(status: Any, **rest: Any) -> Any:
    old = cluster()
    asked = request(TENANT_CLUSTERS, {**old, "status": status}, old=old, subresource="status", **rest)
    return World(*WORLD).check(POLICY, asked)


def test_people_write_no_status() -> None:
    verdict = check({"endpoint": "https://elsewhere.example.org"})
    assert isinstance(verdict, Deny)
    assert "is written by clusterdesk itself, and not by ann" in verdict.reason


def test_the_provisioner_does_and_the_platform_may() -> None:
    status = {"endpoint": "https://web.example.org"}
    assert check(status, user=Trusted().provisioner) == Allow()
    assert check(status, groups=("system:masters",)) == Allow()


def test_to_write_what_is_there_is_to_write_nothing() -> None:
    assert check(None) == Allow()


KAMAJI = "system:serviceaccount:kamaji-system:kamaji-controller-manager"
KUBEVIRT = "system:serviceaccount:kubevirt:kubevirt-controller"
FLUX = "system:serviceaccount:flux-system:source-controller"
ACTED_BY = [
    (TENANT_CONTROL_PLANES, {"storage": {"config": {"secretName": "red-datastore-config"}}}, KAMAJI),
    (TENANT_CONTROL_PLANES, {"kubeconfig": {"admin": {"secretName": "mine"}}}, KAMAJI),
    (VIRTUAL_MACHINES, {"instancetypeRef": {"controllerRevisionRef": {"name": "large"}}}, KUBEVIRT),
    (GIT_REPOSITORIES, {"artifact": {"url": "http://mine.example.org/x.tar.gz"}}, FLUX),
    (HELM_REPOSITORIES, {"artifact": {"url": "http://mine.example.org/x.tar.gz"}}, FLUX),
    (HELM_CHARTS, {"artifact": {"url": "http://mine.example.org/x.tar.gz"}}, FLUX),
]


def write(kind: Resource, status: Any, *, namespace: str = "tenant-blue", **rest: Any) -> Any:
    old = manifest(kind, "web", {}, namespace=namespace, status={"conditions": []})
    asked = request(kind, {**old, "status": {"conditions": [], **status}}, old=old, subresource="status", **rest)
    return World(*WORLD).check(POLICY, asked)


@pytest.mark.parametrize(("kind", "status", "controller"), ACTED_BY)
def test_what_a_controller_acts_by_it_writes_itself(kind: Resource, status: Any, controller: str) -> None:
    assert (kind.group, kind.plural, "status", UPDATE) in table([POLICY])
    for user in ("ann", "system:serviceaccount:tenant-blue:default", "system:serviceaccount:lab:source-controller"):
        verdict = write(kind, status, user=user)
        assert isinstance(verdict, Deny)
        assert [cause.field for cause in verdict.causes] == [f"status.{next(iter(status))}"]
        assert f"is written by the controller that acts by it, and not by {user}" in verdict.reason
    assert write(kind, status, user=controller) == Allow()
    assert write(kind, status, groups=("system:masters",)) == Allow()
    assert write(kind, status, namespace="elsewhere") == Allow()


@pytest.mark.parametrize(("kind", "status", "controller"), ACTED_BY)
def test_what_fetches_for_flux_is_believed_in_that_alone(kind: Resource, status: Any, controller: str) -> None:
    assert (write(kind, status, user=FLUX) == Allow()) is (controller == FLUX)


def test_what_nobody_acts_by_is_anybodys() -> None:
    for kind in (TENANT_CONTROL_PLANES, VIRTUAL_MACHINES, GIT_REPOSITORIES):
        assert write(kind, {"observedGeneration": 2}) == Allow()
