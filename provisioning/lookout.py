"""Sees all that there is of one cluster, in the caches and, where it should be up, at its own API server.

What that means is decided elsewhere (`observe`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from provisioning import anew, errors, precheck, resources, sights
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Key, Manifest
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.prechecker import Prechecker
from provisioning.probe import NOT_YET, Probe
from provisioning.world import World

log = structlog.get_logger()


class Lookout:
    """`probe` is None where tenants are not to be asked, and `prechecker` where nobody asks what an upgrade may run
    into."""

    def __init__(
        self,
        kube: Kube,
        landscape: Landscape,
        *,
        probe: Probe | None,
        prechecker: Prechecker | None,
        now: Callable[[], datetime],
    ) -> None:
        self._kube = kube
        self._landscape = landscape
        self._probe = probe
        self._prechecker = prechecker
        self._now = now

    async def world(self, cluster: Stored[TenantCluster]) -> World:
        """What there is, our own look at the tenant's API server included once there should be one."""
        seen = World.of(self._landscape.parts(cluster.key))
        if sights.are_pods_of_interest(seen, now=self._now()):
            seen = replace(seen, pods=await self._pods(cluster))
        up = ((seen.control_plane or {}).get("status") or {}).get("ready") is True
        if self._probe is None:
            return seen
        seen = replace(seen, probed=True)
        if not up:
            self.forget(cluster.key)
            return seen
        # Another try only until it is done: a fresh leader would take what was asked for long ago for a new wish.
        again = anew.asked(cluster) if anew.is_due(cluster) else ""
        wish = tuple(filter(None, (again, *self._upgrades(cluster))))
        if self._prechecker is not None:
            noted = cluster.it.status.precheck
            seen = replace(seen, precheck=self._prechecker.found(cluster.key, noted=noted, wish=wish))
        sign = (*sights.of_life(seen), *wish)
        answer = self._probe.answer(cluster.key, nodes=sights.nodes(cluster, seen).wanted, sign=sign)
        if answer is NOT_YET:
            return seen
        return replace(
            seen,
            silence=answer.obstacle,
            nodes_ready=answer.nodes_ready,
            uninitialised=answer.uninitialised,
            unready=answer.unready,
        )

    def awaits(self, key: Key) -> bool:
        """Whether the tenant is asked, and its first answer is still to come."""
        return self._probe is not None and self._probe.awaits(key)

    def forget(self, key: Key) -> None:
        """The tenant is asked no more."""
        for looking in (self._probe, self._prechecker):
            if looking is not None:
                looking.forget(key)

    def _upgrades(self, cluster: Stored[TenantCluster]) -> tuple[str, ...]:
        """The requests by which it would have another version, and that are not done."""
        return precheck.asked_for(self._landscape.requests_about(cluster.key), cluster.it.spec.version or "")

    async def _pods(self, cluster: Stored[TenantCluster]) -> tuple[Manifest, ...]:
        """Pods of control planes and of what runs beside them. Good to know, and nothing depends on it."""
        try:
            listing = await self._kube.list(resources.PODS, namespace=cluster.meta.namespace)
        except errors.KubeError as error:
            log.debug("pods_not_seen", namespace=cluster.meta.namespace, name=cluster.meta.name, why=error.message)
            return ()
        return tuple(listing.items)
