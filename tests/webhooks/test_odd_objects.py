"""Objects of any shape: every rule answers, none breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, Resource
from tests.webhooks.estate import WORLD, cluster, deployment, template
from tests.webhooks.estate import request as asking
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny, Patch
from webhooks.defaults import DEFAULTS
from webhooks.judge import Judge
from webhooks.policies import POLICIES
from webhooks.review import Request
from webhooks.trusted import Trusted

RULES = {
    (rule.resource, rule.subresource): rule.resource for each in (*POLICIES, *DEFAULTS) for rule in each.applies_to
}
KEYS = """
template spec pools replicas infrastructureRef kind name chart chartRef sourceRef kubeConfig secretRef values valuesFrom
resources files content encoding namespaces desired action cluster digest requester user votes phase network metadata
virtualMachineTemplate volumes addOns version lifetime containers image args command
""".split()  # noqa: SIM905 - a list of forty words

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
words = st.sampled_from([*KEYS, "ConfigMap", "KubevirtMachineTemplate", "big", "Create", "cluster-autoscaler\n- x"])
trees = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


sections = st.dictionaries(st.sampled_from(KEYS), trees, max_size=5)


@pytest.mark.parametrize(("resource", "subresource"), list(RULES), ids=lambda part: getattr(part, "plural", part))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spec=sections, old=st.none() | sections, section=st.sampled_from(["spec", "data", "status"]))
def test_every_rule_answers_to_any_shape(
    resource: Resource, subresource: str, spec: Any, old: Any, section: str
) -> None:
    new = manifest(resource, "web", **{section: spec})
    before = manifest(resource, "web", **{section: old}) if old is not None else None
    world = World(*WORLD, template(), deployment("web"), cluster("other"))
    judge = Judge(POLICIES, DEFAULTS, world, ToldLedgers(), Trusted(), now=lambda: NOW)

    asked = request(resource, new, old=before, subresource=subresource)

    async def both() -> tuple[Any, Any]:
        deadline = asyncio.get_running_loop().time() + 10
        return await judge.validate(asked, deadline=deadline), await judge.mutate(asked, deadline=deadline)

    verdict, completed = asyncio.run(both())
    assert isinstance(verdict, Allow | Deny)
    assert isinstance(completed, Allow | Patch)
    assert (asked.object, asked.old) == (new, before), "neither rules nor defaults change what they look at"


@pytest.mark.parametrize(
    "odd", ["0000-01-01T00:00:00Z", "2026-11-24T12:00:00+99:99", "0001-01-01T00:00:00+14:00", "soon"]
)
def test_what_only_a_schema_takes_for_a_time_is_refused_as_what_it_is(odd: str) -> None:
    people = {"approver": {"user": "bob"}, "delegate": {"user": "cyd"}}
    judge = Judge(POLICIES, DEFAULTS, World(*WORLD), ToldLedgers(), Trusted(), now=lambda: NOW)
    vote = {"voter": {"user": "bob"}, "decision": "Approve", "at": odd}
    old = asking()
    for asked in (
        request(APPROVAL_DELEGATIONS, manifest(APPROVAL_DELEGATIONS, "a", {**people, "until": odd}), user="bob"),
        request(CLUSTER_REQUESTS, {**old, "status": {"votes": [vote]}}, old=old, subresource="status", user="bob"),
    ):

        async def validated(asked: Request = asked) -> Any:
            return await judge.validate(asked, deadline=asyncio.get_running_loop().time() + 10)

        verdict = asyncio.run(validated())
        assert isinstance(verdict, Deny)
        assert (verdict.code, f"{odd} is no time" in verdict.reason) == (422, True)


@pytest.mark.parametrize(
    "metadata", [{"creationTimestamp": 1}, {"creationTimestamp": ["a"]}, {"finalizers": 1}], ids=str
)
def test_metadata_of_any_shape_is_refused_as_what_it_is(metadata: dict[str, Any]) -> None:
    judge = Judge(POLICIES, DEFAULTS, World(*WORLD), ToldLedgers(), Trusted(), now=lambda: NOW)
    wish = asking()
    asked = request(CLUSTER_REQUESTS, {**wish, "metadata": {**wish["metadata"], **metadata}}, user="bob")

    async def validated() -> Any:
        return await judge.validate(asked, deadline=asyncio.get_running_loop().time() + 10)

    verdict = asyncio.run(validated())
    assert isinstance(verdict, Deny)
    assert (verdict.code, "metadata: cannot be read" in verdict.reason) == (422, True)
