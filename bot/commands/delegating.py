"""Delegations, from the line to what is written, within the three seconds that Slack waits."""

from __future__ import annotations

import asyncio

import structlog

from bot import blocks, buttons, cards, replies, text, unsaved
from bot.answers import ANSWER_SECONDS, Delegate, Say, StopDelegating
from bot.ports import Desk
from provisioning import errors

log = structlog.get_logger()


async def delegate(desk: Desk, it: Delegate) -> Say:
    """Write it, or say why it does not count."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            tenants = await desk.voting.delegate(it.approver, it.delegate, until=it.until, reason="")
    except (errors.KubeError, TimeoutError) as error:
        log.warning("delegation_not_saved", by=it.approver.user, error=str(error) or "timeout")
        return Say(cards.say(unsaved.sentence(error)))
    log.info("delegated", by=it.approver.user, to=it.delegate.user, until=it.until.isoformat())
    said = replies.delegated(text.name(it.delegate), text.moment(it.until), tenants)
    stop = buttons.run(replies.STOP_DELEGATING, "delegate stop", spoken=replies.STOP_DELEGATING_SPOKEN)
    return Say(cards.card([blocks.section(said), blocks.actions(stop)]))


async def stop(desk: Desk, it: StopDelegating) -> Say:
    """End what this person has delegated."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            ended = await desk.voting.stop(it.approver)
    except (errors.KubeError, TimeoutError) as error:
        log.warning("delegation_not_ended", by=it.approver.user, error=str(error) or "timeout")
        return Say(cards.say(unsaved.sentence(error)))
    if not ended:
        return Say(cards.say(replies.NOBODY_DELEGATED))
    log.info("delegation_ended", by=it.approver.user)
    who = dict.fromkeys(text.name(each.delegate) for each in ended)
    return Say(cards.say(replies.not_delegated(tuple(who))))
