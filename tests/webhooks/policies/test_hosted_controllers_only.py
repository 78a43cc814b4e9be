"""What goes into a tenant by any of the ways there are."""

from __future__ import annotations

import base64
import gzip
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.resources import (
    CLUSTER_CLASSES,
    CLUSTER_RESOURCE_SETS,
    CLUSTERS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANE_TEMPLATES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEADM_CONFIGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    SECRETS,
    TENANT_CONTROL_PLANES,
    Resource,
)
from tests.webhooks.estate import WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks import deliveries, named
from webhooks.decision import Allow, Deny
from webhooks.facts import Answer, One, Query
from webhooks.kinds import (
    APPLICATION_SETS,
    APPLICATIONS,
    CLUSTER_PROFILES,
    KUBEADM_CONTROL_PLANE_TEMPLATES,
    KUBEADM_CONTROL_PLANES,
    KUSTOMIZATIONS,
    PROFILES,
)
from webhooks.policies import no_borrowed_rights, no_management_credentials
from webhooks.policies.hosted_controllers_only import POLICY
from webhooks.policy import Policy

POD = "kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"
REMOTE = {"secretRef": {"name": "web-kubeconfig"}}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*WORLD, *more).check(POLICY, request(resource, new, **rest))


def release(chart: str = "cilium", *, kube_config: Any = REMOTE, **spec: Any) -> Any:
    source = {"kind": "HelmRepository", "name": "r"}
    found = {"chart": {"spec": {"chart": chart, "sourceRef": source}}, "kubeConfig": kube_config, **spec}
    return manifest(HELM_RELEASES, "r", {key: value for key, value in found.items() if value is not None})


def resource_set(kind: str = "ConfigMap") -> Any:
    return manifest(CLUSTER_RESOURCE_SETS, "s", {"clusterSelector": {}, "resources": [{"kind": kind, "name": "c"}]})


def addons(resource: Resource) -> Any:
    return manifest(resource, "k", {"addons": {"coreDNS": {"imageRepository": "x/cluster-autoscaler"}}})


