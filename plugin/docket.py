"""The requests of a namespace, in the order in which people want them, and how they look in a table. Draws only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Column, Table
from rich.text import Text

from plugin import asked
from provisioning import objects, people, plain, room
from provisioning.manifest import Manifest
from provisioning.model import ClusterRequest, Person, Phase, Vote
from provisioning.objects import Stored, parse_time

COLOUR: Final = {
    Phase.PENDING: "yellow",
    Phase.APPROVED: "green",
    Phase.APPLIED: "green",
    Phase.DENIED: "bold red",
    Phase.FAILED: "bold red",
}
NARROW: Final = ("name", "cluster", "asks to", "status", "asked by", "since")
WIDE: Final = (*NARROW, "decides until", "votes", "rule", "digest")


def ordered(found: Sequence[Manifest], me: Person, *, everybodys: bool) -> list[Manifest]:
    """What waits, one's own first, then what became of one's others, or of `everybodys`, the latest first."""
    read = [(objects.read(ClusterRequest, it), it) for it in found]
    read.sort(key=lambda pair: (pair[1]["metadata"].get("creationTimestamp") or "", pair[0].key))
    # Stable, so that within both halves the order of times stays.
    waiting = sorted((it for it in read if room.waits_for_anything(it[0])), key=lambda it: not _mine(it[0], me))
    rest = [it for it in reversed(read) if not room.waits_for_anything(it[0])]
    ended = [it for it in rest if everybodys or _mine(it[0], me)]
    return [manifest for _, manifest in (*waiting, *ended)]


def drawing(found: Sequence[Manifest], *, wide: bool, everywhere: bool = False) -> Table:
    """A row for each."""
    titles = (*(("namespace",) if everywhere else ()), *(WIDE if wide else NARROW))
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False)
    for request in (objects.read(ClusterRequest, it) for it in found):
        cells = (*((Text(request.meta.namespace),) if everywhere else ()), *_row(request))
        table.add_row(*cells[: len(titles)])
    return table


def _row(request: Stored[ClusterRequest]) -> tuple[Text, ...]:
    spec, status = request.it.spec, request.it.status
    since = asked.moment(request.meta.created) if request.meta.created else ""
    pending, waits = status.phase is Phase.PENDING, room.waits(request)
    until = asked.moment(parse_time(status.expires_at)) if status.expires_at and pending else ""
    first = (request.meta.name, spec.cluster, spec.action.value.lower())
    last = (until, ", ".join(map(_vote, status.votes)), status.waiver, spec.digest)
    return (
        *map(_text, first),
        Text(f"{status.phase.value}{', waits for room' if waits else ''}", COLOUR.get(status.phase, "")),
        *map(_text, (spec.requester.user, since, *last)),
    )


def _vote(vote: Vote) -> str:
    return f"{vote.voter.user} {vote.decision.value.lower()}"


def _mine(request: Stored[ClusterRequest], me: Person) -> bool:
    return people.same(request.it.spec.requester, me)


def _text(words: str) -> Text:
    """Somebody's words, which are neither markup nor a command to the terminal."""
    return Text(plain.one_line(words))
