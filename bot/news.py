"""News of the end of a cluster's life: each a message of its own, told once, and what it turns into later. Pure.

A card that is edited makes no sound; a new message does. What was told last stands beside the places of the request's
cards (`Surface.NEWS`); from that and from the objects follows what is to be told now. So a new leader neither repeats
nor forgets. What must never live here: where a message goes (`follow`), or when a cluster sleeps or is deleted
(`provisioning.lifetime`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot import blocks, buttons, cards, life, replies, text
from bot.blocks import Block
from bot.cards import Card
from bot.sights import Sight
from provisioning import approval, lifetime, objects, quota, risk
from provisioning.lifetime import Ladder
from provisioning.model import Action, Delivery, Surface
from provisioning.stage import Stage
from provisioning.usage import Usage

OVER, DUE, GONE = "over", "due", "gone"
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
class Rung:
    """A step down the ladder: what it is called, when it begins, and what it warns of (None: it is no warning)."""

    name: str
    at: datetime
    left: timedelta | None = None


def delivery(sight: Sight) -> Delivery | None:
    """Where the last news of this request stands."""
    return next((d for d in sight.request.it.status.deliveries if d.surface is Surface.NEWS), None)


def due(sight: Sight, now: datetime) -> News | None:
    """What is to be told now. None when all is told."""
    noted = delivery(sight)
    told = Told.read(noted.revision) if noted else None
    if sight.stage is Stage.GONE:
        return _gone(sight, told, now)
    ladder = _ladder(sight)
    rung = _rung(ladder, now, deleting=sight.cluster is not None and sight.cluster.meta.deleting) if ladder else None
    if ladder is None or rung is None:
        return _settled(sight, told, end=objects.format_time(ladder.ends_at) if ladder else "", rung="")
    end = objects.format_time(ladder.ends_at)
    fresh = Told(Word.TOLD, end, rung.name)
    if told is None:
        return News(_card(sight, ladder, rung), fresh, fresh=True) if rung.at > _known_since(sight) else None
    if told.end != end:
        # Somebody changed the end; whoever did knows how much is left.
        return _settled(sight, told, end=end, rung=rung.name)
    # Whoever leads now may have a clock that is behind.
    told_at = next((each.at for each in _rungs(ladder) if each.name == told.rung), None)
    is_told = told.rung == rung.name or (told_at is not None and told_at > rung.at)
    if is_told or (told.word is Word.LET_GO and rung.left is not None):
        return None
    return News(_card(sight, ladder, rung), fresh, fresh=True)


def changes_at(sight: Sight, now: datetime) -> datetime | None:
    """When there may be something to tell next; None when only a change of the objects brings it."""
    ladder = _ladder(sight)
    return ladder.changes_at(now) if ladder else None


def let_go(sight: Sight) -> News | None:
    """What the last message turns into when somebody lets the cluster go. None when nothing stands there to decide."""
    noted, ladder = delivery(sight), _ladder(sight)
    told = Told.read(noted.revision) if noted else None
    if told is None or ladder is None or told.end != objects.format_time(ladder.ends_at):
        return None
    words = replies.let_it_go(sight.request.it.spec.cluster, _then(ladder, over=told.rung.startswith(OVER)))
    return News(cards.say(words), replace(told, word=Word.LET_GO), fresh=False)


def _ladder(sight: Sight) -> Ladder | None:
    cluster = sight.cluster
    if cluster is None or cluster.meta.created is None or sight.stage not in _THERE:
        return None
    if sight.request.it.spec.action is Action.DELETE:
        # Whoever asked for the deletion is not told of an end besides.
        return None
    return lifetime.ladder(cluster.meta.created, cluster.it.spec, sight.tenant.it.spec.lifetime)


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


def _known_since(sight: Sight) -> datetime:
    """Who asked for this end knows of what had begun by then."""
    decided, created = sight.request.it.status.decided_at, sight.cluster.meta.created if sight.cluster else None
    moments = [objects.parse_time(decided) if decided else None, created, sight.request.meta.created]
    return max(moment for moment in moments if moment is not None)


def _card(sight: Sight, ladder: Ladder, rung: Rung) -> Card:
    name, tenant = sight.request.it.spec.cluster, sight.tenant.meta.name
    if rung.name == DUE:
        parts = [blocks.section(replies.ends_now(name, tenant)), blocks.section(_ended(ladder)), *_anew(sight)]
        return cards.card(parts)
    over = rung.name.startswith(OVER)
    if rung.left is None:
        headline = replies.sleeps_now(name, tenant)
    else:
        headline = replies.ends_soon(name, tenant, _span(rung.left), deleted=over)
    return cards.card([blocks.section(headline), blocks.section(_then(ladder, over=over)), *_choices(sight, ladder)])


def _choices(sight: Sight, ladder: Ladder) -> Iterator[Block]:
    """To let it live, or to let it go; and whose word the first one needs."""
    if sight.cluster is None:
        return
    look = life.Look(sight.cluster, sight.catalog, sight.tenant.it.spec.lifetime, now=sight.now)
    longer = life.extend(look, style="primary")
    if longer is None:
        yield blocks.context(replies.lives_longest(sight.cluster.meta.name, ladder.longest))
    elif required := _agreement(sight):
        yield blocks.context(replies.extension_needs(required))
    yield blocks.actions(*([longer] if longer else []), buttons.let_go(sight.request))


def _span(left: timedelta) -> str:
    return text.lifetime(lifetime.spell(left)) if left >= timedelta(hours=1) else text.about(left)


def _agreement(sight: Sight) -> int:
    """How many must agree to an extension."""
    size = quota.envelope(sight.cluster.it.spec, sight.catalog) if sight.cluster else Usage()
    policy = risk.deciding(sight.tenant.it.spec, size, sight.catalog).approval
    waiver = approval.waiver_for(policy, Action.CHANGE, size, sight.catalog, extension=True)
    return 0 if waiver else policy.required


def _then(ladder: Ladder, *, over: bool) -> str:
    """What comes, with the reader's own times."""
    ends, deletes = text.moment(ladder.ends_at), text.moment(ladder.deletes_at) if ladder.deletes_at else ""
    return replies.what_comes(ends, deletes, over=over, sleeps=ladder.sleeps, protected=ladder.protected)


