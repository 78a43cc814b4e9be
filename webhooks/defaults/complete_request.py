"""A ClusterRequest written by hand is finished: who asks, what is left out of the wish, and the digest over it.

So somebody with `kubectl` writes what they want and nothing that a program can know better.
"""

from __future__ import annotations

from provisioning.completion import complete as completed
from provisioning.digest import digest_of
from provisioning.errors import Invalid
from provisioning.model import Action, ClusterSpec
from provisioning.objects import parse
from provisioning.resources import CLUSTER_REQUESTS
from webhooks import facts as reading
from webhooks.defaults.complete_cluster import filled_in
from webhooks.facts import Facts, Manifest
from webhooks.policy import CREATE, Default, Rule
from webhooks.review import Request


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return manifest
    if request.user.name != facts.trusted.bot:
        spec = {**spec, "requester": {"user": request.user.name}}
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return {**manifest, "spec": spec}
    desired: ClusterSpec | None = None
    try:
        action = Action(spec.get("action", ""))
        if "desired" in spec:
            written = parse(ClusterSpec, spec["desired"], at="spec.desired")
            desired = completed(written, catalog=reading.catalog(facts), tenant=tenant.it.spec)
            spec = {**spec, "desired": filled_in(spec["desired"], written, desired)}
    except (Invalid, ValueError):
        return {**manifest, "spec": spec}  # Validation says what is wrong with it.
    digest = digest_of(action=action, cluster=str(spec.get("cluster", "")), desired=desired)
    return {**manifest, "spec": {**spec, "digest": digest}}


DEFAULT = Default("complete_request", (Rule(CLUSTER_REQUESTS, (CREATE,)),), complete)
