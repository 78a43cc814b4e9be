"""What the playground opens with: valid for our models, accepted by the API server, never put over what people did."""

from __future__ import annotations

from typing import Any

import pytest

from playground import apply, startup
from playground.workspace import people
from provisioning import errors
from provisioning.kube import Kube
from provisioning.model import Catalog, Tenant
from provisioning.names import TENANT_LABEL
from provisioning.people import approvers_of_some
from provisioning.resources import CATALOGS, NAMESPACES, TENANTS


def samples(kind: str) -> list[dict[str, Any]]:
    return [manifest for manifest in startup.samples() if manifest["kind"] == kind]


def tenants() -> dict[str, Tenant]:
    return {
        manifest["metadata"]["name"]: Tenant.model_validate({"spec": manifest["spec"]})
        for manifest in samples("Tenant")
    }


def test_catalog_offers_plain_flavors_one_with_a_disk_one_with_a_gpu_and_three_kubernetes_minors() -> None:
    (manifest,) = samples("Catalog")
    catalog = Catalog.model_validate({"spec": manifest["spec"]}).spec
    assert [flavor.name for flavor in catalog.flavors if not flavor.disk and not flavor.gpus] == [
        "small",
        "medium",
        "large",
    ]
    assert len([flavor for flavor in catalog.flavors if flavor.disk]) == 1
    assert len([flavor for flavor in catalog.flavors if flavor.gpus]) == 1
    assert len({release.version.rpartition(".")[0] for release in catalog.versions}) == 3
    assert catalog.recommended().version.startswith("v1.34.")
    assert [each.name for each in catalog.storage_classes if each.default] == ["standard"]
    offered = {add_on.name for add_on in catalog.add_ons}
    assert all(set(add_on.after) <= offered for add_on in catalog.add_ons)


def test_the_catalogs_upgrade_paths_lead_from_the_oldest_version_to_the_newest_in_single_steps() -> None:
    (manifest,) = samples("Catalog")
    paths = {release["version"]: release.get("upgradesFrom", []) for release in manifest["spec"]["versions"]}
    assert paths == {"v1.35.1": ["v1.34.4"], "v1.34.4": ["v1.33.8"], "v1.33.8": []}


def test_clusters_of_one_team_sleep_before_they_are_deleted() -> None:
    assert [name for name, tenant in tenants().items() if tenant.spec.lifetime.hibernation] == ["team-a"]


def test_the_three_tenants_show_three_policies() -> None:
    found = tenants()
    vcpus = {name: tenant.spec.quota.hard.vcpu for name, tenant in found.items()}
    assert min(vcpus, key=lambda name: vcpus[name] or 0) == "team-a"
    assert {name: tenant.spec.approval.required for name, tenant in found.items()} == {
        "team-a": 1,
        "team-b": 2,
        "team-c": 1,
    }
    assert [name for name, tenant in found.items() if tenant.spec.approval.waivers] == ["team-c"]
    assert [name for name, tenant in found.items() if tenant.spec.approval.large] == ["team-c"]


def test_a_tenants_namespaces_say_whose_they_are() -> None:
    labels = {m["metadata"]["name"]: m["metadata"]["labels"][TENANT_LABEL] for m in samples("Namespace")}
    assert labels == {namespace: name for name, tenant in tenants().items() for namespace in tenant.spec.namespaces}


def test_members_and_approvers_are_people_of_the_local_workspace() -> None:
    known = people.load(None)
    slack = {person.id for person in known.people}
    channels = {channel.id for channel in known.channels}
    for tenant in tenants().values():
        assert {subject.slack for subject in (*tenant.spec.members, *approvers_of_some(tenant.spec))} <= slack
        assert tenant.spec.channels.approvals in channels


async def test_the_api_server_takes_the_samples_and_keeps_what_people_change(admin: Kube) -> None:
    await apply.put_missing(admin, startup.samples())
    try:
        changed = await admin.merge(TENANTS, "team-a", {"spec": {"quota": {"hard": {"clusters": 9}}}})
        await apply.put_missing(admin, startup.samples())
        assert await admin.get(TENANTS, "team-a") == changed
    finally:
        for manifest in startup.samples():
            resource = {"Tenant": TENANTS, "Catalog": CATALOGS, "Namespace": NAMESPACES}.get(manifest["kind"])
            if resource is not None:  # What is in a namespace goes with it.
                await admin.delete(resource, manifest["metadata"]["name"])


def test_people_may_use_kubectl_where_they_are_members_or_approvers() -> None:
    bound = {m["metadata"]["namespace"]: {s["name"] for s in m["subjects"]} for m in samples("RoleBinding")}
    for tenant in tenants().values():
        people_of = {subject.user for subject in (*tenant.spec.members, *approvers_of_some(tenant.spec))}
        assert all(bound[namespace] == people_of for namespace in tenant.spec.namespaces)


async def test_a_kind_that_nobody_serves_is_named(admin: Kube) -> None:
    with pytest.raises(apply.UnknownKind, match="serves no Wish in v1"):
        await apply.put(admin, [{"apiVersion": "v1", "kind": "Wish", "metadata": {"name": "a"}}])


async def test_a_wrong_object_is_refused_by_the_api_servers_own_words(admin: Kube) -> None:
    with pytest.raises(errors.Invalid, match="there is one Catalog, named default"):
        await apply.put(admin, [{**samples("Catalog")[0], "metadata": {"name": "second"}}])
