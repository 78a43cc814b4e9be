"""The configurations say what the policies say, and nothing that would lock anybody out."""

from __future__ import annotations

from pathlib import Path

import pytest

import webhooks.defaults
import webhooks.policies
from provisioning import legacy
from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.profile import Profile
from provisioning.resources import GROUP
from webhooks import deliveries
from webhooks.defaults import DEFAULTS
from webhooks.hubs import IN_CLUSTER
from webhooks.policies import POLICIES
from webhooks.policy import Default, Policy
from webhooks.registration import ClientConfig, configurations
from webhooks.trusted import Trusted

VALIDATING, MUTATING = configurations(client=ClientConfig())
HOOKS = {hook["name"]: hook for hook in VALIDATING["webhooks"]}


def test_where_the_older_generation_is_served_its_versions_are_asked_about() -> None:
    older = configurations(client=ClientConfig(), profile=Profile.V1BETA1)
    rules = [rule for made in older for hook in made["webhooks"] for rule in hook["rules"]]
    named = {f"{rule['apiGroups'][0]}/{version}" for rule in rules for version in rule["apiVersions"]}
    assert named >= set(legacy.NEW)
    # On the day of an upgrade the rules hold before anybody registers them anew.
    assert named >= set(legacy.OLD)
    assert [registered(made) for made in older] == [registered(VALIDATING), registered(MUTATING)]


def registered(configuration: Manifest) -> set[tuple[str, str, str]]:
    return {
        (rule["apiGroups"][0], rule["resources"][0], operation)
        for hook in configuration["webhooks"]
        for rule in hook["rules"]
        for operation in rule["operations"]
    }


def wanted(kinds: tuple[Policy, ...] | tuple[Default, ...]) -> set[tuple[str, str, str]]:
    return {
        (r.resource.group, f"{r.resource.plural}/{r.subresource}" if r.subresource else r.resource.plural, operation)
        for kind in kinds
        for r in kind.applies_to
        for operation in r.operations
    }


def test_everything_a_policy_applies_to_is_asked_about_and_nothing_else() -> None:
    assert registered(VALIDATING) == wanted(POLICIES)
    assert registered(MUTATING) == wanted(DEFAULTS)


def test_whoever_ends_a_delegation_waits_for_nobody() -> None:
    noted = HOOKS[f"noted.{GROUP}"]
    assert registered({"webhooks": [noted]}) == {(GROUP, "approvaldelegations", "DELETE")}
    assert noted["timeoutSeconds"] == 2
    others = {"webhooks": [hook for hook in HOOKS.values() if hook is not noted]}
    assert (GROUP, "approvaldelegations", "DELETE") not in registered(others)


@pytest.mark.parametrize(
    ("package", "listed"),
    [
        (webhooks.policies, [policy.name for policy in POLICIES]),
        (webhooks.defaults, [default.name for default in DEFAULTS]),
    ],
)
def test_every_file_is_listed_under_its_own_name(package: object, listed: list[str]) -> None:
    folder = Path(str(package.__file__)).parent  # type: ignore[attr-defined]
    assert sorted(listed) == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def test_scaling_is_asked_about_by_name() -> None:
    assert ("cluster.x-k8s.io", "machinedeployments/scale", "UPDATE") in registered(VALIDATING)


def test_validation_fails_closed_and_defaults_fail_open() -> None:
    open_ones = {name for name, hook in HOOKS.items() if hook["failurePolicy"] != "Fail"}
    assert open_ones == {f"noted.{GROUP}"}
    assert {hook["failurePolicy"] for hook in MUTATING["webhooks"]} == {"Ignore"}
    assert {hook["reinvocationPolicy"] for hook in MUTATING["webhooks"]} == {"IfNeeded"}


@pytest.mark.parametrize("hook", [*VALIDATING["webhooks"], *MUTATING["webhooks"]], ids=lambda hook: str(hook["name"]))
def test_good_manners_of_a_webhook(hook: Manifest) -> None:
    assert hook["admissionReviewVersions"] == ["v1"]
    assert hook["sideEffects"] == "NoneOnDryRun"
    assert hook["matchPolicy"] == "Equivalent"
    assert hook["timeoutSeconds"] <= 10
    assert hook["name"].endswith(".clusterdesk.dev")
    assert "caBundle" not in hook["clientConfig"]
    assert len(hook["matchConditions"]) <= 64
    assert all("*" not in rule["resources"] for rule in hook["rules"])


