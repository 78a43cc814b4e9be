"""What one person alone is told: answers to presses and to lines that change something, and the lines with a sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from bot import access_cards, approvals, buttons, chimes, commands, sights
from bot.answers import Repaint, Say
from bot.cards import Card
from bot.sights import Sight
from provisioning.model import ApprovalPolicy, Decision, Delivery, Person, Phase, RequestStatus, Surface, Vote
from provisioning.objects import Stored
from tests.bot import access_samples, samples
from tests.bot.fake_desk import FakeDesk

_BY_OMAR = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)
_ASKED = Delivery(surface=Surface.REQUESTER, channel="D0LENA", ts="1.1", heard=chimes.ASKED)


def _desk(*, required: int = 1) -> FakeDesk:
    """Lena and Omar may break the glass."""
    desk = FakeDesk()
    glass = (samples.subject(samples.LENA), samples.subject(samples.OMAR))
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=required, break_glass=glass))
    desk.put_cluster(samples.cluster("alpha", by="cr-other", status=samples.ready()))
    return desk


def _pressed(action: str, person: Person, desk: FakeDesk) -> Card:
    """What is said to whoever presses a button of Lena's request."""
    ticket = buttons.ticket_of(desk.put(samples.request()))
    answer = asyncio.run(approvals.pressed(desk, action=action, value=ticket.dumps(), person=person))
    if not isinstance(answer, Repaint) or answer.told is None:
        raise TypeError(action)
    return answer.told


def _done(line: str, desk: FakeDesk) -> Card:
    """What is said to Lena once her line is carried out."""
    said = commands.answer(line, desk=desk, person=samples.LENA, now=samples.NOW)
    answer = asyncio.run(commands.carry_out(said, desk=desk, team="T0LOCAL", key=line, zone=UTC))
    if not isinstance(answer, Say):
        raise TypeError(line)
    return answer.card


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
    "told_vote_counts": lambda: _pressed(buttons.APPROVE, samples.OMAR, _desk(required=2)),
    "told_own_request": lambda: _pressed(buttons.APPROVE, samples.LENA, _desk()),
    "told_done": lambda: _done("hibernate alpha", _desk()),
    "line_decided": lambda: chimes.line(_heard(_approved())),
    "line_ready": lambda: chimes.line(_ready()),
    "line_of_many": lambda: chimes.together(_many()),
    "line_access_open": lambda: access_cards.heard(access_samples.opened(slack="U0LENA")),
    "line_access_refused": lambda: access_cards.heard(access_samples.refused()),
}
