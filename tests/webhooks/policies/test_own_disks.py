"""A disk by hand takes no Secret along, runs nothing beside, and is of nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.manifest import Manifest
from provisioning.resources import DATA_VOLUMES, PERSISTENT_VOLUME_CLAIMS, Resource
from tests.webhooks.estate import BLUE, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Deny
from webhooks.kinds import VOLUME_IMPORT_SOURCES
from webhooks.policies.own_disks import POLICY
from webhooks.policy import UPDATE, table

SIZE: Manifest = {"storage": {"resources": {"requests": {"storage": "1Gi"}}}}
CDI = "cdi.kubevirt.io/storage"


def fields(resource: Resource, new: Manifest, **rest: Any) -> list[str]:
    verdict = World(*WORLD).check(POLICY, request(resource, new, **rest))
    return [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []


@pytest.mark.parametrize("resource", [DATA_VOLUMES, VOLUME_IMPORT_SOURCES], ids=lambda resource: str(resource.kind))
@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ({"blank": {}}, ""),
        ({"upload": {}}, ""),
        ({"pvc": {"name": "a", "namespace": BLUE}}, ""),
        ({"snapshot": {"name": "a", "namespace": BLUE}}, ""),
        ({"http": {"url": "https://x", "certConfigMap": "a", "secretExtraHeaders": [], "secretRef": None}}, ""),
        ({"registry": {"url": "docker://x", "pullMethod": "node"}}, ""),
        ({"http": {"url": "https://x", "secretExtraHeaders": ["web-ca"]}}, "http.secretExtraHeaders"),
        ({"http": {"url": "https://x", "extraHeaders": ["Metadata-Flavor: Google"]}}, "http.extraHeaders"),
        ({"http": {"url": "https://x", "secretRef": "a"}}, "http.secretRef"),
        ({"registry": {"url": "docker://x", "secretRef": "a"}}, "registry.secretRef"),
        ({"vddk": {"initImageURL": "evil", "url": "https://x"}}, "vddk"),
        ({"s3": {"url": "https://x", "secretRef": "a"}}, "s3"),
        ({"of-next-year": {}}, "of-next-year"),
        ({"pvc": {"name": "a", "namespace": "tenant-red"}}, "pvc.namespace"),
    ],
)
def test_a_disk_is_made_of_what_is_open_to_anybody_or_here(resource: Resource, source: Manifest, refused: str) -> None:
    disk = manifest(resource, "a", {"source": source, **SIZE})
    assert fields(resource, disk) == ([f"spec.source.{refused}"] if refused else [])
    assert fields(resource, disk, groups=("system:masters",)) == []
    assert fields(resource, disk, user="system:serviceaccount:cdi:cdi-sa") == []
    # What is there stays, whoever goes on from there.
    assert fields(resource, tweak(disk, "metadata.labels", {"a": "b"}), old=disk) == []


@pytest.mark.parametrize("resource", [DATA_VOLUMES, PERSISTENT_VOLUME_CLAIMS], ids=lambda resource: str(resource.kind))
@pytest.mark.parametrize(
    ("key", "is_refused"),
    [
        (f"{CDI}.import.secretName", True),
        (f"{CDI}.import.secretExtraHeaders.0", True),
        (f"{CDI}.import.endpoint", True),
        (f"{CDI}.pod.vddk.initimageurl", True),
        ("k8s.v1.cni.cncf.io/networks", True),
        ("v1.multus-cni.io/default-network", True),
        (f"{CDI}.pod.retainAfterCompletion", False),
        (f"{CDI}.deleteAfterCompletion", False),
        (f"{CDI}.bind.immediate.requested", False),
        ("kubectl.kubernetes.io/last-applied-configuration", False),
    ],
)
def test_nor_does_an_annotation_say_it(resource: Resource, key: str, is_refused: bool) -> None:
    plain = manifest(resource, "a", SIZE)
    marked = manifest(resource, "a", SIZE, annotations={key: "x"})
    expected = [f"metadata.annotations[{key}]"] if is_refused else []
    assert fields(resource, marked) == fields(resource, marked, old=plain) == expected
    assert fields(resource, marked, user="system:serviceaccount:cdi:cdi-sa") == []
    assert fields(resource, tweak(marked, "metadata.labels", {"a": "b"}), old=marked) == []


def test_nor_does_one_that_comes_with_a_claims_status() -> None:
    """The API server keeps those; of a custom resource it drops them."""
    asked = {(plural, part) for _, plural, part, operation in table([POLICY]) if operation == UPDATE}
    assert {part for plural, part in asked if plural == PERSISTENT_VOLUME_CLAIMS.plural} == {"", "status"}
    plain, key = manifest(PERSISTENT_VOLUME_CLAIMS, "a", SIZE["storage"]), f"{CDI}.import.endpoint"
    marked = tweak(plain, "metadata.annotations", {key: "x"})
    found = fields(PERSISTENT_VOLUME_CLAIMS, marked, old=plain, subresource="status")
    assert found == [f"metadata.annotations[{key}]"]


def test_the_csi_controller_beside_a_cluster_makes_its_disks() -> None:
    """As kubevirt-csi-driver's `pkg/service/controller.go` does."""
    sources: list[Manifest] = [{"blank": {}}, {"pvc": {"name": "a", "namespace": BLUE}}, {"snapshot": {"name": "a"}}]
    for source in sources:
        spec = {"source": source, "storage": {**SIZE["storage"], "storageClassName": "x", "volumeMode": "Block"}}
        made = manifest(DATA_VOLUMES, "pvc-1", spec, annotations={f"{CDI}.deleteAfterCompletion": "false"})
        assert fields(DATA_VOLUMES, made, user=f"system:serviceaccount:{BLUE}:web-csi-controller") == []


