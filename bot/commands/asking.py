"""From a wish to its request, within the three seconds that Slack waits. Shared by whatever asks for something."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import tzinfo

import structlog

from bot import blocks, cards, entries, forms, receipts, replies, unsaved, verdicts
from bot.answers import ANSWER_SECONDS, Errors, FormAnswer, Nudge, Replace, Say, TakeBack, TryAgain
from bot.commands import naming, outlooks
from bot.commands.command import Filled
from bot.commands.naming import Taken
from bot.ports import Desk
from provisioning import errors, names, people, room
from provisioning.errors import Cause
from provisioning.lifecycle import Refused
from provisioning.model import Action, ClusterRequest
from provisioning.objects import Stored
from provisioning.wish import Verdict, Wish

log = structlog.get_logger()


class NotSaved(errors.ClusterdeskError):
    """The API server did not answer. `perhaps`: the request may be written all the same."""

    def __init__(self, *, perhaps: bool) -> None:
        super().__init__("no answer from the API server")
        self.perhaps = perhaps


class NameTaken(errors.ClusterdeskError):
    """Somebody has asked for a new cluster of that name already, if only whoever asks now, for another one."""

    def __init__(self, taken: Taken) -> None:
        super().__init__(f"the name {taken.name} is taken")
        self.taken = taken


async def ask(form: Filled, wish: Wish, *, fields: Collection[str], otherwise: str) -> FormAnswer:
    """Errors by field (`otherwise` names the field for what fits none), or the receipt of the request.

    The request is named after the form, so sending the same form again asks for the same thing once.
    """
    wish, name = replace(wish, replaces=form.replaces), names.request_name(form.team, form.id)
    try:
        verdict, request = await _asked(form.desk, wish, name=name)
    except errors.RuleError as refused:
        ways = _ways_out(form.desk, wish, refused, plain=True)
        causes = (*refused.causes, *(Cause(entries.SIZE, way) for way in ways))
        return Errors(entries.at_fields(causes, known=fields, otherwise=otherwise))
    except NameTaken as refused:
        return Errors({"name": refused.taken.told(wish.person, form.zone)})
    except NotSaved as lost:
        return Errors({otherwise: replies.PERHAPS_SAVED if lost.perhaps else replies.NOT_SAVED})
    told = receipts.parts(request, already=request.meta.name != name, waiver=verdict.waiver)
    return Replace(forms.receipt(told, differs=request.it.spec.digest != verdict.digest))


async def ask_at_once(desk: Desk, wish: Wish, *, team: str, key: str, zone: tzinfo) -> Say:
    """The same for a line that said it all. The request is named after `key`, this very command's; `zone` is whose the
    person is who wrote it."""
    name = names.request_name(team, key)
    try:
        verdict, request = await _asked(desk, wish, name=name)
    except errors.RuleError as refused:
        reasons, ways = dict.fromkeys(it.message for it in refused.causes), _ways_out(desk, wish, refused, plain=False)
        return Say(cards.card([blocks.section(replies.refused(wish.cluster, list(reasons), ways))]))
    except NameTaken as refused:
        return Say(cards.say(replies.refused(wish.cluster, [refused.taken.told(wish.person, zone)])))
    except NotSaved as lost:
        return Say(cards.say(replies.PERHAPS_SAVED_LINE if lost.perhaps else replies.NOT_SAVED_LINE))
    return Say(cards.card(receipts.parts(request, already=request.meta.name != name, waiver=verdict.waiver)))


async def take_back(desk: Desk, it: TakeBack) -> Say:
    """Withdraw a request, or say why that does not count."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            request = await desk.withdraw(it.namespace, it.request, it.person)
    except Refused as refused:
        return Say(cards.say(verdicts.why_not(desk.request(it.namespace, it.request), refused.reason)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("withdrawal_not_saved", request=it.request, by=it.person.user, error=str(error) or "timeout")
        return Say(cards.say(unsaved.sentence(error)))
    log.info("request_withdrawn", request=it.request, by=it.person.user)
    return Say(cards.say(receipts.withdrawn(request)))


async def remind(desk: Desk, it: Nudge) -> Say:
    """Have everybody reminded, or say why that does not happen."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await desk.waiting.nudge(it.namespace, it.request, it.person)
    except Refused as refused:
        return Say(cards.say(verdicts.why_not(desk.request(it.namespace, it.request), refused.reason)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("nudge_not_saved", request=it.request, by=it.person.user, error=str(error) or "timeout")
        return Say(cards.say(unsaved.sentence(error)))
    log.info("approvers_nudged", request=it.request, by=it.person.user)
    return Say(cards.say(replies.NUDGED))


async def try_again(desk: Desk, it: TryAgain) -> Say:
    """Try to set a cluster up again, or say why that cannot be."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await desk.retry(it.namespace, it.cluster, it.person)
    except errors.NotFound:
        return Say(cards.say(replies.no_such_cluster(it.cluster, "")))
    except Refused as refused:
        return Say(cards.say(replies.REFUSED[refused.reason]))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("retry_not_saved", cluster=it.cluster, by=it.person.user, error=str(error) or "timeout")
        return Say(cards.say(unsaved.sentence(error)))
    log.info("cluster_retried", cluster=it.cluster, by=it.person.user)
    return Say(cards.say(replies.tried_again(it.cluster)))


async def _asked(desk: Desk, wish: Wish, *, name: str) -> tuple[Verdict, Stored[ClusterRequest]]:
    """The verdict, and the request: a new one, or the one by which the same person has asked for the same already.

    Raises `RuleError` with every reason, `NameTaken`, or `NotSaved`.
    """
    saving = False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            verdict = await desk.preview(wish)
            if there := desk.request(wish.namespace, name):
                return verdict, there  # Sent a second time. What the first has done does not speak against it.
            # What waits for room already has none now, and is the same wish all the same.
            earlier = None if wish.replaces else _earlier(desk, wish, verdict.digest)
            if earlier is not None:
                return verdict, earlier
            if wish.action is Action.CREATE and (taken := _taken(desk, wish)):
                raise NameTaken(taken)
            if verdict.causes:
                raise errors.RuleError(*verdict.causes)
            if _says_the_same(desk, wish, verdict.digest):
                raise errors.RuleError(errors.Cause("", replies.NOTHING_CHANGED))
            saving = True
            request = await desk.ask(wish, name=name)
    except (errors.Forbidden, errors.Invalid) as refused:
        raise errors.RuleError(*(refused.causes or (errors.Cause("", refused.message),))) from refused
    except (errors.KubeError, TimeoutError) as error:
        log.warning("request_not_saved", cluster=wish.cluster, saving=saving, error=str(error))
        raise NotSaved(perhaps=saving) from error
    log.info("cluster_requested", request=request.meta.name, cluster=wish.cluster, action=wish.action.value)
    return verdict, request


def _taken(desk: Desk, wish: Wish) -> Taken | None:
    return naming.names(desk, wish.tenant, wish.namespace, besides=wish.replaces).taken(wish.cluster)


def _ways_out(desk: Desk, wish: Wish, refused: errors.RuleError, *, plain: bool) -> list[str]:
    """What helps whom the quota has refused."""
    no_room = any(map(entries.is_no_room, refused.causes))
    return outlooks.ways_out(desk, wish, plain=plain) if no_room else []


def _says_the_same(desk: Desk, wish: Wish, digest: str) -> bool:
    """Whether nothing is otherwise than in the request that the wish is to take the place of."""
    old = desk.request(wish.namespace, wish.replaces) if wish.replaces else None
    return old is not None and (old.it.spec.digest, old.it.spec.reason) == (digest, wish.reason)


def _earlier(desk: Desk, wish: Wish, digest: str) -> Stored[ClusterRequest] | None:
    """Nobody is asked twice for one thing. What was asked of an older state of the cluster would not be applied."""
    key = (wish.namespace, wish.cluster)
    base = next((c.meta.generation for c in desk.clusters(wish.tenant) if c.key == key), 0)
    for request in desk.requests(wish.tenant):
        it = request.it
        same = (request.meta.namespace, it.spec.digest) == (wish.namespace, digest)
        fresh = it.spec.base_generation == (0 if wish.action is Action.CREATE else base)
        if same and fresh and room.is_open(request) and people.same(it.spec.requester, wish.person):
            return request
    return None
