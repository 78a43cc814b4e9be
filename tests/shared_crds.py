"""Holds manifests against CRDs: those of this project, and the real ones when they lie beside the checkout.

A small reading of structural schemas: types, required and unknown fields, enums, patterns, bounds. CEL is left to the
real API server, against which the same manifests are applied by other tests.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from playground import schemas
from provisioning.manifest import Manifest
from provisioning.model import definitions

Schema = Mapping[str, Any]

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "crds"
FOLDERS = (
    "cluster-api",
    "cluster-api-addon-provider-helm",
    "cluster-api-bootstrap-kubeadm",
    "cluster-api-control-plane-kamaji",
    "cluster-api-infrastructure-kubevirt",
    "flux",
)
"""Those whose kinds we render; of the control plane's two versions, the one that is served."""
OLD_KAMAJI = "cluster-api-control-plane-kamaji-v0.19"

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


@functools.cache
def project_schemas() -> dict[tuple[str, str], Schema]:
    """The CRDs of this project, by apiVersion and kind."""
    return _by_kind([*schemas.stand_ins(), *definitions.definitions()])


@functools.cache
def shared_schemas() -> dict[tuple[str, str], Schema]:
    """The providers' own CRDs, by apiVersion and kind; none where they are not at hand."""
    paths = sorted(path for folder in FOLDERS for path in (SHARED / folder).glob("*.yaml"))
    return _by_kind([yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in paths])


@functools.cache
def old_schemas() -> dict[tuple[str, str], Schema]:
    """Those of the older Kamaji provider; Cluster API's own CRDs have both generations. None where not at hand."""
    paths = sorted((SHARED / OLD_KAMAJI).glob("*.yaml"))
    return _by_kind([yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in paths])


def problems(manifest: Manifest, schema: Schema) -> list[str]:
    """Everything in which a manifest does not fit a schema, each with its path."""
    return list(_problems(manifest, schema, ""))


def _by_kind(crds: list[Manifest]) -> dict[tuple[str, str], Schema]:
    return {
        (f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]): version["schema"][
            "openAPIV3Schema"
        ]
        for crd in crds
        for version in crd["spec"]["versions"]
    }


def _problems(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, int | str) or isinstance(value, bool):
            yield f"{path}: {value!r} is neither a number nor a text"
        return
    expected = schema.get("type")
    if expected and not _is(value, expected):
        yield f"{path}: {value!r} is no {expected}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    yield from _content_problems(value, schema, path)


def _content_problems(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _object_problems(value, schema, path)
    elif isinstance(value, list):
        yield from _size_problems(len(value), schema, path, "Items")
        for index, item in enumerate(value):
            yield from _problems(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _size_problems(len(value), schema, path, "Length")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{path}: {value!r} does not match {schema['pattern']}"
    elif value < schema.get("minimum", value) or value > schema.get("maximum", value):
        yield f"{path}: {value!r} is out of bounds"


def _object_problems(value: Manifest, schema: Schema, path: str) -> Iterator[str]:
    yield from _size_problems(len(value), schema, path, "Properties")
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name in schema.get("required", ()):
        # The API server fills a default in before it asks what is missing.
        if name not in value and "default" not in properties.get(name, {}):
            yield f"{path}.{name}: required"
    lenient = schema.get("x-kubernetes-preserve-unknown-fields") or (path == ".metadata")
    for name, inner in value.items():
        if name in properties:
            yield from _problems(inner, properties[name], f"{path}.{name}")
        elif isinstance(others, Mapping):
            yield from _problems(inner, others, f"{path}.{name}")
        elif not (lenient or others):
            yield f"{path}.{name}: unknown field"


def _size_problems(size: int, schema: Schema, path: str, what: str) -> Iterator[str]:
    if size < schema.get(f"min{what}", 0):
        yield f"{path}: too small, {size}"
    if size > schema.get(f"max{what}", size):
        yield f"{path}: too large, {size}"


def _is(value: Any, expected: str) -> bool:
    if isinstance(value, bool):
        return expected == "boolean"
    return isinstance(value, _TYPES[expected])
