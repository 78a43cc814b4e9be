"""What we render is said in the words of v1beta1 and comes back as it was meant; what is told there is understood."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import legacy, obstacles, plan, profile, resources, world
from provisioning.legacy import LEFT_OVER_ANNOTATION, down, up
from provisioning.manifest import Manifest
from provisioning.profile import Profile
from tests import shared_crds
from tests.provisioning.manifests.examples import WHOLE_CLUSTERS, only, rendered

Served = dict[str, tuple[str, ...]]

CLUSTERS = pytest.mark.parametrize("name", WHOLE_CLUSTERS)


def of(kind: str, spec: Manifest | None = None, status: Manifest | None = None) -> Manifest:
    """An object as an old API server hands it out."""
    (api_version,) = (k.api_version for k in KINDS if k.kind == kind)
    made: Manifest = {
        "apiVersion": legacy.OLD[api_version],
        "kind": kind,
        "metadata": {"name": "web", "namespace": "a"},
    }
    made |= {key: value for key, value in (("spec", spec), ("status", status)) if value is not None}
    return made


KINDS = tuple(kind for kind in vars(resources).values() if isinstance(kind, resources.Resource))


@CLUSTERS
def test_a_whole_cluster_comes_back_as_it_was_rendered(name: str) -> None:
    for manifest in rendered(**WHOLE_CLUSTERS[name]):
        before = copy.deepcopy(manifest)
        assert up(down(manifest)) == manifest == before


@CLUSTERS
def test_a_whole_cluster_names_no_version_of_the_new_generation(name: str) -> None:
    said = str([down(manifest) for manifest in rendered(**WHOLE_CLUSTERS[name])])
    assert not [api_version for api_version in legacy.OLD if f"'{api_version}'" in said]


def test_what_is_rendered_fits_the_crds_of_the_old_generation_wherever_those_are_at_hand() -> None:
    schemas = shared_crds.shared_schemas() | shared_crds.old_schemas()
    seen = set()
    for manifest in map(down, [manifest for changes in WHOLE_CLUSTERS.values() for manifest in rendered(**changes)]):
        if manifest["apiVersion"] in legacy.NEW and (manifest["apiVersion"], manifest["kind"]) in schemas:
            seen.add(manifest["kind"])
            assert shared_crds.problems(manifest, schemas[manifest["apiVersion"], manifest["kind"]]) == []
    of_old_versions = {kind.kind for kind in plan.KINDS if kind.api_version in legacy.OLD}
    assert not shared_crds.SHARED.is_dir() or seen == of_old_versions


def test_references_name_a_version_and_a_namespace_in_the_old_words() -> None:
    spec = down(only(rendered(), "Cluster"))["spec"]
    assert spec["controlPlaneRef"]["apiVersion"] == "controlplane.cluster.x-k8s.io/v1alpha1"
    assert spec["infrastructureRef"]["apiVersion"] == "infrastructure.cluster.x-k8s.io/v1alpha1"
    assert {"apiGroup", "namespace"} & set(spec["controlPlaneRef"]) == {"namespace"}


def test_a_pool_keeps_its_strategy_and_its_patience() -> None:
    spec = down(only(rendered(), "MachineDeployment"))["spec"]
    machine = spec["template"]["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert machine["nodeDrainTimeout"] == "5m0s"
    assert machine["nodeDeletionTimeout"] == "1m0s"
    assert not {"rollout", "deletion"} & {*spec, *machine}


def test_a_health_check_keeps_what_the_old_words_lack_where_nobody_acts_on_it() -> None:
    manifest = down(only(rendered(), "MachineHealthCheck"))
    assert manifest["spec"]["nodeStartupTimeout"] == "20m0s"
    assert manifest["spec"]["unhealthyConditions"][0] == {"type": "Ready", "status": "Unknown", "timeout": "5m0s"}
    assert manifest["spec"]["maxUnhealthy"] == 2
    assert "InfrastructureReady" in manifest["metadata"]["annotations"][LEFT_OVER_ANNOTATION]
    assert "InfrastructureReady" not in str(manifest["spec"])


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"clusterName": "other"}',
        '{"checks.unhealthyMachineConditions": "x"}',
        "[" * 100_000,
    ],
    ids=["no-json", "no-object", "another-field", "no-list", "too-deep"],
)
def test_nobody_changes_an_object_by_what_is_written_into_that_annotation(text: str) -> None:
    manifest = of("MachineHealthCheck", {"clusterName": "web"})
    manifest["metadata"]["annotations"] = {LEFT_OVER_ANNOTATION: text}
    assert up(manifest)["spec"] == {"clusterName": "web"}


seconds = st.integers(min_value=1, max_value=10**6)
names = st.text("abcdefghij-", min_size=1, max_size=12)
wanted = st.one_of(st.integers(0, 100), st.just("50%"))
pools = st.fixed_dictionaries(
    {"clusterName": names},
    optional={
        "replicas": st.integers(0, 9),
        "rollout": st.fixed_dictionaries(
            {
                "strategy": st.fixed_dictionaries(
                    {"type": st.just("RollingUpdate")},
                    optional={"rollingUpdate": st.fixed_dictionaries({"maxSurge": wanted, "maxUnavailable": wanted})},
                )
            },
            optional={"after": st.just("2026-11-29T00:00:00Z")},
        ),
        "deletion": st.fixed_dictionaries({"order": st.sampled_from(["Random", "Oldest"])}),
        "machineNaming": st.fixed_dictionaries({"template": names}),
        "template": st.fixed_dictionaries(
            {
                "spec": st.fixed_dictionaries(
                    {"clusterName": names},
                    optional={
                        "minReadySeconds": seconds,
                        "deletion": st.fixed_dictionaries({"nodeDrainTimeoutSeconds": seconds}),
                    },
                )
            }
        ),
    },
)
checks = st.fixed_dictionaries(
    {"clusterName": names},
    optional={
        "checks": st.fixed_dictionaries(
            {"nodeStartupTimeoutSeconds": seconds},
            optional={
                "unhealthyNodeConditions": st.lists(
                    st.fixed_dictionaries({"type": names, "timeoutSeconds": seconds}), min_size=1
                ),
                "unhealthyMachineConditions": st.lists(
                    st.fixed_dictionaries({"type": names, "timeoutSeconds": seconds}), min_size=1
                ),
            },
        ),
        "remediation": st.fixed_dictionaries(
            {"triggerIf": st.fixed_dictionaries({"unhealthyLessThanOrEqualTo": wanted})}
        ),
    },
)
arguments = st.dictionaries(names, st.text(max_size=5), max_size=4).map(
    lambda chosen: [{"name": name, "value": chosen[name]} for name in sorted(chosen)]
)
joins = arguments.map(
    lambda chosen: {"template": {"spec": {"joinConfiguration": {"nodeRegistration": {"kubeletExtraArgs": chosen}}}}}
)


@given(
    st.one_of(
        pools.map(lambda s: ("MachineDeployment", s)),
        checks.map(lambda s: ("MachineHealthCheck", s)),
        joins.map(lambda s: ("KubeadmConfigTemplate", s)),
    )
)
def test_whatever_is_said_in_old_words_comes_back(drawn: tuple[str, Manifest]) -> None:
    kind, spec = drawn
    manifest = {**of(kind, spec), "apiVersion": legacy.NEW[of(kind)["apiVersion"]]}
    assert up(down(manifest)) == manifest


def test_owners_are_named_by_the_version_that_is_served() -> None:
    owner = {"apiVersion": resources.CLUSTERS.api_version, "kind": "Cluster", "name": "web", "uid": "1"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "ownerReferences": [owner]}}
    (said,) = down(secret)["metadata"]["ownerReferences"]
    assert said["apiVersion"] == "cluster.x-k8s.io/v1beta1"
    assert up(down(secret)) == secret


def test_objects_of_one_version_are_left_alone() -> None:
    bookmark = {"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "metadata": {"resourceVersion": "7"}}
    assert up(bookmark)["metadata"] == {"resourceVersion": "7"}
    for kind in (resources.KUBEVIRT_CLUSTERS, resources.HELM_CHART_PROXIES, resources.TENANT_CLUSTERS):
        manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "web"}, "status": {"a": 1}}
        assert up(manifest) is manifest
        assert down(manifest) is manifest


def test_a_cluster_is_up_once_its_control_plane_was() -> None:
    assert obstacles.initialized(up(of("Cluster", {}, {"controlPlaneReady": True})))
    remembered = {"conditions": [{"type": "ControlPlaneInitialized", "status": "True"}], "controlPlaneReady": False}
    assert obstacles.initialized(up(of("Cluster", {}, remembered)))
    assert not obstacles.initialized(up(of("Cluster", {}, {"controlPlaneReady": False})))


def test_new_words_beside_the_old_ones_win() -> None:
    status = {
        "updatedReplicas": 1,
        "readyReplicas": 3,
        "conditions": [{"type": "Available", "status": "False", "severity": "Warning", "reason": "Old"}],
        "v1beta2": {"upToDateReplicas": 2, "conditions": [{"type": "Available", "status": "True", "reason": "New"}]},
    }
    found = up(of("MachineDeployment", {}, status))
    assert found["status"]["upToDateReplicas"] == 2
    assert found["status"]["readyReplicas"] == 3
    assert obstacles.conditions(found)["Available"]["reason"] == "New"


def test_what_is_only_on_its_way_is_no_obstacle() -> None:
    waiting = {"type": "BootstrapReady", "status": "False", "severity": "Info", "message": "waiting", "reason": "W"}
    failed = {**waiting, "severity": "Error", "message": "no such image"}
    assert obstacles.of_workers([up(of("Machine", {}, {"conditions": [waiting]}))], []) is None
    found = obstacles.of_workers([up(of("Machine", {}, {"conditions": [failed]}))], [])
    assert found is not None
    assert "no such image" in found.message


def test_a_control_plane_of_the_old_provider_is_read() -> None:
    status = {"ready": True, "initialized": True, "replicas": 2, "unavailableReplicas": 1, "updatedReplicas": 2}
    found = up(of("KamajiControlPlane", {}, status))["status"]
    assert found["initialization"] == {"controlPlaneInitialized": True}
    assert (found["ready"], found["availableReplicas"], found["upToDateReplicas"]) == (True, 1, 2)


def test_failure_domains_and_nodes_are_read() -> None:
    cluster = up(of("Cluster", {}, {"failureDomains": {"b": {"controlPlane": True}, "a": {}}}))
    assert cluster["status"]["failureDomains"] == [{"name": "a"}, {"name": "b", "controlPlane": True}]
    machine = up(of("Machine", {}, {"nodeRef": {"kind": "Node", "name": "n1", "uid": "1"}}))
    assert machine["status"]["nodeRef"] == {"name": "n1"}


@pytest.mark.parametrize("text", ["soon", "1.2.3s", "", 7, "9999999999999999h"])
def test_a_duration_that_nobody_can_read_is_left_to_others(text: object) -> None:
    spec = up(of("MachineHealthCheck", {"nodeStartupTimeout": text}))["spec"]
    assert spec == {"checks": {"nodeStartupTimeoutSeconds": text}}


def test_a_duration_is_read_however_it_is_written() -> None:
    spec = up(of("MachineHealthCheck", {"nodeStartupTimeout": "1h30m"}))["spec"]
    assert spec == {"checks": {"nodeStartupTimeoutSeconds": 5400}}


def test_the_profile_goes_by_what_is_served() -> None:
    new: Served = {group: (version,) for group, version in (one.split("/") for one in legacy.OLD)}
    old: Served = {group: (version,) for group, version in (one.split("/") for one in legacy.NEW)}
    both = {group: old[group] + new[group] for group in new}
    assert profile.spoken(new) is profile.spoken(both) is profile.spoken({}) is Profile.V1BETA2
    assert profile.spoken(old) is Profile.V1BETA1
    kamaji: Served = {"controlplane.cluster.x-k8s.io": ("v1alpha1",)}
    # A Cluster API that serves both, and the older Kamaji.
    assert profile.spoken(both | kamaji) is Profile.V1BETA1
    # Nothing fits, so what is missing is told by the new one.
    assert profile.spoken(new | kamaji) is Profile.V1BETA2


def test_every_kind_of_the_new_generation_that_we_touch_has_an_old_one() -> None:
    touched = {kind.api_version for kind in (*plan.KINDS, *world.KINDS) if kind.version == "v1beta2"}
    assert touched <= set(legacy.OLD)
    assert Profile.V1BETA1.at(resources.CLUSTERS).path() == "/apis/cluster.x-k8s.io/v1beta1/clusters"
    assert Profile.V1BETA1.at(resources.NODES) is resources.NODES
