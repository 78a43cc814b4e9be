"""What controllers take for a cluster's kubeconfig or its keys, only controllers write."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    SECRETS,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    Resource,
)
from tests.webhooks.estate import WORLD, owned, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.control_plane_keys import KEPT
from webhooks.policies.kubeconfig_writers import POLICY
from webhooks.trusted import Trusted

KAMAJI = "system:serviceaccount:kamaji-system:kamaji-controller-manager"


def check(new: Any, **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(SECRETS, new, **rest))


def secret(name: str = "web-kubeconfig", value: str = "a", **more: Any) -> Any:
    return manifest(SECRETS, name, data={"value": value}, **more)


def test_people_write_none_and_change_none() -> None:
    for verdict in (check(secret()), check(secret(value="b"), old=secret()), check(secret("web-admin-kubeconfig"))):
        assert isinstance(verdict, Deny)
        assert "take another name" in verdict.reason


@pytest.mark.parametrize("name", [f"web-{key}" for key in KEPT])
def test_nobody_writes_in_advance_what_a_control_plane_would_keep(name: str) -> None:
    planted = manifest(SECRETS, name, data={"ca.crt": "a", "ca.key": "b"})
    for verdict in (check(planted), check(tweak(planted, "data", {"ca.key": "c"}), old=planted)):
        assert isinstance(verdict, Deny)
        assert f"{name} would be taken for" in verdict.reason
    assert check(planted, user=KAMAJI) == Allow()


def test_a_certificate_without_its_key_is_no_authority_until_the_key_comes() -> None:
    bare = manifest(SECRETS, "registry-ca", data={"ca.crt": "a"})
    assert check(bare) == Allow()
    assert isinstance(check(tweak(bare, "data", {"ca.crt": "a", "ca.key": "b"}), old=bare), Deny)


def test_a_key_that_kamaji_would_not_take_may_be_anybodys_where_no_cluster_is_called_so() -> None:
    usual = manifest(SECRETS, "db-ca", data={"ca.crt": "a", "tls.crt": "a", "tls.key": "b"})
    assert check(usual) == Allow()
    assert isinstance(World(*WORLD, WEB).check(POLICY, request(SECRETS, usual)), Deny)
    assert isinstance(of_control_plane(usual), Deny)


@pytest.mark.parametrize(
    "rest",
    [{"user": KAMAJI}, {"groups": ("system:masters",)}],
)
def test_kamaji_does_and_the_platform_may(rest: Any) -> None:
    assert check(secret(), **rest) == Allow()


CNPG = "system:serviceaccount:cnpg-system:cnpg-manager"
CERTIFIED = manifest(SECRETS, "db-ca", data={"ca.crt": "a", "ca.key": "b"})
RENEWED = tweak(CERTIFIED, "data", {"ca.crt": "c", "ca.key": "d"})
WEB = manifest(KAMAJI_CONTROL_PLANES, "db", {"version": "v1.34.2"})


@pytest.mark.parametrize("user", [CNPG, "system:serviceaccount:cert-manager:cert-manager"])
def test_an_operator_makes_and_renews_the_authority_of_what_is_no_cluster(user: str) -> None:
    assert check(CERTIFIED, user=user) == check(RENEWED, old=CERTIFIED, user=user) == Allow()
    # Of a cluster's own, and of a kubeconfig, it is held to the same as everybody.
    assert isinstance(check(secret("db-kubeconfig"), user=user), Deny)
    assert isinstance(check(manifest(SECRETS, "db-sa-certificate", data={"sa.key": "b"}), user=user), Deny)


@pytest.mark.parametrize("user", ["ann", "system:serviceaccount:tenant-blue:robot", "system:serviceaccount::x"])
def test_and_nobody_of_a_tenant_does(user: str) -> None:
    assert isinstance(check(CERTIFIED, user=user), Deny)


@pytest.mark.parametrize("kind", [TENANT_CLUSTERS, CLUSTERS, KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES])
def test_where_a_cluster_is_called_so_no_operator_does_either(kind: Resource) -> None:
    def of(named: Any) -> Any:
        return World(*WORLD, named).check(POLICY, request(SECRETS, RENEWED, old=CERTIFIED, user=CNPG))

    assert isinstance(of(manifest(kind, "db", {})), Deny)
    assert of(manifest(kind, "db-ca", {})) == of(manifest(kind, "db", {}, namespace="tenant-red")) == Allow()


def of_control_plane(*there: Any, **rest: Any) -> Any:
    return World(*WORLD, *there).check(POLICY, request(KAMAJI_CONTROL_PLANES, WEB, **rest))


def test_no_control_plane_comes_where_its_authority_is_somebodys() -> None:
    for rest in ({}, {"user": Trusted().provisioner}, {"user": KAMAJI}, {"groups": ("system:masters",)}):
        verdict = of_control_plane(CERTIFIED, **rest)
        assert isinstance(verdict, Deny)
        assert "there is a Secret db-ca with a key already" in verdict.reason
    # What a cluster that has just been deleted has left behind, what has no key, and what others are called.
    left = owned(CERTIFIED, manifest(TENANT_CONTROL_PLANES, "db"))
    bare = tweak(CERTIFIED, "data", {"ca.crt": "a"})
    for there in (left, bare, tweak(CERTIFIED, "metadata.name", "db-ca2"), tweak(WEB, "metadata.name", "other")):
        assert of_control_plane(there) == Allow()


def test_nobody_calls_a_key_a_control_planes_that_is_none() -> None:
    said = owned(CERTIFIED, manifest(KAMAJI_CONTROL_PLANES, "db"))
    assert isinstance(check(said, old=CERTIFIED), Deny)
    assert isinstance(check(said, user=CNPG), Deny)
    assert check(said, old=CERTIFIED, user=KAMAJI) == Allow()


def test_sveltos_renews_what_it_gets_into_registered_clusters_by() -> None:
    registered = secret("far-sveltos-kubeconfig")
    user = "system:serviceaccount:projectsveltos:sc-manager"
    assert check(registered, user=user) == Allow()
    assert isinstance(check(registered), Deny)
    assert isinstance(check(secret("far-kubeconfig"), user=user), Deny)


def test_marks_on_it_and_other_secrets_are_free() -> None:
    assert check(tweak(secret(), "metadata.labels", {"a": "b"}), old=secret()) == Allow()
    assert check(secret("web-kubeconfig-of-mine")) == Allow()
    assert check(secret(namespace="elsewhere")) == Allow()
