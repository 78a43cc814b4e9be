"""News of the end of a cluster's life: each a message of its own, told once, and what it turns into later. Pure.

A card that is edited makes no sound; a new message does. What was told last stands beside the places of the request's
cards (`Surface.NEWS`), or where nobody asked for the cluster, in a note of its own (`unasked`); from that and from the
objects follows what is to be told now. So a new leader neither repeats nor forgets. What must never live here: where a
message goes (`herald`, `crier`), or when a cluster sleeps or is deleted (`provisioning.lifetime`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot import blocks, buttons, cards, life, replies, text
from bot.blocks import Block
from bot.cards import Card
from bot.sights import Sight
from provisioning import approval, lifetime, names, objects, people, quota, risk, stage
from provisioning.lifetime import Ladder
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    Delivery,
    Surface,
    Tenant,
    TenantCluster,
)
from provisioning.objects import Stored
from provisioning.stage import Stage
from provisioning.usage import Usage

Request = Stored[ClusterRequest]
OVER, DUE, TAKEN, GONE = "over", "due", "taken", "gone"
_NEVER = datetime.min.replace(tzinfo=UTC)
_THERE = (Stage.BUILDING, Stage.STALLED, Stage.READY, Stage.ASLEEP, Stage.DELETING)


class Word(StrEnum):
    """How the last message stands."""

    TOLD = "told"
    LET_GO = "let-go"
    """Somebody said that this end is as it should be: nothing more is told before it."""
    SETTLED = "settled"
    """Nothing is left to decide."""


@dataclass(frozen=True)
class Told:
    """What was told last: of which end (metav1.Time of the lifetime's), and of which rung on the way there."""

    word: Word
    end: str
    rung: str

    def dumps(self) -> str:
        return f"{self.word.value} {self.end or '-'} {self.rung or '-'}"

    @property
    def is_over(self) -> bool:
        """Whether it was of what comes after its lifetime."""
        return self.rung.startswith(OVER)

    @classmethod
    def read(cls, noted: str) -> Told | None:
        """None for what we never wrote."""
        parts = noted.split(" ")
        if len(parts) != 3 or parts[0] not in list(Word):
            return None
        word, end, rung = ("" if part == "-" else part for part in parts)
        return cls(Word(word), end, rung)


@dataclass(frozen=True)
class News:
    """What is to be told. `fresh`: as a message of its own; else the last one turns into this."""

    card: Card
    told: Told
    fresh: bool


@dataclass(frozen=True)
class Watched:
    """A cluster whose end is told to somebody. `cluster` is None once it is gone; `desired` is how it is, or was to be.

    `told` is what they were told last, `since` since when they know of it: what had begun by then they know.
    `is_unwanted`: they asked for its deletion, and are not told of an end besides; `taken_by` is another's request for
    that. `let_go` is the button by which they hear no more.
    """

    namespace: str
    name: str
    tenant: Stored[Tenant]
    catalog: CatalogSpec
    cluster: Stored[TenantCluster] | None
    desired: ClusterSpec | None
    stage: Stage
    told: Told | None
    since: datetime
    let_go: Block
    is_unwanted: bool = False
    taken_by: Request | None = None
    now: datetime | None = None


@dataclass(frozen=True)
class Rung:
    """A step down the ladder: what it is called, when it begins, and what it warns of (None: it is no warning)."""

    name: str
    at: datetime
    left: timedelta | None = None


def delivery(sight: Sight) -> Delivery | None:
    """Where the last news of this request stands."""
    return next((d for d in sight.request.it.status.deliveries if d.surface is Surface.NEWS), None)


def of_request(sight: Sight) -> Watched:
    """The cluster of a request, for whoever asked. Whoever has it hears of its end also once others have changed it;
    what was told by then they know."""
    noted, request, cluster, is_now = delivery(sight), sight.request, sight.cluster, sight.stage
    moments = [*_moments(request), cluster and cluster.meta.created]
    if cluster and sight.behind and _is_theirs_still(cluster, request, sight.behind):
        is_now = stage.of_cluster(cluster)
        moments += _moments(sight.behind)
    return Watched(
        request.meta.namespace,
        request.it.spec.cluster,
        sight.tenant,
        sight.catalog,
        cluster,
        cluster.it.spec if cluster else request.it.spec.desired,
        is_now,
        told=Told.read(noted.revision) if noted else None,
        since=max((moment for moment in moments if moment), default=_NEVER),
        let_go=buttons.let_go(request),
        is_unwanted=request.it.spec.action is Action.DELETE,
        taken_by=_taken_by(sight),
        now=sight.now,
    )


def _is_theirs_still(cluster: Stored[TenantCluster], made_by: Request, behind: Request) -> bool:
    """Whether whoever asked for this very cluster has it, though it goes on with what somebody else asked for since."""
    asker = made_by.it.spec.requester
    has_it = cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION) == asker.user
    is_first = made_by.it.spec.action is Action.CREATE and not stage.made_since(cluster, made_by)
    return is_first and has_it and not people.same(asker, behind.it.spec.requester)


