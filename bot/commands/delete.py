"""`/cluster delete NAME`: the name typed once more, then a request to delete."""

from __future__ import annotations

import json

from bot import entries, forms, replies
from bot.answers import Answer, Errors, FormAnswer, Open, Replace, Say
from bot.commands import changing, finding
from bot.commands.asking import ask
from bot.commands.command import Call, Command, Filled, Form
from provisioning.model import Action
from provisioning.preview import Wish


def run(call: Call) -> Answer:
    """Open the form for the one cluster meant."""
    found = changing.meant(call, COMMAND.line, words=1)
    if isinstance(found, Say):
        return found
    return Open(forms.delete(found[1], call.desk.catalog()))


async def submitted(form: Filled) -> FormAnswer:
    """Ask for the deletion once the name is typed as it is."""
    meant = json.loads(form.metadata)
    namespace, name = str(meant["namespace"]), str(meant["cluster"])
    if entries.typed(form.values, "confirm") != name:
        return Errors({"confirm": replies.confirm_mismatch(name)})
    found = finding.cluster(form.desk, form.person, f"{namespace}/{name}")
    if isinstance(found, Say):
        return Replace(forms.told(replies.no_such_cluster(name, "")))
    wish = Wish(
        person=form.person,
        tenant=found[0].tenant.meta.name,
        namespace=namespace,
        action=Action.DELETE,
        cluster=name,
        desired=None,
        reason=entries.typed(form.values, "reason"),
    )
    return await ask(form, wish, fields=forms.inputs(form.view), otherwise="confirm")


COMMAND = Command(
    name="delete",
    summary="Ask to delete a cluster. You type its name once more.",
    usage="[TENANT/]NAME",
    examples=("/cluster delete build-7",),
    run=run,
    forms=(Form(forms.DELETE, submitted),),
)
