"""A ClusterAccess is for whoever sends it: their user name is filled in, which people seldom know by heart, and the
group by which they belong to the tenant, when it does not list them by name."""

from __future__ import annotations

from provisioning import people
from provisioning.errors import Invalid
from provisioning.manifest import Manifest
from provisioning.resources import CLUSTER_ACCESSES
from webhooks import reading
from webhooks.facts import Facts
from webhooks.policy import CREATE, Default, Rule
from webhooks.review import Request


def complete(request: Request, manifest: Manifest, facts: Facts) -> Manifest:
    spec = manifest.get("spec")
    if not isinstance(spec, dict) or request.user.name == facts.trusted.bot:
        return manifest
    try:
        me = reading.person(request.user)
    except Invalid:
        return manifest  # Validation says what is wrong with such a name.
    spec = {"user": me.user, **spec}
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is not None and spec["user"] == me.user and not spec.get("group"):
        group = people.belongs_by(tenant.it.spec, me, request.user.groups)
        spec = {**spec, "group": group} if group else spec
    return {**manifest, "spec": spec}


DEFAULT = Default("complete_access", (Rule(CLUSTER_ACCESSES, (CREATE,)),), complete)
