"""A ClusterAccess is for whoever sends it: their user name is filled in, which people seldom know by heart."""

from __future__ import annotations

from provisioning.resources import CLUSTER_ACCESSES
from webhooks.facts import Facts, Manifest
from webhooks.policy import CREATE, Default, Rule
from webhooks.review import Request


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    spec = manifest.get("spec")
    if not isinstance(spec, dict) or "user" in spec or request.user.name == facts.trusted.bot:
        return manifest
    return {**manifest, "spec": {**spec, "user": request.user.name}}


DEFAULT = Default("complete_access", (Rule(CLUSTER_ACCESSES, (CREATE,)),), complete)
