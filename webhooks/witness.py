"""What the admission door tells in the audit trail: a request and its denial -> an event. Pure.

Who was refused what, and by which rules. Not why in words: a sentence may quote what somebody wrote, and a trail is
kept for years; the sentence stands in the log beside, under the same uid. What was only tried (a dry run) is not told,
nor what was not decided: whoever is told to come back has lost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provisioning.audit import Code, Event
from provisioning.resources import CLUSTER_REQUESTS
from webhooks.decision import FORBIDDEN, INVALID, Deny
from webhooks.review import Request

ADMISSION: Final = "admission"
"""Where it happened: at the API server, whoever asked it."""
REFUSED_BY: Final = "refused-by"
"""The fact that names the policies."""


def denied(request: Request, denial: Deny) -> Event | None:
    """What to tell of a denial, if anything."""
    if request.dry_run or denial.code not in (FORBIDDEN, INVALID):
        return None
    meta, spec = _mapping(request.either, "metadata"), _mapping(request.either, "spec")
    vote = _vote(request)
    noted = {name: denial.audit[name] for name in (REFUSED_BY, "tenant") if name in denial.audit}
    facts = {
        "operation": request.operation,
        "kind": request.kind + (f"/{request.subresource}" if request.subresource else ""),
        **noted,
        "uid": request.uid,
        "object": _text(meta.get("uid")),
        **vote,
    }
    return Event(
        Code.VOTE_REFUSED if vote else Code.ADMISSION_DENIED,
        who=request.user.name,
        where=ADMISSION,
        about="/".join(part for part in (request.namespace, request.name or _text(meta.get("name"))) if part),
        digest=_text(spec.get("digest")) if request.resource == CLUSTER_REQUESTS.plural else "",
        facts={name: fact for name, fact in facts.items() if fact},
    )


def sort_of(event: Event) -> tuple[str, ...]:
    """What makes two denials the same news: who, in which namespace, doing what to which kind, by which rules."""
    facts = (event.facts.get(name, "") for name in ("operation", "kind", REFUSED_BY, "voter"))
    return (event.code.value, event.who, event.about.partition("/")[0], *facts)


def _vote(request: Request) -> dict[str, str]:
    """Whose vote it was, of a status with one vote more; empty for all else."""
    if (request.resource, request.subresource) != (CLUSTER_REQUESTS.plural, "status"):
        return {}
    before, after = (_votes(it) for it in (request.old, request.object))
    if len(after) <= len(before):
        return {}
    vote = after[-1]
    return {"voter": _text(_mapping(vote, "voter").get("user")), "vote": _text(vote.get("decision"))}


def _votes(manifest: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    found = _mapping(manifest or {}, "status").get("votes")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
