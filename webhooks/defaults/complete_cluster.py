"""What somebody left out of a TenantCluster is filled in, and who made it is noted.

What was left out of a change is taken from what is there before it is taken from the Catalog: a new recommended
version must not upgrade a cluster whose file in Git never named one. Nothing that was written is changed.
"""

from __future__ import annotations

from typing import Any

from provisioning.completion import complete as completed
from provisioning.errors import Invalid
from provisioning.manifest import Manifest
from provisioning.model import ClusterSpec
from provisioning.names import REQUESTED_BY_ANNOTATION, TOLD_ANNOTATION
from provisioning.objects import parse
from provisioning.resources import TENANT_CLUSTERS
from webhooks import marks, reading
from webhooks.facts import Facts
from webhooks.policy import Default, Rule
from webhooks.review import Request


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    if marks.deleting(manifest):
        return manifest
    if request.user.name == facts.trusted.bot and not request.dry_run:
        return manifest  # It asks for another look at what is there (`approved_only`), and for nothing new.
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return manifest
    kept = _kept(manifest.get("spec"), (request.old or {}).get("spec"))
    try:
        spec = parse(ClusterSpec, kept, at="spec")
    except Invalid:
        return manifest  # Validation says what is wrong with it; there is nothing to complete.
    wanted = completed(spec, catalog=reading.catalog(facts), tenant=tenant.it.spec)
    return {**_signed(request, _noted(request, manifest), facts), "spec": filled_in(kept, spec, wanted)}


def filled_in(written: Manifest, spec: ClusterSpec, wanted: ClusterSpec) -> Manifest:
    """The written spec with what completion added, and every other field as it was written."""
    more: dict[str, Any] = {}
    if wanted.version != spec.version:
        more["version"] = wanted.version
    if wanted.lifetime != spec.lifetime:
        more["lifetime"] = wanted.lifetime
    if wanted.network != spec.network:
        more["network"] = {**(written.get("network") or {}), **wanted.network.wire()}
    if wanted.add_ons != spec.add_ons:
        added = wanted.add_ons[len(spec.add_ons) :]
        more["addOns"] = [*(written.get("addOns") or []), *(add_on.wire() for add_on in added)]
    return {**written, **more}


def _kept(written: Any, before: Any) -> Any:
    if not isinstance(written, dict) or not isinstance(before, dict):
        return written
    return {**{key: before[key] for key in ("version", "network", "lifetime") if key in before}, **written}


def _signed(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    """The annotation names whoever made the cluster, and stays. Our provisioner writes it for the requester."""
    if request.user.name == facts.trusted.provisioner:
        return manifest
    author = request.user.name
    if request.old is not None:
        author = marks.annotation(request.old, REQUESTED_BY_ANNOTATION)
    return marks.annotated(manifest, REQUESTED_BY_ANNOTATION, author) if author else manifest


def _noted(request: Request, manifest: Manifest) -> Manifest:
    """What was told of the cluster in Slack stays noted, whoever changes it, and no other one comes with it."""
    noted = marks.annotation(request.old, TOLD_ANNOTATION) if request.old is not None else ""
    if noted == marks.annotation(manifest, TOLD_ANNOTATION):
        return manifest
    return marks.annotated(manifest, TOLD_ANNOTATION, noted)


DEFAULT = Default("complete_cluster", (Rule(TENANT_CLUSTERS),), complete)
