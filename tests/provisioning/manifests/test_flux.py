"""Add-ons: where they are aimed, what they wait for, and that nothing takes them back."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.addons import flux
from tests.provisioning.manifests.examples import ADD_ONS, AUTOSCALED, Manifest, of_kind, rendered


def releases(**changes: Any) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m["spec"] for m in of_kind(rendered(**changes), "HelmRelease")}


def test_a_release_is_aimed_at_the_tenant_and_keeps_its_records_there() -> None:
    for spec in releases(**ADD_ONS).values():
        assert spec["kubeConfig"] == {"secretRef": {"name": "web-kubeconfig", "key": "value"}}
        assert spec["storageNamespace"] == spec["targetNamespace"]


def test_a_failed_install_or_upgrade_is_tried_again_and_never_undone() -> None:
    for spec in releases(**ADD_ONS).values():
        for action in (spec["install"], spec["upgrade"]):
            assert action["strategy"]["name"] == "RetryOnFailure"
            assert action["remediation"] == {"retries": -1}


def test_an_add_on_follows_those_before_it_that_the_cluster_has() -> None:
    assert releases()["web-metrics-server"]["dependsOn"] == [{"name": "web-cilium"}]
    alone = releases(addOns=[{"name": "metrics-server"}])
    assert "dependsOn" not in alone["web-metrics-server"]


def test_a_repository_is_there_once_however_many_add_ons_come_from_it() -> None:
    urls = [m["spec"]["url"] for m in of_kind(rendered(**ADD_ONS), "HelmRepository")]
    assert sorted(urls) == sorted(set(urls))
    assert len(urls) == 3


def test_a_registry_of_images_is_a_repository_of_that_type() -> None:
    types = {m["spec"]["url"]: m["spec"].get("type") for m in of_kind(rendered(**ADD_ONS), "HelmRepository")}
    assert types["oci://registry.example.org/charts"] == "oci"
    assert types["https://helm.cilium.io/"] is None


def test_a_release_names_a_repository_that_is_rendered_with_it() -> None:
    there = {m["metadata"]["name"] for m in of_kind(rendered(**ADD_ONS), "HelmRepository")}
    assert {spec["chart"]["spec"]["sourceRef"]["name"] for spec in releases(**ADD_ONS).values()} == there


def test_a_namespace_of_its_own_is_made_and_the_systems_is_not() -> None:
    found = releases(**ADD_ONS)
    assert found["web-cert-manager"]["install"]["createNamespace"] is True
    assert "createNamespace" not in found["web-cilium"]["install"]


@pytest.mark.parametrize(
    ("pools", "cilium_waits", "metrics_wait"),
    [
        ([{"name": "a", "flavor": "small", "replicas": 1}], True, True),
        (AUTOSCALED["pools"], False, True),
        ([*AUTOSCALED["pools"], {"name": "a", "flavor": "small", "replicas": 1}], True, True),
        ([{"name": "a", "flavor": "small", "replicas": 0}], False, False),
    ],
    ids=["always a node", "perhaps none", "one pool always has one", "never a node"],
)
def test_nothing_waits_for_pods_where_there_is_no_node_to_run_them(
    pools: list[Manifest], cilium_waits: bool, metrics_wait: bool
) -> None:
    found = releases(pools=pools)
    assert ("disableWait" not in found["web-cilium"]["install"]) is cilium_waits
    assert ("disableWait" not in found["web-cilium"]["upgrade"]) is cilium_waits
    assert ("disableWait" not in found["web-metrics-server"]["install"]) is metrics_wait


def test_the_clusters_values_are_laid_over_the_catalogs() -> None:
    values = releases(**ADD_ONS)["web-cilium"]["values"]
    assert values["operator"] == {"replicas": 2}
    assert values["hubble"] == {"enabled": False}
    assert values["tunnelPort"] == 8473


def test_laying_over_replaces_lists_and_keeps_what_both_leave_alone() -> None:
    base = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    assert flux.merged(base, {"a": {"y": [3]}, "b": {"c": 2}}) == {"a": {"x": 1, "y": [3]}, "b": {"c": 2}}
    assert base == {"a": {"x": 1, "y": [1, 2]}, "b": 1}
