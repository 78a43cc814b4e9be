"""Who may have access to a tenant's cluster: people of the tenant, each for themselves, for as long as it allows.

The spec never changes afterwards but to be revoked (the CRD sees to that), so what is checked here once holds for its
whole life. Taking access away is open to whoever RBAC lets at the object: that must not have to wait for anybody.
The certificate is written by the provisioner alone; else somebody could tell people to trust another API server.
The bot makes access for those whom the tenant ties to a Slack account, says which account that is, and later where it
has put the card; nobody else says either, or they could have cards drawn before other people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning import grants, issuing, lifetime, objects, people
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.model import AccessSpec, ClusterAccess, Person, TenantSpec
from provisioning.resources import CLUSTER_ACCESSES, CLUSTERS, TENANT_CLUSTERS
from webhooks import marks, reading, tree
from webhooks.decision import FORBIDDEN, INVALID, Allow, Deny, Verdict, merge, refuse
from webhooks.facts import Facts, One
from webhooks.policy import CREATE, UPDATE, Policy, Rule
from webhooks.review import Request

MOST_OWN: Final = 10
"""Accesses of one person to one cluster that last at a time."""
MOST: Final = 500
"""The same of everybody."""
_CARDS: Final = ("delivery", "reminder")
"""What the bot keeps of it: where its messages stand."""


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None:
        return Allow()
    if request.operation == UPDATE:
        return _of_status(request, facts)
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    spec = objects.read(ClusterAccess, request.object).it.spec
    who = list(_of_person(request, spec, tenant.it.spec, facts))
    what = [*_of_request(spec), *_of_time(spec, tenant.it.spec), *_of_cluster(request, spec, facts)]
    if not who:
        who = list(_of_number(request, spec, facts))
    verdicts = [refuse(*causes, code=code) for causes, code in ((who, FORBIDDEN), (what, INVALID)) if causes]
    return merge(verdicts)


def _of_status(request: Request, facts: Facts) -> Verdict:
    if request.user.name == facts.trusted.provisioner:
        return Allow()
    if request.user.name == facts.trusted.bot and _without_cards(request.old) == _without_cards(request.object):
        return Allow()
    return Deny("the status of a ClusterAccess, with the certificate, is written by clusterdesk itself")


def _without_cards(access: Manifest | None) -> Manifest:
    return {field: value for field, value in tree.dig(access or {}, "status").items() if field not in _CARDS}


def _of_person(request: Request, spec: AccessSpec, tenant: TenantSpec, facts: Facts) -> Iterator[Cause]:
    by_bot = request.user.name == facts.trusted.bot
    person, groups = Person(user=spec.user), () if by_bot else request.user.groups
    if spec.group and spec.group not in groups:
        yield Cause("spec.group", f"{spec.user} is not known to be in {spec.group}; leave it out")
        return
    if not by_bot and spec.user != request.user.name:
        yield Cause("spec.user", f"must be {request.user.name}, who sends this; one makes access for oneself")
    if by_bot and not people.vouched(tenant, Person(user=spec.user, slack=spec.slack)):
        yield Cause("spec.slack", f"is not listed as the account of {spec.user} in this tenant")
    if not by_bot and spec.slack:
        yield Cause("spec.slack", "is for the bot to say; leave it out")
    why = grants.why_not(spec, tenant)
    by = people.belongs_by(tenant, person, groups)
    if why is not None and by != spec.group and grants.why_not(spec.model_copy(update={"group": by}), tenant) is None:
        yield Cause("spec.group", f"must be {by}, by which {spec.user} belongs to this tenant; send it again")
    elif why is not None:
        yield why


def _of_number(request: Request, spec: AccessSpec, facts: Facts) -> Iterator[Cause]:
    """Each is a binding in the tenant, and everything that is done for a cluster's accesses is done for each."""
    there = facts.list(CLUSTER_ACCESSES, namespace=request.namespace)
    same = [one for one in there if tree.dig(one, "spec").get("cluster") == spec.cluster and _lasts(one, facts)]
    own = sum(tree.dig(one, "spec").get("user") == spec.user for one in same)
    if own >= MOST_OWN:
        text = f"{spec.user} has {own} accesses to {spec.cluster} that last, {MOST_OWN} is the most; revoke one"
        yield Cause("spec.user", text)
    elif len(same) >= MOST:
        yield Cause("spec.cluster", f"{spec.cluster} has {len(same)} accesses that last, {MOST} is the most")


def _lasts(access: Manifest, facts: Facts) -> bool:
    ends = tree.text(tree.dig(access, "status").get("expiresAt"))
    over = bool(ends) and objects.parse_time(ends) <= facts.now
    return not (over or tree.dig(access, "spec").get("revoked") or marks.deleting(access))


def _of_request(spec: AccessSpec) -> Iterator[Cause]:
    try:
        issuing.public_key(spec.request)
    except issuing.Refused as refused:
        yield Cause("spec.request", str(refused))
    try:
        issuing.check_user(spec.user)
    except issuing.Refused as refused:
        yield Cause("spec.user", str(refused))


def _of_time(spec: AccessSpec, tenant: TenantSpec) -> Iterator[Cause]:
    longest = tenant.access.longest
    if lifetime.parse(spec.valid_for) > lifetime.parse(longest):
        yield Cause("spec.validFor", f"{spec.valid_for} is longer than {longest}, the most that this tenant allows")


def _of_cluster(request: Request, spec: AccessSpec, facts: Facts) -> Iterator[Cause]:
    kinds = (TENANT_CLUSTERS, CLUSTERS)
    facts.need(*(One(kind, spec.cluster, request.namespace) for kind in kinds))
    if not any(facts.get(kind, spec.cluster, namespace=request.namespace) for kind in kinds):
        yield Cause("spec.cluster", f"there is no cluster {spec.cluster} in this namespace")


POLICY = Policy(
    "own_access", (Rule(CLUSTER_ACCESSES, (CREATE,)), Rule(CLUSTER_ACCESSES, (UPDATE,), subresource="status")), check
)
