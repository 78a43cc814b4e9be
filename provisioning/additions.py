"""Gives Clusters made by hand their default add-ons and hosted components, and takes them away when one is deleted.

Such a Cluster is somebody else's: nothing of it is changed but its marks and a finalizer of ours. The finalizer is why
the releases can be suspended before the tenant's API server dies (Flux would uninstall from it for ever), and why load
balancers and volumes that our components made are gone before the Cluster is. Cluster API ends the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from provisioning import handmade, names, objects, plan, resources
from provisioning.applier import Applier
from provisioning.errors import RuleError
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.model import Tenant
from provisioning.news import News
from provisioning.objects import Stored
from provisioning.teardown import Teardown

log = structlog.get_logger()

LOOK: Final = 1.5
"""Seconds between two looks at a Cluster that is being deleted."""
MADE_IN_PASSING: Final = (
    resources.SERVICES,
    resources.PERSISTENT_VOLUME_CLAIMS,
    resources.DATA_VOLUMES,
)
"""What our hosted components make for a tenant, owned by nobody. All else with the label is others' to clean up."""


class Additions:
    """`act` looks at one Cluster made by hand, `end` at one that is being deleted."""

    def __init__(
        self, kube: Kube, landscape: Landscape, applier: Applier, recorder: Recorder, *, now: Callable[[], datetime]
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._applier = applier
        self._recorder = recorder
        self._teardown = Teardown(kube, now=now)
        self._refused: dict[Key, tuple[str, ...]] = {}

    async def act(self, key: Key) -> float | None:
        """Bring what belongs to the Cluster of this namespace and name; the seconds until the next look."""
        cluster, tenant = self._landscape.get(resources.CLUSTERS, *key), self._landscape.tenant_of(key[0])
        if cluster is None or not handmade.is_hand_made(cluster):
            self._refused.pop(key, None)
            return None
        if is_ending(cluster):
            return await self.end(cluster)
        if tenant is None or "deletionTimestamp" in cluster["metadata"]:
            return None
        if await self._marked(cluster, tenant) or not tenant.it.spec.hand_made.add_ons:
            # Held before the first object exists; the change brings us back here.
            return None
        return await self._bring(key, cluster, tenant)

    async def end(self, cluster: Manifest) -> float | None:
        """Take the next steps of its end; the seconds until the next look, None when it is out of our hands."""
        meta = objects.Meta.of(cluster)
        key = meta.namespace, meta.name
        releases = await self._teardown.end_additions(self._landscape.parts(key))
        others = [finalizer for finalizer in meta.finalizers if finalizer != names.FINALIZER]
        # While Cluster API is at work the controllers that clean up behind the tenant still run.
        if releases or others or await self._teardown.sweep(key, MADE_IN_PASSING):
            return LOOK
        await self._patch(cluster, {"finalizers": None})
        log.info("additions_gone", namespace=meta.namespace, name=meta.name)
        return None

    async def _marked(self, cluster: Manifest, tenant: Stored[Tenant]) -> bool:
        """Put right what marks the Cluster; whether something had to be. The webhook may have been down."""
        meta = objects.Meta.of(cluster)
        labels = handmade.marks(tenant.it.spec, name=tenant.meta.name, cluster=meta.name)
        change: Manifest = {}
        if any(meta.labels.get(label) != value for label, value in labels.items()):
            change["labels"] = labels
        if tenant.it.spec.hand_made.add_ons and names.FINALIZER not in meta.finalizers:
            change["finalizers"] = [*meta.finalizers, names.FINALIZER]
        if change:
            await self._patch(cluster, change)
        return bool(change)

    async def _bring(self, key: Key, cluster: Manifest, tenant: Stored[Tenant]) -> float | None:
        catalog, parts = self._landscape.catalog(), self._landscape.parts(key)
        if catalog is None:
            return None  # Once there is one, everything is looked at again.
        try:
            rendered = plan.render_additions(cluster, parts, catalog=catalog, tenant=tenant.meta.name)
            outcome = await self._applier.bring(key, rendered, present=parts)
        except RuleError as error:
            # Neither the Catalog nor what is installed gets another by being asked again; a change of it is told.
            await self._tell(key, cluster, (str(error),))
            return None
        kept = await self._applier.prune(plan.stale(rendered, parts))
        await self._tell(key, cluster, tuple(map(str, (*outcome.refusals, *kept))))
        return outcome.again

    async def _tell(self, key: Key, cluster: Manifest, refused: tuple[str, ...]) -> None:
        """Say in Events of the Cluster what of this is new: it has no status of ours."""
        before = self._refused.pop(key, ())
        if refused:
            self._refused[key] = refused
        news = [News("AdditionsRefused", why, "Apply", warning=True) for why in refused if why not in before]
        for one in news:
            log.warning("additions_refused", namespace=key[0], name=key[1], why=one.note)
        if before and not refused:
            news.append(News("AdditionsApplied", "add-ons and hosted components are as they should be", "Apply"))
        await self._recorder.tell(handmade.of(cluster, None), news, kind=resources.CLUSTERS)

    async def _patch(self, cluster: Manifest, metadata: Manifest) -> None:
        meta = cluster["metadata"]
        patch = {"metadata": {**metadata, "resourceVersion": meta["resourceVersion"]}}
        await self._kube.merge(resources.CLUSTERS, meta["name"], patch, namespace=meta["namespace"])


def is_ending(cluster: Manifest) -> bool:
    """Whether it is being deleted, and we have not let go of it."""
    meta = objects.Meta.of(cluster)
    return meta.deleting and names.FINALIZER in meta.finalizers
