"""A size that machines were measured by does not grow under them; and who enlarges a flavor hears what comes of it.

What is charged by an instancetype was looked up when it was let in. Were it made larger afterwards, or deleted and made
anew larger, the next machine would be larger than anybody was charged for. A flavor is another matter: its clusters are
counted anew and rolled to the new size, which is what the platform wants. It may put tenants above their quotas, and
that is told. Instancetypes of a namespace need no rule: by those nothing is let in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from provisioning import guests, objects
from provisioning.errors import Cause, Invalid, MalformedQuantity
from provisioning.manifest import Manifest
from provisioning.model import Catalog, CatalogSpec
from provisioning.resources import CATALOGS, VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES
from provisioning.usage import Usage
from webhooks import extent, larger_flavors, measured
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import CREATE, UPDATE, Policy, Rule
from webhooks.review import Request

NAMED_MAX: Final = 3
"""Templates or machines that a refusal names."""


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or extent.says_the_same(request):
        return Allow()
    if request.resource == CATALOGS.plural:
        return Allow(_told(request.old or {}, request.object, facts))
    # KubeVirt's operator keeps sizes of its own; nobody could tell it to stop.
    if facts.trusted.is_controller(request.user):
        return Allow()
    text = _grown(request.old, request.object, facts) if request.old is not None else _made(request.object, facts)
    return refuse(Cause("spec", text), code=INVALID) if text else Allow()


def _grown(before: Manifest, after: Manifest, facts: Facts) -> str:
    if not _grows(before, after):
        return ""
    name = after["metadata"]["name"]
    users = _named(["/".join(measured.place(one)) for _, one in measured.by(name, facts)])
    return f"machines of {users} were measured by {name}; make a larger one under another name" if users else ""


def _made(instancetype: Manifest, facts: Facts) -> str:
    """Under a name that was another's before, or it would have no users."""
    try:
        users = _named(measured.outgrown(instancetype, facts))
    except measured.TooMany:
        users = f"more than {measured.LOOKED_AT_MAX} objects"
    told = "which was smaller; make it as large as that was, or take another name"
    return f"machines of {users} were measured by one of this name, {told}" if users else ""


def _named(users: list[str]) -> str:
    more = f" and {len(users) - NAMED_MAX} more" if len(users) > NAMED_MAX else ""
    return ", ".join(sorted(users)[:NAMED_MAX]) + more


def _grows(before: Manifest, after: Manifest) -> bool:
    try:
        had = guests.of_instancetype(before)
    except MalformedQuantity:
        # Nothing was let in by it.
        return False
    try:
        return (guests.of_instancetype(after) - had).rises() != Usage()
    except MalformedQuantity:
        return True


def _told(old: Manifest, new: Manifest, facts: Facts) -> tuple[str, ...]:
    before, after = _catalog(old), _catalog(new)
    return tuple(larger_flavors.warnings(before, after, facts)) if before is not None and after is not None else ()


def _catalog(manifest: Manifest) -> CatalogSpec | None:
    with suppress(Invalid):
        return objects.read(Catalog, manifest).it.spec
    return None


POLICY = Policy(
    "steady_sizes",
    (Rule(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, (CREATE, UPDATE)), Rule(CATALOGS, (UPDATE,))),
    check,
)
