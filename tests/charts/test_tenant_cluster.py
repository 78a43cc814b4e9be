"""The chart of one tenant cluster: values in, a TenantCluster or the request for it out, and nothing that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from playground.controlplane import ControlPlane
from provisioning import objects
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterSpec, TenantCluster
from provisioning.model.cluster import NodePool
from provisioning.names import CLUSTER_NAME_MAX
from provisioning.resources import TENANT_CLUSTERS
from tests.charts.rendering import TENANT_CLUSTER, Helm, Refused
from tests.docs.pages import ROOT, Page

CI = sorted((TENANT_CLUSTER / "ci").glob("*-values.yaml"))
VALUES: Manifest = yaml.safe_load((TENANT_CLUSTER / "values.yaml").read_text())
SCHEMA: Manifest = json.loads((TENANT_CLUSTER / "values.schema.json").read_text())
OWN = {"fullnameOverride", "labels", "annotations", "keep", "request"}
"""Values that are no part of the cluster's spec."""
POOL = {"name": "md0", "flavor": "small"}


@pytest.fixture
def chart(helm: Helm) -> Helm:
    return Helm(helm.program, TENANT_CLUSTER)


def one(chart: Helm, values: Any = None, release: str = "shop") -> Manifest:
    (manifest,) = chart.render(values, release=release, namespace="tenant-a")
    return manifest


def ci(name: str) -> Path:
    return TENANT_CLUSTER / "ci" / f"{name}-values.yaml"


@pytest.mark.parametrize("values", CI, ids=lambda path: path.name)
def test_it_passes_the_strict_linter(chart: Helm, values: Path) -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in chart.lint(values)


def test_every_value_is_listed_with_its_default_and_described() -> None:
    assert VALUES.keys() == SCHEMA["properties"].keys() - {"global"}
    assert VALUES.keys() - OWN == {field.alias for field in ClusterSpec.model_fields.values()}
    assert [name for name, field in SCHEMA["properties"].items() if not field.get("description")] == []


def test_defaults_are_one_small_worker_and_leave_everything_else_to_be_completed(chart: Helm) -> None:
    made = one(chart)
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("shop", "tenant-a")
    assert "annotations" not in made["metadata"]
    assert made["spec"] == {"pools": [{**POOL, "replicas": 1}]}
    objects.read(TenantCluster, made)


def test_everything_that_is_set_is_in_the_cluster(chart: Helm) -> None:
    values = yaml.safe_load(ci("everything").read_text())
    made = one(chart, ci("everything"))
    assert values.keys() == VALUES.keys()
    assert made["spec"] == {key: value for key, value in values.items() if key not in OWN}
    assert made["metadata"]["labels"].items() >= values["labels"].items()
    assert made["metadata"]["annotations"] == {**values["annotations"], "helm.sh/resource-policy": "keep"}
    spec = objects.read(TenantCluster, made).it.spec
    assert [pool.name for pool in spec.pools] == ["web", "batch"]


