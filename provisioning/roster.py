"""All tenants at once, found by what people and objects know them by. Pure; made anew when a Tenant changes.

Every command and every click asks this several times, and there are hundreds of tenants. What must never live here: a
rule about who somebody is (`people`).
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioning import people
from provisioning.model import Person, Tenant
from provisioning.objects import Stored


class Roster:
    """`tenants` are by name. Where several say the same of a namespace or an account, the first by name is believed."""

    def __init__(self, tenants: Iterable[Stored[Tenant]]) -> None:
        self.tenants = tuple(sorted(tenants, key=lambda tenant: tenant.meta.name))
        self._named = {tenant.meta.name: tenant for tenant in self.tenants}
        self._holding = {
            namespace: tenant for tenant in reversed(self.tenants) for namespace in tenant.it.spec.namespaces
        }
        self._known: dict[str, Person | None] = {}
        """Whoever was asked about, by Slack account."""
        self._addressed: dict[str, frozenset[str]] = {}
        """The same by e-mail address."""

    def named(self, name: str) -> Stored[Tenant] | None:
        return self._named.get(name)

    def holding(self, namespace: str) -> Stored[Tenant] | None:
        """Whose namespace it is."""
        return self._holding.get(namespace)

    def person(self, slack: str) -> Person | None:
        """Whose Slack account it is, by the tenants' explicit lists."""
        if slack not in self._known:
            found = (people.by_slack(tenant.it.spec, slack) for tenant in self.tenants)
            self._known[slack] = next((person for person in found if person is not None), None)
        return self._known[slack]

    def users_by_email(self, address: str) -> frozenset[str]:
        """The user names that an e-mail address may stand for, where tenants let addresses count."""
        if address not in self._addressed:
            self._addressed[address] = people.addressed((tenant.it.spec for tenant in self.tenants), address)
        return self._addressed[address]
