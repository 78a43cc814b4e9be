"""What is charged, to whom, and what needs no charge."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import CLUSTERS, MACHINE_DEPLOYMENTS, TENANT_CLUSTERS
from provisioning.usage import Usage
from tests.builders import envelope
from tests.webhooks.estate import CATALOG, SPEC, TENANT, WORLD, cluster, deployment, owned, template, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.charge import Charge
from webhooks.decision import Allow, Deny
from webhooks.policies.tenant_quota import POLICY

GI = 2**30


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new, **rest))


def test_a_new_cluster_is_charged_with_the_most_it_can_come_to() -> None:
    charge = check(TENANT_CLUSTERS, cluster())
    assert isinstance(charge, Charge)
    assert charge.after == envelope(nodes=3, vcpu=6000, memory=12 * GI)
    assert (charge.tenant, charge.slot) == ("blue", "tenantclusters.clusterdesk.dev/tenant-blue/web")
    assert (charge.fence, charge.uid, charge.before) == ("", "uid-web", Usage())
    assert charge.hard.bounds == {"clusters": 2, "nodes": 10, "vcpu": 20_000, "memory": 40 * GI}


def test_a_change_is_fenced_by_the_revision_it_replaces() -> None:
    bigger = tweak(cluster(), "spec.pools.0.replicas", 5)
    charge = check(TENANT_CLUSTERS, bigger, old=tweak(cluster(), "metadata.resourceVersion", "41"))
    assert isinstance(charge, Charge)
    assert (charge.fence, charge.uid) == ("41", "uid-web")
    assert (charge.before.nodes, charge.after.nodes) == (3, 6)


def test_what_does_not_grow_is_admitted_without_asking_anybody() -> None:
    smaller = tweak(cluster(), "spec.pools.0.replicas", 1)
    assert check(TENANT_CLUSTERS, smaller, old=cluster()) == Allow()
    marked: Any = {"annotations": {"machinedeployment.clusters.x-k8s.io/revision": "2"}}
    nowhere = World()
    assert nowhere.check(POLICY, request(TENANT_CLUSTERS, cluster(**marked), old=cluster())) == Allow()
    assert nowhere.check(POLICY, request(CLUSTERS, manifest(CLUSTERS, "a", {"b": 1}), old=manifest(CLUSTERS, "a", {})))
    other = {"replicas": 1, "template": {"spec": {"infrastructureRef": {"kind": "AWSMachineTemplate"}}}}
    foreign = manifest(MACHINE_DEPLOYMENTS, "aws", other, namespace="elsewhere")
    again = request(MACHINE_DEPLOYMENTS, {**foreign, **marked}, old=foreign)
    assert nowhere.check(POLICY, again) == Allow()


def test_a_change_of_flavor_grows_in_some_dimension_and_is_charged() -> None:
    other = tweak(tweak(cluster(), "spec.pools.0.flavor", "large"), "spec.pools.0.replicas", 1)
    charge = check(TENANT_CLUSTERS, other, old=cluster())
    assert isinstance(charge, Charge)
    assert charge.after == envelope(nodes=2, vcpu=16_000, memory=64 * GI)


def test_a_namespace_without_a_tenant_takes_no_cluster() -> None:
    verdict = check(TENANT_CLUSTERS, cluster(namespace="elsewhere"))
    assert isinstance(verdict, Deny)
    assert "belongs to no tenant" in verdict.reason


def test_a_label_that_the_tenant_does_not_confirm_is_worth_nothing() -> None:
    world = World(CATALOG, tweak(TENANT, "spec.namespaces", ["other"]), WORLD[2])
    assert isinstance(world.check(POLICY, request(TENANT_CLUSTERS, cluster())), Deny)


def test_the_platforms_own_namespaces_are_left_alone() -> None:
    assert check(TENANT_CLUSTERS, cluster(namespace="kube-system")) == Allow()


def test_a_cluster_made_by_hand_counts_as_one() -> None:
    charge = check(CLUSTERS, manifest(CLUSTERS, "raw", {}))
    assert isinstance(charge, Charge)
    assert charge.after == Usage(clusters=1)


def test_what_is_rendered_for_a_cluster_is_within_its_envelope() -> None:
    owner = cluster()
    assert check(CLUSTERS, owned(manifest(CLUSTERS, "web", {}), owner), owner) == Allow()
    child = owned(deployment("web-md0", replicas=2), owner)
    assert check(MACHINE_DEPLOYMENTS, child, owner, template()) == Allow()


@pytest.mark.parametrize(
    ("child", "owner"),
    [
        (owned(deployment("web-md0", replicas=3), cluster()), cluster()),
        (owned(deployment("web-md9", replicas=1), cluster()), cluster()),
        (owned(deployment("web-md0", replicas=1), tweak(cluster(), "metadata.uid", "older")), cluster()),
        (owned(deployment("web-md0", replicas=1), cluster("gone")), cluster()),
        (owned(deployment("web-md0", replicas=1), {**cluster(), "apiVersion": "evil.dev/v1"}), cluster()),
        (tweak(owned(deployment("web-md0"), cluster()), "metadata.ownerReferences.0.controller", False), cluster()),
    ],
    ids=["larger", "another name", "another uid", "owner gone", "foreign group", "not the controller"],
)
def test_an_owner_is_checked_and_not_believed(child: Any, owner: Any) -> None:
    charge = check(MACHINE_DEPLOYMENTS, child, owner, template())
    assert isinstance(charge, Charge)
    assert charge.after.nodes > 0


def test_leaving_the_envelope_is_charged_in_full() -> None:
    owner = cluster()
    inside = owned(deployment("web-md0", replicas=2), owner)
    outside = tweak(inside, "metadata.ownerReferences", None)
    charge = check(MACHINE_DEPLOYMENTS, outside, owner, template(), old=inside)
    assert isinstance(charge, Charge)
    assert (charge.before, charge.after.nodes) == (Usage(), 3)


def test_the_autoscalers_maximum_counts_not_todays_number() -> None:
    annotations = {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "6"}
    charge = check(MACHINE_DEPLOYMENTS, deployment(replicas=1, annotations=annotations), template())
    assert isinstance(charge, Charge)
    assert charge.after.nodes == 7


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (deployment(template="missing"), "spec.template.spec.infrastructureRef.name"),
        (
            tweak(deployment(), "spec.template.spec.infrastructureRef.kind", "AWSMachineTemplate"),
            "spec.template.spec.infrastructureRef.kind",
        ),
        (tweak(deployment(), "spec.replicas", "3.5"), "spec"),
        (tweak(deployment(), "spec.replicas", -1), "spec"),
        (deployment(template="odd"), "spec"),
    ],
    ids=["no template", "another provider", "no number", "negative", "template without size"],
)
def test_what_cannot_be_measured_is_refused_as_invalid(raw: Any, field: str) -> None:
    odd = tweak(template("odd"), "spec.template.spec.virtualMachineTemplate.spec.template.spec.domain", {})
    verdict = check(MACHINE_DEPLOYMENTS, raw, template(), odd)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.causes[0].field) == (422, field)


def scale(replicas: int) -> Any:
    return {
        **manifest(MACHINE_DEPLOYMENTS, "raw", {"replicas": replicas}),
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
    }


def test_scaling_is_charged_like_writing_the_number() -> None:
    charge = check(MACHINE_DEPLOYMENTS, scale(4), deployment(), template(), old=scale(1), subresource="scale")
    assert isinstance(charge, Charge)
    assert (charge.before.nodes, charge.after.nodes, charge.fence) == (2, 5, "7")
    assert charge.slot == "machinedeployments.cluster.x-k8s.io/tenant-blue/raw"


def test_scaling_within_the_autoscalers_range_is_free() -> None:
    annotations = {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "6"}
    parent = deployment(annotations=annotations)
    assert check(MACHINE_DEPLOYMENTS, scale(6), parent, template(), old=scale(1), subresource="scale") == Allow()


def test_taking_away_the_autoscalers_maximum_does_not_hide_the_machines() -> None:
    annotations = {"cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "2"}
    before = deployment(replicas=4, annotations=annotations)
    assert check(MACHINE_DEPLOYMENTS, deployment(replicas=4), template(), old=before) == Allow()
    after = deployment(replicas=5, annotations=annotations)
    assert isinstance(check(MACHINE_DEPLOYMENTS, after, template(), old=before), Charge)


def test_a_template_that_is_gone_earns_no_credit() -> None:
    after = deployment(template="big", replicas=1)
    charge = check(MACHINE_DEPLOYMENTS, after, template(), old=deployment(template="gone", replicas=9))
    assert isinstance(charge, Charge)
    assert charge.before == Usage()


def test_two_pools_are_charged_together() -> None:
    pools = [*SPEC["pools"], {"name": "md1", "flavor": "large", "min": 0, "max": 1}]
    charge = check(TENANT_CLUSTERS, tweak(cluster(), "spec.pools", pools))
    assert isinstance(charge, Charge)
    assert charge.after == envelope(nodes=5, vcpu=22_000, memory=76 * GI)
