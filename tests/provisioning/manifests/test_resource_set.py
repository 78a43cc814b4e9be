"""What goes into a tenant as raw manifests: by which door it may, what it may there, and that it can change."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from provisioning import resources
from provisioning.addons import resource_set
from provisioning.manifest import Manifest
from provisioning.resources import CLUSTER_RESOURCE_SETS, CONFIG_MAPS
from tests.provisioning.manifests.examples import STORAGE, UID, of_kind, only, rendered
from tests.webhooks.estate import WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import request
from webhooks.decision import Allow, Deny
from webhooks.policies.hosted_controllers_only import POLICY


def parts(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The ConfigMaps of the set, by name, in its order."""
    named = [one["name"] for one in only(manifests, "ClusterResourceSet")["spec"]["resources"]]
    there = {m["metadata"]["name"]: m for m in of_kind(manifests, "ConfigMap")}
    return {name: there[name] for name in named}


def inside(manifests: list[Manifest]) -> list[Manifest]:
    """Everything that stands in the tenant in the end."""
    return [
        document
        for part in parts(manifests).values()
        for text in part["data"].values()
        for document in yaml.safe_load_all(text)
    ]


def test_every_tenant_has_the_guard_and_one_with_images_for_it_volumes() -> None:
    assert [*parts(rendered())] == ["web-tenant-guard"]
    assert [*parts(rendered(**STORAGE))] == ["web-tenant-guard", "web-csi-node", "web-storage-classes"]


def test_the_set_is_applied_again_when_a_part_of_it_changes_to_the_one_cluster_it_is_for() -> None:
    made = rendered(**STORAGE)
    spec = only(made, "ClusterResourceSet")["spec"]
    assert spec["strategy"] == "Reconcile"
    assert spec["clusterSelector"]["matchLabels"].items() <= only(made, "Cluster")["metadata"]["labels"].items()


def test_it_all_goes_with_the_tenant_cluster() -> None:
    made = rendered(**STORAGE)
    for manifest in (only(made, "ClusterResourceSet"), *parts(made).values()):
        (owner,) = manifest["metadata"]["ownerReferences"]
        assert owner["uid"] == UID


def test_the_node_part_says_that_it_is_no_controller_and_comes_to_every_node_from_its_first_minute() -> None:
    (node,) = of_kind(inside(rendered(**STORAGE)), "DaemonSet")
    pod = node["spec"]["template"]["spec"]
    driver = pod["containers"][0]
    assert "--run-controller-service=false" in driver["args"]
    assert pod["tolerations"] == [{"operator": "Exists"}]
    assert node["metadata"]["namespace"] == "kube-system"
    # Only the driver itself is privileged.
    assert [c["name"] for c in pod["containers"] if c["securityContext"].get("privileged")] == ["csi-driver"]
    assert "-kubeconfig" not in yaml.safe_dump(node)


def test_the_node_parts_account_looks_up_nodes_and_nothing_else() -> None:
    (role,) = of_kind(inside(rendered(**STORAGE)), "ClusterRole")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]


def test_storage_classes_are_those_of_the_catalog() -> None:
    fast, standard = of_kind(inside(rendered(**STORAGE)), "StorageClass")
    assert (fast["metadata"]["name"], fast["reclaimPolicy"]) == ("fast", "Retain")
    assert fast["parameters"] == {"bus": "virtio", "infraStorageClassName": "replicated-nvme"}
    assert (standard["metadata"]["name"], standard["reclaimPolicy"]) == ("standard", "Delete")
    assert standard["parameters"] == {"bus": "scsi"}
    defaults = [c["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] for c in (fast, standard)]
    assert defaults == ["false", "true"]


def test_our_own_webhook_lets_it_all_pass_and_would_not_if_it_brought_a_controller() -> None:
    made = rendered(**STORAGE)
    there: list[Any] = [tweak(m, "metadata.namespace", "tenant-blue") for m in parts(made).values()]
    crs = tweak(only(made, "ClusterResourceSet"), "metadata.namespace", "tenant-blue")
    for manifest in there:
        assert isinstance(judged(CONFIG_MAPS, manifest, crs), Allow)
    assert isinstance(judged(CLUSTER_RESOURCE_SETS, crs, *there), Allow)
    smuggling = tweak(
        there[1], "data", {"a.yaml": there[1]["data"]["csi-node.yaml"].replace("service=false", "service=true")}
    )
    assert isinstance(judged(CONFIG_MAPS, smuggling, crs), Deny)


def judged(resource: resources.Resource, new: Manifest, *more: Manifest) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new))


@pytest.mark.parametrize("part", resource_set.PARTS, ids=lambda part: part.NAME)
def test_a_part_comes_to_the_same_text_each_time(part: Any) -> None:
    first, second = (parts(rendered(**STORAGE))[f"web-{part.NAME}"]["data"] for _ in range(2))
    assert first == second
