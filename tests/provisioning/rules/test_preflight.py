"""What is missing in a management cluster is found, and said with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioning import plan, profile, requirements, resources
from provisioning.finding import Finding, Outcome
from provisioning.ground import Ground
from provisioning.preflight import findings, missing
from provisioning.profile import Profile
from provisioning.resources import Resource
from tests import builders

ACCOUNT = "capi-kubeadm-bootstrap-system/capi-kubeadm-bootstrap-manager"


def ground(*absent: Resource, **changes: Any) -> Ground:
    """A management cluster that has everything but the kinds that are `absent`."""
    there = [kind for kind in requirements.EVERY if kind not in absent]
    groups: dict[str, tuple[str, ...]] = {}
    for kind in there:
        groups[kind.group] = (*groups.get(kind.group, ()), kind.version)
    whole = Ground(
        version="v1.34.2",
        groups=groups,
        kinds=frozenset((kind.api_version, kind.kind) for kind in there),
        labels={kind: {label: kind.version} for kind, label in requirements.CONTRACTS.items() if kind not in absent},
        catalog=builders.catalog(),
        data_store={"status": {"ready": True}},
        kubeadm_account=ACCOUNT,
        kubeadm_reads=True,
        rules=True,
    )
    return replace(whole, **changes)


def only(found: tuple[Finding, ...]) -> Finding:
    (one,) = missing(found)
    return one


def unknown(found: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in found if finding.outcome is Outcome.UNKNOWN]


def test_a_cluster_that_has_everything_lacks_nothing_and_needs_no_remedy() -> None:
    found = findings(ground())
    assert {finding.outcome for finding in found} == {Outcome.MET}
    assert all(not finding.remedy for finding in found)


@pytest.mark.parametrize("version", ["v1.29.9", "v1.9.0"])
def test_an_old_kubernetes_is_found(version: str) -> None:
    lack = only(findings(ground(version=version)))
    assert (lack.what, lack.wanted, lack.found) == ("Kubernetes", "v1.30 or newer", version)


@pytest.mark.parametrize("version", ["v1.30.0", "v1.34.2-eks-1234", "v2.0.0"])
def test_vendors_versions_are_read_as_well(version: str) -> None:
    assert missing(findings(ground(version=version))) == ()


def test_a_provider_that_is_not_there_is_named_with_what_it_would_serve() -> None:
    group = "infrastructure.cluster.x-k8s.io"
    lack = only(findings(ground(*(kind for kind in requirements.EVERY if kind.group == group))))
    assert lack.what == "Cluster API's infrastructure provider for KubeVirt"
    assert lack.wanted.startswith("infrastructure.cluster.x-k8s.io/v1alpha1: KubevirtCluster, ")
    assert lack.found == "no group infrastructure.cluster.x-k8s.io"
    assert lack.remedy == "install Cluster API's infrastructure provider for KubeVirt"


def test_kamajis_old_line_is_told_from_a_missing_one() -> None:
    kind = resources.KAMAJI_CONTROL_PLANES
    there = ground(kind)
    lack = only(findings(replace(there, groups={**there.groups, kind.group: ("v1alpha1",)})))
    assert lack.found == "controlplane.cluster.x-k8s.io in v1alpha1 only"
    assert "0.20 or newer" in lack.remedy


def test_a_version_that_lacks_a_kind_is_found() -> None:
    lack = only(findings(ground(resources.MACHINE_HEALTH_CHECKS)))
    assert lack.found == "v1beta2 without MachineHealthCheck"


def test_what_the_catalog_does_not_need_is_not_asked_for() -> None:
    flux = [kind for kind in requirements.EVERY if "fluxcd" in kind.group]
    by_helm = builders.catalog(addOnEngine="HelmAddonProvider")
    assert missing(findings(ground(*flux, catalog=by_helm))) == ()
    assert len(missing(findings(ground(*flux)))) == 2
    assert only(findings(ground(resources.HELM_CHART_PROXIES, catalog=by_helm))).what.endswith("for Helm")
    assert missing(findings(ground(resources.HELM_CHART_PROXIES))) == ()


def test_instancetypes_are_needed_only_by_a_flavor_that_names_one() -> None:
    kind = resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES
    assert missing(findings(ground(kind))) == ()
    flavors = [{"name": "small", "vcpu": 2, "memory": "4Gi", "instancetype": "u1.small"}]
    assert only(findings(ground(kind, catalog=builders.catalog(flavors=flavors)))).what == "KubeVirt"


def test_a_crd_without_its_contract_is_found_with_the_command_that_mends_it() -> None:
    there = ground()
    lack = only(findings(replace(there, labels={**there.labels, resources.KAMAJI_CONTROL_PLANES: {"a": "b"}})))
    assert lack.found == "no such label"
    assert lack.remedy.startswith(
        "kubectl label crd kamajicontrolplanes.controlplane.cluster.x-k8s.io cluster.x-k8s.io/v1beta2=v1alpha2"
    )


def test_a_contract_that_names_several_versions_is_met_by_one_of_them() -> None:
    there, kind = ground(), resources.KUBEADM_CONFIGS
    several = {requirements.CONTRACT_V1BETA2: "v1beta1_v1beta2"}
    assert missing(findings(replace(there, labels={**there.labels, kind: several}))) == ()


def test_the_new_contract_on_kubevirt_clusters_is_a_trap() -> None:
    there, kind = ground(), resources.KUBEVIRT_CLUSTERS
    both = {requirements.CONTRACT_V1BETA1: "v1alpha1", requirements.CONTRACT_V1BETA2: "v1alpha1"}
    lack = only(findings(replace(there, labels={**there.labels, kind: both})))
    assert "take the label off" in lack.remedy


def test_a_kubeadm_provider_without_its_right_is_found() -> None:
    lack = only(findings(ground(kubeadm_reads=False)))
    assert ACCOUNT in lack.wanted
    assert "rbac.kubeadmBootstrap" in lack.remedy


def test_the_datastore_must_be_there_and_ready() -> None:
    assert only(findings(ground(data_store={}))).found == "none of that name"
    assert only(findings(ground(data_store={"status": {"ready": False}}))).found == "not ready"
    other = only(findings(ground(data_store={}, catalog=builders.catalog(dataStore="fast"))))
    assert other.wanted == "fast, ready"


def test_without_a_catalog_nothing_can_be_asked_for() -> None:
    lack = only(findings(ground(catalog=None, catalog_trouble="spec.versions: Field required")))
    assert (lack.what, lack.found) == ("Catalog", "spec.versions: Field required")


def test_without_webhooks_no_rule_holds() -> None:
    assert "no quota and no approval" in only(findings(ground(rules=False))).remedy


@pytest.mark.parametrize("blind", [{"kubeadm_reads": None}, {"data_store": None}, {"rules": None}, {"version": ""}])
def test_what_may_not_be_looked_at_is_neither_met_nor_missing(blind: dict[str, Any]) -> None:
    found = findings(ground(**blind))
    assert missing(found) == ()
    assert len(unknown(found)) == 1


def test_crds_that_may_not_be_read_are_neither_met_nor_missing() -> None:
    found = findings(ground(labels=dict.fromkeys(requirements.CONTRACTS)))
    assert missing(found) == ()
    assert len(unknown(found)) == len(requirements.CONTRACTS)


def test_every_kind_that_is_rendered_is_asked_for() -> None:
    kubernetes = {"", "apps", "rbac.authorization.k8s.io"}
    assert {kind for kind in plan.KINDS if kind.group not in kubernetes} <= set(requirements.EVERY)


def older(*absent: Resource, **changes: Any) -> Ground:
    """A management cluster of the older generation, for which the chart's rules were made."""
    there = [Profile.V1BETA1.at(kind) for kind in requirements.EVERY if kind not in absent]
    groups: dict[str, tuple[str, ...]] = {}
    for kind in there:
        groups[kind.group] = (*{*groups.get(kind.group, ()), kind.version},)
    asked_at = {f"{kind.plural}.{kind.group}": frozenset({kind.version}) for kind in there}
    named = {kind: {requirements.CONTRACT_V1BETA1: Profile.V1BETA1.at(kind).version} for kind in requirements.CONTRACTS}
    kinds = frozenset((kind.api_version, kind.kind) for kind in there)
    whole = replace(ground(), groups=groups, kinds=kinds, labels=named, asked_at=asked_at)
    return replace(whole, **{"profile": profile.spoken(groups), **changes})


