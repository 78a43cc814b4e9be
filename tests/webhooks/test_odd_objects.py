"""Objects of any shape: every rule answers, none breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.resources import Resource
from tests.webhooks.estate import WORLD, cluster, deployment, template
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny, Patch
from webhooks.defaults import DEFAULTS
from webhooks.facts import Trusted
from webhooks.judge import Judge
from webhooks.policies import POLICIES

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
