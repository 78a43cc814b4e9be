"""The ways from a tenant's namespace into its clusters: which fields of which kind carry what. Pure reading.

Flux, Cluster API's add-on providers, its topologies, and Kamaji's add-ons: manifest -> the parts of it that end up in a
tenant, and the charts and sources that it names. What a machine does when it boots is in `webhooks.boots`, what acts
from elsewhere in `webhooks.hubs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provisioning.manifest import Tree
from webhooks import boots, parts, tree
from webhooks.origins import KEPT_REFS, Origin
from webhooks.parts import Form, Part, Source

_WAY = ("proxySecretRef", "certSecretRef", "secretRef", "insecure", "include")
"""How a source gets to its address, and what it takes along."""


@dataclass(frozen=True)
class Reference:
    """The source that a release takes its chart from; `namespace` is empty when it is the release's own."""

    kind: str
    name: str
    namespace: str
    field: str
    chart: str = ""


def targets_tenant(manifest: Tree) -> bool:
    """Whether a Flux object acts through a kubeconfig, by a Secret or by workload identity."""
    config = tree.mapping(tree.mapping(manifest.get("spec")).get("kubeConfig"))
    return bool(config.get("secretRef") or config.get("configMapRef"))


def in_helm_release(manifest: Tree) -> Iterator[Part]:
    """Flux HelmRelease: the chart's name, values and post-renderers."""
    if not targets_tenant(manifest):
        return
    spec = tree.mapping(manifest.get("spec"))
    chart = tree.text(tree.dig(spec, "chart", "spec").get("chart"))
    yield Part("spec.chart.spec.chart", Form.CHART, chart)
    yield from parts.values(spec.get("values"), "spec.values")
    yield from parts.values(spec.get("postRenderers"), "spec.postRenderers")


def in_helm_chart_proxy(manifest: Tree) -> Iterator[Part]:
    """Cluster API's HelmChartProxy (values are a template) and HelmReleaseProxy (values are a text)."""
    spec = tree.mapping(manifest.get("spec"))
    yield Part("spec.chartName", Form.CHART, tree.text(spec.get("chartName")))
    for key in ("valuesTemplate", "values"):
        yield from template_of_values(tree.text(spec.get(key)), f"spec.{key}")


def template_of_values(text: str, at: str) -> Iterator[Part]:
    """A template is seldom YAML before it is rendered: read as values if it is, and word by word as well."""
    yield Part(at, Form.VALUES_TEXT, text)
    yield Part(at, Form.SCRIPT, text)


def in_kustomization(manifest: Tree) -> Iterator[Part]:
    """Flux Kustomization: patches, images and substitutions. What its source holds cannot be seen from here."""
    if targets_tenant(manifest):
        spec = tree.mapping(manifest.get("spec"))
        for key in ("patches", "images", "postBuild"):
            yield from parts.values(spec.get(key), f"spec.{key}")


def in_kamaji_addons(manifest: Tree) -> Iterator[Part]:
    """KamajiControlPlane(Template) and TenantControlPlane: images of add-ons, which run in the tenant."""
    spec, at = boots.template(manifest)
    yield from parts.values(spec.get("addons"), f"{at}.addons")


def in_topology(manifest: Tree) -> Iterator[Part]:
    """Cluster: variables of its ClusterClass, which become part of its machines."""
    topology = tree.dig(manifest, "spec", "topology")
    if topology:
        yield Part("spec.topology", Form.SETTINGS, topology)


def in_cluster_class(manifest: Tree) -> Iterator[Part]:
    """ClusterClass: patches of what is made by it, and what its variables are when nobody says."""
    spec = tree.mapping(manifest.get("spec"))
    for key in ("patches", "variables"):
        if spec.get(key):
            yield Part(f"spec.{key}", Form.SETTINGS, spec[key])


def reference(manifest: Tree) -> Reference:
    """Where a HelmRelease takes its chart from, or a Kustomization its files.

    A HelmRepository needs `chart`; an OCIRepository is the chart.
    """
    spec = tree.mapping(manifest.get("spec"))
    for key in ("chartRef", "sourceRef"):
        if key in spec:
            return _reference(tree.mapping(spec.get(key)), f"spec.{key}")
    chart = tree.dig(spec, "chart", "spec")
    source = tree.mapping(chart.get("sourceRef"))
    return _reference(source, "spec.chart.spec.chart", chart=tree.text(chart.get("chart")))


