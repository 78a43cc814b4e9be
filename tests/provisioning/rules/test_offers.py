"""What is wrong in a Catalog is told with its field, all of it at once; a good one has nothing to tell."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import offers
from tests import builders

U1 = {"metadata": {"name": "u1.small"}, "spec": {"cpu": {"guest": 2}, "memory": {"guest": "4Gi"}}}
CHART = {"repository": "https://charts.example.org", "name": "x", "version": "1.x"}


def add_on(name: str, *after: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "chart": CHART, "after": list(after), **more}


CNI = add_on("cilium", default=True, cni=True)


def told(*, sizes: dict[str, Any] | None = None, **spec: Any) -> list[str]:
    found = offers.faults(builders.catalog(**spec), sizes or {})
    return [f"{cause.field}: {cause.message}" for cause in found]


def flavored(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "small", "vcpu": 2, "memory": "4Gi", "instancetype": "u1.small", **more}]


def test_a_good_catalog_has_nothing_to_tell() -> None:
    assert told() == []
    assert told(sizes={"u1.small": U1}, flavors=flavored()) == []


def test_a_flavor_is_as_large_as_the_instancetype_that_it_names() -> None:
    (missing,) = told(flavors=flavored())
    assert missing == "spec.flavors[small].instancetype: there is no VirtualMachineClusterInstancetype u1.small"
    (other,) = told(sizes={"u1.small": U1}, flavors=flavored(memory="8Gi"))
    assert other.endswith("u1.small gives 2 vCPU and 4Gi, and the flavor says 2 vCPU and 8Gi")
    (strange,) = told(sizes={"u1.small": {**U1, "spec": {}}}, flavors=flavored())
    assert "cannot be read" in strange


def release(version: str, *origins: str, **more: Any) -> dict[str, Any]:
    return {"version": version, "image": "x:y", "upgradesFrom": list(origins), **more}


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("v1.33.0", "v1.33.0 is not among the versions"),
        ("v1.34.4", "one minor version at a time"),
        ("v1.37.0", "never back"),
    ],
)
def test_an_upgrade_that_kamaji_would_refuse_is_told(origin: str, words: str) -> None:
    (line,) = told(versions=[release("v1.36.0", origin), release("v1.34.4"), release("v1.37.0")])
    assert line.startswith("spec.versions[v1.36.0].upgradesFrom: ")
    assert words in line


def test_upgrades_along_the_path_are_fine() -> None:
    assert told(versions=[release("v1.36.1", "v1.36.0", "v1.35.1"), release("v1.36.0"), release("v1.35.1")]) == []


def test_one_version_is_recommended_at_most() -> None:
    versions = [release("v1.36.0", recommended=True), release("v1.35.1", recommended=True)]
    assert told(versions=versions) == ["spec.versions: only one can be recommended: v1.36.0 and v1.35.1"]


def test_add_ons_wait_for_what_there_is_and_not_for_each_other() -> None:
    (line,) = told(addOns=[CNI, add_on("web", "dns")])
    assert line == "spec.addOns[web].after: there is no add-on dns"
    ring = [CNI, add_on("a", "b"), add_on("b", "c"), add_on("c", "a"), add_on("late", "a"), add_on("early", "cilium")]
    (line,) = told(addOns=ring)
    assert line == "spec.addOns: they wait for each other, and none is ever installed: a, b and c"
    (line,) = told(addOns=[CNI, add_on("self", "self")])
    assert line.endswith("none is ever installed: self")


def test_every_cluster_gets_one_network() -> None:
    (none,) = told(addOns=[add_on("web")])
    assert "has no network" in none
    (two,) = told(addOns=[CNI, add_on("calico", default=True, cni=True)])
    assert two.endswith("gets each of these: cilium and calico")


def test_one_storage_class_is_the_default_and_volumes_have_their_driver() -> None:
    hosted = {**builders.CATALOG["spec"]["hosted"], "csiNodeDriverRegistrar": "x:y"}
    classes = [{"name": "fast", "default": True}, {"name": "slow", "default": True}]
    assert told(storageClasses=classes, hosted=hosted) == [
        "spec.storageClasses: only one can be the default: fast and slow"
    ]
    (line,) = told(storageClasses=[{"name": "fast"}])
    assert line.startswith("spec.hosted.csiNodeDriverRegistrar: ")


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"pods": "10.0.0.0/8", "services": "10.95.0.0/16"}, "must not overlap"),
        ({"pods": "10.243.0.1/16", "services": "10.95.0.0/16"}, "10.243.0.1/16 is no range of addresses"),
        ({"pods": "300.0.0.0/8", "services": "10.95.0.0/16"}, "300.0.0.0/8 is no range of addresses"),
        ({"reserved": ["10.240.0.0/12"]}, "10.243.0.0/16 overlaps 10.240.0.0/12, which is reserved"),
        ({"reserved": ["10.0.0.0/33"]}, "spec.network.reserved[0]: 10.0.0.0/33 is no range of addresses"),
    ],
)
def test_ranges_are_ranges_and_lie_apart(network: dict[str, str], words: str) -> None:
    (line,) = told(network=network)
    assert words in line


def test_everything_is_told_at_once() -> None:
    assert len(told(flavors=flavored(), addOns=[add_on("web", "dns")])) == 3
