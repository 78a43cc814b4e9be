"""Delegations, from the form or the line to what is written, within the three seconds that Slack waits."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime

import structlog

from bot import cards, delegations, forms, replies, text, unsaved
from bot.answers import ANSWER_SECONDS, Errors, FormAnswer, Replace, Say, StopDelegating
from bot.commands.command import Filled
from bot.ports import Desk
from provisioning import errors
from provisioning.model import Person

log = structlog.get_logger()


async def delegate(
    form: Filled, delegate: Person, *, tenants: Collection[str], until: datetime, reason: str
) -> FormAnswer:
    """Write it, or say at the field for whom it is why it does not count."""
    approver = form.person
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            written = await form.desk.voting.delegate(approver, delegate, tenants=tenants, until=until, reason=reason)
    except (errors.KubeError, TimeoutError) as error:
        log.warning("delegation_not_saved", by=approver.user, error=str(error) or "timeout")
        return Errors({"who": unsaved.at_field(error)})
    log.info("delegated", by=approver.user, to=delegate.user, until=until.isoformat())
    return Replace(forms.shown(delegations.given(delegate, until, written), title=replies.DELEGATED_TITLE))


async def stop(desk: Desk, it: StopDelegating) -> Say:
    """End what this person has delegated."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            ended = await desk.voting.stop(it.approver, tenants=it.tenants)
    except (errors.KubeError, TimeoutError) as error:
        log.warning("delegation_not_ended", by=it.approver.user, error=str(error) or "timeout")
        return Say(cards.say(unsaved.sentence(error)))
    if not ended:
        return Say(cards.say(replies.NOBODY_DELEGATED))
    log.info("delegation_ended", by=it.approver.user)
    who = dict.fromkeys(text.name(each.delegate) for each in ended)
    return Say(cards.say(replies.not_delegated(tuple(who))))