def _taken_by(sight: Sight) -> Request | None:
    """By what somebody else had the cluster deleted that this person asked for, and which had come up."""
    request, deleter = sight.request.it.spec, sight.deleter
    if deleter is None or sight.given_up is not None or request.action is not Action.CREATE:
        return None
    return None if people.same(request.requester, deleter.it.spec.requester) else deleter


def _moments(request: Request) -> list[datetime | None]:
    """When a request was made, and decided."""
    decided = request.it.status.decided_at
    return [request.meta.created, objects.parse_time(decided) if decided else None]


def due(it: Watched, now: datetime) -> News | None:
    """What is to be told now. None when all is told."""
    told = it.told
    if it.taken_by is not None and (taken := _taken(it, it.taken_by, now)) is not None:
        return taken
    if told is not None and told.rung == TAKEN:
        return None
    if it.stage is Stage.GONE:
        return _gone(it, now)
    ladder = _ladder(it)
    rung = _rung(ladder, now, deleting=it.cluster is not None and it.cluster.meta.deleting) if ladder else None
    if ladder is None or rung is None:
        return _settled(it, end=objects.format_time(ladder.ends_at) if ladder else "", rung="")
    end = objects.format_time(ladder.ends_at)
    fresh = Told(Word.TOLD, end, rung.name)
    if told is None:
        return News(_card(it, ladder, rung), fresh, fresh=True) if rung.at > it.since else None
    if told.end != end:
        # Somebody changed the end; whoever did knows how much is left.
        return _settled(it, end=end, rung=rung.name)
    # Whoever leads now may have a clock that is behind.
    told_at = next((each.at for each in _rungs(ladder) if each.name == told.rung), None)
    is_told = told.rung == rung.name or (told_at is not None and told_at > rung.at)
    if is_told or (told.word is Word.LET_GO and rung.left is not None):
        return None
    return News(_card(it, ladder, rung), fresh, fresh=True)


def changes_at(it: Watched, now: datetime) -> datetime | None:
    """When there may be something to tell next; None when only a change of the objects brings it."""
    ladder = _ladder(it)
    return ladder.changes_at(now) if ladder else None


def let_go(it: Watched) -> News | None:
    """What the last message turns into when somebody lets the cluster go. None when nothing stands there to decide."""
    told, ladder = it.told, _ladder(it)
    if told is None or ladder is None or told.end != objects.format_time(ladder.ends_at):
        return None
    words = replies.let_it_go(it.name, _then(ladder, over=told.is_over))
    return News(cards.say(words), replace(told, word=Word.LET_GO), fresh=False)


def _ladder(it: Watched) -> Ladder | None:
    cluster = it.cluster
    if cluster is None or cluster.meta.created is None or it.stage not in _THERE or it.is_unwanted:
        return None
    return lifetime.ladder(cluster.meta.created, cluster.it.spec, it.tenant.it.spec.lifetime)


def _rung(ladder: Ladder, now: datetime, *, deleting: bool) -> Rung | None:
    """The last rung that was reached. One that is deleted before its time tells so on the card of who asked for it."""
    if deleting:
        return Rung(DUE, ladder.deletes_at) if ladder.deletes_at and ladder.is_due(now) else None
    reached = [rung for rung in _rungs(ladder) if rung.at <= now]
    return max(reached, key=lambda rung: rung.at, default=None) if not ladder.is_due(now) else None


def _rungs(ladder: Ladder) -> Iterator[Rung]:
    for warning in ladder.warnings:
        yield Rung(lifetime.spell(warning), ladder.ends_at - warning, warning)
    if ladder.sleeps:
        yield Rung(OVER, ladder.ends_at)
    for warning in ladder.warnings if ladder.sleeps and ladder.deletes_at else ():
        at = ladder.deletes_at - warning if ladder.deletes_at else ladder.ends_at
        if at > ladder.ends_at:
            yield Rung(f"{OVER}-{lifetime.spell(warning)}", at, warning)


