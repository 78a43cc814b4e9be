"""What stands in the create form, and the wish it makes. Pure; whether the wish may be granted is the desk's to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot import offers, replies
from bot.offers import Place
from provisioning import completion
from provisioning import lifetime as lifetimes
from provisioning.errors import Cause
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterAddOn,
    ClusterSpec,
    Hibernation,
    HibernationSchedule,
    NodePool,
    Person,
)
from provisioning.wish import Wish

POOL = "workers"
NODES_MOST = 1000
ERROR_LONGEST = 300
_LAST = 10**10
"""Slack picks times of ten digits, which end in the year 2286."""


@dataclass(frozen=True)
class Draft:
    """The create form's fields; empty and None where nothing stands."""

    namespace: str = ""
    name: str = ""
    flavor: str = ""
    nodes: int | None = 1
    most: int | None = None
    version: str = ""
    lifetime: str = ""
    reason: str = ""
    more: bool = False
    """Whether the rest is unfolded, which few people need."""
    add_ons: tuple[str, ...] = ()
    sleep: str = ""
    zone: str = ""


def draft(values: Mapping[str, Any], *, namespace: str) -> Draft:
    """Slack's `state.values` -> what stands in the form. `namespace` holds when the form has no choice of places."""
    return Draft(
        namespace=chosen(values, "tenant") or namespace,
        name=_typed(values, "name").strip(),
        flavor=chosen(values, "flavor"),
        nodes=number(values, "nodes"),
        most=number(values, "max"),
        version=chosen(values, "version"),
        lifetime=chosen(values, "lifetime"),
        reason=_typed(values, "reason").strip(),
        more=bool(chosen_all(values, "more")),
        add_ons=chosen_all(values, "addons"),
        sleep=chosen(values, "sleep"),
        zone=chosen(values, "zone"),
    )


def filled(it: Draft, place: Place, catalog: CatalogSpec, *, zone: tzinfo) -> Draft:
    """The draft with each menu on something that this place offers: the usual, where nothing fitting was chosen. `zone`
    is whose the person is who fills it in."""
    sizes = [flavor.name for flavor in offers.flavors(place.tenant, catalog)]
    releases = [release.version for release in offers.versions(place.tenant, catalog)]
    recommended = completion.recommended(catalog, place.tenant.it.spec)
    written = it.lifetime if lifetimes.typed(it.lifetime) else ""
    offered = offers.lifetimes(place.tenant, beside=written)
    alike = next(
        (each for each in offered if written and lifetimes.typed(each) == lifetimes.typed(written)), it.lifetime
    )
    usual = place.tenant.it.spec.lifetime.default or (offers.NO_END if offers.NO_END in offered else offered[-1])
    return replace(
        it,
        namespace=place.namespace,
        flavor=_one_of(it.flavor, sizes),
        version=_one_of(it.version, releases, usual=recommended),
        lifetime=_one_of(alike, offered, usual=usual),
        add_ons=tuple(name for name in it.add_ons if name in offers.add_ons(catalog)),
        sleep=_one_of(it.sleep, (offers.AWAKE, *offers.SLEEPS)),
        zone=it.zone or offers.zone_called(zone),
    )


def faults(it: Draft) -> dict[str, str]:
    """What is missing or at odds within the form itself, by field."""
    found: dict[str, str] = {}
    for name, value in (("flavor", it.flavor), ("version", it.version), ("lifetime", it.lifetime)):
        if not value:
            found[name] = replies.PLEASE_CHOOSE
    if it.nodes is None or it.nodes > NODES_MOST:
        found["nodes"] = replies.NODES_WANTED
    elif it.most is not None and it.most < max(it.nodes, 1):
        found["max"] = replies.MAX_BELOW
    elif it.most is not None and it.most > NODES_MOST:
        found["max"] = replies.NODES_WANTED
    return found


def spec(it: Draft) -> ClusterSpec:
    """The specification of a draft without faults."""
    nodes = it.nodes or 0
    pool = (
        NodePool(name=POOL, flavor=it.flavor, replicas=nodes)
        if it.most is None
        else NodePool(name=POOL, flavor=it.flavor, min=nodes, max=it.most)
    )
    return ClusterSpec(
        version=it.version or None,
        pools=(pool,),
        add_ons=tuple(ClusterAddOn(name=name) for name in it.add_ons),
        lifetime=None if it.lifetime in ("", offers.NO_END) else it.lifetime,
        hibernation=_hibernation(it),
    )


