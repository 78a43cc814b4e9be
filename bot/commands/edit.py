"""`/cluster edit REQUEST`: change what one asked for while nobody has decided. A new request takes its place."""

from __future__ import annotations

from bot import cards, forms, replies
from bot.answers import Answer, Open, Say
from bot.commands import own_requests, refilling
from bot.commands.command import Call, Choice, Command, Mine


def run(call: Call) -> Answer:
    """The form that it could have come from, filled in as it is."""
    found = own_requests.the_waiting(call, COMMAND.line, own_requests.pending(call))
    if isinstance(found, Say):
        return found
    request = found[1]
    form = refilling.form(call, request)
    if form is None:
        return Say(cards.say(replies.no_form_for(request.meta.name)))
    return Open(forms.in_place_of(form.view, request.meta.name)) if isinstance(form, Open) else form


def _with_form(call: Call) -> list[Mine]:
    """Those that wait and that a form can say."""
    return [each for each in own_requests.pending(call) if isinstance(refilling.form(call, each[1]), Open)]


COMMAND = Command(
    name="edit",
    summary="Change a request of yours that nobody has decided yet. Approvals start anew.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster edit build-7",),
    run=run,
    choice=Choice(_with_form, replies.NOTHING_TO_EDIT),
)
