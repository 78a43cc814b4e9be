"""Which caBundle fields hold something else than our bundle, and the JSON patches that set them right.

Pure. A target is an object that tells the API server whom to trust when it calls us: an admission webhook
configuration or a CustomResourceDefinition with a conversion webhook.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]
Operation = dict[str, Any]

_CONVERSION = "/spec/conversion/webhook/clientConfig"


@dataclass(frozen=True)
class Field:
    """One clientConfig: its JSON pointer, and what its caBundle holds now (PEM, empty when there is none)."""

    pointer: str
    pem: bytes


@dataclass(frozen=True)
class Target:
    """An object with at least one clientConfig, at the revision in which it was read."""

    path: str
    version: str
    fields: tuple[Field, ...]


def read(path: str, manifest: Manifest) -> Target | None:
    """The clientConfigs of an object that lives at the API path; None when it has none."""
    fields = tuple(_field(pointer, config) for pointer, config in _configs(manifest))
    return Target(path, manifest["metadata"]["resourceVersion"], fields) if fields else None


def holds(target: Target, pem: bytes) -> bool:
    """Whether every verifier behind this target is given exactly this bundle."""
    return all(field.pem == pem for field in target.fields)


def tells(target: Target, certificate: bytes) -> bool:
    """Whether every verifier behind this target trusts this authority (PEM), perhaps beside others."""
    return all(certificate in field.pem for field in target.fields)


def patch(target: Target, pem: bytes) -> list[Operation]:
    """What makes the target hold the bundle; empty when it does already.

    The `test` comes first, so that the patch fails whole when anybody wrote since the target was read: the order
    of webhooks in the list may be another one by now, or the bundle a newer one.
    """
    wrong = [field for field in target.fields if field.pem != pem]
    if not wrong:
        return []
    value = base64.b64encode(pem).decode()
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": target.version},
        *({"op": "add", "path": f"{field.pointer}/caBundle", "value": value} for field in wrong),
    ]


def _configs(manifest: Manifest) -> list[tuple[str, Manifest]]:
    webhooks = [
        (f"/webhooks/{index}/clientConfig", webhook["clientConfig"])
        for index, webhook in enumerate(manifest.get("webhooks") or [])
    ]
    conversion = manifest.get("spec", {}).get("conversion") or {}
    config = (conversion.get("webhook") or {}).get("clientConfig")
    return [*webhooks, (_CONVERSION, config)] if config is not None else webhooks


def _field(pointer: str, config: Manifest) -> Field:
    try:
        return Field(pointer, base64.b64decode(config.get("caBundle") or "", validate=True))
    except binascii.Error:
        return Field(pointer, b"")
