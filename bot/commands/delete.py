"""`/cluster delete NAME`: what goes with it, the name typed once more, then a request to delete."""

from __future__ import annotations

import asyncio

from bot import blocks, buttons, cards, change_forms, delete_forms, entries, forms, outlook, replies, text
from bot.answers import Answer, Errors, FormAnswer, Open, Say
from bot.blocks import Block
from bot.commands import changing, outlooks
from bot.commands.asking import ask
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from bot.outlook import Outlook
from provisioning import edits, errors
from provisioning.losses import Losses
from provisioning.model import Action
from provisioning.wish import Wish


def run(call: Call) -> Answer:
    """Open the form for the one cluster meant, or say whom to ask first."""
    found = changing.meant(call, COMMAND.line, words=1)
    if isinstance(found, Say):
        return found
    place, cluster = found
    if cluster.it.spec.deletion_protection:
        return _protected(call, found)
    return Open(delete_forms.delete(cluster, place, call.desk.catalog(), outlook=_guess(call, found)))


async def changed(form: Filled) -> Block:
    """The form with what goes with the cluster, counted, and who has to agree."""
    found = changing.reread(form)
    seeing = outlooks.verdict(form.desk, _wish(form, found), _guess(form, found), now=form.now)
    lost, seen = await asyncio.gather(_counted(form, found), seeing)
    return change_forms.relooked(delete_forms.counted(form.view, lost), found[0], seen)


async def submitted(form: Filled) -> FormAnswer:
    """Ask for the deletion once the name is typed as it is."""
    found = changing.reread(form)
    name = found[1].meta.name
    if entries.typed(form.values, "confirm") != name:
        return Errors({"confirm": replies.confirm_mismatch(name)})
    return await ask(form, _wish(form, found), fields=forms.inputs(form.view), otherwise="confirm")


def _wish(form: Filled, found: Found) -> Wish:
    place, cluster = found
    return Wish(
        person=form.person,
        tenant=place.tenant.meta.name,
        namespace=place.namespace,
        action=Action.DELETE,
        cluster=cluster.meta.name,
        desired=None,
        reason=entries.typed(form.values, "reason"),
    )


def _guess(by: Call | Filled, found: Found) -> Outlook:
    place, cluster = found
    return outlooks.guess(
        by.desk,
        place,
        person=by.person,
        action=Action.DELETE,
        cluster=cluster.meta.name,
        was=cluster.it.spec,
        becomes=None,
    )


async def _counted(form: Filled, found: Found) -> Losses | None:
    """What people made in it; None when the API server does not answer in time, or does not let us look."""
    try:
        async with asyncio.timeout(outlooks.LIVE_SECONDS):
            return await form.desk.insight.losses(found[0].namespace, found[1].meta.name)
    except (errors.KubeError, TimeoutError):
        return None


def _protected(call: Call, found: Found) -> Say:
    """Why not, whose word it takes, and how to ask for that."""
    cluster = found[1]
    name = cluster.meta.name
    known = changing.guess(call, found, edits.protected(cluster.it.spec, False))
    who = [text.subject(each) for each in known.approvers[: outlook.NAMED]]
    told = replies.approval_needed(known.required, who, len(known.approvers) - len(who))
    first = buttons.run(
        replies.UNPROTECT_FORM, f"unprotect {'/'.join(cluster.key)}", spoken=replies.unprotect_spoken(name)
    )
    parts = [blocks.section(replies.is_protected(name, told)), blocks.actions(first)]
    return Say(cards.card(parts))


COMMAND = Command(
    name="delete",
    also=("destroy", "remove", "rm"),
    summary="Ask to delete a cluster. The form says what goes with it, and you type its name once more.",
    usage="[TENANT/]NAME",
    examples=("/cluster delete build-7",),
    run=run,
    forms=(Form(delete_forms.DELETE, submitted, changed),),
)
