"""From a wish to its request, inside the three seconds a form waits. Shared by the commands that change something."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog

from bot import entries, forms, replies
from bot.answers import Errors, FormAnswer, Replace
from bot.commands.command import Filled
from provisioning import errors, names
from provisioning.desk import Wish

log = structlog.get_logger()

ANSWER_SECONDS = 2.3
"""Slack waits three; the rest is the way there and back."""


async def ask(form: Filled, wish: Wish, *, fields: Collection[str], otherwise: str) -> FormAnswer:
    """Errors by field (`otherwise` names the field for what fits none), or the receipt of the request.

    The request is named after the form, so sending the same form again asks for the same thing once.
    """
    saving = False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            verdict = await form.desk.preview(wish)
            if verdict.causes:
                return Errors(entries.at_fields(verdict.causes, known=fields, otherwise=otherwise))
            saving = True
            request = await form.desk.ask(wish, name=names.request_name(form.team, form.id))
    except errors.RuleError as refused:
        return Errors(entries.at_fields(refused.causes, known=fields, otherwise=otherwise))
    except (errors.Forbidden, errors.Invalid) as refused:
        causes = refused.causes or (errors.Cause("", refused.message),)
        return Errors(entries.at_fields(causes, known=fields, otherwise=otherwise))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("request_not_saved", cluster=wish.cluster, saving=saving, error=str(error))
        return Errors({otherwise: replies.PERHAPS_SAVED if saving else replies.NOT_SAVED})
    log.info("cluster_requested", request=request.meta.name, cluster=wish.cluster, action=wish.action.value)
    differs = request.it.spec.digest != verdict.digest
    return Replace(forms.receipt(request=request.meta.name, cluster=wish.cluster, action=wish.action, differs=differs))
