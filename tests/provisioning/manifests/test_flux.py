"""Add-ons: where they are aimed, what they wait for, and that nothing takes them back."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import errors
from provisioning.addons import charts
from provisioning.manifest import Manifest
from tests.provisioning.manifests.examples import ADD_ONS, AUTOSCALED, catalog, of_kind, only, rendered


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


def test_everything_follows_the_network_but_what_the_network_itself_follows() -> None:
    chart = {"repository": "https://example.org/", "name": "x", "version": "1"}
    offer = catalog(
        addOns=[
            {"name": "crds", "chart": chart},
            {"name": "network", "chart": chart, "cni": True, "after": ["crds"]},
            {"name": "dns", "chart": chart},
            {"name": "ingress", "chart": chart, "after": ["dns"]},
        ]
    )
    wished = [{"name": name} for name in ("crds", "network", "dns", "ingress")]
    found = releases(offer=offer, addOns=wished)
    before = {name: [one["name"] for one in spec.get("dependsOn", ())] for name, spec in found.items()}
    assert before == {
        "web-crds": [],
        "web-network": ["web-crds"],
        "web-dns": ["web-network"],
        "web-ingress": ["web-dns", "web-network"],
    }


def test_add_ons_that_wait_for_each_other_are_refused_by_name() -> None:
    chart = {"repository": "https://example.org/", "name": "x", "version": "1"}
    two = [{"name": "a", "chart": chart, "after": ["b"]}, {"name": "b", "chart": chart, "after": ["a"]}]
    with pytest.raises(errors.RuleError, match="wait for each other: a, b"):
        rendered(offer=catalog(addOns=two), addOns=[{"name": "a"}, {"name": "b"}])


def test_releases_of_a_cluster_that_sleeps_are_suspended_and_go_on_when_it_wakes() -> None:
    asleep = of_kind(rendered(asleep=True), "HelmRelease")
    assert [release["spec"]["suspend"] for release in asleep] == [True, True]
    assert all("suspend" not in spec for spec in releases(existing=asleep).values())


def test_a_repository_is_there_once_however_many_add_ons_come_from_it() -> None:
    urls = [m["spec"]["url"] for m in of_kind(rendered(**ADD_ONS), "HelmRepository")]
    assert sorted(urls) == sorted(set(urls))
    assert len(urls) == 2


def test_a_chart_in_a_registry_is_an_artifact_of_which_only_the_chart_is_taken() -> None:
    made = rendered(**ADD_ONS)
    artifact = only(made, "OCIRepository")
    assert artifact["spec"]["url"] == "oci://registry.example.org/charts/cert-manager"
    assert artifact["spec"]["ref"] == {"semver": "1.19.x"}
    assert artifact["spec"]["layerSelector"] == {
        "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        "operation": "copy",
    }
    spec = releases(**ADD_ONS)["web-cert-manager"]
    assert spec["chartRef"] == {"kind": "OCIRepository", "name": artifact["metadata"]["name"]}
    assert "chart" not in spec


def test_a_release_names_a_repository_that_is_rendered_with_it() -> None:
    there = {m["metadata"]["name"] for m in of_kind(rendered(**ADD_ONS), "HelmRepository")}
    named = {spec["chart"]["spec"]["sourceRef"]["name"] for spec in releases(**ADD_ONS).values() if "chart" in spec}
    assert named == there


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
    assert charts.merged(base, {"a": {"y": [3]}, "b": {"c": 2}}) == {"a": {"x": 1, "y": [3]}, "b": {"c": 2}}
    assert base == {"a": {"x": 1, "y": [1, 2]}, "b": 1}
