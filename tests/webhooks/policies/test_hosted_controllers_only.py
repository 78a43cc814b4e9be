"""What goes into a tenant by any of the ways there are."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEVIRT_MACHINE_TEMPLATES,
    SECRETS,
)
from tests.webhooks.estate import WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import KUSTOMIZATIONS
from webhooks.policies.hosted_controllers_only import EXTRACTS, POLICY

POD = "kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"
REMOTE = {"secretRef": {"name": "web-kubeconfig"}}


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new, **rest))


def release(chart: str = "cilium", *, kube_config: Any = REMOTE, **spec: Any) -> Any:
    source = {"kind": "HelmRepository", "name": "r"}
    found = {"chart": {"spec": {"chart": chart, "sourceRef": source}}, "kubeConfig": kube_config, **spec}
    return manifest(HELM_RELEASES, "r", {key: value for key, value in found.items() if value is not None})


def resource_set(kind: str = "ConfigMap") -> Any:
    return manifest(CLUSTER_RESOURCE_SETS, "s", {"clusterSelector": {}, "resources": [{"kind": kind, "name": "c"}]})


CONTENT = manifest(CONFIG_MAPS, "c", data={"a.yaml": POD})


@pytest.mark.parametrize(
    ("resource", "new", "field"),
    [
        (HELM_RELEASES, release("cluster-autoscaler"), "spec.chart.spec.chart"),
        (HELM_RELEASES, release("x", values={"clusterAPIMode": "a"}), "spec.values.clusterAPIMode"),
        (HELM_RELEASES, release("kccm", kube_config={"configMapRef": {"name": "x"}}), "spec.chart.spec.chart"),
        (
            HELM_CHART_PROXIES,
            manifest(HELM_CHART_PROXIES, "p", {"chartName": "cluster-autoscaler"}),
            "spec.chartName",
        ),
        (
            HELM_CHART_PROXIES,
            manifest(HELM_CHART_PROXIES, "p", {"valuesTemplate": "{{ if x }}\nimage: y/cluster-autoscaler\n{{ end }}"}),
            "spec.valuesTemplate",
        ),
        (
            KUSTOMIZATIONS,
            manifest(
                KUSTOMIZATIONS,
                "k",
                {"kubeConfig": REMOTE, "images": [{"newName": "y/cluster-autoscaler"}]},
            ),
            "spec.images[0].newName",
        ),
        (
            KUBEADM_CONFIG_TEMPLATES,
            manifest(
                KUBEADM_CONFIG_TEMPLATES,
                "t",
                {"template": {"spec": {"files": [{"path": "/etc/kubernetes/manifests/a.yaml", "content": POD}]}}},
            ),
            "spec.template.spec.files[0].content.spec.containers[0]",
        ),
        (
            KAMAJI_CONTROL_PLANES,
            manifest(
                KAMAJI_CONTROL_PLANES, "k", {"addons": {"konnectivity": {"agent": {"image": "x/cluster-autoscaler"}}}}
            ),
            "spec.addons.konnectivity.agent.image",
        ),
    ],
)
def test_a_controller_on_its_way_into_a_tenant_is_stopped(resource: Any, new: Any, field: str) -> None:
    verdict = check(resource, new)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.causes[0].field) == (403, field)
    assert "beside the control plane" in verdict.reason


def test_what_stays_in_the_management_cluster_is_not_our_business() -> None:
    assert check(HELM_RELEASES, release("cluster-autoscaler", kube_config=None)) == Allow()
    assert check(HELM_RELEASES, tweak(release("cluster-autoscaler"), "metadata.namespace", "elsewhere")) == Allow()
    assert check(HELM_RELEASES, tweak(release("cluster-autoscaler"), "metadata.namespace", "kube-system")) == Allow()


def test_values_from_elsewhere_are_read_too() -> None:
    new = release(valuesFrom=[{"kind": "ConfigMap", "name": "v"}, {"kind": "Secret", "name": "absent"}])
    values = manifest(CONFIG_MAPS, "v", data={"values.yaml": "image: x/cluster-autoscaler\n"})
    verdict = check(HELM_RELEASES, new, values)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field.startswith("spec.valuesFrom[0]")
    assert check(HELM_RELEASES, new) == Allow()


def test_what_a_resource_set_names_is_read() -> None:
    verdict = check(CLUSTER_RESOURCE_SETS, resource_set(), CONTENT)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field.startswith("spec.resources[0]")
    assert check(CLUSTER_RESOURCE_SETS, resource_set()) == Allow()


def test_content_that_comes_after_the_set_is_stopped_when_it_comes() -> None:
    assert isinstance(check(CONFIG_MAPS, CONTENT, resource_set()), Deny)
    assert check(CONFIG_MAPS, CONTENT, resource_set("Secret")) == Allow()
    assert check(CONFIG_MAPS, CONTENT) == Allow()


def test_a_secret_for_resource_sets_is_looked_at_when_it_is_written_named_or_not() -> None:
    secret = manifest(SECRETS, "c", stringData={"a.yaml": POD}, type="addons.cluster.x-k8s.io/resource-set")
    assert isinstance(check(SECRETS, secret), Deny)
    assert check(SECRETS, {**secret, "type": "Opaque"}) == Allow()
    assert check(CLUSTER_RESOURCE_SETS, resource_set("Secret"), secret) == Allow()


def test_values_that_come_after_the_release_are_stopped_when_they_come() -> None:
    values = manifest(SECRETS, "v", stringData={"values.yaml": "image: x/cluster-autoscaler\n"}, type="Opaque")
    later = release(valuesFrom=[{"kind": "Secret", "name": "v"}])
    assert isinstance(check(SECRETS, values, later), Deny)
    assert check(SECRETS, values, tweak(later, "spec.kubeConfig", None)) == Allow()


def test_what_is_there_already_can_still_be_paused_and_removed() -> None:
    old = release("cluster-autoscaler")
    assert check(HELM_RELEASES, tweak(old, "spec.suspend", True), old=old) == Allow()
    going = tweak(old, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(HELM_RELEASES, going) == Allow()
    worse = tweak(old, "spec.values", {"cloudProvider": "clusterapi"})
    assert isinstance(check(HELM_RELEASES, worse, old=old), Deny)


def test_machines_of_ours_pass() -> None:
    plain = {"template": {"spec": {"joinConfiguration": {"nodeRegistration": {"name": "x"}}}}}
    assert check(KUBEADM_CONFIG_TEMPLATES, manifest(KUBEADM_CONFIG_TEMPLATES, "t", plain)) == Allow()
    disk = {"containerDisk": {"image": "quay.io/capk/ubuntu:v1"}}
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": [disk]}}}}}
    template = manifest(KUBEVIRT_MACHINE_TEMPLATES, "t", {"template": {"spec": machine}})
    assert check(KUBEVIRT_MACHINE_TEMPLATES, template) == Allow()


def test_every_kind_that_is_asked_about_can_be_read() -> None:
    asked = {(rule.resource.group, rule.resource.plural) for rule in POLICY.applies_to}
    assert asked == set(EXTRACTS)


def test_yaml_so_deep_that_it_would_end_the_process_is_refused() -> None:
    bomb = "cluster-autoscaler: " + "[" * 100_000
    verdict = check(CONFIG_MAPS, manifest(CONFIG_MAPS, "c", data={"a.yaml": bomb}))
    assert isinstance(verdict, Deny)
    assert "levels deep" in verdict.reason
