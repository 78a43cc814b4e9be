"""A cluster as its card shows it, from the first step to its end, and the buttons that make sense for it now. Pure.

Each button stands for a line that the same person could type. What must never live here: what a verb means
(`provisioning.edits`), whether it may be (`provisioning.shape`), or the card around it (`request_cards`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import blocks, buttons, outline, progress, replies, text
from bot.blocks import Block
from provisioning import edits, hibernation, lifetime, stage, steps
from provisioning.hibernation import Rest
from provisioning.model import CatalogSpec, LifetimePolicy, Release, Step, TenantCluster, conditions
from provisioning.objects import Stored
from provisioning.stage import Stage
from provisioning.usual import Usual

WORDS_SHOWN = 300
RESIDUE_SHOWN = 5
A_DAY = timedelta(hours=24)
Steps = Callable[[Sequence[Step], Usual, datetime | None], list[Block]]
"""How steps are drawn: as lines or as a plan."""


@dataclass(frozen=True)
class Look:
    """A cluster as it is looked at. `policy` is its tenant's; without `now` nothing is said that the clock decides."""

    cluster: Stored[TenantCluster]
    catalog: CatalogSpec
    policy: LifetimePolicy = field(default_factory=LifetimePolicy)
    usual: Usual = field(default_factory=Usual)
    now: datetime | None = None

    @property
    def stage(self) -> Stage:
        return stage.of_cluster(self.cluster)

    @property
    def rest(self) -> Rest | None:
        """Whether it is to sleep; None when nobody can tell."""
        created = self.cluster.meta.created
        if self.now is None or created is None:
            return None
        return hibernation.rest(self.cluster.it.spec, self.policy, created=created, now=self.now)


def parts(look: Look, *, steps_as: Steps = progress.lines) -> list[Block]:
    """Its steps on the way, its facts once it is there, what it waits for while it goes; and the buttons."""
    return [*told(look, steps_as=steps_as), *_actions(look)]


def extension(look: Look) -> str:
    """By how much it lives longer in one press, as the line has it: a day at most. Empty when it may not."""
    cluster, moment = look.cluster, look.now or look.cluster.meta.created
    spec = edits.prolonged(cluster, timedelta(), now=moment) if moment else None
    if spec is None or not spec.lifetime:
        return ""
    room = lifetime.parse(look.policy.longest) - lifetime.parse(spec.lifetime) if look.policy.longest else A_DAY
    hours = min(room, A_DAY) // timedelta(hours=1)
    return f"{hours}h" if hours > 0 else ""


def extend(look: Look, *, style: str = "") -> Block | None:
    """The button that lets it live so much longer, in one press."""
    by, name = extension(look), look.cluster.meta.name
    if not by:
        return None
    words = text.lifetime(by)
    line = f"extend {_which(look)} {by}"
    return buttons.run(replies.extend_by(words), line, spoken=replies.extend_spoken(name, words), style=style)


def told(look: Look, *, steps_as: Steps = progress.lines) -> list[Block]:
    """The same without buttons."""
    status, now = look.cluster.it.status, look.stage
    ready = conditions.find(status.conditions, "Ready")
    words = text.clip(text.harmless(ready.message), WORDS_SHOWN) if ready else ""
    if now is Stage.DELETING:
        return _going(look, words)
    if now is Stage.READY:
        return _facts(look) + ([blocks.section(_access(look))] if status.endpoint else [])
    if now is Stage.ASLEEP:
        return [*_facts(look), blocks.section(_why_asleep(look))]
    drawn = steps_as(status.steps, look.usual, look.now)
    if status.gives_up_at:
        drawn.append(blocks.section(replies.given_up_unless(text.moment(status.gives_up_at))))
    if now is Stage.STALLED and words and steps.failed(status.steps) is None:
        # No step of its own failed: what it consists of was refused as a whole.
        return [blocks.quote(words), *drawn]
    return drawn


def _going(look: Look, words: str) -> list[Block]:
    """What its deletion waits for; once that takes too long, all that is left, by name."""
    status = look.cluster.it.status
    if not conditions.is_true(status.conditions, "Stalled"):
        return [blocks.quote(words)] if words else []
    left = [text.clip(text.harmless(each), WORDS_SHOWN) for each in status.residue[:RESIDUE_SHOWN]]
    more = len(status.residue) - len(left)
    return [
        blocks.section(replies.deletion_stuck(text.moment(asked) if (asked := look.cluster.meta.deleted) else "")),
        *(blocks.quote(each) for each in left or [words]),
        *([blocks.context(replies.and_more(more))] if more > 0 else []),
    ]


def _facts(look: Look) -> list[Block]:
    cluster, status = look.cluster, look.cluster.it.status
    rows = [
        (replies.LABEL["workers"], outline.pools(cluster.it.spec, look.catalog)),
        (replies.LABEL["version"], status.version or cluster.it.spec.version or ""),
        (replies.LABEL["nodes"], f"{status.nodes.ready} of {status.nodes.wanted}"),
    ]
    if status.endpoint:
        rows.append((replies.LABEL["endpoint"], text.code(status.endpoint)))
    if status.expires_at and not _is_over(look):
        rows.append((replies.LABEL["until"], text.moment(status.expires_at)))
    if cluster.it.spec.deletion_protection:
        rows.append(outline.protection(cluster.it.spec))
    return blocks.fields([row for row in rows if row[1]])


