"""What may be set, and what is said about what may not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.manifest import Manifest
from tests.charts.rendering import CHART, CI, Helm, Refused

VALUES: Manifest = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: Manifest = json.loads((CHART / "values.schema.json").read_text())


@pytest.mark.parametrize("values", CI, ids=lambda path: path.name)
def test_chart_passes_the_strict_linter(helm: Helm, values: Path) -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in helm.lint(values)


def test_every_value_has_a_default_and_a_description_and_nothing_else_is_taken() -> None:
    for path, schema, value in _walk(SCHEMA, VALUES):
        assert schema.get("description"), f"{path} is not described"
        if "properties" in schema:
            assert schema["additionalProperties"] is False, path
            assert set(value) == set(schema["properties"]) - {"global"}, path


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"webhook": {}}, "webhook"),
        ({"webhooks": {"replica": 3}}, "replica"),
        ({"webhooks": {"replicas": 0}}, "replicas"),
        ({"webhooks": {"validating": {"failurePolicy": "Maybe"}}}, "failurePolicy"),
        ({"webhooks": {"validating": {"timeoutSeconds": 31}}}, "timeoutSeconds"),
        ({"webhooks": {"validating": {"timeoutSeconds": 5}}}, "timeoutSeconds"),
        ({"slack": {"mode": "carrier-pigeon"}}, "mode"),
        ({"slack": {"botToken": "xoxb-in-values"}}, "botToken"),
        ({"slack": {"platformPeople": ["pat@example.com"]}}, "platformPeople"),
        ({"slack": {"existingSecret": ""}}, "existingSecret"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"certs": {"mode": "none"}}, "mode"),
        ({"commonLabels": {"app.kubernetes.io/part-of": "other"}}, "app.kubernetes.io/part-of"),
        ({"bot": {"ingress": {"enabled": True, "host": "a.example.com"}}}, "slack.mode=http"),
        ({"slack": {"mode": "http"}, "bot": {"ingress": {"enabled": True}}}, "bot.ingress.host"),
        ({"webhooks": {"mutating": {"timeoutSeconds": 20}}}, "within one request"),
    ],
)
def test_impossible_values_are_refused_by_name(helm: Helm, values: Manifest, complaint: str) -> None:
    with pytest.raises(Refused) as raised:
        helm.render(values)
    assert complaint in str(raised.value)


def _walk(schema: Manifest, value: Any, path: str = "") -> Iterator[tuple[str, Manifest, Any]]:
    for name, inner in schema.get("properties", {}).items():
        if name == "global":
            continue
        if "$ref" in inner:
            continue
        yield f"{path}.{name}", inner, value[name]
        yield from _walk(inner, value[name], f"{path}.{name}")