def test_the_platforms_namespaces_are_excluded_by_a_name_that_nobody_can_forge() -> None:
    (expression,) = HOOKS["rules.clusterdesk.dev"]["namespaceSelector"]["matchExpressions"]
    assert expression["key"] == "kubernetes.io/metadata.name"
    assert set(expression["values"]) == Trusted().namespaces


def test_kinds_that_are_everywhere_are_looked_at_in_tenants_namespaces_only() -> None:
    hook, everywhere = HOOKS["content.clusterdesk.dev"], HOOKS["rules.clusterdesk.dev"]
    assert {"key": TENANT_LABEL, "operator": "Exists"} in hook["namespaceSelector"]["matchExpressions"]
    many = {"configmaps", "secrets", "virtualmachines", "virtualmachineinstances"}
    assert many <= {rule["resources"][0] for rule in hook["rules"]}
    assert many.isdisjoint(rule["resources"][0] for rule in everywhere["rules"])
    # Other people's clusters come and go without us.
    going = [rule for rule in everywhere["rules"] if "DELETE" in rule["operations"]]
    assert {rule["apiGroups"][0] for rule in going} == {GROUP, ""}
    assert [rule["resources"] for rule in going if rule["apiGroups"] == [""]] == [["namespaces"]]


def test_flux_goes_on_outside_of_tenants_namespaces_while_nobody_answers() -> None:
    groups = {rule["apiGroups"][0] for rule in HOOKS["rules.clusterdesk.dev"]["rules"]}
    assert [group for group in groups if group.endswith("fluxcd.io")] == []


def test_argo_cd_goes_on_in_the_management_cluster_while_nobody_answers() -> None:
    """Whoever asked about each of its Applications could not be brought back by one."""
    conditions = {it["name"]: it["expression"] for it in HOOKS["rules.clusterdesk.dev"]["matchConditions"]}
    told = conditions["applications-of-other-clusters"]
    assert told.startswith("request.resource.resource != 'applications' || !")
    assert all(f"'{here}'" in told for here in IN_CLUSTER)


def test_of_what_content_is_looked_for_in_nothing_is_asked_about_twice() -> None:
    looked_at = {rule.resource.plural for rule in deliveries.RULES}
    twice = {rule["resources"][0] for rule in HOOKS["rules.clusterdesk.dev"]["rules"] if "CREATE" in rule["operations"]}
    twice &= {
        rule["resources"][0] for rule in HOOKS["content.clusterdesk.dev"]["rules"] if "CREATE" in rule["operations"]
    }
    assert twice & looked_at == set()


def test_a_secret_is_asked_about_whatever_type_it_says_that_it_has() -> None:
    """Flux takes values, and kubeadm files, from a Secret of any type."""
    conditions = HOOKS["content.clusterdesk.dev"]["matchConditions"]
    assert [condition["name"] for condition in conditions if "Secret" in condition["expression"]] == []


def test_accounts_of_a_tenants_namespace_are_asked_about_what_is_hosted_and_nobody_else() -> None:
    hook = HOOKS["hosted.clusterdesk.dev"]
    assert {"key": TENANT_LABEL, "operator": "Exists"} in hook["namespaceSelector"]["matchExpressions"]
    (condition,) = hook["matchConditions"]
    assert "request.userInfo.username.startsWith(" in condition["expression"]


def test_what_we_keep_ourselves_never_waits_for_ourselves() -> None:
    hook = HOOKS["ours.clusterdesk.dev"]
    assert hook["namespaceSelector"] == {}
    (condition,) = hook["matchConditions"]
    assert Trusted().webhooks in condition["expression"]
    assert Trusted().provisioner in condition["expression"]


def test_a_url_takes_the_place_of_the_service() -> None:
    validating, mutating = configurations(client=ClientConfig(url="https://127.0.0.1:9443/"))
    assert {hook["clientConfig"]["url"] for hook in validating["webhooks"]} == {"https://127.0.0.1:9443/validate"}
    assert mutating["webhooks"][0]["clientConfig"] == {"url": "https://127.0.0.1:9443/mutate"}
