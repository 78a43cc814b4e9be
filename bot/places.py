"""Where the cards of a request should stand: what stands already, and who is to be told or asked besides. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot import alarm, approvers, digest, prolonging
from bot.sights import Sight
from provisioning import seats
from provisioning.model import Phase, Surface, TenantSpec
from provisioning.stage import Stage

ENDED = frozenset(
    (
        *(Stage.DENIED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.FAILED),
        *(Stage.READY, Stage.ASLEEP, Stage.DELETED, Stage.GIVEN_UP, Stage.GONE, Stage.SUPERSEDED),
    )
)
"""Where a request has come to rest."""
_DECIDED = frozenset((Phase.APPROVED, Phase.APPLIED, Phase.FAILED, Phase.DENIED))


@dataclass(frozen=True)
class Target:
    """A place for a card: a channel, or the direct message with an account."""

    surface: Surface
    channel: str = ""
    account: str = ""


def targets(sight: Sight, *, refused: Collection[str], old: bool, platform: str = "") -> tuple[Target, ...]:
    """The places, approvers first. `refused` are channels and accounts that took no card lately; `old` means that
    nobody waits for news of the request any more, `platform` is the platform team's channel."""
    return (
        *_of_approvers(sight, refused),
        *_of_notified(sight, refused, old=old),
        *_of_requester(sight, old=old),
        *_of_platform(sight, platform if platform not in refused else ""),
    )


def is_channel_of(tenant: TenantSpec, surface: Surface, where: str) -> bool:
    """Whether this is a channel that the tenant names for such cards, and not somebody's direct message."""
    if surface is Surface.APPROVER:
        return where == tenant.channels.approvals
    return surface is Surface.NOTICE and where in tenant.channels.notified and where[:1] in ("C", "G")


def has_shared_card(sight: Sight) -> bool:
    """Whether a card for approvers stands in their channel."""
    shared = sight.tenant.it.spec.channels.approvals
    standing = (d for d in sight.request.it.status.deliveries if d.surface is Surface.APPROVER and d.ts)
    return bool(shared) and any(delivery.channel == shared for delivery in standing)


def account_of_requester(sight: Sight) -> str:
    """Empty when nobody knows one."""
    return approvers.account_of(sight.tenant.it.spec, sight.request.it.spec.requester)


def _of_approvers(sight: Sight, refused: Collection[str]) -> Iterator[Target]:
    yield from _standing(sight, Surface.APPROVER)
    if sight.stage is not Stage.WAITING or not approvers.are_needed(sight):
        return
    channel = sight.tenant.it.spec.channels.approvals
    if channel and channel not in refused:
        yield Target(Surface.APPROVER, channel=channel)
        # Whoever decides instead of an approver, or about large requests alone, or to whom it was handed on, need not
        # be in the approvers' channel.
        others = (*approvers.called_in(sight), *approvers.deputies(sight), *approvers.handed_to(sight))
        accounts = tuple(dict.fromkeys(others))
    else:
        accounts = approvers.asked(sight)
    for account in accounts:
        if account not in refused:
            yield Target(Surface.APPROVER, account=account)


def _of_notified(sight: Sight, refused: Collection[str], *, old: bool) -> Iterator[Target]:
    """Who is told what people decided. What somebody took through alone is told to everybody who was passed over, and
    anew: a card that is redrawn notifies nobody."""
    yield from _standing(sight, Surface.NOTICE)
    if old:
        return
    for each in dict.fromkeys((*_told_of_decision(sight), *_told_of_its_end(sight))):
        if each not in refused:
            yield Target(Surface.NOTICE, account=each) if each[0] in "UW" else Target(Surface.NOTICE, channel=each)


def _told_of_decision(sight: Sight) -> Iterator[str]:
    status, channels = sight.request.it.status, sight.tenant.it.spec.channels
    if not status.votes or status.phase not in _DECIDED:
        return
    yield from channels.notified
    if (forced := seats.taken_through(status)) is not None:
        others = (account for account in approvers.asked(sight) if account != forced.voter.slack)
        yield from filter(None, (channels.approvals, *others))


def _told_of_its_end(sight: Sight) -> Iterator[str]:
    """Whoever has the cluster, and may rely on a later end that it did not get."""
    if prolonging.is_undone(sight) and (account := prolonging.owner(sight)):
        yield account


def _of_requester(sight: Sight, *, old: bool) -> Iterator[Target]:
    """Where their card stands; the first one is in their direct messages. One that was refused is not tried again."""
    told = any(d.surface is Surface.REQUESTER for d in sight.request.it.status.deliveries)
    if sight.told_elsewhere or (told and not digest.is_begun(sight.request)):
        yield from _standing(sight, Surface.REQUESTER)
        return
    account = account_of_requester(sight)
    if account and not (old and sight.stage in ENDED):
        yield Target(Surface.REQUESTER, account=account)


def _of_platform(sight: Sight, channel: str) -> Iterator[Target]:
    """Told of what hangs, and then how it goes on."""
    yield from _standing(sight, Surface.PLATFORM)
    if channel and alarm.is_due(sight):
        yield Target(Surface.PLATFORM, channel=channel)


def _standing(sight: Sight, surface: Surface) -> Iterator[Target]:
    for delivery in sight.request.it.status.deliveries:
        if delivery.surface is surface and delivery.ts:
            yield Target(surface, channel=delivery.channel)
