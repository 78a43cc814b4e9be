"""Who would be given what a control plane keeps in Secrets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import yaml

from provisioning.resources import (
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    SECRETS,
    TENANT_CONTROL_PLANES,
)
from tests.webhooks.estate import WORLD, owned, tweak
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.policies.test_hosted_controllers_only import NAMING, POD, encoded
from tests.webhooks.reviews import manifest, request
from webhooks import named
from webhooks.decision import Allow, Deny
from webhooks.facts import All, One
from webhooks.judge import Judge
from webhooks.kinds import CLUSTER_PROFILES, KUSTOMIZATIONS
from webhooks.policies import POLICIES
from webhooks.policies.control_plane_keys import EACH_MAX, KEEPERS, POLICY
from webhooks.policies.control_plane_keys import KEPT as KEYS
from webhooks.trusted import Trusted

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


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        (HELM_RELEASES, {"valuesFrom": [{"kind": "Secret", "name": "c"}]}),
        (KUSTOMIZATIONS, {"postBuild": {"substituteFrom": [{"kind": "Secret", "name": "c"}]}}),
    ],
)
def test_nor_to_what_flux_installs_in_the_management_cluster(kind: Any, spec: Any) -> None:
    """Whoever wrote it may read there what comes of it."""
    stays = manifest(kind, "r", {"serviceAccountName": "gitops", **spec})
    verdict = check(kind, stays, KEPT)
    assert isinstance(verdict, Deny)
    assert "the Secret c is what the KamajiControlPlane web keeps for itself" in verdict.reason
    assert isinstance(check(SECRETS, KEPT, stays), Deny)
    assert check(kind, stays, SECRET) == check(SECRETS, SECRET, stays) == Allow()
    web = manifest(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.34.2"})
    assert isinstance(check(KAMAJI_CONTROL_PLANES, web, named_so(stays, "web-ca")), Deny)


def test_kamajis_own_keys_are_keys_as_well() -> None:
    kind, naming = NAMING[0]
    assert isinstance(check(kind, naming, owned(SECRET, manifest(TENANT_CONTROL_PLANES, "web"))), Deny)


def test_keys_that_come_after_what_names_them_are_not_made() -> None:
    kind, naming = NAMING[1]
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


def named_so(naming: Any, name: str) -> Any:
    return yaml.safe_load(yaml.safe_dump(naming).replace("name: c\n", f"name: {name}\n"))


@pytest.mark.parametrize("kind", [KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES])
@pytest.mark.parametrize("key", KEYS)
def test_a_control_plane_does_not_come_where_its_keys_are_named_already(kind: Any, key: str) -> None:
    _, naming = next(each for each in NAMING if each[0] == KUBEADM_CONFIG_TEMPLATES)
    web = manifest(kind, "web", {"version": "v1.34.2"})
    verdict = check(kind, web, named_so(naming, f"web-{key}"))
    assert isinstance(verdict, Deny)
    assert f"of the KubeadmConfigTemplate {naming['metadata']['name']} would give web-{key}" in verdict.reason
    assert check(kind, web, named_so(naming, f"shop-{key}")) == check(kind, web, naming) == Allow()
    # What there is already goes on.
    assert check(kind, tweak(web, "spec.version", "v1.34.3"), named_so(naming, f"web-{key}"), old=web) == Allow()


@pytest.mark.parametrize("kind", [KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES])
@pytest.mark.parametrize("key", KEYS)
def test_keys_that_a_control_plane_has_still_to_write_are_given_to_nobody_either(kind: Any, key: str) -> None:
    resource, naming = next(each for each in NAMING if each[0] == KUBEADM_CONFIG_TEMPLATES)
    verdict = check(resource, named_so(naming, f"web-{key}"), manifest(kind, "web"))
    assert isinstance(verdict, Deny)
    assert f"the Secret web-{key} is what the {kind.kind} web keeps for itself" in verdict.reason
    assert check(resource, named_so(naming, f"shop-{key}"), manifest(kind, "web")) == Allow()
    assert check(resource, named_so(naming, "web-values"), manifest(kind, "web")) == Allow()
    elsewhere = manifest(kind, "web", namespace="tenant-red")
    assert check(resource, named_so(naming, f"web-{key}"), elsewhere) == Allow()


def naming_many(count: int) -> Any:
    files = [{"path": f"/{n}", "contentFrom": {"secret": {"name": f"c{n}-ca", "key": "a"}}} for n in range(count)]
    return manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": {"files": files}}})


@pytest.mark.parametrize("count", [1, EACH_MAX, EACH_MAX + 1, 500])
def test_however_many_names_there_are_few_questions_find_the_one_that_a_control_plane_will_write(count: int) -> None:
    for kind, there in ((KAMAJI_CONTROL_PLANES, True), (TENANT_CONTROL_PLANES, True), (TENANT_CONTROL_PLANES, False)):
        plane = manifest(kind, f"c{count - 1}", namespace="tenant-blue" if there else "tenant-red")
        world = World(*WORLD, plane, manifest(kind, "another"))
        judge = Judge([POLICY], [], world, ToldLedgers(), Trusted(), lambda: NOW)
        verdict = asyncio.run(_decide(judge, request(KUBEADM_CONFIG_TEMPLATES, naming_many(count))))
        assert isinstance(verdict, Deny) == there
        if isinstance(verdict, Deny):
            assert [cause.field for cause in verdict.causes] == [f"spec.template.spec.files[{count - 1}].contentFrom"]
            assert f"what the {kind.kind} c{count - 1} keeps for itself" in verdict.reason
        asked = {query for query, _ in world.asked if query.resource in KEEPERS}
        assert len(asked) <= len(KEEPERS) * EACH_MAX


def test_names_of_several_namespaces_are_each_looked_for_in_their_own() -> None:
    def naming(namespace: str) -> Any:
        refs = [{"kind": "Secret", "name": f"c{n}-ca", "namespace": f"tenant-{n}"} for n in range(EACH_MAX)]
        refs.append({"kind": "Secret", "name": "web-ca", "namespace": namespace})
        return manifest(CLUSTER_PROFILES, "p", {"policyRefs": refs})

    web = manifest(KAMAJI_CONTROL_PLANES, "web", namespace="tenant-red")
    assert isinstance(check(CLUSTER_PROFILES, naming("tenant-red"), web), Deny)
    assert check(CLUSTER_PROFILES, naming("tenant-green"), web) == Allow()


async def _decide(judge: Judge, asked: Any) -> Any:
    return await judge.validate(asked, deadline=asyncio.get_running_loop().time() + 5)


SELF = "system:serviceaccount:kamaji-system:kamaji"
KUBECONFIG = yaml.safe_dump(
    {"clusters": [{"cluster": {"server": "https://10.9.9.9:6443"}}], "users": [{"name": "a", "user": {}}]}
)


@pytest.mark.parametrize(
    ("kind", "content", "lists", "reads"),
    [
        *((TENANT_CONTROL_PLANES, {"name": f"web-{key}", "data": {"tls.key": "eA=="}}, 0, 2) for key in KEYS),
        (KAMAJI_CONTROL_PLANES, {"name": "web-kubeconfig", "data": {"value": encoded(KUBECONFIG)}}, 0, 5),
        (None, {"name": "own", "data": {"password": "eA=="}}, 0, 2),
        (None, {"name": "own", "data": {"value": encoded(KUBECONFIG)}}, 0, 5),
        # It may be one that was named before: only then all that can name a Secret has to be asked.
        (TENANT_CONTROL_PLANES, {"name": "odd", "data": {"tls.key": "eA=="}}, len(named.NAMERS["Secret"]), 2),
        (None, {"name": "own", "data": {"a": encoded(POD)}}, len(named.NAMERS["Secret"]), 2),
    ],
)
def test_a_secret_asks_for_no_list_unless_it_would_be_refused_by_one(
    kind: Any, content: Any, lists: int, reads: int
) -> None:
    secret = manifest(SECRETS, content["name"], data=content["data"], type="Opaque")
    if kind is not None:
        secret = owned(secret, manifest(kind, "web"))
    world = World(*WORLD)
    judge = Judge(POLICIES, [], world, ToldLedgers(), Trusted(), lambda: NOW)
    assert asyncio.run(_decide(judge, request(SECRETS, secret, user=SELF))) == Allow()
    queries = {query for query, _ in world.asked}
    assert sum(isinstance(query, All) for query in queries) == lists
    assert sum(isinstance(query, One) for query in queries) == reads


def test_what_can_name_a_config_map_is_a_handful() -> None:
    for kind, naming in NAMING:
        sources = named.NAMING[kind](tweak(naming, "spec", naming["spec"]))
        assert {source.kind for source in sources if source.name} <= {"Secret"} or kind in named.NAMERS["ConfigMap"]
    assert set(named.NAMERS["ConfigMap"]) <= set(named.NAMING)
