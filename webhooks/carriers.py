"""The ways from the management cluster into a tenant: which fields of which kind carry what. Pure reading.

One function a kind: manifest -> the parts of it that end up in a tenant, each with its field path. What is in them
is `webhooks.placement`'s business; whether it is refused is the policy's.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webhooks import placement, tree
from webhooks.placement import Finding

Manifest = Mapping[str, Any]

TEXT_MAX = 2 * 1024 * 1024
"""Bytes that a compressed file may come to: more is not read, and cannot be a manifest that anybody applies."""


@dataclass(frozen=True)
class Source:
    """A ConfigMap or Secret that an object names, and the field that names it."""

    kind: str
    name: str
    field: str


@dataclass(frozen=True)
class Chart:
    """A Helm chart by its repository's URL and its name there, and the field that names it."""

    repository: str
    name: str
    field: str


@dataclass(frozen=True)
class Reference:
    """The source that a release takes its chart from; `namespace` is empty when it is the release's own."""

    kind: str
    name: str
    namespace: str
    field: str
    chart: str = ""


def targets_tenant(manifest: Manifest) -> bool:
    """Whether a Flux object acts through a kubeconfig, by a Secret or by workload identity."""
    config = tree.mapping(tree.mapping(manifest.get("spec")).get("kubeConfig"))
    return bool(config.get("secretRef") or config.get("configMapRef"))


def in_helm_release(manifest: Manifest) -> list[Finding]:
    """Flux HelmRelease: values and post-renderers; the chart's name is looked at as a chart."""
    spec = tree.mapping(manifest.get("spec"))
    chart = tree.text(tree.mapping(tree.mapping(spec.get("chart")).get("spec")).get("chart"))
    found = placement.in_chart(chart, at="spec.chart.spec.chart")
    found += placement.in_values(spec.get("values"), at="spec.values")
    return found + placement.in_values(spec.get("postRenderers"), at="spec.postRenderers")


def in_helm_chart_proxy(manifest: Manifest) -> list[Finding]:
    """Cluster API's HelmChartProxy (values are a template) and HelmReleaseProxy (values are a text)."""
    spec = tree.mapping(manifest.get("spec"))
    found = placement.in_chart(tree.text(spec.get("chartName")), at="spec.chartName")
    for key in ("valuesTemplate", "values"):
        found += _in_values_text(tree.text(spec.get(key)), at=f"spec.{key}")
    return found


def in_kustomization(manifest: Manifest) -> list[Finding]:
    """Flux Kustomization: patches and images. What its source holds cannot be seen from here."""
    if not targets_tenant(manifest):
        return []
    spec = tree.mapping(manifest.get("spec"))
    found = placement.in_values(spec.get("patches"), at="spec.patches")
    return found + placement.in_values(spec.get("images"), at="spec.images")


def in_resource(manifest: Manifest, *, at: str = "") -> list[Finding]:
    """ConfigMap or Secret that a ClusterResourceSet applies: every value is a document."""
    return [f for field, text in _texts(manifest, at) for f in placement.in_text(text, at=field)]


def in_values_source(manifest: Manifest, *, at: str = "") -> list[Finding]:
    """ConfigMap or Secret that a HelmRelease takes values from."""
    return [f for field, text in _texts(manifest, at) for f in placement.in_yaml_values(text, at=field)]


def in_kubeadm_config(manifest: Manifest) -> list[Finding]:
    """KubeadmConfig(Template): files (static pods, manifests to apply) and commands of a worker's first boot."""
    spec, at = _template(manifest)
    found: list[Finding] = []
    for index, file in enumerate(tree.mappings(spec.get("files"))):
        text = _decoded(tree.text(file.get("content")), tree.text(file.get("encoding")))
        found += placement.in_text(text, at=f"{at}.files[{index}].content")
    for key in ("bootCommands", "preKubeadmCommands", "postKubeadmCommands"):
        for index, command in enumerate(tree.sequence(spec.get(key))):
            text = " ".join(map(str, command)) if isinstance(command, list) else str(command)
            found += placement.in_script(text, at=f"{at}.{key}[{index}]")
    return found


def in_machine(manifest: Manifest) -> list[Finding]:
    """KubevirtMachine(Template): cloud-init that it brings along."""
    spec, at = _template(manifest)
    path = "virtualMachineTemplate.spec.template.spec"
    found: list[Finding] = []
    for index, volume in enumerate(tree.mappings(tree.dig(spec, *path.split(".")).get("volumes"))):
        for key in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            source = tree.mapping(volume.get(key))
            field = f"{at}.{path}.volumes[{index}].{key}"
            found += placement.in_text(tree.text(source.get("userData")), at=f"{field}.userData")
            encoded = _decoded(tree.text(source.get("userDataBase64")), "base64")
            found += placement.in_text(encoded, at=f"{field}.userDataBase64")
    return found


