"""Who installs what a tenant asks for in the management cluster."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    HELM_CHART_PROXIES,
    HELM_RELEASE_PROXIES,
    HELM_RELEASES,
    HELM_REPOSITORIES,
    OCI_REPOSITORIES,
    Resource,
)
from tests.webhooks.estate import WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import (
    BUCKETS,
    GIT_REPOSITORIES,
    IMAGE_REPOSITORIES,
    KUSTOMIZATIONS,
    PROFILES,
    RESOURCE_SETS,
    SVELTOS_CLUSTERS,
)
from webhooks.policies.no_borrowed_rights import POLICY
from webhooks.trusted import Trusted


def check(resource: Resource, new: Any, **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(resource, new, **rest))


@pytest.mark.parametrize("kind", [HELM_RELEASES, KUSTOMIZATIONS])
def test_flux_does_nothing_for_a_tenant_with_its_own_rights(kind: Resource) -> None:
    bare = manifest(kind, "x", {"interval": "5m"})
    verdict = check(kind, bare)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.serviceAccountName"
    assert "name a ServiceAccount of this namespace" in verdict.reason
    assert check(kind, tweak(bare, "spec.serviceAccountName", "gitops")) == Allow()
    assert check(kind, tweak(bare, "spec.kubeConfig", {"secretRef": {"name": "web-kubeconfig"}})) == Allow()
    assert isinstance(check(kind, tweak(bare, "spec.kubeConfig", {})), Deny)


@pytest.mark.parametrize("kind", [HELM_RELEASES, KUSTOMIZATIONS])
def test_flux_shows_its_own_token_to_no_address_that_a_tenant_writes_down(kind: Resource) -> None:
    """Without `serviceAccountName` in the ConfigMap it is the controller's token, and the ConfigMap may change."""
    by_token = manifest(kind, "x", {"kubeConfig": {"configMapRef": {"name": "mine"}}, "serviceAccountName": "gitops"})
    verdict = check(kind, by_token)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.kubeConfig.configMapRef"
    assert check(kind, tweak(by_token, "spec.suspend", True), old=by_token) == Allow()
    assert check(kind, tweak(by_token, "metadata.namespace", "elsewhere")) == Allow()


@pytest.mark.parametrize("namespace", ["elsewhere", "kube-system"])
def test_what_is_in_nobodys_namespace_is_not_our_business(namespace: str) -> None:
    assert check(HELM_RELEASES, manifest(HELM_RELEASES, "x", {"interval": "5m"}, namespace=namespace)) == Allow()


def test_what_was_there_before_can_be_paused_and_removed_and_not_be_given_other_work() -> None:
    old = manifest(HELM_RELEASES, "x", {"values": {"a": 1}})
    assert check(HELM_RELEASES, tweak(old, "spec.suspend", True), old=old) == Allow()
    going = tweak(old, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(HELM_RELEASES, going, old=old) == Allow()
    # What is uninstalled is uninstalled with somebody's rights as well, and a chart may bring hooks for that.
    named = tweak(going, "spec.serviceAccountName", "gitops")
    assert isinstance(check(HELM_RELEASES, going, old=named), Deny)
    assert isinstance(check(HELM_RELEASES, tweak(old, "spec.values", {"a": 2}), old=old), Deny)
    named = tweak(old, "spec.serviceAccountName", "gitops")
    assert isinstance(check(HELM_RELEASES, old, old=named), Deny)


@pytest.mark.parametrize("kind", [HELM_RELEASES, KUSTOMIZATIONS])
def test_where_flux_is_locked_down_it_takes_the_default_account_of_the_namespace(kind: Resource) -> None:
    locked = Trusted(flux_locked_down=True)
    bare = manifest(kind, "r", {"interval": "5m"})
    assert World(*WORLD).check(POLICY, request(kind, bare), trusted=locked) == Allow()
    assert isinstance(check(kind, bare), Deny)
    # A token of its own it would show all the same.
    shown = manifest(kind, "r", {"kubeConfig": {"configMapRef": {"name": "mine"}}})
    assert isinstance(World(*WORLD).check(POLICY, request(kind, shown), trusted=locked), Deny)


def test_a_tenants_profile_stays_out_of_the_management_cluster() -> None:
    refs = [{"kind": "ConfigMap", "name": "a"}, {"kind": "ConfigMap", "name": "b", "deploymentType": "Local"}]
    verdict = check(PROFILES, manifest(PROFILES, "p", {"policyRefs": refs, "kustomizationRefs": refs[1:]}))
    assert isinstance(verdict, Deny)
    fields = [cause.field for cause in verdict.causes]
    assert fields == ["spec.policyRefs[1].deploymentType", "spec.kustomizationRefs[0].deploymentType"]
    assert check(PROFILES, manifest(PROFILES, "p", {"policyRefs": refs[:1]})) == Allow()


def test_a_tenants_profile_collects_nothing_from_other_namespaces() -> None:
    def collecting(namespace: str) -> Any:
        resource = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "namespace": namespace}
        return manifest(PROFILES, "p", {"templateResourceRefs": [{"resource": resource, "identifier": "a"}]})

    for elsewhere in ("kube-system", "{{ .Cluster.metadata.labels.a }}"):
        verdict = check(PROFILES, collecting(elsewhere))
        assert isinstance(verdict, Deny)
        assert verdict.causes[0].field == "spec.templateResourceRefs[0].resource.namespace"
    assert check(PROFILES, collecting("tenant-blue")) == check(PROFILES, collecting("")) == Allow()


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("policyRefs.0", "policyRefs[0]"),
        ("policyRefs.0.remoteURL.secretRef", "policyRefs[0].remoteURL.secretRef"),
        ("kustomizationRefs.0", "kustomizationRefs[0]"),
        ("kustomizationRefs.0.valuesFrom.0", "kustomizationRefs[0].valuesFrom[0]"),
        ("patchesFrom.0", "patchesFrom[0]"),
        ("helmCharts.0.valuesFrom.0", "helmCharts[0].valuesFrom[0]"),
        ("helmCharts.0.registryCredentialsConfig.credentials", "helmCharts[0].registryCredentialsConfig.credentials"),
        ("helmCharts.0.registryCredentialsConfig.ca", "helmCharts[0].registryCredentialsConfig.ca"),
        ("helmCharts.0.signatureVerification.secretRef", "helmCharts[0].signatureVerification.secretRef"),
        (
            "helmCharts.0.provenanceVerification.keyringSecretRef",
            "helmCharts[0].provenanceVerification.keyringSecretRef",
        ),
        ("validateHealths.0.metricSource.secretRef", "validateHealths[0].metricSource.secretRef"),
        ("preDeleteChecks.0.jobCheck.jobRef", "preDeleteChecks[0].jobCheck.jobRef"),
    ],
)
def test_nor_reads_it_or_shows_it_to_anybody_by_another_field(path: str, field: str) -> None:
    def naming(namespace: str) -> Any:
        found: Any = {"kind": "Secret", "name": "a", "namespace": namespace}
        for key in reversed(path.split(".")):
            found = [found] if key == "0" else {key: found}
        return manifest(PROFILES, "p", found)

    verdict = check(PROFILES, naming("tenant-red"))
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == [f"spec.{field}.namespace"]
    assert check(PROFILES, naming("tenant-blue")) == check(PROFILES, naming("")) == Allow()
    # What was there may stay when the rest changes.
    more = tweak(naming("tenant-red"), "spec.tier", 7)
    assert check(PROFILES, more, old=naming("tenant-red")) == Allow()


