"""What a form says about a wish so far: at once from caches, then as the API server sees it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from bot import decisions, entries, offers, outlook
from bot.offers import Place
from bot.outlook import Outlook
from bot.ports import Desk
from provisioning import alternatives, approval, errors, escalation, estimate, people, quota, reservations, risk
from provisioning.model import Action, ClusterSpec, Person
from provisioning.usage import Usage
from provisioning.wish import Wish

LIVE_SECONDS = 4.0
"""The form is already open while live numbers are fetched, so this may take longer than an acknowledgement."""


def guess(
    desk: Desk,
    place: Place,
    *,
    person: Person,
    action: Action,
    cluster: str,
    was: ClusterSpec | None,
    becomes: ClusterSpec | None,
) -> Outlook:
    """From caches alone: the same arithmetic as the webhook's, on numbers that may be a moment old.

    `becomes` is None while the form says no whole cluster yet.
    """
    tenant = place.tenant.meta.name
    hard, published = desk.usage(tenant)
    catalog = desk.catalog()
    old, new = (quota.envelope(spec, catalog) if spec else Usage() for spec in (was, becomes))
    # What is published may lag behind: nobody uses less than they have.
    used = published.most(old)
    # A deletion is as large as what is deleted.
    size = old if action is Action.DELETE else new
    unprotects = approval.is_unprotection(was, becomes)
    deciding = risk.deciding(place.tenant.it.spec, size, catalog, unprotects=unprotects)
    policy, flavors = deciding.approval, offers.flavors(place.tenant, catalog)
    return Outlook(
        hard=hard,
        before=used,
        after=used - old + new,
        required=policy.required,
        waiver=approval.waiver_for(policy, action, size, catalog, extension=approval.is_extension(was, becomes)) or "",
        problems=tuple(quota.describe(each) for each in hard.excess(used, new - old)),
        alternative=alternatives.fitting(becomes, was, used=used, hard=hard, catalog=catalog, flavors=flavors)
        if becomes
        else None,
        others=reservations.others(
            desk.requests(tenant), desk.clusters(tenant), catalog, besides=(place.namespace, cluster)
        ),
        estimate=estimate.of(was, becomes, catalog) if becomes else None,
        usual=desk.usual().ready(becomes.pools[0].flavor) if becomes and action is Action.CREATE else None,
        approvers=people.deciders(deciding, person),
        for_more=escalation.above_quota(place.tenant.it.spec, person),
        too_few=not people.suffice(escalation.everybody(deciding), person),
        notes=(*decisions.outlook(place.tenant.it.spec, size, catalog), *decisions.of_protection(was, becomes)),
    )


def ways_out(desk: Desk, wish: Wish, *, plain: bool) -> list[str]:
    """What would fit in place of a wish that the quota has no room for, and whom to ask for more; `plain`: where
    nothing is markup."""
    tenant = desk.tenant_of(wish.namespace)
    if tenant is None:
        return []
    key = (wish.namespace, wish.cluster)
    was = next((it.it.spec for it in desk.clusters(tenant.meta.name) if it.key == key), None)
    known = guess(
        desk,
        Place(tenant, wish.namespace),
        person=wish.person,
        action=wish.action,
        cluster=wish.cluster,
        was=was,
        becomes=wish.desired,
    )
    return outlook.ways_out(replace(known, full=True), plain=plain)


async def verdict(desk: Desk, wish: Wish, guessed: Outlook, *, now: datetime) -> Outlook:
    """The API server's own word, or the guess with a warning when it does not answer in time."""
    try:
        async with asyncio.timeout(LIVE_SECONDS):
            found = await desk.preview(wish)
    except (errors.KubeError, TimeoutError):
        return replace(guessed, unanswered=now)
    told = tuple(dict.fromkeys(cause.message for cause in found.causes))
    if told and not any(entries.is_of_size(cause) for cause in found.causes):
        # What is refused for its name is not asked about its size; both are worth knowing while the form is filled.
        # A yes is one to the size as well, whatever the caches say.
        told += tuple(each for each in guessed.problems if each not in told)
    return replace(
        guessed,
        hard=found.hard,
        before=found.before,
        after=found.after,
        waiver=found.waiver,
        problems=told,
        alternative=guessed.alternative if told else None,
        full=any(map(entries.is_no_room, found.causes)),
    )