def _ended(ladder: Ladder) -> str:
    return replies.was_over(text.moment(ladder.ends_at))


def _gone(sight: Sight, told: Told | None, now: datetime) -> News | None:
    """The last word about a cluster that is not there any more."""
    if told is None or told.rung == GONE or not told.end:
        return None
    name, tenant = sight.request.it.spec.cluster, sight.tenant.meta.name
    after = Told(Word.SETTLED, told.end, GONE)
    if now < objects.parse_time(told.end):
        return News(cards.say(replies.headline(sight.stage, name, tenant)), after, fresh=False)
    ended = blocks.section(replies.was_over(text.moment(told.end)))
    card = cards.card([blocks.section(replies.ended(name, tenant)), ended, *_anew(sight)])
    return News(card, after, fresh=told.rung != DUE)


def _anew(sight: Sight) -> Iterator[Block]:
    """One more like it, by the form."""
    desired = sight.cluster.it.spec if sight.cluster else sight.request.it.spec.desired
    if desired is None:
        return
    name = sight.request.it.spec.cluster
    line = f"create {sight.request.meta.namespace}/{name} {desired.pools[0].flavor}"
    yield blocks.actions(buttons.run(replies.ONE_MORE, line, spoken=replies.one_more_spoken(name)))


def _settled(sight: Sight, told: Told | None, *, end: str, rung: str) -> News | None:
    """What stands there loses its buttons, once what it asked is answered by the objects."""
    if told is None:
        return None
    after = Told(Word.SETTLED, end, rung)
    if after == told or (told.end == end and told.word is not Word.TOLD):
        return None
    name, tenant = sight.request.it.spec.cluster, sight.tenant.meta.name
    until = text.moment(end) if end and rung != DUE and not rung.startswith(OVER) else ""
    return News(cards.say(replies.lives_on(sight.stage, name, tenant, until)), after, fresh=False)
