"""What is found in what goes into a tenant, and what must not be mistaken for it."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from provisioning.components import COMPONENTS, Component, image_name, is_worth_reading
from provisioning.documents import Overgrown
from tests.placements import CA, CCM, CSI, LEFT_ALONE, REFUSED
from webhooks import boots, carriers, hubs, parts, placement
from webhooks.parts import Form, Part

POD = b"kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"


def pod(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Deployment", "spec": {"template": {"spec": {"containers": list(containers)}}}}


def found(sent: Iterable[Part]) -> list[placement.Finding]:
    return [finding for part in sent for finding in placement.find(part)]


def components(findings: list[placement.Finding]) -> set[Component]:
    return {finding.component for finding in findings}


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.0", "cluster-autoscaler"),
        ("registry.k8s.io/autoscaling/cluster-autoscaler-arm64:v1.34.0", "cluster-autoscaler"),
        ("localhost:5000/Cluster-Autoscaler@sha256:0123", "cluster-autoscaler"),
        ("kubevirt-csi-driver", "kubevirt-csi-driver"),
        ("", ""),
    ],
)
def test_images_are_compared_by_their_last_element(reference: str, name: str) -> None:
    assert image_name(reference) == name


def test_no_sign_of_a_controller_is_taken_for_not_worth_reading() -> None:
    for c in COMPONENTS:
        signs = {*c.images, *c.shared_images, *c.environment, *(f"--{flag.name}={flag.values}" for flag in c.flags)}
        assert [sign for sign in signs if not is_worth_reading(sign)] == []
    assert not is_worth_reading("kind: Deployment")


@pytest.mark.parametrize(("container", "component"), REFUSED)
def test_a_controller_is_found_by_image_flag_program_or_environment(
    container: dict[str, Any], component: Component
) -> None:
    found = placement.in_values(pod(container), at="")
    assert components(found) == {component}
    assert found[0].field.startswith("spec.template.spec.containers[0]")


@pytest.mark.parametrize("container", LEFT_ALONE)
def test_what_belongs_into_a_tenant_is_left_alone(container: dict[str, Any]) -> None:
    assert placement.in_values(pod(container), at="") == []


def test_an_underscore_in_a_flag_is_a_dash_as_programs_of_kubernetes_read_it() -> None:
    assert components(placement.in_values(pod({"args": ["--cloud_provider=kubevirt"]}), at="")) == {CCM}
    assert components(placement.in_script("/x --node_group_auto_discovery clusterapi:namespace=a", at="")) == {CA}


def test_the_driver_beside_its_sidecars_is_the_controller_whatever_its_flags() -> None:
    driver = {"image": "kubevirt-csi-driver", "args": ["--run-controller-service=false"]}
    found = placement.in_values(pod(driver, {"image": "sig-storage/csi-attacher:v4"}), at="")
    assert components(found) == {CSI}


def test_names_alone_are_no_sign() -> None:
    manifests = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: kubevirt-csi-controller-sa}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-autoscaler-workload}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: kubevirt}
provisioner: csi.kubevirt.io
"""
    assert placement.in_text(manifests, at="data.a") == []


@pytest.mark.parametrize(
    ("chart", "component"),
    [
        ("cluster-autoscaler", CA),
        ("kubevirt-ccm", CCM),
        ("kccm", CCM),
        ("kubevirt-cloud-controller-manager", CCM),
        ("kubevirt-csi", CSI),
        ("kubevirt-csi-driver", CSI),
        ("kubevirt-csi-driver-helm-chart", CSI),
        ("oci://registry.example/charts/cluster-autoscaler", CA),
    ],
)
def test_charts_are_known_by_name(chart: str, component: Component) -> None:
    assert components(placement.in_chart(chart, at="spec.chartName")) == {component}


@pytest.mark.parametrize(
    "chart", ["kubevirt-csi-node", "cilium", "cluster-proportional-autoscaler", "vertical-pod-autoscaler", ""]
)
def test_other_charts_are_left_alone(chart: str) -> None:
    assert placement.in_chart(chart, at="spec.chartName") == []