def in_kamaji_addons(manifest: Manifest) -> list[Finding]:
    """KamajiControlPlane: images of its add-ons, which run in the tenant."""
    return placement.in_values(tree.mapping(manifest.get("spec")).get("addons"), at="spec.addons")


def chart_reference(manifest: Manifest) -> Reference:
    """Where a HelmRelease takes its chart from. A HelmRepository needs `chart`; an OCIRepository is the chart."""
    spec = tree.mapping(manifest.get("spec"))
    if "chartRef" in spec:
        return _reference(tree.mapping(spec.get("chartRef")), "spec.chartRef")
    chart = tree.dig(spec, "chart", "spec")
    source = tree.mapping(chart.get("sourceRef"))
    return _reference(source, "spec.chart.spec.chart", chart=tree.text(chart.get("chart")))


def _reference(to: Manifest, field: str, *, chart: str = "") -> Reference:
    kind, name, namespace = (tree.text(to.get(key)) for key in ("kind", "name", "namespace"))
    return Reference(kind, name, namespace, field, chart)


def resolve(reference: Reference, source: Manifest) -> Chart:
    """The chart behind a reference, once its source is there."""
    if reference.kind == "OCIRepository":
        repository, _, name = url(source).rpartition("/")
        return Chart(repository, name, reference.field)
    return Chart(url(source), reference.chart, reference.field)


def chart_of_proxy(manifest: Manifest) -> Chart:
    """The chart of a HelmChartProxy."""
    spec = tree.mapping(manifest.get("spec"))
    return Chart(tree.text(spec.get("repoURL")), tree.text(spec.get("chartName")), "spec.chartName")


def as_release(chart: Manifest) -> dict[str, Any]:
    """Flux's HelmChart, as the release that would have made it."""
    return {"spec": {"chart": {"spec": tree.mapping(chart.get("spec"))}}}


def url(source: Manifest) -> str:
    """Address of a HelmRepository or OCIRepository."""
    return tree.text(tree.mapping(source.get("spec")).get("url"))


def delivery(manifest: Manifest) -> dict[str, Any]:
    """What of a carrier says what comes, from where and whereto; not how often it is tried or whether it is paused."""
    spec = tree.mapping(manifest.get("spec"))
    keys = ("chart", "chartRef", "kubeConfig", "sourceRef", "path", "repoURL", "chartName")
    return {key: spec.get(key) for key in keys}


def resources_of(manifest: Manifest) -> list[Source]:
    """Everything that a ClusterResourceSet applies."""
    entries = enumerate(tree.mappings(tree.mapping(manifest.get("spec")).get("resources")))
    return [Source(tree.text(e.get("kind")), tree.text(e.get("name")), f"spec.resources[{i}]") for i, e in entries]


def values_sources(manifest: Manifest) -> list[Source]:
    """Everything that a HelmRelease takes values from."""
    entries = enumerate(tree.mappings(tree.mapping(manifest.get("spec")).get("valuesFrom")))
    found = [Source(tree.text(e.get("kind")), tree.text(e.get("name")), f"spec.valuesFrom[{i}]") for i, e in entries]
    return [source for source in found if source.kind in ("ConfigMap", "Secret") and source.name]


def _template(manifest: Manifest) -> tuple[Manifest, str]:
    """The spec that counts: a template's is two floors down."""
    spec = tree.mapping(manifest.get("spec"))
    if "template" in spec:
        return tree.dig(spec, "template", "spec"), "spec.template.spec"
    return spec, "spec"


def _texts(manifest: Manifest, at: str) -> Iterator[tuple[str, str]]:
    """Every text in a ConfigMap or Secret, decoded, with its field path."""
    for section in ("data", "stringData", "binaryData"):
        encoded = section == "binaryData" or (section == "data" and manifest.get("kind") == "Secret")
        for key, value in tree.mapping(manifest.get(section)).items():
            text = _decoded(tree.text(value), "base64") if encoded else tree.text(value)
            yield f"{at}.{section}.{key}" if at else f"{section}.{key}", text


def _in_values_text(text: str, *, at: str) -> list[Finding]:
    # A template is seldom YAML before it is rendered: looked at as documents if it is, and word by word as well.
    return list(dict.fromkeys([*placement.in_yaml_values(text, at=at), *placement.in_script(text, at=at)]))


def _decoded(text: str, encoding: str) -> str:
    """The text behind base64, gzip or both; empty when it is not what it says."""
    data = text.encode()
    try:
        if "base64" in encoding:
            data = base64.b64decode(data, validate=False)
        if "gzip" in encoding:
            data = zlib.decompressobj(wbits=31).decompress(data, TEXT_MAX)
    except (binascii.Error, zlib.error):
        return ""
    return data.decode("utf-8", "replace")
