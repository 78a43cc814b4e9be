"""Who decides instead of whom, as far as somebody has to do with it, and how that looks in a table. Draws only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Column, Table
from rich.text import Text

from plugin import asked
from provisioning import objects, people, plain
from provisioning.manifest import Manifest
from provisioning.model import ApprovalDelegation, Person
from provisioning.objects import parse_time


def ordered(found: Sequence[Manifest], me: Person, *, now: datetime) -> list[Manifest]:
    """Those that last by which somebody decides instead of this person, then those by which they decide themselves;
    who ends first first."""
    read = [(objects.read(ApprovalDelegation, each), each) for each in found]
    lasting = [pair for pair in read if parse_time(pair[0].it.spec.until) > now and not pair[0].meta.deleting]
    lasting.sort(key=lambda pair: (parse_time(pair[0].it.spec.until), pair[0].key))
    mine = [each for it, each in lasting if people.same(it.it.spec.approver, me)]
    return [*mine, *(each for it, each in lasting if people.same(it.it.spec.delegate, me))]


def drawing(found: Sequence[Manifest], me: Person, *, everywhere: bool = False) -> Table:
    """A row for each."""
    titles = (*(("namespace",) if everywhere else ()), "decides", "instead of", "until", "why")
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False)
    for it in (objects.read(ApprovalDelegation, each) for each in found):
        spec = it.it.spec
        who = (_name(each, me) for each in (spec.delegate, spec.approver))
        cells = (it.meta.namespace, *who, asked.moment(parse_time(spec.until)), spec.reason)
        table.add_row(*(Text(plain.one_line(cell)) for cell in cells[0 if everywhere else 1 :]))
    return table


def _name(person: Person, me: Person) -> str:
    return "you" if people.same(person, me) else person.user
