"""Who decides instead of whom, as people read it: in a list, in App Home, in a direct message. Pure.

What must never live here: who hears of it, and when (`usher`), or the form (`commands.delegate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot import blocks, buttons, cards, replies, text
from bot.blocks import Block
from bot.cards import Card
from bot.ports import Desk
from provisioning import delegations, people
from provisioning.delegations import Delegation
from provisioning.model import Person

TOGETHER = 20
"""Tenants that one button stops."""


def of(person: Person, desk: Desk, now: datetime) -> tuple[tuple[Delegation, ...], tuple[Delegation, ...]]:
    """Those that last by which somebody decides instead of this person, and those by which they do instead of
    somebody."""
    everybodys = desk.voting.everybodys()
    # One's own can be stopped also where it does not count; whose does not count gives nobody a say.
    counting = delegations.counting(everybodys, desk.tenant_of)
    found, heard = (delegations.lasting(each, now) for each in (everybodys, counting))
    return delegations.by(person, found), delegations.to(person, heard)


def told(person: Person, desk: Desk, now: datetime, *, own: int, others: int, command: str = "") -> list[Block]:
    """What there is for somebody, so many of each at most: one's own with a button that stops it. `command` shows what
    there is no room for."""
    mine, theirs = of(person, desk, now)
    pieces = [piece for each in mine for piece in _pieces(each, desk)]
    parts = [part for piece in pieces[:own] for part in piece]
    lines = [
        replies.you_decide_for(text.name(each.approver), text.moment(each.until), places(each.namespaces, desk))
        for each in theirs
    ]
    parts += [blocks.section("\n".join(lines[:others]))] if lines else []
    hidden = max(0, len(pieces) - own) + max(0, len(lines) - others)
    more = replies.home_more(hidden, command) if command else replies.and_more(hidden)
    return [*parts, *([blocks.context(more)] if hidden else [])]


def not_heard(person: Person, desk: Desk) -> list[str]:
    """Where what this approver says in Slack does not count, and why, as sentences of ours."""
    deciding = [t for t in desk.approvals_of(person) if people.approves_some(t.it.spec, person)]
    nothing = [t.meta.name for t in deciding if not people.delegates_in_slack(t.it.spec, person)]
    large = [t.meta.name for t in deciding if people.delegates_large_at_terminal(t.it.spec, person)]
    first = [replies.not_heard_here(nothing)] if nothing else []
    return [*first, *([replies.large_not_heard_here(large)] if large else [])]


def line(it: Delegation, desk: Desk) -> str:
    """One's own in a sentence."""
    return replies.decides_for_you(text.name(it.delegate), text.moment(it.until), places(it.namespaces, desk))


def places(namespaces: Iterable[str], desk: Desk) -> tuple[str, ...]:
    """The tenants whose namespaces these are, by name; of one that has others too, the namespaces."""
    held = dict.fromkeys(namespaces)
    found: dict[str, None] = {}
    for namespace in held:
        tenant = desk.tenant_of(namespace)
        is_whole = tenant is not None and held.keys() >= set(tenant.it.spec.namespaces)
        found[tenant.meta.name if tenant and is_whole else namespace] = None
    return tuple(sorted(found))


def begun(it: Delegation, desk: Desk) -> Card:
    """What the delegate is told first."""
    said = replies.put_in_place(text.name(it.approver), text.moment(it.until), places(it.namespaces, desk))
    why = [blocks.context(replies.REASON_OF_DELEGATION), blocks.quote(cards.cut(it.reason))] if it.reason else []
    shown = buttons.run(replies.DELEGATIONS, "delegate show", spoken=replies.DELEGATIONS_SPOKEN)
    return cards.card([blocks.section(said), *why, blocks.actions(shown)])


def ended(it: Delegation, desk: Desk) -> Card:
    """What the delegate is told when it is over before its time."""
    said = replies.taken_out_of_place(text.name(it.approver), text.moment(it.until), places(it.namespaces, desk))
    return cards.say(said)


def given(delegate: Person, until: datetime, tenants: Sequence[str]) -> Card:
    """What whoever has just said so is told."""
    said = replies.delegated(text.name(delegate), text.moment(until), tenants)
    return cards.card([blocks.section(said), blocks.actions(_stop(tenants))])


def _stop(tenants: Sequence[str]) -> Block:
    """The button that ends it in these tenants."""
    typed = " ".join(("delegate stop", *tenants))
    return buttons.run(replies.STOP_DELEGATING, typed, spoken=replies.stop_delegating_spoken(tenants))


def _pieces(it: Delegation, desk: Desk) -> Iterator[tuple[Block, Block]]:
    """What one's own is told as, each with its button: more than one where it holds in many tenants."""
    found = [tenant for namespace in it.namespaces if (tenant := desk.tenant_of(namespace))]
    tenants = sorted({tenant.meta.name: tenant for tenant in found}.values(), key=lambda tenant: tenant.meta.name)
    for at in range(0, len(tenants), TOGETHER):
        some = tenants[at : at + TOGETHER]
        held = {each: it.marks[each] for tenant in some for each in tenant.it.spec.namespaces if each in it.marks}
        yield (
            blocks.section(line(replace(it, marks=held), desk)),
            blocks.actions(_stop([tenant.meta.name for tenant in some])),
        )
