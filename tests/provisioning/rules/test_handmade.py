"""What can be told of a Cluster made by hand, from its objects alone."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import handmade
from provisioning.handmade import Keeper
from provisioning.model import NodeCount
from tests import builders
from tests.builders import tweak

AVAILABLE = {"type": "Available", "status": "True", "reason": "Available", "message": ""}
CLUSTER: dict[str, Any] = {
    "apiVersion": "cluster.x-k8s.io/v1beta2",
    "kind": "Cluster",
    "metadata": {"name": "lab", "namespace": "team-a", "labels": {"clusterdesk.dev/addons": "default"}},
    "spec": {"controlPlaneEndpoint": {"host": "10.0.0.7", "port": 6443}},
    "status": {"conditions": [AVAILABLE], "workers": {"desiredReplicas": 3, "readyReplicas": 2}},
}
PLANE = {"status": {"version": "v1.34.4"}}


def keeper(**meta: Any) -> Keeper:
    return handmade.of(tweak(CLUSTER, "metadata", {"name": "lab", "namespace": "team-a", **meta}), None).keeper


def test_version_endpoint_and_workers_are_read_from_where_cluster_api_keeps_them() -> None:
    seen = handmade.of(CLUSTER, PLANE)
    assert (seen.key, seen.ready, seen.message) == (("team-a", "lab"), True, "")
    assert (seen.version, seen.endpoint, seen.nodes) == (
        "v1.34.4",
        "https://10.0.0.7:6443",
        NodeCount(ready=2, wanted=3),
    )
    assert seen.has_add_ons


def test_what_keeps_it_from_being_available_is_told() -> None:
    waits = {**AVAILABLE, "status": "False", "message": "* ControlPlaneAvailable: waits for a load balancer"}
    seen = handmade.of(tweak(CLUSTER, "status.conditions", [waits]), None)
    assert not seen.ready
    assert seen.message == "* ControlPlaneAvailable: waits for a load balancer"


@pytest.mark.parametrize("status", [{}, {"workers": None}, {"conditions": None, "workers": {"readyReplicas": None}}])
def test_one_that_has_only_begun_is_not_ready_and_has_nothing_to_tell(status: dict[str, Any]) -> None:
    seen = handmade.of({**CLUSTER, "spec": {}, "status": status}, {"status": {}})
    assert (seen.ready, seen.version, seen.endpoint, seen.nodes) == (False, "", "", NodeCount())


def test_who_keeps_it_is_told_by_the_marks_of_their_tool() -> None:
    flux = {f"{handmade.FLUX_KUSTOMIZATION}/name": "apps", f"{handmade.FLUX_KUSTOMIZATION}/namespace": "flux-system"}
    release = {f"{handmade.FLUX_RELEASE}/name": "lab"}
    assert keeper(labels=flux) == Keeper("Flux Kustomization", "flux-system/apps")
    assert keeper(labels=release) == Keeper("Flux HelmRelease", "team-a/lab")
    tracked = {handmade.ARGO_TRACKING: "labs:cluster.x-k8s.io/Cluster:team-a/lab"}
    assert keeper(annotations=tracked) == Keeper("Argo CD Application", "labs")
    assert keeper(annotations={handmade.HELM_RELEASE: "lab"}) == Keeper("Helm release", "lab")


def test_without_a_tool_it_is_whoever_made_it_if_anybody_knows() -> None:
    assert keeper(annotations={"clusterdesk.dev/requested-by": "ann"}) == Keeper(name="ann")
    assert keeper() == Keeper()


def test_a_cluster_is_ours_only_by_a_tenant_cluster_of_its_own_name() -> None:
    owner = {"kind": "TenantCluster", "name": "lab", "uid": "u", "controller": True}
    assert not handmade.is_hand_made(tweak(CLUSTER, "metadata.ownerReferences", [owner]))
    for other in ({**owner, "name": "web"}, {**owner, "controller": False}, {**owner, "kind": "Application"}):
        assert handmade.is_hand_made(tweak(CLUSTER, "metadata.ownerReferences", [other]))
    assert handmade.is_hand_made(CLUSTER)


def test_who_keeps_very_many_keeps_no_clusters_of_ours_and_of_a_control_plane_what_is_told_of_it() -> None:
    owner = {"kind": "TenantCluster", "name": "lab", "uid": "u", "controller": True}
    assert handmade.kept(tweak(CLUSTER, "metadata.ownerReferences", [owner])) is None
    assert handmade.kept(CLUSTER) == CLUSTER
    plane = {
        "apiVersion": "controlplane.cluster.x-k8s.io/v1alpha2",
        "kind": "KamajiControlPlane",
        "metadata": {"name": "lab", "namespace": "team-a", "resourceVersion": "7", "annotations": {"long": "text"}},
        "spec": {"much": "more"},
        "status": {"version": "v1.35.1", "conditions": []},
    }
    kept = handmade.gist(plane)
    assert kept["metadata"] == {"name": "lab", "namespace": "team-a", "resourceVersion": "7"}
    assert handmade.of(CLUSTER, kept) == handmade.of(CLUSTER, plane)
    assert handmade.gist({**plane, "status": "odd"})["status"] == {"version": None}
    assert "spec" not in kept


def test_the_label_says_what_the_tenants_policy_gives() -> None:
    assert handmade.marks(builders.tenant(), name="blue", cluster="raw")["clusterdesk.dev/addons"] == "default"
    without = builders.tenant(handMade={"addOns": False})
    assert handmade.marks(without, name="blue", cluster="raw")["clusterdesk.dev/addons"] == "none"


def test_one_is_found_by_its_own_name_as_soon_as_it_has_one() -> None:
    assert handmade.marks(builders.tenant(), name="blue", cluster="raw")["clusterdesk.dev/cluster"] == "raw"
    assert "clusterdesk.dev/cluster" not in handmade.marks(builders.tenant(), name="blue", cluster="")
