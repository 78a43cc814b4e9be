"""Cluster, control plane, infrastructure: who owns which field, and whose data lies where."""

from __future__ import annotations

from dataclasses import replace

from provisioning import plan
from tests.provisioning.manifests.examples import TENANT, Manifest, catalog, cluster, only, rendered


def store(name: str, namespace: str, uid: str = "1") -> str:
    made = cluster(name, namespace=namespace)
    made = replace(made, meta=replace(made.meta, uid=uid))
    manifests = plan.render(made, catalog(), tenant=TENANT)
    spec: Manifest = only(manifests, "KamajiControlPlane")["spec"]
    assert spec["dataStoreSchema"] == spec["dataStoreUsername"]
    return str(spec["dataStoreSchema"])


def test_two_clusters_never_share_a_store_even_when_their_joined_names_are_equal() -> None:
    assert store("c", "a-b") != store("b-c", "a")


def test_a_cluster_that_follows_one_of_the_same_name_starts_with_an_empty_store() -> None:
    assert store("web", "a", uid="1") != store("web", "a", uid="2")


def test_the_stores_name_fits_a_database_of_any_kind() -> None:
    assert store("w" * 30, "n" * 63)[0].isalpha()
    assert len(store("w" * 30, "n" * 63)) <= 32


def test_controllers_reach_the_api_server_by_its_service() -> None:
    control_plane = only(rendered(), "KamajiControlPlane")
    assert control_plane["metadata"]["annotations"] == {"kamaji.clastix.io/kubeconfig-secret-key": "super-admin.svc"}
    assert control_plane["spec"]["network"]["certSANs"] == ["web.tenant-team-a.svc"]


def test_the_endpoint_is_left_to_those_who_know_it() -> None:
    for kind in ("Cluster", "KamajiControlPlane", "KubevirtCluster"):
        assert "controlPlaneEndpoint" not in only(rendered(), kind)["spec"]


def test_the_infrastructure_is_kamajis_from_the_first_moment() -> None:
    assert only(rendered(), "KubevirtCluster")["metadata"]["annotations"] == {"cluster.x-k8s.io/managed-by": "kamaji"}


def test_cluster_api_can_make_itself_the_controller_of_what_the_cluster_names() -> None:
    for kind in ("KamajiControlPlane", "KubevirtCluster"):
        assert not any(owner.get("controller") for owner in only(rendered(), kind)["metadata"]["ownerReferences"])


def test_everything_else_has_one_controller_so_that_nobody_takes_it_over() -> None:
    for manifest in rendered():
        if manifest["kind"] not in ("KamajiControlPlane", "KubevirtCluster"):
            assert [owner["controller"] for owner in manifest["metadata"]["ownerReferences"]] == [True]


def test_everything_can_be_found_by_its_cluster_and_its_tenant() -> None:
    for manifest in rendered():
        labels = manifest["metadata"]["labels"]
        assert manifest["metadata"]["namespace"] == "tenant-team-a"
        assert labels["app.kubernetes.io/managed-by"] == "clusterdesk"
        assert labels["cluster.x-k8s.io/cluster-name"] == labels["clusterdesk.dev/cluster"] == "web"
        assert labels["clusterdesk.dev/tenant"] == "team-a"
