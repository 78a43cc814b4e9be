"""Who would be given what a control plane keeps in Secrets."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import KAMAJI_CONTROL_PLANES, KUBEADM_CONFIG_TEMPLATES, SECRETS, TENANT_CONTROL_PLANES
from tests.webhooks.estate import WORLD, owned, tweak
from tests.webhooks.fakes import World
from tests.webhooks.policies.test_hosted_controllers_only import NAMING
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import CLUSTER_PROFILES
from webhooks.policies.control_plane_keys import POLICY

SECRET = manifest(SECRETS, "c", data={"tls.key": "eA=="}, type="cluster.x-k8s.io/secret")
KEPT = owned(SECRET, manifest(KAMAJI_CONTROL_PLANES, "web"))


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new, **rest))


@pytest.mark.parametrize(("kind", "naming"), NAMING)
def test_the_keys_of_a_cluster_are_given_to_nothing_that_names_them(kind: Any, naming: Any) -> None:
    verdict = check(kind, naming, KEPT)
    assert isinstance(verdict, Deny)
    assert "the Secret c is what the KamajiControlPlane web keeps for itself" in verdict.reason
    assert "eA==" not in verdict.reason
    assert check(kind, naming, SECRET) == check(kind, naming) == Allow()


def test_kamajis_own_keys_are_keys_as_well() -> None:
    kind, naming = NAMING[0]
    assert isinstance(check(kind, naming, owned(SECRET, manifest(TENANT_CONTROL_PLANES, "web"))), Deny)


def test_keys_that_come_after_what_names_them_are_not_made() -> None:
    kind, naming = NAMING[0]
    verdict = check(SECRETS, KEPT, naming, user="system:serviceaccount:kamaji-system:kamaji")
    assert isinstance(verdict, Deny)
    assert "something in this namespace would give c" in verdict.reason
    assert check(SECRETS, KEPT) == check(SECRETS, SECRET, naming) == Allow()
    # Kamaji takes what is there by that name already, and puts the keys into it.
    assert isinstance(check(SECRETS, KEPT, naming, old=SECRET), Deny)
    # A certificate that is renewed is no news.
    assert check(SECRETS, KEPT, naming, old=KEPT) == Allow()
    assert check(kind, tweak(naming, "metadata.namespace", "elsewhere"), KEPT) == Allow()


def test_what_names_them_already_can_be_changed_in_all_else_and_take_no_more_of_them() -> None:
    kind, old = next((kind, naming) for kind, naming in NAMING if kind == KUBEADM_CONFIG_TEMPLATES)
    assert check(kind, tweak(old, "metadata.labels", {"a": "b"}), KEPT, old=old) == Allow()
    files = old["spec"]["template"]["spec"]["files"]
    more = [*files, {"path": "/b", "contentFrom": {"secret": {"name": "d", "key": "a"}}}]
    other = tweak(KEPT, "metadata.name", "d")
    verdict = check(kind, tweak(old, "spec.template.spec.files", more), KEPT, other, old=old)
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == ["spec.template.spec.files[1].contentFrom"]


def test_one_of_the_same_name_elsewhere_is_another_secret() -> None:
    def naming(namespace: str) -> Any:
        policy = {"kind": "Secret", "name": "c", "namespace": namespace}
        return manifest(CLUSTER_PROFILES, "p", {"policyRefs": [policy]})

    there = KEPT["metadata"]["namespace"]
    assert isinstance(check(CLUSTER_PROFILES, naming(there), KEPT, old=naming("elsewhere")), Deny)
    assert check(CLUSTER_PROFILES, naming("elsewhere"), KEPT, old=naming(there)) == Allow()


def test_a_password_is_taken_from_no_key_either() -> None:
    users = [{"name": "root", "passwdFrom": {"secret": {"name": "c", "key": "tls.key"}}}]
    template = manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": {"users": users}}})
    verdict = check(KUBEADM_CONFIG_TEMPLATES, template, KEPT)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.template.spec.users[0].passwdFrom"
