"""Builds what the API server sends, as bytes and as our `Request`, from manifests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from provisioning.manifest import Manifest
from provisioning.resources import Resource
from webhooks import review
from webhooks.review import Request


def body(
    resource: Resource,
    new: Manifest | None,
    *,
    old: Manifest | None = None,
    user: str = "ann",
    groups: Sequence[str] = ("system:authenticated",),
    subresource: str = "",
    dry_run: bool = False,
    uid: str = "call-1",
) -> Manifest:
    """An AdmissionReview: CREATE without `old`, DELETE without `new`, else UPDATE."""
    operation = "DELETE" if new is None else "CREATE" if old is None else "UPDATE"
    meta = (new or old or {})["metadata"]
    gvk = {"group": resource.group, "version": resource.version}
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "operation": operation,
            "kind": {**gvk, "kind": "Scale" if subresource == "scale" else resource.kind},
            "resource": {**gvk, "resource": resource.plural},
            "subResource": subresource,
            "requestKind": {**gvk, "kind": resource.kind},
            "namespace": meta.get("namespace", ""),
            "name": meta.get("name", ""),
            "userInfo": {"username": user, "groups": list(groups), "extra": {"a": ["b"]}},
            "object": new,
            "oldObject": old,
            "dryRun": dry_run,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    }


def request(resource: Resource, new: Manifest | None, **rest: Any) -> Request:
    """The same, read."""
    return review.decode(json.dumps(body(resource, new, **rest)).encode())


def manifest(
    resource: Resource,
    name: str,
    spec: Any = None,
    *,
    namespace: str = "tenant-blue",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    **more: Any,
) -> Manifest:
    """A stored object: it has a uid, a revision and a generation."""
    meta: Manifest = {"name": name, "uid": f"uid-{name}", "resourceVersion": "7", "generation": 1}
    if resource.namespaced:
        meta["namespace"] = namespace
    if labels:
        meta["labels"] = labels
    if annotations:
        meta["annotations"] = annotations
    found = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, **more}
    return found if spec is None else {**found, "spec": spec}
