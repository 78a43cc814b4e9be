"""Messages of their own about a request that waits, beside its cards: reminders, questions, answers. Pure.

A card that is edited tells nobody anything: Slack notifies of what is new. When a message is sent, and where to, is
`messenger`'s.
"""

from __future__ import annotations

from bot import blocks, buttons, cards, replies, text, waiting
from bot.cards import Card
from bot.sights import Sight
from provisioning.model import Phase


def reminder(sight: Sight, accounts: tuple[str, ...]) -> Card:
    """Below the card, to those who have not decided: accounts and user groups."""
    spec, status = sight.request.it.spec, sight.request.it.status
    until = text.moment(status.expires_at) if status.expires_at else ""
    who = ", ".join(text.user_group(it) if text.is_user_group(it) else text.mention(it) for it in accounts)
    # By name and not by mention: whoever asked need not hear of every reminder.
    asks = replies.asks_for(text.code(spec.requester.user), spec.action, spec.cluster)
    return cards.say(replies.reminder(who, asks, until))


def question(sight: Sight, number: int) -> Card:
    """To the requester: the question, and the button to answer while it can be."""
    request = sight.request
    it = request.it.status.questions[number]
    parts = [blocks.section(replies.question_about(request.it.spec.cluster)), *waiting.question(it)]
    if request.it.status.phase is not Phase.PENDING:
        parts += [blocks.context(replies.NO_ANSWER_NEEDED)] if not it.answer else []
    elif not it.answer:
        parts.append(blocks.actions(buttons.answer(request, number)))
    return cards.card(parts)


def answer(sight: Sight, number: int) -> Card:
    """Below the card, to whoever asked."""
    it = sight.request.it.status.questions[number]
    spec = sight.request.it.spec
    told = replies.answered(text.name(it.asker), text.code(spec.requester.user), spec.cluster)
    return cards.card([blocks.section(told), *waiting.question(it)])


def stranded(sight: Sight) -> Card:
    """To the platform: nobody is left who could decide."""
    spec = sight.request.it.spec
    asks = replies.asks_for(text.name(spec.requester), spec.action, spec.cluster)
    return cards.say(replies.stranded(asks, sight.tenant.meta.name, sight.request.meta.name))
