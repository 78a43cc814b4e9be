"""`/cluster requests`: what waits in one's tenants, one's own first, and what became of one's others."""

from __future__ import annotations

from bot import cards, outline, replies, text
from bot.answers import Answer, Say
from bot.commands import finding
from bot.commands.command import Call, Command
from provisioning import people, room, stage
from provisioning.model import ClusterRequest
from provisioning.objects import Stored

SHOWN = 30


def run(call: Call) -> Answer:
    """In all tenants, or in the one named."""
    tenants = finding.tenants(call, COMMAND.line)
    if isinstance(tenants, Say):
        return tenants
    found = [(tenant, request) for tenant in tenants for request in call.desk.requests(tenant)]
    waiting = [each for each in found if room.waits_for_anything(each[1])]
    # Stable, so that within both halves the order of tenants and times stays.
    waiting.sort(key=lambda each: not _mine(call, each[1]))
    ended = [each for each in reversed(found) if _mine(call, each[1]) and not room.waits_for_anything(each[1])]
    shown = [*waiting, *ended]
    if not shown:
        return Say(cards.say(replies.NO_REQUEST))
    # As in a list of clusters: what is only counted is not drawn.
    lines = [_line(call, *each) if at < SHOWN else "" for at, each in enumerate(shown)]
    return Say(cards.listing(lines, most=SHOWN, more=replies.more_requests))


def _mine(call: Call, request: Stored[ClusterRequest]) -> bool:
    return people.same(request.it.spec.requester, call.person)


def _line(call: Call, tenant: str, request: Stored[ClusterRequest]) -> str:
    if room.waits_for_anything(request):
        said = outline.wish(request, tenant)
    else:
        name = request.it.spec.cluster
        key = (request.meta.namespace, name)
        cluster = next((each for each in call.desk.clusters(tenant) if each.key == key), None)
        said = replies.headline(stage.of_request(request, cluster), name, tenant)
    return f"{said} · {text.code(request.meta.name)}"


COMMAND = Command(
    name="requests",
    also=("pending",),
    summary="List what waits for approval or for room, yours first, and what became of your other requests.",
    usage="[TENANT]",
    examples=("/cluster requests", "/cluster requests team-a"),
    run=run,
    shortcut=replies.SHORTCUT_REQUESTS,
)
