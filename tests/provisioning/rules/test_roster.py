"""Tenants found by name, by namespace and by the Slack accounts that they list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from provisioning.model import Person, Tenant
from provisioning.objects import Stored
from provisioning.roster import Roster
from tests import builders
from tests.builders import ANN, BEN


def tenant(name: str, **spec: Any) -> Stored[Tenant]:
    made = builders.stored_tenant(**spec)
    return Stored(replace(made.meta, name=name), made.it)


BLUE = tenant("blue", namespaces=["team-a", "shared"])
RED = tenant("red", namespaces=["team-b", "shared"], members=[{"user": "somebody", "slack": "U0ANN"}])
ROSTER = Roster((RED, BLUE))


def test_tenants_are_by_name_and_found_by_it() -> None:
    assert ROSTER.tenants == (BLUE, RED)
    assert (ROSTER.named("red"), ROSTER.named("green")) == (RED, None)


def test_a_namespace_is_its_tenants_and_of_two_that_claim_it_the_firsts() -> None:
    assert (ROSTER.holding("team-b"), ROSTER.holding("shared"), ROSTER.holding("default")) == (RED, BLUE, None)


def test_a_slack_account_is_whose_the_first_tenant_says_however_often_one_asks() -> None:
    assert [ROSTER.person(slack) for slack in ("U0ANN", "U0BEN", "U0NOBODY", "U0ANN")] == [ANN, BEN, None, ANN]
    assert Roster((RED,)).person("U0ANN") == Person(user="somebody", slack="U0ANN")
