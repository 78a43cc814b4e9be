"""What happens when somebody presses Approve, Deny or Withdraw: the desk decides, the person is told, the card redrawn.

No press is silent. The button says what was shown (`buttons.Ticket`); whether that still stands is the desk's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot import blocks, buttons, cards, forms, inquiries, news, replies, verdicts
from bot.answers import Errors, FormAnswer, Open, PressAnswer, Repaint, Replace
from bot.buttons import Ticket
from bot.commands.command import Filled, Form
from bot.entries import typed
from bot.ports import Desk
from provisioning import approval, errors, escalation, people, quota, reservations
from provisioning.desk import NoCatalog, Refused
from provisioning.lifecycle import Reason
from provisioning.model import CatalogSpec, ClusterRequest, Decision, Person, Phase, Surface, TenantSpec
from provisioning.objects import Stored
from provisioning.reservations import Others
from provisioning.stage import Stage
from provisioning.usage import Usage

log = structlog.get_logger()

DECIDE_SECONDS = 2.3
_ALONE = frozenset((Reason.OWN_REQUEST, Reason.NOT_AN_APPROVER, Reason.APPROVER_ASKED, Reason.APPROVER_VOTED))
"""Refusals that leave a way in an emergency, where the tenant has one."""


async def pressed(desk: Desk, *, action: str, value: object, person: Person) -> PressAnswer:
    """The answer to one of our buttons."""
    ticket = buttons.read(value)
    if ticket is None:
        return Repaint(told=cards.say(replies.CARD_TOO_OLD))
    try:
        async with asyncio.timeout(DECIDE_SECONDS):
            return await PRESSES[action].answer(desk, ticket, person)
    except Refused as refused:
        log.info("press_refused", request=ticket.id, by=person.user, action=action, reason=refused.reason.value)
        return _refused(desk, ticket, refused, person, surface=PRESSES[action].surface)
    except (errors.KubeError, TimeoutError) as error:
        log.warning("press_not_saved", request=ticket.id, by=person.user, error=str(error) or "timeout")
        return Repaint(told=cards.say(replies.NOT_DECIDED))


async def denied(form: Filled) -> FormAnswer:
    """The reason is given: deny, or say in the form why that does not count."""
    ticket = buttons.read(form.metadata)
    reason = typed(form.values, "reason")
    if ticket is None:
        return Replace(forms.told(replies.CARD_TOO_OLD))
    if not reason:
        return Errors({"reason": replies.REASON_WANTED})
    try:
        async with asyncio.timeout(DECIDE_SECONDS):
            request = await _vote(form.desk, ticket, form.person, Decision.DENY, reason=reason)
    except Refused as refused:
        return Replace(forms.told(_sentence(form.desk, ticket, refused)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("denial_not_saved", request=ticket.id, by=form.person.user, error=str(error) or "timeout")
        return Errors({"reason": replies.NOT_DECIDED})
    return Replace(forms.told(replies.voted(False, request.it.spec.cluster, 0), title=replies.DENY_TITLE))


async def taken_through(form: Filled) -> FormAnswer:
    """The reason is given: take it through, or say in the form why that does not count."""
    ticket = buttons.read(form.metadata)
    reason = typed(form.values, "reason")
    if ticket is None:
        return Replace(forms.told(replies.CARD_TOO_OLD))
    if not reason:
        return Errors({"reason": replies.REASON_WANTED})
    try:
        async with asyncio.timeout(DECIDE_SECONDS):
            request = await form.desk.vote(
                ticket.namespace,
                ticket.id,
                form.person,
                Decision.APPROVE,
                reason=reason,
                digest=ticket.digest,
                break_glass=True,
            )
    except Refused as refused:
        return Replace(forms.told(_sentence(form.desk, ticket, refused)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("break_glass_not_saved", request=ticket.id, by=form.person.user, error=str(error) or "timeout")
        return Errors({"reason": replies.NOT_DECIDED})
    log.warning("glass_broken", request=ticket.id, by=form.person.user)
    return Replace(forms.told(replies.taken_through(request.it.spec.cluster), title=replies.BREAK_GLASS_TITLE))


async def _approve(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    request = await _vote(desk, ticket, person, Decision.APPROVE)
    found = sight(desk, request)
    if found is None or request.it.status.phase is not Phase.PENDING:
        said = cards.say(replies.voted(True, request.it.spec.cluster, 0))
        return Repaint(cards.approver(found) if found else None, said)
    spec = found.tenant.it.spec
    missing = spec.approval.required - len(approval.agreed(request, spec, found.delegations))
    offered = [buttons.take_back_vote(request)]
    if people.breaker(spec, person):
        offered.append(buttons.break_glass(request))
    told = blocks.section(replies.voted(True, request.it.spec.cluster, missing))
    return Repaint(cards.approver(found), cards.card([told, blocks.actions(*offered)]))


async def _deny(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Ask for the reason; whoever may not decide anyway is told before writing one."""
    request = await desk.voting.check(ticket.namespace, ticket.id, person, digest=ticket.digest)
    return Open(forms.deny(ticket, cluster=request.it.spec.cluster))


