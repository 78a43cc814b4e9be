"""Add-ons by Cluster API's add-on provider for Helm: a HelmChartProxy each, selecting the one cluster by its label.

It knows neither order nor dependencies, so order is made here: a proxy is there only once those before it are ready,
and stays from then on. It tries again for ever what fails, and takes back nothing (`atomic` is never set).

It cannot be told to forget an add-on: a proxy that goes uninstalls, and its `reconcileStrategy` cannot be changed. So
there is no `let_go`, and a cluster whose add-ons it has keeps it, whatever engine the Catalog names by then.
Source: cluster-api-addon-provider-helm, `controllers/` and `api/v1alpha1/*_webhook.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import yaml

from provisioning import names, resources
from provisioning.addons import charts
from provisioning.addons.charts import SYSTEM_NAMESPACE, Install, release_name
from provisioning.addons.target import ADD_ON_LABEL, Target
from provisioning.addons.writing import UNFOLDED, written
from provisioning.manifest import Manifest
from provisioning.manifests.marks import is_ours, new
from provisioning.model import Chart

AFTER_ANNOTATION: Final = f"{resources.GROUP}/after"
"""On a HelmChartProxy: what had to be ready before it, so that it can be read back."""
_OPENING, _ESCAPED = "{{", '{{ "{{" }}'


def render(target: Target, installs: Iterable[Install]) -> list[Manifest]:
    """A proxy for each add-on whose turn has come."""
    ready = {name for name, proxy in _proxies(target) if is_ready(proxy)}
    due = (install for install in installs if standing(target, install.name) or ready.issuperset(install.after))
    return [_proxy(target, install) for install in due]


def keeps(target: Target) -> bool:
    """Whether the cluster has add-ons by this engine, and so keeps it."""
    return any(True for _ in _proxies(target))


def standing(target: Target, add_on: str) -> Manifest | None:
    """The HelmChartProxy that installs the add-on."""
    return target.standing(resources.HELM_CHART_PROXIES, release_name(target.cluster, add_on))


def read(target: Target, add_on: str) -> Install | None:
    """What a HelmChartProxy that stands installs."""
    proxy = standing(target, add_on)
    if proxy is None:
        return None
    meta, spec = proxy["metadata"], proxy["spec"]
    after = (meta.get("annotations") or {}).get(AFTER_ANNOTATION, "")
    return Install(
        name=add_on,
        chart=Chart(repository=spec["repoURL"], name=spec["chartName"], version=spec["version"]),
        namespace=spec["namespace"],
        cni=charts.CNI_LABEL in (meta.get("labels") or {}),
        waits=True,
        after=tuple(after.split(",")) if after else (),
        values=yaml.safe_load(spec.get("valuesTemplate", "").replace(_ESCAPED, _OPENING)) or {},
    )


def is_ready(proxy: Manifest) -> bool:
    """Whether it is installed, as it is asked for now, in a cluster: for none at all it calls itself ready as well."""
    status = proxy.get("status") or {}
    current = status.get("observedGeneration", 0) >= proxy["metadata"].get("generation", 0)
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    return bool(current and ready and status.get("matchingClusters"))


def _proxies(target: Target) -> Iterator[tuple[str, Manifest]]:
    for manifest in target.existing:
        add_on = (manifest["metadata"].get("labels") or {}).get(ADD_ON_LABEL)
        if manifest["kind"] == resources.HELM_CHART_PROXIES.kind and is_ours(manifest) and add_on:
            yield add_on, manifest


def _proxy(target: Target, install: Install) -> Manifest:
    metadata = charts.metadata(target, install)
    if install.after:
        metadata["annotations"] = {AFTER_ANNOTATION: ",".join(install.after)}
    spec: Manifest = {
        "clusterSelector": {"matchLabels": {names.CLUSTER_LABEL: target.cluster}},
        "repoURL": install.chart.repository,
        "chartName": install.chart.name,
        "version": install.chart.version,
        "releaseName": install.name,
        "namespace": install.namespace,
        "options": {
            "wait": install.waits,
            # As its webhook writes it.
            "timeout": "10m0s",
            "install": {"createNamespace": install.namespace != SYSTEM_NAMESPACE},
        },
    }
    if install.values:
        # It is a Go template, and what the values hold is not meant for it.
        text = written(dict(install.values), width=UNFOLDED)
        spec["valuesTemplate"] = text.replace(_OPENING, _ESCAPED)
    return new(resources.HELM_CHART_PROXIES, metadata, spec)
