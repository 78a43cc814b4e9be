"""Every object of every set of values is taken by a real API server, Pods by one that enforces `restricted`."""

import copy
from pathlib import Path

import pytest

from certs import injection, kube
from certs.injection import Target
from certs.keeper import Keeper
from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, PODS, SERVICE_ACCOUNTS, Resource
from tests.charts.rendering import CI, COMPONENTS, Helm, kinds, only

OTHERS_KINDS = {"Certificate", "Issuer", "PodMonitor", "PrometheusRule"}
"""Of operators that are not here. Their shape is held by test_rendered alone."""
RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}


@pytest.fixture
async def restricted(admin: Kube, namespace: str) -> str:
    await admin.merge(NAMESPACES, namespace, {"metadata": {"labels": RESTRICTED}})
    return namespace


@pytest.mark.parametrize("values", CI, ids=lambda path: path.name)
async def test_every_object_is_accepted(helm: Helm, admin: Kube, namespace: str, values: Path) -> None:
    manifests = [m for m in helm.render(values, namespace=namespace) if m["kind"] not in OTHERS_KINDS]
    served = await _served(admin, {m["apiVersion"] for m in manifests})
    for manifest in manifests:
        resource = served[manifest["apiVersion"], manifest["kind"]]
        answer = await _dry_apply(admin, resource, manifest)
        assert answer["kind"] == manifest["kind"]


async def test_crds_of_the_chart_are_the_ones_that_are_served(helm: Helm, admin: Kube) -> None:
    for crd in kinds(helm.render(), "CustomResourceDefinition"):
        served = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, crd["metadata"]["name"])
        ours, theirs = (c["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for c in (crd, served))
        assert ours["properties"].keys() == theirs["properties"].keys()


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("values", [path for path in CI if path.name != "everything-values.yaml"], ids=lambda p: p.name)
async def test_pods_run_where_restricted_is_enforced(
    helm: Helm, admin: Kube, restricted: str, values: Path, component: str
) -> None:
    manifests = helm.render(values, namespace=restricted)
    for account in kinds(manifests, "ServiceAccount"):
        await admin.create(SERVICE_ACCOUNTS, account)
    await admin.create(PODS, _pod(manifests, component, restricted), dry_run=True)


async def test_a_careless_pod_is_refused_there(helm: Helm, admin: Kube, restricted: str) -> None:
    manifests = helm.render(namespace=restricted)
    for account in kinds(manifests, "ServiceAccount"):
        await admin.create(SERVICE_ACCOUNTS, account)
    careless = _pod(manifests, "bot", restricted)
    careless["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    with pytest.raises(errors.Forbidden, match="restricted"):
        await admin.create(PODS, careless, dry_run=True)


async def test_upgrade_by_helm_leaves_the_ca_bundles_that_the_keeper_put_there(
    helm: Helm, control_plane: ControlPlane, namespace: str
) -> None:
    # Without the CRDs, which all tests share. The configurations refuse everything while they are there; nothing
    # else runs meanwhile, and they go with the release.
    values: Manifest = {"crds": {"enabled": False}, "fullnameOverride": namespace}
    kubeconfig = control_plane.kubeconfig
    assert "deployed" in helm.install(namespace, values, kubeconfig=kubeconfig, namespace=namespace)
    try:
        async with kube.connect(namespace=namespace, secret="certs", kubeconfig=kubeconfig) as store:
            await Keeper(store, hosts=["127.0.0.1"]).context()
            bundle = (await store.read()).data
            assert bundle is not None
            ours = await _targets(store, namespace)
            assert len(ours) == 2
            assert all(injection.holds(target, bundle["ca.crt"]) for target in ours)
            values["webhooks"] = {"validating": {"timeoutSeconds": 7}, "replicas": 2}
            assert "deployed" in helm.upgrade(namespace, values, kubeconfig=kubeconfig, namespace=namespace)
            upgraded = await _targets(store, namespace)
            assert upgraded != ours
            assert all(injection.holds(target, bundle["ca.crt"]) for target in upgraded)
    finally:
        helm.uninstall(namespace, kubeconfig=kubeconfig, namespace=namespace)


async def _targets(store: kube.Store, name: str) -> list[Target]:
    return [target for target in await store.targets() if target.path.endswith(f"/{name}-webhooks")]


def _pod(manifests: list[Manifest], component: str, namespace: str) -> Manifest:
    template = copy.deepcopy(only(manifests, "Deployment", f"clusterdesk-{component}")["spec"]["template"])
    meta = {"name": component, "namespace": namespace, "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}


async def _served(kube: Kube, versions: set[str]) -> dict[tuple[str, str], Resource]:
    """What the API server says it serves, so that the test needs no table of its own."""
    found = {}
    for api_version in versions:
        group, _, version = api_version.rpartition("/")
        listed = await kube.call("GET", f"/apis/{api_version}" if group else f"/api/{version}")
        for entry in listed["resources"]:
            if "/" not in entry["name"]:
                resource = Resource(group, version, entry["name"], entry["kind"], namespaced=entry["namespaced"])
                found[api_version, entry["kind"]] = resource
    return found


async def _dry_apply(kube: Kube, resource: Resource, manifest: Manifest) -> Manifest:
    meta = manifest["metadata"]
    path = resource.path(namespace=meta.get("namespace", ""), name=meta["name"])
    # Strict: a field that the API server does not know is a mistake of the chart, not something to drop in silence.
    query = {"fieldManager": "test", "force": "true", "dryRun": "All", "fieldValidation": "Strict"}
    return await kube.call("PATCH", path, query=query, body=manifest, content_type="application/apply-patch+yaml")
