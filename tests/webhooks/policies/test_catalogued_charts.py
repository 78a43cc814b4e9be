"""What may be installed into tenants."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.model import CatalogSpec
from provisioning.resources import HELM_CHART_PROXIES, HELM_RELEASES, HELM_REPOSITORIES, OCI_REPOSITORIES
from tests.provisioning.manifests.examples import rendered
from tests.webhooks.estate import BLUE, CATALOG, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import HELM_CHARTS, KUSTOMIZATIONS
from webhooks.policies.catalogued_charts import POLICY

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
        (release(), [], "make it first"),
        (release(kind="GitRepository"), [], "cannot be looked up"),
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
    spec = {"path": "./", "sourceRef": {"kind": "GitRepository", "name": "x"}}
    verdict = check(KUSTOMIZATIONS, manifest(KUSTOMIZATIONS, "k", {**spec, "kubeConfig": REMOTE}))
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.kubeConfig"
    assert check(KUSTOMIZATIONS, manifest(KUSTOMIZATIONS, "k", spec)) == Allow()


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
