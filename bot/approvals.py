"""What happens when somebody presses Approve, Deny or Withdraw: the desk decides, the person is told, the card redrawn.

No press is silent. The button says what was shown (`buttons.Ticket`); whether that still stands is the desk's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot import buttons, cards, forms, replies
from bot.answers import Errors, FormAnswer, Open, PressAnswer, Repaint, Replace
from bot.buttons import Ticket
from bot.commands.command import Filled, Form
from bot.entries import typed
from bot.ports import Desk
from provisioning import approval, errors, people, quota, reservations
from provisioning.desk import NoCatalog, Refused
from provisioning.model import CatalogSpec, ClusterRequest, Decision, Person, Phase, Surface, TenantSpec
from provisioning.objects import Stored
from provisioning.reservations import Others
from provisioning.usage import Usage

log = structlog.get_logger()

DECIDE_SECONDS = 2.3


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
        return _refused(desk, ticket, refused, surface=PRESSES[action].surface)
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


async def _approve(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    request = await _vote(desk, ticket, person, Decision.APPROVE)
    missing = 0
    tenant = desk.tenant_of(request.meta.namespace)
    if tenant and request.it.status.phase is Phase.PENDING:
        missing = tenant.it.spec.approval.required - len(approval.agreed(request, tenant.it.spec))
    said = cards.say(replies.voted(True, request.it.spec.cluster, missing))
    return Repaint(drawing(desk, request, Surface.APPROVER), said)


async def _deny(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """Ask for the reason; whoever may not decide anyway is told before writing one."""
    request = desk.request(ticket.namespace, ticket.id)
    tenant = desk.tenant_of(ticket.namespace)
    if request is None or tenant is None:
        return Repaint(told=cards.say(replies.GONE))
    if request.it.status.phase is not Phase.PENDING:
        drawn = drawing(desk, request, Surface.APPROVER)
        return Repaint(drawn, cards.say(replies.already_decided(cards.verdict_line(request))))
    if people.same(person, request.it.spec.requester) and not tenant.it.spec.approval.own_requests:
        return Repaint(told=cards.say(replies.OWN_REQUEST))
    if tenant.meta.name not in {t.meta.name for t in desk.approvals_of(person)}:
        return Repaint(told=cards.say(replies.NOT_AN_APPROVER))
    return Open(forms.deny(ticket, cluster=request.it.spec.cluster))


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


def sight(desk: Desk, request: Stored[ClusterRequest]) -> cards.Sight | None:
    """What a card of this request is drawn from, out of the desk's caches."""
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
    return cards.Sight(request, tenant, catalog, cluster=cluster, hard=hard, used=used, others=others)


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
    return approval.waiver_for(sight.tenant.it.spec.approval, spec.action, size, sight.catalog) is None


def account_of(tenant: TenantSpec, person: Person) -> str:
    """Somebody's Slack account: their own word, or for whoever asked by kubectl, the tenant's. Empty when unknown."""
    named = (s.slack for s in (*tenant.members, *tenant.approvers) if s.user == person.user and s.slack)
    return person.slack or next(named, "")


def asked(sight: cards.Sight) -> tuple[str, ...]:
    """The Slack accounts of those who may decide this request."""
    tenant, requester = sight.tenant.it.spec, sight.request.it.spec.requester
    found = dict.fromkeys(subject.slack for subject in tenant.approvers if subject.slack)
    if not tenant.approval.own_requests:
        found.pop(account_of(tenant, requester), None)
    return tuple(found)


def _refused(desk: Desk, ticket: Ticket, refused: Refused, *, surface: Surface) -> Repaint:
    request = desk.request(ticket.namespace, ticket.id)
    drawn = drawing(desk, request, surface) if request else None
    return Repaint(drawn, cards.say(_sentence(desk, ticket, refused)))


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
    buttons.WITHDRAW: Press(_withdraw, Surface.REQUESTER),
    buttons.DETAILS: Press(_details, Surface.APPROVER),
}
"""By action id."""

FORM = Form(forms.DENY, denied)
