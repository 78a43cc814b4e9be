"""What counts of a tenant, by the caches and by lists of this moment."""

from __future__ import annotations

from provisioning import objects, resources
from provisioning.census import Census
from provisioning.landscape import Landscape
from provisioning.ledger import slot_key
from provisioning.model import Tenant
from provisioning.resources import Resource
from provisioning.usage import Usage
from tests import builders
from tests.builders import NAMESPACE
from tests.fakes.api_server import ApiServer
from tests.provisioning.backstage import SYSTEM, Backstage
from tests.provisioning.waiting import running


async def test_a_recount_measures_parts_by_their_owners_of_the_same_moment() -> None:
    async with ApiServer() as server, server.kube() as kube:
        landscape = Landscape(kube, namespace=SYSTEM)
        stage = Backstage(server, kube, landscape)
        stage.seed()
        stage.put(resources.KUBEVIRT_MACHINE_TEMPLATES, builders.machine_template())
        owner = stage.put(resources.MACHINE_DEPLOYMENTS, builders.machine_deployment(2))
        reference = {key: owner["metadata"][key] for key in ("name", "uid")}
        kind = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        meta = {"name": "old", "namespace": NAMESPACE, "ownerReferences": [{**reference, **kind}]}
        spec = {key: owner["spec"][key] for key in ("clusterName", "template")}
        stage.put(resources.MACHINE_SETS, {"metadata": meta, "spec": {**spec, "replicas": 3}})
        async with running(landscape.run()):
            await landscape.synced()
            await stage.caught_up()
        # From here on the caches hear of nothing.
        stage.patch(resources.MACHINE_DEPLOYMENTS, owner["metadata"]["name"], {"spec": {"replicas": 0}})
        manifest = landscape.get(resources.TENANTS, "", "blue")
        assert manifest is not None
        tenant, census = objects.read(Tenant, manifest), Census(kube, landscape)
        slot = slot_key(resources.MACHINE_SETS, NAMESPACE, "old")
        assert census.seen(tenant)[slot].charge == Usage()
        assert (await census.listed(tenant))[slot].charge == Usage(nodes=3, vcpu=6000, memory=12 * 2**30)


async def test_what_a_machine_is_a_part_of_is_found_all_the_way_up_also_when_it_is_gone() -> None:
    async with ApiServer() as server, server.kube() as kube:
        landscape = Landscape(kube, namespace=SYSTEM)
        stage = Backstage(server, kube, landscape)
        stage.seed()

        def put(kind: Resource, name: str, *owner: tuple[Resource, str]) -> None:
            references = [
                {"apiVersion": each.api_version, "kind": each.kind, "name": named, "uid": f"uid-of-{named}"}
                for each, named in owner
            ]
            stage.put(kind, {"metadata": {"name": name, "namespace": NAMESPACE, "ownerReferences": references}})

        put(resources.VIRTUAL_MACHINES, "m0")
        put(resources.KUBEVIRT_MACHINES, "m0", (resources.MACHINES, "web-md0-x"))
        put(resources.MACHINES, "web-md0-x", (resources.MACHINE_SETS, "web-md0"))
        put(resources.MACHINE_SETS, "web-md0", (resources.MACHINE_DEPLOYMENTS, "gone"))
        async with running(landscape.run()):
            await landscape.synced()
            await stage.caught_up()
            above = Census(kube, landscape).above(slot_key(resources.VIRTUAL_MACHINES, NAMESPACE, "m0"))
        named = ((resources.KUBEVIRT_MACHINES, "m0"), (resources.MACHINE_SETS, "web-md0"))
        assert above == [
            slot_key(kind, NAMESPACE, name) for kind, name in (*named, (resources.MACHINE_DEPLOYMENTS, "gone"))
        ]
