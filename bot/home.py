"""What stands in App Home: what waits for somebody, their clusters, their requests, their quota. Pure.

A Home has no memory: drawn again from the same desk at the same moment it is the same. What there is no room for is
counted, with the command that shows it. What must never live here: when a Home is drawn, and for whom (`homes`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from bot import (
    blocks,
    buttons,
    decisions,
    delegate_forms,
    delegations,
    docket,
    hand_made,
    life,
    outline,
    overview,
    replies,
    sights,
    text,
    waiting,
)
from bot.blocks import Block
from bot.commands import finding, quota
from bot.commands.finding import Found
from bot.life import Look
from bot.ports import Desk
from bot.sights import Sight
from provisioning import lifetime, objects, people, room, stage, standing
from provisioning.model import ClusterRequest, Person
from provisioning.objects import Stored
from provisioning.stage import Stage

WAITING, DELEGATED, CLUSTERS, BY_HAND, REQUESTS, ENDED, TENANTS = 8, 2, 10, 5, 5, 5, 6
"""How many of each are shown. With what the platform sees besides they come to `BLOCKS` at most."""
BLOCKS = 94
"""Slack takes 100, and refuses the whole Home for one more."""
REASON_SHOWN = 150
NEWS = timedelta(days=7)
"""What was denied or expired longer ago is not told any more."""
_TOLD = (Stage.DENIED, Stage.EXPIRED, Stage.FAILED, Stage.GIVEN_UP, Stage.ACCEPTED)
"""What became of a request where no cluster beside it says so."""


def view(
    person: Person | None, *, desk: Desk, now: datetime, platform: bool, slack_groups: Collection[str] = ()
) -> Block:
    """Somebody's Home. `platform` is for those who look after the whole, who may be nobody's member (None);
    `slack_groups` are the user groups of Slack by which somebody decides."""
    parts: list[Block] = [_start(person, desk)] if person else []
    parts += [blocks.context(replies.APPROVALS_PAUSED)] if desk.canary.trouble() else []
    if person:
        parts += [*_waiting(person, desk, slack_groups, now), *_delegations(person, desk, now)]
    if platform:
        parts += overview.stuck(desk, now)
    if person:
        parts += [*_clusters(person, desk, now), *_requests(person, desk, now), *_quotas(person, desk)]
    if platform:
        parts += overview.tenants(desk)
    return blocks.home(parts)


def of_others(
    person: Person, *, desk: Desk, now: datetime, slack_groups: Collection[str] = ()
) -> tuple[Stored[ClusterRequest], ...]:
    """What others have asked for, as far as this person's Home shows it."""
    found = docket.waiting(person, desk, slack_groups=slack_groups, now=now)[:WAITING]
    return tuple(it.request for it in found if not people.same(it.request.it.spec.requester, person))


def refused(why: str, *, account: str = "", ask: Sequence[str] = ()) -> Block:
    """The Home of whom I do not act for: why, and what helps. `account` is their Slack account, when somebody could add
    it to a tenant; `ask` are those of the platform's people."""
    notes = [replies.home_account(account)] if account else []
    notes += [replies.home_ask([text.mention(each) for each in ask])] if ask else []
    return blocks.home([blocks.section(why), *map(blocks.context, notes)])


def told(sentence: str) -> Block:
    """A Home that says one sentence."""
    return blocks.home([blocks.section(sentence)])


def _start(person: Person, desk: Desk) -> Block:
    """What can be done from anywhere."""
    asks, decides = bool(desk.tenants_of(person)), bool(delegate_forms.places(desk, person))
    create = buttons.run(replies.SHORTCUT_CREATE, "create", spoken=replies.CREATE_SPOKEN, style="primary")
    listed = buttons.run(replies.HOME_ALL, "list", spoken=replies.LIST_SPOKEN)
    told = buttons.run(replies.HOME_HELP, "help", spoken=replies.HELP_SPOKEN)
    instead = buttons.run(replies.HAVE_SOMEBODY_DECIDE, "delegate", spoken=replies.HAVE_SOMEBODY_DECIDE_SPOKEN)
    return blocks.actions(*([create, listed] if asks else []), *([instead] if decides else []), told)


def _waiting(person: Person, desk: Desk, slack_groups: Collection[str], now: datetime) -> list[Block]:
    """With the buttons of the cards. Whoever decides for nobody is not told that nothing waits for them."""
    if not docket.tenants(person, desk, slack_groups=slack_groups):
        return []
    found = docket.waiting(person, desk, slack_groups=slack_groups, now=now)
    parts = [blocks.header(replies.HOME_WAITING)]
    for sight in found[:WAITING]:
        decide = decisions.controls(sight)
        parts += [blocks.section(_asked(sight)), blocks.actions(*decide, buttons.details(sight.request))]
    if not found:
        parts.append(blocks.context(replies.HOME_NOTHING_WAITS))
    return parts + _more(len(found) - WAITING, "requests")


def _delegations(person: Person, desk: Desk, now: datetime) -> list[Block]:
    """Who decides instead of them, and instead of whom they do."""
    found = delegations.told(person, desk, now, own=DELEGATED, others=DELEGATED, command="delegate show")
    return [blocks.header(replies.DELEGATIONS), *found] if found else []


