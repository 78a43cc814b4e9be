"""Lines with a sound: Slack makes none for a card that is edited, so what somebody waits for is said once more. Pure.

A new card makes a sound by itself. What whoever asked has heard of last, by either, stands beside the place of their
card (`Delivery.heard`); from that and from the objects follows what is to be said now. So a new leader neither repeats
nor forgets, and after an outage there is one line about how it stands, and none about what lay between.
What must never live here: where a line goes (`ringer`).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import cards, digest, places, replies, text, verdicts
from bot.cards import Card
from bot.sights import Sight
from provisioning import people
from provisioning.model import ClusterRequest, Delivery, Surface, conditions
from provisioning.objects import Stored
from provisioning.stage import Stage

ASKED, APPROVED, IN_LINE, STUCK, DONE, EXPIRED = "asked", "approved", "in-line", "stuck", "done", "expired"
GIVEN_UP = "given-up"
WORDS = {
    Stage.WAITING: ASKED,
    Stage.ACCEPTED: APPROVED,
    Stage.BUILDING: APPROVED,
    Stage.DELETING: APPROVED,
    Stage.NO_ROOM: IN_LINE,
    Stage.STALLED: STUCK,
    Stage.READY: DONE,
    Stage.ASLEEP: DONE,
    Stage.DELETED: DONE,
    Stage.GIVEN_UP: GIVEN_UP,
    Stage.DENIED: "denied",
    Stage.EXPIRED: EXPIRED,
    Stage.FAILED: "failed",
}
"""What there is to hear of. Whoever withdrew, or asked for something newer, waits for nothing any more."""
_BEFORE = {APPROVED: (ASKED, IN_LINE), IN_LINE: (ASKED, APPROVED)}
"""What is said only after these: a cluster that is set up once more, after a change by another, was approved before."""


def word(sight: Sight) -> str:
    """What there is to hear of now; empty for nothing. Whoever gives up what they asked for themselves knows it."""
    if sight.given_up is not None:
        mine = people.same(sight.given_up.it.spec.requester, sight.request.it.spec.requester)
        return "" if mine else GIVEN_UP
    return WORDS.get(sight.stage, "")


def delivery(request: Stored[ClusterRequest]) -> Delivery | None:
    """Where the card of whoever asked stands."""
    return next((d for d in request.it.status.deliveries if d.surface is Surface.REQUESTER and d.ts), None)


def is_due(sight: Sight) -> bool:
    """Whether there is something to say."""
    there, now = delivery(sight.request), word(sight)
    if there is None or not there.heard or now in ("", ASKED, there.heard):
        return False
    if (there.heard, now) == (ASKED, APPROVED) and sight.request.it.status.waiver:
        return False  # nobody had to agree, so that nobody waited for it
    return there.heard in _BEFORE.get(now, (there.heard,))


def name(sight: Sight) -> str:
    """What the line is called, so that it is the same one when it is posted again."""
    return f"{sight.request.meta.uid} heard {word(sight)} {_since(sight)}".rstrip()


def line(sight: Sight) -> Card:
    """One line, to whoever asked; with who decided, where they have not heard that yet."""
    there, cluster = delivery(sight.request), sight.request.it.spec.cluster
    if sight.given_up is not None:
        who = replies.given_up_by(text.name(sight.given_up.it.spec.requester), "", gone=sight.cluster is None)
        said = replies.cancelled(cluster, sight.tenant.meta.name)
        return cards.say(replies.heard(text.mention(places.account_of_requester(sight)), said, who))
    said = replies.headline(sight.stage, cluster, sight.tenant.meta.name)
    is_news = there is not None and there.heard == ASKED and word(sight) != EXPIRED
    how = verdicts.line(sight.request) if is_news and not sight.request.it.status.waiver else ""
    return cards.say(replies.heard(text.mention(places.account_of_requester(sight)), said, how))


def together(sights: Sequence[Sight]) -> Card:
    """The same of many, a line each."""
    hidden = max(0, len(sights) - digest.LINES)
    return digest.card(sights[: digest.LINES], hidden=hidden, said=replies.heard_together)


def _since(sight: Sight) -> str:
    """When that came about, as far as the objects tell it."""
    if word(sight) in (STUCK, DONE) and sight.cluster is not None:
        type_ = "Stalled" if word(sight) == STUCK else "Ready"
        found = conditions.find(sight.cluster.it.status.conditions, type_)
        return found.last_transition_time or "" if found else ""
    return sight.request.it.status.decided_at or ""