def test_a_profile_may_look_anywhere_in_the_cluster_that_it_is_for() -> None:
    looks = {
        "validateHealths": [{"name": "a", "namespace": "kube-system"}],
        "patches": [{"target": {"namespace": "x"}}],
    }
    assert check(PROFILES, manifest(PROFILES, "p", {**looks, "helmCharts": [{"releaseNamespace": "x"}]})) == Allow()


@pytest.mark.parametrize("kind", [HELM_CHART_PROXIES, HELM_RELEASE_PROXIES])
@pytest.mark.parametrize("path", ["clusterRef", "credentials.secret", "tlsConfig.caSecret"])
def test_the_add_on_provider_goes_to_no_other_namespace_for_a_tenant(kind: Resource, path: str) -> None:
    bare = manifest(kind, "p", {"chartName": "cilium"})
    there = tweak(bare, f"spec.{path}", {"name": "a", "namespace": "tenant-red"})
    verdict = check(kind, there)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == [f"spec.{path}.namespace"]
    assert isinstance(check(kind, there, old=bare), Deny)
    assert check(kind, tweak(there, "metadata.labels", {"a": "b"}), old=there) == Allow()
    assert check(kind, tweak(there, "spec.version", "2"), old=there) == Allow()
    assert check(kind, there, groups=("system:masters",)) == Allow()
    for here in ({"name": "a", "namespace": "tenant-blue"}, {"name": "a"}):
        assert check(kind, tweak(bare, f"spec.{path}", here)) == Allow()


def test_a_release_that_follows_from_a_proxy_says_what_that_says_and_no_more() -> None:
    shared = {"chartName": "cilium", "credentials": {"secret": {"name": "pull", "namespace": "caaph-system"}}}
    proxy = manifest(HELM_CHART_PROXIES, "p", shared)
    owner = [{"kind": "HelmChartProxy", "name": "p", "uid": "u", "controller": True}]
    release = tweak(manifest(HELM_RELEASE_PROXIES, "p-web", shared), "metadata.ownerReferences", owner)
    asked = request(HELM_RELEASE_PROXIES, release, user="system:serviceaccount:caaph-system:caaph")
    assert World(*WORLD, proxy).check(POLICY, asked) == Allow()
    assert isinstance(World(*WORLD).check(POLICY, asked), Deny)
    elsewhere = tweak(release, "spec.clusterRef", {"name": "web", "namespace": "tenant-red"})
    assert isinstance(World(*WORLD, proxy).check(POLICY, request(HELM_RELEASE_PROXIES, elsewhere)), Deny)