def _access(look: Look) -> str:
    return replies.access(look.cluster.meta.name, look.cluster.meta.namespace)


def _why_asleep(look: Look) -> str:
    """Who put it to sleep: the end of its lifetime, a schedule, or somebody."""
    status, rest = look.cluster.it.status, look.rest
    slept = conditions.find(status.conditions, "Hibernated")
    reason = slept.reason if slept else ""
    if reason == hibernation.LIFETIME_OVER:
        ended, deletes = (text.moment(each) if each else "" for each in (status.expires_at, status.deletes_at))
        return replies.asleep_for_good(ended, deletes)
    if reason == hibernation.BY_SCHEDULE:
        return replies.asleep_by_schedule(text.moment(rest.changes_at) if rest and rest.changes_at else "")
    return replies.ASLEEP_BY_HAND


def handles(look: Look) -> list[Block]:
    """The buttons that make sense for it now."""
    buttons_of = _BUTTONS.get(look.stage)
    return list(buttons_of(look)) if buttons_of else []


def others(look: Look, versions: Sequence[Release]) -> list[Block]:
    """The rest of what can be done with one that is at rest, which is not on its card: that is for every day.
    `versions` are those that its tenant may have."""
    if look.stage not in (Stage.READY, Stage.ASLEEP):
        return []
    return [blocks.actions(*_seldom(look, versions))]


def _actions(look: Look) -> list[Block]:
    elements = handles(look)
    return [blocks.actions(*elements)] if elements else []


def _seldom(look: Look, versions: Sequence[Release]) -> Iterator[Block]:
    cluster, spec = look.cluster, look.cluster.it.spec
    yield _run(look, replies.RESIZE, "resize", replies.resize_spoken)
    if edits.following(spec.version or cluster.it.status.version, versions):
        yield _run(look, replies.UPGRADE, "upgrade", replies.upgrade_spoken)
    if edits.optional_add_ons(spec, look.catalog):
        yield _run(look, replies.CHOOSE_ADD_ONS, "addons", replies.add_ons_spoken)
    if not spec.deletion_protection:
        yield _run(look, replies.PROTECT, "protect", replies.protect_spoken)


def _of_building(look: Look) -> Iterator[Block]:
    """Whoever does not want it any more need not wait until it is there."""
    if look.cluster.it.status.initialized is False and not look.cluster.it.spec.deletion_protection:
        yield buttons.cancel(look.cluster.meta.name, f"cancel {_which(look)}")
    else:
        yield from _delete(look)


def _of_stalled(look: Look) -> Iterator[Block]:
    yield _run(look, replies.RETRY, "retry", replies.retry_spoken, style="primary")
    yield _run(look, replies.SMALLER, "resize", replies.smaller_spoken, more=" smaller")
    yield from _delete(look)
    yield from _of_going(look)


def _of_ready(look: Look) -> Iterator[Block]:
    yield _run(look, replies.GET_ACCESS, "access", replies.get_access_spoken, style="primary")
    if extension(look):
        yield _run(look, replies.EXTEND, "extend", replies.extend_form_spoken)
    yield _run(look, replies.SCALE, "scale", replies.scale_spoken)
    if _has_a_sleep_to_skip(look):
        yield _run(look, replies.SKIP_SLEEP, "wake", replies.skip_spoken, more=" tonight")
    yield _run(look, replies.HIBERNATE, "hibernate", replies.hibernate_spoken)
    yield from _delete(look)


def _of_asleep(look: Look) -> Iterator[Block]:
    if not _is_over(look):
        yield _run(look, replies.WAKE, "wake", replies.wake_spoken, style="primary")
    elif longer := extend(look, style="primary"):
        yield longer
    yield from _delete(look)


def _of_going(look: Look) -> Iterator[Block]:
    yield _run(look, replies.DETAILS, "details", replies.what_keeps_spoken)


def _delete(look: Look) -> Iterator[Block]:
    if look.cluster.it.spec.deletion_protection:
        yield _run(look, replies.UNPROTECT_FORM, "unprotect", replies.unprotect_spoken)
    else:
        yield _run(look, replies.DELETE_FORM, "delete", replies.delete_spoken, style="danger")


_BUTTONS = {
    Stage.BUILDING: _of_building,
    Stage.STALLED: _of_stalled,
    Stage.READY: _of_ready,
    Stage.ASLEEP: _of_asleep,
    Stage.DELETING: _of_going,
}
"""What makes sense when."""


def _run(look: Look, words: str, verb: str, spoken: Callable[[str], str], *, more: str = "", style: str = "") -> Block:
    line = f"{verb} {_which(look)}{more}"
    return buttons.run(words, line, spoken=spoken(look.cluster.meta.name), style=style)


def _which(look: Look) -> str:
    """By its namespace: two clusters of one name may be in two namespaces of a tenant."""
    return "/".join(look.cluster.key)


def _is_over(look: Look) -> bool:
    slept = conditions.find(look.cluster.it.status.conditions, "Hibernated")
    return slept is not None and slept.reason == hibernation.LIFETIME_OVER


def _has_a_sleep_to_skip(look: Look) -> bool:
    """Whether a schedule would have it asleep next that nobody has skipped yet."""
    if look.now is None:
        return bool(look.cluster.it.spec.hibernation.schedules)
    return edits.sleepless(look.cluster.it.spec, now=look.now) not in (None, look.cluster.it.spec)