def _reference(to: Tree, field: str, *, chart: str = "") -> Reference:
    kind, name, namespace = (tree.text(to.get(key)) for key in ("kind", "name", "namespace"))
    return Reference(kind, name, namespace, field, chart)


def resolve(reference: Reference, source: Tree) -> Origin:
    """What is behind a reference, once its source is there."""
    url = tree.text(tree.mapping(source.get("spec")).get("url"))
    if reference.kind == "OCIRepository" and reference.field == "spec.chartRef":
        repository, _, name = url.rpartition("/")
        return Origin(repository, reference.field, name)
    # In Git a chart is a folder, which may be called as anything.
    return Origin(url, reference.field, reference.chart if reference.kind == "HelmRepository" else "")


def origin_of_proxy(manifest: Tree) -> Origin:
    """The chart of a HelmChartProxy or HelmReleaseProxy."""
    spec = tree.mapping(manifest.get("spec"))
    return Origin(tree.text(spec.get("repoURL")), "spec.chartName", tree.text(spec.get("chartName")))


def as_release(chart: Tree) -> dict[str, Any]:
    """Flux's HelmChart, as the release that would have made it."""
    return {"spec": {"chart": {"spec": tree.mapping(chart.get("spec"))}}}


def delivery(manifest: Tree) -> dict[str, Any]:
    """What of a carrier, or of a source, says what comes, from where and whereto; not how often it is tried or whether
    it is paused."""
    spec = tree.mapping(manifest.get("spec"))
    keys = ("chart", "chartRef", "kubeConfig", "sourceRef", "path", "components", "repoURL", "chartName", "url")
    return {key: spec.get(key) for key in (*keys, *_WAY)} | {"ref": tree.dig(spec, "ref").get("name")}


def not_from_there(source: Tree) -> tuple[str, str]:
    """By which field of a source something else may come than what its address stands for, and what that does; empty
    texts where there is none.

    A proxy answers in the name of any address over HTTP, or by an authority of the source's own, which for Git stands
    in the Secret with the password. Branches, tags and the commits in them are written by those to whom the repository
    belongs, and what else there is in Git perhaps by anybody, as the heads of pull requests are.
    """
    spec = tree.mapping(source.get("spec"))
    own = ("certSecretRef", "insecure", *(["secretRef"] if source.get("kind") == "GitRepository" else []))
    plain = tree.text(spec.get("url")).lower().startswith("http://")
    if spec.get("proxySecretRef") and (plain or any(spec.get(key) for key in own)):
        return "spec.proxySecretRef", "goes through a proxy that can answer in the name of any address"
    if spec.get("include"):
        return "spec.include", "includes what other sources bring"
    ref = tree.text(tree.dig(spec, "ref").get("name"))
    if ref and not ref.startswith(KEPT_REFS):
        return "spec.ref.name", "takes a Git ref that is neither a branch nor a tag, and may be anybody's"
    return "", ""


def resources_of(manifest: Tree) -> list[Source]:
    """Everything that a ClusterResourceSet applies."""
    entries = enumerate(tree.mappings(tree.mapping(manifest.get("spec")).get("resources")))
    return [Source(tree.text(e.get("kind")), tree.text(e.get("name")), f"spec.resources[{i}]") for i, e in entries]


def values_sources(manifest: Tree) -> list[Source]:
    """Everything that a HelmRelease takes values from."""
    entries = enumerate(tree.mappings(tree.mapping(manifest.get("spec")).get("valuesFrom")))
    found = [
        Source(tree.text(e.get("kind")), tree.text(e.get("name")), f"spec.valuesFrom[{i}]", target=_target(e))
        for i, e in entries
    ]
    return [source for source in found if source.kind in ("ConfigMap", "Secret") and source.name]


def substitutes_of(manifest: Tree) -> list[Source]:
    """Everything that a Kustomization takes variables from."""
    entries = enumerate(tree.mappings(tree.dig(manifest, "spec", "postBuild").get("substituteFrom")))
    at = "spec.postBuild.substituteFrom"
    return [Source(tree.text(e.get("kind")), tree.text(e.get("name")), f"{at}[{i}]") for i, e in entries]


def _target(entry: Tree) -> str:
    """`image.repository`: the whole text becomes that value."""
    return tree.text(entry.get("targetPath")).rpartition(".")[2]
