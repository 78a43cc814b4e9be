"""The form in which an approver says who decides instead of them, drawn from the desk's caches. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot import blocks, delegations, forms, replies, text
from bot.blocks import Block, Option
from bot.ports import Desk
from provisioning import people, seats
from provisioning.model import Person, Tenant
from provisioning.objects import Stored

DELEGATE = "cluster_delegate"
USUAL = timedelta(days=1)
SO_FAR = 5
"""How many delegations that there are stand in it."""


@dataclass(frozen=True)
class Entered:
    """What a line says for the form: a Slack account, and an end."""

    who: str = ""
    until: datetime | None = None


def places(desk: Desk, person: Person) -> tuple[Stored[Tenant], ...]:
    """The tenants in which somebody's word in Slack has another one decide instead of them, by name."""
    found = (t for t in desk.approvals_of(person) if people.delegates_in_slack(t.it.spec, person))
    return tuple(sorted(found, key=lambda tenant: tenant.meta.name))


def options(desk: Desk, person: Person) -> tuple[Option, ...]:
    """Those tenants as a menu has them."""
    named = ((t.meta.name, text.one_line(t.it.spec.display_name)) for t in places(desk, person))
    return tuple(Option(name, title or name) for name, title in named)


def form(person: Person, entered: Entered, *, desk: Desk, now: datetime, zone: tzinfo) -> Block:
    """For somebody who has such a tenant. With one only, there is no choice of tenants."""
    menu = options(desk, person)
    latest = text.plain_moment(now + seats.LONGEST, zone)
    until_hint = replies.delegate_until_hint(seats.LONGEST.days, latest)
    until = blocks.moment_picker(entered.until or _full_hour(now + USUAL))
    who = blocks.person_select(chosen=entered.who)
    why = blocks.text_input(longest=forms.REASON_LONGEST, lines=True)
    mine, _ = delegations.of(person, desk, now)
    notes = [replies.takes_its_place(delegations.line(each, desk)) for each in mine[:SO_FAR]]
    return blocks.modal(
        DELEGATE,
        title=replies.DELEGATE_TITLE,
        blocks=[
            blocks.context(replies.DELEGATE_INTRO),
            blocks.field("who", replies.DELEGATE_WHO, who, hint=replies.DELEGATE_WHO_HINT),
            blocks.field("until", replies.DELEGATE_UNTIL, until, hint=until_hint),
            _where(menu),
            blocks.field("reason", replies.DELEGATE_WHY, why, hint=replies.DELEGATE_WHY_HINT, optional=True),
            *map(blocks.context, (*notes, *delegations.not_heard(person, desk))),
        ],
        submit=replies.DELEGATE_NOW,
        close=replies.CANCEL,
        metadata=json.dumps({"tenant": menu[0].value} if len(menu) == 1 else {}),
    )


def faults(
    person: Person, delegate: Person | None, until: datetime | None, tenants: Collection[str], *, now: datetime
) -> dict[str, str]:
    """What is missing or at odds in it, by field."""
    found = {} if tenants else {"tenants": replies.PLEASE_CHOOSE}
    if delegate is None:
        found["who"] = replies.no_delegate()
    elif people.same(delegate, person):
        found["who"] = replies.DELEGATE_YOURSELF
    if until is None or until <= now:
        found["until"] = replies.END_OVER
    elif until > now + seats.LONGEST:
        found["until"] = replies.end_too_far(seats.LONGEST.days)
    return found


def _where(menu: tuple[Option, ...]) -> Block:
    if len(menu) == 1:
        return blocks.context(f"{replies.TENANT}: {text.code(menu[0].label)}")
    # More than a menu holds at once one types, and so chooses.
    chosen = [option.value for option in menu] if len(menu) <= blocks.OPTIONS else []
    return blocks.field("tenants", replies.DELEGATE_TENANTS, blocks.multi_select(menu, chosen=chosen))


def _full_hour(moment: datetime) -> datetime:
    """The next one."""
    return (moment + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
