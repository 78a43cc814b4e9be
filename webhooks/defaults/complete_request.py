"""A ClusterRequest written by hand is finished: who asks, what is left out of the wish, and the digest over it.

So somebody with `kubectl` writes what they want and nothing that a program can know better.
"""

from __future__ import annotations

from typing import Final

from provisioning.completion import complete as completed
from provisioning.digest import digest_of
from provisioning.errors import Invalid
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterSpec
from provisioning.objects import parse
from provisioning.resources import CLUSTER_REQUESTS
from webhooks import reading
from webhooks.defaults.complete_cluster import filled_in
from webhooks.facts import Facts
from webhooks.policy import CREATE, Default, Rule
from webhooks.review import Request

NO_DIGEST: Final = "sha256:" + "0" * 64
"""What people write who must write one and have none."""


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return manifest
    if request.user.name != facts.trusted.bot:
        spec = {**spec, "requester": {"user": request.user.name}}
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return {**manifest, "spec": spec}
    written: ClusterSpec | None = None
    desired: ClusterSpec | None = None
    try:
        action, cluster = Action(spec.get("action", "")), str(spec.get("cluster", ""))
        if "desired" in spec:
            written = parse(ClusterSpec, spec["desired"], at="spec.desired")
            desired = completed(written, catalog=reading.catalog(facts), tenant=tenant.it.spec)
            spec = {**spec, "desired": filled_in(spec["desired"], written, desired)}
    except (Invalid, ValueError):
        return {**manifest, "spec": spec}  # Validation says what is wrong with it.
    # One that was made over something else stays, and is refused: somebody means what is not there.
    if spec.get("digest", "") in ("", NO_DIGEST, digest_of(action=action, cluster=cluster, desired=written)):
        spec = {**spec, "digest": digest_of(action=action, cluster=cluster, desired=desired)}
    return {**manifest, "spec": spec}


DEFAULT = Default("complete_request", (Rule(CLUSTER_REQUESTS, (CREATE,)),), complete)
