"""What a press draws anew: the card that its button stands on, as it is now, and no other message."""

from __future__ import annotations

import pytest

from bot import buttons, presses, replies
from bot.answers import Open, Repaint
from provisioning.lifecycle import Reason
from provisioning.model import Phase, Question
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk


async def pressed(desk: FakeDesk, action: str) -> Repaint:
    """The answer to the button of the one request that there is, as it was drawn at first."""
    person = samples.LENA if action in (buttons.ANSWER, buttons.WITHDRAW) else samples.OMAR
    value = buttons.ticket_of(samples.request()).dumps()
    answer = await presses.pressed(desk, action=action, value=value, person=person)
    assert not isinstance(answer, Open)
    return answer


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"questions": (Question(asker=samples.EVA, words="Why?", at=samples.AT, answer="So"),)}, Reason.ANSWERED),
        ({"questions": ()}, Reason.GONE),
    ],
    ids=["answered", "gone"],
)
async def test_a_question_that_needs_no_answer_any_more_does_not_turn_into_the_card_of_its_request(
    changes: dict[str, object], why: Reason
) -> None:
    desk = FakeDesk()
    desk.status(desk.put(samples.request()).key, **changes)

    answer = await pressed(desk, buttons.ANSWER)

    assert answer.card is None
    assert answer.told is not None
    assert replies.REFUSED[why] in answer.told.text


@pytest.mark.parametrize("action", [buttons.APPROVE, buttons.TAKE_BACK, buttons.WITHDRAW])
async def test_a_card_is_not_drawn_from_caches_that_do_not_show_yet_that_it_is_decided(action: str) -> None:
    desk = FakeDesk()
    key = desk.put(samples.request()).key
    desk.lag = True
    desk.status(key, phase=Phase.DENIED, decided_at=samples.LATER)

    before = await pressed(desk, action)
    desk.catch_up()
    after = await pressed(desk, action)

    assert before.card is None
    assert before.told is not None
    assert before.told.text == replies.REFUSED[Reason.ALREADY_DECIDED]
    assert after.card is not None
    assert "Denied" in after.card.text
