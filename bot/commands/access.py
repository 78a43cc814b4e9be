"""`/cluster access NAME`: one's own way into a cluster, for a while; who has one, and the end of one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence

import structlog

from bot import access_cards, access_forms, blocks, cards, entries, forms, offers, replies
from bot.access_forms import Choice
from bot.answers import ANSWER_SECONDS, Answer, Errors, FormAnswer, Open, Replace, Revoke, Say
from bot.commands import finding
from bot.commands.command import A_CLUSTER, Call, Command, Filled, Form
from bot.offers import Place
from bot.ports import Desk
from provisioning import errors, grants, issuing, lifetime, names
from provisioning.entry import Entry
from provisioning.lifecycle import Refused
from provisioning.model import AccessRole, ClusterAccess
from provisioning.objects import Stored

log = structlog.get_logger()

LIST, REVOKE = "list", "revoke"
"""What is no cluster's name behind the command. A cluster that is called so goes by `team-a/list`."""
SHOWN = 20
"""Accesses in one message, which takes 50 blocks."""

Found = tuple[Place, Stored[ClusterAccess]]


def run(call: Call) -> Answer:
    """The form, or what is known of accesses, or the end of some."""
    first, *rest = call.words
    if first.lower() == LIST:
        return _listed(call, rest)
    if first.lower() == REVOKE:
        return _revoked(call, rest)
    return _opened(call, first, rest)


async def submitted(form: Filled) -> FormAnswer:
    """Errors at their fields, or the access made and the form a receipt. Nothing is kept of what is not taken."""
    about = json.loads(form.metadata)
    found = finding.any_cluster(form.desk, form.person, f"{about['namespace']}/{about['cluster']}")
    if isinstance(found, Say):
        raise errors.RuleError(errors.Cause("cluster", replies.no_such_cluster(str(about["cluster"]), "")))
    chosen = access_forms.choice(form.values)
    if chosen is None:
        return Errors({"role": replies.PLEASE_CHOOSE})
    try:
        request = access_forms.request(form.values)
    except issuing.Refused as refused:
        return Errors({"csr": replies.csr_refused(str(refused))})
    namespace, cluster = found[1].meta.namespace, found[1].meta.name
    entry = Entry(form.person, namespace, cluster, chosen.role, chosen.valid_for, request)
    return await _asked(form, entry)


async def take_away(desk: Desk, it: Revoke) -> Say:
    """Revoke accesses, or say why that is not done."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            ended = [await desk.accesses.revoke(*key, it.person) for key in it.accesses]
    except Refused as refused:
        return Say(cards.say(replies.REVOKE_REFUSED[refused.reason]))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("access_not_revoked", by=it.person.user, error=str(error) or "timeout")
        return Say(cards.say(replies.NOT_REVOKED))
    log.info("accesses_revoked", by=it.person.user, accesses=[access.meta.name for access in ended])
    return Say(cards.say(replies.revoked(sorted({access.it.spec.cluster for access in ended}))))


def _opened(call: Call, word: str, words: Sequence[str]) -> Answer:
    found = finding.any_cluster(call.desk, call.person, word)
    if isinstance(found, Say):
        return found
    place, cluster = found
    tenant = place.tenant.it.spec
    roles, offered = grants.roles(tenant, call.person), access_forms.spans(tenant.access)
    if not roles:
        # Whoever decides instead of an approver, or by a user group, sees the cluster all the same.
        return Say(cards.say(replies.NO_ROLE))
    if not offered:
        return Say(cards.say(replies.nobody_gets_in(place.tenant.meta.name)))
    choice = _choice(words, roles, Choice(roles[0], access_forms.usual(offered)), tenant.access.longest)
    if isinstance(choice, Say):
        return choice
    return Open(access_forms.enter(place, cluster.meta.name, choice, roles=roles, offered=offered))


def _choice(words: Sequence[str], roles: Sequence[AccessRole], usual: Choice, longest: str) -> Choice | Say:
    """The words behind the cluster's name -> what is filled in, or what to say about one that fits nothing."""
    role, valid_for = usual.role, usual.valid_for
    for word in words:
        wanted = access_forms.role_of(word)
        if wanted is not None and wanted not in roles:
            return Say(cards.say(replies.VIEWER_ONLY))
        span = lifetime.typed(word)
        if span is not None and span > lifetime.parse(longest):
            return Say(cards.say(replies.access_longest(word, longest)))
        if wanted is None and span is None:
            known = [role.value.lower() for role in roles]
            return Say(cards.say(replies.no_such_choice("role", word, offers.suggestion(word, known))))
        role, valid_for = wanted or role, entries.duration(word) or valid_for
    return Choice(role, valid_for)