@pytest.mark.parametrize("locked_down", [False, True])
def test_flux_operator_makes_nothing_for_a_tenant_with_its_own_rights(locked_down: bool) -> None:
    bare = manifest(RESOURCE_SETS, "x", {"resources": [{"kind": "ClusterRoleBinding"}]})
    trusted = Trusted(flux_locked_down=locked_down)
    verdict = World(*WORLD).check(POLICY, request(RESOURCE_SETS, bare), trusted=trusted)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == ["spec.serviceAccountName"]
    own = tweak(bare, "spec.serviceAccountName", "gitops")
    assert check(RESOURCE_SETS, own) == check(RESOURCE_SETS, tweak(bare, "metadata.namespace", "elsewhere")) == Allow()
    assert isinstance(check(RESOURCE_SETS, bare, old=own), Deny)


SECRET = {"secretRef": {"name": "a"}}
OWN = {"serviceAccountName": "gitops"}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (GIT_REPOSITORIES, {"provider": "azure"}),
        # Whatever the Secret says, the token is the controller's.
        (GIT_REPOSITORIES, {"provider": "azure", **SECRET}),
        (GIT_REPOSITORIES, {"provider": "aws"}),
        (OCI_REPOSITORIES, {"provider": "aws"}),
        (OCI_REPOSITORIES, {"provider": "gcp"}),
        (HELM_REPOSITORIES, {"provider": "aws", "type": "oci"}),
        (BUCKETS, {"provider": "aws", "sts": {"provider": "aws", "endpoint": "https://x"}}),
        (BUCKETS, {"provider": "azure"}),
        # The Secret may name an identity of the machine's, or a file and where to send it.
        (BUCKETS, {"provider": "azure", **SECRET}),
        (BUCKETS, {"provider": "gcp", **SECRET}),
        (IMAGE_REPOSITORIES, {"provider": "aws", **SECRET}),
        (OCI_REPOSITORIES, {"provider": "newcomer"}),
    ],
)
def test_nothing_is_fetched_for_a_tenant_by_an_identity_of_fluxs_own(kind: Resource, spec: Any) -> None:
    bare = manifest(kind, "s", {"url": "https://somewhere.example.org", **spec})
    verdict = check(kind, bare)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.provider"
    assert f"by {spec['provider']} Flux would ask with an identity of its own controller's" in verdict.reason
    assert check(kind, tweak(bare, "metadata.namespace", "elsewhere")) == Allow()
    assert check(kind, bare, groups=("system:masters",)) == Allow()
    # What the platform has lent stays as it is lent, and may be paused.
    assert check(kind, tweak(bare, "spec.suspend", True), old=bare) == Allow()
    assert isinstance(check(kind, tweak(bare, "spec.url", "https://mine.example.org"), old=bare), Deny)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (GIT_REPOSITORIES, {}),
        (GIT_REPOSITORIES, {"provider": "generic", **SECRET}),
        (GIT_REPOSITORIES, {"provider": "github", **SECRET}),
        (GIT_REPOSITORIES, {"provider": "azure", **OWN}),
        (OCI_REPOSITORIES, {"provider": "aws", **SECRET}),
        (OCI_REPOSITORIES, {"provider": "aws", **OWN}),
        (HELM_REPOSITORIES, {"provider": "aws", "type": "oci", **SECRET}),
        (BUCKETS, {"provider": "aws", **SECRET}),
        (BUCKETS, {"provider": "generic", **SECRET}),
        (BUCKETS, {"provider": "gcp", **OWN}),
        (IMAGE_REPOSITORIES, {"provider": "aws", **OWN}),
    ],
)
def test_what_is_asked_for_by_a_secret_or_an_account_of_the_tenants_is_fetched(kind: Resource, spec: Any) -> None:
    assert check(kind, manifest(kind, "s", {"url": "https://somewhere.example.org", **spec})) == Allow()


AZURE = {"provider": "azure", "endpoint": "https://mine.example.org"}


@pytest.mark.parametrize(
    ("spec", "field"),
    [({"workloadIdentity": AZURE}, "spec.workloadIdentity"), ({"kubeconfigName": "mine"}, "spec.kubeconfigName")],
)
def test_sveltos_reaches_no_cluster_for_a_tenant_by_a_token_of_its_own_or_by_anybodys_kubeconfig(
    spec: Any, field: str
) -> None:
    registered = manifest(SVELTOS_CLUSTERS, "c", spec)
    verdict = check(SVELTOS_CLUSTERS, registered)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == [field]
    assert check(SVELTOS_CLUSTERS, registered, groups=("system:masters",)) == Allow()
    keeper = "system:serviceaccount:projectsveltos:sc-manager"
    assert (
        check(SVELTOS_CLUSTERS, tweak(registered, "spec.kubeconfigKeyName", "b"), old=registered, user=keeper)
        == Allow()
    )
    assert check(SVELTOS_CLUSTERS, tweak(registered, "spec.paused", True), old=registered) == Allow()
    for own in ({}, {"kubeconfigName": "web-kubeconfig"}, {"consecutiveFailureThreshold": 5}):
        assert check(SVELTOS_CLUSTERS, manifest(SVELTOS_CLUSTERS, "c", own)) == Allow()
