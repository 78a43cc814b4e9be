"""What a button carries: which request, and the digest of what its card showed; or the command it stands for. Pure.

Never more than that. The request itself is the truth, so a card from before a restart or an upgrade still works,
and a card that shows something else than what would be approved is found out. A command may be no more than what the
same person could type.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import pydantic

from bot import blocks, replies
from bot.blocks import Block
from provisioning import room
from provisioning.model import ClusterRequest, TenantCluster
from provisioning.objects import Stored

APPROVE = "request_approve"
DENY = "request_deny"
WITHDRAW = "request_withdraw"
LET_GO = "cluster_let_go"
LET_GO_OF = "cluster_let_go_of"
DETAILS = "request_details"
ASK = "request_ask"
ANSWER = "request_answer"
TAKE_BACK = "vote_take_back"
BREAK_GLASS = "request_break_glass"
APPROVE_ANYWAY = "request_approve_anyway"
KEEP_WAITING = "request_keep_waiting"
RUN = re.compile(r"run [\s\S]*")
"""What stands for a line that somebody could type."""


class Ticket(pydantic.BaseModel):
    """The value of a button, and of the form that a button opened."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    namespace: str = pydantic.Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)
    id: str = pydantic.Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)
    digest: str = pydantic.Field(pattern=r"^sha256:[0-9a-f]{16,64}$")
    number: int = pydantic.Field(default=0, ge=0)
    """Which of its questions, from 0 on."""

    def dumps(self) -> str:
        return self.model_dump_json(exclude_defaults=True)


@dataclass(frozen=True)
class Place:
    """The message that a button stands in."""

    channel: str
    ts: str


def ticket_of(request: Stored[ClusterRequest]) -> Ticket:
    return Ticket(namespace=request.meta.namespace, id=request.meta.name, digest=request.it.spec.digest)


def ticket_of_cluster(cluster: Stored[TenantCluster]) -> Ticket:
    """Of this very cluster: another one of its name has another uid."""
    meta = cluster.meta
    digest = f"sha256:{hashlib.sha256(meta.uid.encode()).hexdigest()}"
    return Ticket(namespace=meta.namespace, id=meta.name, digest=digest)


def read(value: Any) -> Ticket | None:
    """A button's value -> its ticket; None for what we never wrote (Slack's payloads are signed, cards may be old)."""
    try:
        return Ticket.model_validate_json(value if isinstance(value, str) else "")
    except pydantic.ValidationError:
        return None


def approve(request: Stored[ClusterRequest], *, confirm: Block | None = None) -> Block:
    """Agree to it, after one more question where there is one."""
    value, spoken = ticket_of(request).dumps(), replies.approve_spoken(request.it.spec.cluster)
    return blocks.button(replies.APPROVE, action=APPROVE, value=value, spoken=spoken, style="primary", confirm=confirm)


def deny(request: Stored[ClusterRequest]) -> Block:
    """Refuse it, with a reason."""
    value, spoken = ticket_of(request).dumps(), replies.deny_spoken(request.it.spec.cluster)
    return blocks.button(replies.DENY, action=DENY, value=value, spoken=spoken, style="danger")


def approve_anyway(request: Stored[ClusterRequest]) -> Block:
    """Though there is no room for it now."""
    value, spoken = ticket_of(request).dumps(), replies.approve_anyway_spoken(request.it.spec.cluster)
    return blocks.button(replies.APPROVE_ANYWAY, action=APPROVE_ANYWAY, value=value, spoken=spoken, style="primary")


def keep_waiting(request: Stored[ClusterRequest]) -> Block:
    """Not yet."""
    value, spoken = ticket_of(request).dumps(), replies.keep_waiting_spoken(request.it.spec.cluster)
    return blocks.button(replies.KEEP_WAITING, action=KEEP_WAITING, value=value, spoken=spoken)


def waiting(request: Stored[ClusterRequest], *, question: int | None, editable: bool) -> Block:
    """What the requester may do meanwhile; `question` is the number of the one to answer, and it is `editable` where a
    form says what it asks."""
    name, cluster = request.meta.name, request.it.spec.cluster
    first = [answer(request, question)] if question is not None else []
    edit = [run(replies.EDIT, f"edit {name}", spoken=replies.edit_spoken(cluster))] if editable else []
    nudge = run(replies.NUDGE, f"nudge {name}", spoken=replies.nudge_spoken(cluster))
    return blocks.actions(*first, nudge, *edit, _withdraw(request))


