"""What stands on a manifest about it: its labels and annotations, who made it, whether it is going. Values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioning.manifest import Manifest


def label(manifest: Mapping[str, Any], key: str) -> str:
    """A label's value, empty when there is none."""
    return str((manifest.get("metadata", {}).get("labels") or {}).get(key, ""))


def annotation(manifest: Mapping[str, Any], key: str) -> str:
    """An annotation's value, empty when there is none."""
    return str((manifest.get("metadata", {}).get("annotations") or {}).get(key, ""))


def topology_owned(manifest: Mapping[str, Any]) -> bool:
    """Whether a ClusterClass topology says what is in it, and would undo what others change."""
    return "topology.cluster.x-k8s.io/owned" in (manifest.get("metadata", {}).get("labels") or {})


def deleting(manifest: Mapping[str, Any]) -> bool:
    return "deletionTimestamp" in manifest.get("metadata", {})


def controller(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The owner reference of the controller, empty when there is none. A claim: whoever wrote it may have lied."""
    owners = manifest.get("metadata", {}).get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


def annotated(manifest: Manifest, key: str, value: str) -> Manifest:
    """The manifest with an annotation; an empty value takes it away."""
    meta = manifest.get("metadata") or {}
    others = {name: said for name, said in (meta.get("annotations") or {}).items() if name != key}
    return {**manifest, "metadata": {**meta, "annotations": {**others, **({key: value} if value else {})}}}


def labelled(manifest: Manifest, labels: Mapping[str, str]) -> Manifest:
    """The manifest with labels."""
    meta = manifest.get("metadata") or {}
    return {**manifest, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), **labels}}}