@pytest.mark.parametrize(
    "values",
    [
        {"cloudProvider": "clusterapi"},
        {"clusterAPIMode": "incluster-kubeconfig"},
        {"sub": {"image": {"repository": "registry.k8s.io/autoscaling/cluster-autoscaler"}}},
        {"image": "cluster-autoscaler:v1"},
        {"extra": "kind: Deployment\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"},
        {"extra": [pod({"image": "x/cluster-autoscaler"})]},
        {"image": {"registry": "registry.k8s.io", "name": "cluster-autoscaler"}},
        {"alias": {"cloudProvider": "clusterapi"}},
        {"patches": [{"patch": '[{"op": "replace", "path": "/spec/image", "value": "x/cluster-autoscaler:v1"}]'}]},
        {"patches": [{"patch": "- op: add\n  path: /args\n  value: [--cloud-provider, clusterapi]\n"}]},
    ],
)
def test_an_autoscaler_hidden_in_values_is_found(values: dict[str, Any]) -> None:
    assert components(placement.in_values(values, at="spec.values")) == {CA}


@pytest.mark.parametrize(
    "values",
    [
        {"cloudProvider": "aws"},
        {"nameOverride": "cluster-autoscaler"},
        {"dashboards": "https://example.org/d/cluster-autoscaler"},
        {"k8sServiceHost": "web.tenant-blue.svc"},
        None,
    ],
)
def test_values_that_only_mention_a_name_are_left_alone(values: dict[str, Any] | None) -> None:
    assert placement.in_values(values, at="spec.values") == []


@pytest.mark.parametrize(
    ("script", "component"),
    [
        ("helm install ca autoscaler/cluster-autoscaler", CA),
        ("ctr run docker.io/kubevirt/kubevirt-cloud-controller-manager:v1 ccm", CCM),
        ("kubectl apply -f https://raw.example/autoscaler/cluster-autoscaler/cloudprovider/examples/a.yaml", CA),
        ("kubevirt-csi-driver --endpoint=unix:/csi.sock", CSI),
        ("#!/bin/sh\nset -e\n/usr/bin/ccm --cloud-provider=kubevirt &", CCM),
    ],
)
def test_commands_are_read_word_by_word(script: str, component: Component) -> None:
    assert components(placement.in_text(script, at="x")) == {component}


@pytest.mark.parametrize(
    "script",
    [
        "# the cluster-autoscaler runs outside\nkubeadm join --cloud-provider=external",
        "kubevirt-csi-driver --run-controller-service=false",
        "systemctl restart kubelet",
    ],
)
def test_harmless_commands_are_left_alone(script: str) -> None:
    assert placement.in_text(script, at="x") == []


@pytest.mark.parametrize(
    "text",
    [
        "x: &c {image: x/cluster-autoscaler}\nkind: Pod\nspec:\n  containers:\n  - {name: a, <<: *c}\n",
        'kind: Pod\nspec:\n  containers:\n  - image: "x/cl\\x75ster-\\u0061utoscaler"\n',
        'kind: Pod\nspec:\n  containers:\n  - image: "x/cluster-\\\n      autoscaler"\n',
        '{"kind": "Pod", "spec": {"containers": [{"image": "x/cl\\u0075ster-autoscaler"}]}}',
        "kind: ConfigMap\ndata:\n  a: |\n    kind: Pod\n    spec: {containers: [{image: x/cluster-autoscaler}]}\n",
        "kind: Autoscaler\nspec: {image: x/cluster-autoscaler}\n",
        "helm install ca --repo https://kubernetes.github.io/autoscaler \\\n  cluster-autoscaler\n",
    ],
)
def test_what_is_spelled_so_that_it_is_not_seen_at_once_is_found(text: str) -> None:
    assert components(placement.in_text(text, at="x")) == {CA}
    assert components(placement.in_content(text, at="x")) == {CA}


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("kind: Deployment\nmetadata: {name: web-kccm}", CCM),
        ("kind: List\nitems:\n- kind: Secret\n  metadata: {name: infra-cluster-credentials}", CSI),
        ("kind: ClusterRole\nmetadata: {name: cluster-autoscaler-management}", CA),
    ],
)
def test_upstreams_names_of_objects_are_told_of_as_what_may_be(name: str, component: Component) -> None:
    (finding,) = placement.in_text(name, at="x")
    assert (finding.component, finding.certain) == (component, False)


