"""What a person left out of a cluster's spec, filled in from the Catalog and the Tenant. Pure and idempotent.

Nothing that a person wrote is changed. The mutating webhook completes TenantClusters and requests with it; the approval
rule compares completed specs, so a default that moves between approval and apply strands nobody.
"""

from __future__ import annotations

from provisioning.model import CatalogSpec, ClusterAddOn, ClusterSpec, Network, TenantSpec


def complete(spec: ClusterSpec, *, catalog: CatalogSpec, tenant: TenantSpec) -> ClusterSpec:
    """The spec with version, add-ons, network and lifetime. Doing it twice is doing it once."""
    present = {add_on.name for add_on in spec.add_ons}
    missing = tuple(ClusterAddOn(name=a.name) for a in catalog.add_ons if a.default and a.name not in present)
    network = Network(
        pods=spec.network.pods or catalog.network.pods, services=spec.network.services or catalog.network.services
    )
    return spec.model_copy(
        update={
            "version": spec.version or recommended(catalog, tenant),
            "add_ons": (*spec.add_ons, *missing),
            "network": network,
            "lifetime": spec.lifetime or tenant.lifetime.default,
        }
    )


def recommended(catalog: CatalogSpec, tenant: TenantSpec) -> str:
    """The version to take when nobody says: the recommended one, if the tenant may have it, else the first it may."""
    allowed = [r for r in catalog.versions if not tenant.versions or r.version in tenant.versions]
    return next((r for r in allowed if r.recommended), allowed[0] if allowed else catalog.recommended()).version
