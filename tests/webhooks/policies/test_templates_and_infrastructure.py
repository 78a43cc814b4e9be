"""Machine templates stay what they were measured by, and machines stay at home."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioning.resources import (
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    Resource,
)
from tests.webhooks.estate import WORLD, deployment, owned, template, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.facts import All, Answer, Query
from webhooks.policies import immutable_templates, own_infrastructure
from webhooks.policies.own_infrastructure import MANAGED_BY
from webhooks.trusted import Trusted

MACHINE = "spec.template.spec"


def check(policy: Any, resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(policy.POLICY, request(resource, new, **rest))


def test_a_template_does_not_change() -> None:
    verdict = check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(cores=64), old=template())
    assert isinstance(verdict, Deny)
    assert verdict.code == 422
    assert "another name" in verdict.reason


def test_marks_on_a_template_may_change() -> None:
    marked = tweak(template(), "metadata.labels", {"a": "b"})
    assert check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, marked, old=template()) == Allow()


def test_a_template_does_not_come_back_larger_under_a_name_in_use() -> None:
    verdict = check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(cores=64), deployment())
    assert isinstance(verdict, Deny)
    assert "MachineDeployment raw" in verdict.reason
    assert check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template("new"), deployment()) == Allow()


def test_a_name_that_the_api_server_made_up_is_held_against_those_in_use_as_well() -> None:
    # What the request itself is called is empty then.
    unnamed = replace(request(KUBEVIRT_MACHINE_TEMPLATES, template(cores=64)), name="")
    verdict = World(*WORLD, deployment()).check(immutable_templates.POLICY, unnamed)
    assert isinstance(verdict, Deny)
    assert "MachineDeployment raw" in verdict.reason


class InAWhile(World):
    """Where something is being let in that is not stored yet."""

    def __init__(self, *coming: Any) -> None:
        super().__init__(*WORLD)
        self.coming = World(*WORLD, *coming)

    def answer(self, query: Query) -> Answer:
        return self.coming.answer(query) if isinstance(query, All) and query.after else super().answer(query)


@pytest.mark.parametrize("kind", [MACHINE_DEPLOYMENTS, MACHINE_SETS])
def test_who_is_being_let_in_at_this_moment_was_measured_by_the_template_that_is_gone(kind: Resource) -> None:
    coming = {**deployment(), "apiVersion": kind.api_version, "kind": kind.kind}
    there = InAWhile(coming)
    verdict = there.check(immutable_templates.POLICY, request(KUBEVIRT_MACHINE_TEMPLATES, template(cores=64)))
    assert isinstance(verdict, Deny)
    assert f"{kind.kind} raw was measured" in verdict.reason
    others = request(KUBEVIRT_MACHINE_TEMPLATES, template("new", cores=64))
    assert there.check(immutable_templates.POLICY, others) == Allow()


def test_nobody_waits_who_writes_nothing_or_could_raise_the_quota_as_well() -> None:
    there = InAWhile(deployment())
    for how in ({"dry_run": True}, {"groups": ("system:masters",)}):
        asked = request(KUBEVIRT_MACHINE_TEMPLATES, template(), **how)
        assert there.check(immutable_templates.POLICY, asked) == Allow()


def test_a_template_that_is_still_there_is_not_made_anew_whoever_takes_it_away_meanwhile() -> None:
    verdict = check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(cores=64), template())
    assert isinstance(verdict, Deny)
    assert "there is a template big already" in verdict.reason


def test_a_machine_set_by_hand_was_measured_too_and_one_of_a_deployment_only_remembers() -> None:
    bare = {**deployment("bare"), "apiVersion": MACHINE_SETS.api_version, "kind": MACHINE_SETS.kind}
    verdict = check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(), bare)
    assert isinstance(verdict, Deny)
    assert "MachineSet bare" in verdict.reason
    new = deployment("new", template="another")
    kept = owned(tweak(bare, "spec.replicas", 0), new)
    assert check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(), kept, new) == Allow()
    assert isinstance(check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(), kept), Deny)


def test_the_machines_of_an_old_set_are_still_measured_by_their_template() -> None:
    new = deployment("new", template="another")
    rolled = owned({**deployment("old"), "apiVersion": MACHINE_SETS.api_version, "kind": MACHINE_SETS.kind}, new)
    verdict = check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(cores=64), rolled, new)
    assert isinstance(verdict, Deny)
    assert "MachineSet old was measured" in verdict.reason


def test_what_somebody_took_away_from_under_a_cluster_of_ours_is_put_back() -> None:
    ours = Trusted().provisioner
    assert check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, template(), deployment(), user=ours) == Allow()


def test_templates_of_nobodys_namespaces_are_left_alone() -> None:
    new, old = template(cores=64, namespace="elsewhere"), template(namespace="elsewhere")
    assert check(immutable_templates, KUBEVIRT_MACHINE_TEMPLATES, new, old=old) == Allow()


def test_machines_in_their_own_namespace_pass() -> None:
    assert check(own_infrastructure, KUBEVIRT_MACHINE_TEMPLATES, template()) == Allow()
    home = tweak(template(), f"{MACHINE}.virtualMachineTemplate.metadata", {"namespace": "tenant-blue"})
    assert check(own_infrastructure, KUBEVIRT_MACHINE_TEMPLATES, home) == Allow()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{MACHINE}.virtualMachineTemplate.metadata", {"namespace": "tenant-red"}),
        (f"{MACHINE}.infraClusterSecretRef", {"name": "elsewhere"}),
    ],
)
def test_machines_elsewhere_are_refused(path: str, value: Any) -> None:
    verdict = check(own_infrastructure, KUBEVIRT_MACHINE_TEMPLATES, tweak(template(), path, value))
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field.startswith(path)
    machine = manifest(KUBEVIRT_MACHINES, "web-0", tweak(template(), path, value)["spec"]["template"]["spec"])
    verdict = check(own_infrastructure, KUBEVIRT_MACHINES, machine)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field.startswith(path.replace(MACHINE, "spec"))


def test_a_kubevirt_cluster_is_kamajis_from_beginning_to_end() -> None:
    ours = manifest(KUBEVIRT_CLUSTERS, "web", {}, annotations={MANAGED_BY: "kamaji"})
    bare = manifest(KUBEVIRT_CLUSTERS, "web", {})
    assert check(own_infrastructure, KUBEVIRT_CLUSTERS, ours) == Allow()
    assert isinstance(check(own_infrastructure, KUBEVIRT_CLUSTERS, bare), Deny)
    assert isinstance(check(own_infrastructure, KUBEVIRT_CLUSTERS, bare, old=ours), Deny)
    # One that was there before the tenant was goes on as it is: its provider writes it.
    assert check(own_infrastructure, KUBEVIRT_CLUSTERS, tweak(bare, "spec.a", 1), old=bare) == Allow()
    remote = tweak(ours, "spec.infraClusterSecretRef", {"name": "x"})
    assert isinstance(check(own_infrastructure, KUBEVIRT_CLUSTERS, remote), Deny)
    going = tweak(bare, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(own_infrastructure, KUBEVIRT_CLUSTERS, going, old=ours) == Allow()


def test_whoever_has_moved_it_away_may_take_the_mark_off_before_it_is_deleted() -> None:
    ours = manifest(KUBEVIRT_CLUSTERS, "web", {}, annotations={MANAGED_BY: "kamaji"})
    moved = manifest(KUBEVIRT_CLUSTERS, "web", {}, annotations={own_infrastructure.MOVED_AWAY: ""})
    platform = {"old": ours, "groups": ("system:masters",)}
    assert check(own_infrastructure, KUBEVIRT_CLUSTERS, moved, **platform) == Allow()
    assert isinstance(check(own_infrastructure, KUBEVIRT_CLUSTERS, moved, old=ours), Deny)
    unmarked = manifest(KUBEVIRT_CLUSTERS, "web", {})
    assert isinstance(check(own_infrastructure, KUBEVIRT_CLUSTERS, unmarked, **platform), Deny)
