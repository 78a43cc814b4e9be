"""A question before one decides, and its answer: what the buttons open, and what becomes of what was written.

The question is kept in the request; who is told of it, and when, is `messenger`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import structlog

from bot import blocks, buttons, cards, forms, replies, text, unsaved, verdicts, waiting
from bot.answers import ANSWER_SECONDS, Errors, FormAnswer, Open, PressAnswer, Repaint, Replace
from bot.blocks import Block
from bot.buttons import Ticket
from bot.commands.command import Filled, Form
from bot.entries import typed
from bot.ports import Desk
from provisioning import errors, people, questions
from provisioning.lifecycle import Reason, Refused
from provisioning.model import ClusterRequest, Person, Phase
from provisioning.objects import Stored

log = structlog.get_logger()

QUESTION = "request_question"
ANSWER = "request_answer_words"
FIELD = "words"


async def ask(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """The form for a question; whoever may not decide, or would wait in vain, is told before writing one."""
    request, tenant = desk.request(ticket.namespace, ticket.id), desk.tenant_of(ticket.namespace)
    if request is None or tenant is None:
        raise Refused(Reason.GONE)
    if len(request.it.status.questions) >= questions.MOST:
        raise Refused(Reason.TOO_MANY)
    await desk.waiting.check_asker(ticket.namespace, ticket.id, person, digest=ticket.digest)
    requester = people.recognised(tenant.it.spec, request.it.spec.requester)
    if not requester.slack:
        return Repaint(told=cards.say(replies.no_way_to_ask(text.name(requester))))
    return Open(question_form(ticket, cluster=request.it.spec.cluster))


async def answer(desk: Desk, ticket: Ticket, person: Person) -> PressAnswer:
    """The form for an answer, with the question; or why there is none to give any more."""
    request = desk.request(ticket.namespace, ticket.id)
    if request is None or ticket.number >= len(request.it.status.questions):
        raise Refused(Reason.GONE)
    if not people.same(person, request.it.spec.requester):
        raise Refused(Reason.NOT_REQUESTER)
    if request.it.status.phase is not Phase.PENDING:
        raise Refused(Reason.ALREADY_DECIDED)
    if request.it.status.questions[ticket.number].answer:
        raise Refused(Reason.ANSWERED)
    return Open(answer_form(ticket, request))


async def asked(form: Filled) -> FormAnswer:
    """The question is written: keep it."""
    ticket, words = buttons.read(form.metadata), typed(form.values, FIELD)
    if ticket is None:
        return Replace(forms.told(replies.CARD_TOO_OLD))
    if not words:
        return Errors({FIELD: replies.WORDS_WANTED})
    saving = form.desk.waiting.question(ticket.namespace, ticket.id, form.person, words, digest=ticket.digest)
    return await _saved(form, ticket, saving, told=replies.QUESTION_SENT, title=replies.QUESTION_TITLE)


async def answered(form: Filled) -> FormAnswer:
    """The answer is written: keep it."""
    ticket, words = buttons.read(form.metadata), typed(form.values, FIELD)
    if ticket is None:
        return Replace(forms.told(replies.CARD_TOO_OLD))
    if not words:
        return Errors({FIELD: replies.WORDS_WANTED})
    saving = form.desk.waiting.answer(ticket.namespace, ticket.id, form.person, ticket.number, words)
    return await _saved(form, ticket, saving, told=replies.ANSWER_SENT, title=replies.ANSWER_TITLE)


def question_form(ticket: Ticket, *, cluster: str) -> Block:
    """Room for a question."""
    parts = [blocks.section(text.code(cluster)), _words(replies.QUESTION, replies.QUESTION_HINT)]
    return _form(QUESTION, replies.QUESTION_TITLE, parts, ticket)


def answer_form(ticket: Ticket, request: Stored[ClusterRequest]) -> Block:
    """The question, and room for the answer."""
    asked = waiting.question(request.it.status.questions[ticket.number], longest=questions.LONGEST)
    parts = [blocks.section(text.code(request.it.spec.cluster)), *asked, _words(replies.ANSWER, replies.ANSWER_HINT)]
    return _form(ANSWER, replies.ANSWER_TITLE, parts, ticket)


def _words(label: str, hint: str) -> Block:
    return blocks.field(FIELD, label, blocks.text_input(longest=questions.LONGEST, lines=True), hint=hint)


def _form(callback: str, title: str, parts: list[Block], ticket: Ticket) -> Block:
    return blocks.modal(
        callback, title=title, blocks=parts, submit=replies.SEND, close=replies.CANCEL, metadata=ticket.dumps()
    )


async def _saved(
    form: Filled, ticket: Ticket, saving: Awaitable[Stored[ClusterRequest]], *, told: str, title: str
) -> FormAnswer:
    """What the form turns into, or an error at its field where the words are not kept."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await saving
    except Refused as refused:
        request = form.desk.request(ticket.namespace, ticket.id)
        return Replace(forms.told(verdicts.why_not(request, refused.reason)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("words_not_saved", request=ticket.id, by=form.person.user, error=str(error) or "timeout")
        return Errors({FIELD: unsaved.at_field(error)})
    log.info("words_saved", request=ticket.id, by=form.person.user, form=title)
    return Replace(forms.told(told, title=title))


FORMS = (Form(QUESTION, asked), Form(ANSWER, answered))
