"""What a cluster may look like for this tenant: every problem at once, each with its field and what would be right.

Static rules are in the CRD already; here are those that need the Catalog, the Tenant, or what the cluster was before.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from provisioning import hibernation, lifetime, names, neighbours, pools, upgrades
from provisioning.errors import Cause
from provisioning.model import CatalogSpec, ClusterSpec, Network, Release, TenantSpec
from provisioning.neighbours import NOBODY, Neighbour

LONGEST_VALUES: Final = 128 * 1024
"""Characters that the values of a cluster's add-ons may come to, as JSON. They are rendered at every look at it, and as
long as that takes, everybody else's cluster waits."""
PREFIXES: Final = {"pods": (8, 24), "services": (12, 28)}
"""Largest and smallest ranges: a node takes a /24 of the pods', and kube-apiserver takes 20 bits of services at most.

Source: kube-controller-manager --node-cidr-mask-size, kube-apiserver --service-cluster-ip-range.
"""
TAKEN: Final = tuple(
    (what, ipaddress.IPv4Network(text))
    for what, text in (
        ("no address at all", "0.0.0.0/8"),
        ("the machine itself", "127.0.0.0/8"),
        ("the link", "169.254.0.0/16"),
        ("multicast", "224.0.0.0/4"),
        ("nobody", "240.0.0.0/4"),
    )
)
"""Ranges that no cluster can use, by RFC 6890."""


def problems(
    spec: ClusterSpec,
    *,
    name: str,
    catalog: CatalogSpec,
    tenant: TenantSpec,
    old: ClusterSpec | None = None,
    beside: Mapping[str, Neighbour] = NOBODY,
) -> tuple[Cause, ...]:
    """Everything that is wrong with a completed spec; `old` is the stored one when this is a change.

    `beside`: the namespace's other clusters by name, where somebody knows them.
    What was stored before and has not changed is not held against anybody: a flavor may leave the Catalog.
    """
    return (
        *name_problems(name),
        *_version(spec, catalog, tenant, old),
        *pools.problems(spec, name=name, catalog=catalog, tenant=tenant, old=old, beside=beside),
        *_add_ons(spec, catalog, old),
        *_lifetime(spec, tenant, old),
        *_hibernation(spec, old),
        *_network(spec, catalog.network.reserved, old),
        *neighbours.problems(spec, name=name, old=old, beside=beside),
    )


def name_problems(name: str) -> Iterator[Cause]:
    """Why no cluster can be called so; nothing where one can."""
    if not names.DNS_LABEL.fullmatch(name):
        yield Cause(
            "metadata.name",
            f"{name!r} cannot be a cluster's name: it starts with a letter and has a-z, 0-9 and -, such as build-7",
        )
    elif len(name) > names.CLUSTER_NAME_MAX:
        yield Cause(
            "metadata.name",
            f"{name!r} has {len(name)} characters, {names.CLUSTER_NAME_MAX} is the most: machines are named after it",
        )


def _version(spec: ClusterSpec, catalog: CatalogSpec, tenant: TenantSpec, old: ClusterSpec | None) -> Iterator[Cause]:
    version, before = spec.version, old.version if old is not None else None
    if version is None or version == before:
        return
    offered = [r for r in catalog.versions if not tenant.versions or r.version in tenant.versions]
    chosen = next((release for release in offered if release.version == version), None)
    if chosen is None:
        yield Cause("spec.version", f"{version} is not on offer; there is {_list([r.version for r in offered])}")
    elif before is not None and not upgrades.follows(chosen, before):
        yield Cause("spec.version", _no_step(before, version, offered))


def _no_step(before: str, version: str, offered: Sequence[Release]) -> str:
    if upgrades.numbers(version) < upgrades.numbers(before):
        return f"{version} is older than {before}; a cluster cannot go back"
    ahead = upgrades.way(before, version, offered)
    if ahead:
        return f"{version} cannot follow {before} at once; the next version on the way is {ahead[0]}"
    following = [release.version for release in offered if upgrades.follows(release, before)]
    return f"there is no way from {before} to {version}; after {before} there may come {_list(following)}"