def _hibernation(it: Draft) -> Hibernation:
    if it.sleep not in offers.SLEEPS:
        return Hibernation()
    start, end = offers.SLEEPS[it.sleep]
    return Hibernation(schedules=(HibernationSchedule(start=start, end=end, time_zone=it.zone or offers.UTC),))


def wish(it: Draft, *, person: Person, place: Place) -> Wish:
    return Wish(
        person=person,
        tenant=place.tenant.meta.name,
        namespace=place.namespace,
        action=Action.CREATE,
        cluster=it.name,
        desired=spec(it),
        reason=it.reason,
    )


def at_fields(causes: Iterable[Cause], *, known: Iterable[str], otherwise: str) -> dict[str, str]:
    """Each cause at the field of the form that it is about; what fits none goes to `otherwise`."""
    fields = tuple(known)
    found: dict[str, list[str]] = {}
    for cause in causes:
        name = _field(cause.field)
        # A form that has the field for each pool names the pool behind: `nodes-md0`.
        at = next((field for field in fields if name and (field == name or field.startswith(f"{name}-"))), otherwise)
        found.setdefault(at, []).append(cause.message)
    return {name: "\n".join(messages)[:ERROR_LONGEST] for name, messages in found.items()}


SIZE = "spec.pools"
"""Where a cause stands that is about the size as a whole."""


def is_of_size(cause: Cause) -> bool:
    """Whether it says that there is no room for so much."""
    return _field(cause.field) == _field(SIZE)


def is_no_room(cause: Cause) -> bool:
    """Whether it is what the quota says, as the webhook says it: of the whole of a cluster, and of no pool."""
    return cause.field in ("spec", SIZE)


_FIELDS = (
    # The first that occurs in the path wins, so the narrow ones stand first.
    ("flavor", "flavor"),
    (".max", "max"),
    ("addOns", "addons"),
    ("timeZone", "zone"),
    ("hibernation", "sleep"),
    ("lifetime", "lifetime"),
    ("version", "version"),
    ("reason", "reason"),
    ("quota", "nodes"),
    ("pools", "nodes"),
    ("namespace", "tenant"),
    ("tenant", "tenant"),
    ("name", "name"),
    ("cluster", "name"),
)


def _field(path: str) -> str:
    if path == "spec":
        return "nodes"  # what does not fit as a whole is a matter of quota, and that of size
    return next((name for part, name in _FIELDS if part in path), "")


def _one_of(value: str, known: Iterable[str], *, usual: str = "") -> str:
    offered = list(known)
    for candidate in (value, usual):
        if candidate in offered:
            return candidate
    return offered[0] if offered else ""


def _element(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = (values.get(name) or {}).get(name) or {}
    return found if isinstance(found, Mapping) else {}


def _typed(values: Mapping[str, Any], name: str) -> str:
    return str(_element(values, name).get("value") or "")


def chosen(values: Mapping[str, Any], name: str) -> str:
    """What is chosen in one menu of any form."""
    return str((_element(values, name).get("selected_option") or {}).get("value") or "")


def chosen_all(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """What is chosen in one menu of any form that takes several."""
    return tuple(str(option["value"]) for option in _element(values, name).get("selected_options") or ())


def person(values: Mapping[str, Any], name: str) -> str:
    """The Slack account that is chosen in one menu of people; empty for none."""
    return str(_element(values, name).get("selected_user") or "")


def moment(values: Mapping[str, Any], name: str) -> datetime | None:
    """The time that is picked in one field; None where there is none."""
    picked = _element(values, name).get("selected_date_time")
    return datetime.fromtimestamp(picked, UTC) if isinstance(picked, int) and picked < _LAST else None


def number(values: Mapping[str, Any], name: str) -> int | None:
    """The number in one field of any form; None where none stands."""
    written = _typed(values, name)
    if not (written.isascii() and written.isdigit()):
        return None
    return int(written[:9])


def typed(values: Mapping[str, Any], name: str) -> str:
    """The text in one field of any form."""
    return _typed(values, name).strip()


def duration(word: str) -> str:
    """A duration that somebody types as the API writes it; empty for what is none."""
    found = lifetimes.typed(word)
    return lifetimes.spell(found) if found else ""