def cloud_init(script: str) -> Any:
    volumes = [{"cloudInitNoCloud": {"userData": f"#!/bin/sh\n{script}\n"}}]
    return {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": volumes}}}}}


def profile(resource: Resource, **spec: Any) -> Any:
    charts = [
        {"chartName": "autoscaler/cluster-autoscaler", "repositoryURL": "https://kubernetes.github.io/autoscaler"}
    ]
    return manifest(resource, "p", spec or {"helmCharts": charts})


def application(server: str = "https://10.0.0.7:6443", **source: Any) -> Any:
    spec = {"destination": {"server": server}, "source": {"repoURL": "https://a.example.org", **source}}
    return manifest(APPLICATIONS, "a", spec, namespace="argocd")


INSTALL = "helm install ca autoscaler/cluster-autoscaler"
CONTENT = manifest(CONFIG_MAPS, "c", data={"a.yaml": POD})


@pytest.mark.parametrize(
    ("resource", "new", "field"),
    [
        (HELM_RELEASES, release("cluster-autoscaler"), "spec.chart.spec.chart"),
        (HELM_RELEASES, release("x", values={"clusterAPIMode": "a"}), "spec.values.clusterAPIMode"),
        (HELM_RELEASES, release("kccm", kube_config={"configMapRef": {"name": "x"}}), "spec.chart.spec.chart"),
        (
            HELM_CHART_PROXIES,
            manifest(HELM_CHART_PROXIES, "p", {"chartName": "cluster-autoscaler"}),
            "spec.chartName",
        ),
        (
            HELM_CHART_PROXIES,
            manifest(HELM_CHART_PROXIES, "p", {"valuesTemplate": "{{ if x }}\nimage: y/cluster-autoscaler\n{{ end }}"}),
            "spec.valuesTemplate",
        ),
        (
            KUSTOMIZATIONS,
            manifest(
                KUSTOMIZATIONS,
                "k",
                {"kubeConfig": REMOTE, "images": [{"newName": "y/cluster-autoscaler"}]},
            ),
            "spec.images[0].newName",
        ),
        (
            KUBEADM_CONFIG_TEMPLATES,
            manifest(
                KUBEADM_CONFIG_TEMPLATES,
                "t",
                {"template": {"spec": {"files": [{"path": "/etc/kubernetes/manifests/a.yaml", "content": POD}]}}},
            ),
            "spec.template.spec.files[0].content.spec.containers[0]",
        ),
        (
            KAMAJI_CONTROL_PLANES,
            manifest(
                KAMAJI_CONTROL_PLANES, "k", {"addons": {"konnectivity": {"agent": {"image": "x/cluster-autoscaler"}}}}
            ),
            "spec.addons.konnectivity.agent.image",
        ),
        (TENANT_CONTROL_PLANES, addons(TENANT_CONTROL_PLANES), "spec.addons.coreDNS.imageRepository"),
        (
            KAMAJI_CONTROL_PLANE_TEMPLATES,
            tweak(addons(KAMAJI_CONTROL_PLANE_TEMPLATES), "spec", {"template": addons(KAMAJI_CONTROL_PLANES)}),
            "spec.template.spec.addons.coreDNS.imageRepository",
        ),
        (
            KUBEADM_CONTROL_PLANES,
            manifest(KUBEADM_CONTROL_PLANES, "k", {"kubeadmConfigSpec": {"postKubeadmCommands": [INSTALL]}}),
            "spec.kubeadmConfigSpec.postKubeadmCommands[0]",
        ),
        (
            KUBEADM_CONTROL_PLANE_TEMPLATES,
            manifest(
                KUBEADM_CONTROL_PLANE_TEMPLATES,
                "k",
                {"template": {"spec": {"kubeadmConfigSpec": {"files": [{"content": POD}]}}}},
            ),
            "spec.template.spec.kubeadmConfigSpec.files[0].content.spec.containers[0]",
        ),
        (
            KUBEVIRT_MACHINES,
            manifest(KUBEVIRT_MACHINES, "m", cloud_init(INSTALL)),
            "spec.virtualMachineTemplate.spec.template.spec.volumes[0].cloudInitNoCloud.userData",
        ),
        (
            CLUSTERS,
            manifest(CLUSTERS, "c", {"topology": {"variables": [{"name": "boot", "value": INSTALL}]}}),
            "spec.topology.variables[0].value",
        ),
        (
            CLUSTER_CLASSES,
            manifest(CLUSTER_CLASSES, "c", {"patches": [{"definitions": [{"jsonPatches": [{"value": [INSTALL]}]}]}]}),
            "spec.patches[0].definitions[0].jsonPatches[0].value[0]",
        ),
        (PROFILES, profile(PROFILES), "spec.helmCharts[0].chartName"),
        (CLUSTER_PROFILES, profile(CLUSTER_PROFILES), "spec.helmCharts[0].chartName"),
        (APPLICATIONS, application(chart="cluster-autoscaler"), "spec.source.chart"),
        (
            APPLICATIONS,
            application(helm={"parameters": [{"name": "cloudProvider", "value": "clusterapi"}]}),
            "spec.source.helm.parameters.cloudProvider",
        ),
        (
            APPLICATIONS,
            application(kustomize={"images": ["any=x/cluster-autoscaler:v1"]}),
            "spec.source.kustomize.images.image",
        ),
        (
            APPLICATIONS,
            {**application(), "operation": {"sync": {"manifests": [POD]}}},
            "operation.sync.manifests[0].spec.containers[0]",
        ),
        (
            APPLICATIONS,
            {**application(), "operation": {"sync": {"source": {"chart": "kccm"}}}},
            "operation.sync.source.chart",
        ),
        (
            APPLICATION_SETS,
            manifest(APPLICATION_SETS, "a", {"template": application(chart="kccm")}, namespace="argocd"),
            "spec.template.spec.source.chart",
        ),
    ],
)
def test_a_controller_on_its_way_into_a_tenant_is_stopped(resource: Any, new: Any, field: str) -> None:
    verdict = check(resource, new)
    assert isinstance(verdict, Deny)
    assert (verdict.code, verdict.causes[0].field) == (403, field)
    assert "beside the control plane" in verdict.reason


def test_what_stays_in_the_management_cluster_is_not_our_business() -> None:
    assert check(HELM_RELEASES, release("cluster-autoscaler", kube_config=None)) == Allow()
    assert check(HELM_RELEASES, tweak(release("cluster-autoscaler"), "metadata.namespace", "elsewhere")) == Allow()
    assert check(HELM_RELEASES, tweak(release("cluster-autoscaler"), "metadata.namespace", "kube-system")) == Allow()


def test_values_from_elsewhere_are_read_too() -> None:
    new = release(valuesFrom=[{"kind": "ConfigMap", "name": "v"}, {"kind": "Secret", "name": "absent"}])
    values = manifest(CONFIG_MAPS, "v", data={"values.yaml": "image: x/cluster-autoscaler\n"})
    verdict = check(HELM_RELEASES, new, values)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field.startswith("spec.valuesFrom[0]")
    assert check(HELM_RELEASES, new) == Allow()


def test_what_a_resource_set_names_is_read() -> None:
    verdict = check(CLUSTER_RESOURCE_SETS, resource_set(), CONTENT)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field.startswith("spec.resources[0]")
    assert check(CLUSTER_RESOURCE_SETS, resource_set()) == Allow()


def test_a_set_that_names_more_than_anybody_reads_is_refused() -> None:
    many = tweak(resource_set(), "spec.resources", [{"kind": "ConfigMap", "name": f"c{n}"} for n in range(20_000)])
    verdict = check(CLUSTER_RESOURCE_SETS, many)
    assert isinstance(verdict, Deny)
    assert "names more than 500 ConfigMaps" in verdict.reason


def test_content_that_comes_after_the_set_is_stopped_when_it_comes() -> None:
    assert isinstance(check(CONFIG_MAPS, CONTENT, resource_set()), Deny)
    assert check(CONFIG_MAPS, CONTENT, resource_set("Secret")) == Allow()
    assert check(CONFIG_MAPS, CONTENT) == Allow()


def test_a_secret_for_resource_sets_is_looked_at_when_it_is_written_named_or_not() -> None:
    secret = manifest(SECRETS, "c", stringData={"a.yaml": POD}, type="addons.cluster.x-k8s.io/resource-set")
    assert isinstance(check(SECRETS, secret), Deny)
    assert check(SECRETS, {**secret, "type": "Opaque"}) == Allow()


@pytest.mark.parametrize("kind", [PROFILES, CLUSTER_PROFILES])
def test_what_a_profile_names_is_read_before_and_after_it_comes(kind: Resource) -> None:
    into = profile(kind, policyRefs=[{"kind": "ConfigMap", "name": "c", "namespace": "tenant-blue"}])
    verdict = check(kind, into, CONTENT)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == "spec.policyRefs[0](ConfigMap c).data.a.yaml.spec.containers[0]"
    assert isinstance(check(CONFIG_MAPS, CONTENT, into), Deny)
    here = tweak(into, "spec.policyRefs.0.deploymentType", "Local")
    assert check(kind, here, CONTENT) == Allow()
    assert check(CONFIG_MAPS, CONTENT, here) == Allow()


BOOTS = {"files": [{"path": "/a", "contentFrom": {"secret": {"name": "c", "key": "a"}}}]}
CLOUD_INIT = {"template": {"spec": {"volumes": [{"cloudInitNoCloud": {"secretRef": {"name": "c"}}}]}}}
BOOTSTRAP = {"bootstrap": {"dataSecretName": "c"}}
VALUES: Any = {"valuesFrom": [{"kind": "Secret", "name": "c"}]}
NAMING = (
    (CLUSTER_RESOURCE_SETS, resource_set("Secret")),
    (HELM_RELEASES, release(**VALUES)),
    (PROFILES, profile(PROFILES, policyRefs=[{"kind": "Secret", "name": "c", "namespace": "elsewhere"}])),
    (PROFILES, profile(PROFILES, templateResourceRefs=[{"resource": {"kind": "Secret", "name": "c"}}])),
    (
        CLUSTER_PROFILES,
        profile(
            CLUSTER_PROFILES, helmCharts=[{"valuesFrom": [{**VALUES["valuesFrom"][0], "namespace": "tenant-blue"}]}]
        ),
    ),
    (KUBEADM_CONFIGS, manifest(KUBEADM_CONFIGS, "k", BOOTS)),
    (KUBEADM_CONFIG_TEMPLATES, manifest(KUBEADM_CONFIG_TEMPLATES, "k", {"template": {"spec": BOOTS}})),
    (KUBEADM_CONTROL_PLANES, manifest(KUBEADM_CONTROL_PLANES, "k", {"kubeadmConfigSpec": BOOTS})),
    (
        KUBEADM_CONTROL_PLANE_TEMPLATES,
        manifest(KUBEADM_CONTROL_PLANE_TEMPLATES, "k", {"template": {"spec": {"kubeadmConfigSpec": BOOTS}}}),
    ),
    (KUBEVIRT_MACHINES, manifest(KUBEVIRT_MACHINES, "m", {"virtualMachineTemplate": {"spec": CLOUD_INIT}})),
    (
        KUBEVIRT_MACHINE_TEMPLATES,
        manifest(
            KUBEVIRT_MACHINE_TEMPLATES,
            "m",
            {"template": {"spec": {"virtualMachineTemplate": {"spec": CLOUD_INIT}}}},
        ),
    ),
    (MACHINES, manifest(MACHINES, "m", BOOTSTRAP)),
    (MACHINE_SETS, manifest(MACHINE_SETS, "m", {"template": {"spec": BOOTSTRAP}})),
    (MACHINE_DEPLOYMENTS, manifest(MACHINE_DEPLOYMENTS, "m", {"template": {"spec": BOOTSTRAP}})),
)
"""Everything that may name the Secret `c`."""


@pytest.mark.parametrize(("kind", "naming"), NAMING)
def test_a_secret_is_looked_at_whether_it_comes_before_or_after_what_names_it(kind: Resource, naming: Any) -> None:
    # A ClusterResourceSet takes no other.
    sort = deliveries.ALWAYS_SENT[0] if kind == CLUSTER_RESOURCE_SETS else "Opaque"
    secret = manifest(SECRETS, "c", data={"a": encoded(POD)}, type=sort)
    verdict = check(kind, naming, secret)
    assert isinstance(verdict, Deny)
    assert "(Secret c).data.a" in verdict.causes[0].field
    assert isinstance(check(SECRETS, secret, naming), Deny)
    harmless = tweak(secret, "data", {"a": encoded("kind: Namespace")})
    assert check(kind, naming, harmless) == check(SECRETS, harmless, naming) == check(kind, naming) == Allow()
    # What was named when it came in stays changeable in all else.
    assert check(kind, tweak(naming, "metadata.labels", {"a": "b"}), secret, old=naming) == Allow()


def test_what_is_named_already_is_not_read_again_whatever_else_changes() -> None:
    old = tweak(resource_set("Secret"), "spec.resources", [{"kind": "Secret", "name": name} for name in "ab"])
    more = tweak(old, "spec.resources", [*old["spec"]["resources"], {"kind": "Secret", "name": "c"}])
    world = Asked(*WORLD)
    assert (
        world.check(POLICY, request(CLUSTER_RESOURCE_SETS, tweak(old, "metadata.labels", {"a": "b"}), old=old))
        == Allow()
    )
    assert world.secrets == []
    assert world.check(POLICY, request(CLUSTER_RESOURCE_SETS, more, old=old)) == Allow()
    assert world.secrets == ["c"]


class Asked(World):
    """A world that remembers which Secrets it was asked for."""

    @property
    def secrets(self) -> list[str]:
        return [query.name for query in self.heard if isinstance(query, One) and query.resource == SECRETS]

    def __init__(self, *manifests: Any) -> None:
        super().__init__(*manifests)
        self.heard: list[Query] = []

    def answer(self, query: Query) -> Answer:
        self.heard.append(query)
        return super().answer(query)


def test_every_kind_that_may_name_a_secret_is_among_them() -> None:
    named_by = {(kind.group, kind.plural) for kind, _ in NAMING} | {(KUSTOMIZATIONS.group, KUSTOMIZATIONS.plural)}
    assert named_by == {(kind.group, kind.plural) for kind in named.NAMING}


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_what_a_kustomization_puts_in_place_of_variables_is_read(kind: str) -> None:
    into = manifest(
        KUSTOMIZATIONS, "k", {"kubeConfig": REMOTE, "postBuild": {"substituteFrom": [{"kind": kind, "name": "c"}]}}
    )
    resource = CONFIG_MAPS if kind == "ConfigMap" else SECRETS
    text = "x/cluster-autoscaler:v1"
    content = manifest(resource, "c", data={"img": text if kind == "ConfigMap" else encoded(text)})
    verdict = check(KUSTOMIZATIONS, into, content)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == f"spec.postBuild.substituteFrom[0]({kind} c).data.img.img"
    assert isinstance(check(resource, content, into), Deny)
    assert check(resource, content, tweak(into, "spec.kubeConfig", None)) == Allow()


@pytest.mark.parametrize(
    "packed",
    [
        base64.b64encode(POD.encode()),
        gzip.compress(POD.encode()),
        base64.b64encode(gzip.compress(POD.encode())),
        gzip.compress(f"#cloud-config\nwrite_files:\n- {{encoding: b64, content: {encoded(POD)}}}\n".encode()),
    ],
    ids=("base64", "gzip", "gzip in base64", "a file of its own in gzip"),
)
def test_what_a_machine_unpacks_for_itself_is_looked_into(packed: bytes) -> None:
    secret = manifest(SECRETS, "c", data={"a": base64.b64encode(packed).decode()}, type="Opaque")
    template = manifest(KUBEADM_CONFIG_TEMPLATES, "k", {"template": {"spec": BOOTS}})
    assert isinstance(check(SECRETS, secret, template), Deny)
    assert isinstance(check(KUBEADM_CONFIG_TEMPLATES, template, secret), Deny)


def test_what_cannot_be_unpacked_is_refused_once_a_machine_is_to_have_it_and_not_before() -> None:
    bomb = base64.b64encode(gzip.compress(b"\0" * 5_000_000)).decode()
    secret = manifest(SECRETS, "c", data={"a": bomb}, type="Opaque")
    assert check(SECRETS, secret) == Allow()
    verdict = check(SECRETS, secret, manifest(KUBEADM_CONFIGS, "k", BOOTS))
    assert isinstance(verdict, Deny)
    assert verdict.code == 422


def test_what_was_there_and_cannot_be_unpacked_may_be_marked_and_taken_away() -> None:
    """An older version of us did not unpack it; Cluster API goes on writing owners into what it names."""
    bomb = base64.b64encode(gzip.compress(b"\0" * 5_000_000)).decode()
    secret, naming = manifest(SECRETS, "c", data={"a": bomb}, type="Opaque"), manifest(KUBEADM_CONFIGS, "k", BOOTS)
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u"}]
    assert check(SECRETS, tweak(secret, "metadata.ownerReferences", owners), naming, old=secret) == Allow()
    assert check(SECRETS, tweak(secret, "data", {"a": encoded("echo")}), naming, old=secret) == Allow()
    assert isinstance(check(SECRETS, tweak(secret, "data", {"a": encoded(POD)}), naming, old=secret), Deny)
    assert check(KUBEADM_CONFIGS, tweak(naming, "spec", {}), secret, old=naming) == Allow()


def test_more_content_than_is_looked_through_in_time_is_refused_whole() -> None:
    many = tweak(resource_set(), "spec.resources", [{"kind": "ConfigMap", "name": f"c{n}"} for n in range(12)])
    large = [manifest(CONFIG_MAPS, f"c{n}", data={"a": "x" * 800_000}) for n in range(12)]
    verdict = check(CLUSTER_RESOURCE_SETS, many, *large)
    assert isinstance(verdict, Deny)
    assert "what it names comes to more than" in verdict.reason
    assert check(CLUSTER_RESOURCE_SETS, many, *large[:9]) == Allow()


def test_of_what_stands_in_a_secret_no_more_is_told_than_what_it_is_known_by() -> None:
    script = "x --infra-cluster-namespace=hidden; y --cloud-provider=clusterapi"
    values = "clusterAPIKubeconfigSecret: hidden\n"
    for text, naming in ((script, NAMING[6]), (values, NAMING[1])):
        secret = manifest(SECRETS, "c", data={"a": encoded(text)}, type="Opaque")
        for verdict in (check(*naming, secret), check(SECRETS, secret, naming[1])):
            assert isinstance(verdict, Deny)
            assert "hidden" not in verdict.reason


def test_secrets_that_a_worker_boots_with_are_read_when_they_come() -> None:
    secret = manifest(SECRETS, "boot", stringData={"a": POD}, type="Opaque")
    files = [{"path": "/etc/kubernetes/manifests/a.yaml", "contentFrom": {"secret": {"name": "boot", "key": "a"}}}]
    template = manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": {"files": files}}})
    assert isinstance(check(SECRETS, secret, template), Deny)
    volumes = [{"cloudInitNoCloud": {"secretRef": {"name": "boot"}}}]
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": volumes}}}}}
    assert isinstance(
        check(SECRETS, secret, manifest(KUBEVIRT_MACHINE_TEMPLATES, "t", {"template": {"spec": machine}})), Deny
    )
    assert check(SECRETS, secret) == Allow()


@pytest.mark.parametrize("kind", [MACHINE_DEPLOYMENTS, MACHINE_SETS, MACHINES])
def test_the_user_data_that_a_machine_names_itself_is_read_when_it_comes(kind: Resource) -> None:
    spec = {"bootstrap": {"dataSecretName": "boot"}}
    named = manifest(kind, "m", spec if kind is MACHINES else {"template": {"spec": spec}})
    secret = manifest(SECRETS, "boot", stringData={"value": INSTALL}, type="cluster.x-k8s.io/secret")
    assert isinstance(check(SECRETS, secret, named), Deny)
    assert check(SECRETS, tweak(secret, "metadata.name", "other"), named) == Allow()


def test_a_single_value_from_elsewhere_is_read_as_what_it_becomes() -> None:
    source = {"kind": "ConfigMap", "name": "v", "valuesKey": "i", "targetPath": "image.repository"}
    value = manifest(CONFIG_MAPS, "v", data={"i": "x/cluster-autoscaler"})
    assert isinstance(check(HELM_RELEASES, release(valuesFrom=[source]), value), Deny)


@pytest.mark.parametrize("to", [{"server": "https://kubernetes.default.svc"}, {"name": "in-cluster"}])
def test_an_application_for_the_management_cluster_itself_is_not_our_business(to: Any) -> None:
    here = tweak(application(chart="cluster-autoscaler"), "spec.destination", to)
    assert check(APPLICATIONS, here) == Allow()
    assert check(APPLICATION_SETS, manifest(APPLICATION_SETS, "a", {"template": here}, namespace="argocd")) == Allow()
    ours = tweak(application(chart="cluster-autoscaler"), "metadata.namespace", "kube-system")
    assert check(APPLICATIONS, ours) == Allow()


def test_values_that_come_after_the_release_are_stopped_when_they_come() -> None:
    values = manifest(SECRETS, "v", stringData={"values.yaml": "image: x/cluster-autoscaler\n"}, type="Opaque")
    later = release(valuesFrom=[{"kind": "Secret", "name": "v"}])
    assert isinstance(check(SECRETS, values, later), Deny)
    stays = tweak(later, "spec.kubeConfig", None)
    assert check(SECRETS, values, stays) == check(HELM_RELEASES, stays, values) == Allow()
    # What went nowhere was not looked at before.
    assert isinstance(check(HELM_RELEASES, later, values, old=stays), Deny)


def test_what_is_there_already_can_still_be_paused_and_removed() -> None:
    old = release("cluster-autoscaler")
    assert check(HELM_RELEASES, tweak(old, "spec.suspend", True), old=old) == Allow()
    going = tweak(old, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert check(HELM_RELEASES, going, old=old) == Allow()
    worse = tweak(old, "spec.values", {"cloudProvider": "clusterapi"})
    assert isinstance(check(HELM_RELEASES, worse, old=old), Deny)


def test_what_somebody_keeps_from_going_is_looked_at_as_long_as_it_is_there() -> None:
    """A ConfigMap with a finalizer is read by its ClusterResourceSet, deleted or not."""
    harmless = tweak(CONTENT, "data", {"a.yaml": "kind: ConfigMap"})
    held = tweak(harmless, "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert isinstance(check(CONFIG_MAPS, tweak(held, "data", CONTENT["data"]), resource_set(), old=held), Deny)
    assert check(CONFIG_MAPS, held, resource_set(), old=harmless) == Allow()


def test_machines_of_ours_pass() -> None:
    plain = {"template": {"spec": {"joinConfiguration": {"nodeRegistration": {"name": "x"}}}}}
    assert check(KUBEADM_CONFIG_TEMPLATES, manifest(KUBEADM_CONFIG_TEMPLATES, "t", plain)) == Allow()
    disk = {"containerDisk": {"image": "quay.io/capk/ubuntu:v1"}}
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": [disk]}}}}}
    template = manifest(KUBEVIRT_MACHINE_TEMPLATES, "t", {"template": {"spec": machine}})
    assert check(KUBEVIRT_MACHINE_TEMPLATES, template) == Allow()


@pytest.mark.parametrize("policy", [POLICY, no_management_credentials.POLICY, no_borrowed_rights.POLICY])
def test_everything_that_we_render_ourselves_is_welcome(policy: Policy) -> None:
    golden = (Path(__file__).parents[2] / "golden").glob("*.yaml")
    made = [m for path in golden for m in yaml.load_all(path.read_text(), yaml.CSafeLoader) if m]
    resources = {rule.resource.kind: rule.resource for rule in policy.applies_to}
    asked = [m for m in made if m["kind"] in resources]
    assert {m["kind"] for m in asked} >= {"HelmRelease"}
    for found in asked:
        new = tweak(found, "metadata.namespace", "tenant-blue")
        beside = [tweak(m, "metadata.namespace", "tenant-blue") for m in made if m["kind"] == "ClusterResourceSet"]
        verdict = World(*WORLD, *beside).check(policy, request(resources[found["kind"]], new))
        assert verdict == Allow(), found["metadata"]["name"]


def test_every_kind_that_is_asked_about_can_be_read() -> None:
    asked = {(rule.resource.group, rule.resource.plural) for rule in POLICY.applies_to}
    assert asked == set(deliveries.EXTRACTS)


BOMBS = {
    "deep": "cluster-autoscaler: " + "[" * 100_000,
    "wide": "kccm: &a [b]\nc: [" + "*a, " * 120_000 + "]",
    "repeated": 'a: &a "kccm ' + "x " * 50_000 + '"\nb: [' + "*a, " * 10_000 + "]",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_cannot_be_looked_through_is_refused_once_it_goes_into_a_tenant(bomb: str) -> None:
    content = manifest(CONFIG_MAPS, "c", data={"a.yaml": bomb})
    for verdict in (check(CONFIG_MAPS, content, resource_set()), check(CLUSTER_RESOURCE_SETS, resource_set(), content)):
        assert isinstance(verdict, Deny)
        assert (verdict.code, "nobody can tell" in verdict.reason, "data.a.yaml" in verdict.reason) == (422, True, True)
    assert check(CONFIG_MAPS, content) == Allow()
    assert check(CONFIG_MAPS, tweak(content, "metadata.labels", {"a": "b"}), resource_set(), old=content) == Allow()


@pytest.mark.parametrize(
    "text",
    [
        POD * 30_000,
        '{"a": "cluster-autoscaler"}' * 40_000,
        "cluster-autoscaler\n" * 50_000,
        # A key is in the path of all that is below it, and an alias is a whole text in two letters.
        '{"cluster-autoscaler' + "k" * 700_000 + '": [' + ",".join("0" * 80_000) + "]}",
        'a: &a "cluster-autoscaler' + "\\nx y" * 5_000 + '"\nb: [' + "*a, " * 100 + "]",
    ],
)
def test_a_megabyte_is_answered_in_time(text: str) -> None:
    started = time.process_time()
    check(CONFIG_MAPS, manifest(CONFIG_MAPS, "c", data={"a.yaml": text[:1_000_000]}), resource_set())
    # A webhook of ours has ten seconds, on any machine.
    assert time.process_time() - started < 5


def test_all_that_is_found_is_told_at_once_and_not_without_end() -> None:
    verdict = check(CLUSTER_RESOURCE_SETS, resource_set(), tweak(CONTENT, "data", {f"f{n}": POD for n in range(14)}))
    assert isinstance(verdict, Deny)
    assert len(verdict.causes) == 11
    assert verdict.causes[-1].message == "and 4 more of this kind"


def test_a_name_alone_only_warns() -> None:
    named = "kind: Deployment\nmetadata: {name: kubevirt-csi-controller}\nspec: {}\n"
    verdict = check(CONFIG_MAPS, tweak(CONTENT, "data", {"a.yaml": named}), resource_set())
    assert isinstance(verdict, Allow)
    (warning,) = verdict.warnings
    assert warning.startswith(
        "data.a.yaml.metadata.name: Deployment kubevirt-csi-controller has the name of the KubeVirt"
    )