def _add_ons(spec: ClusterSpec, catalog: CatalogSpec, old: ClusterSpec | None) -> Iterator[Cause]:
    known = {add_on.name for add_on in old.add_ons} if old is not None else set()
    offered = [a.name for a in catalog.add_ons]
    for number, add_on in enumerate(spec.add_ons):
        if add_on.name not in offered and add_on.name not in known:
            yield Cause(f"spec.addOns[{number}].name", f"{add_on.name} is not on offer; there is {_list(offered)}")
    length = sum(len(json.dumps(add_on.values)) for add_on in spec.add_ons)
    if length > LONGEST_VALUES and (old is None or old.add_ons != spec.add_ons):
        text = f"their values come to {length} characters, {LONGEST_VALUES} is the most; leave out what is so by itself"
        yield Cause("spec.addOns", text)


def _lifetime(spec: ClusterSpec, tenant: TenantSpec, old: ClusterSpec | None) -> Iterator[Cause]:
    longest = tenant.lifetime.longest
    if old is not None and old.lifetime == spec.lifetime:
        return
    if spec.lifetime is not None and not lifetime.parse(spec.lifetime):
        yield Cause("spec.lifetime", f"{spec.lifetime} is no time at all; leave it out, or say for how long")
    if longest is None:
        return
    if spec.lifetime is None:
        yield Cause("spec.lifetime", f"clusters of this tenant live for at most {longest}; say for how long")
    elif lifetime.parse(spec.lifetime) > lifetime.parse(longest):
        yield Cause("spec.lifetime", f"{spec.lifetime} is longer than the {longest} that this tenant may have")


def _hibernation(spec: ClusterSpec, old: ClusterSpec | None) -> Iterator[Cause]:
    if old is None or old.hibernation != spec.hibernation:
        yield from hibernation.faults(spec.hibernation)


def _network(spec: ClusterSpec, reserved: Sequence[str], old: ClusterSpec | None) -> Iterator[Cause]:
    if old is not None and spec.network in (old.network, _filled(old.network, spec.network)):
        return
    if old is not None:
        yield Cause("spec.network", "the ranges of a cluster cannot change; make a new cluster")
        return
    ranges: dict[str, ipaddress.IPv4Network] = {}
    for field, text in (("pods", spec.network.pods), ("services", spec.network.services)):
        if text is None:
            continue
        try:
            ranges[field] = ipaddress.IPv4Network(text)
        except ValueError as error:
            yield Cause(f"spec.network.{field}", f"{text} is no range: {error}; such as 10.243.0.0/16")
            continue
        largest, smallest = PREFIXES[field]
        if not largest <= ranges[field].prefixlen <= smallest:
            yield Cause(f"spec.network.{field}", f"{text} must be between a /{largest} and a /{smallest}")
        for what, taken in (*TAKEN, *_managements(reserved)):
            if ranges[field].overlaps(taken):
                yield Cause(
                    f"spec.network.{field}", f"{text} overlaps {taken}, which is for {what}; take another range"
                )
    if len(ranges) == 2 and ranges["pods"].overlaps(ranges["services"]):
        yield Cause("spec.network.services", f"{ranges['services']} overlaps the pods' range {ranges['pods']}")


def _managements(reserved: Sequence[str]) -> Iterator[tuple[str, ipaddress.IPv4Network]]:
    for text in reserved:
        with suppress(ValueError):  # The Catalog's own status says what is wrong with it.
            yield "the management cluster", ipaddress.IPv4Network(text)


def _filled(old: Network, new: Network) -> Network:
    """What was there before, with what it left open as it is now: a range that nobody had set may be set once."""
    return Network(pods=old.pods or new.pods, services=old.services or new.services)


def _list(offered: list[str]) -> str:
    return ", ".join(offered) if offered else "nothing"