def withdraw(request: Stored[ClusterRequest]) -> Block:
    """Withdraw, asked twice."""
    return blocks.actions(_withdraw(request))


def _withdraw(request: Stored[ClusterRequest]) -> Block:
    cluster = request.it.spec.cluster
    return blocks.button(
        replies.WITHDRAW,
        action=WITHDRAW,
        value=ticket_of(request).dumps(),
        spoken=replies.withdraw_spoken(cluster),
        confirm=blocks.confirm(
            title=replies.WITHDRAW_TITLE,
            words=replies.withdraw_question(cluster, in_line=room.waits(request)),
            yes=replies.WITHDRAW,
            no=replies.KEEP,
        ),
    )


def details(request: Stored[ClusterRequest]) -> Block:
    """All that there is to know of a request, in a window."""
    value, cluster = ticket_of(request).dumps(), request.it.spec.cluster
    return blocks.button(replies.DETAILS, action=DETAILS, value=value, spoken=replies.details_spoken(cluster))


def ask(request: Stored[ClusterRequest]) -> Block:
    """A question before one decides."""
    value, cluster = ticket_of(request).dumps(), request.it.spec.cluster
    return blocks.button(replies.ASK_QUESTION, action=ASK, value=value, spoken=replies.question_spoken(cluster))


def answer(request: Stored[ClusterRequest], number: int) -> Block:
    """The answer to the question of that number."""
    value = ticket_of(request).model_copy(update={"number": number}).dumps()
    spoken = replies.answer_spoken(request.it.spec.cluster)
    return blocks.button(replies.ANSWER, action=ANSWER, value=value, spoken=spoken, style="primary")


def again(request: Stored[ClusterRequest]) -> Block:
    """The same wish once more."""
    name, cluster = request.meta.name, request.it.spec.cluster
    return run(replies.ASK_AGAIN, f"again {name}", spoken=replies.again_spoken(cluster))


def let_go(request: Stored[ClusterRequest]) -> Block:
    """Let the cluster's life end as it will."""
    spoken = replies.let_go_spoken(request.it.spec.cluster)
    return blocks.button(replies.LET_GO, action=LET_GO, value=ticket_of(request).dumps(), spoken=spoken)


def let_go_of(cluster: Stored[TenantCluster]) -> Block:
    """The same of one that nobody asked for."""
    value, spoken = ticket_of_cluster(cluster).dumps(), replies.let_go_spoken(cluster.meta.name)
    return blocks.button(replies.LET_GO, action=LET_GO_OF, value=value, spoken=spoken)


def take_back_vote(request: Stored[ClusterRequest]) -> Block:
    """What somebody voted, undone."""
    value, spoken = ticket_of(request).dumps(), replies.take_back_spoken(request.it.spec.cluster)
    return blocks.button(replies.TAKE_BACK_VOTE, action=TAKE_BACK, value=value, spoken=spoken)


def break_glass(request: Stored[ClusterRequest]) -> Block:
    """In an emergency, without the others."""
    value, spoken = ticket_of(request).dumps(), replies.break_glass_spoken(request.it.spec.cluster)
    return blocks.button(replies.BREAK_GLASS, action=BREAK_GLASS, value=value, spoken=spoken, style="danger")


def show(namespace: str, cluster: str) -> Block:
    """All that is known of a cluster."""
    return run(replies.DETAILS, f"show {namespace}/{cluster}", spoken=replies.all_spoken(cluster))


def cancel(cluster: str, line: str) -> Block:
    """Give a cluster up while it is set up, asked twice. `line` does that."""
    asked = blocks.confirm(
        title=replies.cancel_title(cluster),
        words=replies.cancel_question(cluster),
        yes=replies.CANCEL_NOW,
        no=replies.GO_ON_BUILDING,
        style="danger",
    )
    return run(replies.CANCEL_CLUSTER, line, spoken=replies.cancel_spoken(cluster), style="danger", confirm=asked)


def run(words: str, line: str, *, spoken: str, style: str = "", confirm: Block | None = None) -> Block:
    """A button that does what `/cluster <line>` does for whoever presses it, after one more question where there is
    one."""
    action = f"run {line}"[: blocks.ACTION_ID]
    return blocks.button(words, action=action, value=line, spoken=spoken, style=style, confirm=confirm)
