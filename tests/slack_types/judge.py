"""Whether a payload is what Slack's own types say. They know no rule between two fields: those are the workspace's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

KINDS = {"message": "SentMessage", "modal": "SentModal", "home": "SentHome", "options": "SentOptions"}


def problems(payload: Mapping[str, Any], kind: str) -> list[str]:
    """What Slack's types say against a message, a modal, a home view or an answer of options."""
    found = _judge(KINDS[kind]).iter_errors(json.loads(json.dumps(payload)))
    return [f"{'/'.join(map(str, each.instance_path)) or 'all of it'}: {each.message[:300]}" for each in found]


@cache
def _judge(name: str) -> jsonschema_rs.Validator:
    schema = json.loads((Path(__file__).parent / "schema.json").read_text())
    return jsonschema_rs.validator_for({**schema, "$ref": f"#/definitions/{name}"})
