"""What a person may choose from: places, sizes, versions, lifetimes. Pure, over the tenant and the catalog.

An offer is a kindness, not a rule: what is left out here would be refused by `provisioning.shape` anyway.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot import replies, text
from bot.blocks import OPTIONS, Option
from provisioning import hibernation, lifetime
from provisioning.model import CatalogSpec, Flavor, Release, Tenant
from provisioning.objects import Stored

LIFETIMES = ("8h", "24h", "72h", "168h", "336h", "720h")
NO_END = "none"
AWAKE = "awake"
SLEEPS = {"nights": ("0 20 * * *", "0 7 * * *"), "off-hours": ("0 20 * * 1-5", "0 7 * * 1-5")}
"""When a new cluster may sleep by itself: at which times it goes to sleep and wakes, as cron has them."""
UTC = "UTC"


@dataclass(frozen=True)
class Place:
    """Where a cluster may go: a namespace of a tenant."""

    tenant: Stored[Tenant]
    namespace: str

    @property
    def label(self) -> str:
        spec = self.tenant.it.spec
        title = text.one_line(spec.display_name) or self.tenant.meta.name
        return title if len(spec.namespaces) == 1 else f"{title} / {self.namespace}"

    def answers_to(self, word: str) -> bool:
        """Whether a person who writes `word/build-7` may mean this place."""
        return word in (self.namespace, self.tenant.meta.name)


def places(tenants: Iterable[Stored[Tenant]]) -> tuple[Place, ...]:
    return tuple(Place(tenant, namespace) for tenant in tenants for namespace in tenant.it.spec.namespaces)


def flavors(tenant: Stored[Tenant], catalog: CatalogSpec) -> tuple[Flavor, ...]:
    allowed = tenant.it.spec.flavors
    return tuple(flavor for flavor in catalog.flavors if not allowed or flavor.name in allowed)


def versions(tenant: Stored[Tenant], catalog: CatalogSpec) -> tuple[Release, ...]:
    allowed = tenant.it.spec.versions
    return tuple(release for release in catalog.versions if not allowed or release.version in allowed)


def may_live(tenant: Stored[Tenant], duration: str) -> bool:
    """Whether clusters of this tenant may live so long."""
    longest = tenant.it.spec.lifetime.longest
    return not longest or lifetime.parse(duration) <= lifetime.parse(longest)


def lifetimes(tenant: Stored[Tenant], *, beside: str = "") -> tuple[str, ...]:
    """Durations on offer, shortest first, and the one that somebody wrote `beside` them; `none` at the end where a
    cluster may live for ever."""
    policy = tenant.it.spec.lifetime
    extra = [each for each in (beside, policy.default, policy.longest) if each and each != NO_END]
    longest = lifetime.parse(policy.longest) if policy.longest else None
    spans = {lifetime.parse(each): each for each in (*extra, *LIFETIMES)}
    found = tuple(spans[span] for span in sorted(spans) if longest is None or span <= longest)
    return found if policy.default or longest else (*found, NO_END)


def place_option(place: Place) -> Option:
    return Option(place.namespace, place.label)


def flavor_option(flavor: Flavor) -> Option:
    label = f"{flavor.name}: {flavor.vcpu} vCPU, {flavor.memory}"
    return Option(flavor.name, label, text.one_line(flavor.description))


def version_option(release: Release) -> Option:
    return Option(release.version, release.version, replies.RECOMMENDED if release.recommended else "")


def lifetime_option(duration: str, *, now: datetime, zone: tzinfo) -> Option:
    """With the end that it comes to from now on, in the zone of whoever reads it."""
    if duration == NO_END:
        return Option(duration, replies.NO_END)
    end = text.plain_moment(now + lifetime.parse(duration), zone)
    return Option(duration, text.lifetime(duration), replies.until_from_now(end))


def sleep_options() -> tuple[Option, ...]:
    """Never, every night, or whenever nobody works."""
    return tuple(Option(each, replies.SLEEP[each]) for each in (AWAKE, *SLEEPS))


def zone_called(zone: tzinfo) -> str:
    """A person's zone by its name in the menu; UTC where that has none."""
    name: str = getattr(zone, "key", UTC)
    return name if name in hibernation.zones() else UTC


def zone_options() -> tuple[Option, ...]:
    """Every time zone, by name."""
    return tuple(Option(zone, zone) for zone in sorted(hibernation.zones()))


def add_ons(catalog: CatalogSpec) -> tuple[str, ...]:
    """What may be chosen for a new cluster, beside what every one has."""
    return tuple(add_on.name for add_on in catalog.add_ons if not add_on.default)


def suggestion(word: str, known: Iterable[str]) -> str:
    """The closest of the known words, empty when none is close."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def matching(query: str, options: Iterable[Option]) -> tuple[Option, ...]:
    """Those that fit what is typed, the best first: as they begin, as they go on, or when none does, what is close."""
    typed, known = query.strip().lower(), tuple(options)
    said = {option: f"{option.label} {option.value}".lower() for option in known}
    hits = [option for option in known if typed in said[option]]
    if hits:
        return tuple(sorted(hits, key=lambda option: not any(word.startswith(typed) for word in said[option].split())))
    close = difflib.get_close_matches(typed, [option.label.lower() for option in known], n=OPTIONS, cutoff=0.6)
    return tuple(sorted((o for o in known if o.label.lower() in close), key=lambda o: close.index(o.label.lower())))
