"""A control plane that Kamaji would refuse, or that reaches into the management cluster, is refused at the door."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.manifest import Manifest
from provisioning.resources import KAMAJI_CONTROL_PLANES
from tests.webhooks.estate import BLUE, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.kamaji_rules import POLICY


def control_plane(name: str = "hand", *, namespace: str = BLUE, reached: str = "", **spec: Any) -> Manifest:
    made = manifest(KAMAJI_CONTROL_PLANES, name, {"version": "v1.34.4", **spec}, namespace=namespace)
    return {**made, "status": {"version": reached}} if reached else made


def check(new: Manifest, **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(KAMAJI_CONTROL_PLANES, new, **rest))


def fields(new: Manifest, **rest: Any) -> list[str]:
    verdict = check(new, **rest)
    return [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []


def test_a_plain_control_plane_is_fine_with_or_without_the_v() -> None:
    assert check(control_plane()) == Allow()
    assert check(control_plane(version="1.34.4")) == Allow()


@pytest.mark.parametrize("version", ["", "1.34", "latest", "v1.34.4-rc.1", None])
def test_a_version_that_is_none_is_refused(version: str | None) -> None:
    assert fields(control_plane(version=version)) == ["spec.version"]


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("v1.34.4", "v1.35.1", []),
        ("1.34.4", "v1.34.5", []),
        ("1.34.4", "v1.34.4", []),
        ("v1.34.4", "v1.36.0", ["spec.version"]),
        ("v1.34.4", "v1.33.8", ["spec.version"]),
        ("v1.34.4", "v2.0.0", ["spec.version"]),
    ],
)
def test_versions_go_up_one_minor_at_a_time_for_clusters_made_by_hand_too(
    before: str, after: str, refused: list[str]
) -> None:
    assert fields(control_plane(version=after), old=control_plane(version=before)) == refused


def test_a_step_that_was_asked_for_and_not_taken_can_be_taken_back() -> None:
    asked = control_plane(version="v1.35.1", reached="1.34.4")
    assert fields(control_plane(version="v1.34.4"), old=asked) == []


def test_what_has_been_there_can_be_changed_in_other_ways_whatever_its_version_is() -> None:
    odd = control_plane(version="latest")
    assert check(tweak(odd, "spec.replicas", 3), old=odd) == Allow()


@pytest.mark.parametrize("name", ["7up", "a.b"])
def test_a_name_that_no_service_can_have_is_refused(name: str) -> None:
    assert fields(control_plane(name)) == ["metadata.name"]


def test_the_clusters_data_stays_where_it_is() -> None:
    stored = control_plane(dataStoreName="one", dataStoreSchema="web", dataStoreUsername="web")
    assert fields(control_plane(dataStoreName="two", dataStoreSchema="web", dataStoreUsername="web"), old=stored) == []
    assert fields(control_plane(dataStoreSchema="other", dataStoreUsername="web"), old=stored) == [
        "spec.dataStoreName",
        "spec.dataStoreSchema",
    ]


def test_one_way_in_is_enough() -> None:
    both = {"ingress": {"hostname": "a.example.org"}, "gateway": {"hostname": "a.example.org"}}
    assert fields(control_plane(network=both)) == ["spec.network"]
    assert fields(control_plane(network={"ingress": both["ingress"]})) == []


@pytest.mark.parametrize("source", ["hostPath", "csi", "nfs", "persistentVolumeClaim", "projected"])
def test_nothing_of_the_management_cluster_is_mounted(source: str) -> None:
    volumes = [{"name": "a", "configMap": {"name": "a"}}, {"name": "b", source: {}}, {"name": "c", "secret": {}}]
    found = fields(control_plane(deployment={"extraVolumes": volumes}))
    assert found == [f"spec.deployment.extraVolumes[1].{source}"]


def test_namespaces_of_nobody_are_left_alone() -> None:
    assert check(control_plane("7up", namespace="elsewhere", version="latest")) == Allow()


def test_what_goes_may_go_as_it_is_and_not_otherwise() -> None:
    mounting = control_plane(deployment={"extraVolumes": [{"name": "a", "hostPath": {"path": "/"}}]})
    held = tweak(control_plane(), "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert fields(tweak(held, "spec", mounting["spec"]), old=held) == ["spec.deployment.extraVolumes[0].hostPath"]
    going = tweak(mounting, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert fields(going, old=mounting) == []
