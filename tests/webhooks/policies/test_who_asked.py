"""Nobody writes into a cluster who asked for it."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.names import REQUESTED_BY_ANNOTATION
from provisioning.resources import CLUSTERS, TENANT_CLUSTERS
from tests.webhooks.estate import WORLD, cluster, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.who_asked import POLICY
from webhooks.trusted import Trusted

KINDS = [(TENANT_CLUSTERS, cluster()), (CLUSTERS, manifest(CLUSTERS, "raw", {}))]


def ask(resource: Any, new: Any, *, user: str = "ann", **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(resource, new, user=user, **rest))


def by(found: Any, user: str) -> Any:
    return tweak(found, "metadata.annotations", {REQUESTED_BY_ANNOTATION: user} if user else None)


@pytest.mark.parametrize(("resource", "found"), KINDS)
def test_a_new_one_names_whoever_makes_it_or_nobody(resource: Any, found: Any) -> None:
    assert ask(resource, by(found, "ann")) == Allow()
    assert ask(resource, found) == Allow()  # The defaults were not reached, and nobody has claimed anything.
    verdict = ask(resource, by(found, "root"))
    assert isinstance(verdict, Deny)
    assert (
        verdict.reason == f"metadata.annotations[{REQUESTED_BY_ANNOTATION}]: is written by clusterdesk, and is ann here"
    )


@pytest.mark.parametrize(("resource", "found"), KINDS)
def test_what_is_noted_stays_whoever_writes(resource: Any, found: Any) -> None:
    assert ask(resource, by(found, "ann"), old=by(found, "ann"), user="eve") == Allow()
    for before, after, why in (("ann", "eve", "stays ann"), ("ann", "", "stays ann"), ("", "eve", "afterwards")):
        verdict = ask(resource, by(found, after), old=by(found, before), user="eve")
        assert isinstance(verdict, Deny)
        assert why in verdict.reason


def test_our_provisioner_names_whoever_asked() -> None:
    assert ask(TENANT_CLUSTERS, by(cluster(), "ann"), user=Trusted().provisioner) == Allow()


def test_what_is_going_and_what_is_nobodys_is_left_alone() -> None:
    going = tweak(by(cluster(), ""), "metadata.deletionTimestamp", "2026-11-24T12:00:00Z")
    assert ask(TENANT_CLUSTERS, going, old=by(cluster(), "ann")) == Allow()
    elsewhere = by(manifest(CLUSTERS, "raw", {}, namespace="elsewhere"), "root")
    assert ask(CLUSTERS, elsewhere) == Allow()
