"""`/cluster upgrade NAME VERSION`: another Kubernetes version."""

from __future__ import annotations

from bot import cards, change_forms, entries, offers, replies
from bot.answers import Answer, FormAnswer, Say
from bot.blocks import Block
from bot.change_forms import Menu
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from provisioning import edits, upgrades
from provisioning.model import ClusterSpec


def run(call: Call) -> Answer:
    """Ask for it at once, or show what may follow."""
    found = changing.meant(call, COMMAND.line, words=2)
    if isinstance(found, Say):
        return found
    place, cluster = found
    spec, catalog = cluster.it.spec, call.desk.catalog()
    offered = offers.versions(place.tenant, catalog)
    if call.words[1:]:
        wanted = upgrades.tidy(call.words[1])
        known = [release.version for release in offered]
        if wanted not in known:
            return Say(cards.say(replies.no_such_choice("version", call.words[1], offers.suggestion(wanted, known))))
        return changing.at_once(call, found, _to(spec, wanted))
    before = spec.version or cluster.it.status.version
    ahead = edits.following(before, offered)
    if not ahead:
        return Say(cards.say(replies.nothing_follows(cluster.meta.name, before)))
    options = [offers.version_option(each) for version in ahead for each in offered if each.version == version]
    menu = Menu(
        change_forms.UPGRADE, replies.UPGRADE_TITLE, "version", replies.VERSION, options, hint=replies.UPGRADE_HINT
    )
    return changing.pick(call, found, menu, _to(spec, ahead[0]))


async def changed(form: Filled) -> Block:
    """The form with what the API server says of the version."""
    found = changing.reread(form)
    return await changing.relooked(form, found, _chosen(form, found))


async def submitted(form: Filled) -> FormAnswer:
    """Ask for the version that was chosen."""
    found = changing.reread(form)
    return await changing.send(form, found, _chosen(form, found), otherwise="version")


def _chosen(form: Filled, found: Found) -> ClusterSpec | None:
    version = entries.chosen(form.values, "version")
    return _to(found[1].it.spec, version) if version else None


def _to(spec: ClusterSpec, version: str) -> ClusterSpec:
    return spec.model_copy(update={"version": version})


COMMAND = Command(
    name="upgrade",
    summary="Bring a cluster to another Kubernetes version: one step at a time, and never back.",
    usage="[TENANT/]NAME [VERSION]",
    examples=("/cluster upgrade build-7", "/cluster upgrade build-7 v1.35.1"),
    run=run,
    forms=(Form(change_forms.UPGRADE, submitted, changed),),
)
