"""A guest brings nothing of the management cluster in, and keeps to its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, KUBEVIRT_MACHINES
from tests.webhooks.estate import BLUE, CATALOG, NAMESPACE, TENANT, WORLD, template, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Deny
from webhooks.policies.own_machines import POLICY

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.yaml"))
SPEC = "spec.template.spec"
VM = "virtualMachineTemplate.spec"
POD = f"{VM}.template.spec"


def fields(new: Any, *world: Any, **rest: Any) -> list[str]:
    resource = KUBEVIRT_MACHINES if new["kind"] == KUBEVIRT_MACHINES.kind else KUBEVIRT_MACHINE_TEMPLATES
    verdict = World(*(world or WORLD)).check(POLICY, request(resource, new, **rest))
    return [cause.field.removeprefix(f"{SPEC}.") for cause in verdict.causes] if isinstance(verdict, Deny) else []


def guest(path: str, value: Any) -> Any:
    return tweak(template(), f"{SPEC}.{path}", value)


def test_what_a_worker_needs_passes() -> None:
    plain = guest(f"{POD}.networks", [{"name": "default", "pod": {}}])
    plain = tweak(plain, f"{SPEC}.{POD}.domain.devices", {"interfaces": [{"name": "default", "bridge": {}}]})
    plain = tweak(plain, f"{SPEC}.{POD}.volumes", [{"name": "a", "containerDisk": {"image": "x/disk:v1"}}])
    plain = tweak(plain, f"{SPEC}.{POD}.nodeSelector", {"topology.kubernetes.io/zone": "a"})
    plain = tweak(plain, f"{SPEC}.{VM}.preference", {"kind": "VirtualMachineClusterPreference", "name": "fast"})
    plain = tweak(plain, f"{SPEC}.{POD}.domain.cpu", {"sockets": 2, "model": "host-model", "numa": {}})
    memory = {"guest": "4Gi", "hugepages": {"pageSize": "2Mi"}, "reservedOverhead": {"addedOverhead": "1Gi"}}
    plain = tweak(plain, f"{SPEC}.{POD}.domain.memory", memory)
    plain = tweak(plain, f"{SPEC}.{POD}.domain.resources", {"requests": {"cpu": "2", "memory": "4Gi"}})
    assert fields(plain) == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: str(path.stem))
def test_what_we_render_ourselves_is_within_the_same_bounds(path: Path) -> None:
    offering = tweak(CATALOG, "spec.flavors.0.gpus", [{"device": "nvidia.com/GA102GL_A10", "count": 1}])
    made = [m for m in yaml.safe_load_all(path.read_text()) if m["kind"] == KUBEVIRT_MACHINE_TEMPLATES.kind]
    assert made
    assert [fields(tweak(m, "metadata.namespace", BLUE), offering, TENANT, NAMESPACE) for m in made] == [[]] * len(made)


@pytest.mark.parametrize(
    "kind",
    [
        "configMap",
        "downwardAPI",
        "downwardMetrics",
        "ephemeral",
        "hostDisk",
        "memoryDump",
        "secret",
        "serviceAccount",
        "sysprep",
    ],
)
def test_no_credential_and_no_disk_of_a_node_comes_in_as_a_volume(kind: str) -> None:
    mounted = guest(f"{POD}.volumes", [{"name": "a", "emptyDisk": {}}, {"name": "b", kind: {"x": 1}}])
    assert fields(mounted) == [f"{POD}.volumes[1].{kind}"]
    assert fields(mounted, groups=("system:masters",)) == []


def test_no_secret_comes_in_as_cloud_init() -> None:
    data = {"secretRef": {"name": "web-ca"}, "networkDataSecretRef": {"name": "x"}, "userData": "#!"}
    found = fields(guest(f"{POD}.volumes", [{"name": "a", "cloudInitNoCloud": data}]))
    assert [field.rpartition(".")[2] for field in found] == ["networkDataSecretRef", "secretRef"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{POD}.nodeSelector", {"node-role.kubernetes.io/control-plane": ""}),
        (f"{POD}.nodeSelector", {"kubernetes.io/hostname": "a"}),
        (f"{POD}.tolerations", [{"operator": "Exists"}]),
        (f"{POD}.affinity.nodeAffinity", {"a": 1}),
        (f"{POD}.priorityClassName", "system-cluster-critical"),
        (f"{POD}.schedulerName", "mine"),
        (f"{POD}.resourceClaims", [{"name": "a"}]),
        (f"{POD}.accessCredentials", [{"sshPublicKey": {}}]),
        (f"{POD}.domain.devices.filesystems", [{"name": "a", "virtiofs": {}}]),
        (f"{POD}.domain.devices.clientPassthrough", {}),
        (f"{POD}.domain.firmware", {"kernelBoot": {"container": {"image": "x"}}}),
        (f"{VM}.template.metadata", {"annotations": {"hooks.kubevirt.io/hookSidecars": "[]"}}),
        (f"{VM}.template.metadata", {"annotations": {"k8s.v1.cni.cncf.io/networks": "infra"}}),
        (f"{VM}.preference", {"name": "fast", "revisionName": "mine-1"}),
        (f"{VM}.preference", {"inferFromVolume": "system"}),
        (f"{POD}.domain.resources", {"limits": {"nvidia.com/A100": "8"}}),
        (f"{POD}.domain.resources", {"requests": {"ephemeral-storage": "1Ti"}}),
        (f"{POD}.domain.memory.reservedOverhead", {"memLock": "Required"}),
        (f"{POD}.domain.memory.ofNextYear", "1Ti"),
        (f"{POD}.domain.cpu.ofNextYear", 64),
        ("providerID", "kubevirt://of-another"),
    ],
)
def test_what_reaches_beyond_the_guest_is_the_platforms(path: str, value: Any) -> None:
    (found,) = fields(guest(path, value))
    assert found.startswith(path)


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe"])
@pytest.mark.parametrize("way", ["httpGet", "tcpSocket"])
def test_a_probe_asks_the_guest_and_nobody_else(probe: str, way: str) -> None:
    assert fields(guest(f"{POD}.{probe}", {way: {"port": 10250}})) == []
    asking = guest(f"{POD}.{probe}", {way: {"port": 10250, "host": "127.0.0.1"}})
    assert fields(asking) == [f"{POD}.{probe}.{way}.host"]


def test_networks_are_the_pods_own() -> None:
    assert fields(guest(f"{POD}.networks", [{"name": "a", "multus": {"networkName": "infra"}}])) == [
        f"{POD}.networks[0].multus"
    ]
    sriov = guest(f"{POD}.domain.devices", {"interfaces": [{"name": "a", "sriov": {}}]})
    assert fields(sriov) == [f"{POD}.domain.devices.interfaces[0].sriov"]


@pytest.mark.parametrize("kind", ["gpus", "hostDevices"])
def test_devices_are_those_of_the_catalog(kind: str) -> None:
    passed = guest(f"{POD}.domain.devices", {kind: [{"name": "a", "deviceName": "nvidia.com/A100"}]})
    assert fields(passed) == [f"{POD}.domain.devices.{kind}[0].deviceName"]
    offering = tweak(CATALOG, "spec.flavors.0.gpus", [{"device": "nvidia.com/A100", "count": 1}])
    assert fields(passed, offering, TENANT, NAMESPACE) == []


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        ({"source": {"pvc": {"name": "a", "namespace": "tenant-red"}}}, "source.pvc.namespace"),
        ({"source": {"snapshot": {"name": "a", "namespace": "tenant-red"}}}, "source.snapshot.namespace"),
        ({"sourceRef": {"kind": "DataSource", "name": "a", "namespace": "tenant-red"}}, "sourceRef.namespace"),
        ({"storage": {"dataSourceRef": {"name": "a", "namespace": "tenant-red"}}}, "storage.dataSourceRef.namespace"),
        ({"pvc": {"volumeName": "pv-of-another"}}, "pvc.volumeName"),
        ({"storage": {"selector": {"matchLabels": {}}}}, "storage.selector"),
        ({"priorityClassName": "system-node-critical", "storage": {}}, "priorityClassName"),
        ({"source": {"vddk": {"initImageURL": "x"}}}, "source.vddk"),
        ({"source": {"http": {"url": "https://x", "secretExtraHeaders": ["a"]}}}, "source.http.secretExtraHeaders"),
        ({"source": {"registry": {"url": "docker://x", "secretRef": "a"}}}, "source.registry.secretRef"),
        ({"source": {"registry": {"url": "docker://x"}}, "storage": {}}, ""),
        ({"source": {"pvc": {"name": "a", "namespace": BLUE}}, "storage": {}}, ""),
        ({"source": {"blank": {}}, "storage": {}}, ""),
    ],
)
def test_disks_are_new_or_made_of_what_is_the_tenants(spec: Any, refused: str) -> None:
    found = fields(guest(f"{VM}.dataVolumeTemplates", [{"metadata": {"name": "a"}, "spec": spec}]))
    assert found == ([f"{VM}.dataVolumeTemplates[0].spec.{refused}"] if refused else [])


def test_a_disk_is_filled_in_the_network_of_the_pods() -> None:
    network, cdi = "k8s.v1.cni.cncf.io/networks", "cdi.kubevirt.io/storage.bind.immediate.requested"
    secret = "cdi.kubevirt.io/storage.import.secretName"
    marks = {network: "infra", cdi: "true", secret: "a"}
    disk = {"metadata": {"name": "a", "annotations": marks}, "spec": {"storage": {}}}
    found = fields(guest(f"{VM}.dataVolumeTemplates", [disk]))
    assert found == [f"{VM}.dataVolumeTemplates[0].metadata.annotations[{key}]" for key in (secret, network)]


REQUIRED, PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))


@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
@pytest.mark.parametrize(
    ("key", "value", "is_refused"),
    [
        ("namespaceSelector", {}, True),
        ("namespaceSelector", {"matchLabels": {"a": "b"}}, True),
        ("namespaces", ["tenant-red"], True),
        ("namespaceSelector", None, False),
        ("namespaces", [], False),
        ("matchLabelKeys", ["a"], False),
    ],
)
def test_a_guest_keeps_no_pod_of_another_namespace_off_its_node(
    kind: str, key: str, value: Any, is_refused: bool
) -> None:
    term = {"topologyKey": "topology.kubernetes.io/region", "labelSelector": {}, key: value}
    affinity = {REQUIRED: [term], PREFERRED: [{"weight": 1, "podAffinityTerm": term}]}
    asking = guest(f"{POD}.affinity.{kind}", affinity)
    at = f"{POD}.affinity.{kind}"
    expected = [f"{at}.{REQUIRED}[0].{key}", f"{at}.{PREFERRED}[0].podAffinityTerm.{key}"]
    assert fields(asking) == (expected if is_refused else [])
    assert fields(tweak(asking, "metadata.labels", {"a": "b"}), old=asking) == []


@pytest.mark.parametrize("where", [REQUIRED, PREFERRED])
def test_a_term_that_the_platform_wrote_stays_when_others_come_and_go(where: str) -> None:
    def term(key: str, **more: Any) -> Any:
        found = {"topologyKey": key, **more}
        return found if where == REQUIRED else {"weight": 1, "podAffinityTerm": found}

    platforms, own = term("zone", namespaces=["monitoring"]), term("host")

    def asking(*terms: Any) -> Any:
        machine = guest(f"{POD}.affinity.podAntiAffinity", {where: list(terms)})["spec"]["template"]["spec"]
        return manifest(KUBEVIRT_MACHINES, "web-0", machine)

    assert fields(asking(own, platforms), old=asking(platforms)) == []
    assert fields(asking(platforms), old=asking(own, platforms)) == []
    (found,) = fields(asking(platforms, platforms), old=asking(platforms))
    assert f"{where}[1]" in found


def test_a_machine_made_by_hand_is_held_to_the_same_and_one_copied_from_a_template_was() -> None:
    reaching = guest(f"{POD}.tolerations", [{"operator": "Exists"}])["spec"]["template"]["spec"]
    machine = manifest(KUBEVIRT_MACHINES, "web-0", reaching)
    assert fields(machine) == [f"spec.{POD}.tolerations"]
    assert fields(machine, user="system:serviceaccount:capi-system:capi-manager") == []
    assert fields(tweak(machine, "metadata.labels", {"a": "b"}), old=machine) == []
