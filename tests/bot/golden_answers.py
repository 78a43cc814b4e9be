"""What one person alone is told: answers to presses and to lines that change something, and the lines with a sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from bot import access_cards, buttons, chimes, commands, presses, sights
from bot.answers import Repaint, Say
from bot.cards import Card
from bot.caretaker import Caretaker
from bot.sights import Sight
from provisioning.model import Action, ApprovalPolicy, Decision, Delivery, Person, Phase, RequestStatus, Surface, Vote
from provisioning.objects import Stored
from provisioning.trouble import Trouble
from tests.bot import access_samples, samples
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster

_BY_OMAR = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)
_ASKED = Delivery(surface=Surface.REQUESTER, channel="D0LENA", ts="1.1", heard=chimes.ASKED)


def _desk(*, required: int = 1) -> FakeDesk:
    """Lena and Omar may break the glass."""
    desk = FakeDesk()
    glass = (samples.subject(samples.LENA), samples.subject(samples.OMAR))
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=required, break_glass=glass))
    desk.put_cluster(samples.cluster("alpha", by="cr-other", status=samples.ready()))
    return desk


def _pressed(*actions: str, person: Person, desk: FakeDesk, requester: Person = samples.LENA) -> Card:
    """What is said to whoever presses these buttons of a request, to the last of them."""
    ticket = buttons.ticket_of(desk.put(samples.request(requester=requester)))
    for action in actions:
        answer = asyncio.run(presses.pressed(desk, action=action, value=ticket.dumps(), person=person))
    if not isinstance(answer, Repaint) or answer.told is None:
        raise TypeError(actions)
    return answer.told


def _done(line: str, desk: FakeDesk) -> Card:
    """What is said to Lena once her line is carried out."""
    said = commands.answer(line, desk=desk, person=samples.LENA, now=samples.NOW)
    answer = asyncio.run(commands.carry_out(said, desk=desk, team="T0LOCAL", key=line, zone=UTC))
    if not isinstance(answer, Say):
        raise TypeError(line)
    return answer.card


def _asked(status: RequestStatus | None = None) -> FakeDesk:
    desk = _desk()
    desk.put(samples.request(status=status))
    return desk


def _entered() -> FakeDesk:
    """Lena has a way into build-7."""
    desk = _desk()
    desk.accesses.put(access_samples.opened())
    return desk


def _changed() -> FakeDesk:
    """A change of alpha was denied, and alpha has changed since by another one."""
    desk, denied = _desk(), Vote(voter=samples.OMAR, decision=Decision.DENY, reason="no", at=samples.LATER)
    status = RequestStatus(phase=Phase.DENIED, votes=(denied,), decided_at=samples.LATER)
    desk.put(samples.request(cluster="alpha", action=Action.CHANGE, base_generation=7, status=status))
    return desk


def _enforced(*troubles: Trouble | None) -> Card:
    """What the platform is told of its quotas last."""

    async def told() -> None:
        for trouble in troubles:
            await caretaker.enforcement(trouble)

    poster = FakePoster()
    caretaker = Caretaker(poster, channel="C0PLATFORM", clock=lambda: samples.NOW)
    asyncio.run(told())
    return poster.at("C0PLATFORM")[-1]


def _channel_out() -> Card:
    poster, asked = FakePoster(), _heard(RequestStatus())
    caretaker = Caretaker(poster, channel="C0PLATFORM", clock=lambda: samples.NOW)
    asyncio.run(caretaker.channel_out(asked, [asked.request], channel="C0TEAMA", reason="is_archived"))
    return poster.at("C0PLATFORM")[-1]


def _heard(status: RequestStatus, *, name: str = "cr-7f3k2m4p6q", cluster: str = "build-7") -> Sight:
    """A request of which Lena has heard only that it was sent."""
    desk = _desk()
    made = samples.request(name, cluster=cluster)
    known = made.it.model_copy(update={"status": status.model_copy(update={"deliveries": (_ASKED,)})})
    found = sights.of(desk, desk.put(Stored(made.meta, known)))
    assert found is not None
    return found


def _approved() -> RequestStatus:
    return RequestStatus(phase=Phase.APPROVED, votes=(_BY_OMAR,), decided_at=samples.LATER)


def _many() -> list[Sight]:
    lines = ((_approved(), "build-7"), (RequestStatus(phase=Phase.EXPIRED), "build-8"), (_approved(), "build-9"))
    return [_heard(status, name=f"cr-{cluster}", cluster=cluster) for status, cluster in lines]


def _ready() -> Sight:
    cluster = samples.cluster(status=samples.ready())
    return replace(_heard(_approved().model_copy(update={"phase": Phase.APPLIED})), cluster=cluster)


CARDS: dict[str, Callable[[], Card]] = {
    "told_vote_counts": lambda: _pressed(buttons.APPROVE, person=samples.OMAR, desk=_desk(required=2)),
    "told_voted_already": lambda: _pressed(buttons.APPROVE, buttons.DENY, person=samples.OMAR, desk=_desk(required=2)),
    "told_vote_taken_back": lambda: _pressed(
        buttons.APPROVE, buttons.TAKE_BACK, person=samples.OMAR, desk=_desk(required=2)
    ),
    "told_own_request": lambda: _pressed(buttons.APPROVE, person=samples.LENA, desk=_desk()),
    "told_kept_waiting": lambda: _pressed(buttons.KEEP_WAITING, person=samples.OMAR, desk=_desk()),
    "told_withdrawn": lambda: _pressed(buttons.WITHDRAW, person=samples.LENA, desk=_desk()),
    "told_nothing_to_let_go": lambda: _pressed(buttons.LET_GO, person=samples.LENA, desk=_desk()),
    "told_unasked_gone": lambda: _pressed(buttons.LET_GO_OF, person=samples.LENA, desk=_desk()),
    "told_no_way_to_ask": lambda: _pressed(buttons.ASK, person=samples.OMAR, desk=_desk(), requester=samples.KAI),
    "told_not_your_tenant": lambda: _pressed(buttons.DETAILS, person=samples.KAI, desk=_desk()),
    "told_done": lambda: _done("hibernate alpha", _desk()),
    "told_taken_back": lambda: _done("withdraw build-7", _asked()),
    "told_nudged": lambda: _done("nudge build-7", _asked()),
    "told_tried_again": lambda: _done("retry alpha", _desk()),
    "told_revoked": lambda: _done("access revoke build-7", _entered()),
    "told_no_access_of_yours": lambda: _done("access revoke", _desk()),
    "told_nobody_delegated": lambda: _done("delegate stop", _desk()),
    "told_no_such_request": lambda: _done("again build-99", _asked()),
    "told_too_soon_to_cancel": lambda: _done("cancel build-7", _asked(_approved())),
    "told_changed_meanwhile": lambda: _done("again alpha", _changed()),
    "platform_channel_out": _channel_out,
    "platform_approvals_paused": lambda: _enforced(Trouble.TAKEN),
    "platform_approvals_paused_silent": lambda: _enforced(Trouble.SILENT),
    "platform_approvals_go_on": lambda: _enforced(Trouble.TAKEN, None),
    "line_decided": lambda: chimes.line(_heard(_approved())),
    "line_ready": lambda: chimes.line(_ready()),
    "line_of_many": lambda: chimes.together(_many()),
    "line_access_open": lambda: access_cards.heard(access_samples.opened(slack="U0LENA")),
    "line_access_refused": lambda: access_cards.heard(access_samples.refused()),
}
