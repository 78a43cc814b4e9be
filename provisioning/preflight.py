"""What a management cluster must have for clusterdesk to work: each requirement, what was found, what to do. Pure.

`survey` asks the API server; here its answers (`Ground`) are held against what is needed. A requirement that could not
be looked into, because whoever asks may not, is `UNKNOWN`: no reason to stop, and none to be reassured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from provisioning import legacy, names, profile, providers, resources
from provisioning.model import AddOnEngine, CatalogSpec
from provisioning.profile import Profile
from provisioning.resources import Resource

OLDEST_KUBERNETES: Final = (1, 30)
"""CEL in webhook configurations, and `sleep` in `preStop`."""
CORE: Final = (
    resources.CLUSTERS,
    resources.MACHINE_DEPLOYMENTS,
    resources.MACHINE_SETS,
    resources.MACHINES,
    resources.MACHINE_HEALTH_CHECKS,
    resources.CLUSTER_RESOURCE_SETS,
    resources.KUBEADM_CONFIGS,
    resources.KUBEADM_CONFIG_TEMPLATES,
    resources.KAMAJI_CONTROL_PLANES,
    resources.KUBEVIRT_CLUSTERS,
    resources.KUBEVIRT_MACHINES,
    resources.KUBEVIRT_MACHINE_TEMPLATES,
    resources.VIRTUAL_MACHINES,
    resources.DATA_VOLUMES,
)
"""What every cluster needs, whatever the Catalog offers."""
FLUX: Final = (resources.HELM_RELEASES, resources.HELM_REPOSITORIES, resources.OCI_REPOSITORIES)
OURS: Final = (
    resources.CATALOGS,
    resources.TENANTS,
    resources.TENANT_CLUSTERS,
    resources.CLUSTER_REQUESTS,
    resources.CLUSTER_ACCESSES,
    resources.APPROVAL_DELEGATIONS,
    resources.TENANT_LEDGERS,
)
EVERY: Final = (
    *CORE,
    *OURS,
    *FLUX,
    resources.HELM_CHART_PROXIES,
    resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    resources.DATA_STORES,
)
"""Every kind that is asked about."""
CONTRACT_V1BETA1: Final = "cluster.x-k8s.io/v1beta1"
CONTRACT_V1BETA2: Final = "cluster.x-k8s.io/v1beta2"
CONTRACTS: Final[Mapping[Resource, str]] = {
    resources.KUBEADM_CONFIG_TEMPLATES: CONTRACT_V1BETA2,
    resources.KUBEADM_CONFIGS: CONTRACT_V1BETA2,
    resources.KAMAJI_CONTROL_PLANES: CONTRACT_V1BETA2,
    resources.KUBEVIRT_CLUSTERS: CONTRACT_V1BETA1,
    resources.KUBEVIRT_MACHINES: CONTRACT_V1BETA1,
    resources.KUBEVIRT_MACHINE_TEMPLATES: CONTRACT_V1BETA1,
}
"""The label by which each CRD tells Cluster API how to read its objects; the older one for all of them, in the older
profile."""


class Outcome(StrEnum):
    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One requirement. `remedy` says what to do, unless it is met."""

    what: str
    wanted: str
    found: str
    outcome: Outcome
    remedy: str = ""


@dataclass(frozen=True)
class Ground:
    """What the API server answered. None stands for what it did not let us ask."""

    version: str = ""
    """Its own version, such as v1.34.2."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Versions served, by API group."""
    profile: Profile = Profile.V1BETA2
    """The generation of Cluster API's APIs that would be spoken."""
    kinds: frozenset[tuple[str, str]] = frozenset()
    """apiVersion and kind of everything that is served in the groups we need."""
    labels: Mapping[Resource, Mapping[str, str] | None] = field(default_factory=dict)
    """Labels of the CRDs that are there."""
    catalog: CatalogSpec | None = None
    catalog_trouble: str = ""
    """Why there is no Catalog to be had."""
    data_store: Mapping[str, Any] | None = None
    """The DataStore that the Catalog names; empty: there is none."""
    kubeadm_account: str = ""
    """The account of Cluster API's kubeadm provider, as namespace/name."""
    kubeadm_reads: bool | None = None
    """Whether that account may read Kamaji's control planes."""
    rules: bool | None = None
    """Whether our validating webhooks are registered, with a certificate."""
    asked_at: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The versions that their rules name, by the CRD's name."""


def findings(ground: Ground) -> tuple[Finding, ...]:
    """Every requirement, in the order in which one would see to it."""
    return tuple(finding for check in CHECKS for finding in check(ground))


def missing(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in found if finding.outcome is Outcome.MISSING)


def needed(catalog: CatalogSpec | None) -> tuple[Resource, ...]:
    """The kinds of others that clusters are made of, as far as the Catalog's offers need them."""
    if catalog is None:
        return CORE
    wanted = list(CORE)
    if catalog.add_on_engine is AddOnEngine.CAAPH:
        wanted.append(resources.HELM_CHART_PROXIES)
    else:
        wanted += FLUX
    if any(flavor.instancetype for flavor in catalog.flavors):
        wanted.append(resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES)
    return tuple(wanted)


