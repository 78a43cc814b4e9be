"""What keeps a cluster, as a window: its steps in trouble, the deepest conditions that are wrong, and the last Events.

It opens with what is known at once; what the API server tells is put in its place then. Pure.
What must never live here: which condition is wrong (`provisioning.diagnosis`), or what a step says (`obstacles`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from bot import blocks, replies, text
from bot.blocks import Block
from provisioning import plain, stage
from provisioning.diagnosis import Diagnosis, Symptom
from provisioning.happenings import Happening
from provisioning.model import Step, StepState, TenantCluster, conditions
from provisioning.objects import Stored

DETAILS = "cluster_details"
WORDS_SHOWN = 500
"""Characters of what a step or a condition says."""
NOTE_SHOWN = 200
LINES = 5
"""Events in a section, well within 3000 characters."""
RESIDUE_SHOWN = 10


def opened(cluster: Stored[TenantCluster], tenant: str) -> Block:
    """What is known at once."""
    return _view(cluster, tenant, [blocks.context(replies.LOOKING)])


def looked(cluster: Stored[TenantCluster], tenant: str, found: Diagnosis) -> Block:
    """With what the API server tells."""
    parts = [*_symptoms(found), *_happenings(found)]
    if found.unseen:
        parts.append(blocks.context(replies.unseen(found.unseen)))
    if found.unread:
        parts.append(blocks.context(replies.UNREAD))
    return _view(cluster, tenant, parts or [blocks.context(replies.NOTHING_ELSE_WRONG)])


def unanswered(cluster: Stored[TenantCluster], tenant: str, at: datetime) -> Block:
    """Without, because it did not answer then."""
    return _view(cluster, tenant, [blocks.context(replies.not_looked(text.moment(at)))])


def _view(cluster: Stored[TenantCluster], tenant: str, parts: list[Block]) -> Block:
    name, namespace = cluster.meta.name, cluster.meta.namespace
    return blocks.modal(
        DETAILS,
        title=replies.CLUSTER_DETAILS_TITLE,
        blocks=[
            blocks.section(replies.headline(stage.of_cluster(cluster), name, tenant)),
            *_in_the_way(cluster),
            blocks.divider(),
            *parts,
            blocks.context(replies.look_at(name, namespace)),
        ],
        close=replies.CLOSE,
        metadata=json.dumps({"namespace": namespace, "cluster": name}),
    )


def _in_the_way(cluster: Stored[TenantCluster]) -> Iterator[Block]:
    """In our own words: of its steps, of what is left of it, or of it as a whole."""
    status = cluster.it.status
    troubled = [step for step in status.steps if step.state is StepState.FAILED]
    troubled = troubled or [step for step in status.steps if step.state is StepState.RUNNING and step.message]
    if cluster.meta.deleting:
        yield from (_words(each) for each in status.residue[:RESIDUE_SHOWN])
    elif troubled:
        for step in troubled:
            yield from _step(step)
    elif (ready := conditions.find(status.conditions, "Ready")) and ready.status != "True" and ready.message:
        yield _words(ready.message)


def _step(step: Step) -> Iterator[Block]:
    yield blocks.section(replies.step_in_trouble(step.name, text.moment(step.started_at) if step.started_at else ""))
    if step.message:
        yield _words(step.message)
    if step.hint:
        yield blocks.context(replies.what_to_do(plain.harmless(step.hint)))


def _symptoms(found: Diagnosis) -> Iterator[Block]:
    if not found.symptoms:
        return
    yield blocks.section(replies.DEEPEST_FIRST)
    for each in found.symptoms:
        yield from _symptom(each)
    if found.more_symptoms:
        yield blocks.context(replies.and_more(found.more_symptoms))


def _symptom(it: Symptom) -> Iterator[Block]:
    since = text.moment(it.since) if it.since else ""
    yield blocks.section(replies.is_wrong(f"{it.kind} {it.name}", it.condition, it.reason, since, holds=it.holds))
    if it.message:
        yield _words(it.message)


def _happenings(found: Diagnosis) -> Iterator[Block]:
    if not found.happenings:
        return
    yield blocks.section(replies.HAPPENED_LAST)
    lines = [_happening(each) for each in found.happenings]
    for at in range(0, len(lines), LINES):
        yield blocks.context("\n".join(lines[at : at + LINES]))


def _happening(it: Happening) -> str:
    about = f"{it.kind} {it.name}"
    return replies.happened(
        text.moment(it.at), about, it.reason, text.clip(it.note, NOTE_SHOWN), times=it.times, warning=it.warning
    )


def _words(said: str) -> Block:
    return blocks.quote(text.clip(plain.harmless(said), WORDS_SHOWN))
