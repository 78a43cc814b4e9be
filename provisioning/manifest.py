"""A manifest: an object of the API as raw JSON. A dict on purpose, for Kubernetes owns that shape. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]
Manifests = list[Manifest]
Tree = Mapping[str, Any]
"""A manifest, or a part of one, that is only looked at."""
Key = tuple[str, str]
"""Namespace ("" for what has none) and name."""
Revision = tuple[str, str]
"""Uid and resourceVersion: the same ones stand for the same object as it was then."""
Revisions = Mapping[Key, Revision]


def key_of(manifest: Manifest) -> Key:
    """Namespace and name."""
    meta = manifest["metadata"]
    return meta.get("namespace", ""), meta["name"]


def version_of(manifest: Manifest) -> str:
    """Its resourceVersion; empty when it has none."""
    version: str = manifest["metadata"].get("resourceVersion", "")
    return version


def revision_of(manifest: Manifest) -> Revision:
    """Empty where it does not say."""
    return manifest["metadata"].get("uid", ""), version_of(manifest)
