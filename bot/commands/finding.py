"""Which cluster somebody means by `build-7` or `team-a/build-7`. Pure over the desk's caches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from bot import cards, offers, replies
from bot.answers import Say
from bot.commands.command import Call
from bot.offers import Place
from bot.ports import Desk
from provisioning import names, people
from provisioning.handmade import HandMade
from provisioning.model import Person, Tenant, TenantCluster
from provisioning.objects import Stored

Found = tuple[Place, Stored[TenantCluster]]
ByHand = tuple[Place, HandMade]


def tenants_of(desk: Desk, person: Person, groups: Collection[str] = ()) -> tuple[Stored[Tenant], ...]:
    """The tenants somebody is a member of or approves for, by name or by one of these user groups of Slack."""
    by_group = (t for t in desk.all_tenants() if any(people.decides_by(t.it.spec, group) for group in groups))
    found = (*desk.tenants_of(person), *desk.approvals_of(person), *by_group)
    return tuple({tenant.meta.name: tenant for tenant in found}.values())


def clusters_of(desk: Desk, person: Person, groups: Collection[str] = ()) -> tuple[Found, ...]:
    """Every cluster of the tenants somebody is a member of or approves for, by place and name. `groups` as above."""
    return tuple(_clusters(desk, tenants_of(desk, person, groups)))


def everybodys(desk: Desk, word: str = "") -> Iterator[Found]:
    """The clusters of all tenants, or those of them that `word` may mean. Whoever asks sees to it that people see what
    is theirs."""
    return (found for found in _clusters(desk, desk.all_tenants()) if not word or answers_to(found, word))


def answers_to(found: Found | ByHand, word: str) -> bool:
    """Whether `build-7` or `team-a/build-7` may mean this one."""
    where, _, name = word.lower().rpartition("/")
    return found[1].meta.name == name and (not where or found[0].answers_to(where))


def is_mine(desk: Desk, person: Person, cluster: Stored[TenantCluster]) -> bool:
    """Whether this person asked for it."""
    marks = cluster.meta.annotations
    request = desk.request(cluster.meta.namespace, marks.get(names.REQUEST_ANNOTATION, ""))
    return marks.get(names.REQUESTED_BY_ANNOTATION) == person.user or (
        request is not None and people.same(request.it.spec.requester, person)
    )


def tenants(call: Call, line: str) -> tuple[str, ...] | Say:
    """The tenants somebody is a member of or approves for: the one named behind the command, or all, by name.

    `line` is how the command goes.
    """
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(line)))
    known = {tenant.meta.name for tenant in tenants_of(call.desk, call.person)}
    if not known:
        return Say(cards.say(replies.NO_TENANT))
    wanted = call.words[0].lower() if call.words else ""
    if wanted and wanted not in known:
        suggestion = offers.suggestion(wanted, known)
        return Say(cards.say(replies.no_such_choice(replies.TENANT.lower(), wanted, suggestion)))
    return (wanted,) if wanted else tuple(sorted(known))


def cluster(desk: Desk, person: Person, word: str, groups: Collection[str] = ()) -> Found | Say:
    """The one cluster of ours that is meant, or what to say instead. `groups` as above."""
    found = any_cluster(desk, person, word, groups)
    if isinstance(found, Say):
        return found
    place, it = found
    if isinstance(it, HandMade):
        return Say(cards.say(replies.by_hand_only(it.meta.name, replies.kept_by(it.keeper.tool, it.keeper.name))))
    return place, it


def any_cluster(desk: Desk, person: Person, word: str, groups: Collection[str] = ()) -> Found | ByHand | Say:
    """The one cluster meant, ours or made by hand, or what to say instead. `groups` as above."""
    theirs = tenants_of(desk, person, groups)
    known: list[Found | ByHand] = [*_clusters(desk, theirs), *_made_by_hand(desk, theirs)]
    hits = [found for found in known if answers_to(found, word)]
    if len(hits) == 1:
        return hits[0]
    name = word.lower().rpartition("/")[2]
    if hits:
        return Say(cards.say(replies.several_clusters(name, [place.namespace for place, _ in hits])))
    suggestion = offers.suggestion(name, (c.meta.name for _, c in known))
    return Say(cards.say(replies.no_such_cluster(name, suggestion)))


def _clusters(desk: Desk, tenants: Iterable[Stored[Tenant]]) -> Iterator[Found]:
    for tenant in tenants:
        for cluster in sorted(desk.clusters(tenant.meta.name), key=lambda c: c.key):
            yield Place(tenant, cluster.meta.namespace), cluster


def _made_by_hand(desk: Desk, tenants: Iterable[Stored[Tenant]]) -> Iterator[ByHand]:
    """Those in the same tenants that somebody made without us."""
    for tenant in tenants:
        for it in desk.hand_made(tenant.meta.name):
            yield Place(tenant, it.meta.namespace), it