def _asked(sight: Sight) -> str:
    spec, status, created = sight.request.it.spec, sight.request.it.status, sight.request.meta.created
    policy = sight.tenant.it.spec.approval
    expires = status.expires_at or (lifetime.expires_at(created, policy) if created else "")
    reason = text.clip(text.one_line(spec.reason), REASON_SHOWN)
    lines = (
        f"{replies.asks(text.name(spec.requester), spec.action, spec.cluster)} · {text.code(sight.tenant.meta.name)}",
        _gist(sight),
        replies.reason(reason) if reason else replies.NO_REASON,
        replies.expires(text.moment(expires)) if expires else "",
        *decisions.notes(sight),
    )
    return "\n".join(line for line in lines if line)


def _gist(sight: Sight) -> str:
    spec, cluster = sight.request.it.spec, sight.cluster
    return outline.gist(cluster.it.spec if cluster else None, spec.desired, sight.catalog)


def _clusters(person: Person, desk: Desk, now: datetime) -> list[Block]:
    """One's own first, then those of one's teams."""
    tenants = {tenant.meta.name for tenant in desk.tenants_of(person)}
    if not tenants:
        return []
    found = [each for each in finding.clusters_of(desk, person) if each[0].tenant.meta.name in tenants]
    mine = {each[1].key for each in found if finding.is_mine(desk, person, each[1])}
    # Stable, so that within each half the order of places and names stays.
    found.sort(key=lambda each: each[1].key not in mine)
    parts = [blocks.header(replies.HOME_CLUSTERS)]
    for each in found[:CLUSTERS]:
        parts += _cluster(each, desk, mine=each[1].key in mine, now=now)
    by_hand = [hand_made.line(it, tenant) for tenant in sorted(tenants) for it in desk.hand_made(tenant)]
    parts += [blocks.section("\n".join(by_hand[:BY_HAND]))] if by_hand else []
    if not found and not by_hand:
        parts.append(blocks.section(replies.HOME_NO_CLUSTER))
    return parts + _more(max(0, len(found) - CLUSTERS) + max(0, len(by_hand) - BY_HAND), "list")


def _cluster(found: Found, desk: Desk, *, mine: bool, now: datetime) -> tuple[Block, Block]:
    place, cluster = found
    look = Look(cluster, desk.catalog(), place.tenant.it.spec.lifetime, now=now)
    facts = outline.facts(cluster, place.tenant.meta.name, look.catalog, now=now)
    line = replies.cluster_line(replies.ICON[look.stage], cluster.meta.name, facts, mine)
    shown = buttons.show(*cluster.key)
    # A card has this button where there is no other way to see it all.
    others = [each for each in life.handles(look) if each["action_id"] != shown["action_id"]]
    return blocks.section(line), blocks.actions(shown, *others)


def _requests(person: Person, desk: Desk, now: datetime) -> list[Block]:
    """What one has asked for and waits, for somebody's word or for room; and what was decided lately where no cluster
    shows it."""
    tenants = {tenant.meta.name: tenant for tenant in (*desk.tenants_of(person), *desk.approvals_of(person))}
    mine = [
        (tenant, request)
        for tenant in tenants
        for request in desk.requests(tenant)
        if people.same(request.it.spec.requester, person)
    ]
    waits = [each for each in mine if room.waits_for_anything(each[1])]
    ended = [part for each in reversed(mine) if (part := _ended(*each, now))][:ENDED]
    if not waits and not ended:
        return []
    parts = [blocks.header(replies.HOME_REQUESTS)]
    for tenant, request in waits[:REQUESTS]:
        sight = sights.of(desk, request)
        parts += [blocks.section(_asked_by_me(tenant, request, sight)), _meanwhile(request, sight)]
    return [*parts, *ended, *_more(len(waits) - REQUESTS, "requests")]


def _asked_by_me(tenant: str, request: Stored[ClusterRequest], sight: Sight | None) -> str:
    said = replies.headline(stage.of_request(request, None), request.it.spec.cluster, tenant)
    wish = replies.wish(request.it.spec.action, _gist(sight) if sight else "")
    return f"{said} · {text.code(request.meta.name)}\n{wish}"


def _meanwhile(request: Stored[ClusterRequest], sight: Sight | None) -> Block:
    """What whoever asked may do while it waits."""
    if room.waits(request):
        return buttons.withdraw(request)
    return waiting.controls(request, sight.cluster if sight else None)


def _ended(tenant: str, request: Stored[ClusterRequest], now: datetime) -> Block | None:
    """What became of it, in one line; None for what is shown elsewhere or is no news."""
    is_now, ended = stage.of_request(request, None), standing.ended_at(request)
    if is_now not in _TOLD or not ended or now - objects.parse_time(ended) > NEWS:
        return None
    line = f"{replies.headline(is_now, request.it.spec.cluster, tenant)} · {text.code(request.meta.name)}"
    told = blocks.section(line)
    # Of what is only not made yet there is nothing to ask again.
    return told if is_now is Stage.ACCEPTED else told | {"accessory": buttons.again(request)}


def _quotas(person: Person, desk: Desk) -> list[Block]:
    tenants = sorted({tenant.meta.name for tenant in (*desk.tenants_of(person), *desk.approvals_of(person))})
    if not tenants:
        return []
    parts = [blocks.header(replies.HOME_QUOTA), *(blocks.section(quota.told(desk, name)) for name in tenants[:TENANTS])]
    return parts + _more(len(tenants) - TENANTS, "quota")


def _more(hidden: int, command: str) -> list[Block]:
    return [blocks.context(replies.home_more(hidden, command))] if hidden > 0 else []
