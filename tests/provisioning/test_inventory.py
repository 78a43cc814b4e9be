"""What was put there is found by its line when somebody has taken its labels off. Of what others made, nothing is."""

from __future__ import annotations

from typing import Any

from provisioning import inventory, names, resources
from provisioning.manifest import Manifest
from provisioning.manifests.marks import is_ours
from provisioning.model import TenantCluster
from provisioning.objects import Stored
from provisioning.remains import Remains
from tests.fakes.api_server import ApiServer, connected
from tests.provisioning.manifests.examples import NAMESPACE, cluster, rendered

CONFIG = "ConfigMap/web-csi-controller"
MANAGED = [{"manager": "clusterdesk-web", "operation": "Apply"}]


def config(**metadata: Any) -> Manifest:
    return {"metadata": {"name": "web-csi-controller", "namespace": NAMESPACE, **metadata}}


def listing(*lines: str) -> Stored[TenantCluster]:
    return cluster(status={"inventory": list(lines)})


async def strays(server: ApiServer, of: Stored[TenantCluster], **known: list[Manifest]) -> list[Manifest]:
    async with server.kube() as kube:
        return await inventory.strays(kube, Remains.of(of), **{"rendered": [], "parts": [], **known})


def test_a_line_names_kind_group_and_object() -> None:
    listed = inventory.lines(rendered())
    assert "Deployment.apps/web-csi-controller" in listed
    assert "ServiceAccount/web-csi-controller" in listed
    assert "Cluster.cluster.x-k8s.io/web" in listed
    assert list(listed) == sorted(set(listed))


def test_lines_are_no_more_than_a_status_holds() -> None:
    many = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{n}"}} for n in range(900)]
    TenantCluster.model_validate({"spec": cluster().it.spec, "status": {"inventory": inventory.lines(many)}})


async def test_what_lost_its_labels_is_found_by_its_line() -> None:
    async with connected() as (server, _):
        server.put(resources.CONFIG_MAPS, config(managedFields=MANAGED))
        (found,) = await strays(server, listing(CONFIG))
        assert is_ours(found)
        assert found["metadata"]["labels"][names.CLUSTER_LABEL] == "web"


async def test_what_somebody_else_has_made_under_the_name_is_not_taken_for_it() -> None:
    async with connected() as (server, _):
        server.put(resources.CONFIG_MAPS, config(managedFields=[{"manager": "kubectl"}]))
        assert await strays(server, listing(CONFIG)) == []


async def test_nobody_is_asked_of_what_is_rendered_or_carries_our_labels() -> None:
    async with connected() as (server, _):
        wanted = rendered()
        await strays(server, listing(*inventory.lines(wanted)), rendered=wanted)
        await strays(server, listing(*inventory.lines(wanted)), parts=wanted)
        assert server.requests == []


async def test_a_line_of_a_kind_that_nobody_knows_any_more_is_no_stray() -> None:
    async with connected() as (server, _):
        assert await strays(server, listing("Gadget.example.org/web", CONFIG)) == []
