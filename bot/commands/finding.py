"""Which cluster somebody means by `build-7` or `team-a/build-7`. Pure over the desk's caches."""

from __future__ import annotations

from bot import cards, offers, replies
from bot.answers import Say
from bot.offers import Place
from bot.ports import Desk
from provisioning.model import Person, TenantCluster
from provisioning.objects import Stored

Found = tuple[Place, Stored[TenantCluster]]


def clusters_of(desk: Desk, person: Person) -> tuple[Found, ...]:
    """Every cluster of the tenants somebody is a member of or approves for, by place and name."""
    tenants = {t.meta.name: t for t in (*desk.tenants_of(person), *desk.approvals_of(person))}
    return tuple(
        (Place(tenant, cluster.meta.namespace), cluster)
        for tenant in tenants.values()
        for cluster in sorted(desk.clusters(tenant.meta.name), key=lambda c: c.key)
    )


def cluster(desk: Desk, person: Person, word: str) -> Found | Say:
    """The one cluster meant, or what to say instead."""
    where, _, name = word.lower().rpartition("/")
    known = clusters_of(desk, person)
    hits = [(p, c) for p, c in known if c.meta.name == name and (not where or p.answers_to(where))]
    if len(hits) == 1:
        return hits[0]
    if hits:
        return Say(cards.say(replies.several_clusters(name, [place.namespace for place, _ in hits])))
    suggestion = offers.suggestion(name, (c.meta.name for _, c in known))
    return Say(cards.say(replies.no_such_cluster(name, suggestion)))
