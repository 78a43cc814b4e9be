"""Puts into the work queues what has to be looked at: everything there is at first, then whatever changes.

Which key a change matters to is known here and in `Landscape.listen`; what a look at it does is known to the workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from provisioning import measures, resources, room
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest, key_of
from provisioning.model import Action
from provisioning.queue import Queue
from provisioning.resources import Resource

LEDGER_PAUSE: Final = 0.5
"""Seconds for which changes are gathered before a ledger is settled: lowering must not race with reserving all day."""


class Feed:
    """Between the landscape and the queues: clusters, requests, accesses (by cluster), tenants, catalogs (by name)."""

    def __init__(
        self,
        landscape: Landscape,
        *,
        clusters: Queue[Key],
        requests: Queue[Key],
        accesses: Queue[Key],
        tenants: Queue[str],
        catalogs: Queue[str],
    ) -> None:
        self._landscape = landscape
        self._clusters = clusters
        self._requests = requests
        self._accesses = accesses
        self._tenants = tenants
        self._catalogs = catalogs

    def start(self) -> Callable[[], None]:
        """Begin to listen, then put in everything there is. Returns what ends it."""
        caches = self._landscape.caches
        stops = [
            self._landscape.listen(self._clusters.add),
            caches[resources.CLUSTER_REQUESTS].listen(self._requested),
            caches[resources.CLUSTER_ACCESSES].listen(self._access),
            caches[resources.TENANT_CLUSTERS].listen(self._ended),
            *(caches[kind].listen(self._led_to) for kind in (resources.TENANT_CLUSTERS, resources.CLUSTERS)),
            caches[resources.TENANTS].listen(self._tenant),
            caches[resources.NAMESPACES].listen(self._namespace),
            caches[resources.CATALOGS].listen(self._catalog),
            caches[resources.VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES].listen(self._size),
            caches[resources.TENANT_LEDGERS].listen(self._ledger),
            *(caches[kind].listen(partial(self._charged, kind)) for kind in measures.PATHS),
            caches[resources.KUBEVIRT_MACHINE_TEMPLATES].listen(self._measured),
        ]
        for kind in (resources.TENANT_CLUSTERS, resources.CLUSTERS):
            for manifest in caches[kind].list():
                self._clusters.add(key_of(manifest))
        for manifest in caches[resources.TENANTS].list():
            self._tenant(None, manifest)
        for manifest in caches[resources.TENANT_LEDGERS].list():
            # Its Tenant may be gone.
            self._tenants.add(manifest["metadata"]["name"])
        self._size(None, None)
        for manifest in caches[resources.CLUSTER_ACCESSES].list():
            self._access(None, manifest)

        def stop() -> None:
            for one in stops:
                one()

        return stop

    def _catalog(self, before: Manifest | None, after: Manifest | None) -> None:
        if after is not None and (before is None or before["spec"] != after["spec"]):
            self._catalogs.add(after["metadata"]["name"])
            self._reprice()

    def _size(self, _: Manifest | None, __: Manifest | None) -> None:
        """Flavors may be as large as an instancetype says."""
        for manifest in self._landscape.caches[resources.CATALOGS].list():
            self._catalogs.add(manifest["metadata"]["name"])
        self._reprice()

    def _reprice(self) -> None:
        """What is there may be worth more by now than when it was let in."""
        for manifest in self._landscape.caches[resources.TENANTS].list():
            self._tenants.add(manifest["metadata"]["name"], after=LEDGER_PAUSE)

    def _requested(self, before: Manifest | None, after: Manifest | None) -> None:
        if after is not None:
            self._requests.add(key_of(after))
        if after is not None and before is None and after["spec"].get("action") == Action.CHANGE.value:
            # Perhaps for another version: then somebody looks what that would run into.
            self._clusters.add((key_of(after)[0], after["spec"]["cluster"]))
        if before is not None and room.noted(before) not in (None, room.noted(after)):
            # Whoever stood behind it may go.
            owner = self._landscape.tenant_of(key_of(before)[0])
            self._waiting_in(owner.it.spec.namespaces if owner is not None else ())

    def _ended(self, before: Manifest | None, after: Manifest | None) -> None:
        """Whoever asked for its deletion reads how long that took."""
        if before is not None and after is None:
            namespace, name = key_of(before)
            for manifest in self._landscape.caches[resources.CLUSTER_REQUESTS].list(namespace):
                if (manifest["spec"].get("action"), manifest["spec"].get("cluster")) == (Action.DELETE.value, name):
                    self._requests.add(key_of(manifest))

    def _access(self, before: Manifest | None, after: Manifest | None) -> None:
        there = after or before
        if there is not None:
            self._accesses.add((key_of(there)[0], there["spec"]["cluster"]))

    def _led_to(self, before: Manifest | None, after: Manifest | None) -> None:
        """A cluster that people have access to, or wait for."""
        there = after or before
        if there is not None and self._landscape.accesses(key_of(there)):
            self._accesses.add(key_of(there))

    def _charged(self, kind: Resource, before: Manifest | None, after: Manifest | None) -> None:
        # Machines say all day how they are, and cost no more for it.
        if before is None or after is None or not measures.alike(kind, before, after):
            self._measured(before, after)

    def _measured(self, before: Manifest | None, after: Manifest | None) -> None:
        there = after or before
        owner = self._landscape.tenant_of(key_of(there)[0]) if there else None
        if owner is not None:
            self._tenants.add(owner.meta.name, after=LEDGER_PAUSE)

    def _ledger(self, before: Manifest | None, after: Manifest | None) -> None:
        """One that is gone is as much news as one that changed."""
        there = after or before
        if there is not None:
            name = there["metadata"]["name"]
            self._tenants.add(name, after=LEDGER_PAUSE)
            owner = self._landscape.get(resources.TENANTS, "", name)
            self._waiting_in(owner["spec"].get("namespaces", ()) if owner is not None else ())

    def _tenant(self, before: Manifest | None, after: Manifest | None) -> None:
        if after is None and before is not None:
            self._tenants.add(before["metadata"]["name"])
        # Its status is what we write ourselves.
        if after is not None and (before is None or before["spec"] != after["spec"]):
            # A new one has no ledger, and nothing is let in before it has.
            self._tenants.add(after["metadata"]["name"], after=LEDGER_PAUSE if before is not None else 0.0)
            self._requests_in(after["spec"].get("namespaces", ()))
            self._accesses_in(after["spec"].get("namespaces", ()))

    def _namespace(self, before: Manifest | None, after: Manifest | None) -> None:
        """It may have become somebody's."""
        if after is not None and (
            before is None or before["metadata"].get("labels") != after["metadata"].get("labels")
        ):
            name = after["metadata"]["name"]
            self._requests_in([name])
            owner = self._landscape.tenant_of(name)
            if owner is not None:
                self._tenants.add(owner.meta.name, after=LEDGER_PAUSE)

    def _requests_in(self, namespaces: Iterable[str]) -> None:
        for namespace in namespaces:
            for manifest in self._landscape.caches[resources.CLUSTER_REQUESTS].list(namespace):
                self._requests.add(key_of(manifest))

    def _waiting_in(self, namespaces: Iterable[str]) -> None:
        """There may be room for what waits for some. Trying it charges nothing, and so does not bring it back here."""
        for namespace in namespaces:
            for manifest in self._landscape.caches[resources.CLUSTER_REQUESTS].list(namespace):
                if room.noted(manifest) == "True":
                    self._requests.add(key_of(manifest), after=LEDGER_PAUSE)

    def _accesses_in(self, namespaces: Iterable[str]) -> None:
        """Somebody may have left."""
        for namespace in namespaces:
            for manifest in self._landscape.caches[resources.CLUSTER_ACCESSES].list(namespace):
                self._access(None, manifest)
