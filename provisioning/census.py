"""What counts of a tenant, as it is: every charged object in its namespaces, with what it costs and its slot.

From the caches, which may be behind, or from lists of this moment. Reading only; what follows from it for a ledger is
`settlement`'s to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from provisioning import charges, kinship, names, objects, presence, resources
from provisioning.charges import Assessor
from provisioning.errors import Cause, RuleError
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.ledger import slot_key
from provisioning.manifest import Manifest, Manifests
from provisioning.model import CatalogSpec, Tenant
from provisioning.objects import Stored
from provisioning.resources import Resource
from provisioning.settlement import Sight

log = structlog.get_logger()

_OWNING: Final = (*charges.KINDS, resources.MACHINES)
"""A Machine costs nothing, and stands between its KubevirtMachine and the MachineSet."""
Sights = dict[str, Sight]
"""What was seen, by slot."""


@dataclass(frozen=True)
class Glance:
    """What the caches show at one moment. Kept objects are text, so each is read once.

    What is `listed`, by kind and namespace, goes before them: a part is not to be measured by an owner of another time.
    """

    landscape: Landscape
    listed: Mapping[tuple[Resource, str], Mapping[str, Manifest]] = field(default_factory=dict)
    _lists: dict[tuple[Resource, str], Manifests] = field(default_factory=dict)
    _objects: dict[tuple[Resource, str, str], Manifest | None] = field(default_factory=dict)

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        known = self.listed.get((resource, namespace))
        if known is not None:
            return known.get(name)
        key = (resource, namespace, name)
        if key not in self._objects:
            self._objects[key] = self.landscape.get(resource, namespace, name)
        return self._objects[key]

    def list(self, resource: Resource, *, namespace: str = "") -> Manifests:
        key = (resource, namespace)
        if key in self.listed:
            return [*self.listed[key].values()]
        if key not in self._lists:
            self._lists[key] = self.landscape.caches[resource].list(namespace)
        return self._lists[key]


@dataclass(frozen=True)
class Census:
    """Looks at the objects of tenants. What is being deleted is still there."""

    kube: Kube
    landscape: Landscape

    def seen(self, tenant: Stored[Tenant]) -> Sights:
        """What the caches show."""
        things = (
            (kind, manifest)
            for kind in charges.KINDS
            for namespace in self._namespaces(tenant)
            for manifest in self.landscape.caches[kind].list(namespace)
        )
        return self._sights(things, Glance(self.landscape))

    async def listed(self, tenant: Stored[Tenant]) -> Sights:
        """What the API server itself has. Raises `KubeError` where that cannot be told."""
        found: dict[tuple[Resource, str], dict[str, Manifest]] = {}
        namespaces = await self._labelled(tenant)
        for kind in charges.KINDS:
            everything = partial(presence.everything, self.kube, kind, labels="")
            lists = await asyncio.gather(*(everything(namespace=each) for each in namespaces))
            for namespace, manifests in zip(namespaces, lists, strict=True):
                found[kind, namespace] = {manifest["metadata"]["name"]: manifest for manifest in manifests}
        things = ((kind, manifest) for (kind, _), each in found.items() for manifest in each.values())
        return self._sights(things, Glance(self.landscape, found))

    async def live(self, slot: str) -> Manifest | None:
        """The object in this slot, as the API server itself has it now; None when it is proven not to be there.

        Raises `KubeError` when that cannot be told.
        """
        kind, namespace, name = _place(slot)
        # Whatever else a ledger's text may name, no object is there.
        return None if kind is None or not name else await presence.find(self.kube, kind, name, namespace=namespace)

    def above(self, slot: str) -> list[str]:
        """The slots of what the object in this one says that it is a part of, nearest first.

        By the names that it says, for those may be gone. By the caches: of what is not there nothing is known.
        """
        kind, namespace, name = _place(slot)
        found: dict[tuple[Resource, str], None] = {}
        waiting = [(kind, name)] if kind is not None else []
        while waiting:
            here = waiting.pop(0)
            manifest = self.landscape.get(here[0], namespace, here[1])
            owners = [*kinship.named(manifest, _OWNING)] if manifest is not None else []
            if here[0] == resources.VIRTUAL_MACHINES:
                # It has its KubevirtMachine's name, and no owner.
                owners.append((resources.KUBEVIRT_MACHINES, here[1]))
            waiting += [owner for owner in owners if owner not in found]
            found.update(dict.fromkeys(owners))
        return [slot_key(owner, namespace, named) for owner, named in found if owner != resources.MACHINES]

    async def _labelled(self, tenant: Stored[Tenant]) -> list[str]:
        """As `_namespaces`, by what the API server itself has."""
        asked = (self.kube.find(resources.NAMESPACES, each) for each in tenant.it.spec.namespaces)
        there = [objects.Meta.of(found) for found in await asyncio.gather(*asked) if found is not None]
        return [meta.name for meta in there if meta.labels.get(names.TENANT_LABEL) == tenant.meta.name]

    def _namespaces(self, tenant: Stored[Tenant]) -> list[str]:
        return [namespace for namespace in tenant.it.spec.namespaces if self._is_of(namespace, tenant.meta.name)]

    def _is_of(self, namespace: str, tenant: str) -> bool:
        found = self.landscape.tenant_of(namespace)
        return found is not None and found.meta.name == tenant

    def _sights(self, things: Iterable[tuple[Resource, Manifest]], glance: Glance) -> Sights:
        assessor = Assessor(glance, self._catalog, settled=True)
        return dict(self._sight(kind, manifest, assessor) for kind, manifest in things)

    def _sight(self, kind: Resource, manifest: Manifest, assessor: Assessor) -> tuple[str, Sight]:
        meta = manifest["metadata"]
        slot = slot_key(kind, meta["namespace"], meta["name"])
        try:
            charge = assessor.cost(kind, manifest)
        except RuleError as error:
            log.debug("object_unmeasurable", slot=slot, why=str(error))
            charge = None
        usual = bool(meta.get("ownerReferences")) or "deletionTimestamp" in meta
        return slot, Sight(charge, meta["uid"], meta["resourceVersion"], usual)

    def _catalog(self) -> CatalogSpec:
        found = self.landscape.catalog()
        if found is None:
            raise RuleError(Cause("", "there is no Catalog"))
        return found


def _place(slot: str) -> tuple[Resource | None, str, str]:
    """Kind, namespace and name of what is in a slot; no kind where nothing can be."""
    plural, _, rest = slot.partition("/")
    namespace, _, name = rest.partition("/")
    return next((kind for kind in charges.KINDS if f"{kind.plural}.{kind.group}" == plural), None), namespace, name