async def _asked(form: Filled, entry: Entry) -> FormAnswer:
    """The access is named after the form, so sending the same form again asks for the same one."""
    name = names.access_name(entry.cluster, form.team, form.id)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await form.desk.accesses.ask(entry, name=name)
    except (errors.Forbidden, errors.Invalid) as refused:
        return Errors(_at_fields(refused.causes or (errors.Cause("", refused.message),)))
    except (errors.KubeError, TimeoutError) as error:
        log.warning("access_not_saved", cluster=entry.cluster, error=str(error) or "timeout")
        return Errors({"csr": replies.PERHAPS_SAVED})
    log.info("access_asked", access=name, cluster=entry.cluster, role=entry.role.value, by=entry.person.user)
    return Replace(forms.told(replies.access_noted(entry.cluster), title=replies.ACCESS_TITLE))


_FIELDS = {"spec.request": "csr", "spec.validFor": "lifetime"}


def _at_fields(causes: Sequence[errors.Cause]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for cause in causes:
        found.setdefault(_FIELDS.get(cause.field, "role"), []).append(cause.message)
    return {name: "\n".join(messages)[: entries.ERROR_LONGEST] for name, messages in found.items()}


def _listed(call: Call, words: Sequence[str]) -> Say:
    """Who has access to which cluster, one's own first, or to the one cluster that is named."""
    if len(words) > 1:
        return Say(cards.say(replies.too_many_words(f"/cluster access {LIST} [NAME]")))
    there = list(_lasting(call))
    if words:
        where, _, name = words[0].lower().rpartition("/")
        there = [(p, a) for p, a in there if a.it.spec.cluster == name and (not where or p.answers_to(where))]
    if not there:
        return Say(cards.say(replies.NO_ACCESS))
    ordered = sorted(there, key=lambda found: found[1].it.spec.user != call.person.user)
    parts = [_line(call, *found) for found in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        parts.append(blocks.context(replies.more_accesses(len(ordered) - SHOWN)))
    return Say(cards.card(parts))


def _line(call: Call, place: Place, access: Stored[ClusterAccess]) -> blocks.Block:
    section = blocks.section(access_cards.line(access))
    if grants.may_revoke(access, place.tenant.it.spec, call.person):
        section["accessory"] = access_cards.revoke(access)
    return section


def _revoked(call: Call, words: Sequence[str]) -> Answer:
    """By the name of an access, or by that of a cluster all of one's own to it."""
    line = f"/cluster access {REVOKE} NAME"
    if len(words) > 1:
        return Say(cards.say(replies.too_many_words(line)))
    there = list(_lasting(call))
    mine = [(place, access) for place, access in there if access.it.spec.user == call.person.user]
    if not words:
        return Say(cards.say(replies.which_access(line, [access.meta.name for _, access in mine])))
    where, _, name = words[0].lower().rpartition("/")
    named = [(place, access) for place, access in there if access.meta.name == name]
    hits = [
        access
        for place, access in named or [(place, access) for place, access in mine if access.it.spec.cluster == name]
        if not where or place.answers_to(where)
    ]
    if not hits:
        known = [word for _, access in mine for word in (access.meta.name, access.it.spec.cluster)]
        return Say(cards.say(replies.no_such_access(words[0], offers.suggestion(name, known))))
    return Revoke(call.person, tuple(access.key for access in hits))


def _lasting(call: Call) -> Iterator[Found]:
    """The accesses in somebody's tenants that something may still come of."""
    tenants = {t.meta.name: t for t in (*call.desk.tenants_of(call.person), *call.desk.approvals_of(call.person))}
    for tenant in tenants.values():
        for access in call.desk.accesses.of(tenant):
            if not access_cards.end(access, call.now) and not grants.is_refused(access):
                yield Place(tenant, access.meta.namespace), access


COMMAND = Command(
    name="access",
    also=("kubeconfig", "login", "connect"),
    summary="Get into a cluster for a while, see who can, or end it. The key never leaves your machine.",
    usage=f"{A_CLUSTER} [viewer|admin] [TIME]",
    examples=("/cluster access build-7", "/cluster access build-7 admin 8h", "/cluster access list"),
    run=run,
    forms=(Form(access_forms.ENTER, submitted),),
)
