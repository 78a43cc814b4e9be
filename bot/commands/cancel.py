"""`/cluster cancel NAME`: give a cluster up while it is set up for the first time, or while it still waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot import blocks, buttons, cards, replies, text
from bot.answers import Answer, Ask, Say, TakeBack
from bot.commands import finding, own_requests
from bot.commands.command import Call, Choice, Command, Meant, Mine
from bot.commands.finding import Found
from provisioning import giving_up, names, people
from provisioning.giving_up import Obstacle
from provisioning.lifecycle import Reason
from provisioning.model import Action, Person
from provisioning.wish import Wish


def run(call: Call) -> Answer:
    """Take the request back that waits, else ask to delete the cluster that is not ready yet."""
    if len(call.words) != 1:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    waiting = _waiting(call)
    if own_requests.are_named(call, waiting):
        found = own_requests.the_waiting(call, COMMAND.line, waiting)
        return found if isinstance(found, Say) else TakeBack(call.person, *found[1].key)
    meant = finding.cluster(call.desk, call.person, call.words[0], call.held.groups)
    if isinstance(meant, Say):
        return _too_soon(call) or (_UNSURE if call.held.unsure else meant)
    obstacle = _obstacle(call, meant, call.held.groups)
    by_groups = any(it.slack_group for it in people.approvers_of_some(meant[0].tenant.it.spec))
    if obstacle is Obstacle.NOT_YOURS and by_groups and call.held.unsure:
        return _UNSURE
    return Say(_refused(meant, obstacle)) if obstacle else Ask(_wish(call, meant))


def _cancellable(call: Call) -> Sequence[Meant]:
    """What one may give up, by the cluster's name: those not made yet that one's own requests wait for, and others."""
    held = call.held.groups
    made = [(each[1].meta.name, each) for each in finding.clusters_of(call.desk, call.person, held)]
    named: list[tuple[str, Meant]] = [(each[1].it.spec.cluster, each) for each in _waiting(call)]
    named += [(name, each) for name, each in made if _obstacle(call, each, held) is None]
    return [each for _, each in sorted(named, key=lambda it: (it[0], it[1][1].key))]


def _waiting(call: Call) -> list[Mine]:
    return _new(own_requests.waiting(call))


def _new(mine: Iterable[Mine]) -> list[Mine]:
    return [each for each in mine if each[1].it.spec.action is Action.CREATE]


def _too_soon(call: Call) -> Say | None:
    """What is said where the one meant is approved, and not made yet."""
    accepted = _new(own_requests.accepted(call))
    if not own_requests.are_named(call, accepted):
        return None
    found = own_requests.the_waiting(call, COMMAND.line, accepted)
    return found if isinstance(found, Say) else Say(cards.say(replies.given_up_too_soon(found[1].it.spec.cluster)))


def _obstacle(call: Call, meant: Found, held: Iterable[str] = ()) -> Obstacle | None:
    place, cluster = meant
    tenant, catalog = place.tenant.it.spec, call.desk.catalog()
    return giving_up.obstacle(cluster, call.person, tenant=tenant, catalog=catalog, slack_groups=held)


def _group(call: Call, meant: Found) -> str:
    """The user group of Slack by which alone this person gives it up; empty where they do by name."""
    if _obstacle(call, meant) is None:
        return ""
    return next((group for group in sorted(call.held.groups) if _obstacle(call, meant, (group,)) is None), "")


def _by_groups(call: Call) -> list[str]:
    """A namespace of each tenant in which a user group of Slack may let this person give up what is meant, which was
    never ready. Slack is asked about a few groups a minute, so not where nothing hangs on it."""
    word = call.words[0] if call.words else ""
    if word and (own_requests.are_named(call, _waiting(call)) or _needs_no_group(call, word)):
        return []
    found = finding.everybodys(call.desk, word)
    namespaces = {place.tenant.meta.name: place.namespace for place, it in found if it.it.status.initialized is False}
    return list(namespaces.values())


def _needs_no_group(call: Call, word: str) -> bool:
    """Whether what is said of it is the same in whichever group they are."""
    mine = [it for it in finding.clusters_of(call.desk, call.person) if finding.answers_to(it, word)]
    return len(mine) > 1 or any(_obstacle(call, it) is not Obstacle.NOT_YOURS for it in mine)


def _refused(meant: Found, obstacle: Obstacle) -> cards.Card:
    """Why it cannot be given up, and what can be done instead."""
    place, cluster = meant
    name, tenant = cluster.meta.name, place.tenant.meta.name
    if obstacle is Obstacle.GOING:
        return cards.say(replies.headline("Deleting", name, tenant))
    if obstacle is Obstacle.PROTECTED:
        return cards.say(replies.protected_from_cancelling(name))
    if obstacle is Obstacle.READY:
        said = replies.given_up_too_late(name, known=cluster.it.status.initialized is True)
    else:
        user = cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "")
        asked = people.recognised(place.tenant.it.spec, Person(user=user)) if user else None
        said = replies.not_yours_to_cancel(name, text.name(asked) if asked else "", tenant)
    delete = buttons.run(
        replies.DELETE_FORM, f"delete {'/'.join(cluster.key)}", spoken=replies.delete_spoken(name), style="danger"
    )
    return cards.card([blocks.section(said), blocks.actions(delete)])


def _wish(call: Call, meant: Found) -> Wish:
    place, cluster = meant
    return Wish(
        person=call.person,
        tenant=place.tenant.meta.name,
        namespace=place.namespace,
        action=Action.DELETE,
        cluster=cluster.meta.name,
        desired=None,
        slack_group=_group(call, meant),
    )


_UNSURE = Say(cards.say(replies.REFUSED[Reason.GROUP_UNKNOWN]))
"""Nothing else lets them, and nobody knows whether a group does."""


COMMAND = Command(
    name="cancel",
    also=("abort",),
    summary="Give up a cluster that is not ready yet: while it is set up, waits for room or is not decided.",
    usage="REQUEST or [TENANT/]NAME",
    examples=("/cluster cancel build-7",),
    run=run,
    choice=Choice(_cancellable, replies.NOTHING_TO_CANCEL, by_cluster=True),
    deciding=_by_groups,
)
