"""The form that a request could have come from, filled in with what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot import change_forms, entries, forms, offers
from bot.answers import Answer, Open
from bot.commands import addons, create, delete, extend, protect, resize, scale, unprotect, upgrade
from bot.commands.command import Call, Command
from bot.entries import POOL, Draft
from bot.offers import Place
from provisioning import completion, edits
from provisioning.model import Action, ClusterRequest, ClusterSpec
from provisioning.model.cluster import Hibernation
from provisioning.objects import Stored

Values = Mapping[str, str | tuple[str, ...]]
"""What is to stand in a form, by field."""

_FORMS: Mapping[str, Command] = {
    each.name: each
    for each in (
        scale.COMMAND,
        resize.COMMAND,
        addons.COMMAND,
        extend.COMMAND,
        upgrade.COMMAND,
        protect.COMMAND,
        unprotect.COMMAND,
    )
}
"""By the verb that `edits.verb` finds."""


def form(call: Call, request: Stored[ClusterRequest]) -> Answer | None:
    """The form to open, or what its command says instead; None where no form says all of it."""
    spec, namespace = request.it.spec, request.meta.namespace
    place = f"{namespace}/{spec.cluster}"
    if spec.action is Action.DELETE:
        return _filled(delete.COMMAND, call, place, {"reason": spec.reason})
    if spec.desired is None:
        return None
    if spec.action is Action.CREATE:
        return anew(call, request)
    tenant = call.desk.tenant_of(request.meta.namespace)
    key = (request.meta.namespace, spec.cluster)
    now = next((c for c in call.desk.clusters(tenant.meta.name) if c.key == key), None) if tenant else None
    verb = edits.verb(now.it.spec, spec.desired) if now else ""
    if verb not in _FORMS:
        return None
    return _filled(_FORMS[verb], call, place, {**_of_change(verb, spec.desired), "reason": spec.reason})


def anew(call: Call, request: Stored[ClusterRequest]) -> Answer | None:
    """The form of a new cluster like the one that the request asks for; None where it cannot say all of it."""
    spec, namespace = request.it.spec, request.meta.namespace
    where = next((p for p in offers.places(call.desk.tenants_of(call.person)) if p.namespace == namespace), None)
    draft = _draft(call, where, request, spec.desired) if where and spec.desired else None
    return create.opened(call, where, draft, replaces=request.meta.name) if where and draft else None


def _filled(command: Command, call: Call, place: str, values: Values) -> Answer:
    answer = command.run(replace(call, words=(place,)))
    return Open(forms.refilled(answer.view, values)) if isinstance(answer, Open) else answer


def _draft(call: Call, place: Place, request: Stored[ClusterRequest], desired: ClusterSpec) -> Draft | None:
    """What stood in the create form; None for what it cannot say: somebody wrote it by hand, or it is not on offer any
    more."""
    pool = next((pool for pool in desired.pools if pool.name == POOL), None)
    if pool is None:
        return None
    catalog, tenant = call.desk.catalog(), place.tenant.it.spec
    sleep, zone = _sleep(desired.hibernation)
    default = {each.name for each in catalog.add_ons if each.default}
    add_ons = tuple(each.name for each in desired.add_ons if each.name not in default)
    draft = Draft(
        namespace=request.meta.namespace,
        name=request.it.spec.cluster,
        flavor=pool.flavor,
        nodes=pool.min if pool.autoscaled else pool.replicas,
        most=pool.max,
        version=desired.version or "",
        lifetime=desired.lifetime or offers.NO_END,
        reason=request.it.spec.reason,
        more=bool(add_ons or sleep),
        add_ons=add_ons,
        sleep=sleep,
        zone=zone,
    )
    specs = (entries.spec(entries.filled(draft, place, catalog, zone=call.zone)), desired)
    said, meant = (completion.complete(it, catalog=catalog, tenant=tenant) for it in specs)
    return draft if said == meant else None


def _sleep(it: Hibernation) -> tuple[str, str]:
    """Which of the schedules on offer it is, and in which time zone; empty for none of them."""
    times = [(schedule.start, schedule.end) for schedule in it.schedules]
    found = next((name for name, offered in offers.SLEEPS.items() if times == [offered]), "")
    return found, it.schedules[0].time_zone if found else ""


def _of_change(verb: str, desired: ClusterSpec) -> Values:
    """What the form of a verb says of the spec that it is to come to."""
    if verb == scale.COMMAND.name:
        workers = {pool.name: change_forms.workers_of(pool) for pool in desired.pools}
        nodes = {f"nodes-{name}": str(it.nodes) for name, it in workers.items()}
        return nodes | {f"max-{name}": str(it.most) for name, it in workers.items() if it.most is not None}
    if verb == resize.COMMAND.name:
        return {f"flavor-{pool.name}": pool.flavor for pool in desired.pools}
    if verb == addons.COMMAND.name:
        return {"addons": tuple(each.name for each in desired.add_ons)}
    # How much longer, the form of extend asks anew: an end does not say it.
    return {"version": desired.version or ""} if verb == upgrade.COMMAND.name else {}
