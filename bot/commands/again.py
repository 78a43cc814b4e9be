"""`/cluster again REQUEST`: ask once more for something of which nothing came."""

from __future__ import annotations

from dataclasses import replace

from bot import cards, replies
from bot.answers import Answer, Ask, Say
from bot.commands import own_requests, refilling
from bot.commands.command import Call, Choice, Command, Mine
from provisioning import standing
from provisioning.model import Action
from provisioning.wish import Wish


def run(call: Call) -> Answer:
    """The form with the same wish in it where there is one to fill in, else the same request at once."""
    found = own_requests.the_undone(call, COMMAND.line)
    if isinstance(found, Say):
        return found
    place, request = found
    spec = request.it.spec
    if standing.is_given_up(request):
        # Whatever it asked for: what it came to is gone, and would have to be made.
        return refilling.anew(call, request) or Ask(replace(_wish(call, found), action=Action.CREATE))
    if spec.action is not Action.CHANGE and (form := refilling.form(call, request)):
        return form
    key = (request.meta.namespace, spec.cluster)
    cluster = next((c for c in call.desk.clusters(place.tenant.meta.name) if c.key == key), None)
    if spec.action is Action.CHANGE and (cluster is None or cluster.meta.generation != spec.base_generation):
        # The whole spec was asked for. By now it would undo what came in between.
        return Say(cards.say(replies.changed_meanwhile(spec.cluster)))
    return Ask(_wish(call, found))


def _wish(call: Call, found: Mine) -> Wish:
    place, request = found
    spec = request.it.spec
    return Wish(
        person=call.person,
        tenant=place.tenant.meta.name,
        namespace=request.meta.namespace,
        action=spec.action,
        cluster=spec.cluster,
        desired=spec.desired,
        reason=spec.reason,
    )


COMMAND = Command(
    name="again",
    summary="Ask again for something that was denied, withdrawn, not decided in time, or given up.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster again build-7",),
    run=run,
    choice=Choice(own_requests.undone, replies.NOTHING_TO_ASK_AGAIN),
)
