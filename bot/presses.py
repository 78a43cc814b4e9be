"""The buttons of the cards, and what becomes of a press: somebody decides, the person is told, the card redrawn.

No press is silent. The button says what was shown (`buttons.Ticket`); whether that still stands is the desk's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot import approvals, blocks, buttons, cards, forms, inquiries, news, receipts, replies, sights, unasked, unsaved
from bot.answers import ANSWER_SECONDS, Open, PressAnswer, Repaint
from bot.buttons import Ticket
from bot.ports import Desk
from provisioning import errors, people, told
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, Phase, Surface
from provisioning.objects import Stored

log = structlog.get_logger()

_ALONE = frozenset((Reason.OWN_REQUEST, Reason.NOT_AN_APPROVER, Reason.APPROVER_ASKED, Reason.APPROVER_VOTED))
"""Refusals that leave a way in an emergency, where the tenant has one."""


async def pressed(desk: Desk, *, action: str, value: object, person: Person) -> PressAnswer:
    """The answer to one of our buttons."""
    ticket = buttons.read(value)
    if ticket is None:
        return Repaint(told=cards.say(replies.CARD_TOO_OLD))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await PRESSES[action].answer(desk, ticket, person)
    except Refused as refused:
        log.info("press_refused", request=ticket.id, by=person.user, action=action, reason=refused.reason.value)
        return _refused(desk, ticket, refused, person, surface=PRESSES[action].surface)
    except (errors.KubeError, TimeoutError) as error:
        log.warning("press_not_saved", request=ticket.id, by=person.user, error=str(error) or "timeout")
        return Repaint(told=cards.say(unsaved.sentence(error)))


async def _details(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """The approvers' card as it is now and the whole reason, to be read: what is decided is decided beside it."""
    request = desk.request(ticket.namespace, ticket.id)
    tenant = desk.tenant_of(ticket.namespace)
    card = approvals.drawing(desk, request, Surface.APPROVER) if request else None
    if request is None or tenant is None or card is None:
        return Repaint(told=cards.say(replies.GONE))
    by_name = tenant.meta.name in {t.meta.name for t in (*desk.tenants_of(person), *desk.approvals_of(person))}
    if not by_name and not await desk.voting.groups_of(ticket.namespace, person):
        return Repaint(told=cards.say(replies.NOT_FOR_YOU))
    return Open(forms.details(card, reason=request.it.spec.reason))


async def _withdraw(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    request = await desk.withdraw(ticket.namespace, ticket.id, person)
    log.info("request_withdrawn", request=ticket.id, by=person.user)
    said = cards.say(receipts.withdrawn(request))
    return Repaint(approvals.drawing(desk, request, Surface.REQUESTER), said)


async def _let_go(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Somebody of the tenant wants a cluster's life to end as it will, and hears no more before it does."""
    request = desk.request(ticket.namespace, ticket.id)
    found = sights.of(desk, request) if request else None
    if request is None or found is None:
        return Repaint(told=cards.say(replies.GONE))
    if not people.member(found.tenant.it.spec, person):
        return Repaint(told=cards.say(replies.REFUSED[Reason.NOT_YOURS]))
    standing, after = news.delivery(found), news.let_go(news.of_request(found))
    if standing is None or after is None:
        return Repaint(told=cards.say(replies.nothing_to_let_go(request.it.spec.cluster)))
    noted = standing.model_copy(update={"revision": after.told.dumps()})
    await desk.record_delivery(*request.key, noted)
    log.info("cluster_let_go", request=ticket.id, by=person.user)
    return Repaint(after.card)


async def _let_go_of(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """The same of a cluster that nobody asked for here, wherever it is told of."""
    it = unasked.at(desk, (ticket.namespace, ticket.id))
    if it is None:
        return Repaint(told=cards.say(replies.no_such_cluster(ticket.id, "")))
    if not people.member(it.tenant.it.spec, person):
        return Repaint(told=cards.say(replies.REFUSED[Reason.NOT_YOURS]))
    is_this = ticket == buttons.ticket_of_cluster(it.cluster)
    noted = [each for each in told.of(it.cluster.meta) if each.surface is Surface.NEWS and is_this]
    after = [(each, found) for each in noted if (found := news.let_go(unasked.watched(it, each)))]
    if not after:
        return Repaint(told=cards.say(replies.nothing_to_let_go(ticket.id)))
    for each, found in after:
        await desk.note_told(it.cluster, each.model_copy(update={"revision": found.told.dumps()}))
    log.info("cluster_let_go", cluster=ticket.id, by=person.user)
    return Repaint(after[0][1].card)


def _refused(desk: Desk, ticket: Ticket, refused: Refused, person: Person, *, surface: Surface | None) -> Repaint:
    request = desk.request(ticket.namespace, ticket.id)
    drawn = None
    if request and surface and not _lags(request, refused):
        drawn = approvals.drawing(desk, request, surface)
    said, tenant = approvals.sentence(desk, ticket, refused), desk.tenant_of(ticket.namespace)
    if request and refused.reason is Reason.ALREADY_VOTED and _has_voted(request, person):
        # Whoever has another mind by now takes the first vote back.
        return Repaint(drawn, cards.card([blocks.section(said), blocks.actions(buttons.take_back_vote(request))]))
    spec = sights.deciding(desk, request, tenant) if request and tenant else None
    if request and spec and refused.reason in _ALONE and spec.approval.in_slack and people.breaker(spec, person):
        offered = blocks.actions(buttons.break_glass(request))
        return Repaint(drawn, cards.card([blocks.section(said), offered]))
    return Repaint(drawn, cards.say(said))


def _lags(request: Stored[ClusterRequest], refused: Refused) -> bool:
    """Whether the caches do not show yet what speaks against a press: a card drawn from them would be an old one."""
    return refused.reason is Reason.ALREADY_DECIDED and request.it.status.phase is Phase.PENDING


def _has_voted(request: Stored[ClusterRequest], person: Person) -> bool:
    return any(people.same(vote.voter, person) for vote in request.it.status.votes)


@dataclass(frozen=True)
class Press:
    """What one of our buttons does, and on which card of a request it stands; None where it stands in other messages,
    too."""

    answer: Callable[[Desk, Ticket, Person], Awaitable[PressAnswer]]
    surface: Surface | None


PRESSES: dict[str, Press] = {
    buttons.APPROVE: Press(approvals.approve, Surface.APPROVER),
    buttons.APPROVE_ANYWAY: Press(approvals.approve_anyway, Surface.APPROVER),
    buttons.KEEP_WAITING: Press(approvals.keep_waiting, Surface.APPROVER),
    buttons.DENY: Press(approvals.deny, Surface.APPROVER),
    buttons.TAKE_BACK: Press(approvals.take_back_vote, Surface.APPROVER),
    buttons.BREAK_GLASS: Press(approvals.break_glass, Surface.APPROVER),
    buttons.WITHDRAW: Press(_withdraw, Surface.REQUESTER),
    buttons.LET_GO: Press(_let_go, None),
    buttons.LET_GO_OF: Press(_let_go_of, None),
    buttons.DETAILS: Press(_details, Surface.APPROVER),
    buttons.ASK: Press(inquiries.ask, Surface.APPROVER),
    buttons.ANSWER: Press(inquiries.answer, None),
}
"""By action id."""
