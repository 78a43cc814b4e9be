"""`/cluster scale NAME POOL WORKERS`: more or fewer workers in a pool."""

from __future__ import annotations

import re

from bot import cards, change_forms, entries, forms, replies, words
from bot.answers import Answer, Errors, FormAnswer, Open, Say
from bot.blocks import Block
from bot.change_forms import Workers
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import edits
from provisioning.model import ClusterSpec, NodePool

_NUMBERS = re.compile(words.WORKERS)


def run(call: Call) -> Answer:
    """Ask for it at once, or show the numbers of the pool that is named, of all when none is."""
    found = changing.meant(call, COMMAND.line, words=3)
    if isinstance(found, Say):
        return found
    spec = found[1].it.spec
    named, said = call.words[1:], None
    if named and (said := _NUMBERS.fullmatch(named[-1])):
        named = named[:-1]
    if len(named) > 1:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    pools = [pool for pool in spec.pools if pool.name == named[0]] if named else list(spec.pools)
    known = [pool.name for pool in spec.pools]
    if not pools:
        return Say(cards.say(replies.no_pool(named[0], known)))
    if said is None:
        now = {pool.name: change_forms.workers_of(pool) for pool in pools}
        return Open(change_forms.scale(found[1], found[0], now, outlook=changing.guess(call, found, spec)))
    if len(pools) > 1:
        return Say(cards.say(replies.several_pools(known)))
    wanted = {pools[0].name: Workers(int(said[1]), int(said[2]) if said[2] else None)}
    wrong = _faults(wanted)
    if wrong:
        return Say(cards.say("\n".join(wrong.values())))
    return changing.at_once(call, found, _scaled(spec, wanted))


async def changed(form: Filled) -> Block:
    """The form with the quota that its numbers come to."""
    found = changing.reread(form)
    wanted, spec = _read(form, found), found[1].it.spec
    outlook = await changing.tried(form, found, spec if _faults(wanted) else _scaled(spec, wanted))
    reason = entries.typed(form.values, "reason")
    return change_forms.scale(found[1], found[0], wanted, outlook=outlook, reason=reason)


async def submitted(form: Filled) -> FormAnswer:
    """Errors at their pools, or the request."""
    found = changing.reread(form)
    wanted = _read(form, found)
    wrong = _faults(wanted)
    if wrong:
        return Errors(wrong)
    return await changing.send(form, found, _scaled(found[1].it.spec, wanted), otherwise=forms.inputs(form.view)[0])


def _read(form: Filled, found: Found) -> dict[str, Workers]:
    """The numbers in the form, of the pools that are still there."""
    shown = forms.inputs(form.view)
    return {
        pool.name: Workers(
            entries.number(form.values, f"nodes-{pool.name}"), entries.number(form.values, f"max-{pool.name}")
        )
        for pool in found[1].it.spec.pools
        if f"nodes-{pool.name}" in shown
    }


def _faults(wanted: dict[str, Workers]) -> dict[str, str]:
    """What is missing or at odds, by field."""
    wrong: dict[str, str] = {}
    for name, it in wanted.items():
        if it.nodes is None or it.nodes > entries.NODES_MOST:
            wrong[f"nodes-{name}"] = replies.NODES_WANTED
        elif it.most is not None and it.most < max(it.nodes, 1):
            wrong[f"max-{name}"] = replies.MAX_BELOW
        elif it.most is not None and it.most > entries.NODES_MOST:
            wrong[f"max-{name}"] = replies.NODES_WANTED
    return wrong


def _scaled(spec: ClusterSpec, wanted: dict[str, Workers]) -> ClusterSpec:
    pools = (_resized(pool, wanted[pool.name]) for pool in spec.pools if pool.name in wanted)
    return edits.with_pools(spec, *pools)


def _resized(pool: NodePool, it: Workers) -> NodePool:
    if it.most is None:
        return edits.sized(pool, replicas=it.nodes)
    return edits.sized(pool, least=it.nodes, most=it.most)


COMMAND = Command(
    name="scale",
    summary="Give a pool another number of workers, or bounds to the autoscaler, as in 2-6.",
    usage="[TENANT/]NAME [POOL] [WORKERS]",
    examples=("/cluster scale build-7", "/cluster scale build-7 workers 4", "/cluster scale build-7 workers 2-6"),
    run=run,
    forms=(Form(change_forms.SCALE, submitted, changed),),
)
