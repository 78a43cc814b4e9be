"""The ways into tenants that begin elsewhere than in a tenant's namespace: Argo CD and Sveltos. Pure reading.

They are judged by what they aim at. Which cluster stands behind an address or a selector is known to Argo CD and to
Sveltos only, so whatever does not aim at the management cluster itself counts as aimed at a tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.manifest import Tree
from webhooks import boots, carriers, parts, tree
from webhooks.origins import Origin, Revision
from webhooks.parts import Form, Part, Source

IN_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
"""Argo CD's server and name of the cluster that it runs in."""
LOCAL = "Local"
"""Sveltos' `deploymentType` of what goes into the management cluster."""

_TAKEN = ("policyRefs", "kustomizationRefs", "patchesFrom", "helmCharts")
_CHECKS = ("validateHealths", "preDeployChecks", "preDeleteChecks", "postDeleteChecks")
"""Lists of a profile. What a check looks at is in the cluster that the profile is for."""
_BESIDE = (
    "remoteURL.secretRef",
    *("registryCredentialsConfig.credentials", "registryCredentialsConfig.ca"),
    *("provenanceVerification.keyringSecretRef", "signatureVerification.secretRef"),
    *("jobCheck.jobRef", "metricSource.secretRef"),
)
"""What an entry of them may name beside."""


@dataclass(frozen=True)
class Entry:
    """An element of one of an object's lists, and the field by which it is judged."""

    field: str
    content: Mapping[str, Any]


def in_application(manifest: Tree) -> Iterator[Part]:
    """Argo CD's Application and ApplicationSet: charts, values, parameters, images and patches."""
    for spec, at in _remote(manifest):
        for index, text in enumerate(tree.sequence(_sync(manifest).get("manifests"))):
            yield Part(f"operation.sync.manifests[{index}]", Form.TEXT, tree.text(text))
        for source, field in [*_sources(spec, at), *_sources(_sync(manifest), "operation.sync")]:
            yield Part(f"{field}.chart", Form.CHART, tree.text(source.get("chart")))
            helm = tree.mapping(source.get("helm"))
            yield from carriers.template_of_values(tree.text(helm.get("values")), f"{field}.helm.values")
            yield from parts.values(helm.get("valuesObject"), f"{field}.helm.valuesObject")
            named = {tree.text(p.get("name")): p.get("value") for p in tree.mappings(helm.get("parameters"))}
            yield from parts.values(named, f"{field}.helm.parameters")
            for image in tree.sequence(tree.mapping(source.get("kustomize")).get("images")):
                # name=other:tag, or other:tag
                yield Part(f"{field}.kustomize.images", Form.VALUES, {"image": str(image).rpartition("=")[2]})
            yield from parts.values(tree.dig(source, "kustomize").get("patches"), f"{field}.kustomize.patches")
            yield from parts.values(source.get("plugin"), f"{field}.plugin")
            yield from parts.values(tree.dig(source, "directory").get("jsonnet"), f"{field}.directory.jsonnet")
    # What else an ApplicationSet's generators make of its template is looked at when the Applications come.
    yield Part("spec.templatePatch", Form.SCRIPT, tree.text(tree.mapping(manifest.get("spec")).get("templatePatch")))


def origins_of_application(manifest: Tree) -> Iterator[Origin]:
    """Where an Application's or ApplicationSet's content comes from."""
    for spec, at in _remote(manifest):
        for source, field in [*_sources(spec, at), *_sources(_sync(manifest), "operation.sync")]:
            url, chart = tree.text(source.get("repoURL")), tree.text(source.get("chart"))
            if not _is_open(manifest, url, chart):
                yield Origin(url, f"{field}.repoURL", chart)
            yield from (Origin(text, f"{field}.{path}") for text, path in _files(source) if _is_address(text))


def revisions_of_application(manifest: Tree) -> Iterator[Revision]:
    """What an Application or ApplicationSet takes from each Git repository, where it says so."""
    for spec, at in _remote(manifest):
        found = [
            (source.get("targetRevision"), f"{field}.targetRevision")
            for source, field in [*_sources(spec, at), *_sources(_sync(manifest), "operation.sync")]
            # A chart has versions, and so has what is in a registry.
            if not source.get("chart") and not tree.text(source.get("repoURL")).startswith("oci://")
        ]
        branch = tree.dig(spec, "sourceHydrator", "syncSource").get("targetBranch")
        found.append((branch, f"{at}.sourceHydrator.syncSource.targetBranch"))
        named = ((tree.text(name), field) for name, field in found)
        yield from (Revision(name, field) for name, field in named if name and not _is_open(manifest, name))