def test_the_older_generation_lacks_nothing_and_is_told_as_such() -> None:
    found = findings(older())
    assert {finding.outcome for finding in found} == {Outcome.MET}
    told = next(finding for finding in found if finding.what == "API profile")
    assert told.found.startswith("v1beta1: cluster.x-k8s.io/v1beta1, controlplane.cluster.x-k8s.io/v1alpha1")


def test_whoever_insists_on_the_newer_generation_hears_that_it_is_not_there() -> None:
    profiled, *lacking = missing(findings(older(profile=Profile.V1BETA2)))
    assert (profiled.what, profiled.found) == ("API profile", "v1beta2, where only v1beta1 is served")
    assert "apiProfile=v1beta1" in profiled.remedy
    assert "cluster.x-k8s.io in v1beta1 only" in [finding.found for finding in lacking]
    assert "controlplane.cluster.x-k8s.io in v1alpha1 only" in [finding.found for finding in lacking]


def test_the_older_contract_is_wanted_of_the_older_generation() -> None:
    named = older().labels[resources.KAMAJI_CONTROL_PLANES]
    assert named == {requirements.CONTRACT_V1BETA1: "v1alpha1"}
    lack = only(findings(older(labels={resources.KAMAJI_CONTROL_PLANES: {requirements.CONTRACT_V1BETA2: "v1alpha1"}})))
    assert lack.wanted == "CRD label cluster.x-k8s.io/v1beta1: v1alpha1"


def test_rules_of_the_newer_generation_are_found_to_guard_nothing_of_the_older() -> None:
    asked_at = {f"{kind.plural}.{kind.group}": frozenset({kind.version}) for kind in requirements.CORE}
    lack = only(findings(older(asked_at=asked_at)))
    assert lack.what == "objects that the webhooks are asked about"
    assert "apiProfile=v1beta1" in lack.remedy
    assert "clusters, machinedeployments" in lack.remedy
    assert "clusterresourcesets" in lack.remedy


def test_rules_of_the_older_generation_hold_where_both_are_served() -> None:
    there = older()
    both = {group: (*versions, *ground().groups[group]) for group, versions in there.groups.items()}
    assert missing(findings(replace(ground(), groups=both, asked_at=there.asked_at))) == ()