async def _take_back_vote(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    request = await desk.voting.take_back(ticket.namespace, ticket.id, person)
    log.info("vote_taken_back", request=ticket.id, by=person.user)
    said = cards.say(replies.vote_taken_back(request.it.spec.cluster))
    return Repaint(drawing(desk, request, Surface.APPROVER), said)


async def _break_glass(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Ask for the reason, and say what it means and who will be told."""
    request, tenant = desk.request(ticket.namespace, ticket.id), desk.tenant_of(ticket.namespace)
    if request is None or tenant is None:
        raise Refused(Reason.GONE)
    if request.it.status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    if not people.breaker(tenant.it.spec, person):
        raise Refused(Reason.NO_BREAK_GLASS)
    approval.check_account(person, tenant.it.spec)
    who = verdicts.passed_over(tenant.it.spec, person)
    return Open(forms.break_glass(ticket, cluster=request.it.spec.cluster, passed_over=who))


async def _details(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """The approvers' card as it is now and the whole reason, to be read: what is decided is decided beside it."""
    request = desk.request(ticket.namespace, ticket.id)
    tenant, card = desk.tenant_of(ticket.namespace), drawing(desk, request, Surface.APPROVER) if request else None
    if request is None or tenant is None or card is None:
        return Repaint(told=cards.say(replies.GONE))
    if tenant.meta.name not in {t.meta.name for t in (*desk.tenants_of(person), *desk.approvals_of(person))}:
        return Repaint(told=cards.say(replies.NOT_YOUR_TENANT))
    return Open(forms.details(card, reason=request.it.spec.reason))


async def _withdraw(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    request = await desk.withdraw(ticket.namespace, ticket.id, person)
    log.info("request_withdrawn", request=ticket.id, by=person.user)
    said = cards.say(replies.withdrawn(request.it.spec.cluster))
    return Repaint(drawing(desk, request, Surface.REQUESTER), said)


async def _let_go(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Somebody of the tenant wants a cluster's life to end as it will, and hears no more before it does."""
    request = desk.request(ticket.namespace, ticket.id)
    found = sight(desk, request) if request else None
    if request is None or found is None:
        return Repaint(told=cards.say(replies.GONE))
    if not people.member(found.tenant.it.spec, person):
        return Repaint(told=cards.say(replies.REFUSED[Reason.NOT_YOURS]))
    standing, after = news.delivery(found), news.let_go(found)
    if standing is None or after is None:
        return Repaint(told=cards.say(replies.nothing_to_let_go(request.it.spec.cluster)))
    noted = standing.model_copy(update={"revision": after.told.dumps()})
    await desk.record_delivery(*request.key, noted)
    log.info("cluster_let_go", request=ticket.id, by=person.user)
    return Repaint(after.card)


async def _vote(
    desk: Desk, ticket: Ticket, person: Person, decision: Decision, *, reason: str = ""
) -> Stored[ClusterRequest]:
    request = await desk.vote(ticket.namespace, ticket.id, person, decision, reason=reason, digest=ticket.digest)
    log.info("vote_counted", request=ticket.id, by=person.user, decision=decision.value)
    return request


def drawing(desk: Desk, request: Stored[ClusterRequest], surface: Surface) -> cards.Card | None:
    """The card of a request as it would be drawn now, or None when its tenant or the catalog is gone."""
    found = sight(desk, request)
    return cards.draw(surface, found) if found else None


def sight(desk: Desk, request: Stored[ClusterRequest], *, now: datetime | None = None) -> cards.Sight | None:
    """What a card of this request is drawn from, out of the desk's caches; without `now` less is said."""
    tenant = desk.tenant_of(request.meta.namespace)
    if tenant is None:
        return None
    key = (request.meta.namespace, request.it.spec.cluster)
    cluster = next((c for c in desk.clusters(tenant.meta.name) if c.key == key), None)
    hard, used = desk.usage(tenant.meta.name)
    try:
        catalog = desk.catalog()
    except NoCatalog:
        return None
    others = _others(desk, request, tenant.meta.name, catalog)
    found = cards.Sight(request, tenant, catalog, cluster=cluster, hard=hard, used=used, others=others, now=now)
    found = replace(found, delegations=desk.voting.delegations(request.meta.namespace))
    if found.stage is Stage.WAITING:
        found = replace(found, paused=desk.canary.trouble() is not None)
    if name := request.it.status.replaced_by:
        found = replace(found, newer=desk.request(request.meta.namespace, name))
    return replace(found, usual=desk.usual()) if now and found.stage is Stage.BUILDING else found


def _others(desk: Desk, request: Stored[ClusterRequest], tenant: str, catalog: CatalogSpec) -> Others:
    """What else waits; nothing once there is nothing to decide, so that what ended is not drawn anew for it."""
    if request.it.status.phase is not Phase.PENDING:
        return Others()
    key = (request.meta.namespace, request.it.spec.cluster)
    return reservations.others(desk.requests(tenant), desk.clusters(tenant), catalog, besides=key)


def asks_approvers(sight: cards.Sight) -> bool:
    """Whether approvers have something to decide: no rule of the tenant makes them unnecessary.

    The provisioner settles what a rule covers; asking in the moment before it does would be noise.
    """
    spec, old = sight.request.it.spec, sight.cluster.it.spec if sight.cluster else None
    shown = spec.desired or old
    size = quota.envelope(shown, sight.catalog) if shown else Usage()
    policy, extension = sight.tenant.it.spec.approval, approval.is_extension(old, spec.desired)
    return approval.waiver_for(policy, spec.action, size, sight.catalog, extension=extension) is None


def account_of(tenant: TenantSpec, person: Person) -> str:
    """Somebody's Slack account: their own word, or for whoever asked by kubectl, the tenant's. Empty when unknown."""
    named = (s.slack for s in (*tenant.members, *tenant.approvers) if s.user == person.user and s.slack)
    return person.slack or next(named, "")


def asked(sight: cards.Sight) -> tuple[str, ...]:
    """The Slack accounts of those who may decide this request."""
    tenant, requester = sight.tenant.it.spec, sight.request.it.spec.requester
    found = dict.fromkeys(subject.slack for subject in tenant.approvers if subject.slack)
    found |= dict.fromkeys((*handed_to(sight), *deputies(sight)))
    if not tenant.approval.own_requests:
        found.pop(account_of(tenant, requester), None)
    return tuple(found)


def handed_to(sight: cards.Sight) -> tuple[str, ...]:
    """The Slack accounts of those to whom the request was handed on, the requester's left out."""
    tenant, requester = sight.tenant.it.spec, sight.request.it.spec.requester
    steps = (step for _, step in escalation.noted(sight.request, tenant))
    found = dict.fromkeys(subject.slack for step in steps for subject in step.approvers if subject.slack)
    found.pop(account_of(tenant, requester), None)
    return tuple(found)


def deputies(sight: cards.Sight) -> tuple[str, ...]:
    """The Slack accounts of those who may decide this request instead of an approver."""
    tenant, requester = sight.tenant.it.spec, people.recognised(sight.tenant.it.spec, sight.request.it.spec.requester)
    found = verdicts.deputies(tenant, sight.delegations)
    if not tenant.approval.own_requests:
        own = [each for each in found if any(people.same(requester, it) for it in (each.delegate, each.approver))]
        found = tuple(each for each in found if each not in own)
    return tuple(dict.fromkeys(each.delegate.slack for each in found if each.delegate.slack))


def _refused(desk: Desk, ticket: Ticket, refused: Refused, person: Person, *, surface: Surface) -> Repaint:
    request = desk.request(ticket.namespace, ticket.id)
    drawn = drawing(desk, request, surface) if request else None
    told, tenant = _sentence(desk, ticket, refused), desk.tenant_of(ticket.namespace)
    if request and tenant and refused.reason in _ALONE and people.breaker(tenant.it.spec, person):
        offered = blocks.actions(buttons.break_glass(request))
        return Repaint(drawn, cards.card([blocks.section(told), offered]))
    return Repaint(drawn, cards.say(told))


def _sentence(desk: Desk, ticket: Ticket, refused: Refused) -> str:
    return cards.why_not(desk.request(ticket.namespace, ticket.id), refused.reason)


@dataclass(frozen=True)
class Press:
    """What one of our buttons does, and on which card it stands."""

    answer: Callable[[Desk, Ticket, Person], Awaitable[PressAnswer]]
    surface: Surface


PRESSES: dict[str, Press] = {
    buttons.APPROVE: Press(_approve, Surface.APPROVER),
    buttons.DENY: Press(_deny, Surface.APPROVER),
    buttons.TAKE_BACK: Press(_take_back_vote, Surface.APPROVER),
    buttons.BREAK_GLASS: Press(_break_glass, Surface.APPROVER),
    buttons.WITHDRAW: Press(_withdraw, Surface.REQUESTER),
    buttons.LET_GO: Press(_let_go, Surface.REQUESTER),
    buttons.DETAILS: Press(_details, Surface.APPROVER),
    buttons.ASK: Press(inquiries.ask, Surface.APPROVER),
    buttons.ANSWER: Press(inquiries.answer, Surface.REQUESTER),
}
"""By action id."""

FORM = Form(forms.DENY, denied)
GLASS_FORM = Form(forms.BREAK_GLASS, taken_through)
