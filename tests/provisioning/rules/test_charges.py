"""What is charged, and that what we render for a cluster is never more than the cluster was charged with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import footprint, legacy, quota
from provisioning.charges import Assessor, Unmeasurable
from provisioning.model import NodePool
from provisioning.resources import (
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    TENANT_CLUSTERS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    Resource,
)
from provisioning.usage import Usage
from tests.builders import machine_deployment, machine_template
from tests.provisioning.manifests import examples
from tests.provisioning.manifests.examples import NAMESPACE, SPECIAL, UID, Manifest, catalog, of_kind, only, rendered

GI = 2**30
INSTANCETYPE = {"metadata": {"name": "u1.xlarge"}, "spec": {"cpu": {"guest": 4}, "memory": {"guest": "8Gi"}}}


class Estate:
    """What stands: everything rendered for a cluster, the TenantCluster itself, and the platform's instancetype."""

    def __init__(self, manifests: list[Manifest], spec: Manifest) -> None:
        owner = {"metadata": {"name": "web", "namespace": NAMESPACE, "uid": UID}, "spec": spec}
        self.found: dict[tuple[Resource, str], Manifest] = {
            (TENANT_CLUSTERS, "web"): owner,
            (VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1.xlarge"): INSTANCETYPE,
        }
        for manifest in of_kind(manifests, "KubevirtMachineTemplate"):
            self.found[KUBEVIRT_MACHINE_TEMPLATES, manifest["metadata"]["name"]] = manifest

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        assert bool(namespace) is resource.namespaced
        return self.found.get((resource, name))

    def list(self, resource: Resource, *, namespace: str = "") -> Sequence[Manifest]:
        return [manifest for (kind, _), manifest in self.found.items() if kind == resource]

    def cost(self, manifest: Manifest, resource: Resource = MACHINE_DEPLOYMENTS) -> Usage:
        return Assessor(self, catalog).cost(resource, manifest)


def of_cluster(**changes: Any) -> tuple[list[Manifest], Estate]:
    manifests = rendered(**changes)
    return manifests, Estate(manifests, {**examples.SPEC, **changes})


def test_machines_of_every_kind_of_pool_are_within_what_their_cluster_is_charged_with() -> None:
    manifests, estate = of_cluster(**SPECIAL)
    deployments = of_kind(manifests, "MachineDeployment")
    assert [estate.cost(deployment) for deployment in deployments] == [Usage()] * 3


def test_of_a_deployment_with_more_machines_than_its_pool_those_that_are_more_are_charged() -> None:
    manifests, estate = of_cluster()
    deployment = only(manifests, "MachineDeployment")
    deployment["spec"]["replicas"] = 3
    assert estate.cost(deployment) == Usage(nodes=1, vcpu=2000, memory=4 * GI)


def test_more_machines_for_an_update_than_the_pool_has_are_charged_as_well() -> None:
    manifests, estate = of_cluster()
    deployment = only(manifests, "MachineDeployment")
    deployment["spec"]["rollout"]["strategy"]["rollingUpdate"]["maxSurge"] = 2
    assert estate.cost(deployment) == Usage(nodes=1, vcpu=2000, memory=4 * GI)


def test_an_instancetype_that_is_larger_than_the_flavor_says_is_charged() -> None:
    manifests, estate = of_cluster(pools=[{"name": "md0", "flavor": "typed", "replicas": 1}])
    larger = {**INSTANCETYPE, "spec": {"cpu": {"guest": 64}, "memory": {"guest": "8Gi"}}}
    estate.found[VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1.xlarge"] = larger
    assert estate.cost(only(manifests, "MachineDeployment")) == Usage(vcpu=120_000)


def test_a_cluster_asleep_is_charged_as_awake_and_its_machines_with_nothing() -> None:
    manifests = rendered(asleep=True)
    estate = Estate(manifests, examples.SPEC)
    assert footprint.machines(only(manifests, "MachineDeployment")) == 0
    assert estate.cost(only(manifests, "MachineDeployment")) == Usage()


@pytest.mark.parametrize("namespace", [NAMESPACE, "tenant-team-b"])
def test_machines_of_the_older_generation_are_measured_by_a_template_of_their_own_namespace(namespace: str) -> None:
    manifests, estate = of_cluster()
    said = legacy.down(only(manifests, "MachineDeployment"))
    said["spec"]["template"]["spec"]["infrastructureRef"]["namespace"] = namespace
    if namespace == NAMESPACE:
        assert estate.cost(legacy.up(said)) == Usage()
    else:
        with pytest.raises(Unmeasurable, match=f"must be {NAMESPACE}"):
            estate.cost(legacy.up(said))


def test_a_deployment_made_by_hand_is_as_large_as_the_instancetype_that_it_names() -> None:
    estate = Estate([], examples.SPEC)
    template = machine_template(devices={})
    template["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]["instancetype"] = {"name": "u1.xlarge"}
    estate.found[KUBEVIRT_MACHINE_TEMPLATES, "web-md0"] = template
    assert estate.cost(machine_deployment(2, surge=0)) == Usage(nodes=2, vcpu=8000, memory=16 * GI)
    del estate.found[VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, "u1.xlarge"]
    with pytest.raises(Unmeasurable, match=r"u1\.xlarge"):
        estate.cost(machine_deployment(2, surge=0))


sizes = st.one_of(
    st.fixed_dictionaries({"replicas": st.integers(0, 1000)}),
    st.integers(1, 1000).flatmap(
        lambda most: st.fixed_dictionaries({"max": st.just(most), "min": st.integers(0, most)})
    ),
)


@given(sizes, st.integers(0, 1000), st.sampled_from(["small", "large", "roomy", "gpu", "typed"]))
def test_a_pool_is_charged_with_what_its_deployment_can_come_to(size: dict[str, int], surge: int, flavor: str) -> None:
    fields = {"name": "md0", "flavor": flavor, "maxSurge": surge, "maxUnavailable": 1, **size}
    manifests = rendered(pools=[fields])
    deployment, template = only(manifests, "MachineDeployment"), only(manifests, "KubevirtMachineTemplate")
    if "replicas" not in deployment["spec"]:
        # As Cluster API's webhook fills it in.
        deployment["spec"]["replicas"] = size["min"]
    weight = footprint.of_machine_deployment(deployment, template, INSTANCETYPE)
    assert weight == quota.share(NodePool.model_validate(fields), catalog())
