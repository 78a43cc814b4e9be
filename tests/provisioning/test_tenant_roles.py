"""Bindings in a tenant are made what they should be, over real TLS, and never waited for longer than it is worth."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
import trustme

from provisioning import grants, resources
from provisioning.manifest import Manifest
from provisioning.model import ClusterAccess
from provisioning.objects import read
from provisioning.tenant_roles import TenantRoles
from tests.builders import NAMESPACE, tweak
from tests.fakes.api_server import ApiServer, Fault
from tests.provisioning import accesses

WEB = (NAMESPACE, "web")
KIND = resources.CLUSTER_ROLE_BINDINGS


def binding(uid: str = "one", *, cluster: str = "uid-web", role: str = "Viewer") -> Manifest:
    return grants.binding(read(ClusterAccess, tweak(accesses.access(role=role), "metadata.uid", uid)), cluster)


@dataclass
class Two:
    """The management cluster and a tenant, with what keeps roles between them."""

    management: ApiServer
    tenant: ApiServer
    roles: TenantRoles

    async def bring(self, *wanted: Manifest) -> str:
        return await self.roles.bring(WEB, wanted, cluster_uid="uid-web")

    def there(self) -> dict[str, str]:
        return {one["metadata"]["name"]: one["roleRef"]["name"] for one in self.tenant.all(KIND)}


@pytest_asyncio.fixture
async def two() -> AsyncIterator[Two]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with ApiServer() as management, ApiServer(tls=context) as tenant, management.kube() as kube:
        kubeconfig = accesses.kubeconfig_secret(server=tenant.url, ca=authority.cert_pem.bytes())
        management.put(resources.SECRETS, kubeconfig)
        yield Two(management, tenant, TenantRoles(kube, seconds=0.5))


async def test_what_is_missing_is_made_and_what_is_in_place_is_left_alone(two: Two) -> None:
    assert await two.bring(binding()) == ""
    assert two.there() == {"clusterdesk:access:one": "view"}
    last = two.tenant.objects.last
    assert await two.bring(binding()) == ""
    assert two.tenant.objects.last == last


async def test_what_was_deleted_or_changed_in_the_tenant_is_put_right(two: Two) -> None:
    await two.bring(binding())
    two.tenant.remove(KIND, "clusterdesk:access:one")
    await two.bring(binding())
    two.tenant.put(KIND, tweak(binding(), "roleRef.name", "cluster-admin"))
    await two.bring(binding())
    assert two.there() == {"clusterdesk:access:one": "view"}


async def test_what_nobody_should_have_is_taken_away(two: Two) -> None:
    await two.bring(binding("one"), binding("two", role="Admin"))
    assert await two.bring(binding("one")) == ""
    assert two.there() == {"clusterdesk:access:one": "view"}


async def test_the_bindings_of_the_tenants_own_and_of_other_clusters_are_left_alone(two: Two) -> None:
    own = {"metadata": {"name": "ours"}, "roleRef": {"name": "edit"}, "subjects": []}
    two.tenant.put(KIND, own)
    two.tenant.put(KIND, binding("far", cluster="uid-other"))
    await two.bring()
    assert two.there() == {"ours": "edit", "clusterdesk:access:far": "view"}


@pytest.mark.parametrize("fault", [Fault.HANGS, Fault.DROPPED, Fault.HTML, 500, 503, 429])
async def test_a_tenant_that_does_not_answer_is_told_of_within_its_time(two: Two, fault: Fault | int) -> None:
    two.tenant.fail(fault, times=4)
    assert await two.bring(binding()) == "the cluster's API server does not answer"


async def test_a_tenant_that_refuses_is_told_of_in_its_own_words(two: Two) -> None:
    two.tenant.fail(403, method="PATCH")
    assert await two.bring(binding()) == "the cluster's API server refuses: ordered to answer 403"


async def test_a_cluster_without_a_kubeconfig_has_no_api_server_yet(two: Two) -> None:
    two.management.remove(resources.SECRETS, "web-kubeconfig", NAMESPACE)
    assert await two.bring(binding()) == "the cluster has no API server yet"


async def test_a_kubeconfig_that_asks_for_more_than_a_tenant_may_is_not_used(two: Two) -> None:
    two.management.put(resources.SECRETS, accesses.kubeconfig_secret(server="http://192.0.2.1"))
    assert "its server is no https address" in await two.bring(binding())
