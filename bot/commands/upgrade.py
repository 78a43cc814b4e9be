"""`/cluster upgrade NAME VERSION`: another Kubernetes version."""

from __future__ import annotations

from collections.abc import Sequence

from bot import cards, change_forms, entries, offers, replies
from bot.answers import Answer, FormAnswer, Open, Say
from bot.blocks import Block
from bot.commands import changing
from bot.commands.command import Call, Command, Filled, Form
from bot.commands.finding import Found
from bot.outlook import Outlook
from provisioning import edits, rollout, upgrades
from provisioning.model import ClusterSpec, Release


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
    ahead = _ahead(call, found)
    if not ahead:
        return Say(cards.say(replies.nothing_follows(cluster.meta.name, spec.version or cluster.it.status.version)))
    outlook = changing.guess(call, found, _to(spec, ahead[0].version))
    return Open(_drawn(call, found, ahead, ahead[0].version, outlook))


async def changed(form: Filled) -> Block:
    """The form with what the chosen version comes to, and what the API server says of it."""
    found = changing.reread(form)
    ahead, desired = _ahead(form, found), _chosen(form, found)
    outlook = await changing.tried(form, found, desired or found[1].it.spec)
    if desired is None or desired.version not in {each.version for each in ahead}:
        # It has been upgraded meanwhile, or the version was taken out of the Catalog: the API server says so.
        return change_forms.relooked(form.view, found[0], outlook)
    reason = entries.typed(form.values, "reason")
    return _drawn(form, found, ahead, desired.version or "", outlook, reason=reason)


async def submitted(form: Filled) -> FormAnswer:
    """Ask for the version that was chosen."""
    found = changing.reread(form)
    return await changing.send(form, found, _chosen(form, found), otherwise="version")


def _chosen(form: Filled, found: Found) -> ClusterSpec | None:
    version = entries.chosen(form.values, "version")
    return _to(found[1].it.spec, version) if version else None


def _ahead(by: Call | Filled, found: Found) -> tuple[Release, ...]:
    """What may come next, the newest first."""
    place, cluster = found
    offered = offers.versions(place.tenant, by.desk.catalog())
    following = edits.following(cluster.it.spec.version or cluster.it.status.version, offered)
    return tuple(each for version in following for each in offered if each.version == version)


def _drawn(
    by: Call | Filled, found: Found, ahead: Sequence[Release], version: str, outlook: Outlook, *, reason: str = ""
) -> Block:
    place, cluster = found
    offered = offers.versions(place.tenant, by.desk.catalog())
    it = rollout.rollout(cluster, version, offered=offered, known=by.desk.usual())
    options = [*map(offers.version_option, ahead)]
    return change_forms.upgrade(cluster, place, it, options, outlook=outlook, reason=reason)


def _to(spec: ClusterSpec, version: str) -> ClusterSpec:
    return spec.model_copy(update={"version": version})


COMMAND = Command(
    name="upgrade",
    also=("update",),
    summary="Bring a cluster to another Kubernetes version: one step at a time, and never back.",
    usage="[TENANT/]NAME [VERSION]",
    examples=("/cluster upgrade build-7", "/cluster upgrade build-7 v1.35.1"),
    run=run,
    forms=(Form(change_forms.UPGRADE, submitted, changed),),
)