def _kubernetes(ground: Ground) -> Iterator[Finding]:
    wanted = "v{}.{} or newer".format(*OLDEST_KUBERNETES)
    numbers = re.match(r"v?(\d+)\.(\d+)", ground.version)
    if numbers is None:
        yield Finding("Kubernetes", wanted, ground.version or "no answer", Outcome.UNKNOWN)
        return
    met = tuple(int(number) for number in numbers.groups()) >= OLDEST_KUBERNETES
    remedy = "" if met else "upgrade the management cluster"
    yield Finding("Kubernetes", wanted, ground.version, Outcome.MET if met else Outcome.MISSING, remedy)


def _profile(ground: Ground) -> Iterator[Finding]:
    """Either will do. What of it is not served is told by kind."""
    what, wanted = "API profile", "v1beta2, or v1beta1 for older providers"
    spoken = profile.spoken(ground.groups)
    if spoken is Profile.V1BETA1 and ground.profile is Profile.V1BETA2:
        remedy = f"set apiProfile={spoken} in the chart's values, or upgrade Cluster API and its providers"
        yield Finding(what, wanted, f"{ground.profile}, where only {spoken} is served", Outcome.MISSING, remedy)
        return
    found = ", ".join(f"{kind.group}/{ground.profile.at(kind).version}" for kind in _TELLING)
    yield Finding(what, wanted, f"{ground.profile}: {found}", Outcome.MET)


def _kinds(ground: Ground) -> Iterator[Finding]:
    by_provider: dict[tuple[str, str, str], list[str]] = {}
    for kind in map(ground.profile.at, needed(ground.catalog)):
        by_provider.setdefault((providers.provider_of(kind), kind.group, kind.version), []).append(kind.kind)
    for (provider, group, version), kinds in by_provider.items():
        yield _served(ground, provider, group, version, kinds)
    yield _served(ground, "clusterdesk", resources.GROUP, resources.VERSION, [kind.kind for kind in OURS])


def _served(ground: Ground, provider: str, group: str, version: str, kinds: list[str]) -> Finding:
    api_version = f"{group}/{version}"
    wanted = f"{api_version}: {', '.join(kinds)}"
    served = ground.groups.get(group, ())
    lacking = [kind for kind in kinds if (api_version, kind) not in ground.kinds]
    if not lacking:
        return Finding(provider, wanted, ", ".join(served), Outcome.MET)
    if not served:
        return Finding(provider, wanted, f"no group {group}", Outcome.MISSING, f"install {provider}")
    if version not in served:
        remedy = _OTHER_LINE.get((group, version), f"install a version of {provider} that serves {version}")
        return Finding(provider, wanted, f"{group} in {', '.join(served)} only", Outcome.MISSING, remedy)
    remedy = f"install {provider} with all of its CRDs"
    return Finding(provider, wanted, f"{version} without {', '.join(lacking)}", Outcome.MISSING, remedy)


_TELLING: Final = (resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES)
"""The kinds that a profile is told by."""
_OTHER_LINE: Final[Mapping[tuple[str, str], str]] = {
    ("controlplane.cluster.x-k8s.io", "v1alpha2"): (
        "install version 0.20 or newer of Kamaji's control-plane provider; older ones serve v1alpha1, and nothing "
        "converts between the two"
    ),
    ("cluster.x-k8s.io", "v1beta2"): "install Cluster API 1.12 or newer",
    ("bootstrap.cluster.x-k8s.io", "v1beta2"): "install Cluster API 1.12 or newer, its kubeadm provider as well",
}


def _contracts(ground: Ground) -> Iterator[Finding]:
    for named, newer in CONTRACTS.items():
        if named not in ground.labels:
            continue  # It is not there, which is told already.
        kind, labels = ground.profile.at(named), ground.labels[named]
        label = newer if ground.profile is Profile.V1BETA2 else CONTRACT_V1BETA1
        what, wanted = f"contract of {kind.plural}", f"CRD label {label}: {kind.version}"
        if labels is None:
            yield Finding(what, wanted, "may not be read", Outcome.UNKNOWN, _MAY_NOT.format("CRDs"))
            continue
        # One label may name several versions.
        met = kind.version in labels.get(label, "").split("_")
        shown = ", ".join(f"{key}: {labels[key]}" for key in (CONTRACT_V1BETA1, CONTRACT_V1BETA2) if key in labels)
        remedy = (
            f"kubectl label crd {kind.plural}.{kind.group} {label}={kind.version}; without it Cluster API cannot read "
            f"these objects, and no machine is made"
        )
        outcome = Outcome.MET if met else Outcome.MISSING
        yield Finding(what, wanted, shown or "no such label", outcome, "" if met else remedy)
    yield from _never_v1beta2(ground.labels.get(resources.KUBEVIRT_CLUSTERS) or {})


