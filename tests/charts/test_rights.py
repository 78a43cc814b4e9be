"""Each component may do what its code does: the roles against what is rendered, and against what is granted on."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot import __main__ as bot
from provisioning import __main__ as provisioner
from provisioning import addons, audit_heads, belongings, charges, diagnosis, landscape, resources, survey, teardown
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from tests.charts.rendering import CHART, Helm, only
from webhooks import __main__ as webhooks
from webhooks import kinds, lookup, named, standing
from webhooks.policies import control_plane_keys

GOLDEN = sorted((CHART.parents[1] / "tests" / "golden").glob("*.yaml"))
RESOURCES = {
    (found.api_version, found.kind): found for found in vars(resources).values() if isinstance(found, Resource)
}
APPLYING = ("get", "list", "watch", "create", "patch", "delete")
"""What server-side apply, pruning and a watch ask for."""


@pytest.fixture(scope="module")
def rendered(helm: Helm) -> list[Manifest]:
    return helm.render()


def may(role: Manifest, group: str, resource: str, verb: str) -> bool:
    return any(
        group in rule["apiGroups"]
        and (resource in rule["resources"] or "*" in rule["resources"])
        and verb in rule["verbs"]
        and "resourceNames" not in rule
        for rule in role["rules"]
    )


def test_provisioner_may_apply_watch_and_prune_everything_that_it_renders(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    kinds = {RESOURCES[m["apiVersion"], m["kind"]] for path in GOLDEN for m in _documents(path.read_text())}
    assert {"Cluster", "HelmRelease", "Deployment", "Role"} <= {kind.kind for kind in kinds}
    missing = [
        f"{verb} {kind.plural}.{kind.group}"
        for kind in kinds
        for verb in APPLYING
        if not may(role, kind.group, kind.plural, verb)
    ]
    assert missing == []


def test_provisioner_holds_every_right_that_it_hands_on_to_hosted_components(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    missing = [
        f"{verb} {kind}.{right.group}"
        for right in addons.RIGHTS
        for kind in right.kinds
        for verb in right.verbs
        if not may(role, right.group, kind, verb)
    ]
    assert missing == []


def test_provisioner_may_follow_every_kind_that_it_keeps_in_sight(rendered: list[Manifest]) -> None:
    wide = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    own = only(rendered, "Role", "clusterdesk-provisioner")
    missing = [
        f"{verb} {kind.plural}.{kind.group}"
        for kind in (*landscape.DESK, *landscape.WHOLE, *landscape.COUNTED, *landscape.LABELLED, landscape.SIZES)
        for verb in ("list", "watch")
        if not may(wide, kind.group, kind.plural, verb)
    ]
    assert missing == []
    for verb in ("get", "watch", "create", "update", "delete"):
        assert may(own, resources.GROUP, "tenantledgers", verb)


def test_provisioner_may_ask_for_whatever_is_charged(rendered: list[Manifest]) -> None:
    """What a cache does not show is gone only when the API server says so."""
    wide = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    assert [kind.plural for kind in charges.KINDS if not may(wide, kind.group, kind.plural, "get")] == []


def test_provisioner_may_sweep_up_whatever_a_cluster_leaves_behind(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    missing = [
        f"{verb} {kind.plural}.{kind.group}"
        for kind in belongings.SWEPT
        for verb in ("list", "delete")
        if not may(role, kind.group, kind.plural, verb)
    ]
    assert missing == []
    assert [kind for kind in teardown.PAUSABLE if not may(role, kind.group, kind.plural, "patch")] == []
    # Kamaji's finalizer on a Secret is taken off when its TenantControlPlane is gone; Pods say who uses a volume.
    assert may(role, "", "secrets", "patch")
    assert may(role, "", "pods", "list")
    assert may(role, "kamaji.clastix.io", "tenantcontrolplanes", "get")


def test_provisioner_may_tell_of_clusters_in_events(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    for verb in ("get", "create", "patch"):
        assert may(role, resources.EVENTS.group, resources.EVENTS.plural, verb)


def test_webhooks_may_follow_what_they_cache_and_write_ledgers_in_their_own_namespace_only(
    rendered: list[Manifest],
) -> None:
    wide = only(rendered, "ClusterRole", "clusterdesk-webhooks")
    for kind in lookup.CACHED:
        assert may(wide, kind.group, kind.plural, "list"), kind.plural
        assert may(wide, kind.group, kind.plural, "watch"), kind.plural
    assert not may(wide, resources.GROUP, "tenantledgers", "get")
    own = only(rendered, "Role", "clusterdesk-webhooks")
    assert [verb for verb in ("get", "list", "update") if not may(own, resources.GROUP, "tenantledgers", verb)] == []
    assert [verb for verb in ("create", "delete") if may(own, resources.GROUP, "tenantledgers", verb)] == []


def test_webhooks_may_read_what_names_content_for_tenants_and_where_it_comes_from(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-webhooks")
    listed = (*named.NAMING, resources.HELM_RELEASES, kinds.KUSTOMIZATIONS, kinds.PROFILES)
    fetched = (
        resources.CONFIG_MAPS,
        resources.SECRETS,
        resources.SERVICE_ACCOUNTS,
        resources.HELM_REPOSITORIES,
        resources.OCI_REPOSITORIES,
        kinds.HELM_CHARTS,
        kinds.GIT_REPOSITORIES,
    )
    assert [kind.plural for kind in listed if not may(role, kind.group, kind.plural, "list")] == []
    assert [kind.plural for kind in fetched if not may(role, kind.group, kind.plural, "get")] == []
    assert not any(may(role, "", "secrets", verb) for verb in ("list", "watch"))
    keepers = control_plane_keys.KEEPERS
    assert all(may(role, kind.group, kind.plural, verb) for kind in keepers for verb in ("get", "list"))


def test_webhooks_may_look_through_what_stands_in_tenants_and_tell_of_it(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-webhooks")
    assert [kind.plural for kind in standing.KINDS if not may(role, kind.group, kind.plural, "list")] == []
    for verb in ("get", "create", "patch"):
        assert may(role, resources.EVENTS.group, resources.EVENTS.plural, verb)
    assert not any(may(role, kind.group, kind.plural, "delete") for kind in standing.KINDS)
    own = only(rendered, "Role", "clusterdesk-webhooks")
    leases = [rule for rule in own["rules"] if "leases" in rule["resources"]]
    assert {"get", "update"} <= {
        verb for rule in leases if webhooks.LEASE in rule.get("resourceNames", ()) for verb in rule["verbs"]
    }
    assert may(own, resources.LEASES.group, "leases", "create")


def test_provisioner_may_ask_whether_all_is_there_that_it_needs(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    asked = (
        (resources.CUSTOM_RESOURCE_DEFINITIONS, "get"),
        (resources.DATA_STORES, "get"),
        (resources.SERVICE_ACCOUNTS, "get"),
        (survey.REVIEWS, "create"),
    )
    assert [kind.plural for kind, verb in asked if not may(role, kind.group, kind.plural, verb)] == []


def test_bot_may_follow_what_it_shows(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-bot")
    for kind in (resources.CLUSTERS, resources.KAMAJI_CONTROL_PLANES, resources.CLUSTER_ACCESSES):
        assert all(may(role, kind.group, kind.plural, verb) for verb in ("list", "watch")), kind.plural


def test_bot_may_look_at_what_goes_with_a_cluster_and_at_what_keeps_it_and_at_nothing_secret(
    rendered: list[Manifest],
) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-bot")
    looked_at = (*diagnosis.KINDS, resources.EVENTS, resources.SERVICES, resources.PERSISTENT_VOLUME_CLAIMS)
    assert [kind.plural for kind in looked_at if not may(role, kind.group, kind.plural, "list")] == []
    assert not any(may(role, "", "secrets", verb) for verb in ("get", "list", "watch"))


def test_bot_writes_requests_and_no_cluster_of_any_kind_but_in_a_dry_run(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-bot")
    writing = {
        (group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if set(rule["verbs"]) - {"get", "list", "watch"}
    }
    # Dry runs need the right to write; that nothing comes of it without approval is the webhooks' to see to.
    tried = {verb for verb in ("create", "update", "patch") if may(role, resources.GROUP, "tenantclusters", verb)}
    assert tried == {"create", "update", "patch"}
    assert writing == {
        ("clusterdesk.dev", "approvaldelegations"),
        ("clusterdesk.dev", "clusteraccesses"),
        ("clusterdesk.dev", "clusteraccesses/status"),
        ("clusterdesk.dev", "clusterrequests"),
        ("clusterdesk.dev", "clusterrequests/status"),
        ("clusterdesk.dev", "tenantclusters"),
    }


def test_audit_trails_are_anchored_in_objects_of_the_chart_and_who_needs_no_others_may_write_its_own_only(
    rendered: list[Manifest],
) -> None:
    made = {m["metadata"]["name"]: m for m in rendered if m["kind"] == "ConfigMap"}
    assert made.keys() == {audit_heads.name_of(service) for service in audit_heads.SERVICES}
    # The heads outlive an uninstall, and nothing that the chart says of their content overwrites them.
    assert all(m["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for m in made.values())
    assert not any("data" in m for m in made.values())
    for service in ("bot", "webhooks"):
        rules = only(rendered, "Role", f"clusterdesk-{service}")["rules"]
        assert [(rule["resourceNames"], rule["verbs"]) for rule in rules if "configmaps" in rule["resources"]] == [
            ([audit_heads.name_of(service)], ["get", "update"])
        ]
    # The provisioner may: of any, for what it renders.
    wide = only(rendered, "ClusterRole", "clusterdesk-provisioner")
    assert all(may(wide, "", "configmaps", verb) for verb in ("get", "update"))


@pytest.mark.parametrize(("service", "lead"), [("bot", bot.LEASE), ("provisioner", provisioner.LEASE)])
def test_nobody_may_take_the_lead_of_another_service(rendered: list[Manifest], service: str, lead: str) -> None:
    """A stolen token of the bot would keep the provisioner from doing anything."""
    rules = only(rendered, "Role", f"clusterdesk-{service}")["rules"]
    found = [(rule.get("resourceNames"), rule["verbs"]) for rule in rules if "leases" in rule["resources"]]
    assert found == [(None, ["create"]), ([lead], ["get", "update"])]


def test_who_may_only_look_sees_accesses_and_makes_none(rendered: list[Manifest]) -> None:
    view, edit = (only(rendered, "ClusterRole", f"clusterdesk-{name}") for name in ("view", "edit"))
    assert may(view, resources.GROUP, "clusteraccesses", "get")
    assert not any(may(view, resources.GROUP, "clusteraccesses", verb) for verb in ("create", "update", "patch"))
    assert may(edit, resources.GROUP, "clusteraccesses", "create")


def test_members_of_a_tenant_have_what_they_need_and_read_no_secret(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-member")
    for kind in ("tenantclusters", "clusterrequests", "clusteraccesses"):
        assert may(role, resources.GROUP, kind, "create"), kind
    assert may(role, resources.GROUP, "clusterrequests/status", "patch")
    groups = {group for rule in role["rules"] for group in rule["apiGroups"]}
    assert "*" not in groups
    core = [(rule["resources"], rule["verbs"]) for rule in role["rules"] if "" in rule["apiGroups"]]
    assert core == [
        (["events"], ["get", "list", "watch"]),
        (["services", "persistentvolumeclaims"], ["get", "list"]),
        (["namespaces"], ["get"]),
    ]


def test_readers_see_what_is_on_offer_and_who_decides_and_nothing_else(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-reader")
    looking = {"apiGroups": [resources.GROUP], "resources": ["catalogs", "tenants"], "verbs": ["get", "list", "watch"]}
    assert role["rules"] == [looking]
    assert "rbac.authorization.k8s.io/aggregate-to-view" not in role["metadata"]["labels"]


def test_only_the_provisioner_writes_certificates_down_and_the_bot_where_its_cards_are(
    rendered: list[Manifest],
) -> None:
    writing = [
        role["metadata"]["name"]
        for role in rendered
        if role["kind"] == "ClusterRole" and may(role, resources.GROUP, "clusteraccesses/status", "update")
    ]
    # What the bot may write in there is for the webhook to see to (own_access).
    assert writing == ["clusterdesk-bot", "clusterdesk-provisioner"]


def test_bot_makes_and_revokes_access_and_takes_none_away(rendered: list[Manifest]) -> None:
    role = only(rendered, "ClusterRole", "clusterdesk-bot")
    tried = ("create", "patch", "update", "delete")
    assert [verb for verb in tried if may(role, resources.GROUP, "clusteraccesses", verb)] == ["create", "patch"]


def _documents(text: str) -> Iterator[dict[str, Any]]:
    for document in yaml.load_all(text, Loader=yaml.CSafeLoader):
        if document:
            yield from document["items"] if document.get("kind") == "List" else [document]
