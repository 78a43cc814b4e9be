"""The second line says what the policies say, of kinds that they look at."""

from __future__ import annotations

import re

import pytest

from webhooks.policies import POLICIES, ledger_writers
from webhooks.second_line import GUARDS, Guard, policies
from webhooks.trusted import Trusted

SPECS = {made["name"]: made["spec"] for made in policies()}
ABOUT = {
    (rule.resource, rule.subresource, operation)
    for policy in POLICIES
    for rule in policy.applies_to
    for operation in rule.operations
}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_refuses_nothing_that_the_webhook_is_not_asked_about(guard: Guard) -> None:
    asked = {(rule.resource, rule.subresource, operation) for rule in guard.applies_to for operation in rule.operations}
    assert asked <= ABOUT


@pytest.mark.parametrize("name", SPECS)
def test_a_policy_has_the_variables_that_it_uses_in_an_order_in_which_each_is_known(name: str) -> None:
    spec, known = SPECS[name], set[str]()
    for variable in spec["variables"]:
        assert set(re.findall(r"variables\.(\w+)", variable["expression"])) <= known
        known.add(variable["name"])
    text = str(spec["validations"]) + str(spec["variables"])
    assert set(re.findall(r"variables\.(\w+)", text)) == known


def test_a_sentence_is_the_policys_own() -> None:
    (check,) = SPECS["ledgers"]["validations"]
    words = ledger_writers.TOLD.partition("{name}")[2]
    assert words in check["messageExpression"]
    assert "request.name" in check["messageExpression"]


def test_what_cannot_be_judged_is_refused() -> None:
    assert {spec["failurePolicy"] for spec in SPECS.values()} == {"Fail"}


def test_accounts_and_groups_with_odd_names_stay_text() -> None:
    odd = Trusted(platform_users=frozenset({'o\'neil "x"'}))
    spec = next(made["spec"] for made in policies(odd) if made["name"] == "namespaces")
    users = next(variable for variable in spec["variables"] if variable["name"] == "platformUsers")
    assert users["expression"] == '["o\'neil \\"x\\""]'
