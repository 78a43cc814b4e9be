"""What the bot tells in the audit trail: Slack's payloads and whose they are -> events. Pure.

Told before it is answered. What came of it in the cluster the provisioner tells, whichever door it came in by. A
command is told as it was typed, its beginning at least; what was written into a form is not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot import buttons
from bot.refusals import Refusal
from provisioning.approval import SHORTEST_DIGEST
from provisioning.audit import Code, Event
from provisioning.model import ClusterRequest, Delivery, Person, Surface
from provisioning.objects import Stored

Payload = Mapping[str, Any]

LINE: Final = 200
"""Characters of a command that are told."""


def asked(line: str, body: Payload, person: Person, *, slack: str, team: str) -> Event:
    """A command: typed, or what a button or a shortcut stands for."""
    where = _where(team, body.get("channel_id") or _id(body, "channel"))
    facts = {"line": line[:LINE], "slack": slack}
    return Event(Code.COMMAND_ASKED, who=person.user, where=where, facts=facts)


def pressed(body: Payload, person: Person) -> Event:
    """A button of a card, with the digest that was shown on it."""
    action = body["actions"][0]
    facts = {"button": str(action["action_id"])}
    return _about(Code.BUTTON_PRESSED, body, person, ticket=action.get("value"), facts=facts)


def submitted(body: Payload, person: Person) -> Event:
    """A form; one that a button opened is about what the button was about."""
    view = body["view"]
    facts = {"form": str(view.get("callback_id", ""))}
    return _about(Code.FORM_SUBMITTED, body, person, ticket=view.get("private_metadata"), facts=facts)


def shown(request: Stored[ClusterRequest], delivery: Delivery, *, team: str) -> Event | None:
    """Which card stands where by now: what whoever decides had before them. Nothing of the requester's own, which is
    redrawn with every step of the cluster."""
    if delivery.surface not in (Surface.APPROVER, Surface.NOTICE):
        return None
    return Event(
        Code.CARD_SHOWN,
        who=request.it.spec.requester.user,
        where=_where(team, delivery.channel),
        about="/".join(request.key),
        digest=request.it.spec.digest,
        facts={"card": delivery.surface.value, "revision": delivery.revision, "message": delivery.ts},
    )


def saw(requests: Sequence[Stored[ClusterRequest]], person: Person, *, slack: str, team: str) -> Event:
    """Somebody looked at App Home, where these requests of others stand, each with the beginning of its digest."""
    shown = (f"{'/'.join(it.key)} {it.it.spec.digest[:SHORTEST_DIGEST]}" for it in requests)
    facts = {"requests": ", ".join(shown), "slack": slack}
    return Event(Code.HOME_SEEN, who=person.user, where=_where(team, ""), facts=facts)


def refused(slack: str, refusal: Refusal) -> Event:
    """Somebody whom we could not tie to a person."""
    return Event(Code.PERSON_REFUSED, who=slack, where="slack", facts={"why": refusal.name.lower()})


def _about(code: Code, body: Payload, person: Person, *, ticket: object, facts: dict[str, str]) -> Event:
    shown = buttons.read(ticket)
    return Event(
        code,
        who=person.user,
        where=_where(_id(body, "team"), _id(body, "channel")),
        about=f"{shown.namespace}/{shown.id}" if shown else "",
        digest=shown.digest if shown else "",
        facts={**facts, "slack": _id(body, "user")},
    )


def _id(body: Payload, what: str) -> str:
    return str((body.get(what) or {}).get("id") or "")


def _where(team: object, channel: object) -> str:
    return "/".join(str(part) for part in (f"slack:{team or ''}", channel) if part)