def _never_v1beta2(labels: Mapping[str, str]) -> Iterator[Finding]:
    """Kamaji's provider sets `status.ready` of a KubevirtCluster, which Cluster API reads by the old contract only."""
    if CONTRACT_V1BETA2 in labels:
        yield Finding(
            f"contract of {resources.KUBEVIRT_CLUSTERS.plural}",
            f"no CRD label {CONTRACT_V1BETA2}",
            f"{CONTRACT_V1BETA2}: {labels[CONTRACT_V1BETA2]}",
            Outcome.MISSING,
            "take the label off the CRD: with it every cluster waits for its infrastructure for ever",
        )


def _kubeadm(ground: Ground) -> Iterator[Finding]:
    what = "rights of the kubeadm provider"
    wanted = f"{ground.kubeadm_account} may get {resources.KAMAJI_CONTROL_PLANES.plural}"
    if ground.kubeadm_reads is None:
        remedy = "if it runs under another account, name that; if it has the right, all is well"
        yield Finding(what, wanted, "cannot be told", Outcome.UNKNOWN, remedy)
    elif ground.kubeadm_reads:
        yield Finding(what, wanted, "it may", Outcome.MET)
    else:
        remedy = "set rbac.kubeadmBootstrap in the chart's values; since Cluster API 1.14 no worker joins without it"
        yield Finding(what, wanted, "it may not", Outcome.MISSING, remedy)


def _catalog(ground: Ground) -> Iterator[Finding]:
    wanted = f"one named {names.CATALOG}"
    if ground.catalog is None:
        found = ground.catalog_trouble or "none"
        yield Finding("Catalog", wanted, found, Outcome.MISSING, "write one: it says what people may ask for")
        return
    offer = f"{len(ground.catalog.flavors)} flavors, {len(ground.catalog.versions)} versions"
    yield Finding("Catalog", wanted, offer, Outcome.MET)


def _data_store(ground: Ground) -> Iterator[Finding]:
    name = ground.catalog.data_store if ground.catalog is not None else names.CATALOG
    wanted = f"{name}, ready"
    if (resources.DATA_STORES.api_version, resources.DATA_STORES.kind) not in ground.kinds:
        found = f"no {resources.DATA_STORES.api_version} served"
        remedy = "install Kamaji, unless its DataStores are in another cluster"
        yield Finding("Kamaji's DataStore", wanted, found, Outcome.UNKNOWN, remedy)
        return
    if ground.data_store is None:
        yield Finding("Kamaji's DataStore", wanted, "may not be read", Outcome.UNKNOWN, _MAY_NOT.format("DataStores"))
        return
    if not ground.data_store:
        remedy = f"make a DataStore {name}, or name another one in the Catalog's dataStore"
        yield Finding("Kamaji's DataStore", wanted, "none of that name", Outcome.MISSING, remedy)
        return
    ready = (ground.data_store.get("status") or {}).get("ready") is True
    remedy = "" if ready else f"kubectl describe datastore {name} says why; no control plane starts until it is ready"
    yield Finding("Kamaji's DataStore", wanted, "ready" if ready else "not ready", _met(ready), remedy)


def _rules(ground: Ground) -> Iterator[Finding]:
    what, wanted = "clusterdesk's webhooks", "registered, with a certificate"
    if ground.rules is None:
        yield Finding(what, wanted, "may not be read", Outcome.UNKNOWN, _MAY_NOT.format("webhook configurations"))
        return
    remedy = "" if ground.rules else "install the chart with its webhooks: without them no quota and no approval holds"
    yield Finding(what, wanted, "so" if ground.rules else "not so", _met(ground.rules), remedy)
    yield from _never_asked(ground)


def _never_asked(ground: Ground) -> Iterator[Finding]:
    """The API server asks by a rule about every version that it serves, as long as it serves the one that is named."""
    asked = {kind: ground.asked_at.get(f"{kind.plural}.{kind.group}", frozenset()) for kind in CORE}
    unasked = [
        kind
        for kind, versions in asked.items()
        if kind.api_version in legacy.OLD and versions and not versions & set(ground.groups.get(kind.group, versions))
    ]
    if unasked:
        named = sorted({f"{kind.group}/{version}" for kind in unasked for version in asked[kind]})
        affected = ", ".join(kind.plural for kind in unasked)
        yield Finding(
            "objects that the webhooks are asked about",
            f"rules for the versions of profile {ground.profile}",
            f"rules for {', '.join(named)} only",
            Outcome.MISSING,
            f"set apiProfile={ground.profile} in the chart's values: no rule holds for {affected}",
        )


def _met(met: bool) -> Outcome:
    return Outcome.MET if met else Outcome.MISSING


_MAY_NOT: Final = "ask with an account that may read {}"
CHECKS: Final[tuple[Callable[[Ground], Iterator[Finding]], ...]] = (
    _kubernetes,
    _profile,
    _kinds,
    _contracts,
    _kubeadm,
    _data_store,
    _catalog,
    _rules,
)
