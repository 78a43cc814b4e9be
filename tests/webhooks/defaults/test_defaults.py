"""What is filled in, what is left alone, and that twice is once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.digest import digest_of
from provisioning.model import Action, ClusterSpec
from provisioning.names import ADDONS_LABEL, CLUSTER_LABEL, REQUESTED_BY_ANNOTATION, TENANT_LABEL, TOLD_ANNOTATION
from provisioning.objects import parse
from provisioning.resources import (
    CLUSTER_ACCESSES,
    CLUSTER_REQUESTS,
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    TENANT_CLUSTERS,
)
from tests.webhooks.estate import CATALOG, NAMESPACE, SPEC, TENANT, WORLD, cluster, owned, tweak
from tests.webhooks.estate import request as asked
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.defaults import (
    DEFAULTS,
    complete_cluster,
    complete_request,
    kamaji_addons,
    label_clusters,
    managed_by_kamaji,
)
from webhooks.policies.cluster_shape import POLICY as SHAPE
from webhooks.policies.request_rules import POLICY as REQUEST_RULES
from webhooks.policy import UPDATE, about, table
from webhooks.trusted import Trusted

DESIRES = {TENANT_CLUSTERS, CLUSTER_REQUESTS, CLUSTER_ACCESSES, CLUSTERS}
"""Kinds in which people say what they want; a Cluster gets labels and an annotation only."""
LEAN: Any = {"pools": [{"name": "md0", "flavor": "small", "replicas": 2}]}


def complete(module: Any, resource: Any, new: Any, **rest: Any) -> Any:
    return World(*WORLD).complete(module.DEFAULT, request(resource, new, **rest))


def test_what_was_left_out_of_a_cluster_is_filled_in_and_passes_the_rules() -> None:
    done = complete(complete_cluster, TENANT_CLUSTERS, cluster(spec=LEAN))
    assert done["spec"] == SPEC
    assert World(*WORLD).check(SHAPE, request(TENANT_CLUSTERS, done)) == Allow()


def test_what_was_written_stays_as_it_was_written() -> None:
    written = {
        **LEAN,
        "version": "v1.33.4",
        "controlPlane": {"replicas": 2},
        "addOns": [{"name": "metrics", "values": {"a": 1}}],
        "network": {"pods": "10.1.0.0/16"},
    }
    done = complete(complete_cluster, TENANT_CLUSTERS, cluster(spec=written))["spec"]
    assert done == {
        **written,
        "addOns": [{"name": "metrics", "values": {"a": 1}}, {"name": "cilium"}],
        "network": {"pods": "10.1.0.0/16", "services": "10.95.0.0/16"},
    }


def test_a_new_recommendation_does_not_upgrade_who_never_named_a_version() -> None:
    old = tweak(cluster(), "spec.version", "v1.33.4")
    done = complete(complete_cluster, TENANT_CLUSTERS, cluster(spec=LEAN), old=old)
    assert done["spec"]["version"] == "v1.33.4"


def test_who_made_a_cluster_is_noted_once_and_cannot_be_forged() -> None:
    made = complete(complete_cluster, TENANT_CLUSTERS, cluster(), user="ann")
    assert made["metadata"]["annotations"] == {REQUESTED_BY_ANNOTATION: "ann"}
    forged = tweak(cluster(), "metadata.annotations", {REQUESTED_BY_ANNOTATION: "root"})
    changed = complete(complete_cluster, TENANT_CLUSTERS, forged, old=made, user="eve")
    assert changed["metadata"]["annotations"] == {REQUESTED_BY_ANNOTATION: "ann"}
    by_us = complete(complete_cluster, TENANT_CLUSTERS, forged, user=Trusted().provisioner)
    assert by_us["metadata"]["annotations"] == {REQUESTED_BY_ANNOTATION: "root"}


def test_what_the_bot_has_noted_stays_through_everybodys_changes_and_comes_with_nobodys() -> None:
    noted = tweak(cluster(), "metadata.annotations", {TOLD_ANNOTATION: "[]", REQUESTED_BY_ANNOTATION: "ann"})
    lost = tweak(noted, "metadata.annotations", {})
    changed = complete(complete_cluster, TENANT_CLUSTERS, lost, old=noted, user="eve")
    assert changed["metadata"]["annotations"] == {TOLD_ANNOTATION: "[]", REQUESTED_BY_ANNOTATION: "ann"}
    copied = complete(complete_cluster, TENANT_CLUSTERS, noted, user="eve")
    assert copied["metadata"]["annotations"] == {REQUESTED_BY_ANNOTATION: "eve"}


@pytest.mark.parametrize("spec", [None, {}, {"pools": "x"}, {**LEAN, "extra": 1}])
def test_what_cannot_be_read_is_left_to_validation(spec: Any) -> None:
    odd = tweak(cluster(), "spec", spec)
    assert complete(complete_cluster, TENANT_CLUSTERS, odd) == odd


def test_a_request_by_hand_is_finished_so_that_the_rules_accept_it() -> None:
    by_hand = manifest(CLUSTER_REQUESTS, "mine", {"action": "Create", "cluster": "web", "desired": LEAN})
    done = complete(complete_request, CLUSTER_REQUESTS, by_hand, user="ann")
    wanted = parse(ClusterSpec, SPEC)
    assert done["spec"] == {
        "action": "Create",
        "cluster": "web",
        "desired": SPEC,
        "requester": {"user": "ann"},
        "digest": digest_of(action=Action.CREATE, cluster="web", desired=wanted),
    }
    assert World(*WORLD).check(REQUEST_RULES, request(CLUSTER_REQUESTS, done, user="ann")) == Allow()


def test_nobody_but_the_bot_asks_for_others() -> None:
    forged = asked(user="bob", slack="UBOB")
    assert complete(complete_request, CLUSTER_REQUESTS, forged, user="ann")["spec"]["requester"] == {"user": "ann"}
    by_bot = complete(complete_request, CLUSTER_REQUESTS, forged, user=Trusted().bot)
    assert by_bot == forged


@pytest.mark.parametrize("spec", [None, {}, {"action": "Dance"}, {"action": "Create", "desired": {"pools": 1}}])
def test_an_odd_request_is_left_to_validation(spec: Any) -> None:
    odd = tweak(asked(), "spec", spec)
    done = complete(complete_request, CLUSTER_REQUESTS, odd)
    assert "digest" not in (done.get("spec") or {})


def test_a_cluster_by_hand_gets_the_add_ons_and_its_tenants_label() -> None:
    raw = manifest(CLUSTERS, "raw", {}, labels={ADDONS_LABEL: "none", "mine": "1"})
    done = complete(label_clusters, CLUSTERS, raw)
    assert done["metadata"]["labels"] == {
        ADDONS_LABEL: "default",
        TENANT_LABEL: "blue",
        CLUSTER_LABEL: "raw",
        "mine": "1",
    }
    assert done["spec"] == raw["spec"]


def test_a_cluster_by_hand_is_marked_as_without_add_ons_where_its_tenants_policy_says_so() -> None:
    raw = manifest(CLUSTERS, "raw", {}, labels={ADDONS_LABEL: "default"})
    blue = next(o for o in WORLD if o["kind"] == "Tenant" and o["metadata"]["name"] == "blue")
    opted_out = [tweak(o, "spec.handMade", {"addOns": False}) if o is blue else o for o in WORLD]
    done = World(*opted_out).complete(label_clusters.DEFAULT, request(CLUSTERS, raw))
    assert done["metadata"]["labels"][ADDONS_LABEL] == "none"


def test_who_made_a_cluster_by_hand_is_noted_once() -> None:
    raw = manifest(CLUSTERS, "raw", {}, annotations={REQUESTED_BY_ANNOTATION: "somebody-else"})
    done = complete(label_clusters, CLUSTERS, raw, user="ann")
    assert done["metadata"]["annotations"][REQUESTED_BY_ANNOTATION] == "ann"
    again = complete(label_clusters, CLUSTERS, raw, old=done, user="bob")
    assert again["metadata"]["annotations"][REQUESTED_BY_ANNOTATION] == "ann"


def test_clusters_of_ours_and_of_nobodys_namespaces_are_not_labelled() -> None:
    ours = owned(manifest(CLUSTERS, "web", {}), cluster())
    assert complete(label_clusters, CLUSTERS, ours) == ours
    nobodys = manifest(CLUSTERS, "raw", {}, namespace="elsewhere")
    assert complete(label_clusters, CLUSTERS, nobodys) == nobodys


def test_a_control_plane_gets_its_core_add_ons_only_where_nothing_is_said_and_no_topology_owns_it() -> None:
    bare = manifest(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.34.2"})
    done = complete(kamaji_addons, KAMAJI_CONTROL_PLANES, bare)
    assert done["spec"]["addons"] == {"coreDNS": {}, "kubeProxy": {}, "konnectivity": {}}
    said = tweak(bare, "spec.addons", {"coreDNS": {}})
    assert complete(kamaji_addons, KAMAJI_CONTROL_PLANES, said) == said
    topology = tweak(bare, "metadata.labels", {"topology.cluster.x-k8s.io/owned": ""})
    assert complete(kamaji_addons, KAMAJI_CONTROL_PLANES, topology) == topology


def test_a_kubevirt_cluster_is_marked_as_kamajis_when_it_is_made() -> None:
    done = complete(managed_by_kamaji, KUBEVIRT_CLUSTERS, manifest(KUBEVIRT_CLUSTERS, "web", {}))
    assert done["metadata"]["annotations"] == {"cluster.x-k8s.io/managed-by": "kamaji"}
    other = manifest(KUBEVIRT_CLUSTERS, "web", {}, annotations={"cluster.x-k8s.io/managed-by": "me"})
    assert complete(managed_by_kamaji, KUBEVIRT_CLUSTERS, other) == other


def test_nothing_of_a_topology_is_changed() -> None:
    for resource in {rule.resource for default in DEFAULTS for rule in default.applies_to} - DESIRES:
        owned_by_a_topology = manifest(resource, "web", {}, labels={"topology.cluster.x-k8s.io/owned": ""})
        asking = request(resource, owned_by_a_topology)
        for default in table(DEFAULTS).get(about(asking), ()):
            assert World(*WORLD).complete(default, asking) == owned_by_a_topology, default.name


def test_what_rolls_machines_or_is_put_back_by_its_controller_is_never_changed() -> None:
    touched = {rule.resource for default in DEFAULTS for rule in default.applies_to}
    assert touched == {*DESIRES, KAMAJI_CONTROL_PLANES, KUBEVIRT_CLUSTERS}
    later = {rule.resource for default in DEFAULTS for rule in default.applies_to if UPDATE in rule.operations}
    assert later == {TENANT_CLUSTERS, CLUSTER_REQUESTS, CLUSTERS}


def test_a_digest_over_something_else_is_not_put_right() -> None:
    other = asked(desired={**SPEC, "pools": [{"name": "md0", "flavor": "large", "replicas": 9}]})
    meant = tweak(asked(), "spec.digest", other["spec"]["digest"])
    done = complete(complete_request, CLUSTER_REQUESTS, meant)
    assert done["spec"]["digest"] == other["spec"]["digest"]
    verdict = World(*WORLD).check(REQUEST_RULES, request(CLUSTER_REQUESTS, done))
    assert isinstance(verdict, Deny)
    assert "does not fit what is asked for, which has the digest sha256:" in verdict.reason


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:" + "0" * 64,
        digest_of(action=Action.CREATE, cluster="web", desired=parse(ClusterSpec, LEAN)),
        digest_of(action=Action.CREATE, cluster="web", desired=parse(ClusterSpec, SPEC)),
    ],
    ids=["none", "over what was written", "over what that becomes"],
)
def test_a_digest_over_what_was_written_becomes_that_of_what_is_filled_in(digest: str) -> None:
    wish = {"action": "Create", "cluster": "web", "desired": LEAN, "digest": digest}
    done = complete(complete_request, CLUSTER_REQUESTS, manifest(CLUSTER_REQUESTS, "mine", wish))
    assert World(*WORLD).check(REQUEST_RULES, request(CLUSTER_REQUESTS, done)) == Allow()


_WRITTEN = st.fixed_dictionaries(
    {"pools": st.just(LEAN["pools"])},
    optional={
        "version": st.sampled_from(["v1.34.2", "v1.33.4"]),
        "controlPlane": st.sampled_from([{}, {"replicas": 2}, {"replicas": 3}]),
        "addOns": st.lists(st.sampled_from(["cilium", "metrics", "old"]), unique=True).map(
            lambda names: [{"name": name, "values": {"of": name}} for name in names]
        ),
        "network": st.fixed_dictionaries(
            {}, optional={"pods": st.just("10.1.0.0/16"), "services": st.just("10.2.0.0/16")}
        ),
        "lifetime": st.just("72h"),
        "deletionProtection": st.booleans(),
    },
)


@given(written=_WRITTEN, before=st.none() | _WRITTEN, names=st.booleans())
def test_of_what_was_written_nothing_changes_and_twice_is_once(written: Any, before: Any, names: bool) -> None:
    tenant = tweak(TENANT, "spec.lifetime", {"default": "24h"})
    world = World(CATALOG, NAMESPACE, tenant)
    new = cluster(spec=written, annotations={"mine": "1"}, labels={"mine": "2"} if names else None)
    how = {"old": cluster(spec=before)} if before else {}
    done = world.complete(complete_cluster.DEFAULT, request(TENANT_CLUSTERS, new, **how))
    assert world.complete(complete_cluster.DEFAULT, request(TENANT_CLUSTERS, done, **how)) == done
    assert kept(new, done)
    asking = manifest(CLUSTER_REQUESTS, "mine", {"action": "Create", "cluster": "web", "desired": written})
    finished = world.complete(complete_request.DEFAULT, request(CLUSTER_REQUESTS, asking))
    assert world.complete(complete_request.DEFAULT, request(CLUSTER_REQUESTS, finished)) == finished
    assert kept(asking, finished)


def kept(written: Any, done: Any) -> bool:
    """Whether everything that was written is there as it was, in lists at its place."""
    if isinstance(written, dict):
        return isinstance(done, dict) and all(key in done and kept(written[key], done[key]) for key in written)
    if isinstance(written, list):
        return isinstance(done, list) and all(map(kept, written, done[: len(written)])) and len(done) >= len(written)
    return bool(written == done)


@pytest.mark.parametrize(
    "new",
    [
        cluster(spec=LEAN),
        manifest(CLUSTER_REQUESTS, "mine", {"action": "Create", "cluster": "web", "desired": LEAN}),
        manifest(CLUSTERS, "raw", {}),
        manifest(KAMAJI_CONTROL_PLANES, "web", {}),
        manifest(KUBEVIRT_CLUSTERS, "web", {}),
    ],
)
def test_doing_it_twice_is_doing_it_once(new: Any) -> None:
    kinds = {(r.resource.kind): r.resource for d in DEFAULTS for r in d.applies_to}
    resource = kinds[new["kind"]]
    for default in table(DEFAULTS).get(about(request(resource, new)), ()):
        world = World(*WORLD)
        once = world.complete(default, request(resource, new))
        assert once != new
        assert world.complete(default, request(resource, once)) == once
