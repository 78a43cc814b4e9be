"""Clusters of one namespace, which must not have things of one name. Pure.

A cluster's things are called after it, so `a` with `b-c` and `a-b` with `c` would share one object and overwrite each
other. Pools are looked after by `pools`; here are the cluster's own name and its add-ons. What was there before is not
held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from provisioning import addons
from provisioning.addons import charts, hosted
from provisioning.errors import Cause
from provisioning.model import ClusterSpec

HOSTED: Final = tuple(module.NAME for module in addons.HOSTED)
"""What runs beside every control plane, in a Deployment of its own."""


@dataclass(frozen=True)
class Neighbour:
    """Another cluster of the namespace: the names of its pools and of its add-ons."""

    pools: tuple[str, ...] = ()
    add_ons: tuple[str, ...] = ()


NOBODY: Final[Mapping[str, Neighbour]] = MappingProxyType({})


def problems(
    spec: ClusterSpec, *, name: str, old: ClusterSpec | None, beside: Mapping[str, Neighbour]
) -> Iterator[Cause]:
    """Every name that another cluster's things have already. `beside`: the namespace's other clusters, by name."""
    if old is None:
        yield from _deployments(name, beside)
    known = {add_on.name for add_on in old.add_ons} if old is not None else set()
    taken = {
        charts.release_name(other, add_on): (other, add_on) for other in beside for add_on in beside[other].add_ons
    }
    for number, add_on in enumerate(spec.add_ons):
        wanted = charts.release_name(name, add_on.name)
        if add_on.name not in known and wanted in taken:
            other, its = taken[wanted]
            text = (
                f"{wanted} is what add-on {its} of cluster {other} is called here; one of the clusters must be renamed"
            )
            yield Cause(f"spec.addOns[{number}].name", text)


def _deployments(name: str, beside: Mapping[str, Neighbour]) -> Iterator[Cause]:
    """Kamaji names the Deployment of a control plane as the cluster, and ours stand beside it."""
    for other in beside:
        for component in HOSTED:
            if name == hosted.name_of(other, component):
                text = f"{name} is what the {component} of cluster {other} is called here; take another name"
                yield Cause("metadata.name", text)
            if other == hosted.name_of(name, component):
                text = f"its {component} would be called {other}, and so is another cluster here; take another name"
                yield Cause("metadata.name", text)
