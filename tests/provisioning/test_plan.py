"""The plan as a whole: order, refusals, what is to go, and Clusters made by hand."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from provisioning import errors, manifests, plan
from provisioning.manifest import Manifest
from provisioning.model import CatalogSpec
from provisioning.plan import Plan
from tests.provisioning.manifests.examples import (
    AUTOSCALED,
    CATALOG,
    CLUSTER_UID,
    TENANT,
    catalog,
    cluster,
    control_plane,
    of_kind,
    only,
    rendered,
)


def test_every_module_of_the_manifests_folder_is_listed() -> None:
    shared = {"__init__", "blueprint", "capacity", "core", "marks"}
    files = {path.stem for path in Path(manifests.__file__).parent.glob("*.py")} - shared
    assert files == {module.__name__.rpartition(".")[2] for module in manifests.MANIFESTS}


def test_what_is_named_comes_before_what_names_it() -> None:
    order = [manifest["kind"] for manifest in rendered()]
    first = {kind: order.index(kind) for kind in set(order)}
    assert first["KamajiControlPlane"] < first["Cluster"]
    assert first["KubevirtCluster"] < first["Cluster"]
    assert first["KubevirtMachineTemplate"] < first["MachineDeployment"]
    assert first["KubeadmConfigTemplate"] < first["MachineDeployment"]
    assert first["HelmRepository"] < first["HelmRelease"]
    assert first["ServiceAccount"] < first["Deployment"]


def test_no_two_manifests_share_a_part() -> None:
    made = rendered(**AUTOSCALED)
    before = copy.deepcopy(made)
    for manifest in made:
        manifest["metadata"]["labels"]["changed"] = manifest["kind"]
    assert [{**m["metadata"]["labels"]}.pop("changed") for m in made] == [m["kind"] for m in made]
    assert [m["spec"] for m in made if "spec" in m] == [m["spec"] for m in before if "spec" in m]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": None}, "spec.version"),
        ({"network": {"pods": "10.243.0.0/16"}}, "spec.network.services"),
        ({"pools": [{"name": "md0", "flavor": "huge", "replicas": 1}]}, "spec.pools[0].flavor"),
        ({"addOns": [{"name": "cilium"}, {"name": "istio"}]}, "spec.addOns[1].name"),
    ],
)
def test_a_cluster_that_cannot_be_rendered_is_refused_with_the_field_that_is_wrong(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.RuleError) as refused:
        rendered(**changes)
    assert [cause.field for cause in refused.value.causes] == [field]


def test_workers_of_a_version_without_an_image_are_refused() -> None:
    with pytest.raises(errors.RuleError, match=r"v1\.33\.0"):
        rendered(workers_version="v1.33.0")


# --- what has left the Catalog

SMALL, CILIUM = "small", "cilium"


def without(*, flavor: str = "", version: str = "", add_on: str = "") -> CatalogSpec:
    """The catalog after one thing has been taken off it."""
    return catalog(
        flavors=[f for f in CATALOG["flavors"] if f["name"] != flavor],
        versions=[v for v in CATALOG["versions"] if v["version"] != version],
        addOns=[a for a in CATALOG["addOns"] if a["name"] != add_on],
    )


def planned(offer: CatalogSpec, existing: list[Manifest], *, asleep: bool = False, **changes: Any) -> Plan:
    return plan.render(
        cluster(**changes),
        offer,
        tenant=TENANT,
        cluster_uid=CLUSTER_UID,
        existing=existing,
        asleep=asleep,
    )


def rerendered(offer: CatalogSpec, existing: list[Manifest], **changes: Any) -> list[Manifest]:
    return planned(offer, existing, **changes).manifests


@pytest.mark.parametrize("offer", [without(flavor=SMALL), without(version="v1.34.4")], ids=["flavor", "version"])
def test_workers_that_have_left_the_catalog_go_on_and_can_still_be_scaled(offer: CatalogSpec) -> None:
    before = rendered()
    after = rerendered(offer, before, pools=[{"name": "md0", "flavor": "small", "replicas": 5}])
    deployment = only(after, "MachineDeployment")
    assert deployment["spec"]["replicas"] == 5
    assert deployment["spec"]["template"] == only(before, "MachineDeployment")["spec"]["template"]
    assert plan.stale(after, before) == []


def test_an_autoscaled_pool_keeps_its_machines_capacity_when_their_flavor_has_left_the_catalog() -> None:
    before = rendered(**AUTOSCALED)
    after = rerendered(without(flavor=SMALL), before, **AUTOSCALED)
    assert only(after, "MachineDeployment") == only(before, "MachineDeployment")


def test_an_upgrade_away_from_a_version_that_has_left_the_catalog_goes_through() -> None:
    after = rerendered(without(version="v1.34.4"), rendered(), version="v1.35.1")
    assert only(after, "KamajiControlPlane")["spec"]["version"] == "v1.35.1"
    assert only(after, "MachineDeployment")["spec"]["template"]["spec"]["version"] == "v1.34.4"


@pytest.mark.parametrize(
    ("offer", "field", "why"),
    [
        (without(flavor=SMALL), "spec.pools[0].flavor", "no flavor small any more, so its machines stay at v1.34.4"),
        (without(version="v1.35.1"), "spec.version", "no image for workers of v1.35.1; they stay at v1.34.4"),
    ],
)
def test_workers_that_leave_the_catalog_in_the_middle_of_an_upgrade_stay_behind_and_sleep_like_all_others(
    offer: CatalogSpec, field: str, why: str
) -> None:
    before = rendered()
    older = [m for m in before if m["kind"] != "KamajiControlPlane"]
    half_way = [*older, control_plane("v1.35.1", reached="v1.35.1")]
    for asleep, replicas in ((False, 2), (True, 0)):
        now = planned(offer, half_way, asleep=asleep, version="v1.35.1")
        deployment = only(now.manifests, "MachineDeployment")
        assert deployment["spec"]["replicas"] == replicas
        assert deployment["spec"]["template"] == only(before, "MachineDeployment")["spec"]["template"]
        assert plan.stale(now.manifests, half_way) == []
        (cause,) = now.behind
        assert cause.field == field
        assert why in cause.message


def test_a_pool_cannot_change_to_a_flavor_that_is_not_there() -> None:
    with pytest.raises(errors.RuleError, match="no flavor huge"):
        rerendered(catalog(), rendered(), pools=[{"name": "md0", "flavor": "huge", "replicas": 2}])


def test_an_add_on_that_has_left_the_catalog_goes_on_as_it_stands() -> None:
    before = rendered()
    after = rerendered(without(add_on=CILIUM), before)
    (was,) = [m for m in before if m["metadata"]["name"] == "web-cilium"]
    (now,) = [m for m in after if m["metadata"]["name"] == "web-cilium"]
    assert now == was
    assert plan.stale(after, before) == []
    (metrics,) = [m for m in after if m["metadata"]["name"] == "web-metrics-server"]
    assert metrics["spec"]["dependsOn"] == [{"name": "web-cilium"}]


def test_the_data_of_a_cluster_stays_where_it_is_though_the_catalog_names_another_store() -> None:
    elsewhere = catalog(dataStore="other")
    assert only(rerendered(elsewhere, []), "KamajiControlPlane")["spec"]["dataStoreName"] == "other"
    assert only(rerendered(elsewhere, rendered()), "KamajiControlPlane")["spec"]["dataStoreName"] == "default"


# --- what is to go


def machine_set(machine: str, bootstrap: str) -> Manifest:
    spec = {
        "infrastructureRef": {"kind": "KubevirtMachineTemplate", "name": machine},
        "bootstrap": {"configRef": {"kind": "KubeadmConfigTemplate", "name": bootstrap}},
    }
    return {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "MachineSet",
        "metadata": {"name": "web-md0-x", "namespace": "tenant-team-a", "labels": {}},
        "spec": {"template": {"spec": spec}},
    }


def gone(rendered_: list[Manifest], existing: list[Manifest]) -> set[tuple[str, str]]:
    return {(m["kind"], m["metadata"]["name"]) for m in plan.stale(rendered_, existing)}


def test_what_is_rendered_stays() -> None:
    assert gone(rendered(), rendered()) == set()


def test_a_pool_that_is_no_longer_wanted_goes_but_its_templates_only_after_it() -> None:
    two = [{"name": "md0", "flavor": "small", "replicas": 2}, {"name": "old", "flavor": "small", "replicas": 1}]
    before = rendered(pools=two)
    assert gone(rendered(), before) == {("MachineDeployment", "web-old"), ("MachineHealthCheck", "web-old")}
    after = [m for m in before if (m["kind"], m["metadata"]["name"]) != ("MachineDeployment", "web-old")]
    kinds = {kind for kind, _ in gone(rendered(), after)}
    assert kinds == {"MachineHealthCheck", "KubevirtMachineTemplate", "KubeadmConfigTemplate"}


def test_a_superseded_template_stays_while_a_machine_set_names_it() -> None:
    old, new = rendered(), rendered(pools=[{"name": "md0", "flavor": "large", "replicas": 2}])
    machine = only(old, "KubevirtMachineTemplate")["metadata"]["name"]
    bootstrap = only(old, "KubeadmConfigTemplate")["metadata"]["name"]
    there = [*new, only(old, "KubevirtMachineTemplate")]
    assert gone(new, [*there, machine_set(machine, bootstrap)]) == set()
    assert gone(new, there) == {("KubevirtMachineTemplate", machine)}


def test_an_add_on_and_an_autoscaler_that_are_no_longer_wanted_go() -> None:
    left = gone(rendered(addOns=[{"name": "cilium"}]), rendered(**AUTOSCALED))
    assert ("HelmRelease", "web-metrics-server") in left
    assert {kind for kind, name in left if name == "web-cluster-autoscaler"} == {
        "Deployment",
        "ServiceAccount",
        "Role",
        "RoleBinding",
    }


def test_what_others_made_or_what_is_going_already_is_left_alone() -> None:
    foreign = {**only(rendered(), "Cluster"), "metadata": {"name": "other", "namespace": "tenant-team-a"}}
    old = copy.deepcopy(only(rendered("shop"), "Cluster"))
    old["metadata"]["deletionTimestamp"] = "2026-08-03T09:00:00Z"
    pod = {**only(rendered("shop"), "Cluster"), "apiVersion": "v1", "kind": "Pod"}
    assert gone(rendered(), [foreign, old, pod]) == set()


# --- Clusters made by hand


def hand_made(**labels: str) -> Manifest:
    meta = {"name": "lab", "namespace": "tenant-team-a", "uid": CLUSTER_UID, "labels": labels}
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "metadata": meta, "spec": {}}


def test_a_cluster_made_by_hand_gets_default_add_ons_and_hosted_components_of_its_own() -> None:
    made = plan.render_additions(hand_made(), [], catalog=catalog(), tenant=TENANT)
    assert {m["metadata"]["name"] for m in of_kind(made, "HelmRelease")} == {"lab-cilium", "lab-metrics-server"}
    assert {m["metadata"]["name"] for m in of_kind(made, "Deployment")} == {
        "lab-cloud-controller-manager",
        "lab-csi-controller",
    }
    assert {o["uid"] for m in made for o in m["metadata"]["ownerReferences"]} == {CLUSTER_UID}


def test_a_cluster_made_by_hand_gets_an_autoscaler_when_one_of_its_machine_deployments_asks_for_it() -> None:
    deployment = only(rendered(**AUTOSCALED), "MachineDeployment")
    made = plan.render_additions(hand_made(), [deployment], catalog=catalog(), tenant=TENANT)
    assert "lab-cluster-autoscaler" in {m["metadata"]["name"] for m in of_kind(made, "Deployment")}


def test_a_cluster_made_by_hand_keeps_an_add_on_that_is_no_default_any_more_or_has_left_the_catalog() -> None:
    before = plan.render_additions(hand_made(), [], catalog=catalog(), tenant=TENANT)
    for offer in (without(add_on=CILIUM), catalog(addOns=[{**a, "default": False} for a in CATALOG["addOns"]])):
        after = plan.render_additions(hand_made(), before, catalog=offer, tenant=TENANT)
        assert plan.stale(after, before) == []
        assert {m["metadata"]["name"]: m["spec"] for m in of_kind(after, "HelmRelease")} == {
            m["metadata"]["name"]: m["spec"] for m in of_kind(before, "HelmRelease")
        }
