"""What is charged, to whom, and what needs no charge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioning import charges, measures
from provisioning.resources import (
    CLUSTERS,
    DATA_VOLUMES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    VIRTUAL_MACHINES,
    Resource,
)
from provisioning.usage import Usage
from tests.builders import envelope
from tests.webhooks.estate import CATALOG, SPEC, TENANT, WORLD, cluster, deployment, owned, template, tweak
from tests.webhooks.fakes import NOW, World
from tests.webhooks.reviews import manifest, request
from webhooks import charged, confirmed
from webhooks.charge import Charge
from webhooks.decision import Allow, Deny
from webhooks.facts import Facts, Unknown
from webhooks.policies import immutable_templates
from webhooks.policies.tenant_quota import POLICY
from webhooks.trusted import Trusted

GI = 2**30
CONTROLLER = "system:serviceaccount:capi-system:capi-manager"


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


def test_a_dry_run_before_the_template_is_there_is_taken_with_a_warning() -> None:
    """As Flux tries a MachineDeployment and its template together, before it writes either."""
    tried = check(MACHINE_DEPLOYMENTS, deployment(template="missing"), dry_run=True)
    assert isinstance(tried, Allow)
    assert "there is no KubevirtMachineTemplate missing" in tried.warnings[0]
    unsized = tweak(template(), "spec.template.spec.virtualMachineTemplate.spec.template.spec.domain", {})
    assert isinstance(check(MACHINE_DEPLOYMENTS, deployment(), unsized, dry_run=True), Deny)


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


def scale(replicas: int, name: str = "raw") -> Any:
    return {
        **manifest(MACHINE_DEPLOYMENTS, name, {"replicas": replicas}),
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
    }


def test_scaling_is_charged_like_writing_the_number() -> None:
    charge = check(MACHINE_DEPLOYMENTS, scale(4), deployment(), template(), old=scale(1), subresource="scale")
    assert isinstance(charge, Charge)
    assert (charge.before.nodes, charge.after.nodes, charge.fence) == (2, 5, "7")
    assert charge.slot == "machinedeployments.cluster.x-k8s.io/tenant-blue/raw"


@pytest.mark.parametrize("kind", [MACHINE_DEPLOYMENTS, MACHINE_SETS])
def test_who_is_measured_by_a_template_is_let_in_before_a_larger_one_of_its_name_is_made(kind: Resource) -> None:
    new = {**deployment(), "apiVersion": kind.api_version, "kind": kind.kind}
    charge = check(kind, new, template())
    assert isinstance(charge, Charge)
    assert charge.holds + confirmed.WITHIN < immutable_templates.SETTLED_SECONDS


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


def test_a_control_plane_by_hand_is_charged_and_its_scale_as_well() -> None:
    front = manifest(KAMAJI_CONTROL_PLANES, "front", {"replicas": 2})
    charge = check(KAMAJI_CONTROL_PLANES, front)
    assert isinstance(charge, Charge)
    assert charge.after == Usage(control_plane_replicas=2, load_balancers=1)
    scaled = check(KAMAJI_CONTROL_PLANES, scale(3, "front"), front, old=scale(2, "front"), subresource="scale")
    assert isinstance(scaled, Charge)
    assert (scaled.before, scaled.after) == (charge.after, Usage(control_plane_replicas=3, load_balancers=1))
    assert scaled.slot == "kamajicontrolplanes.controlplane.cluster.x-k8s.io/tenant-blue/front"


def test_scaling_what_kamaji_made_is_charged_where_kamaji_keeps_the_number() -> None:
    made = manifest(TENANT_CONTROL_PLANES, "front", {"controlPlane": {"deployment": {"replicas": 2}}})
    charge = check(TENANT_CONTROL_PLANES, scale(5, "front"), made, old=scale(2, "front"), subresource="scale")
    assert isinstance(charge, Charge)
    assert (charge.after - charge.before) == Usage(control_plane_replicas=3)


def test_a_service_is_charged_when_it_becomes_a_load_balancer_and_only_then() -> None:
    inside, outside = (manifest(SERVICES, "web", {"type": kind}) for kind in ("ClusterIP", "LoadBalancer"))
    for charge in (check(SERVICES, outside), check(SERVICES, outside, old=inside)):
        assert isinstance(charge, Charge)
        assert charge.after == Usage(load_balancers=1)
        assert charge.field == "spec.type"
    assert check(SERVICES, inside) == Allow()
    assert check(SERVICES, inside, old=outside) == Allow()
    ports = tweak(outside, "spec.ports", [{"port": 81}])
    assert World().check(POLICY, request(SERVICES, ports, old=outside)) == Allow()


def test_a_volume_that_grows_is_charged_with_what_it_grows_to() -> None:
    def claim(size: str) -> Any:
        return manifest(PERSISTENT_VOLUME_CLAIMS, "data", {"resources": {"requests": {"storage": size}}})

    charge = check(PERSISTENT_VOLUME_CLAIMS, claim("20Gi"), old=claim("10Gi"))
    assert isinstance(charge, Charge)
    assert (charge.before.storage, charge.after.storage) == (10 * GI, 20 * GI)
    odd = check(PERSISTENT_VOLUME_CLAIMS, claim("-1"))
    assert isinstance(odd, Deny)
    assert odd.code == 422


def test_what_is_more_than_its_owner_was_charged_with_says_whom_to_change() -> None:
    parent = deployment(replicas=1)
    child = owned(manifest(MACHINE_SETS, "raw-1", {**parent["spec"], "replicas": 4}), parent)
    charge = check(MACHINE_SETS, child, parent, template(), user=CONTROLLER)
    assert isinstance(charge, Charge)
    assert charge.after.nodes == 2
    assert charge.hint == "it is more than the MachineDeployment raw was charged with; change that one"


PARENT = deployment(replicas=3)
SET = owned(manifest(MACHINE_SETS, "raw-1", {**PARENT["spec"], "replicas": 3}), PARENT)
FRONT = manifest(TENANT_CONTROL_PLANES, "raw", {"controlPlane": {"deployment": {"replicas": 2}}})


@pytest.mark.parametrize(
    ("resource", "part"),
    [
        (MACHINE_SETS, owned(manifest(MACHINE_SETS, "mine", {**PARENT["spec"], "replicas": 1}), PARENT)),
        (KUBEVIRT_MACHINES, owned(manifest(KUBEVIRT_MACHINES, "mine", template()["spec"]["template"]["spec"]), SET)),
        (
            KUBEVIRT_MACHINES,
            tweak(
                owned(manifest(KUBEVIRT_MACHINES, "mine", template()["spec"]["template"]["spec"]), SET),
                "metadata.ownerReferences.0.controller",
                False,
            ),
        ),
        (SERVICES, owned(manifest(SERVICES, "mine", {"type": "LoadBalancer"}), FRONT)),
    ],
    ids=["set", "machine", "machine without controller", "service"],
)
def test_many_parts_at_the_same_moment_do_not_all_find_the_same_room(resource: Any, part: Any) -> None:
    there = [PARENT, FRONT, template(), *([SET] if resource == KUBEVIRT_MACHINES else [])]
    assert check(resource, part, *there, user=CONTROLLER) == Allow()
    charge = check(resource, part, *there)
    assert isinstance(charge, Charge)
    assert charge.after in (Usage(nodes=1, vcpu=2000, memory=4 * GI), Usage(load_balancers=1))
    assert charge.hint.startswith("only its controller makes it a part of the ")


def test_who_lets_go_of_a_part_or_makes_it_smaller_is_asked_for_no_more_than_that() -> None:
    more = tweak(SET, "spec.replicas", 4)
    grown = check(MACHINE_SETS, more, PARENT, SET, template(), old=SET)
    assert isinstance(grown, Charge)
    assert (grown.before.nodes, grown.after.nodes) == (0, 4)
    left = check(MACHINE_SETS, tweak(SET, "metadata.ownerReferences", None), PARENT, SET, template(), old=SET)
    assert isinstance(left, Charge)
    assert (left.before.nodes, left.after.nodes) == (0, 3)
    assert check(MACHINE_SETS, SET, PARENT, template(), old=more) == Allow()


def test_fewer_of_something_are_admitted_though_nobody_can_measure_it_any_more() -> None:
    for kind, one in ((MACHINE_SETS, SET), (MACHINE_DEPLOYMENTS, PARENT)):
        nobody = World()
        assert nobody.check(POLICY, request(kind, tweak(one, "spec.replicas", 1), old=one, user=CONTROLLER)) == Allow()
        assert isinstance(check(kind, tweak(one, "spec.replicas", 4), PARENT, old=one), Deny)
    other = tweak(tweak(SET, "spec.replicas", 1), "spec.template.spec.infrastructureRef.name", "another")
    assert isinstance(check(MACHINE_SETS, other, PARENT, old=SET), Deny)


def test_a_number_that_replaces_nothing_known_is_held_against_what_is_there() -> None:
    asked = request(MACHINE_DEPLOYMENTS, scale(9), old=scale(1), subresource="scale")
    verdict = World(*WORLD, deployment(), template()).check(POLICY, replace(asked, old=None))
    assert isinstance(verdict, Charge)
    assert (verdict.before.nodes, verdict.after.nodes) == (2, 10)


@pytest.mark.parametrize(
    ("resource", "spec"),
    [
        (KAMAJI_CONTROL_PLANES, {"replicas": 1}),
        (TENANT_CONTROL_PLANES, {"controlPlane": {}}),
        (MACHINE_SETS, {**deployment()["spec"], "replicas": 1}),
        (KUBEVIRT_MACHINES, template()["spec"]["template"]["spec"]),
        (VIRTUAL_MACHINES, template()["spec"]["template"]["spec"]["virtualMachineTemplate"]["spec"]),
        (DATA_VOLUMES, {"storage": {"resources": {"requests": {"storage": "1Gi"}}}}),
        (SERVICES, {"type": "LoadBalancer"}),
        (KUBEVIRT_MACHINES, {}),
    ],
)
def test_nothing_that_costs_anything_is_made_where_no_tenant_is(resource: Any, spec: Any) -> None:
    """The API server asks about some kinds only where the label says that there is one; the Tenant may not know."""
    verdict = check(resource, manifest(resource, "lone", spec, namespace="elsewhere"), user=CONTROLLER)
    assert isinstance(verdict, Deny)
    assert "the namespace elsewhere belongs to no tenant" in verdict.reason


def test_what_was_there_before_there_were_tenants_is_kept_alive_and_does_not_grow() -> None:
    there = [tweak(one, "metadata.namespace", "elsewhere") for one in (PARENT, SET, template())]
    spec = template()["spec"]["template"]["spec"]
    healed = owned(manifest(KUBEVIRT_MACHINES, "next", spec, namespace="elsewhere"), SET)
    assert check(KUBEVIRT_MACHINES, healed, *there, user=CONTROLLER) == Allow()
    assert isinstance(check(KUBEVIRT_MACHINES, healed, *there), Deny)
    assert check(SERVICES, manifest(SERVICES, "web", {"type": "ClusterIP"}, namespace="elsewhere")) == Allow()
    fewer, more = (tweak(there[0], "spec.replicas", number) for number in (2, 4))
    assert check(MACHINE_DEPLOYMENTS, fewer, *there, old=there[0]) == Allow()
    assert isinstance(check(MACHINE_DEPLOYMENTS, more, *there, old=there[0]), Deny)


def test_parts_of_what_was_there_before_need_not_be_measured_where_their_controller_makes_them() -> None:
    """Of a size, for instance, that a tenant could not be charged by."""
    there = [tweak(one, "metadata.namespace", "elsewhere") for one in (PARENT, SET)]
    odd = {"virtualMachineTemplate": {"spec": {"instancetype": {"kind": "VirtualMachineInstancetype", "name": "mine"}}}}
    alone = manifest(KUBEVIRT_MACHINES, "next", odd, namespace="elsewhere")
    for resource, part, owner in ((KUBEVIRT_MACHINES, alone, there[1]), (MACHINE_SETS, there[1], there[0])):
        healed = owned(part, owner)
        assert check(resource, healed, owner, user=CONTROLLER) == Allow()
        assert isinstance(check(resource, healed, owner), Deny)
        assert isinstance(check(resource, healed, user=CONTROLLER), Deny)
    assert isinstance(check(KUBEVIRT_MACHINES, alone, *there, user=CONTROLLER), Deny)


def test_a_machine_and_its_number_of_questions_do_not_grow_with_its_namespace() -> None:
    parent = deployment(replicas=30)
    made_of = owned(manifest(MACHINE_SETS, "raw-1", {**parent["spec"], "replicas": 30}), parent)
    spec = template()["spec"]["template"]["spec"]
    crowd = [owned(manifest(KUBEVIRT_MACHINES, f"m{n}", spec), made_of) for n in range(30)]
    world = World(*WORLD, parent, template(), made_of, *crowd)
    asked = request(KUBEVIRT_MACHINES, owned(manifest(KUBEVIRT_MACHINES, "next", spec), made_of), user=CONTROLLER)
    facts, rounds = Facts(NOW, Trusted()), 0
    while True:
        try:
            verdict = POLICY.check(asked, facts)
            break
        except Unknown as unknown:
            rounds += 1
            for query in unknown.queries:
                facts.add(query, world.answer(query))
    assert verdict == Allow()
    assert rounds <= 8


def test_every_charged_kind_is_looked_at() -> None:
    assert {kind.resource for kind in charged.KINDS} == set(charges.KINDS)
    assert set(charges.KINDS) < set(measures.PATHS)
