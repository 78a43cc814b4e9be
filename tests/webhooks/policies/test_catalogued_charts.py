"""What may be installed into tenants."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from provisioning.model import CatalogSpec
from provisioning.names import TENANT_LABEL
from provisioning.resources import (
    HELM_CHART_PROXIES,
    HELM_RELEASE_PROXIES,
    HELM_RELEASES,
    HELM_REPOSITORIES,
    NAMESPACES,
    OCI_REPOSITORIES,
)
from tests.provisioning.manifests.examples import rendered
from tests.webhooks.estate import BLUE, CATALOG, NAMESPACE, TENANT, WORLD, served, tweak
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.judge import Judge
from webhooks.kinds import (
    APPLICATION_SETS,
    APPLICATIONS,
    CLUSTER_PROFILES,
    GIT_REPOSITORIES,
    HELM_CHARTS,
    KUSTOMIZATIONS,
    PROFILES,
)
from webhooks.policies.catalogued_charts import POLICY
from webhooks.trusted import Trusted

REMOTE = {"secretRef": {"name": "web-kubeconfig"}}


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new, **rest))


def release(chart: str = "cilium", kind: str = "HelmRepository", *, namespace: str = "", remote: Any = REMOTE) -> Any:
    source = {"kind": kind, "name": "src", **({"namespace": namespace} if namespace else {})}
    spec = {"chart": {"spec": {"chart": chart, "sourceRef": source}}, **({"kubeConfig": remote} if remote else {})}
    return manifest(HELM_RELEASES, "r", spec)


def by_reference(kind: str) -> Any:
    return manifest(HELM_RELEASES, "r", {"chartRef": {"kind": kind, "name": "src"}, "kubeConfig": REMOTE})


def repository(url: str = "https://helm.example.org", **more: Any) -> Any:
    return manifest(HELM_REPOSITORIES, "src", {"url": url}, **more)


def oci(url: str) -> Any:
    return manifest(OCI_REPOSITORIES, "src", {"url": url})


def git(url: str = "https://git.example.org/anybody/things.git") -> Any:
    return manifest(GIT_REPOSITORIES, "src", {"url": url})


OCI = oci("oci://registry.example.org/charts/metrics-server")


def test_a_chart_of_the_catalog_is_welcome_by_any_way() -> None:
    assert check(HELM_RELEASES, release(), repository()) == Allow()
    assert check(HELM_RELEASES, release(namespace="shared"), repository(namespace="shared")) == Allow()
    assert (
        check(HELM_RELEASES, by_reference("OCIRepository"), oci("oci://registry.example.org/charts/metrics-server"))
        == Allow()
    )
    chart = manifest(HELM_CHARTS, "src", {"chart": "cilium", "sourceRef": {"kind": "HelmRepository", "name": "src"}})
    assert check(HELM_RELEASES, by_reference("HelmChart"), chart, repository()) == Allow()
    proxy = manifest(HELM_CHART_PROXIES, "p", {"repoURL": "https://helm.example.org/", "chartName": "cilium"})
    assert check(HELM_CHART_PROXIES, proxy) == Allow()


@pytest.mark.parametrize("engine", ["Flux", "HelmAddonProvider"])
def test_what_we_render_of_the_catalog_ourselves_is_welcome(engine: str) -> None:
    offer = CatalogSpec.model_validate({**CATALOG["spec"], "addOnEngine": engine})
    wished = [{"name": add_on.name} for add_on in offer.add_ons]
    carriers = {r.kind: r for r in (HELM_RELEASES, HELM_CHART_PROXIES, HELM_REPOSITORIES, OCI_REPOSITORIES)}
    made = [
        tweak(m, "metadata.namespace", BLUE)
        for m in rendered(version="v1.34.2", offer=offer, addOns=wished)
        if m["kind"] in carriers
    ]
    assert [check(carriers[m["kind"]], m, *(o for o in made if o is not m)) for m in made] == [Allow()] * len(made)
    kinds = {m["kind"] for m in made}
    assert kinds == ({"HelmChartProxy"} if engine == "HelmAddonProvider" else {*carriers} - {"HelmChartProxy"})


@pytest.mark.parametrize(
    ("new", "there", "why"),
    [
        (release("other"), [repository()], "is not in the Catalog"),
        (release(), [repository("https://evil.example.org")], "is not in the Catalog"),
        (release(namespace="shared"), [], "make it first"),
        (release(kind="GitRepository"), [git()], "cannot be seen here"),
        (release(kind="GitRepository", namespace="shared"), [], "make it first"),
        (release(kind="Bucket"), [], "cannot be looked up"),
        (by_reference("ExternalArtifact"), [], "cannot be looked up"),
        (by_reference("OCIRepository"), [oci("oci://registry.example.org/charts/other")], "is not in the Catalog"),
        (manifest(HELM_RELEASES, "r", {"kubeConfig": REMOTE}), [], "cannot be looked up"),
    ],
)
def test_everything_else_is_refused(new: Any, there: Any, why: str) -> None:
    verdict = check(HELM_RELEASES, new, *there)
    assert isinstance(verdict, Deny)
    assert why in verdict.reason


def test_the_refusal_says_what_is_on_offer() -> None:
    verdict = check(HELM_RELEASES, release("other"), repository())
    assert isinstance(verdict, Deny)
    assert "offers cilium, metrics" in verdict.reason


def test_releases_into_the_management_cluster_and_other_namespaces_are_not_our_business() -> None:
    assert check(HELM_RELEASES, release("other", remote=None)) == Allow()
    assert check(HELM_RELEASES, tweak(release("other"), "metadata.namespace", "elsewhere")) == Allow()


def test_what_cannot_be_seen_from_here_is_refused() -> None:
    verdict = check(KUSTOMIZATIONS, kustomization(), git())
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.sourceRef"
    assert "https://git.example.org/anybody/things.git into a tenant cannot be seen here" in verdict.reason
    assert "trustedSources" in verdict.reason
    assert check(KUSTOMIZATIONS, kustomization(kubeConfig=None), git()) == Allow()


TRUSTING = tweak(CATALOG, "spec.trustedSources", ["https://git.example.org/platform", "oci://registry.example.org/kit"])


def kustomization(kind: str = "GitRepository", **spec: Any) -> Any:
    source = {"path": "./", "sourceRef": {"kind": kind, "name": "src"}, "kubeConfig": REMOTE}
    return manifest(KUSTOMIZATIONS, "k", {**source, **spec})


def trusting(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(TRUSTING, *WORLD[1:], *more).check(POLICY, request(resource, new, **rest))


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.org/platform",
        "https://git.example.org/platform/kit.git",
        "https://GIT.example.org/platform/kit/",
        "oci://registry.example.org/kit/base",
    ],
)
def test_what_the_platform_trusts_may_come_unseen(url: str) -> None:
    kind = "OCIRepository" if url.startswith("oci:") else "GitRepository"
    source = oci(url) if kind == "OCIRepository" else git(url)
    assert trusting(KUSTOMIZATIONS, kustomization(kind), source) == Allow()
    assert trusting(APPLICATIONS, application(url, path="kit")) == Allow()
    assert trusting(PROFILES, profile(policyRefs=[{"kind": kind, "name": "src"}]), source) == Allow()
    assert trusting(PROFILES, profile(policyRefs=[{"remoteURL": {"url": url}}])) == Allow()


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.org/platformer/kit",
        "https://git.example.org/platform/../anybody",
        "https://git.example.org/platform/%2e%2e/anybody",
        "https://git.example.org/platform/{{a}}",
        "https://git.example.org@evil.example.org/platform",
        "http://git.example.org/platform",
        "https://git.example.org/Platform",
        "",
    ],
)
def test_what_only_looks_like_it_may_not(url: str) -> None:
    assert isinstance(trusting(KUSTOMIZATIONS, kustomization(), git(url)), Deny)
    assert isinstance(trusting(APPLICATIONS, application(url)), Deny)
    assert isinstance(
        trusting(CLUSTER_PROFILES, profile(CLUSTER_PROFILES, policyRefs=[{"remoteURL": {"url": url}}])), Deny
    )


def application(url: str, **source: Any) -> Any:
    spec = {"destination": {"name": "web"}, "source": {"repoURL": url, **source}}
    return manifest(APPLICATIONS, "a", spec, namespace="argocd")


def profile(resource: Any = PROFILES, **spec: Any) -> Any:
    return manifest(resource, "p", spec)


def chart(url: str = "https://helm.example.org", name: str = "cilium/cilium", **more: Any) -> Any:
    return {"helmCharts": [{"repositoryURL": url, "chartName": name, **more}]}


def test_a_tenants_profile_names_what_it_brings_by_no_template() -> None:
    refs = [{"kind": "ConfigMap", "name": "{{ .Cluster.metadata.name }}-a"}]
    verdict = check(PROFILES, profile(policyRefs=refs))
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.policyRefs[0].name"
    # The platform's own may: what they name is its own as well.
    assert check(CLUSTER_PROFILES, profile(CLUSTER_PROFILES, policyRefs=refs)) == Allow()


def test_a_tenants_profile_takes_from_its_own_namespace_whatever_it_says() -> None:
    refs = [{"kind": "GitRepository", "name": "src", "namespace": "elsewhere"}]
    trusted = tweak(git("https://git.example.org/kit"), "metadata.namespace", "elsewhere")
    catalog = tweak(CATALOG, "spec.trustedSources", ["https://git.example.org/kit"])
    asked = request(PROFILES, profile(policyRefs=refs))
    world = World(catalog, *WORLD[1:], trusted, git("https://git.example.org/anybody"))
    assert isinstance(world.check(POLICY, asked), Deny)


def test_profiles_and_applications_bring_charts_of_the_catalog() -> None:
    assert check(PROFILES, profile(**chart())) == Allow()
    assert check(CLUSTER_PROFILES, profile(CLUSTER_PROFILES, **chart())) == Allow()
    assert check(APPLICATIONS, application("registry.example.org/charts", chart="metrics-server")) == Allow()
    remote_values = application(
        "https://helm.example.org", chart="cilium", helm={"valueFiles": ["https://a.example/v"]}
    )
    for resource, new, field in (
        (PROFILES, profile(**chart(name="cilium/other")), "spec.helmCharts[0].repositoryURL"),
        (CLUSTER_PROFILES, profile(CLUSTER_PROFILES, **chart("https://a.example")), "spec.helmCharts[0].repositoryURL"),
        (APPLICATIONS, application("https://helm.example.org", chart="other"), "spec.source.repoURL"),
        (APPLICATIONS, remote_values, "spec.source.helm.valueFiles[0]"),
    ):
        verdict = check(resource, new)
        assert isinstance(verdict, Deny)
        assert [cause.field for cause in verdict.causes] == [field]


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"helm": {"valueFiles": ["a.yaml", "https://a.example/v"]}}, "helm.valueFiles[1]"),
        ({"helm": {"fileParameters": [{"name": "a", "path": "https://a.example/v"}]}}, "helm.fileParameters[0].path"),
        ({"kustomize": {"components": ["../a", "https://a.example/kit?ref=x"]}}, "kustomize.components[1]"),
        ({"kustomize": {"components": ["git@a.example:kit"]}}, "kustomize.components[0]"),
        ({"kustomize": {"components": ["GitHub.com/anybody/kit"]}}, "kustomize.components[0]"),
    ],
)
def test_what_a_trusted_source_would_fetch_from_elsewhere_is_an_origin_too(source: Any, field: str) -> None:
    catalog = tweak(CATALOG, "spec.trustedSources", ["https://git.example.org/kit"])

    def of(new: Any) -> Any:
        return World(catalog, *WORLD[1:]).check(POLICY, request(APPLICATIONS, new))

    verdict = of(application("https://git.example.org/kit", **source))
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == [f"spec.source.{field}"]
    own = {"helm": {"valueFiles": ["a.yaml", "$values/b.yaml"]}, "kustomize": {"components": ["../a", "b"]}}
    assert of(application("https://git.example.org/kit", **own)) == Allow()


def test_what_is_hydrated_comes_from_where_it_was_put() -> None:
    catalog = tweak(CATALOG, "spec.trustedSources", ["https://git.example.org/kit"])
    dry = {"repoURL": "https://git.example.org/kit", "path": "."}
    for put, expected in (({}, []), ({"repoURL": "https://a.example/kit"}, ["syncSource.repoURL"])):
        hydrator = {"drySource": dry, "syncSource": {"targetBranch": "web", "path": ".", **put}}
        spec = {"destination": {"name": "web"}, "sourceHydrator": hydrator}
        asked = request(APPLICATIONS, manifest(APPLICATIONS, "a", spec, namespace="argocd"))
        verdict = World(catalog, *WORLD[1:]).check(POLICY, asked)
        found = [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []
        assert found == [f"spec.sourceHydrator.{field}" for field in expected]


def test_a_set_of_applications_is_held_to_what_it_says_already() -> None:
    def of(new: Any) -> Any:
        return check(APPLICATION_SETS, manifest(APPLICATION_SETS, "a", {"template": new}, namespace="argocd"))

    assert isinstance(of(application("https://a.example.org")), Deny)
    assert of(application("https://a.example.org/{{path}}")) == Allow()
    assert of(tweak(application("https://a.example.org"), "spec.destination", {"server": "{{server}}"})) == Allow()


def test_what_is_in_the_management_cluster_itself_may_come_from_anywhere() -> None:
    new = tweak(application("https://a.example.org"), "spec.destination", {"server": "https://kubernetes.default.svc"})
    assert check(APPLICATIONS, new) == Allow()


def test_the_parts_of_a_proxy_are_held_to_the_catalog_as_well() -> None:
    made = {"repoURL": "https://helm.example.org", "chartName": "cilium"}
    assert check(HELM_RELEASE_PROXIES, manifest(HELM_RELEASE_PROXIES, "p", made)) == Allow()
    assert isinstance(
        check(HELM_RELEASE_PROXIES, manifest(HELM_RELEASE_PROXIES, "p", {**made, "chartName": "x"})), Deny
    )


def test_a_source_in_another_tenants_hands_is_refused() -> None:
    green = manifest(NAMESPACES, "tenant-green", labels={TENANT_LABEL: "green"})
    tenant = tweak(tweak(TENANT, "metadata.name", "green"), "spec.namespaces", ["tenant-green"])
    there = repository(namespace="tenant-green")
    verdict = check(HELM_RELEASES, release(namespace="tenant-green"), there, green, tenant)
    assert isinstance(verdict, Deny)
    assert "keep it in tenant-blue" in verdict.reason


def test_a_chart_in_between_cannot_be_exchanged_behind_a_release() -> None:
    between = manifest(HELM_CHARTS, "src", {"chart": "cilium", "sourceRef": {"kind": "HelmRepository", "name": "src"}})
    other = tweak(between, "spec.chart", "other")
    evil = repository("https://evil.example.org")
    user = by_reference("HelmChart")
    assert isinstance(check(HELM_CHARTS, other, user, repository(), between, old=between), Deny)
    assert isinstance(check(HELM_REPOSITORIES, evil, user, repository(), between, old=repository()), Deny)
    assert (
        check(HELM_CHARTS, tweak(between, "spec.interval", "1h"), user, repository(), between, old=between) == Allow()
    )
    assert check(HELM_CHARTS, other, repository(), between, old=between) == Allow()


def test_another_repository_behind_a_kustomization_is_refused() -> None:
    trusted = git("https://git.example.org/platform")
    assert isinstance(trusting(GIT_REPOSITORIES, git(), kustomization(), trusted, old=trusted), Deny)
    moved = git("https://git.example.org/platform/kit")
    assert trusting(GIT_REPOSITORIES, moved, kustomization(), trusted, old=trusted) == Allow()
    assert check(GIT_REPOSITORIES, git()) == Allow()


def test_a_chart_that_left_the_catalog_can_still_be_paused() -> None:
    old = release("retired")
    assert check(HELM_RELEASES, tweak(old, "spec.suspend", True), old=old) == Allow()
    assert isinstance(check(HELM_RELEASES, tweak(old, "spec.chart.spec.chart", "other"), repository(), old=old), Deny)


def test_another_address_behind_a_name_in_use_is_refused() -> None:
    evil = repository("https://evil.example.org")
    verdict = check(HELM_REPOSITORIES, evil, release(), repository(), old=repository())
    assert isinstance(verdict, Deny)
    assert "HelmRelease r" in verdict.reason
    assert isinstance(check(HELM_REPOSITORIES, evil, release()), Deny)
    assert check(HELM_REPOSITORIES, evil) == Allow()
    assert check(HELM_REPOSITORIES, evil, release(remote=None)) == Allow()


@pytest.mark.parametrize("more", [by_reference("OCIRepository"), by_reference("HelmChart")])
async def test_a_new_source_is_judged_however_many_releases_there_are(more: Any) -> None:
    """Every cluster has sources of its own: to look at them one after another takes too long, and ends as a fault."""
    named = [tweak(tweak(more, "metadata.name", f"r{n}"), "spec.chartRef.name", f"src{n}") for n in range(40)]
    judge = Judge((POLICY,), (), World(*WORLD, *named), ToldLedgers(), Trusted(), now=lambda: NOW)
    asked = request(HELM_REPOSITORIES, repository())
    assert await judge.validate(asked, deadline=asyncio.get_running_loop().time() + 5) == Allow()


async def test_a_profile_is_judged_however_many_sources_it_has() -> None:
    refs = [{"kind": "GitRepository", "name": "src", "namespace": f"shared-{n}"} for n in range(40)]
    there = [git("https://git.example.org/platform") for _ in refs]
    there = [tweak(one, "metadata.namespace", f"shared-{n}") for n, one in enumerate(there)]
    judge = Judge((POLICY,), (), World(*WORLD, *there), ToldLedgers(), Trusted(), now=lambda: NOW)
    asked = request(CLUSTER_PROFILES, profile(CLUSTER_PROFILES, policyRefs=refs))
    verdict = await judge.validate(asked, deadline=asyncio.get_running_loop().time() + 5)
    assert isinstance(verdict, Deny)
    assert "what comes from https://git.example.org/platform into a tenant cannot be seen here" in verdict.reason


@pytest.mark.parametrize(
    ("more", "faked"),
    [
        ({"proxySecretRef": {"name": "p"}}, False),
        ({"certSecretRef": {"name": "ca"}}, False),
        ({"proxySecretRef": {"name": "p"}, "certSecretRef": {"name": "ca"}}, True),
        ({"proxySecretRef": {"name": "p"}, "insecure": True}, True),
    ],
)
def test_a_source_whose_address_a_proxy_can_fake_is_not_what_it_says(more: Any, faked: bool) -> None:
    user, by_proxy = by_reference("OCIRepository"), tweak(OCI, "spec", {**OCI["spec"], **more})
    assert isinstance(check(HELM_RELEASES, user, by_proxy), Deny) is faked
    assert isinstance(check(OCI_REPOSITORIES, by_proxy, user, OCI, old=OCI), Deny) is faked
    assert check(OCI_REPOSITORIES, by_proxy, OCI, old=OCI) == Allow()
    there = tweak(tweak(user, "spec.chartRef.namespace", "shared"), "metadata.name", "r")
    assert check(HELM_RELEASES, there, tweak(by_proxy, "metadata.namespace", "shared")) == Allow()


def test_git_takes_an_authority_from_the_secret_with_the_password() -> None:
    private = tweak(git("https://git.example.org/platform"), "spec.secretRef", {"name": "s"})
    by_proxy = tweak(private, "spec.proxySecretRef", {"name": "p"})
    assert trusting(KUSTOMIZATIONS, kustomization(), private) == Allow()
    assert isinstance(trusting(KUSTOMIZATIONS, kustomization(), by_proxy), Deny)


def test_a_release_may_come_before_its_source_which_is_judged_when_it_comes() -> None:
    """Flux has the API server look at everything before it applies anything, and so has them come in either order."""
    for user, source, evil in (
        (release(), repository(), repository("https://evil.example.org")),
        (by_reference("OCIRepository"), OCI, oci("oci://evil.example.org/charts/metrics-server")),
    ):
        kind = HELM_REPOSITORIES if source["kind"] == HELM_REPOSITORIES.kind else OCI_REPOSITORIES
        assert check(HELM_RELEASES, user) == Allow()
        assert check(kind, source, user) == Allow()
        assert isinstance(check(kind, evil, user), Deny)
    between = manifest(HELM_CHARTS, "src", {"chart": "other", "sourceRef": {"kind": "HelmRepository", "name": "src"}})
    assert check(HELM_RELEASES, by_reference("HelmChart")) == Allow()
    assert check(HELM_CHARTS, between, by_reference("HelmChart")) == Allow()
    assert isinstance(check(HELM_REPOSITORIES, repository(), by_reference("HelmChart"), between), Deny)
    assert isinstance(check(HELM_CHARTS, between, by_reference("HelmChart"), repository()), Deny)
    assert isinstance(trusting(GIT_REPOSITORIES, git(), kustomization()), Deny)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"include": [{"repository": {"name": "evil"}}]}, "spec.include"),
        ({"ref": {"name": "refs/pull/7/head"}}, "spec.ref.name"),
        ({"ref": {"name": "refs/merge-requests/7/head"}}, "spec.ref.name"),
        ({"ref": {"name": "refs/heads/main"}}, ""),
        ({"ref": {"name": "refs/tags/v1"}}, ""),
        ({"ref": {"branch": "main", "commit": "4f2a"}}, ""),
        ({"include": []}, ""),
    ],
)
def test_a_trusted_repository_brings_what_those_wrote_to_whom_it_belongs(more: Any, field: str) -> None:
    trusted, user = git("https://git.example.org/platform"), kustomization()
    odd = tweak(trusted, "spec", {**trusted["spec"], **more})
    verdicts = (
        trusting(KUSTOMIZATIONS, user, odd),
        trusting(PROFILES, profile(policyRefs=[{"kind": "GitRepository", "name": "src"}]), odd),
        trusting(GIT_REPOSITORIES, odd, user, trusted, old=trusted),
        trusting(GIT_REPOSITORIES, odd, user),
    )
    for verdict in verdicts:
        assert (f"leave {field} out there" in verdict.reason) if field else verdict == Allow()
    there = kustomization(sourceRef={"kind": "GitRepository", "name": "src", "namespace": "shared"})
    assert trusting(KUSTOMIZATIONS, there, tweak(odd, "metadata.namespace", "shared")) == Allow()


def test_what_is_not_served_is_not_waited_for() -> None:
    """It would come at a version that nobody is asked about here."""
    for there in ((), (served(replace(HELM_REPOSITORIES, version="v1beta2")),)):
        verdict = World(CATALOG, TENANT, NAMESPACE, *there).check(POLICY, request(HELM_RELEASES, release()))
        assert isinstance(verdict, Deny)
        assert "no HelmRepository of source.toolkit.fluxcd.io/v1 is served" in verdict.reason
    assert check(HELM_RELEASES, release()) == Allow()