def test_a_claim_is_not_made_of_what_is_in_another_namespace() -> None:
    for source, refused in (("", []), (BLUE, []), ("tenant-red", ["spec.dataSourceRef.namespace"])):
        where = {"namespace": source} if source else {}
        spec = {**SIZE["storage"], "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a", **where}}
        assert fields(PERSISTENT_VOLUME_CLAIMS, manifest(PERSISTENT_VOLUME_CLAIMS, "a", spec)) == refused


@pytest.mark.parametrize(
    "user",
    [
        "system:kube-controller-manager",
        "system:serviceaccount:kube-system:statefulset-controller",
        "system:serviceaccount:kube-system:ephemeral-volume-controller",
    ],
)
def test_nor_does_kubernetes_make_a_claim_of_it_for_whoever_wrote_it_into_a_statefulset_or_a_pod(user: str) -> None:
    key = f"{CDI}.import.secretExtraHeaders.0"
    plain = manifest(PERSISTENT_VOLUME_CLAIMS, "data-web-0", SIZE["storage"])
    marked = tweak(plain, "metadata.annotations", {key: "web-ca"})
    theirs = {**SIZE["storage"], "dataSourceRef": {"kind": "Data", "name": "a", "namespace": "tenant-red"}}
    foreign = manifest(PERSISTENT_VOLUME_CLAIMS, "data-web-0", theirs)
    assert fields(PERSISTENT_VOLUME_CLAIMS, plain, user=user) == []
    assert fields(PERSISTENT_VOLUME_CLAIMS, marked, user=user) == [f"metadata.annotations[{key}]"]
    assert fields(PERSISTENT_VOLUME_CLAIMS, foreign, user=user) == ["spec.dataSourceRef.namespace"]
    # What is there it binds, and marks, whoever made it.
    assert fields(PERSISTENT_VOLUME_CLAIMS, tweak(foreign, "spec.volumeName", "v"), old=foreign, user=user) == []
    assert fields(PERSISTENT_VOLUME_CLAIMS, marked, user=user, groups=("system:masters",)) == []
    for elsewhere in ("elsewhere", "kube-system"):
        assert fields(PERSISTENT_VOLUME_CLAIMS, tweak(marked, "metadata.namespace", elsewhere), user=user) == []


def test_namespaces_of_nobody_are_left_alone() -> None:
    spec = {"source": {"vddk": {}}, **SIZE}
    assert fields(DATA_VOLUMES, manifest(DATA_VOLUMES, "a", spec, namespace="elsewhere")) == []
