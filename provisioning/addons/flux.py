"""Add-ons by Flux: a HelmRepository per repository, a HelmRelease per add-on, aimed at the tenant by its kubeconfig.

Flux is told never to take back what it has begun to install: its own remedy for an install that takes long is to
uninstall, which with a network add-on pulls the network away from under the Nodes, over and over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from provisioning import names, resources
from provisioning.addons.target import ADD_ON_LABEL, Target
from provisioning.errors import Cause, RuleError
from provisioning.manifests.marks import Manifest, new
from provisioning.model import AddOn, CatalogSpec, ClusterAddOn

SYSTEM_NAMESPACE: Final = "kube-system"
CNI_LABEL: Final = f"{resources.GROUP}/cni"
"""On the release that gives the Nodes their network, so that progress can be told from the objects alone."""
RETRY: Final = {
    "strategy": {"name": "RetryOnFailure", "retryInterval": "30s"},
    "remediation": {"retries": -1},
}


def render(target: Target, catalog: CatalogSpec) -> list[Manifest]:
    """Repositories first, then releases. An add-on that has left the Catalog goes on as it stands.

    Raises `RuleError` for one that the Catalog does not have and that does not stand.
    """
    wishes = sorted(target.add_ons, key=lambda wish: wish.name)
    chosen = [(add_on, wish) for wish in wishes if (add_on := catalog.add_on(wish.name))]
    withdrawn = [wish for wish in wishes if catalog.add_on(wish.name) is None]
    urls = sorted({add_on.chart.repository for add_on, _ in chosen})
    present = {wish.name for wish in wishes}
    rendered = [
        *(_repository(target, url) for url in urls),
        *(_release(target, add_on, wish, present) for add_on, wish in chosen),
    ]
    there = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in rendered}
    kept = [manifest for wish in withdrawn for manifest in _as_it_stands(target, wish)]
    return [manifest for manifest in kept if (manifest["kind"], manifest["metadata"]["name"]) not in there] + rendered


def release_name(cluster: str, add_on: str) -> str:
    """The HelmRelease's name; at most 51 characters, where Helm takes 53."""
    return f"{cluster}-{add_on}"


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Values laid over values as Helm does it: maps are merged, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def _as_it_stands(target: Target, wish: ClusterAddOn) -> list[Manifest]:
    """The repository and the release of an add-on that the Catalog no longer describes."""
    standing = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in target.existing}
    release = standing.get((resources.HELM_RELEASES.kind, release_name(target.cluster, wish.name)))
    if release is None:
        index = target.add_ons.index(wish)
        raise RuleError(Cause(f"spec.addOns[{index}].name", f"the catalog has no add-on {wish.name}"))
    source = release["spec"]["chart"]["spec"]["sourceRef"]["name"]
    repository = standing.get((resources.HELM_REPOSITORIES.kind, source))
    spec = {**release["spec"]}
    if values := merged(spec.get("values") or {}, wish.values):
        spec["values"] = values
    metadata = target.metadata(release["metadata"]["name"], target.owner)
    # Its own marks stay, such as that it is the network.
    metadata["labels"] = {**(release["metadata"].get("labels") or {}), **metadata["labels"]}
    kept = [new(resources.HELM_RELEASES, metadata, spec)]
    if repository is not None:
        kept.insert(0, new(resources.HELM_REPOSITORIES, target.metadata(source, target.owner), repository["spec"]))
    return kept


def _repository_name(target: Target, url: str) -> str:
    # Per cluster, so that it has one owner and goes when the cluster goes.
    return f"{target.cluster}-charts-{names.content_hash(url)}"


def _repository(target: Target, url: str) -> Manifest:
    spec: Manifest = {"interval": "1h", "url": url}
    if url.startswith("oci://"):
        spec["type"] = "oci"
    return new(resources.HELM_REPOSITORIES, target.metadata(_repository_name(target, url), target.owner), spec)


def _release(target: Target, add_on: AddOn, wish: ClusterAddOn, present: Iterable[str]) -> Manifest:
    waits = _waits(target, add_on)
    install: Manifest = {**RETRY, **({} if waits else {"disableWait": True})}
    spec: Manifest = {
        "interval": "5m",
        "timeout": "10m",
        "releaseName": add_on.name,
        "targetNamespace": add_on.namespace,
        # Left out, it is the management cluster's namespace, which does not exist in the tenant.
        "storageNamespace": add_on.namespace,
        "kubeConfig": {"secretRef": {"name": names.kubeconfig_secret(target.cluster), "key": "value"}},
        "chart": {
            "spec": {
                "chart": add_on.chart.name,
                "version": add_on.chart.version,
                "sourceRef": {
                    "kind": resources.HELM_REPOSITORIES.kind,
                    "name": _repository_name(target, add_on.chart.repository),
                },
            }
        },
        "install": install if add_on.namespace == SYSTEM_NAMESPACE else {**install, "createNamespace": True},
        "upgrade": install,
    }
    before = sorted(name for name in add_on.after if name in present)
    if before:
        spec["dependsOn"] = [{"name": release_name(target.cluster, name)} for name in before]
    if values := merged(add_on.values, wish.values):
        spec["values"] = values
    metadata = target.metadata(release_name(target.cluster, add_on.name), target.owner)
    metadata["labels"] = {**metadata["labels"], ADD_ON_LABEL: add_on.name}
    if add_on.cni:
        metadata["labels"][CNI_LABEL] = "true"
    return new(resources.HELM_RELEASES, metadata, spec)


def _waits(target: Target, add_on: AddOn) -> bool:
    """Whether Flux waits until the add-on's Pods are ready.

    Not where there may be no Node for them: a network add-on that never counts as ready holds up everything after it.
    """
    return target.most > 0 and not (add_on.cni and target.fewest == 0)
