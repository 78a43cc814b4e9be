"""A ClusterRequest says the truth: who asks, that they may, what is there now, and a digest of what is wanted.

Its spec never changes afterwards (the CRD sees to that), so what is checked here once holds for its whole life.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning import hindrance_words, objects, people, replacing, shape
from provisioning.digest import digest_of
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterRequest, Person, RequestSpec, TenantSpec
from provisioning.resources import CLUSTER_REQUESTS, TENANT_CLUSTERS
from webhooks import reading
from webhooks.decision import FORBIDDEN, INVALID, Allow, Verdict, merge, refuse
from webhooks.facts import Facts
from webhooks.policies import protected_clusters
from webhooks.policy import CREATE, Policy, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None:
        return Allow()
    tenant = reading.tenant_of(facts, request.namespace)
    if tenant is None:
        return refuse(reading.no_tenant(request.namespace))
    spec = objects.read(ClusterRequest, request.object).it.spec
    current = facts.get(TENANT_CLUSTERS, spec.cluster, namespace=request.namespace)
    if reading.is_unread(current):
        return refuse(Cause("spec.cluster", f"the cluster {spec.cluster} {reading.UNREAD}"), code=INVALID)
    who = list(_of_requester(request, spec, tenant.it.spec, facts))
    what = [
        *_of_what_is_replaced(spec, request.namespace, facts),
        *_of_what_is_there(spec, current),
        *_of_what_is_wanted(spec, request.namespace, current, tenant.it.spec, facts),
    ]
    verdicts = [refuse(*causes, code=code) for causes, code in ((who, FORBIDDEN), (what, INVALID)) if causes]
    return merge(verdicts or [Allow(_in_the_way(spec, current))])


def _of_requester(request: Request, spec: RequestSpec, tenant: TenantSpec, facts: Facts) -> Iterator[Cause]:
    person, by_bot = spec.requester, request.user.name == facts.trusted.bot
    groups = () if by_bot else request.user.groups
    if not by_bot and person.user != request.user.name:
        yield Cause("spec.requester.user", f"must be {request.user.name}, who sends this; one asks for oneself")
    if by_bot and not person.slack:
        yield Cause("spec.requester.slack", "must say from which Slack account the request came")
    by_group = by_bot and spec.action is Action.DELETE and people.decides_by(tenant, spec.slack_group)
    if spec.slack_group and not by_group:
        yield Cause("spec.slackGroup", "is for clusterdesk's bot to say of who decides here, and gives up a cluster")
    # As with votes: whoever decides by a user group may be known to another tenant alone.
    known = (tenant, *reading.tenants(facts)) if by_group else (tenant,)
    listed = any(people.vouched(it, person) for it in known) if by_bot else _lists(tenant, person)
    if person.slack and not listed:
        yield Cause("spec.requester.slack", f"is not listed as the account of {person.user} in this tenant")
    if not (by_group or people.member(tenant, person, groups) or people.approves_some(tenant, person, groups)):
        yield Cause("spec.requester.user", f"{person.user} is neither a member nor an approver of this tenant")


def _lists(tenant: TenantSpec, person: Person) -> bool:
    return people.by_slack(tenant, person.slack) == person


def _of_what_is_replaced(spec: RequestSpec, namespace: str, facts: Facts) -> Iterator[Cause]:
    if not spec.replaces:
        return
    old = reading.asked(facts, namespace, spec.replaces)
    if why := replacing.why_not(spec, old):
        yield Cause("spec.replaces", why)
    elif old is not None and not replacing.stands(old, reading.asked(facts, namespace, old.it.spec.replaces)):
        # Taken back before it has its place, it would never get it: what it is to replace would go on waiting.
        older = old.it.spec.replaces
        yield Cause("spec.replaces", f"{old.meta.name} is just taking the place of {older}; try again in a moment")


def _of_what_is_there(spec: RequestSpec, current: Manifest | None) -> Iterator[Cause]:
    if spec.action is Action.CREATE:
        if current is not None:
            yield Cause("spec.cluster", f"there is a cluster {spec.cluster} in this namespace already")
        if spec.base_generation:
            yield Cause("spec.baseGeneration", "must be left out: what is to be created has no generation yet")
    elif current is None:
        yield Cause("spec.cluster", f"there is no cluster {spec.cluster} in this namespace")
    elif spec.action is Action.CHANGE and spec.base_generation != current["metadata"]["generation"]:
        now = current["metadata"]["generation"]
        yield Cause("spec.baseGeneration", f"is {spec.base_generation}, but the cluster is at generation {now} by now")
    elif spec.action is Action.DELETE and reading.cluster(current).it.spec.deletion_protection:
        # Before anybody approves it in vain.
        yield Cause("spec.cluster", f"the cluster {spec.cluster} {protected_clusters.HOW}")


def _of_what_is_wanted(
    spec: RequestSpec, namespace: str, current: Manifest | None, tenant: TenantSpec, facts: Facts
) -> Iterator[Cause]:
    wanted = digest_of(action=spec.action, cluster=spec.cluster, desired=spec.desired)
    if spec.digest != wanted:
        yield Cause("spec.digest", f"does not fit what is asked for, which has the digest {wanted}")
    if (spec.desired is None) is not (spec.action is Action.DELETE):
        yield Cause("spec.desired", "is for Create and Change, and is needed there")
    if spec.desired is not None:
        old = reading.cluster(current).it.spec if current is not None else None
        catalog, beside = reading.catalog(facts), reading.neighbours(facts, namespace, spec.cluster)
        found = shape.problems(spec.desired, name=spec.cluster, catalog=catalog, tenant=tenant, old=old, beside=beside)
        yield from (_within_request(cause) for cause in found)


def _in_the_way(spec: RequestSpec, current: Manifest | None) -> tuple[str, ...]:
    """What an upgrade runs into: before anybody is asked for it."""
    if current is None or spec.desired is None:
        return ()
    return hindrance_words.of_change(reading.cluster(current).it, spec.desired)


def _within_request(cause: Cause) -> Cause:
    if cause.field == "metadata.name":
        return Cause("spec.cluster", cause.message)
    return Cause("spec.desired" + cause.field.removeprefix("spec"), cause.message)


POLICY = Policy("request_rules", (Rule(CLUSTER_REQUESTS, (CREATE,)),), check)
