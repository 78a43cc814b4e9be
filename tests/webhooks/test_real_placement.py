"""Every way into a tenant, on the real API server: what must not go there is refused, what belongs there is not."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CLUSTERS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASE_PROXIES,
    HELM_RELEASES,
    HELM_REPOSITORIES,
    KAMAJI_CONTROL_PLANE_TEMPLATES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEADM_CONFIGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    MACHINE_DEPLOYMENTS,
    OCI_REPOSITORIES,
    SECRETS,
    TENANT_CONTROL_PLANES,
    Resource,
)
from tests import foreign_kinds
from tests.webhooks.test_real import Desk, behind_the_door
from webhooks.kinds import (
    APPLICATION_SETS,
    APPLICATIONS,
    CLUSTER_PROFILES,
    GIT_REPOSITORIES,
    HELM_CHARTS,
    KUBEADM_CONTROL_PLANE_TEMPLATES,
    KUBEADM_CONTROL_PLANES,
    KUSTOMIZATIONS,
    PROFILES,
)

POD = "kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"
INSTALL = "helm install ca autoscaler/cluster-autoscaler"
REMOTE = {"secretRef": {"name": "web-kubeconfig"}}
RESOURCE_SET = "addons.cluster.x-k8s.io/resource-set"
SELECTOR = {"matchLabels": {"a": "b"}}
HERE = "beside the control plane"
"""What a denial says of the place where the controllers run."""


@pytest.fixture
async def desk(control_plane: ControlPlane, admin: Kube, tmp_path: Path) -> AsyncIterator[Desk]:
    async with foreign_kinds.served(admin), behind_the_door(control_plane, admin, tmp_path) as desk:
        yield desk


def release(chart: str = "cilium", **more: Any) -> Manifest:
    source = {"kind": "HelmRepository", "name": "charts"}
    return {"interval": "5m", "chart": {"spec": {"chart": chart, "sourceRef": source}}, "kubeConfig": REMOTE, **more}


def machine(user_data: str) -> Manifest:
    volumes = [{"name": "boot", "cloudInitNoCloud": {"userData": user_data}}]
    inner = {"domain": {"cpu": {"cores": 1}, "memory": {"guest": "1Gi"}, "devices": {}}, "volumes": volumes}
    return {"template": {"spec": {"virtualMachineTemplate": {"spec": {"template": {"spec": inner}}}}}}


def application(**source: Any) -> Manifest:
    to = {"server": "https://10.0.0.7:6443", "namespace": "kube-system"}
    return {"project": "default", "destination": to, "source": {"repoURL": "https://helm.example.org", **source}}


def charts(chart: str) -> Manifest:
    entry = {
        "repositoryURL": "https://helm.example.org",
        "repositoryName": "a",
        "chartName": f"a/{chart}",
        "chartVersion": "1",
        "releaseName": "r",
        "releaseNamespace": "kube-system",
    }
    return {"clusterSelector": SELECTOR, "helmCharts": [entry]}


def kustomization(**more: Any) -> Manifest:
    source = {"kind": "GitRepository", "name": "kit"}
    return {"interval": "5m", "prune": True, "path": "./", "sourceRef": source, **more}


def kubeadm(**content: Any) -> Manifest:
    return {"kubeadmConfigSpec": {"postKubeadmCommands": [INSTALL], **content}}


def proxy(**more: Any) -> Manifest:
    return {"clusterSelector": SELECTOR, "repoURL": "https://helm.example.org", "chartName": "cilium", **more}


def by_reference(kind: Resource, name: str, **more: Any) -> Manifest:
    return {"interval": "5m", "chartRef": {"kind": kind.kind, "name": name}, "kubeConfig": REMOTE, **more}


def proxied(namespace: str) -> Manifest:
    """A HelmReleaseProxy for a cluster in that namespace."""
    to = {"kind": "Cluster", "apiVersion": CLUSTERS.api_version, "name": "web", "namespace": namespace}
    made = {key: value for key, value in proxy().items() if key != "clusterSelector"}
    return {**made, "clusterRef": to, "releaseName": "r", "namespace": "kube-system"}


def wrapped(spec: Manifest) -> Manifest:
    return {"template": {"spec": spec}}


CHART = charts("cilium")["helmCharts"][0]
READ = {"apiVersion": "v1", "kind": "Secret", "name": "early"}
AUTOSCALER_IMAGE = {"coreDNS": {"imageRepository": "x/cluster-autoscaler"}}
KUBERNETES = {"version": "v1.34.2", "kubelet": {}}

REFUSED: tuple[tuple[Resource, Manifest, str], ...] = (
    (HELM_RELEASES, release("cluster-autoscaler"), HERE),
    (HELM_RELEASES, release("other"), "not in the Catalog"),
    (HELM_RELEASES, release(values={"sub": {"cloudProvider": "clusterapi"}}), HERE),
    (
        HELM_RELEASES,
        release(postRenderers=[{"kustomize": {"images": [{"name": "a", "newName": "x/cluster-autoscaler"}]}}]),
        HERE,
    ),
    (HELM_RELEASES, {key: value for key, value in release().items() if key != "kubeConfig"}, "all of its own rights"),
    (HELM_RELEASES, by_reference(OCI_REPOSITORIES, "other"), "not in the Catalog"),
    (HELM_RELEASES, by_reference(HELM_CHARTS, "other"), "not in the Catalog"),
    (
        HELM_RELEASES,
        release(kubeConfig={"configMapRef": {"name": "mine"}}),
        "show a token of its own account",
    ),
    (KUSTOMIZATIONS, kustomization(kubeConfig=REMOTE), "cannot be seen here"),
    (KUSTOMIZATIONS, kustomization(kubeConfig=REMOTE, sourceRef={"kind": "GitRepository", "name": "mixed"}), "include"),
    (KUSTOMIZATIONS, kustomization(), "all of its own rights"),
    (
        KUSTOMIZATIONS,
        kustomization(kubeConfig=REMOTE, patches=[{"patch": POD}]),
        HERE,
    ),
    (HELM_CHART_PROXIES, proxy(chartName="cluster-autoscaler"), HERE),
    (HELM_CHART_PROXIES, proxy(chartName="other"), "not in the Catalog"),
    (HELM_CHART_PROXIES, proxy(valuesTemplate="{{ if x }}\nimage: y/cluster-autoscaler\n{{ end }}"), HERE),
    (HELM_RELEASE_PROXIES, {**proxied(""), "chartName": "other"}, "not in the Catalog"),
    (PROFILES, charts("cluster-autoscaler"), HERE),
    (PROFILES, charts("other"), "not in the Catalog"),
    (
        PROFILES,
        {"policyRefs": [{"kind": "ConfigMap", "name": "x", "deploymentType": "Local"}]},
        "may not deploy into the management cluster",
    ),
    (
        PROFILES,
        {"templateResourceRefs": [{"identifier": "a", "resource": {**READ, "namespace": "kube-system"}}]},
        "in kube-system with its own rights",
    ),
    (
        PROFILES,
        {"helmCharts": [{**CHART, "valuesFrom": [{"kind": "Secret", "name": "db", "namespace": "tenant-red"}]}]},
        "in tenant-red with its own rights",
    ),
    (
        PROFILES,
        {"policyRefs": [{"kind": "ConfigMap", "name": "{{ .Cluster.metadata.name }}-a"}]},
        "cannot be seen here",
    ),
    (CLUSTER_PROFILES, charts("kubevirt-csi-driver"), HERE),
    (APPLICATIONS, application(chart="cluster-autoscaler", targetRevision="9"), HERE),
    (APPLICATIONS, application(path="./", targetRevision="main"), "cannot be seen here"),
    (APPLICATIONS, application(path="./", targetRevision="refs/pull/7/head"), "that somebody proposed"),
    (APPLICATIONS, application(path="./", targetRevision="0" * 40), "that somebody proposed"),
    (
        APPLICATIONS,
        application(chart="cilium", targetRevision="1", helm={"valueFiles": ["https://evil.example.org/x"]}),
        "cannot be seen here",
    ),
    (
        APPLICATIONS,
        application(chart="cilium", targetRevision="1", helm={"valuesObject": {"clusterAPIMode": "incluster"}}),
        HERE,
    ),
    (APPLICATION_SETS, {"generators": [], **wrapped(application(chart="kccm"))}, HERE),
    (
        KUBEADM_CONFIG_TEMPLATES,
        wrapped({"files": [{"path": "/etc/kubernetes/manifests/a.yaml", "content": POD}]}),
        HERE,
    ),
    (KUBEADM_CONFIG_TEMPLATES, wrapped({"preKubeadmCommands": [INSTALL]}), HERE),
    (KUBEADM_CONFIGS, {"postKubeadmCommands": [INSTALL]}, HERE),
    (KUBEADM_CONTROL_PLANES, kubeadm(), HERE),
    (KUBEADM_CONTROL_PLANE_TEMPLATES, wrapped(kubeadm()), HERE),
    (KUBEVIRT_MACHINE_TEMPLATES, machine(f"#!/bin/sh\n{INSTALL}\n"), HERE),
    (KUBEVIRT_MACHINE_TEMPLATES, machine("#include\nhttps://evil.example.org/x\n"), "it includes user data"),
    (KAMAJI_CONTROL_PLANES, {"version": "v1.34.2", "addons": AUTOSCALER_IMAGE}, HERE),
    (KAMAJI_CONTROL_PLANE_TEMPLATES, wrapped({"addons": AUTOSCALER_IMAGE}), HERE),
    (
        TENANT_CONTROL_PLANES,
        {
            "controlPlane": {"service": {"serviceType": "ClusterIP"}},
            "kubernetes": KUBERNETES,
            "addons": AUTOSCALER_IMAGE,
        },
        HERE,
    ),
)

WELCOME: tuple[tuple[Resource, Manifest], ...] = (
    (HELM_RELEASES, release()),
    (HELM_RELEASES, release(values={"nameOverride": "cluster-autoscaler", "cloudProvider": "aws"})),
    (HELM_RELEASES, by_reference(OCI_REPOSITORIES, "later")),
    (HELM_CHART_PROXIES, proxy()),
    (HELM_RELEASE_PROXIES, proxied("")),
    (PROFILES, charts("cilium")),
    (APPLICATIONS, application(chart="cilium", targetRevision="1")),
    (
        APPLICATIONS,
        {**application(chart="cluster-autoscaler"), "destination": {"server": "https://kubernetes.default.svc"}},
    ),
    (KUBEADM_CONFIG_TEMPLATES, wrapped({"preKubeadmCommands": ["kubeadm join --cloud-provider=external"]})),
)


async def test_nothing_that_belongs_elsewhere_goes_into_a_tenant_by_any_way(desk: Desk) -> None:
    """One door for all of it: to start it takes longer than to go through it."""
    await every_kind_is_asked_about_and_what_belongs_there_is_let_through(desk)
    await a_tenant_sends_no_add_on_into_the_cluster_of_another(desk)
    await what_was_let_in_is_looked_at_again_when_it_changes(desk)
    await what_a_resource_set_brings_is_looked_at_whichever_comes_first(desk)
    await a_secret_that_is_there_before_it_is_named_is_looked_at_then(desk)
    await no_access_to_the_management_cluster_goes_there(desk)
    await no_keys_of_a_cluster_go_anywhere(desk)


async def every_kind_is_asked_about_and_what_belongs_there_is_let_through(desk: Desk) -> None:
    repository = desk.new(HELM_REPOSITORIES, "charts", {"interval": "1h", "url": "https://helm.example.org"})
    await desk.admin.create(HELM_REPOSITORIES, repository)
    git = {"interval": "1h", "url": "https://git.example.org/anybody/kit"}
    chart = {"interval": "1h", "chart": "other", "sourceRef": {"kind": HELM_REPOSITORIES.kind, "name": "charts"}}
    for kind, name, spec in (
        (GIT_REPOSITORIES, "kit", git),
        (GIT_REPOSITORIES, "mixed", {**git, "include": [{"repository": {"name": "kit"}}]}),
        (OCI_REPOSITORIES, "other", {"interval": "1h", "url": "oci://registry.example.org/charts/other"}),
        (HELM_CHARTS, "other", chart),
    ):
        await desk.admin.create(kind, desk.new(kind, name, spec))
    passed = []
    for resource, spec, why in REFUSED:
        told = await answer(desk, resource, spec)
        if why not in told:
            passed.append((resource.kind, spec, told))
    assert passed == []
    held = [(resource.kind, spec, told) for resource, spec in WELCOME if (told := await answer(desk, resource, spec))]
    assert held == []


async def a_tenant_sends_no_add_on_into_the_cluster_of_another(desk: Desk) -> None:
    for_red = desk.new(HELM_RELEASE_PROXIES, "it", proxied("tenant-red"))
    async with desk.person("eve") as eve:
        with pytest.raises(errors.Forbidden, match="would go to tenant-red with its own rights"):
            await eve.create(HELM_RELEASE_PROXIES, for_red, dry_run=True)
    await desk.admin.create(HELM_RELEASE_PROXIES, for_red, dry_run=True)


async def what_was_let_in_is_looked_at_again_when_it_changes(desk: Desk) -> None:
    await desk.admin.create(HELM_RELEASES, desk.new(HELM_RELEASES, "good", release()))
    for patch in ({"chart": {"spec": {"chart": "cluster-autoscaler"}}}, {"values": {"cloudProvider": "clusterapi"}}):
        with pytest.raises(errors.Forbidden, match=HERE):
            await desk.admin.merge(HELM_RELEASES, "good", {"spec": patch}, namespace=desk.namespace)
    worse = desk.new(HELM_RELEASES, "good", release("kccm"))
    with pytest.raises(errors.Forbidden, match=HERE):
        await desk.admin.apply(HELM_RELEASES, worse, manager="kustomize-controller")
    evil = {"spec": {"url": "https://evil.example.org"}}
    with pytest.raises(errors.Forbidden, match="HelmRelease good: the chart cilium of https://evil"):
        await desk.admin.merge(HELM_REPOSITORIES, "charts", evil, namespace=desk.namespace)
    paused = await desk.admin.merge(HELM_RELEASES, "good", {"spec": {"suspend": True}}, namespace=desk.namespace)
    assert paused["spec"]["suspend"] is True


async def what_a_resource_set_brings_is_looked_at_whichever_comes_first(desk: Desk) -> None:
    named = [{"kind": "ConfigMap", "name": "good"}, {"kind": "ConfigMap", "name": "late"}]
    await desk.admin.create(CONFIG_MAPS, content(desk, "good", "kind: Namespace"))
    await desk.admin.create(CONFIG_MAPS, content(desk, "bad", POD))
    await desk.admin.create(CLUSTER_RESOURCE_SETS, resource_set(desk, "set", named))
    worse = {"spec": {"resources": [*named, {"kind": "ConfigMap", "name": "bad"}]}}
    with pytest.raises(errors.Forbidden, match=HERE) as caught:
        await desk.admin.merge(CLUSTER_RESOURCE_SETS, "set", worse, namespace=desk.namespace)
    fields = {cause.field for cause in caught.value.causes}
    assert fields == {"spec.resources[2](ConfigMap bad).data.a.yaml.spec.containers[0]"}
    merged = "x: &c {image: x/cluster-autoscaler}\nkind: Pod\nspec: {containers: [{name: a, <<: *c}]}\n"
    for text in (POD, merged):
        with pytest.raises(errors.Forbidden, match=HERE):
            await desk.admin.create(CONFIG_MAPS, content(desk, "late", text))
    with pytest.raises(errors.Forbidden, match=HERE):
        await desk.admin.merge(CONFIG_MAPS, "good", {"data": {"b.yaml": POD}}, namespace=desk.namespace)
    hidden = {"a.yaml": base64.b64encode(POD.encode()).decode()}
    with pytest.raises(errors.Forbidden, match=HERE):
        await desk.admin.create(SECRETS, {**desk.new(SECRETS, "s"), "type": RESOURCE_SET, "data": hidden})
    named_only = "kind: Deployment\nmetadata: {name: kubevirt-csi-controller}\nspec: {}\n"
    await desk.admin.create(CONFIG_MAPS, content(desk, "late", named_only))


def naming(secret: str) -> tuple[tuple[Resource, Manifest], ...]:
    """Everything that somebody in a tenant can have read a Secret by."""
    one = {"kind": "Secret", "name": secret}
    boot = {"files": [{"path": "/a", "contentFrom": {"secret": {"name": secret, "key": "a"}}}]}
    template = {"apiGroup": KUBEVIRT_MACHINE_TEMPLATES.group, "kind": KUBEVIRT_MACHINE_TEMPLATES.kind, "name": "t"}
    workers = {"clusterName": "c", "bootstrap": {"dataSecretName": secret}, "infrastructureRef": template}
    labels = {"a": "b"}
    pool = {"clusterName": "c", "replicas": 0, "selector": {"matchLabels": labels}}
    values = [{**one, "valuesKey": "a"}]
    return (
        (CLUSTER_RESOURCE_SETS, {"clusterSelector": SELECTOR, "resources": [one]}),
        (HELM_RELEASES, release(valuesFrom=values)),
        (KUSTOMIZATIONS, kustomization(kubeConfig=REMOTE, postBuild={"substituteFrom": [one]})),
        (PROFILES, {"policyRefs": [one]}),
        (PROFILES, {"templateResourceRefs": [{"identifier": "a", "resource": {**READ, "name": secret}}]}),
        (KUBEADM_CONFIGS, boot),
        (KUBEADM_CONFIG_TEMPLATES, wrapped(boot)),
        (KUBEADM_CONTROL_PLANES, {"kubeadmConfigSpec": boot}),
        (KUBEADM_CONTROL_PLANE_TEMPLATES, wrapped({"kubeadmConfigSpec": boot})),
        (MACHINE_DEPLOYMENTS, {**pool, "template": {"metadata": {"labels": labels}, "spec": workers}}),
    )


async def passing(desk: Desk, secret: str, why: str) -> list[tuple[str, str]]:
    """What may name the Secret, and what is said to it, in place of this."""
    told = [(resource.kind, await answer(desk, resource, spec)) for resource, spec in naming(secret)]
    return [(kind, text) for kind, text in told if why not in text]


async def a_secret_that_is_there_before_it_is_named_is_looked_at_then(desk: Desk) -> None:
    manifests = POD + "---\nimage: x/cluster-autoscaler\n"
    hidden = {"type": "Opaque", "data": {"a": base64.b64encode(manifests.encode()).decode()}}
    await desk.admin.create(SECRETS, {**desk.new(SECRETS, "early"), **hidden})
    assert await passing(desk, "early", HERE) == []
    harmless = {"data": {"a": base64.b64encode(b"a: b").decode()}}
    await desk.admin.create(SECRETS, {**desk.new(SECRETS, "plain"), **harmless})
    assert [kind for kind, spec in naming("plain") if HERE in await answer(desk, kind, spec)] == []


async def no_keys_of_a_cluster_go_anywhere(desk: Desk) -> None:
    owner = {"apiVersion": KAMAJI_CONTROL_PLANES.api_version, "kind": KAMAJI_CONTROL_PLANES.kind, "name": "shop"}
    owners = [{**owner, "uid": "0", "controller": True}]
    # Its owner is none that there is: where a garbage collector runs, it must not be quicker than we are.
    kept = {"ownerReferences": owners, "finalizers": ["example.com/kept"]}
    await desk.admin.create(SECRETS, desk.new(SECRETS, "shop-ca", **kept))
    assert await passing(desk, "shop-ca", "is what the KamajiControlPlane shop keeps for itself") == []
    values = [{"kind": "Secret", "name": "shop-ca", "valuesKey": "a"}]
    stays = release(valuesFrom=values, serviceAccountName="gitops")
    del stays["kubeConfig"]
    assert "is what the KamajiControlPlane shop keeps for itself" in await answer(desk, HELM_RELEASES, stays)
    source = {"contentFrom": {"secret": {"name": "late-ca", "key": "tls.key"}}}
    wait = {"template": {"spec": {"files": [{"path": "/a", **source}]}}}
    await desk.admin.create(KUBEADM_CONFIG_TEMPLATES, desk.new(KUBEADM_CONFIG_TEMPLATES, "wait", wait))
    refused = pytest.raises(errors.Forbidden, match="something in this namespace would give late-ca")
    with refused:
        await desk.admin.create(SECRETS, desk.new(SECRETS, "late-ca", ownerReferences=owners))
    await desk.admin.create(SECRETS, desk.new(SECRETS, "late-ca"))
    with refused:
        taken = {"metadata": {"ownerReferences": owners}, "stringData": {"tls.key": "x"}}
        await desk.admin.merge(SECRETS, "late-ca", taken, namespace=desk.namespace)
    # Whose keys are called so is known before they are there.
    version = {"version": "v1.34.2"}
    with pytest.raises(errors.Forbidden, match="would give late-ca, in which it keeps its keys"):
        await desk.admin.create(KAMAJI_CONTROL_PLANES, desk.new(KAMAJI_CONTROL_PLANES, "late", version))
    await desk.admin.create(KAMAJI_CONTROL_PLANES, desk.new(KAMAJI_CONTROL_PLANES, "early", version))
    assert await passing(desk, "early-ca", "is what the KamajiControlPlane early keeps for itself") == []


async def no_access_to_the_management_cluster_goes_there(desk: Desk) -> None:
    await desk.admin.create(CLUSTER_RESOURCE_SETS, resource_set(desk, "keys", [{"kind": "ConfigMap", "name": "infra"}]))
    # The controller that publishes it is not among the playground's.
    authority = {"ca.crt": desk.plane.pki.bundle.read_text()}
    kind = {"apiVersion": CONFIG_MAPS.api_version, "kind": CONFIG_MAPS.kind}
    root = {"name": "kube-root-ca.crt", "namespace": "kube-system"}
    await apply.put(desk.admin, [{**kind, "metadata": root, "data": authority}])
    ours = base64.b64encode(desk.plane.kubeconfig.read_bytes()).decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "infra"}, "data": {"kubeconfig": ours}}
    with pytest.raises(errors.Forbidden, match="a kubeconfig with the certificate authority of the management"):
        await desk.admin.create(CONFIG_MAPS, content(desk, "infra", yaml.safe_dump(secret)))
    kept = {"type": "Opaque", "data": {"kubeconfig": ours}}
    await desk.admin.create(SECRETS, {**desk.new(SECRETS, "ours"), **kept})
    assert await passing(desk, "ours", "the certificate authority of the management cluster") == []
    path = f"/api/v1/namespaces/{desk.namespace}/serviceaccounts/builder"
    known = base64.b64encode(authority["ca.crt"].encode()).decode()
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "cat"}}
    kubeconfig = {"cluster": {"server": "https://k8s", "certificateAuthorityData": known}, "user": user}
    discovery = {"kubeConfigPath": "/a", "kubeConfig": kubeconfig}
    joining = wrapped({"joinConfiguration": {"discovery": {"file": discovery}}})
    told = await answer(desk, KUBEADM_CONFIG_TEMPLATES, joining)
    assert "a kubeconfig with the certificate authority of the management cluster" in told
    account = {"name": "builder", "namespace": desk.namespace}
    await apply.put(desk.admin, [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}])
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = (await desk.admin.call("POST", f"{path}/token", body=asked))["status"]["token"]
    files = wrapped({"files": [{"path": "/etc/token", "content": token}]})
    told = await answer(desk, KUBEADM_CONFIG_TEMPLATES, files)
    assert f"a token of the management cluster's ServiceAccount {desk.namespace}/builder" in told


async def answer(desk: Desk, resource: Resource, spec: Manifest) -> str:
    """What the API server answers to an object of that kind: empty when it takes it."""
    manifest = desk.new(resource, "it", spec)
    if not resource.namespaced:
        del manifest["metadata"]["namespace"]
    try:
        await desk.admin.create(resource, manifest, dry_run=True)
    except (errors.Forbidden, errors.Invalid) as error:
        return error.message
    return ""


def resource_set(desk: Desk, name: str, named: list[Manifest]) -> Manifest:
    return desk.new(CLUSTER_RESOURCE_SETS, name, {"clusterSelector": SELECTOR, "resources": named})


def content(desk: Desk, name: str, text: str) -> Manifest:
    return {**desk.new(CONFIG_MAPS, name), "data": {"a.yaml": text}}
