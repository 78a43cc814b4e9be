"""Which of one's own requests somebody means, by its own name or by its cluster's. Pure over the desk's caches."""

from __future__ import annotations

from bot import cards, offers, replies
from bot.answers import Say
from bot.commands.command import Call
from bot.offers import Place
from provisioning import people, room
from provisioning.model import ClusterRequest, Phase
from provisioning.objects import Stored

Mine = tuple[Place, Stored[ClusterRequest]]

_UNDONE = (Phase.DENIED, Phase.WITHDRAWN, Phase.EXPIRED, Phase.FAILED)
"""Where a wish has ended, and nothing came of it."""


def waiting(call: Call, line: str, *, for_room: bool = False) -> Mine | Say:
    """The one that waits, or what to say. `line` is how the command goes; `for_room`: or waits for room only."""
    mine = [each for each in _of(call, (Phase.PENDING, Phase.APPROVED)) if _waits(each[1], for_room=for_room)]
    if not call.words:
        return Say(cards.say(replies.which_request(line, [request.meta.name for _, request in mine])))
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(line)))
    hits, name = _hits(call, mine)
    if len(hits) > 1:
        return Say(cards.say(replies.several_requests(name, [request.meta.name for _, request in hits])))
    return hits[0] if hits else Say(cards.say(replies.no_such_request(call.words[0].lower(), _closest(name, mine))))


def undone(call: Call, line: str) -> Mine | Say:
    """The newest one of which nothing came, or what to say."""
    mine = _of(call, _UNDONE)
    if not call.words:
        return Say(cards.say(replies.which_ended_request(line, [request.meta.name for _, request in reversed(mine)])))
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(line)))
    hits, name = _hits(call, mine)
    return hits[-1] if hits else Say(cards.say(replies.no_ended_request(call.words[0].lower(), _closest(name, mine))))


def _of(call: Call, phases: tuple[Phase, ...]) -> list[Mine]:
    """One's own in one of these phases, with where each was asked, the oldest of a tenant first."""
    tenants = {t.meta.name: t for t in (*call.desk.tenants_of(call.person), *call.desk.approvals_of(call.person))}
    return [
        (Place(tenant, request.meta.namespace), request)
        for tenant in tenants.values()
        for request in call.desk.requests(tenant.meta.name)
        if request.it.status.phase in phases and people.same(request.it.spec.requester, call.person)
    ]


def _waits(request: Stored[ClusterRequest], *, for_room: bool) -> bool:
    return room.waits_for_anything(request) if for_room else request.it.status.phase is Phase.PENDING


def _hits(call: Call, mine: list[Mine]) -> tuple[list[Mine], str]:
    word = call.words[0].lower()
    where, _, name = word.rpartition("/")
    hits = [
        (place, request)
        for place, request in mine
        if request.meta.name == word or (request.it.spec.cluster == name and (not where or place.answers_to(where)))
    ]
    return hits, name


def _closest(name: str, mine: list[Mine]) -> str:
    return offers.suggestion(name, [word for _, it in mine for word in (it.meta.name, it.it.spec.cluster)])
