"""A control plane without a word about its add-ons is not made."""

from __future__ import annotations

from typing import Any

from provisioning.resources import KAMAJI_CONTROL_PLANES
from tests.webhooks.estate import WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import INVALID, Allow, Deny
from webhooks.defaults.kamaji_addons import DEFAULT
from webhooks.policies.core_add_ons import POLICY

BARE = manifest(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.34.2"})
OF_A_CLASS = tweak(BARE, "metadata.labels", {"topology.cluster.x-k8s.io/owned": ""})


def ask(new: Any) -> Any:
    return World(*WORLD).check(POLICY, request(KAMAJI_CONTROL_PLANES, new))


def test_what_the_defaults_filled_in_is_fine_and_without_them_it_is_asked_for_again() -> None:
    verdict = ask(BARE)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.causes[0].field) == (INVALID, "spec.addons")
    assert "send it again" in verdict.reason
    done = World(*WORLD).complete(DEFAULT, request(KAMAJI_CONTROL_PLANES, BARE))
    assert ask(done) == Allow()


def test_whoever_says_which_there_are_has_them_so() -> None:
    assert ask(tweak(BARE, "spec.addons", {})) == Allow()
    assert ask(tweak(BARE, "spec.addons", {"coreDNS": {}})) == Allow()


def test_a_class_says_it_in_its_template_because_nothing_of_a_topology_is_changed() -> None:
    assert World(*WORLD).complete(DEFAULT, request(KAMAJI_CONTROL_PLANES, OF_A_CLASS)) == OF_A_CLASS
    verdict = ask(OF_A_CLASS)
    assert isinstance(verdict, Deny)
    assert "KamajiControlPlaneTemplate" in verdict.reason


def test_namespaces_that_are_nobodys_are_left_alone() -> None:
    assert ask(manifest(KAMAJI_CONTROL_PLANES, "web", {}, namespace="elsewhere")) == Allow()
