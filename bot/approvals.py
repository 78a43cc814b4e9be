"""How somebody votes on a request in Slack: approves, denies, takes it back, or takes it through in an emergency.

Each is what a button does (`presses`), and where a reason is wanted, what becomes of the form for it. Whether a vote
counts is the desk's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from bot import approvers, blocks, buttons, cards, forms, replies, request_cards, shortage, sights, unsaved, verdicts
from bot.answers import ANSWER_SECONDS, Errors, FormAnswer, Open, PressAnswer, Repaint, Replace
from bot.buttons import Ticket
from bot.commands.command import Filled, Form
from bot.entries import typed
from bot.ports import Desk
from provisioning import approval, errors, people
from provisioning.errors import Cause
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Decision, Person, Phase, Surface
from provisioning.objects import Stored

log = structlog.get_logger()

ROOM_SECONDS = 1.5
"""How long it may take to learn whether there is room: the vote itself needs the rest of the answer's time."""


async def denied(form: Filled) -> FormAnswer:
    """The reason is given: deny, or say in the form why that does not count."""
    return await _reasoned(
        form, Decision.DENY, said=lambda cluster: replies.voted(False, cluster, 0), title=replies.DENY_TITLE
    )


async def taken_through(form: Filled) -> FormAnswer:
    """The reason is given: take it through, or say in the form why that does not count."""
    return await _reasoned(
        form, Decision.APPROVE, break_glass=True, said=replies.taken_through, title=replies.BREAK_GLASS_TITLE
    )


async def _reasoned(
    form: Filled, decision: Decision, *, said: Callable[[str], str], title: str, break_glass: bool = False
) -> FormAnswer:
    ticket = buttons.read(form.metadata)
    reason = typed(form.values, "reason")
    if ticket is None:
        return Replace(forms.told(replies.CARD_TOO_OLD))
    if not reason:
        return Errors({"reason": replies.REASON_WANTED})
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            request = await _vote(form.desk, ticket, form.person, decision, reason=reason, break_glass=break_glass)
    except Refused as refused:
        return Replace(forms.told(sentence(form.desk, ticket, refused)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("vote_not_saved", request=ticket.id, by=form.person.user, error=str(error) or "timeout")
        return Errors({"reason": unsaved.at_field(error)})
    return Replace(forms.told(said(request.it.spec.cluster), title=title))


async def approve(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Whoever's vote would count is asked back first where there is no room any more; nothing is voted then."""
    causes, request = await _shortage(desk, ticket, person), desk.request(ticket.namespace, ticket.id)
    if causes and request and (found := sights.of(desk, request)) and found.deciding.approval.in_slack:
        log.info("approval_asked_back", request=ticket.id, by=person.user, why="; ".join(map(str, causes)))
        return Repaint(request_cards.approver(found), shortage.asked_back(found, causes))
    return await approve_anyway(desk, ticket, person)


async def _shortage(desk: Desk, ticket: Ticket, person: Person) -> tuple[Cause, ...]:
    """Where there is no room for it now. An API server that does not say so in time keeps nobody from voting."""
    try:
        async with asyncio.timeout(ROOM_SECONDS):
            await desk.voting.check(ticket.namespace, ticket.id, person, digest=ticket.digest)
            return await desk.shortage(ticket.namespace, ticket.id)
    except Refused as refused:
        if refused.reason is Reason.GROUP_UNKNOWN:
            raise
        return ()  # the vote itself says why, by what is so at this moment
    except (errors.KubeError, TimeoutError) as error:
        log.warning("room_not_known", request=ticket.id, error=str(error) or "timeout")
        return ()


async def keep_waiting(desk: Desk, ticket: Ticket, _: Person) -> PressAnswer:
    """Vote on nothing, as whoever was asked back wishes."""
    request = desk.request(ticket.namespace, ticket.id)
    if request is None:
        raise Refused(Reason.GONE)
    if request.it.status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    return Repaint(told=cards.say(replies.KEPT_WAITING))


async def approve_anyway(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Vote for it, whether there is room or not; while others must agree as well, the vote can be taken back."""
    request = await _vote(desk, ticket, person, Decision.APPROVE)
    found = sights.of(desk, request)
    if found is None or request.it.status.phase is not Phase.PENDING:
        said = cards.say(replies.voted(True, request.it.spec.cluster, 0))
        return Repaint(request_cards.approver(found) if found else None, said)
    spec = found.deciding
    missing = spec.approval.required - len(approval.agreed(request, spec, found.delegations))
    offered = [buttons.take_back_vote(request)]
    if people.breaker(spec, person):
        offered.append(buttons.break_glass(request))
    told = blocks.section(replies.voted(True, request.it.spec.cluster, missing))
    return Repaint(request_cards.approver(found), cards.card([told, blocks.actions(*offered)]))


async def deny(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Ask for the reason; whoever may not decide anyway is told before writing one."""
    request = await desk.voting.check(ticket.namespace, ticket.id, person, digest=ticket.digest)
    return Open(forms.deny(ticket, cluster=request.it.spec.cluster))


async def take_back_vote(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """As if one had not voted yet."""
    request = await desk.voting.take_back(ticket.namespace, ticket.id, person)
    log.info("vote_taken_back", request=ticket.id, by=person.user)
    said = cards.say(replies.vote_taken_back(request.it.spec.cluster))
    return Repaint(drawing(desk, request, Surface.APPROVER), said)


async def break_glass(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Ask for the reason, and say what it means and who will be told."""
    request, tenant = desk.request(ticket.namespace, ticket.id), desk.tenant_of(ticket.namespace)
    if request is None or tenant is None:
        raise Refused(Reason.GONE)
    if request.it.status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    spec = sights.deciding(desk, request, tenant)
    if not people.breaker(spec, person):
        raise Refused(Reason.NO_BREAK_GLASS)
    approval.check_account(person, spec)
    approval.check_door(person, spec)
    who = verdicts.passed_over(spec, person)
    return Open(forms.break_glass(ticket, cluster=request.it.spec.cluster, passed_over=who))


async def _vote(
    desk: Desk, ticket: Ticket, person: Person, decision: Decision, *, reason: str = "", break_glass: bool = False
) -> Stored[ClusterRequest]:
    where = (ticket.namespace, ticket.id)
    request = await desk.vote(*where, person, decision, reason=reason, digest=ticket.digest, break_glass=break_glass)
    say = log.warning if break_glass else log.info
    say("vote_counted", request=ticket.id, by=person.user, decision=decision.value, break_glass=break_glass)
    return request


def drawing(desk: Desk, request: Stored[ClusterRequest], surface: Surface) -> cards.Card | None:
    """The card of a request as it would be drawn now, or None when its tenant or the catalog is gone."""
    found = sights.of(desk, request)
    return request_cards.draw(surface, found) if found else None


def sentence(desk: Desk, ticket: Ticket, refused: Refused) -> str:
    """Why the desk refused, for whoever pressed."""
    request = desk.request(ticket.namespace, ticket.id)
    found = sights.of(desk, request) if request else None
    return verdicts.why_not(request, refused.reason, approvers.others(found) if found else ())


FORM = Form(forms.DENY, denied)
GLASS_FORM = Form(forms.BREAK_GLASS, taken_through)
