"""What `Kube` promises of an API server, as tests that run against the fake one and against the real one."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from provisioning import errors
from provisioning.kube import Change, Kube
from provisioning.manifest import Manifest
from provisioning.objects import parse_time
from provisioning.resources import CONFIG_MAPS, TENANT_CLUSTERS, Resource


def config_map(namespace: str, name: str, data: dict[str, str] | None = None, **meta: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **meta},
        "data": data or {},
    }


def tenant_cluster(namespace: str, name: str, nodes: int = 1, **meta: Any) -> Manifest:
    return {
        "apiVersion": TENANT_CLUSTERS.api_version,
        "kind": "TenantCluster",
        "metadata": {"name": name, "namespace": namespace, **meta},
        "spec": {"pools": [{"name": "main", "flavor": "small", "replicas": nodes}]},
    }


async def events(kube: Kube, resource: Resource, since: str, *, namespace: str, count: int) -> list[Change]:
    """The first `count` changes after `since`, bookmarks aside."""
    found: list[Change] = []
    async with asyncio.timeout(60), aclosing(kube.watch(resource, since=since, namespace=namespace)) as changes:
        async for change in changes:
            if change.type != "BOOKMARK":
                found.append(change)
            if len(found) == count:
                break
    return found


class Promises:
    """Subclasses give the fixtures `kube` and `namespace`."""

    async def test_what_is_created_can_be_read_and_has_a_version(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}))
        assert made["metadata"]["resourceVersion"]
        assert await kube.get(CONFIG_MAPS, "one", namespace=namespace) == made

    async def test_what_time_it_is_is_told_as_objects_are_dated(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        age = kube.now() - parse_time(made["metadata"]["creationTimestamp"])
        # Both are in whole seconds.
        assert timedelta(seconds=-1) <= age < timedelta(seconds=30)

    async def test_what_is_not_there_is_not_found_and_can_be_looked_for(self, kube: Kube, namespace: str) -> None:
        with pytest.raises(errors.NotFound):
            await kube.get(CONFIG_MAPS, "none", namespace=namespace)
        assert await kube.find(CONFIG_MAPS, "none", namespace=namespace) is None

    @pytest.mark.parametrize("name", ["", ".", "..", "one/data", "../pods/one", "%2E"])
    async def test_under_a_name_that_nothing_can_have_nothing_is_found(
        self, kube: Kube, namespace: str, name: str
    ) -> None:
        await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        assert await kube.find(CONFIG_MAPS, name, namespace=namespace) is None

    async def test_creating_a_name_twice_says_that_it_is_there(self, kube: Kube, namespace: str) -> None:
        await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        with pytest.raises(errors.AlreadyExists):
            await kube.create(CONFIG_MAPS, config_map(namespace, "one"))

    async def test_replacing_an_old_version_conflicts(self, kube: Kube, namespace: str) -> None:
        old = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        await kube.replace(CONFIG_MAPS, {**old, "data": {"a": "1"}})
        with pytest.raises(errors.Conflict) as caught:
            await kube.replace(CONFIG_MAPS, {**old, "data": {"a": "2"}})
        assert not isinstance(caught.value, errors.AlreadyExists)

    async def test_a_brief_answer_to_a_write_tells_its_version(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}))
        written = await kube.replace(CONFIG_MAPS, {**made, "data": {"a": "2"}}, brief=True)
        now = await kube.get(CONFIG_MAPS, "one", namespace=namespace)
        assert written["metadata"]["resourceVersion"] == now["metadata"]["resourceVersion"]
        assert now["data"] == {"a": "2"}

    async def test_a_roll_call_tells_who_is_there_as_of_when_and_nothing_where_there_are_too_many(
        self, kube: Kube, namespace: str
    ) -> None:
        one, two = [await kube.create(TENANT_CLUSTERS, tenant_cluster(namespace, name)) for name in ("one", "two")]
        changed = await kube.merge(TENANT_CLUSTERS, "two", {"metadata": {"labels": {"a": "b"}}}, namespace=namespace)
        roll = await kube.revisions(TENANT_CLUSTERS, most=1000)
        assert roll is not None
        for name, there in (("one", one), ("two", changed)):
            assert roll[namespace, name] == (there["metadata"]["uid"], there["metadata"]["resourceVersion"])
        assert roll[namespace, "two"][1] != two["metadata"]["resourceVersion"]
        assert await kube.revisions(TENANT_CLUSTERS, most=1) is None

    async def test_a_write_that_changes_nothing_makes_no_version(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}))
        again = await kube.replace(CONFIG_MAPS, made)
        assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]

    async def test_a_merge_patch_with_an_old_version_conflicts(self, kube: Kube, namespace: str) -> None:
        old = await kube.create(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}))
        await kube.merge(CONFIG_MAPS, "one", {"data": {"a": None, "b": "2"}}, namespace=namespace)
        now = await kube.get(CONFIG_MAPS, "one", namespace=namespace)
        assert now["data"] == {"b": "2"}
        patch = {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"c": "3"}}
        with pytest.raises(errors.Conflict):
            await kube.merge(CONFIG_MAPS, "one", patch, namespace=namespace)

    async def test_applying_creates_then_changes_then_takes_back_only_its_own(self, kube: Kube, namespace: str) -> None:
        await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "1", "b": "2"}), manager="we")
        await kube.merge(CONFIG_MAPS, "one", {"data": {"theirs": "x"}}, namespace=namespace)
        after = await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "3"}), manager="we")
        assert after["data"] == {"a": "3", "theirs": "x"}

    async def test_applying_the_same_again_makes_no_version(self, kube: Kube, namespace: str) -> None:
        first = await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}), manager="we")
        second = await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}), manager="we")
        assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]

    async def test_applying_over_another_manager_conflicts_unless_forced(self, kube: Kube, namespace: str) -> None:
        await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}), manager="they")
        with pytest.raises(errors.Conflict):
            await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "2"}), manager="we", force=False)
        forced = await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "2"}), manager="we")
        assert forced["data"] == {"a": "2"}

    async def test_applying_leaves_others_finalizers_alone(self, kube: Kube, namespace: str) -> None:
        await kube.apply(CONFIG_MAPS, config_map(namespace, "one", finalizers=["example.com/they"]), manager="they")
        mine = config_map(namespace, "one", finalizers=["example.com/we"])
        both = await kube.apply(CONFIG_MAPS, mine, manager="we")
        assert set(both["metadata"]["finalizers"]) == {"example.com/they", "example.com/we"}
        left = await kube.apply(CONFIG_MAPS, config_map(namespace, "one"), manager="we")
        assert left["metadata"]["finalizers"] == ["example.com/they"]
        await kube.merge(CONFIG_MAPS, "one", {"metadata": {"finalizers": None}}, namespace=namespace)

    async def test_a_dry_run_answers_and_writes_nothing(self, kube: Kube, namespace: str) -> None:
        answer = await kube.create(CONFIG_MAPS, config_map(namespace, "one"), dry_run=True)
        assert answer["metadata"]["uid"]
        assert await kube.find(CONFIG_MAPS, "one", namespace=namespace) is None
        applied = await kube.apply(CONFIG_MAPS, config_map(namespace, "one", {"a": "1"}), manager="we", dry_run=True)
        assert applied["data"] == {"a": "1"}
        assert await kube.find(CONFIG_MAPS, "one", namespace=namespace) is None
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        await kube.delete(CONFIG_MAPS, "one", namespace=namespace, uid=made["metadata"]["uid"], dry_run=True)
        assert await kube.find(CONFIG_MAPS, "one", namespace=namespace) is not None

    async def test_spec_and_status_are_written_by_different_ways(self, kube: Kube, namespace: str) -> None:
        wanted = {**tenant_cluster(namespace, "one"), "status": {"version": "v1.34.4"}}
        made = await kube.create(TENANT_CLUSTERS, wanted)
        assert "status" not in made
        assert made["metadata"]["generation"] == 1
        told = await kube.replace(
            TENANT_CLUSTERS, {**made, "spec": {}, "status": {"version": "v1.34.4"}}, subresource="status"
        )
        assert told["spec"] == made["spec"]
        assert told["status"] == {"version": "v1.34.4"}
        assert told["metadata"]["generation"] == 1
        grown = await kube.replace(TENANT_CLUSTERS, {**told, "spec": tenant_cluster("", "", 2)["spec"], "status": {}})
        assert grown["metadata"]["generation"] == 2
        assert grown["status"] == {"version": "v1.34.4"}

    async def test_a_finalizer_holds_an_object_until_it_is_taken_off(self, kube: Kube, namespace: str) -> None:
        await kube.create(TENANT_CLUSTERS, tenant_cluster(namespace, "one", finalizers=["example.com/hold"]))
        await kube.delete(TENANT_CLUSTERS, "one", namespace=namespace)
        held = await kube.get(TENANT_CLUSTERS, "one", namespace=namespace)
        assert held["metadata"]["deletionTimestamp"]
        await kube.merge(TENANT_CLUSTERS, "one", {"metadata": {"finalizers": None}}, namespace=namespace)
        assert await kube.find(TENANT_CLUSTERS, "one", namespace=namespace) is None

    async def test_deleting_by_another_uid_conflicts(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        with pytest.raises(errors.Conflict):
            await kube.delete(CONFIG_MAPS, "one", namespace=namespace, uid="0c5f1a2e-0000-4000-8000-000000000000")
        await kube.delete(CONFIG_MAPS, "one", namespace=namespace, uid=made["metadata"]["uid"])
        assert await kube.find(CONFIG_MAPS, "one", namespace=namespace) is None

    async def test_deleting_what_has_changed_conflicts(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        meta = (await kube.merge(CONFIG_MAPS, "one", {"data": {"more": "1"}}, namespace=namespace))["metadata"]
        old = made["metadata"]["resourceVersion"]
        with pytest.raises(errors.Conflict):
            await kube.delete(CONFIG_MAPS, "one", namespace=namespace, uid=meta["uid"], version=old)
        await kube.delete(CONFIG_MAPS, "one", namespace=namespace, uid=meta["uid"], version=meta["resourceVersion"])
        assert await kube.find(CONFIG_MAPS, "one", namespace=namespace) is None

    async def test_a_list_selects_by_label_and_its_items_say_what_they_are(self, kube: Kube, namespace: str) -> None:
        await kube.create(CONFIG_MAPS, config_map(namespace, "one", labels={"team": "a"}))
        await kube.create(CONFIG_MAPS, config_map(namespace, "two", labels={"team": "b"}))
        (item,) = (await kube.list(CONFIG_MAPS, namespace=namespace, labels="team=a")).items
        assert (item["apiVersion"], item["kind"], item["metadata"]["name"]) == ("v1", "ConfigMap", "one")

    async def test_a_watch_tells_everything_after_the_list_in_order(self, kube: Kube, namespace: str) -> None:
        since = (await kube.list(CONFIG_MAPS, namespace=namespace)).resource_version
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))
        await kube.replace(CONFIG_MAPS, {**made, "data": {"a": "1"}})
        await kube.delete(CONFIG_MAPS, "one", namespace=namespace)
        seen = await events(kube, CONFIG_MAPS, since, namespace=namespace, count=3)
        assert [change.type for change in seen] == ["ADDED", "MODIFIED", "DELETED"]

    async def test_of_many_who_replace_one_version_one_wins(self, kube: Kube, namespace: str) -> None:
        made = await kube.create(CONFIG_MAPS, config_map(namespace, "one"))

        async def attempt(number: int) -> bool:
            try:
                await kube.replace(CONFIG_MAPS, {**made, "data": {"who": str(number)}})
            except errors.Conflict:
                return False
            return True

        assert sum(await asyncio.gather(*(attempt(n) for n in range(8)))) == 1

    async def test_text_is_read_as_text(self, kube: Kube, namespace: str) -> None:
        assert await kube.text("/readyz") == "ok"
