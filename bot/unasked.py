"""A cluster that nobody asked for here: who is told of its troubles and of its end, and in which words. Pure.

Somebody wrote it by kubectl or a program did from Git, whoever asked has no Slack account, or the request is gone. So
no card of a request tells of it. What was told, and where, stands in the cluster itself (`provisioning.told`).
What must never live here: when its end is told (`news`), or where a message goes (`bulletin`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot import alarm, approvers, blocks, buttons, cards, digest, life, replies, text
from bot import places as of_requests
from bot.cards import Card
from bot.life import Look
from bot.news import Told, Watched, Word
from bot.ports import Reads
from provisioning import lifetime, names, objects, people, room, stage, standing, unattended
from provisioning.errors import NoCatalog
from provisioning.manifest import Key
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    Delivery,
    Person,
    Phase,
    Surface,
    Tenant,
    TenantCluster,
    TenantSpec,
)
from provisioning.objects import Stored
from provisioning.stage import Stage

OVER: Final = "over"
"""What is noted beside a message about a trouble that has passed: the next one is told anew."""
NEWS: Final = timedelta(hours=24)
"""What nobody was told of within this is no news any more."""
ON_THE_WAY: Final = (Stage.BUILDING, Stage.STALLED, Stage.DELETING)


@dataclass(frozen=True)
class Unasked:
    """All that is told from. `is_asked`: a card tells of it after all. `gone` is since when we know that it is not
    there any more; the rest is then as it was last."""

    cluster: Stored[TenantCluster]
    tenant: Stored[Tenant]
    catalog: CatalogSpec
    is_asked: bool
    now: datetime | None = None
    gone: datetime | None = None

    @property
    def stage(self) -> Stage:
        return Stage.GONE if self.gone else stage.of_cluster(self.cluster)

    @property
    def hangs(self) -> bool:
        """Whether it has stood still for longer than its own people can be expected to wait."""
        return self.now is not None and not self.gone and alarm.hangs(self.cluster, self.now)


@dataclass(frozen=True)
class Due:
    """A message about a trouble as it should stand. `fresh`: as a message of its own; `heard` is to be noted of it."""

    card: Card
    heard: str
    fresh: bool


def at(desk: Reads, key: Key, *, now: datetime | None = None) -> Unasked | None:
    """The cluster of that namespace and name. None where there is none, or nobody knows whose it is or of what."""
    tenant, cluster = desk.tenant_of(key[0]), desk.cluster(*key)
    if tenant is None or cluster is None:
        return None
    try:
        return _of(desk, cluster, tenant, desk.catalog(), now)
    except NoCatalog:
        return None


def is_gone(desk: Reads, it: Unasked) -> bool:
    """Whether this very cluster is not there any more, while its tenant is."""
    there = desk.cluster(*it.cluster.key)
    is_tenant = desk.tenant_of(it.cluster.meta.namespace) is not None
    return is_tenant and (there is None or there.meta.uid != it.cluster.meta.uid)


def beside(desk: Reads, it: Unasked, surface: Surface) -> Iterator[Unasked]:
    """The clusters that no card tells of, this one among them: of the same tenant, or for the platform of all."""
    for tenant in desk.all_tenants() if surface is Surface.PLATFORM else (it.tenant,):
        for cluster in desk.clusters(tenant.meta.name):
            found = _of(desk, cluster, tenant, it.catalog, it.now)
            if not found.is_asked:
                yield found


def _of(
    desk: Reads, cluster: Stored[TenantCluster], tenant: Stored[Tenant], catalog: CatalogSpec, now: datetime | None
) -> Unasked:
    is_asked = any(_tells(it, cluster, tenant.it.spec, now) for it in desk.requests_about(*cluster.key))
    return Unasked(cluster, tenant, catalog, is_asked, now)


def _tells(
    request: Stored[ClusterRequest], cluster: Stored[TenantCluster], tenant: TenantSpec, now: datetime | None
) -> bool:
    """Whether the card of whoever asked by this request tells of the cluster, or will in a moment."""
    it = request.it
    is_made = it.spec.action is Action.CREATE and it.status.phase is Phase.APPROVED and not room.waits(request)
    if it.spec.action is Action.DELETE or not (is_made or it.status.phase is Phase.APPLIED):
        return False
    is_now = stage.of_request(request, cluster)
    if is_now in (Stage.SUPERSEDED, Stage.GONE) or (is_now is Stage.GIVEN_UP and not cluster.meta.deleting):
        return False
    noted = [each for each in it.status.deliveries if each.surface is Surface.REQUESTER]
    if noted:
        return digest.is_begun(request) or any(each.ts for each in noted)
    ended = standing.ended_at(request)
    is_old = now is not None and ended is not None and now - objects.parse_time(ended) > NEWS
    return bool(approvers.account_of(tenant, it.spec.requester)) and not (is_old and is_now in of_requests.ENDED)


def places(it: Unasked) -> tuple[str, ...]:
    """Channels and accounts: whom the tenant names to be told, else where its approvers are asked; and whoever made it,
    where that is somebody Slack knows."""
    channels, owner = it.tenant.it.spec.channels, _owner(it)
    named = channels.notified or ((channels.approvals,) if channels.approvals else ())
    return tuple(dict.fromkeys((*named, *((owner.slack,) if owner and owner.slack else ()))))


def watched(it: Unasked, noted: Delivery | None, everywhere: Iterable[Delivery] = ()) -> Watched:
    """Its end, for whom told it last as is noted there; `everywhere` is what was told at all places. What is no news
    any more counts as known."""
    meta, spec = it.cluster.meta, it.cluster.it.spec
    born = meta.created or datetime.min.replace(tzinfo=UTC)
    return Watched(
        meta.namespace,
        meta.name,
        it.tenant,
        it.catalog,
        None if it.gone else it.cluster,
        spec,
        it.stage,
        told=_told(it, noted, everywhere),
        since=max(born, it.now - NEWS) if it.now else born,
        let_go=buttons.let_go_of(it.cluster),
        now=it.now,
    )


def _told(it: Unasked, noted: Delivery | None, everywhere: Iterable[Delivery]) -> Told | None:
    """What they were told last. Who lets its end be, at whichever place, does so for all."""
    mine, meta = Told.read(noted.revision) if noted else None, it.cluster.meta
    ends_at = lifetime.ends_at(meta.created, it.cluster.it.spec) if meta.created else None
    end = objects.format_time(ends_at) if ends_at else ""
    if mine is not None and (mine.word is not Word.TOLD or mine.end != end):
        return mine
    if mine is None and end and it.gone:
        return Told(Word.TOLD, end, "")  # It went before they could be told.
    heard = (Told.read(each.revision) for each in everywhere if each.surface is Surface.NEWS)
    let_go = (each for each in heard if each and each.word is Word.LET_GO and each.end == end)
    if mine is None:
        return next(let_go, None)
    is_let_go = any(each.is_over == mine.is_over for each in let_go)
    return replace(mine, word=Word.LET_GO) if is_let_go else mine


def trouble(it: Unasked, noted: Delivery | None, surface: Surface) -> Due | None:
    """The message about what went wrong with it, for people or for the platform; None where it is as it should be.

    It begins once setting it up has failed or hangs, for the platform when it hangs, and ends with how it came out.
    """
    bad = it.hangs or (surface is Surface.NOTICE and it.stage is Stage.STALLED)
    stands = noted is not None and noted.heard != OVER and noted.revision != digest.UNDER_WAY
    if not bad and not stands:
        return None
    heard = "" if bad or it.stage in ON_THE_WAY else OVER
    card = _card(it, surface, bad=bad)
    if noted is not None and stands and (noted.revision, noted.heard) == (card.revision, heard):
        return None
    return Due(card, heard, fresh=not stands)


def together(them: Sequence[Unasked]) -> Card:
    """What went wrong with many at once, as it stands now: one message, and no flood."""
    shown, tenants = them[: digest.LINES], {it.tenant.meta.name for it in them}
    tenant = min(tenants) if len(tenants) == 1 else ""
    lines = [replies.headline(it.stage, it.cluster.meta.name, it.tenant.meta.name) for it in shown]
    more = replies.and_more(len(them) - len(shown)) if len(them) > len(shown) else ""
    look = buttons.run(replies.SHORTCUT_LIST, f"list {tenant}".strip(), spoken=replies.LIST_SPOKEN)
    return digest.listed(replies.many_in_trouble(len(them), tenant), lines, more, look)


def _card(it: Unasked, surface: Surface, *, bad: bool) -> Card:
    """Without what the clock says: a card is redrawn when something changes, and not each minute."""
    meta, tenant = it.cluster.meta, it.tenant
    parts = [blocks.section(replies.headline(it.stage, meta.name, tenant.meta.name))]
    if unattended.is_given_up(it.cluster):
        parts.append(blocks.section(replies.given_up_alone(gone=it.gone is not None)))
    if bad:
        look = Look(it.cluster, it.catalog, tenant.it.spec.lifetime)
        parts += life.parts(look) if surface is Surface.NOTICE else life.told(look)
    if bad and surface is Surface.PLATFORM:
        parts.append(blocks.context(replies.look_at(meta.name, meta.namespace)))
    owner = _owner(it)
    return cards.card([*parts, blocks.context(replies.not_asked_for(text.name(owner) if owner else ""))])


def _owner(it: Unasked) -> Person | None:
    """Whoever made it, as the webhook has noted; None where it has not."""
    user = it.cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "")
    return people.recognised(it.tenant.it.spec, Person(user=user)) if user else None
