"""A tenant's Service takes no address for itself."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import SERVICES
from tests.webhooks.estate import BLUE, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.policies.own_addresses import POLICY

PLAIN = manifest(SERVICES, "a", {"type": "ClusterIP", "ports": [{"port": 443}]})
CLAIMING = tweak(PLAIN, "spec.externalIPs", ["192.0.2.7", "2001:db8::7"])


def fields(new: Any, **rest: Any) -> list[str]:
    verdict = World(*WORLD).check(POLICY, request(SERVICES, new, **rest))
    return [cause.field for cause in getattr(verdict, "causes", ())]


@pytest.mark.parametrize("user", ["ann", f"system:serviceaccount:{BLUE}:web-cloud-controller-manager"])
def test_a_service_claims_no_address_whoever_asks_in_a_tenant(user: str) -> None:
    both = ["spec.externalIPs[0]", "spec.externalIPs[1]"]
    assert fields(CLAIMING, user=user) == fields(CLAIMING, old=PLAIN, user=user) == both
    assert fields(tweak(CLAIMING, "spec.type", "LoadBalancer"), user=user) == both
    for harmless in (PLAIN, tweak(PLAIN, "spec.externalIPs", []), tweak(PLAIN, "spec.type", "LoadBalancer")):
        assert fields(harmless, user=user) == []


def test_what_the_platform_gave_stays_and_may_be_taken_away() -> None:
    assert fields(CLAIMING, groups=("system:masters",)) == []
    assert fields(tweak(CLAIMING, "spec.ports.0.port", 80), old=CLAIMING) == []
    assert fields(tweak(CLAIMING, "spec.externalIPs", ["2001:db8::7"]), old=CLAIMING) == []
    assert fields(tweak(CLAIMING, "spec.externalIPs", ["2001:db8::7", "192.0.2.9"]), old=CLAIMING) == [
        "spec.externalIPs[1]"
    ]


def test_elsewhere_it_is_not_our_business() -> None:
    assert fields(tweak(CLAIMING, "metadata.namespace", "elsewhere")) == []
