"""Has a certificate made for a ClusterAccess: from its request, the tenant's cap and the key of the authority."""

from __future__ import annotations

from datetime import datetime

from provisioning import access, errors, grants, issuing, resources
from provisioning.access_site import Site
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.model import AccessStatus, ClusterAccess
from provisioning.objects import Stored, format_time
from provisioning.tenant_roles import find_way


class Waiting(errors.ClusterdeskError):
    """Not yet. The text says what is waited for."""


class Issuer:
    """`status` is what an access is to say from now on. It writes nothing."""

    def __init__(self, kube: Kube, landscape: Landscape) -> None:
        self._kube = kube
        self._landscape = landscape

    async def status(self, one: Stored[ClusterAccess], site: Site, *, now: datetime) -> AccessStatus:
        """With a certificate, or with the reason why there is none (yet). Raises `KubeError`."""
        try:
            return await self._issued(one, site, now)
        except issuing.Refused as error:
            return grants.told(one, now=now, refusal=str(error))
        except (Waiting, issuing.UnusableAuthority, access.UnusableKubeconfig) as error:
            return grants.told(one, now=now, obstacle=str(error))

    async def _issued(self, one: Stored[ClusterAccess], site: Site, now: datetime) -> AccessStatus:
        spec, namespace = one.it.spec, one.meta.namespace
        key = issuing.public_key(spec.request)
        issuing.check_user(spec.user)
        tenant = self._landscape.tenant_of(namespace)
        if tenant is None:
            raise Waiting(f"the namespace {namespace} belongs to no tenant")
        if site.asleep:
            raise Waiting(site.asleep)
        signer = await self._kube.find(resources.SECRETS, f"{spec.cluster}-ca", namespace=namespace)
        way = await find_way(self._kube, (namespace, spec.cluster))
        if signer is None or way is None or not site.server:
            raise Waiting("the cluster has no API server yet")
        certificate = issuing.issue(
            issuing.authority(signer),
            key,
            user=spec.user,
            group=grants.GROUPS[spec.role],
            now=now,
            until=grants.ends_at(one, tenant.it.spec.access, now=now, cluster_ends=site.ends),
        )
        made = {
            "certificate": certificate,
            "authority": way.authority.decode("ascii", "replace"),
            "server": site.server,
            "issued_at": format_time(now),
            "expires_at": format_time(issuing.Marks.of(certificate).ends),
        }
        return grants.told(one, now=now, obstacle="its role is being given").model_copy(update=made)
