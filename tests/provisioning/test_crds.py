"""The CRDs made from our models, on a real API server: what is valid is taken, each CEL rule refuses in its words."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model.definitions import DEFINITIONS, definitions
from provisioning.resources import CATALOGS, CLUSTER_ACCESSES, CLUSTER_REQUESTS, TENANT_CLUSTERS, TENANTS, Resource
from tests.builders import CATALOG, CLUSTER, GONE, REQUEST, TENANT, tweak
from tests.provisioning.accesses import access

pytestmark = pytest.mark.real

ACCESS = access()
KINDS = {
    "Catalog": CATALOGS,
    "Tenant": TENANTS,
    "TenantCluster": TENANT_CLUSTERS,
    "ClusterRequest": CLUSTER_REQUESTS,
    "ClusterAccess": CLUSTER_ACCESSES,
}


def placed(manifest: Manifest, namespace: str) -> tuple[Resource, Manifest]:
    """What a person would write, in the test's namespace if its kind lives in one; and where it goes."""
    kind = KINDS[manifest["kind"]]
    meta = {"name": manifest["metadata"]["name"], **({"namespace": namespace} if kind.namespaced else {})}
    return kind, {**manifest, "metadata": meta}


@pytest.mark.parametrize("manifest", [CATALOG, TENANT, CLUSTER, REQUEST, ACCESS], ids=lambda m: m["kind"])
async def test_a_small_valid_object_is_taken(admin: Kube, namespace: str, manifest: Manifest) -> None:
    kind, body = placed(manifest, namespace)
    taken = await admin.create(kind, body, dry_run=True)
    assert taken["spec"] == body["spec"]


@pytest.mark.parametrize(
    ("manifest", "path", "value", "message"),
    [
        (CATALOG, "metadata.name", "second", "there is one Catalog, named default"),
        (TENANT, "metadata.name", "t" * 64, "a tenant's name is a label value"),
        (TENANT, "spec.members", [{"user": "ann", "group": "team"}], "name either a user, a group or a Slack"),
        (TENANT, "spec.members", [{"slack": "U0ANN", "group": "team"}], "a Slack account needs the user"),
        (TENANT, "spec.lifetime", {"failed": "500ms"}, "failed must be ten minutes or more"),
        (TENANT, "spec.lifetime", {"failed": "9m59s"}, "failed must be ten minutes or more"),
        (TENANT, "spec.approval", {"large": {"above": {}}}, "say above what a request is large"),
        (TENANT, "spec.approval", {"large": {"required": 1}}, "Required value"),
        (
            TENANT,
            "spec.approval",
            {"required": 2, "large": {"above": {"nodes": 9}, "required": 1}},
            "no fewer must agree",
        ),
        (
            TENANT,
            "spec.approval",
            {"large": {"above": {"hourlyCost": "12.50"}, "approvers": [{"slackGroup": "S0LEADS"}]}},
            "a Slack user group is asked in a channel",
        ),
        (CLUSTER, "metadata.name", "7up", "a cluster's name starts with a letter"),
        (CLUSTER, "metadata.name", "c" * 31, "at most 30 characters"),
        (CLUSTER, "spec.pools", [{"name": "md0", "flavor": "small"}], "give either replicas, or min and max"),
        (CLUSTER, "spec.pools", [{"name": "md0", "flavor": "small", "max": 3}], "min and max go together"),
        (CLUSTER, "spec.pools", [{"name": "md0", "flavor": "small", "min": 4, "max": 3}], "min must not be above max"),
        (CLUSTER, "spec.pools", [], "should have at least 1 items"),
        (CLUSTER, "spec.version", "1.34", "should match"),
        (REQUEST, "spec.desired", GONE, "desired is for Create and Change only"),
        (REQUEST, "spec.digest", "sha256:abc", "should match"),
        (ACCESS, "spec.user", "system:admin", "names that start with system: are Kubernetes' own"),
        (ACCESS, "spec.user", "a" * 65, "may not be more than 64"),
        (ACCESS, "spec.request", "-----BEGIN PRIVATE KEY-----", "this key is burnt, make another one"),
        (ACCESS, "spec.validFor", "59s", "validFor must be a minute or more"),
        (ACCESS, "spec.validFor", GONE, "Required value"),
        (ACCESS, "spec.role", "Root", "Unsupported value"),
    ],
)
async def test_each_rule_refuses_in_its_own_words(
    admin: Kube, namespace: str, manifest: Manifest, path: str, value: Any, message: str
) -> None:
    kind, body = placed(tweak(manifest, path, value), namespace)
    with pytest.raises(errors.Invalid, match=message):
        await admin.create(kind, body, dry_run=True)


async def test_what_was_asked_for_cannot_be_changed(admin: Kube, namespace: str) -> None:
    kind, body = placed(REQUEST, namespace)
    await admin.create(kind, body)
    with pytest.raises(errors.Invalid, match="a request cannot be changed; withdraw it and ask again"):
        await admin.merge(kind, body["metadata"]["name"], {"spec": {"reason": "another"}}, namespace=namespace)


@pytest.mark.parametrize(
    ("field", "value"),
    [("user", "eve"), ("role", "Admin"), ("cluster", "other"), ("validFor", "9h"), ("request", "another")],
)
async def test_access_is_never_changed(admin: Kube, namespace: str, field: str, value: str) -> None:
    kind, body = placed(ACCESS, namespace)
    await admin.create(kind, body)
    with pytest.raises(errors.Invalid, match="an access cannot be changed, only revoked"):
        await admin.merge(kind, "ann-web", {"spec": {field: value}}, namespace=namespace)


async def test_access_is_revoked_once_and_for_all(admin: Kube, namespace: str) -> None:
    kind, body = placed(ACCESS, namespace)
    await admin.create(kind, body)
    await admin.merge(kind, "ann-web", {"spec": {"revoked": True}}, namespace=namespace)
    for back in (False, None):
        with pytest.raises(errors.Invalid, match="what is revoked stays revoked"):
            await admin.merge(kind, "ann-web", {"spec": {"revoked": back}}, namespace=namespace)


async def test_kubectl_explain_has_words_for_every_field_of_every_spec() -> None:
    silent = []
    for definition in definitions():
        kind = definition["spec"]["names"]["kind"]
        (version,) = definition["spec"]["versions"]
        spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
        silent += [f"{kind}.spec.{name}" for name, field in spec["properties"].items() if not field.get("description")]
    assert len(DEFINITIONS) == 7
    assert silent == ["TenantLedger.spec.data"]
