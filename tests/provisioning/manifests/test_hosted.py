"""What runs beside the control plane: where it points, what it may, and what it never holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from provisioning import addons, plan
from provisioning.addons import resource_set
from provisioning.manifest import Manifest
from tests.provisioning.manifests import pod_security
from tests.provisioning.manifests.examples import (
    AUTOSCALED,
    CATALOG,
    CLUSTER_UID,
    STORAGE,
    TENANT,
    catalog,
    cluster,
    control_plane,
    of_kind,
    rendered,
)

CCM, CSI, AUTOSCALER = "web-cloud-controller-manager", "web-csi-controller", "web-cluster-autoscaler"


def hosted(name: str, kind: str = "Deployment", manifests: list[Manifest] | None = None) -> Manifest:
    (found,) = [m for m in of_kind(manifests or rendered(**AUTOSCALED), kind) if m["metadata"]["name"] == name]
    return found


def pod(name: str) -> Manifest:
    found: Manifest = hosted(name)["spec"]["template"]["spec"]
    return found


def arguments(name: str) -> list[str]:
    return [argument for container in pod(name)["containers"] for argument in container["args"]]


def test_every_module_of_the_folder_is_listed() -> None:
    shared = {"__init__", "charts", "hosted", "resource_set", "target", "writing"}
    files = {path.stem for path in Path(addons.__file__).parent.glob("*.py")} - shared
    listed = (*addons.HOSTED, *addons.ENGINES, *resource_set.PARTS)
    assert files == {module.__name__.rpartition(".")[2] for module in listed}


@pytest.mark.parametrize("name", [CCM, CSI, AUTOSCALER])
def test_its_pods_pass_the_restricted_level(name: str) -> None:
    assert pod_security.violations(pod(name)) == []


@pytest.mark.parametrize("name", [CCM, CSI, AUTOSCALER])
def test_it_goes_when_the_cluster_has_gone_and_not_before(name: str) -> None:
    for kind in ("Deployment", "ServiceAccount", "Role", "RoleBinding"):
        (owner,) = hosted(name, kind)["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("Cluster", CLUSTER_UID, True)


@pytest.mark.parametrize("name", [CCM, CSI, AUTOSCALER])
def test_its_pod_cannot_start_before_the_tenants_kubeconfig_is_there(name: str) -> None:
    (volume,) = [v["secret"] for v in pod(name)["volumes"] if "secret" in v]
    assert volume["secretName"] == "web-kubeconfig"
    assert "optional" not in volume
    assert "initContainers" not in pod(name)


@pytest.mark.parametrize("name", [CCM, CSI, AUTOSCALER])
def test_every_container_knows_which_cluster_is_its_own_and_has_bounds(name: str) -> None:
    assert any("=web" in argument for argument in arguments(name))
    for container in pod(name)["containers"]:
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"memory"}


def test_the_cloud_controller_manager_marks_what_it_makes_with_the_clusters_name() -> None:
    assert "--cluster-name=web" in arguments(CCM)
    settings = yaml.safe_load(hosted(CCM, "ConfigMap")["data"]["cloud-config"])
    assert settings["namespace"] == "tenant-team-a"
    assert settings["loadBalancer"]["selectorless"] is False
    assert "kubeconfig" not in settings


def test_another_configuration_starts_the_cloud_controller_manager_anew() -> None:
    def mark(name: str) -> str:
        template = hosted(f"{name}-cloud-controller-manager", manifests=rendered(name))["spec"]["template"]
        (value,) = template["metadata"]["annotations"].values()
        return str(value)

    assert mark("web") != mark("shop")


def test_the_csi_driver_runs_its_controller_half_only() -> None:
    assert {"--run-node-service=false", "--run-controller-service=true"} <= set(arguments(CSI))
    assert len(pod(CSI)["containers"]) == 4


def test_an_autoscaler_runs_only_where_a_pool_may_grow() -> None:
    names = {m["metadata"]["name"] for m in of_kind(rendered(), "Deployment")}
    assert names == {CCM, CSI}
    assert "--node-group-auto-discovery=clusterapi:namespace=tenant-team-a,clusterName=web" in arguments(AUTOSCALER)
    assert "--cluster-name=web" in arguments(AUTOSCALER)


def test_no_account_may_read_secrets_or_act_outside_its_namespace() -> None:
    manifests = rendered(**AUTOSCALED)
    assert not of_kind(manifests, "ClusterRole")
    assert not of_kind(manifests, "ClusterRoleBinding")
    for role in of_kind(manifests, "Role"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
            assert not {"secrets", "pods", "configmaps"} & set(rule["resources"])


def test_the_rights_to_hand_out_are_exactly_those_of_the_roles() -> None:
    given = {
        (tuple(rule["apiGroups"]), tuple(rule["resources"]), tuple(rule["verbs"]))
        for role in of_kind(rendered(**AUTOSCALED, **STORAGE), "Role")
        for rule in role["rules"]
    }
    assert given == {((rule.group,), rule.kinds, rule.verbs) for rule in addons.RIGHTS}


def test_snapshots_and_a_look_whether_the_driver_lives_come_where_the_catalog_has_images_for_them() -> None:
    manifests = rendered(**STORAGE)
    containers = {c["name"]: c for c in hosted(CSI, manifests=manifests)["spec"]["template"]["spec"]["containers"]}
    assert {"csi-snapshotter", "csi-liveness-probe"} <= containers.keys()
    assert pod_security.violations(hosted(CSI, manifests=manifests)["spec"]["template"]["spec"]) == []
    probe = containers["csi-driver"]["livenessProbe"]["httpGet"]
    assert f"--health-port={probe['port']}" in containers["csi-liveness-probe"]["args"]
    kinds = {kind for rule in hosted(CSI, "Role", manifests)["rules"] for kind in rule["resources"]}
    assert "volumesnapshots" in kinds
    assert "volumesnapshots" not in {kind for rule in hosted(CSI, "Role")["rules"] for kind in rule["resources"]}


def test_a_tenant_reaches_no_storage_of_the_platform_but_what_the_catalog_has_behind_its_classes() -> None:
    def allowed(*infra: str) -> object:
        classes = [{"name": f"c{index}", "infra": name} for index, name in enumerate(infra)]
        (driver, *_) = hosted(CSI, manifests=rendered(offer=catalog(storageClasses=classes)))["spec"]["template"][
            "spec"
        ]["containers"]
        env = {one["name"]: one["value"] for one in driver.get("env", ())}
        return yaml.safe_load(env["INFRA_STORAGE_CLASS_ENFORCEMENT"]) if env else None

    assert allowed("fast", "slow") == {"allowAll": False, "allowDefault": False, "allowList": ["fast", "slow"]}
    assert allowed("", "fast") == {"allowAll": False, "allowDefault": True, "allowList": ["fast"]}
    assert allowed() is None


@pytest.mark.parametrize(
    ("tag", "told"),
    [("v1.32.4", "v1beta1"), ("v1.33.0", "v1beta1"), ("v1.33.1", None), ("v1.36.1", None), ("latest", None)],
)
def test_an_autoscaler_of_old_is_told_of_the_api_version_that_it_understands(tag: str, told: str | None) -> None:
    images = {**CATALOG["hosted"], "clusterAutoscaler": f"registry.k8s.io/autoscaling/cluster-autoscaler:{tag}"}
    made = rendered(**AUTOSCALED, offer=catalog(hosted=images))
    (container,) = hosted(AUTOSCALER, manifests=made)["spec"]["template"]["spec"]["containers"]
    assert {e["name"]: e["value"] for e in container.get("env", ())}.get("CAPI_VERSION") == told


def test_the_autoscaler_sizes_pools_and_marks_machines_and_makes_or_deletes_nothing() -> None:
    rules = hosted(AUTOSCALER, "Role")["rules"]
    written = {
        (kind, verb)
        for rule in rules
        for kind in rule["resources"]
        for verb in rule["verbs"]
        if verb not in ("get", "list", "watch")
    }
    assert written == {
        ("machines", "update"),
        ("machinedeployments/scale", "update"),
        ("machinesets/scale", "update"),
    }


def test_what_somebody_has_stopped_is_started_again() -> None:
    stopped = hosted(CCM)
    stopped["spec"]["replicas"] = 0
    for others in ([], [control_plane("v1.34.4", reached="v1.34.4")]):
        made = rendered(existing=[stopped, *others])
        assert hosted(CCM, manifests=made)["spec"]["replicas"] == 1


def test_nothing_is_hosted_before_the_cluster_that_owns_it_is_there() -> None:
    manifests = plan.render(cluster(), catalog(), tenant=TENANT).manifests
    assert not of_kind(manifests, "Deployment")
    assert of_kind(manifests, "HelmRelease")
