"""The real API server keeps the same promises: so tests on the fake mean something."""

from __future__ import annotations

import pytest

from provisioning.kube import Kube
from provisioning.resources import CONFIG_MAPS
from tests.provisioning.kube_contract.promises import Promises, config_map


@pytest.fixture
def kube(admin: Kube) -> Kube:
    return admin


class TestReal(Promises):
    async def test_whoever_looks_at_the_owners_of_fields_finds_our_name(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}))
        await kube.replace(CONFIG_MAPS, {**made, "data": {"a": "2"}})
        merged = await kube.merge(CONFIG_MAPS, "one", {"data": {"b": "3"}}, namespace=namespace)
        assert {entry["manager"] for entry in merged["metadata"]["managedFields"]} == {"clusterdesk"}

    async def test_a_brief_answer_leaves_out_what_was_written(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}))
        assert "data" not in await kube.replace(CONFIG_MAPS, {**made, "data": {"a": "2"}}, brief=True)
