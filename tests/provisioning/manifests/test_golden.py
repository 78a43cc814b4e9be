"""Whole clusters as they are rendered, kept in `tests/golden/`. `UPDATE_GOLDEN=1` writes them anew; read the diff."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning import legacy
from tests.provisioning.manifests.examples import WHOLE_CLUSTERS, rendered


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are written as such, so that a reviewer can read them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)

GOLDEN = Path(__file__).parent.parent.parent / "golden"
LEGACY = ("small", "special")
"""Those that are kept as they are written for the older generation of APIs as well."""


@pytest.mark.parametrize("name", WHOLE_CLUSTERS)
def test_a_whole_cluster_is_rendered_as_it_was_read_and_agreed_to(name: str) -> None:
    _compare(GOLDEN / f"{name}.yaml", rendered(**WHOLE_CLUSTERS[name]))


def _compare(path: Path, manifests: list[dict[str, Any]]) -> None:
    text = yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, width=120)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert path.read_text() == text


@pytest.mark.parametrize("name", LEGACY)
def test_a_whole_cluster_of_the_old_generation_is_written_as_it_was_read_and_agreed_to(name: str) -> None:
    written = [*map(legacy.down, rendered(**WHOLE_CLUSTERS[name]))]
    _compare(GOLDEN / "legacy" / f"{name}.yaml", written)


def test_every_golden_file_is_of_a_cluster_that_is_rendered() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(WHOLE_CLUSTERS)
    assert {path.stem for path in GOLDEN.glob("legacy/*.yaml")} == set(LEGACY)


def test_two_renders_of_one_cluster_are_equal_to_the_byte() -> None:
    assert yaml.safe_dump_all(rendered()) == yaml.safe_dump_all(rendered())


def test_the_order_of_pools_and_add_ons_in_the_spec_changes_nothing() -> None:
    pools: list[Any] = [
        {"name": "a", "flavor": "small", "replicas": 1},
        {"name": "b", "flavor": "large", "replicas": 1},
    ]
    add_ons = [{"name": "cilium"}, {"name": "metrics-server"}]
    there = rendered(pools=pools, addOns=add_ons)
    back = rendered(pools=pools[::-1], addOns=add_ons[::-1])
    assert there == back