def test_a_request_is_for_the_same_spec_and_named_after_what_it_asks_for(chart: Helm) -> None:
    asked = one(chart, ci("request"))
    values = yaml.safe_load(ci("request").read_text())
    assert asked["kind"] == "ClusterRequest"
    assert asked["spec"] == {
        "action": Action.CHANGE.value,
        "cluster": "shop",
        "baseGeneration": 3,
        "desired": one(chart, {"pools": values["pools"]})["spec"],
        "reason": values["request"]["reason"],
    }
    first, again, other = (
        one(chart, {"request": {"enabled": True}, **more}) for more in ({}, {}, {"pools": [{**POOL, "replicas": 2}]})
    )
    assert first["spec"]["action"] == Action.CREATE.value
    assert first == again
    assert first["metadata"]["name"] != other["metadata"]["name"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"pool": []}, "additional properties 'pool' not allowed"),
        ({"pools": []}, "at '/pools': minItems"),
        ({"pools": [{"name": "md0", "replicas": 1}]}, "at '/pools/0': missing property 'flavor'"),
        ({"pools": [{**POOL, "replica": 1}]}, "at '/pools/0': additional properties 'replica' not allowed"),
        ({"pools": [{**POOL, "replicas": "1"}]}, "at '/pools/0/replicas': got string, want integer"),
        ({"pools": [{**POOL, "replicas": 1, "labels": {"a b": "c"}}]}, "additional properties 'a b' not allowed"),
        ({"version": "1.34"}, "at '/version': '1.34' does not match pattern"),
        ({"version": 1.34}, "at '/version': got number, want string"),
        ({"lifetime": "3 days"}, "at '/lifetime'"),
        ({"controlPlane": {"replicas": 9}}, "at '/controlPlane/replicas': maximum: got 9, want 7"),
        ({"network": {"pods": "10.0.0.0"}}, "at '/network/pods'"),
        ({"hibernation": {"awakeUntil": "tomorrow"}}, "'tomorrow' is not valid date-time"),
        ({"hibernation": {"schedules": [{"start": "0 19 * * *"}]}}, "missing property 'end'"),
        ({"deletionProtection": "true"}, "at '/deletionProtection': got string, want boolean"),
        ({"annotations": {"clusterdesk.dev/paused": True}}, "got boolean, want string"),
        ({"fullnameOverride": "Shop"}, "Shop cannot be a cluster's name"),
        ({"fullnameOverride": "a" * (CLUSTER_NAME_MAX + 1)}, "at most 30 characters"),
    ],
    ids=str,
)
def test_impossible_values_are_refused_with_the_place_and_the_reason(
    chart: Helm, values: Manifest, complaint: str
) -> None:
    with pytest.raises(Refused) as raised:
        one(chart, values)
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"replicas": 1, "min": 0, "max": 2},
        {"max": 2},
        {"replicas": 1, "min": 0},
        {"min": 3, "max": 2},
        {"replicas": 1, "maxSurge": 0},
        {"replicas": 1, "maxSurge": 0, "maxUnavailable": 0},
    ],
    ids=str,
)
def test_pools_that_contradict_themselves_are_refused_in_the_words_of_the_api(chart: Helm, sizes: Manifest) -> None:
    with pytest.raises(ValueError, match="Value error") as theirs:
        NodePool.model_validate({**POOL, **sizes})
    words = str(theirs.value).partition("Value error, ")[2].partition(" [type=")[0]
    with pytest.raises(Refused) as raised:
        one(chart, {"pools": [{**POOL, "name": "other", "replicas": 1}, {**POOL, **sizes}]})
    assert f"pool md0: {words}" in str(raised.value)


@pytest.mark.parametrize(
    "sizes",
    [{"replicas": 0}, {"min": 0, "max": 1}, {"min": 2, "max": 2}, {"replicas": 1, "maxSurge": 0, "maxUnavailable": 1}],
    ids=str,
)
def test_pools_at_the_edge_of_what_is_possible_are_taken(chart: Helm, sizes: Manifest) -> None:
    made = one(chart, {"pools": [{**POOL, **sizes}]})
    assert objects.read(TenantCluster, made).it.spec.pools == (NodePool.model_validate({**POOL, **sizes}),)


def test_values_that_the_page_about_git_shows_are_taken(chart: Helm) -> None:
    shown = [m for text in Page(ROOT / "docs" / "gitops.md").fences("yaml") for m in yaml.safe_load_all(text)]
    (release,) = (m["spec"] for m in shown if m["kind"] == "HelmRelease")
    (application,) = (m["spec"] for m in shown if m["kind"] == "Application")
    for values in (release["values"], application["source"]["helm"]["valuesObject"]):
        assert one(chart, values)["spec"] == values
        objects.read(TenantCluster, one(chart, values))


async def test_a_release_is_installed_kept_as_it_is_by_the_next_upgrade_and_taken_away(
    chart: Helm, admin: Kube, control_plane: ControlPlane, namespace: str
) -> None:
    values = yaml.safe_load(ci("everything").read_text()) | {"keep": False}
    revisions = []
    for _ in range(2):
        told = chart.upgrade("shop", values, "--install", kubeconfig=control_plane.kubeconfig, namespace=namespace)
        assert "deployed" in told
        found = await admin.get(TENANT_CLUSTERS, "shop", namespace=namespace)
        revisions.append(found["metadata"]["resourceVersion"])
    assert revisions[0] == revisions[1]
    assert found["spec"] == one(chart, values)["spec"]
    chart.uninstall("shop", kubeconfig=control_plane.kubeconfig, namespace=namespace)
    assert await admin.find(TENANT_CLUSTERS, "shop", namespace=namespace) is None
