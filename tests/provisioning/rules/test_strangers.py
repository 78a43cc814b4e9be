"""Machines that somebody added to one of our clusters are told when an upgrade or a sleep waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import strangers
from provisioning.manifest import Manifest
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL
from provisioning.upgrades import Versions
from tests.provisioning.manifests.examples import rendered

OLD, HERE, WANTED = "v1.34.4", "v1.35.1", "v1.36.0"
STUCK = Versions(HERE, HERE)


def pool(version: str = OLD, *, kind: str = "MachineDeployment", replicas: int = 1, **meta: Any) -> Manifest:
    spec = {"replicas": replicas, "template": {"spec": {"version": version}}}
    return {"kind": kind, "metadata": {"name": "extra", **meta}, "spec": spec}


def machine(**meta: Any) -> Manifest:
    return {"kind": "Machine", "metadata": {"name": "extra", **meta}, "spec": {"version": OLD}}


def told(*existing: Manifest, versions: Versions = STUCK, asleep: bool = False) -> list[str]:
    return [cause.message for cause in strangers.in_the_way(existing, versions, wanted=WANTED, asleep=asleep)]


@pytest.mark.parametrize("manifest", [pool(), pool(kind="MachineSet"), machine()])
def test_an_upgrade_that_waits_for_one_says_for_which_and_what_to_do(manifest: Manifest) -> None:
    (message,) = told(manifest)
    assert message.startswith(f"{manifest['kind']} extra is of no pool")
    assert f"once its machines have left {OLD}; have them at {HERE}, or delete it" in message


@pytest.mark.parametrize("manifest", [pool(), machine()])
def test_so_does_a_cluster_that_cannot_fall_asleep(manifest: Manifest) -> None:
    (message,) = told(manifest, asleep=True)
    assert "the control plane sleeps once it has no machines" in message
    assert told(pool(replicas=0), asleep=True) == []


def test_one_that_keeps_up_is_in_nobodys_way() -> None:
    assert told(pool(HERE)) == []


@pytest.mark.parametrize("versions", [Versions(WANTED, WANTED), Versions(HERE, OLD), Versions(WANTED, HERE)])
def test_while_the_upgrade_goes_on_or_is_over_nobody_is_bothered(versions: Versions) -> None:
    assert told(pool(), versions=versions) == []


def test_what_is_ours_or_made_by_what_is_looked_at_already_is_no_stranger() -> None:
    owner = {"kind": "MachineSet", "name": "web-md0-x", "uid": "1", "controller": True}
    ours = pool(labels={MANAGED_BY_LABEL: MANAGED_BY})
    assert told(ours, machine(ownerReferences=[owner]), asleep=True) == []
    assert told(*rendered(), asleep=True) == []
