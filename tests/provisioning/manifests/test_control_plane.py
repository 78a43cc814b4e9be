"""Cluster, control plane, infrastructure: who owns which field, and whose data lies where."""

from __future__ import annotations

from dataclasses import replace

from provisioning import plan
from provisioning.manifest import Manifest
from tests.provisioning.manifests.examples import CATALOG, TENANT, catalog, cluster, only, rendered


def store(name: str, namespace: str, uid: str = "1") -> str:
    made = cluster(name, namespace=namespace)
    made = replace(made, meta=replace(made.meta, uid=uid))
    manifests = plan.render(made, catalog(), tenant=TENANT).manifests
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


# --- what comes with the control plane


def core(manifests: list[Manifest]) -> Manifest:
    addons: Manifest = only(manifests, "KamajiControlPlane")["spec"]["addons"]
    return addons


def test_a_cluster_comes_with_dns_kube_proxy_and_a_way_to_its_nodes() -> None:
    assert core(rendered()).keys() == {"coreDNS", "kubeProxy", "konnectivity"}


def test_an_add_on_that_stands_in_for_kube_proxy_or_dns_switches_it_off() -> None:
    assert core(rendered(addOns=[{"name": "cilium-ebpf"}])).keys() == {"coreDNS", "konnectivity"}
    dns = [{**add_on, "replacesCoreDns": add_on["name"] == "cilium"} for add_on in CATALOG["addOns"]]
    assert core(rendered(offer=catalog(addOns=dns))).keys() == {"kubeProxy", "konnectivity"}


def test_what_an_add_on_stood_in_for_stays_off_when_the_add_on_leaves_the_catalog() -> None:
    add_ons = [{"name": "cilium-ebpf"}]
    offer = catalog(addOns=[add_on for add_on in CATALOG["addOns"] if add_on["name"] != "cilium-ebpf"])
    before = rendered(addOns=add_ons)
    assert core(rendered(addOns=add_ons, existing=before, offer=offer)) == core(before)


def test_the_way_to_the_nodes_is_there_before_anything_else_runs_on_them() -> None:
    assert core(rendered())["konnectivity"]["agent"]["tolerations"] == [{"operator": "Exists"}]


def test_konnectivity_has_the_version_that_goes_with_the_control_planes() -> None:
    for version, tag in (("v1.34.4", None), ("v1.35.1", "v0.34.0")):
        told = core(rendered(version=version))["konnectivity"]
        assert (told["server"].get("version"), told["agent"].get("version")) == (tag, tag)
    upgrading = rendered(version="v1.35.1", workers_version="v1.34.4")
    assert core(upgrading)["konnectivity"]["server"]["version"] == "v0.34.0"


def test_konnectivity_stays_as_it_is_when_the_version_leaves_the_catalog() -> None:
    before = rendered(version="v1.35.1")
    offer = catalog(versions=[version for version in CATALOG["versions"] if version["version"] != "v1.35.1"])
    after = rendered(version="v1.35.1", existing=before, offer=offer)
    assert core(after) == core(before)


def test_a_control_plane_has_the_replicas_that_were_asked_for() -> None:
    assert only(rendered(controlPlane={"replicas": 3}), "KamajiControlPlane")["spec"]["replicas"] == 3
