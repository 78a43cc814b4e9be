"""`/cluster resize NAME POOL SIZE`: workers of another size."""

from __future__ import annotations

from collections.abc import Sequence

from bot import cards, change_forms, entries, forms, offers, replies
from bot.answers import Answer, FormAnswer, Open, Say
from bot.blocks import Block
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import alternatives, edits

SMALLER = "smaller"
"""Instead of a size: whoever has to choose one sees the next smaller one first."""


def run(call: Call) -> Answer:
    """Ask for it at once, or show the sizes of the pool that is named, of all when none is; a smaller one chosen where
    that is what is wanted."""
    found = changing.meant(call, COMMAND.line, words=3)
    if isinstance(found, Say):
        return found
    place, cluster = found
    spec, catalog = cluster.it.spec, call.desk.catalog()
    pools = [pool.name for pool in spec.pools]
    named, size = _said(call.words[1:], pools)
    if named and named not in pools:
        return Say(cards.say(replies.no_pool(named, pools)))
    now = {pool.name: pool.flavor for pool in spec.pools if named in ("", pool.name)}
    sizes = [flavor.name for flavor in offers.flavors(place.tenant, catalog)]
    if not size or (size == SMALLER and size not in sizes):
        meant = [pool for pool in spec.pools if pool.name in now and size]
        wanted = now | alternatives.shrunk(meant, offers.flavors(place.tenant, catalog), catalog)
        outlook = changing.guess(call, found, edits.resized(spec, wanted))
        return Open(change_forms.resize(cluster, place, wanted, catalog=catalog, outlook=outlook))
    if size not in sizes:
        return Say(cards.say(replies.no_such_choice("size", size, offers.suggestion(size, sizes))))
    if len(now) > 1:
        return Say(cards.say(replies.several_pools(pools)))
    return changing.at_once(call, found, edits.resized(spec, dict.fromkeys(now, size)))


async def changed(form: Filled) -> Block:
    """The form with the quota that its sizes come to."""
    found = changing.reread(form)
    place, cluster = found
    wanted = _read(form, found)
    after = edits.resized(cluster.it.spec, wanted)
    outlook = await changing.tried(form, found, after)
    reason = entries.typed(form.values, "reason")
    return change_forms.resize(cluster, place, wanted, catalog=form.desk.catalog(), outlook=outlook, reason=reason)


async def submitted(form: Filled) -> FormAnswer:
    """Ask for the sizes that stand in the form."""
    found = changing.reread(form)
    after = edits.resized(found[1].it.spec, _read(form, found))
    return await changing.send(form, found, after, otherwise=forms.inputs(form.view)[0])


def _said(words: Sequence[str], pools: Sequence[str]) -> tuple[str, str]:
    """The pool and the size that are named, each empty when it is not."""
    if len(words) > 1:
        return words[0], words[1]
    word = words[0] if words else ""
    return (word, "") if word in pools else ("", word)


def _read(form: Filled, found: Found) -> dict[str, str]:
    """The size in the form for each pool that is still there."""
    chosen = {pool.name: entries.chosen(form.values, f"flavor-{pool.name}") for pool in found[1].it.spec.pools}
    return {pool: size for pool, size in chosen.items() if size}


COMMAND = Command(
    name="resize",
    summary="Give a pool workers of another size. Every one of them is replaced.",
    usage="[TENANT/]NAME [POOL] [SIZE]",
    examples=("/cluster resize build-7", "/cluster resize build-7 smaller", "/cluster resize build-7 workers large"),
    run=run,
    forms=(Form(change_forms.RESIZE, submitted, changed),),
)
