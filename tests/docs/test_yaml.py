"""What pages show as YAML is taken as it stands: by our models and CRDs, or by the chart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from provisioning import objects
from provisioning.manifest import Manifest
from provisioning.model import definitions
from tests.docs.pages import ROOT, pages
from tests.shared_crds import problems, project_schemas

VALUES = "# helm values\n"
_HERE = re.compile(r"<<EOF\n(.*?)^EOF$", re.MULTILINE | re.DOTALL)
MODELS = {definition.resource.kind: definition.model for definition in definitions.DEFINITIONS}


def manifests() -> Iterator[Any]:
    for page in pages():
        name = str(page.path.relative_to(ROOT))
        shown = [text for text in page.fences("yaml") if not text.startswith(VALUES)]
        typed = [text for fence in page.fences("console") for text in _HERE.findall(fence)]
        for text in (*shown, *typed):
            for manifest in yaml.safe_load_all(text):
                yield pytest.param(manifest, id=f"{name}-{manifest['kind']}-{manifest['metadata']['name']}")


@pytest.mark.parametrize("manifest", list(manifests()))
def test_every_manifest_is_one_that_the_api_server_would_take(manifest: Manifest) -> None:
    assert {"apiVersion", "kind", "metadata"} <= manifest.keys()
    schema = project_schemas().get((manifest["apiVersion"], manifest["kind"]))
    if schema is not None:
        assert problems(manifest, schema) == []
    if manifest["apiVersion"].startswith("clusterdesk.dev/"):
        objects.read(MODELS[manifest["kind"]], manifest)


def test_every_kind_that_people_write_is_shown() -> None:
    shown = {parameter.values[0]["kind"] for parameter in manifests()}
    assert MODELS.keys() - shown == {"TenantLedger"}


def test_every_value_shown_is_one_of_the_chart() -> None:
    known = yaml.safe_load((ROOT / "charts" / "clusterdesk" / "values.yaml").read_text())
    shown = [yaml.safe_load(text) for page in pages() for text in page.fences("yaml") if text.startswith(VALUES)]
    assert shown
    assert [path for values in shown for path in _unknown(values, known, "")] == []


def _unknown(values: Manifest, known: Manifest, at: str) -> Iterator[str]:
    for key, value in values.items():
        if key not in known:
            yield f"{at}{key}"
        elif isinstance(value, dict) and known[key]:
            yield from _unknown(value, known[key], f"{at}{key}.")
