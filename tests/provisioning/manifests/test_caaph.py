"""Add-ons by Cluster API's add-on provider for Helm: aim, order, values, and the way there from Flux."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from provisioning import plan
from provisioning.manifest import Manifest
from tests.provisioning.manifests.examples import ADD_ONS, BY_CAAPH, catalog, of_kind, rendered

CHARTED = ("HelmRelease", "HelmChartProxy")
WITHOUT_NODES: Manifest = {"pools": [{"name": "md0", "flavor": "small", "replicas": 0}]}


def proxies(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {m["metadata"]["name"]: m for m in of_kind(manifests, "HelmChartProxy")}


def reported(manifests: list[Manifest], *, ready: bool = True, clusters: int = 1) -> list[Manifest]:
    """The same, as the provider tells of its proxies."""
    there = copy.deepcopy(manifests)
    for proxy in of_kind(there, "HelmChartProxy"):
        proxy["metadata"]["generation"] = 1
        proxy["status"] = {
            "observedGeneration": 1,
            "matchingClusters": [{"kind": "Cluster", "name": "web"}] * clusters,
            "conditions": [{"type": "Ready", "status": str(ready)}],
        }
    return there


def charted(manifests: list[Manifest]) -> dict[tuple[str, str], bool]:
    """What installs charts, and whether it is suspended."""
    return {
        (m["kind"], m["metadata"]["name"]): m["spec"].get("suspend", False) for m in manifests if m["kind"] in CHARTED
    }


def test_a_proxy_selects_the_one_cluster_by_a_label_that_this_cluster_has() -> None:
    made = rendered(**BY_CAAPH)
    (found,) = proxies(made).values()
    (cluster,) = of_kind(made, "Cluster")
    chosen = found["spec"]["clusterSelector"]["matchLabels"]
    assert chosen.items() <= cluster["metadata"]["labels"].items()
    assert "web" in chosen.values()


def test_nothing_is_taken_back_that_takes_long_and_pods_are_waited_for_where_there_are_nodes() -> None:
    options = proxies(rendered(**BY_CAAPH))["web-cilium"]["spec"]["options"]
    assert "atomic" not in options
    assert options["wait"] is True
    assert proxies(rendered(**{**BY_CAAPH, **WITHOUT_NODES}))["web-cilium"]["spec"]["options"]["wait"] is False


def test_a_proxy_is_there_once_those_before_it_are_ready_in_a_cluster_and_stays_when_they_are_not_any_more() -> None:
    first = rendered(**BY_CAAPH)
    assert proxies(first).keys() == {"web-cilium"}
    for not_yet in (reported(first, ready=False), reported(first, clusters=0)):
        assert proxies(rendered(**BY_CAAPH, existing=not_yet)).keys() == {"web-cilium"}
    second = rendered(**BY_CAAPH, existing=reported(first))
    assert proxies(second).keys() == {"web-cilium", "web-metrics-server", "web-cert-manager"}
    assert proxies(rendered(**BY_CAAPH, existing=reported(second, ready=False))) == proxies(second)


def test_a_chart_in_a_registry_is_named_by_its_repository_and_goes_into_a_namespace_that_is_made() -> None:
    there = reported(rendered(**BY_CAAPH))
    spec = proxies(rendered(**BY_CAAPH, existing=there))["web-cert-manager"]["spec"]
    assert (spec["repoURL"], spec["chartName"]) == ("oci://registry.example.org/charts", "cert-manager")
    assert (spec["namespace"], spec["options"]["install"]) == ("cert-manager", {"createNamespace": True})


def test_values_pass_the_providers_templates_as_they_are() -> None:
    text = 'name: {{ .Cluster.metadata.name }} and {{ "x" }}'
    wish = [{"name": "cilium", "values": {"notes": text, "deep": {"list": [1, True, None]}}}]
    template: str = proxies(rendered(**{**BY_CAAPH, "addOns": wish}))["web-cilium"]["spec"]["valuesTemplate"]
    # What is left after Go's template engine has been over it.
    assert template.count("{{") == template.count('{{ "{{" }}') * 2
    values = yaml.safe_load(template.replace('{{ "{{" }}', "{{"))
    assert values["notes"] == text
    assert values["deep"] == {"list": [1, True, None]}
    assert values["tunnelPort"] == 8473


def test_from_flux_an_add_on_is_suspended_then_let_go_then_taken_over_and_never_uninstalled() -> None:
    names = ("web-cert-manager", "web-cilium", "web-metrics-server")
    there = rendered(**ADD_ONS)
    assert charted(there) == {("HelmRelease", name): False for name in names}

    suspended = rendered(**BY_CAAPH, existing=there)
    assert charted(suspended) == {("HelmRelease", name): True for name in names}
    assert not [gone for gone in plan.stale(suspended, there) if gone["kind"] in CHARTED]

    # What Flux holds on to until it has seen that it is suspended is not taken over before it is gone.
    let_go = rendered(**BY_CAAPH, existing=suspended)
    assert charted(let_go) == {}
    assert {gone["metadata"]["name"] for gone in plan.stale(let_go, suspended) if gone["kind"] in CHARTED} == {*names}

    assert charted(rendered(**BY_CAAPH)) == {("HelmChartProxy", "web-cilium"): False}


def test_a_release_that_was_suspended_already_in_the_clusters_sleep_is_let_go_at_once() -> None:
    there = rendered(**ADD_ONS, asleep=True)
    assert charted(rendered(**BY_CAAPH, existing=there)) == {}


def test_a_cluster_that_has_its_add_ons_by_this_engine_keeps_it_because_it_cannot_let_go_of_them() -> None:
    there = reported(rendered(**BY_CAAPH))
    after = rendered(**ADD_ONS, existing=there)
    assert {kind for kind, _ in charted(after)} == {"HelmChartProxy"}
    assert not [gone for gone in plan.stale(after, there) if gone["kind"] in CHARTED]


def test_an_add_on_that_has_left_the_catalog_goes_on_as_it_stands() -> None:
    first = reported(rendered(**BY_CAAPH))
    there = reported(rendered(**BY_CAAPH, existing=first))
    gone: Any = catalog(addOnEngine="HelmAddonProvider", addOns=[])
    assert proxies(rendered(**{**BY_CAAPH, "offer": gone}, existing=there)) == proxies(
        rendered(**BY_CAAPH, existing=there)
    )
