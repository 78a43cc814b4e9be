"""Add-ons by Flux: where a chart comes from, and a HelmRelease aimed at the tenant by its kubeconfig.

Flux is told never to take back what it has begun to install: its own remedy for an install that takes long is to
uninstall, which with a network add-on pulls the network away from under the Nodes, over and over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from provisioning import names, resources
from provisioning.addons import charts
from provisioning.addons.charts import SYSTEM_NAMESPACE, Install, release_name
from provisioning.addons.target import Target
from provisioning.manifest import Manifest
from provisioning.manifests.marks import new
from provisioning.model import Chart

RETRY: Final = {
    "strategy": {"name": "RetryOnFailure", "retryInterval": "30s"},
    "remediation": {"retries": -1},
}
CHART_LAYER: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
"""What of an artifact in a registry is the chart: other layers may be its signature or its provenance."""


def render(target: Target, installs: Iterable[Install]) -> list[Manifest]:
    """Where the charts come from, then the releases. A cluster that is asleep has them suspended: nobody answers."""
    installs = list(installs)
    urls = sorted({install.chart.repository for install in installs if not _in_registry(install.chart)})
    return [
        *(_repository(target, url) for url in urls),
        *(_artifact(target, install) for install in installs if _in_registry(install.chart)),
        *(_release(target, install, suspend=target.asleep) for install in installs),
    ]


def standing(target: Target, add_on: str) -> Manifest | None:
    """The HelmRelease that installs the add-on."""
    return target.standing(resources.HELM_RELEASES, release_name(target.cluster, add_on))


def let_go(target: Target, install: Install) -> list[Manifest]:
    """What makes Flux leave an add-on to another engine, with nothing uninstalled: suspended first, pruned then.

    A release that is deleted while it is suspended is forgotten, and what it installed stays.
    """
    release = standing(target, install.name)
    suspended = release is None or release["spec"].get("suspend") is True
    return [] if suspended else [_release(target, install, suspend=True)]


def read(target: Target, add_on: str) -> Install | None:
    """What a HelmRelease that stands installs."""
    release = standing(target, add_on)
    chart = _chart_of(target, release) if release else None
    if release is None or chart is None:
        return None
    spec = release["spec"]
    prefix = release_name(target.cluster, "")
    return Install(
        name=add_on,
        chart=chart,
        namespace=spec["targetNamespace"],
        cni=charts.CNI_LABEL in (release["metadata"].get("labels") or {}),
        waits=True,
        after=tuple(other["name"].removeprefix(prefix) for other in spec.get("dependsOn") or ()),
        values=spec.get("values") or {},
    )


def _chart_of(target: Target, release: Manifest) -> Chart | None:
    spec: Manifest = release["spec"]
    if reference := spec.get("chartRef"):
        artifact = target.standing(resources.OCI_REPOSITORIES, reference["name"])
        if artifact is None:
            return None
        repository, _, name = artifact["spec"]["url"].rpartition("/")
        return Chart(repository=repository, name=name, version=artifact["spec"]["ref"]["semver"])
    chart = spec["chart"]["spec"]
    source = target.standing(resources.HELM_REPOSITORIES, chart["sourceRef"]["name"])
    if source is None:
        return None
    return Chart(repository=source["spec"]["url"], name=chart["chart"], version=chart["version"])


def _in_registry(chart: Chart) -> bool:
    return chart.repository.startswith("oci://")


def _repository_name(target: Target, url: str) -> str:
    # Per cluster, so that it has one owner and goes when the cluster goes.
    return f"{target.cluster}-charts-{names.content_hash(url)}"


def _repository(target: Target, url: str) -> Manifest:
    metadata = target.metadata(_repository_name(target, url), target.owner)
    return new(resources.HELM_REPOSITORIES, metadata, {"interval": "1h", "url": url})


def _artifact(target: Target, install: Install) -> Manifest:
    """A chart in a registry. Flux has a HelmRepository for those as well, which tells nothing of how it fares."""
    spec = {
        "interval": "1h",
        "url": f"{install.chart.repository.rstrip('/')}/{install.chart.name}",
        "ref": {"semver": install.chart.version},
        "layerSelector": {"mediaType": CHART_LAYER, "operation": "copy"},
    }
    metadata = target.metadata(release_name(target.cluster, install.name), target.owner)
    return new(resources.OCI_REPOSITORIES, metadata, spec)


def _release(target: Target, install: Install, *, suspend: bool) -> Manifest:
    act: Manifest = {**RETRY, **({} if install.waits else {"disableWait": True})}
    spec: Manifest = {
        "interval": "5m",
        "timeout": "10m",
        "releaseName": install.name,
        "targetNamespace": install.namespace,
        "storageNamespace": install.namespace,
        "kubeConfig": {"secretRef": {"name": names.kubeconfig_secret(target.cluster), "key": "value"}},
        **_source(target, install),
        "install": act if install.namespace == SYSTEM_NAMESPACE else {**act, "createNamespace": True},
        "upgrade": act,
    }
    if suspend:
        spec["suspend"] = True
    if install.after:
        spec["dependsOn"] = [{"name": release_name(target.cluster, name)} for name in install.after]
    if install.values:
        spec["values"] = dict(install.values)
    return new(resources.HELM_RELEASES, charts.metadata(target, install), spec)


def _source(target: Target, install: Install) -> dict[str, Any]:
    """The chart's name and version are with the artifact in a registry, and with the release elsewhere."""
    chart = install.chart
    if _in_registry(chart):
        kind = resources.OCI_REPOSITORIES.kind
        return {"chartRef": {"kind": kind, "name": release_name(target.cluster, install.name)}}
    reference = {"kind": resources.HELM_REPOSITORIES.kind, "name": _repository_name(target, chart.repository)}
    return {"chart": {"spec": {"chart": chart.name, "version": chart.version, "sourceRef": reference}}}
