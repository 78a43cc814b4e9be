"""`/cluster details NAME`: what keeps a cluster, as deep as it can be seen from here."""

from __future__ import annotations

import asyncio

from bot import cards, details, replies
from bot.answers import Answer, FormAnswer, Open, Replace, Say
from bot.blocks import Block
from bot.commands import changing, finding, outlooks
from bot.commands.command import Call, Command, Filled, Form
from provisioning import errors


def run(call: Call) -> Answer:
    """Open the window with what is known at once."""
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    found = finding.cluster(call.desk, call.person, call.words[0])
    if isinstance(found, Say):
        return found
    place, cluster = found
    return Open(details.opened(cluster, place.tenant.meta.name))


async def changed(form: Filled) -> Block:
    """The window with what the API server tells."""
    place, cluster = changing.reread(form)
    tenant = place.tenant.meta.name
    ours, by_hand = form.desk.clusters(tenant), form.desk.hand_made(tenant)
    beside = (*(it.meta for it in ours), *(it.meta for it in by_hand))
    others = [it.name for it in beside if it.namespace == place.namespace and it.name != cluster.meta.name]
    try:
        async with asyncio.timeout(outlooks.LIVE_SECONDS):
            seen = await form.desk.insight.diagnosis(place.namespace, cluster.meta.name, others=others)
    except (errors.KubeError, TimeoutError):
        return details.unanswered(cluster, tenant, form.now)
    return details.looked(cluster, tenant, seen)


async def submitted(form: Filled) -> FormAnswer:
    """There is nothing to send; whoever could would see it as it is now."""
    return Replace(await changed(form))


COMMAND = Command(
    name="details",
    summary="Say what keeps a cluster: what is wrong with which of its parts, since when, and what happened last.",
    usage="[TENANT/]NAME",
    examples=("/cluster details build-7",),
    run=run,
    forms=(Form(details.DETAILS, submitted, changed),),
)
