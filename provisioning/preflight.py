"""What a management cluster must have for clusterdesk to work: each requirement, what was found, what to do. Pure.

`survey` asks the API server; here its answers (`ground`) are held against what is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from provisioning import legacy, names, requirements, resources, served
from provisioning.finding import MAY_NOT, Finding, Outcome
from provisioning.ground import Ground

OLDEST_KUBERNETES: Final = (1, 30)
"""CEL in webhook configurations, and `sleep` in `preStop`."""


def findings(ground: Ground) -> tuple[Finding, ...]:
    """Every requirement, in the order in which one would see to it."""
    return tuple(finding for check in CHECKS for finding in check(ground))


def missing(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in found if finding.outcome is Outcome.MISSING)


def _kubernetes(ground: Ground) -> Iterator[Finding]:
    wanted = "v{}.{} or newer".format(*OLDEST_KUBERNETES)
    numbers = re.match(r"v?(\d+)\.(\d+)", ground.version)
    if numbers is None:
        yield Finding("Kubernetes", wanted, ground.version or "no answer", Outcome.UNKNOWN)
        return
    met = tuple(int(number) for number in numbers.groups()) >= OLDEST_KUBERNETES
    remedy = "" if met else "upgrade the management cluster"
    yield Finding("Kubernetes", wanted, ground.version, Outcome.of(met), remedy)


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
        yield Finding("Kamaji's DataStore", wanted, "may not be read", Outcome.UNKNOWN, MAY_NOT.format("DataStores"))
        return
    if not ground.data_store:
        remedy = f"make a DataStore {name}, or name another one in the Catalog's dataStore"
        yield Finding("Kamaji's DataStore", wanted, "none of that name", Outcome.MISSING, remedy)
        return
    ready = (ground.data_store.get("status") or {}).get("ready") is True
    remedy = "" if ready else f"kubectl describe datastore {name} says why; no control plane starts until it is ready"
    yield Finding("Kamaji's DataStore", wanted, "ready" if ready else "not ready", Outcome.of(ready), remedy)


def _rules(ground: Ground) -> Iterator[Finding]:
    what, wanted = "clusterdesk's webhooks", "registered, with a certificate"
    if ground.rules is None:
        yield Finding(what, wanted, "may not be read", Outcome.UNKNOWN, MAY_NOT.format("webhook configurations"))
        return
    remedy = "" if ground.rules else "install the chart with its webhooks: without them no quota and no approval holds"
    yield Finding(what, wanted, "so" if ground.rules else "not so", Outcome.of(ground.rules), remedy)
    yield from _never_asked(ground)


def _never_asked(ground: Ground) -> Iterator[Finding]:
    """The API server asks by a rule about every version that it serves, as long as it serves the one that is named."""
    asked = {kind: ground.asked_at.get(f"{kind.plural}.{kind.group}", frozenset()) for kind in requirements.CORE}
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


CHECKS: Final[tuple[Callable[[Ground], Iterator[Finding]], ...]] = (
    _kubernetes,
    served.generation,
    served.apis,
    served.contracts,
    _kubeadm,
    _data_store,
    _catalog,
    _rules,
)
