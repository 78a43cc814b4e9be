"""`/cluster withdraw REQUEST`: take a request back that nobody has decided yet."""

from __future__ import annotations

from bot import cards, offers, replies
from bot.answers import Answer, Say, TakeBack
from bot.commands.command import Call, Command
from bot.offers import Place
from provisioning import people
from provisioning.model import ClusterRequest, Phase
from provisioning.objects import Stored


def run(call: Call) -> Answer:
    """Of one's own requests the one meant, by its own name or by that of its cluster."""
    mine = _mine(call)
    waiting = [request for _, request in mine]
    if not call.words:
        return Say(cards.say(replies.which_request(COMMAND.line, [request.meta.name for request in waiting])))
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    word = call.words[0].lower()
    where, _, name = word.rpartition("/")
    hits = [
        request
        for place, request in mine
        if request.meta.name == word or (request.it.spec.cluster == name and (not where or place.answers_to(where)))
    ]
    if len(hits) == 1:
        return TakeBack(call.person, hits[0].meta.namespace, hits[0].meta.name)
    if hits:
        return Say(cards.say(replies.several_requests(name, [request.meta.name for request in hits])))
    known = [word for request in waiting for word in (request.meta.name, request.it.spec.cluster)]
    return Say(cards.say(replies.no_such_request(word, offers.suggestion(name, known))))


def _mine(call: Call) -> list[tuple[Place, Stored[ClusterRequest]]]:
    """What this person asked for and nobody has decided, with where it was asked."""
    tenants = {t.meta.name: t for t in (*call.desk.tenants_of(call.person), *call.desk.approvals_of(call.person))}
    return [
        (Place(tenant, request.meta.namespace), request)
        for tenant in tenants.values()
        for request in call.desk.requests(tenant.meta.name)
        if request.it.status.phase is Phase.PENDING and people.same(request.it.spec.requester, call.person)
    ]


COMMAND = Command(
    name="withdraw",
    summary="Take back a request of yours that nobody has decided yet.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster withdraw build-7",),
    run=run,
)
