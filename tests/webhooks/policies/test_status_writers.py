"""What people follow, an address or a number, is written by clusterdesk itself."""

from __future__ import annotations

from typing import Any

from provisioning.resources import TENANT_CLUSTERS
from tests.webhooks.estate import WORLD, cluster
from tests.webhooks.fakes import World
from tests.webhooks.reviews import request
from webhooks.decision import Allow, Deny
from webhooks.policies.status_writers import POLICY
from webhooks.trusted import Trusted


def check(status: Any, **rest: Any) -> Any:
    old = cluster()
    asked = request(TENANT_CLUSTERS, {**old, "status": status}, old=old, subresource="status", **rest)
    return World(*WORLD).check(POLICY, asked)


def test_people_write_no_status() -> None:
    verdict = check({"endpoint": "https://elsewhere.example.org"})
    assert isinstance(verdict, Deny)
    assert "is written by clusterdesk itself, and not by ann" in verdict.reason


def test_the_provisioner_does_and_the_platform_may() -> None:
    status = {"endpoint": "https://web.example.org"}
    assert check(status, user=Trusted().provisioner) == Allow()
    assert check(status, groups=("system:masters",)) == Allow()


def test_to_write_what_is_there_is_to_write_nothing() -> None:
    assert check(None) == Allow()
