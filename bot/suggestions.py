"""What a menu offers while somebody types in it, where there is too much to show it all. Pure, over the desk's caches.

Asked anew at every letter and answered within Slack's three seconds, so nothing here may wait. Only what this person
may use is offered; whether they may have it is decided when the form is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from bot import delegate_forms, entries, offers
from bot.blocks import OPTIONS, Option
from bot.commands import choosing
from bot.commands.command import Filled
from bot.offers import Place


def options(form: Filled, field: str, query: str) -> tuple[Option, ...]:
    """What fits what is typed into `field`, the best first, and no more than Slack takes."""
    source = next((found for name, found in _SOURCES.items() if field == name or field.startswith(f"{name}-")), None)
    return offers.matching(query, source(form))[:OPTIONS] if source else ()


def _places(form: Filled) -> Iterable[Option]:
    return map(offers.place_option, offers.places(form.desk.tenants_of(form.person)))


def _flavors(form: Filled) -> Iterable[Option]:
    catalog = form.desk.catalog()
    return (offers.flavor_option(it) for place in _place(form) for it in offers.flavors(place.tenant, catalog))


def _versions(form: Filled) -> Iterable[Option]:
    catalog = form.desk.catalog()
    return (offers.version_option(it) for place in _place(form) for it in offers.versions(place.tenant, catalog))


def _clusters(form: Filled) -> Iterable[Option]:
    return choosing.options(form.desk, form.person)


def _place(form: Filled) -> list[Place]:
    """Where the form is about: what is chosen in it, or what it was opened for."""
    about = json.loads(form.metadata or "{}")
    namespace = entries.chosen(form.values, "tenant") or about.get("namespace")
    return [p for p in offers.places(form.desk.tenants_of(form.person)) if p.namespace == namespace]


_SOURCES: Mapping[str, Callable[[Filled], Iterable[Option]]] = {
    "tenant": _places,
    "flavor": _flavors,
    "version": _versions,
    "cluster": _clusters,
    "request": choosing.suggested,
    "tenants": lambda form: delegate_forms.options(form.desk, form.person),
    "zone": lambda _: offers.zone_options(),
}
"""By the field's name; one that a form has for each pool names the pool behind: `flavor-md0`."""