def _card(it: Watched, ladder: Ladder, rung: Rung) -> Card:
    name, tenant = it.name, it.tenant.meta.name
    if rung.name == DUE:
        parts = [blocks.section(replies.ends_now(name, tenant)), blocks.section(_ended(ladder)), *_anew(it)]
        return cards.card(parts)
    over = rung.name.startswith(OVER)
    if rung.left is None:
        headline = replies.sleeps_now(name, tenant)
    else:
        headline = replies.ends_soon(name, tenant, _span(rung.left), deleted=over)
    return cards.card([blocks.section(headline), blocks.section(_then(ladder, over=over)), *_choices(it, ladder)])


def _choices(it: Watched, ladder: Ladder) -> Iterator[Block]:
    """To let it live, or to let it go; and whose word the first one needs."""
    if it.cluster is None:
        return
    look = life.Look(it.cluster, it.catalog, it.tenant.it.spec.lifetime, now=it.now)
    longer = life.extend(look, style="primary")
    if longer is None:
        yield blocks.context(replies.lives_longest(it.name, ladder.longest))
    elif required := _agreement(it):
        yield blocks.context(replies.extension_needs(required))
    yield blocks.actions(*([longer] if longer else []), it.let_go)


def _span(left: timedelta) -> str:
    return text.lifetime(lifetime.spell(left)) if left >= timedelta(hours=1) else text.about(left)


def _agreement(it: Watched) -> int:
    """How many must agree to an extension."""
    size = quota.envelope(it.cluster.it.spec, it.catalog) if it.cluster else Usage()
    policy = risk.deciding(it.tenant.it.spec, size, it.catalog).approval
    waiver = approval.waiver_for(policy, Action.CHANGE, size, it.catalog, extension=True)
    return 0 if waiver else policy.required


def _then(ladder: Ladder, *, over: bool) -> str:
    """What comes, with the reader's own times."""
    ends, deletes = text.moment(ladder.ends_at), text.moment(ladder.deletes_at) if ladder.deletes_at else ""
    return replies.what_comes(ends, deletes, over=over, sleeps=ladder.sleeps, protected=ladder.protected)


def _ended(ladder: Ladder) -> str:
    return replies.was_over(text.moment(ladder.ends_at))


def _gone(it: Watched, now: datetime) -> News | None:
    """The last word about a cluster that is not there any more."""
    told = it.told
    if told is None or told.rung == GONE or not told.end:
        return None
    name, tenant = it.name, it.tenant.meta.name
    after = Told(Word.SETTLED, told.end, GONE)
    if now < objects.parse_time(told.end):
        return News(cards.say(replies.headline(it.stage, name, tenant)), after, fresh=False)
    ended = blocks.section(replies.was_over(text.moment(told.end)))
    card = cards.card([blocks.section(replies.ended(name, tenant)), ended, *_anew(it)])
    return News(card, after, fresh=told.rung != DUE)


def _taken(it: Watched, by: Request, now: datetime) -> News | None:
    """That somebody else has it deleted, and then that it is. What was decided long ago is none."""
    told, decided, is_now = it.told, by.it.status.decided_at, Stage.DELETING if it.cluster else Stage.GONE
    is_told = told is not None and told.rung == TAKEN
    if is_told or (told is not None and told.rung == GONE):
        is_news = is_told and is_now is Stage.GONE
    else:
        is_news = decided is not None and now - objects.parse_time(decided) <= life.A_DAY
    if not is_news:
        return None
    who = replies.deletion_asked_by(text.name(by.it.spec.requester), by.meta.name)
    card = cards.card([blocks.section(replies.headline(is_now, it.name, it.tenant.meta.name)), blocks.context(who)])
    after = Told(Word.SETTLED, told.end if told else "", GONE if is_told else TAKEN)
    return News(card, after, fresh=not is_told)


def _anew(it: Watched) -> Iterator[Block]:
    """One more like it, by the form."""
    if it.desired is None:
        return
    line = f"create {it.namespace}/{it.name} {it.desired.pools[0].flavor}"
    yield blocks.actions(buttons.run(replies.ONE_MORE, line, spoken=replies.one_more_spoken(it.name)))


def _settled(it: Watched, *, end: str, rung: str) -> News | None:
    """What stands there loses its buttons, once what it asked is answered by the objects."""
    told = it.told
    if told is None:
        return None
    after = Told(Word.SETTLED, end, rung)
    if after == told or (told.end == end and told.word is not Word.TOLD):
        return None
    until = text.moment(end) if end and rung != DUE and not rung.startswith(OVER) else ""
    return News(cards.say(replies.lives_on(it.stage, it.name, it.tenant.meta.name, until)), after, fresh=False)
