"""What is wrong with a Catalog: names that name nothing, choices that exclude each other, sizes that are not so. Pure.

The CRD refuses what can be seen in one field. What needs two, or another object, is said in `Catalog.status`; clusters
that have nothing to do with it go on as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from provisioning import guests, quantity
from provisioning.errors import Cause, MalformedQuantity
from provisioning.manifest import Manifest
from provisioning.model import AddOn, CatalogSpec, Flavor, Release
from provisioning.usage import Usage


def faults(catalog: CatalogSpec, instancetypes: Mapping[str, Manifest]) -> tuple[Cause, ...]:
    """All that is wrong, each with its field. `instancetypes`: the VirtualMachineClusterInstancetypes by name."""
    return (
        *(cause for flavor in catalog.flavors for cause in _flavor(flavor, instancetypes)),
        *(cause for release in catalog.versions for cause in _release(release, catalog)),
        *_recommended(catalog),
        *(cause for add_on in catalog.add_ons for cause in _after(add_on, catalog)),
        *_circles(catalog),
        *_network_add_ons(catalog),
        *_storage(catalog),
        *_ranges(catalog),
    )


def _flavor(flavor: Flavor, instancetypes: Mapping[str, Manifest]) -> Iterator[Cause]:
    if not flavor.instancetype:
        return
    field = f"spec.flavors[{flavor.name}].instancetype"
    found = instancetypes.get(flavor.instancetype)
    if found is None:
        yield Cause(field, f"there is no VirtualMachineClusterInstancetype {flavor.instancetype}")
        return
    try:
        size = guests.of_instancetype(found)
    except MalformedQuantity as error:
        yield Cause(field, f"the size of {flavor.instancetype} cannot be read: {error}")
        return
    wanted = Usage(nodes=1, vcpu=flavor.vcpu * 1000, memory=quantity.byte_count(flavor.memory))
    if size != wanted:
        yield Cause(field, f"{flavor.instancetype} gives {_size(size)}, and the flavor says {_size(wanted)}")


def _size(usage: Usage) -> str:
    gpus = f" and {usage.gpus} GPUs" if usage.gpus else ""
    return f"{quantity.format_cpu(usage.vcpu)} vCPU and {quantity.format_bytes(usage.memory)}{gpus}"


def _release(release: Release, catalog: CatalogSpec) -> Iterator[Cause]:
    field = f"spec.versions[{release.version}].upgradesFrom"
    for origin in release.upgrades_from:
        if catalog.release(origin) is None:
            yield Cause(field, f"{origin} is not among the versions")
        elif not _one_step(origin, release.version):
            yield Cause(field, f"{origin} cannot be upgraded to it: never back, and one minor version at a time")


def _one_step(origin: str, goal: str) -> bool:
    """Whether Kamaji takes this upgrade: never back, never past a minor version."""
    before, after = (tuple(int(part) for part in version.removeprefix("v").split(".")) for version in (origin, goal))
    return before < after and before[0] == after[0] and after[1] - before[1] <= 1


def _recommended(catalog: CatalogSpec) -> Iterator[Cause]:
    named = [release.version for release in catalog.versions if release.recommended]
    if len(named) > 1:
        yield Cause("spec.versions", f"only one can be recommended: {_and(named)}")


def _after(add_on: AddOn, catalog: CatalogSpec) -> Iterator[Cause]:
    for other in add_on.after:
        if catalog.add_on(other) is None:
            yield Cause(f"spec.addOns[{add_on.name}].after", f"there is no add-on {other}")


def _circles(catalog: CatalogSpec) -> Iterator[Cause]:
    """Add-ons that wait for each other. Those that wait for nobody are taken away until nothing more can be."""
    left = {add_on.name: {other for other in add_on.after if catalog.add_on(other)} for add_on in catalog.add_ons}
    while free := [name for name, waits in left.items() if not waits & left.keys()]:
        for name in free:
            del left[name]
    # Who only waits for the circle is not in it.
    while last := [name for name in left if not any(name in waits for waits in left.values())]:
        for name in last:
            del left[name]
    if left:
        yield Cause("spec.addOns", f"they wait for each other, and none is ever installed: {_and(sorted(left))}")


def _network_add_ons(catalog: CatalogSpec) -> Iterator[Cause]:
    given = [add_on.name for add_on in catalog.add_ons if add_on.cni and add_on.default]
    if not given:
        yield Cause("spec.addOns", "none is both default and cni: a cluster that chooses none has no network")
    elif len(given) > 1:
        yield Cause("spec.addOns", f"a cluster can have one network only, and gets each of these: {_and(given)}")


def _storage(catalog: CatalogSpec) -> Iterator[Cause]:
    given = [one.name for one in catalog.storage_classes if one.default]
    if len(given) > 1:
        yield Cause("spec.storageClasses", f"only one can be the default: {_and(given)}")
    if catalog.storage_classes and not catalog.hosted.csi_node_driver_registrar:
        yield Cause(
            "spec.hosted.csiNodeDriverRegistrar", "without its image no volume of a storage class reaches a worker"
        )


def _ranges(catalog: CatalogSpec) -> Iterator[Cause]:
    networks: list[IPv4Network] = []
    for field, text in (("pods", catalog.network.pods), ("services", catalog.network.services)):
        try:
            networks.append(IPv4Network(text))
        except ValueError as error:
            yield Cause(f"spec.network.{field}", f"{text} is no range of addresses: {error}")
    if len(networks) == 2 and networks[0].overlaps(networks[1]):
        yield Cause("spec.network", f"pods ({networks[0]}) and services ({networks[1]}) must not overlap")
    for number, text in enumerate(catalog.network.reserved):
        try:
            reserved = IPv4Network(text)
        except ValueError as error:
            yield Cause(f"spec.network.reserved[{number}]", f"{text} is no range of addresses: {error}")
            continue
        for network in networks:
            if network.overlaps(reserved):
                yield Cause("spec.network", f"{network} overlaps {reserved}, which is reserved: no cluster can have it")


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
