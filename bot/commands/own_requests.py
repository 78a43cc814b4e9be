"""Which of one's own requests somebody means, by its own name or by its cluster's. Pure over the desk's caches."""

from __future__ import annotations

from collections.abc import Sequence

from bot import cards, offers, replies, text
from bot.answers import Say
from bot.commands.command import Call, Mine
from bot.offers import Place
from provisioning import approval, people, room, standing
from provisioning.model import ClusterRequest, Phase
from provisioning.objects import Stored

_UNDONE = (Phase.DENIED, Phase.WITHDRAWN, Phase.EXPIRED, Phase.FAILED)
"""Where a wish has ended, and nothing came of it."""


def pending(call: Call) -> list[Mine]:
    """Those that wait for somebody's word, the oldest of a tenant first."""
    return _of(call, (Phase.PENDING,))


def waiting(call: Call) -> list[Mine]:
    """Those that wait for somebody's word, or for room."""
    return [each for each in _of(call, (Phase.PENDING, Phase.APPROVED)) if room.waits_for_anything(each[1])]


def accepted(call: Call) -> list[Mine]:
    """Those that are approved and just being done."""
    return [each for each in _of(call, (Phase.APPROVED,)) if not room.waits_for_anything(each[1])]


def withdrawable(call: Call) -> list[Mine]:
    """Those that wait and are this person's to take back: their own, and those of people who are not there any more."""
    waits = [each for each in _all(call, (Phase.PENDING, Phase.APPROVED)) if room.waits_for_anything(each[1])]
    return [it for it in waits if approval.may_withdraw(it[1], call.person, tenant=it[0].tenant.it.spec)]


def undone(call: Call) -> list[Mine]:
    """Those of which nothing came, the newest of a tenant first."""
    ended = _of(call, (*_UNDONE, Phase.APPLIED))
    return [it for it in reversed(ended) if it[1].it.status.phase in _UNDONE or standing.is_given_up(it[1])]


def are_named(call: Call, mine: Sequence[Mine]) -> bool:
    """Whether the line names one of these, or several."""
    return bool(_hits(call, mine)[0])


def the_waiting(call: Call, line: str, mine: Sequence[Mine], *, gone: bool = False) -> Mine | Say:
    """The one of these that is meant, or what to say. `line` is how the command goes; `gone`: some may be of people who
    are not there any more."""
    if len(call.words) != 1:
        return Say(cards.say(replies.too_many_words(line)))
    hits, name = _hits(call, mine)
    if len(hits) > 1:
        whose = {it.meta.name: "" if _is_mine(call, it) else text.name(it.it.spec.requester) for _, it in hits}
        return Say(cards.say(replies.several_requests(name, whose)))
    if hits:
        return hits[0]
    return Say(cards.say(replies.no_such_request(call.words[0].lower(), _closest(name, mine), gone=gone)))


def the_undone(call: Call, line: str) -> Mine | Say:
    """The newest one meant of which nothing came, or what to say."""
    if len(call.words) != 1:
        return Say(cards.say(replies.too_many_words(line)))
    mine = undone(call)
    hits, name = _hits(call, mine)
    return hits[0] if hits else Say(cards.say(replies.no_ended_request(call.words[0].lower(), _closest(name, mine))))


def _of(call: Call, phases: tuple[Phase, ...]) -> list[Mine]:
    """One's own in one of these phases."""
    return [each for each in _all(call, phases) if _is_mine(call, each[1])]


def _is_mine(call: Call, request: Stored[ClusterRequest]) -> bool:
    return people.same(request.it.spec.requester, call.person)


def _all(call: Call, phases: tuple[Phase, ...]) -> list[Mine]:
    """Everybody's in one of these phases, with where each was asked, the oldest of a tenant first."""
    tenants = {t.meta.name: t for t in (*call.desk.tenants_of(call.person), *call.desk.approvals_of(call.person))}
    return [
        (Place(tenant, request.meta.namespace), request)
        for tenant in tenants.values()
        for request in call.desk.requests(tenant.meta.name)
        if request.it.status.phase in phases
    ]


def _hits(call: Call, mine: Sequence[Mine]) -> tuple[list[Mine], str]:
    word = call.words[0].lower()
    where, _, name = word.rpartition("/")
    hits = [
        (place, request)
        for place, request in mine
        if name in (request.meta.name, request.it.spec.cluster) and (not where or place.answers_to(where))
    ]
    return hits, name


def _closest(name: str, mine: Sequence[Mine]) -> str:
    return offers.suggestion(name, [word for _, it in mine for word in (it.meta.name, it.it.spec.cluster)])
