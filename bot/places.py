"""Where the cards of a request should stand: what stands already, and who is to be told or asked besides. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot import approvals
from bot.cards import Sight
from provisioning.model import Surface
from provisioning.stage import Stage

ENDED = frozenset(
    (
        *(Stage.DENIED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.FAILED),
        *(Stage.READY, Stage.ASLEEP, Stage.DELETED, Stage.GONE, Stage.SUPERSEDED),
    )
)
"""Where a request has come to rest."""


@dataclass(frozen=True)
class Target:
    """A place for a card: a channel, or the direct message with an account."""

    surface: Surface
    channel: str = ""
    account: str = ""


def targets(sight: Sight, *, refused: Collection[str], old: bool) -> tuple[Target, ...]:
    """The places, approvers first. `refused` are channels and accounts that took no card lately; `old` means that
    nobody waits for news of the request any more."""
    return (*_of_approvers(sight, refused), *_of_requester(sight, old=old))


def account_of_requester(sight: Sight) -> str:
    """Empty when nobody knows one."""
    return approvals.account_of(sight.tenant.it.spec, sight.request.it.spec.requester)


def _of_approvers(sight: Sight, refused: Collection[str]) -> Iterator[Target]:
    yield from _standing(sight, Surface.APPROVER)
    if sight.stage is not Stage.WAITING or not approvals.asks_approvers(sight):
        return
    channel = sight.tenant.it.spec.channels.approvals
    if channel and channel not in refused:
        yield Target(Surface.APPROVER, channel=channel)
        return
    for account in approvals.asked(sight):
        if account not in refused:
            yield Target(Surface.APPROVER, account=account)


def _of_requester(sight: Sight, *, old: bool) -> Iterator[Target]:
    """Where their card stands; the first one is in their direct messages. One that was refused is not tried again."""
    if any(d.surface is Surface.REQUESTER for d in sight.request.it.status.deliveries):
        yield from _standing(sight, Surface.REQUESTER)
        return
    account = account_of_requester(sight)
    if account and not (old and sight.stage in ENDED):
        yield Target(Surface.REQUESTER, account=account)


def _standing(sight: Sight, surface: Surface) -> Iterator[Target]:
    for delivery in sight.request.it.status.deliveries:
        if delivery.surface is surface and delivery.ts:
            yield Target(surface, channel=delivery.channel)