def deployment(name: str = "it", account: str = "it", args: str = "", volumes: str = "") -> str:
    """A workload of an image that nobody knows."""
    return f"""
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    spec:
      serviceAccountName: {account}
      containers: [{{image: mirror/it, args: [{args}]}}]
      volumes: [{volumes}]
"""


SETTINGS = "{configMap: {name: cloud-config}}"
CREDENTIALS = "{secret: {secretName: infra-cluster-credentials}}"
KUBECONFIG = "{projected: {sources: [{secret: {name: access, items: [{key: value, path: kubeconfig}]}}]}}"


@pytest.mark.parametrize(
    ("text", "component"),
    [
        (deployment("kubevirt-csi-controller", volumes=CREDENTIALS), CSI),
        (deployment("web-kccm", volumes=KUBECONFIG), CCM),
        (
            deployment(account="cloud-controller-manager", args="--cloud-config=/etc/a/kubeconfig", volumes=KUBECONFIG),
            CCM,
        ),
        (deployment(account="cloud-controller-manager", volumes=SETTINGS), CCM),
        (deployment(volumes=f"{SETTINGS}, {KUBECONFIG}"), CCM),
        (deployment("cluster-autoscaler", "cluster-autoscaler", args="--cloud-provider=external"), CA),
        ("kind: ConfigMap\nmetadata: {name: cloud-config}\ndata: {cloud-config: 'kubeconfig: /etc/a'}", CCM),
        (
            "kind: List\nitems: [{kind: Pod, metadata: {name: a}, spec: {serviceAccountName: kubevirt-csi, volumes: "
            f"[{CREDENTIALS}]}}}}]",
            CSI,
        ),
    ],
)
def test_two_hints_of_different_sorts_are_a_sign(text: str, component: Component) -> None:
    (finding,) = placement.in_text(text, at="x")
    assert (finding.component, finding.certain) == (component, True)
    assert " with " in finding.evidence


@pytest.mark.parametrize(
    "text",
    [
        deployment(account="cloud-controller-manager"),
        deployment(volumes=f"{CREDENTIALS}, {KUBECONFIG}"),
        deployment(volumes=SETTINGS),
        # Another cloud's says so.
        deployment("cluster-autoscaler", "cluster-autoscaler", args="--cloud-provider=aws", volumes=KUBECONFIG),
        deployment(account="cloud-controller-manager", args="--cloud-provider, openstack", volumes=SETTINGS),
        deployment("kubevirt-csi-node", "kubevirt-csi-controller-sa", volumes=KUBECONFIG),
        "kind: ConfigMap\nmetadata: {name: cloud-config}\ndata: {cloud-config: 'region: a'}",
    ],
)
def test_one_hint_alone_that_is_no_name_is_not_told(text: str) -> None:
    assert placement.in_text(text, at="x") == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (
            {"autoDiscovery": {"clusterName": "web"}, "fullnameOverride": "web-cluster-autoscaler"},
            "autoDiscovery.clusterName",
        ),
        ({"autoDiscovery": {"clusterName": "web"}, "cloudConfigPath": "/etc/a"}, "autoDiscovery.clusterName"),
        (
            {"a": {"rbac": {"serviceAccount": {"name": "cluster-autoscaler"}}, "cloudConfigPath": "/etc/a"}},
            "a.rbac.serviceAccount.name",
        ),
    ],
)
def test_two_values_of_one_chart_that_hint_at_it_are_a_sign(values: dict[str, Any], field: str) -> None:
    (finding,) = placement.in_values(values, at="spec.values")
    assert (finding.component, finding.certain, finding.field) == (CA, True, f"spec.values.{field}")
    assert placement.in_values({**values, "cloudProvider": "aws"}, at="spec.values") == []


