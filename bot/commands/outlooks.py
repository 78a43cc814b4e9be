"""What a form says about a wish so far: at once from caches, then as the API server sees it."""

from __future__ import annotations

import asyncio

from bot.forms import Outlook
from bot.offers import Place
from bot.ports import Desk
from provisioning import approval, errors, quota
from provisioning.desk import Wish
from provisioning.model import Action, ClusterSpec
from provisioning.usage import Usage

LIVE_SECONDS = 4.0
"""The form is already open while live numbers are fetched, so this may take longer than an acknowledgement."""


def estimate(
    desk: Desk, place: Place, *, action: Action, was: ClusterSpec | None, becomes: ClusterSpec | None
) -> Outlook:
    """From caches alone: the same arithmetic as the webhook's, on numbers that may be a moment old."""
    hard, used = desk.usage(place.tenant.meta.name)
    catalog, policy = desk.catalog(), place.tenant.it.spec.approval
    old, new = (quota.envelope(spec, catalog) if spec else Usage() for spec in (was, becomes))
    return Outlook(
        hard=hard,
        before=used,
        # What is published may lag behind: nobody uses less than nothing.
        after=(used - old).rises() + new,
        required=policy.required,
        waiver=approval.waiver_for(policy, action, new, catalog) or "",
        problems=tuple(quota.describe(each) for each in hard.excess(used, new - old)),
    )


async def verdict(desk: Desk, wish: Wish, guess: Outlook) -> Outlook:
    """The API server's own word, or the guess with a warning when it does not answer in time."""
    try:
        async with asyncio.timeout(LIVE_SECONDS):
            found = await desk.preview(wish)
    except (errors.KubeError, TimeoutError):
        return Outlook(**{**vars(guess), "uncertain": True})
    return Outlook(
        hard=found.hard,
        before=found.before,
        after=found.after,
        required=guess.required,
        waiver=found.waiver,
        # A wish with a bad name is not asked about its size; both are worth knowing while the form is filled.
        problems=tuple(dict.fromkeys((*(cause.message for cause in found.causes), *guess.problems))),
    )
