"""What goes with a cluster when it is deleted, counted from what is here in the management cluster. Pure.

Volumes and load balancers that people made in their cluster are objects here as well, with its label (`belongings`).
What is in the volumes, and what runs in the cluster, nobody sees from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provisioning import footprint, resources
from provisioning.errors import MalformedQuantity
from provisioning.manifest import Manifest

_FILLED: Final = resources.PERSISTENT_VOLUME_CLAIMS.kind
"""What owns a claim that is there for a moment only, while the volume that it fills is made."""
_OWN_ADDRESS: Final = resources.TENANT_CONTROL_PLANES.kind
"""What owns the load balancer of a cluster's API server."""


@dataclass(frozen=True)
class Losses:
    """`storage` is in bytes, as the volumes ask for it. Load balancers are those of people's Services."""

    volumes: int = 0
    storage: int = 0
    load_balancers: int = 0


def of(services: Iterable[Manifest], claims: Iterable[Manifest]) -> Losses:
    """All of these that carry the cluster's label."""
    volumes = [claim for claim in claims if _FILLED not in _owners(claim)]
    kept = [service for service in services if _OWN_ADDRESS not in _owners(service)]
    return Losses(
        volumes=len(volumes),
        storage=sum(map(_size, volumes)),
        load_balancers=sum(footprint.of_service(service).load_balancers for service in kept),
    )


def _owners(manifest: Manifest) -> set[str]:
    return {owner["kind"] for owner in manifest["metadata"].get("ownerReferences") or ()}


def _size(claim: Manifest) -> int:
    """What it asks for; nothing where nobody can read that."""
    try:
        return footprint.of_volume_claim(claim).storage
    except MalformedQuantity:
        return 0