@pytest.mark.parametrize(
    "values",
    [
        {"autoDiscovery": {"clusterName": "web"}},
        {"autoDiscovery": {"clusterName": ""}, "cloudConfigPath": ""},
        {"nameOverride": "cluster-autoscaler", "serviceAccount": {"name": "cluster-autoscaler"}},
        {"clusterName": "web", "cloudConfigPath": "/etc/a"},
    ],
)
def test_one_value_that_hints_at_a_chart_is_not_told(values: dict[str, Any]) -> None:
    assert placement.in_values(values, at="spec.values") == []


def test_a_list_of_manifests_and_several_documents_are_all_read() -> None:
    text = """
kind: Namespace
---
kind: List
items:
- kind: Pod
  spec:
    containers:
    - {image: a/cluster-autoscaler}
"""
    (finding,) = placement.in_text(text, at="data.all")
    assert finding.field == "data.all.items[0].spec.containers[0]"


def test_yaml_that_never_ends_is_given_up_in_time() -> None:
    bomb = "a: &a [cluster-autoscaler]\n" + "".join(
        f"{n}: &{n} [{', '.join(f'*{m}' for _ in range(9))}]\n" for m, n in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    started = time.monotonic()
    with pytest.raises(Overgrown):
        placement.in_text(bomb, at="data.bomb")
    placement.in_text("a: &a\n  cluster-autoscaler: *a\n", at="data.loop")
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("between", ["\n", " "])
def test_a_script_of_more_lines_or_words_than_anybody_writes_does_not_pass(between: str) -> None:
    text = "run: |" + between.join(f"capi-{number}" for number in range(placement.LINES_MAX + 2))
    with pytest.raises(Overgrown):
        placement.in_script(text, at="data.script")
    assert placement.in_script("capi-1" + between * 500_000, at="data.script") == []


@pytest.mark.parametrize("text", ["a: [cluster-autoscaler", "\x00cluster-autoscaler"])
def test_broken_yaml_is_read_as_words_and_raises_nothing(text: str) -> None:
    placement.in_text(text, at="data.x")


def test_files_of_a_worker_are_unpacked_first() -> None:
    static_pod = b"kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"
    encoded = base64.b64encode(gzip.compress(static_pod)).decode()
    template = {
        "spec": {
            "template": {
                "spec": {
                    "files": [{"path": "/etc/motd", "content": "hi"}, {"content": encoded, "encoding": "gzip+base64"}],
                    "postKubeadmCommands": ["true", "helm install x autoscaler/cluster-autoscaler"],
                }
            }
        }
    }
    fields = [finding.field for finding in found(boots.in_kubeadm_config(template))]
    at = "spec.template.spec"
    assert fields == [f"{at}.files[1].content.spec.containers[0]", f"{at}.postKubeadmCommands[1]"]


@pytest.mark.parametrize(
    "bomb", [gzip.compress(b"\0" * 50_000_000), gzip.compress(b"") * 10_000, gzip.compress(b"\n" * 3_000_000 + POD)]
)
def test_a_gzip_bomb_is_not_unpacked_whole_and_does_not_pass(bomb: bytes) -> None:
    packed = {"content": base64.b64encode(bomb).decode(), "encoding": "gzip+base64"}
    with pytest.raises(Overgrown):
        found(boots.in_kubeadm_config({"spec": {"files": [packed]}}))


@pytest.mark.parametrize("between", [b"", b"\0\0"])
@pytest.mark.parametrize("encoding", ["gzip+base64", "gz+b64", "gzip+b64", " GZ+B64"])
def test_what_is_packed_in_several_pieces_is_read_to_its_end(encoding: str, between: bytes) -> None:
    packed = base64.b64encode(gzip.compress(b"# nothing\n") + between + gzip.compress(POD)).decode()
    user_data = f"#cloud-config\nwrite_files:\n- {{encoding: {encoding!r}, content: {packed}}}\n"
    assert components(found(boots.in_machine(with_cloud_init(userData=user_data)))) == {CA}


def test_what_follows_a_packed_file_and_is_none_hides_nothing_of_it() -> None:
    packed = base64.b64encode(gzip.compress(POD) + b"garbage").decode()
    file = {"content": packed, "encoding": "gzip+base64"}
    assert components(found(boots.in_kubeadm_config({"spec": {"files": [file]}}))) == {CA}


def test_user_data_that_is_compressed_is_unpacked_as_cloud_init_does_it() -> None:
    packed = base64.b64encode(gzip.compress(b"#cloud-config\nruncmd:\n- /x/ccm --cloud-provider=kubevirt\n")).decode()
    assert components(found(boots.in_machine(with_cloud_init(userDataBase64=packed)))) == {CCM}


def with_cloud_init(**source: str) -> dict[str, Any]:
    volumes = [{"cloudInitNoCloud": source}]
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": volumes}}}}}
    return {"spec": {"template": {"spec": machine}}}


def test_what_a_machine_gets_by_ignition_is_read() -> None:
    units = "systemd:\n  units:\n  - contents: |\n      [Service]\n      ExecStart=/x --cloud-provider=kubevirt\n"
    config = {"format": "ignition", "ignition": {"containerLinuxConfig": {"additionalConfig": units}}}
    (finding,) = found(boots.in_kubeadm_config({"spec": {"template": {"spec": config}}}))
    assert finding.component == CCM
    assert finding.field.startswith("spec.template.spec.ignition.containerLinuxConfig.additionalConfig")


def test_cloud_init_of_a_machine_is_read() -> None:
    user_data = base64.b64encode(b"#cloud-config\nruncmd:\n- |\n  ccm \\\n  --cloud-provider=kubevirt\n").decode()
    volumes = [{"cloudInitNoCloud": {"userDataBase64": user_data}}]
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": volumes}}}}}
    assert components(found(boots.in_machine({"spec": {"template": {"spec": machine}}}))) == {CCM}


def test_commands_and_files_of_cloud_init_are_read_as_what_they_are() -> None:
    static_pod = base64.b64encode(b"kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n").decode()
    user_data = f"""#cloud-config
write_files:
- {{path: /etc/kubernetes/manifests/a.yaml, encoding: b64, content: {static_pod}}}
runcmd:
- [ctr, run, quay.io/kubevirt/kubevirt-cloud-controller-manager:v1, ccm]
- /usr/bin/x --infra-cluster-namespace=blue
"""
    volumes = [{"cloudInitConfigDrive": {"userData": user_data}}]
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": volumes}}}}}
    at = "spec.virtualMachineTemplate.spec.template.spec.volumes[0].cloudInitConfigDrive.userData"
    assert {(finding.field, finding.component.name) for finding in found(boots.in_machine({"spec": machine}))} == {
        (f"{at}.write_files[0].content.spec.containers[0]", CA.name),
        (f"{at}.runcmd[0]", CCM.name),
        (f"{at}.runcmd[1]", CSI.name),
    }


def test_secrets_and_binary_data_are_decoded() -> None:
    text = base64.b64encode(b"kind: Pod\nspec:\n  containers:\n  - image: x/kubevirt-csi-driver\n").decode()
    assert components(found(parts.texts({"kind": "Secret", "data": {"a": text}}, Form.TEXT))) == {CSI}
    assert components(found(parts.texts({"kind": "ConfigMap", "binaryData": {"a": text}}, Form.TEXT))) == {CSI}
    assert found(parts.texts({"kind": "Secret", "data": {"a": "%%%"}}, Form.TEXT)) == []


@pytest.mark.parametrize(
    "manifest",
    [{}, {"spec": None}, {"spec": []}, {"spec": {"template": 3}}, {"spec": {"files": [None, "x"]}}, {"data": 1}],
)
def test_odd_shapes_are_read_without_raising(manifest: dict[str, Any]) -> None:
    for read in READERS:
        assert found(read(manifest)) == []


READERS: tuple[Callable[[Any], Iterable[Part]], ...] = (
    carriers.in_helm_release,
    carriers.in_helm_chart_proxy,
    carriers.in_kustomization,
    carriers.in_kamaji_addons,
    carriers.in_topology,
    carriers.in_cluster_class,
    boots.in_kubeadm_config,
    boots.in_kubeadm_control_plane,
    boots.in_machine,
    hubs.in_application,
    hubs.in_profile,
    lambda manifest: parts.texts(manifest, Form.TEXT),
)
