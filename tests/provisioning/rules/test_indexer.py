"""Manifests in memory: what is found, by which value, and who is told of what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from provisioning.indexer import Indexer
from provisioning.manifest import Key, Manifest

TEAM = {"team": lambda manifest: manifest["metadata"].get("labels", {}).values()}


def config_map(name: str, version: str = "1", *, namespace: str = "x", data: str = "", **meta: Any) -> Manifest:
    meta = {"name": name, "namespace": namespace, "resourceVersion": version, **meta}
    return {"kind": "ConfigMap", "metadata": meta, "data": {"a": data}}


def holding(*manifests: Manifest, packed: bool = False) -> Indexer:
    indexer = Indexer(indexes=TEAM, packed=packed)
    indexer.replace(list(manifests))
    return indexer


def names(manifests: list[Manifest]) -> list[str]:
    return [manifest["metadata"]["name"] for manifest in manifests]


@pytest.mark.parametrize("packed", [False, True])
def test_objects_are_found_by_key_by_namespace_and_by_index(packed: bool) -> None:
    ours, theirs = config_map("one", labels={"team": "a"}), config_map("two", namespace="y")
    indexer = holding(ours, theirs, packed=packed)
    assert indexer.get("x", "one") == ours
    assert indexer.get("y", "one") is None
    assert names(indexer.list()) == ["one", "two"]
    assert names(indexer.list("y")) == ["two"]
    assert names(indexer.by("team", "a")) == ["one"]
    assert indexer.by("team", "b") == []


@pytest.mark.parametrize("packed", [False, True])
def test_an_index_follows_its_objects(packed: bool) -> None:
    indexer = holding(config_map("one", labels={"team": "a"}), packed=packed)
    indexer.put(("x", "one"), config_map("one", "2", labels={"team": "b"}))
    assert (names(indexer.by("team", "a")), names(indexer.by("team", "b"))) == ([], ["one"])
    indexer.put(("x", "one"), None)
    assert (indexer.by("team", "b"), indexer.list("x"), indexer.list()) == ([], [], [])


def test_managed_fields_are_dropped() -> None:
    (kept,) = holding(config_map("one", managedFields=[{"manager": "somebody"}])).list()
    assert "managedFields" not in kept["metadata"]


def test_a_whole_list_tells_only_what_differs() -> None:
    indexer = holding(config_map("gone"), config_map("stays"), config_map("changes"))
    told: list[tuple[bool, bool]] = []
    stop = indexer.listen(lambda before, after: told.append((before is not None, after is not None)))
    indexer.replace([config_map("stays"), config_map("changes", "2"), config_map("comes")])
    assert told == [(True, False), (True, True), (False, True)]
    stop()
    indexer.replace([])
    assert len(told) == 3


def test_what_is_packed_gives_each_reader_a_copy_of_its_own() -> None:
    indexer = holding(config_map("one", data="1"), packed=True)
    pairs: list[tuple[Manifest | None, Manifest | None]] = []
    indexer.listen(lambda before, after: pairs.append((before, after)))
    (indexer.get("x", "one") or {})["data"]["a"] = "scribbled over"
    assert [item["data"] for item in indexer.list()] == [{"a": "1"}]
    indexer.put(("x", "one"), config_map("one", "2", data="2"))
    assert pairs == [(config_map("one", data="1"), config_map("one", "2", data="2"))]


def test_changes_are_counted_and_nothing_else_is() -> None:
    indexer = holding(config_map("one"))
    first = indexer.changes
    indexer.list()
    indexer.put(("x", "other"), None)
    indexer.replace([config_map("one")])
    assert indexer.changes == first
    indexer.put(("x", "one"), config_map("one", "2"))
    assert indexer.changes == first + 1
    indexer.put(("x", "one"), None)
    assert indexer.changes == first + 2


async def test_changed_gives_what_is_there_then_each_change_once() -> None:
    indexer = holding(config_map("one"))
    changes = indexer.changed()
    async with asyncio.timeout(10):
        assert await anext(changes) == ("x", "one")
        indexer.put(("x", "two"), config_map("two"))
        indexer.put(("x", "two"), config_map("two", "2"))
        indexer.put(("x", "one"), None)
        rest: list[Key] = [await anext(changes), await anext(changes)]
        assert rest == [("x", "two"), ("x", "one")]
        await changes.aclose()