def revisions_of_sync(manifest: Tree) -> Iterator[Revision]:
    """What an Application is told to take this once, in place of what it says."""
    sync, at = _sync(manifest), "operation.sync"
    found = [(sync.get("revision"), f"{at}.revision")]
    found += [(name, f"{at}.revisions[{index}]") for index, name in enumerate(tree.sequence(sync.get("revisions")))]
    for _ in _remote(manifest):
        yield from (Revision(tree.text(name), field) for name, field in found if name)


def _files(source: Tree) -> Iterator[tuple[str, str]]:
    """What else a source takes along, which may be somewhere else, and the paths of the fields."""
    for index, file in enumerate(tree.sequence(tree.dig(source, "helm").get("valueFiles"))):
        yield str(file), f"helm.valueFiles[{index}]"
    for index, parameter in enumerate(tree.mappings(tree.dig(source, "helm").get("fileParameters"))):
        yield tree.text(parameter.get("path")), f"helm.fileParameters[{index}].path"
    for index, component in enumerate(tree.sequence(tree.dig(source, "kustomize").get("components"))):
        yield str(component), f"kustomize.components[{index}]"


def _is_address(text: str) -> bool:
    """Whether Helm or Kustomize would fetch it; Kustomize needs no scheme for one host."""
    return ":" in text or text.lower().startswith("github.com/")


def _remote(manifest: Tree) -> Iterator[tuple[Tree, str]]:
    """What the Application is, or those of an ApplicationSet will be, unless it stays in the management cluster.

    An ApplicationSet that does not say yet where they go is judged by its Applications, one by one.
    """
    spec, at = boots.template(manifest)
    to = tree.mapping(spec.get("destination"))
    told = (tree.text(to.get("server")).rstrip("/"), tree.text(to.get("name")))
    if not {*told} & {*IN_CLUSTER} and not _is_open(manifest, *told):
        yield spec, at


def _is_open(manifest: Tree, *texts: str) -> bool:
    """Whether an ApplicationSet's generators have still to say it."""
    return manifest.get("kind") == "ApplicationSet" and any("{{" in text for text in texts)


def _sync(manifest: Tree) -> Tree:
    """What an Application is told to do once, which may have sources, and even manifests, of its own."""
    return tree.dig(manifest, "operation", "sync")


def _sources(spec: Tree, at: str) -> Iterator[tuple[Tree, str]]:
    if "source" in spec:
        yield tree.mapping(spec["source"]), f"{at}.source"
    if "sourceHydrator" in spec:
        yield tree.dig(spec, "sourceHydrator", "drySource"), f"{at}.sourceHydrator.drySource"
        # What was made of that is put into the same repository, unless it says another.
        hydrated = tree.dig(spec, "sourceHydrator", "syncSource")
        if "repoURL" in hydrated:
            yield hydrated, f"{at}.sourceHydrator.syncSource"
    for index, source in enumerate(tree.mappings(spec.get("sources"))):
        yield source, f"{at}.sources[{index}]"


def in_profile(manifest: Tree) -> Iterator[Part]:
    """Sveltos' Profile and ClusterProfile: charts, their values, and patches."""
    spec = tree.mapping(manifest.get("spec"))
    for index, chart in enumerate(tree.mappings(spec.get("helmCharts"))):
        at = f"spec.helmCharts[{index}]"
        # repository/chart
        yield Part(f"{at}.chartName", Form.CHART, tree.text(chart.get("chartName")))
        yield from carriers.template_of_values(tree.text(chart.get("values")), f"{at}.values")
    for index, kustomization in _sent(spec, "kustomizationRefs"):
        yield from parts.values(kustomization.get("values"), f"spec.kustomizationRefs[{index}].values")
    yield from parts.values(spec.get("patches"), "spec.patches")


def named_by_profile(manifest: Tree) -> Iterator[tuple[Source, Form]]:
    """ConfigMaps and Secrets that a profile takes manifests, values and patches from, and how they are to be read."""
    spec = tree.mapping(manifest.get("spec"))
    for index, policy in _sent(spec, "policyRefs"):
        yield _source(manifest, policy, f"spec.policyRefs[{index}]"), Form.TEXT
    for index, patch in enumerate(tree.mappings(spec.get("patchesFrom"))):
        yield _source(manifest, patch, f"spec.patchesFrom[{index}]"), Form.TEXT
    for key in ("helmCharts", "kustomizationRefs"):
        for index, entry in _sent(spec, key):
            for number, values in enumerate(tree.mappings(entry.get("valuesFrom"))):
                yield _source(manifest, values, f"spec.{key}[{index}].valuesFrom[{number}]"), Form.VALUES_TEXT
    # What is put into its templates: a piece of any text.
    for resource, field in _collected(spec):
        yield _source(manifest, resource, field), Form.CONTENT


