"""Which charts go into a cluster, in what order and with what values; how is an engine's business (`flux`, `caaph`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from provisioning import resources
from provisioning.addons.target import ADD_ON_LABEL, Target
from provisioning.errors import Cause, RuleError
from provisioning.manifest import Manifest
from provisioning.model import AddOn, CatalogSpec, Chart, ClusterAddOn

SYSTEM_NAMESPACE: Final = "kube-system"
CNI_LABEL: Final = f"{resources.GROUP}/cni"
"""On the carrier that gives the Nodes their network, so that progress can be told from the objects alone."""


@dataclass(frozen=True)
class Install:
    """One add-on of one cluster."""

    name: str
    chart: Chart
    namespace: str
    """Where it goes in the tenant, and where Helm keeps its records: left out, the engine would take the management
    cluster's namespace, which does not exist there."""
    cni: bool
    waits: bool
    """Whether it counts as installed only when its Pods are ready."""
    after: tuple[str, ...]
    """Add-ons of this cluster that must be ready first."""
    values: Mapping[str, Any]


class Engine(Protocol):
    """What puts charts into tenants, as far as it matters here."""

    def read(self, target: Target, add_on: str) -> Install | None:
        """What stands of the add-on by this engine; None where it, or where its chart comes from, is not there."""


def chosen(target: Target, catalog: CatalogSpec, engines: tuple[Engine, ...]) -> list[Install]:
    """Everything that is to be installed. An add-on that has left the Catalog goes on as it stands.

    Raises `RuleError` for one that the Catalog does not have and that does not stand, and for some that wait for each
    other.
    """
    found: list[Install] = []
    for index, wish in enumerate(target.add_ons):
        add_on = catalog.add_on(wish.name)
        install = _offered(target, add_on, wish) if add_on else _kept(target, wish, engines)
        if install is None:
            raise RuleError(Cause(f"spec.addOns[{index}].name", f"the catalog has no add-on {wish.name}"))
        found.append(install)
    return _in_order({install.name: install for install in found})


def release_name(cluster: str, add_on: str) -> str:
    """The name of an add-on's carrier, a HelmRelease or HelmChartProxy; at most 51 characters, where Helm takes 53."""
    return f"{cluster}-{add_on}"


def metadata(target: Target, install: Install) -> Manifest:
    """The carrier's metadata."""
    found = target.metadata(release_name(target.cluster, install.name), target.owner)
    found["labels"] = {
        **found["labels"],
        ADD_ON_LABEL: install.name,
        **({CNI_LABEL: "true"} if install.cni else {}),
    }
    return found


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values laid over values as Helm does it: maps are merged, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def _offered(target: Target, add_on: AddOn, wish: ClusterAddOn) -> Install:
    return Install(
        name=add_on.name,
        chart=add_on.chart,
        namespace=add_on.namespace,
        cni=add_on.cni,
        waits=_waits(target, cni=add_on.cni),
        after=add_on.after,
        values=merged(add_on.values, wish.values),
    )


def _kept(target: Target, wish: ClusterAddOn, engines: tuple[Engine, ...]) -> Install | None:
    for engine in engines:
        if standing := engine.read(target, wish.name):
            waits = _waits(target, cni=standing.cni)
            return replace(standing, waits=waits, values=merged(standing.values, wish.values))
    return None


def _waits(target: Target, *, cni: bool) -> bool:
    """Whether there will be a Node for its Pods.

    If not, a network add-on would never count as ready and hold up everything after it: the operator of one waits for
    a Node, and a pool that starts with none gets its first Node only for Pods that wait for it.
    """
    return target.most > 0 and not (cni and target.fewest == 0)


def _in_order(installs: dict[str, Install]) -> list[Install]:
    """By name, each knowing what comes before it: what it says itself, and else the network."""
    after = {name: {other for other in one.after if other in installs} for name, one in installs.items()}
    networks = sorted(name for name, one in installs.items() if one.cni)
    for network in networks:
        before = {network, *_all_before(network, after)}
        for name in sorted(installs.keys() - before - {*networks}):
            after[name].add(network)
    if waiting := sorted(name for name in installs if name in _all_before(name, after)):
        raise RuleError(Cause("spec.addOns", f"the catalog has add-ons wait for each other: {', '.join(waiting)}"))
    return [replace(installs[name], after=tuple(sorted(after[name]))) for name in sorted(installs)]


def _all_before(name: str, after: Mapping[str, set[str]]) -> set[str]:
    """Everything that comes before an add-on, directly or not; itself too, if it waits for itself."""
    found: set[str] = set()
    ahead = [*after[name]]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += after[one]
    return found
