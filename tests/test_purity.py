"""A module that calls itself pure speaks to nobody, nor does any that it imports."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import grimp
import pytest

PACKAGES = ("bot", "certs", "plugin", "provisioning", "webhooks")
NETWORK = ("aiohttp", "kubernetes_asyncio", "slack_bolt", "slack_sdk")
ROOT = Path(__file__).parents[1]


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def says_pure(path: Path) -> bool:
    return re.search(r"\bPure\b", ast.get_docstring(ast.parse(path.read_text())) or "") is not None


PURE = [name(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if says_pure(path)]


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def test_what_is_called_pure_is_found() -> None:
    assert {"bot.cards", "provisioning.plan", "provisioning.wish", "webhooks.placement"} <= {*PURE}


@pytest.mark.parametrize("module", PURE)
def test_no_way_leads_from_a_pure_module_to_the_network(imports: grimp.ImportGraph, module: str) -> None:
    ways = (imports.find_shortest_chain(module, library) for library in NETWORK)
    assert [" → ".join(way) for way in ways if way] == []


def test_a_way_to_the_network_would_be_found(imports: grimp.ImportGraph) -> None:
    assert imports.find_shortest_chain("provisioning.landscape", "aiohttp")