def borrowed_by_profile(manifest: Tree) -> Iterator[Entry]:
    """What a tenant's profile takes from namespaces other than its own. Some of these Sveltos sets back to that one,
    and which is another matter in each of its versions."""
    own = tree.dig(manifest, "metadata").get("namespace")
    for named, field in _named_here(tree.mapping(manifest.get("spec"))):
        if tree.text(named.get("namespace")) not in ("", own):
            yield Entry(f"{field}.namespace", named)


def _named_here(spec: Tree) -> Iterator[tuple[Tree, str]]:
    """All that a profile names in the management cluster."""
    yield from _collected(spec)
    for key in (*_TAKEN, *_CHECKS):
        for index, entry in enumerate(tree.mappings(spec.get(key))):
            at = f"spec.{key}[{index}]"
            if key in _TAKEN:
                yield entry, at
            for number, values in enumerate(tree.mappings(entry.get("valuesFrom"))):
                yield values, f"{at}.valuesFrom[{number}]"
            for path in _BESIDE:
                yield tree.dig(entry, *path.split(".")), f"{at}.{path}"


def origins_of_profile(manifest: Tree) -> Iterator[Origin]:
    """Where a profile's content comes from, as far as admission cannot look into it."""
    spec = tree.mapping(manifest.get("spec"))
    for index, chart in enumerate(tree.mappings(spec.get("helmCharts"))):
        name = tree.text(chart.get("chartName")).rpartition("/")[2]
        yield Origin(tree.text(chart.get("repositoryURL")), f"spec.helmCharts[{index}].repositoryURL", name)
    for key in ("policyRefs", "kustomizationRefs"):
        for index, entry in _sent(spec, key):
            remote = tree.mapping(entry.get("remoteURL"))
            if remote:
                yield Origin(tree.text(remote.get("url")), f"spec.{key}[{index}].remoteURL.url")
    if _is_tenants(manifest):
        # Which ones a template names is known for each cluster only, and whoever has few can write them down.
        for source, _ in named_by_profile(manifest):
            if "{{" in source.name:
                yield Origin(source.name, f"{source.field}.name")


def sources_of_profile(manifest: Tree) -> Iterator[Source]:
    """Flux' sources that a profile takes files from: a kind, and where it stands."""
    spec = tree.mapping(manifest.get("spec"))
    for key in ("policyRefs", "kustomizationRefs"):
        for index, entry in _sent(spec, key):
            if tree.text(entry.get("kind")) not in ("", "ConfigMap", "Secret"):
                yield _source(manifest, entry, f"spec.{key}[{index}]")


def local_entries(manifest: Tree) -> Iterator[Entry]:
    """What of a profile goes into the management cluster."""
    spec = tree.mapping(manifest.get("spec"))
    for key in ("policyRefs", "kustomizationRefs"):
        for index, entry in enumerate(tree.mappings(spec.get(key))):
            if entry.get("deploymentType") == LOCAL:
                yield Entry(f"spec.{key}[{index}].deploymentType", entry)


def _sent(spec: Tree, key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The entries that leave the management cluster."""
    for index, entry in enumerate(tree.mappings(spec.get(key))):
        if entry.get("deploymentType") != LOCAL:
            yield index, entry


def _collected(spec: Tree) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Objects that a profile's templates read, and their fields."""
    for index, entry in enumerate(tree.mappings(spec.get("templateResourceRefs"))):
        yield tree.mapping(entry.get("resource")), f"spec.templateResourceRefs[{index}].resource"


def _source(manifest: Tree, entry: Tree, field: str) -> Source:
    kind, name, namespace = (tree.text(entry.get(key)) for key in ("kind", "name", "namespace"))
    # Whatever a tenant's profile says, Sveltos looks in its own namespace.
    return Source(kind, name, field, "" if _is_tenants(manifest) else namespace)


def _is_tenants(manifest: Tree) -> bool:
    """Whether it is a Profile, which reaches the clusters of its own namespace only, and no ClusterProfile."""
    return "namespace" in tree.dig(manifest, "metadata")
