"""What both cards of a request say while it waits: reminders, to whom it was handed on, questions and answers. Pure.

A person's words are drawn as they are, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import blocks, buttons, replies, text
from bot.blocks import Block
from provisioning import approval, edits, escalation, people, room
from provisioning.model import Action, ClusterRequest, Person, Phase, Question, Subject, TenantCluster, TenantSpec
from provisioning.objects import Stored

SHOWN = 3
"""Questions on a card, the newest; all of them are in the request."""
LONGEST = 300


def parts(request: Stored[ClusterRequest], tenant: TenantSpec) -> list[Block]:
    """What is said below the facts of the wish."""
    lines = handed_on(request, tenant)
    if request.it.status.next_reminder_at:
        lines.append(replies.reminds_next(text.moment(request.it.status.next_reminder_at)))
    told = [blocks.context("\n".join(lines))] if lines else []
    return [*told, *questions(request.it.status.questions)]


def handed_on(request: Stored[ClusterRequest], tenant: TenantSpec) -> list[str]:
    """To whom it was handed on, when and why, a line for each step; who cannot be reached, or is gone that asked; and
    that nobody is left."""
    lines = [
        replies.handed_on(each.why, text.moment(each.at), ", ".join(map(_name, step.approvers)))
        for each, step in escalation.noted(request, tenant)
    ]
    requester = people.recognised(tenant, request.it.spec.requester)
    if missing := [account for account in request.it.status.unreachable if account != requester.slack]:
        lines.append(replies.not_reachable(", ".join(f"<@{account}>" for account in missing)))
    lines += left_behind(request, tenant)
    return [*lines, replies.STRANDED] if request.it.status.stranded_at else lines


def left_behind(request: Stored[ClusterRequest], tenant: TenantSpec) -> list[str]:
    """That whoever asked is gone, while somebody can take it back in their place."""
    if not room.waits_for_anything(request) or not approval.is_left_behind(request, tenant):
        return []
    return [replies.left_behind(text.name(people.recognised(tenant, request.it.spec.requester)), request.meta.name)]


def questions(asked: Sequence[Question]) -> list[Block]:
    """The newest questions with their answers."""
    hidden = len(asked) - SHOWN
    earlier = [blocks.context(replies.earlier_questions(hidden))] if hidden > 0 else []
    return [*earlier, *(part for each in asked[-SHOWN:] for part in question(each))]


def question(it: Question, *, longest: int = LONGEST) -> list[Block]:
    """One question, and the answer when there is one."""
    drawn = [blocks.context(replies.asked_by_approver(text.name(it.asker))), blocks.quote(text.clip(it.words, longest))]
    if it.answer:
        drawn += [blocks.context(replies.ANSWER_GIVEN), blocks.quote(text.clip(it.answer, longest))]
    return drawn


def controls(request: Stored[ClusterRequest], cluster: Stored[TenantCluster] | None) -> Block:
    """What whoever asked may do while it waits; `cluster` is the one that it is about, as it is now.

    What is asked for at once, as to put a cluster to sleep, no form says, and so none changes it.
    """
    spec, now = request.it.spec, cluster.it.spec if cluster else None
    changes = edits.verb(now, spec.desired) if now and spec.desired else ""
    editable = spec.action is not Action.CHANGE or bool(changes)
    return buttons.waiting(request, question=unanswered(request), editable=editable)


def unanswered(request: Stored[ClusterRequest]) -> int | None:
    """The number of the newest question that waits for an answer; None when there is none."""
    if request.it.status.phase is not Phase.PENDING:
        return None
    asked = request.it.status.questions
    return next((number for number in reversed(range(len(asked))) if not asked[number].answer), None)


def _name(subject: Subject) -> str:
    if subject.user:
        return text.name(Person(user=subject.user, slack=subject.slack))
    return f"<!subteam^{subject.slack_group}>" if subject.slack_group else text.code(subject.group)
