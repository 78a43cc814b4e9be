"""An ordinary day in a tenant's namespace: what controllers and GitOps write there all the time, no policy refuses.

Each row is a write as its author makes it, judged by every policy that applies to it. A door that refuses what is
legitimate is the first thing to be switched off.
"""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import (
    CATALOGS,
    CLUSTERS,
    DATA_VOLUMES,
    HELM_RELEASES,
    HELM_REPOSITORIES,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    NAMESPACES,
    PERSISTENT_VOLUME_CLAIMS,
    SECRETS,
    SERVICES,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
    TENANTS,
    VIRTUAL_MACHINE_INSTANCES,
    VIRTUAL_MACHINES,
    Resource,
)
from tests.webhooks.estate import WORLD, cluster, deployment, owned, template, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Deny
from webhooks.kinds import APPLICATIONS, KUSTOMIZATIONS, PROFILES
from webhooks.policies import POLICIES
from webhooks.policies.own_infrastructure import MANAGED_BY, MOVED_AWAY
from webhooks.policies.platform_only import MACHINERY
from webhooks.policy import about, table
from webhooks.trusted import Trusted

ASKED = table(POLICIES)


Write = tuple[str, str, Resource, Any, Any]
"""What it is about, who writes it, its kind, the object and what it was before."""


def account(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


CLUSTER_API = account("capi-system", "capi-manager")
PROVIDER = account("capk-system", "capk-manager")
KAMAJI = account("kamaji-system", "kamaji-controller-manager")
KUBEVIRT = account("kubevirt", "kubevirt-controller")
IMPORTER = account("cdi", "cdi-sa")
SOURCES = account("flux-system", "source-controller")
# Flux applies what a tenant has in Git as an account of the tenant's.
GITOPS = account("tenant-blue", "gitops")
VELERO = account("velero", "velero")
PLATFORM = "pat"
ARGO_CD = account("argocd", "argocd-application-controller")
MIGRATIONS = next(kind for kind in MACHINERY if kind.kind == "VirtualMachineInstanceMigration")

CLUSTER = manifest(
    CLUSTERS,
    "raw",
    {
        "controlPlaneRef": {"apiGroup": KAMAJI_CONTROL_PLANES.group, "kind": "KamajiControlPlane", "name": "raw"},
        "infrastructureRef": {"apiGroup": KUBEVIRT_CLUSTERS.group, "kind": "KubevirtCluster", "name": "raw"},
    },
)
POOL = deployment("raw-md", replicas=2)
SET = owned({**deployment("raw-md-a", replicas=2), "kind": "MachineSet"}, POOL)
MACHINE = owned(
    manifest(
        MACHINES,
        "raw-md-a-1",
        {
            "clusterName": "raw",
            "bootstrap": {
                "configRef": {"apiGroup": "bootstrap.cluster.x-k8s.io", "kind": "KubeadmConfig", "name": "b"}
            },
            "infrastructureRef": {"apiGroup": KUBEVIRT_MACHINES.group, "kind": "KubevirtMachine", "name": "raw-md-a-1"},
        },
        finalizers=["machine.cluster.x-k8s.io"],
    ),
    SET,
)
GUEST = owned(manifest(KUBEVIRT_MACHINES, "raw-md-a-1", template()["spec"]["template"]["spec"]), MACHINE)
VM = manifest(VIRTUAL_MACHINES, "raw-md-a-1", GUEST["spec"]["virtualMachineTemplate"]["spec"])
STARTED = manifest(VIRTUAL_MACHINE_INSTANCES, "raw-md-a-1", VM["spec"]["template"]["spec"])
ENTRANCE = manifest(KUBEVIRT_CLUSTERS, "raw", {}, annotations={MANAGED_BY: "kamaji"})
FRONT = manifest(KAMAJI_CONTROL_PLANES, "raw", {"version": "v1.34.2", "replicas": 1, "addons": {}})
BEHIND = owned(manifest(TENANT_CONTROL_PLANES, "raw", {"controlPlane": {"deployment": {"replicas": 1}}}), FRONT)
LOCAL = {
    "serviceAccountName": "gitops",
    "interval": "5m",
    "path": "./",
    "sourceRef": {"kind": "GitRepository", "name": "a"},
}
KUSTOMIZATION = manifest(KUSTOMIZATIONS, "apps", LOCAL)
CHART = {"chart": "redis", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}
RELEASE = manifest(HELM_RELEASES, "redis", {"serviceAccountName": "gitops", "chart": {"spec": CHART}})
REPOSITORY = manifest(HELM_REPOSITORIES, "charts", {"url": "https://charts.example.org"})
APPLICATION = manifest(
    APPLICATIONS,
    "web-cilium",
    {
        "destination": {"name": "web"},
        "source": {"repoURL": "https://helm.example.org", "chart": "cilium", "targetRevision": "1.18.2"},
    },
    namespace="argocd",
)
CLAIM = manifest(PERSISTENT_VOLUME_CLAIMS, "data", {"resources": {"requests": {"storage": "1Gi"}}})
DISK = manifest(
    DATA_VOLUMES, "data", {"source": {"blank": {}}, "storage": {"resources": {"requests": {"storage": "1Gi"}}}}
)
SNAPSHOT = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "a"}
OF_SNAPSHOT = tweak(CLAIM, "spec.dataSource", SNAPSHOT)
DISK_OF_SNAPSHOT = tweak(DISK, "spec.source", {"snapshot": {"name": "a", "namespace": "tenant-blue"}})
AUTHORITY = manifest(SECRETS, "db-ca", data={"ca.crt": "a", "ca.key": "b"})
PROFILE = manifest(PROFILES, "base", {"policyRefs": [{"kind": "ConfigMap", "name": "a", "namespace": "tenant-blue"}]})
THERE = (*WORLD, CLUSTER, template(), POOL, SET, MACHINE, GUEST, VM, FRONT, BEHIND, REPOSITORY)


def marked(it: Any, key: str = "a.dev/b", value: str = "c") -> Any:
    return tweak(it, "metadata.annotations", {key: value})


DAY: list[Write] = [
    # Flux, in the management cluster, for a tenant.
    ("a release comes", GITOPS, HELM_RELEASES, RELEASE, None),
    ("is suspended", "ann", HELM_RELEASES, tweak(RELEASE, "spec.suspend", True), RELEASE),
    ("is tried at once", "ann", HELM_RELEASES, marked(RELEASE, "reconcile.fluxcd.io/requestedAt"), RELEASE),
    ("gets other values", "ann", HELM_RELEASES, tweak(RELEASE, "spec.values", {"a": "b"}), RELEASE),
    ("a kustomization comes", GITOPS, KUSTOMIZATIONS, KUSTOMIZATION, None),
    ("is suspended", "ann", KUSTOMIZATIONS, tweak(KUSTOMIZATION, "spec.suspend", True), KUSTOMIZATION),
    ("a repository comes", GITOPS, HELM_REPOSITORIES, REPOSITORY, None),
    ("is tried at once", "ann", HELM_REPOSITORIES, marked(REPOSITORY), REPOSITORY),
    # Argo CD, into a tenant.
    ("an application comes", "ann", APPLICATIONS, APPLICATION, None),
    ("is refreshed", ARGO_CD, APPLICATIONS, marked(APPLICATION, "argocd.argoproj.io/refresh"), APPLICATION),
    ("is synced", ARGO_CD, APPLICATIONS, {**APPLICATION, "operation": {"sync": {"revision": "1.18.2"}}}, APPLICATION),
    # Operators that run beside the tenants.
    ("a database's authority", account("cnpg-system", "cnpg-manager"), SECRETS, AUTHORITY, None),
    ("is renewed", account("cnpg-system", "m"), SECRETS, tweak(AUTHORITY, "data", {"ca.key": "c"}), AUTHORITY),
    (
        "a certificate",
        account("cert-manager", "cert-manager"),
        SECRETS,
        manifest(SECRETS, "a", data={"tls.key": "a"}),
        None,
    ),
    ("a database's disk", account("cnpg-system", "cnpg-manager"), PERSISTENT_VOLUME_CLAIMS, CLAIM, None),
    ("a profile for all clusters", "ann", PROFILES, PROFILE, None),
    # Cluster API and its providers.
    ("is paused", "ann", CLUSTERS, tweak(CLUSTER, "spec.paused", True), CLUSTER),
    (
        "gets its address",
        KAMAJI,
        CLUSTERS,
        tweak(CLUSTER, "spec.controlPlaneEndpoint", {"host": "a", "port": 1}),
        CLUSTER,
    ),
    ("is labelled", "ann", CLUSTERS, tweak(CLUSTER, "metadata.labels", {"a": "b"}), CLUSTER),
    ("scales a set", CLUSTER_API, MACHINE_SETS, tweak(SET, "spec.replicas", 1), SET),
    ("makes a machine", CLUSTER_API, MACHINES, MACHINE, None),
    ("copies its template", CLUSTER_API, KUBEVIRT_MACHINES, GUEST, None),
    ("notes where it is", PROVIDER, KUBEVIRT_MACHINES, tweak(GUEST, "spec.providerID", "kubevirt://a"), GUEST),
    ("the same", CLUSTER_API, MACHINES, tweak(MACHINE, "spec.providerID", "kubevirt://a"), MACHINE),
    ("and its zone", CLUSTER_API, MACHINES, tweak(MACHINE, "spec.failureDomain", "a"), MACHINE),
    ("makes its guest", PROVIDER, VIRTUAL_MACHINES, VM, None),
    (
        "boots it",
        account("capi-kubeadm-bootstrap-system", "m"),
        SECRETS,
        manifest(SECRETS, "b", data={"value": "a"}),
        None,
    ),
    ("makes what is behind", KAMAJI, TENANT_CONTROL_PLANES, BEHIND, None),
    ("its keys", KAMAJI, SECRETS, owned(manifest(SECRETS, "raw-ca", data={"ca.key": "a"}), BEHIND), None),
    ("its kubeconfig", KAMAJI, SECRETS, owned(manifest(SECRETS, "raw-kubeconfig", data={"value": "a"}), FRONT), None),
    # KubeVirt and its importer.
    ("starts a guest", KUBEVIRT, VIRTUAL_MACHINE_INSTANCES, owned(STARTED, VM), None),
    ("moves one off a node", KUBEVIRT, MIGRATIONS, manifest(MIGRATIONS, "a", {"vmiName": "raw-md-a-1"}), None),
    ("claims for a disk", IMPORTER, PERSISTENT_VOLUME_CLAIMS, owned(CLAIM, DISK), None),
    (
        "says how far it is",
        IMPORTER,
        PERSISTENT_VOLUME_CLAIMS,
        marked(CLAIM, "cdi.kubevirt.io/storage.import.endpoint", "https://a"),
        CLAIM,
    ),
    # Kubernetes itself.
    (
        "binds a claim",
        account("kube-system", "persistent-volume-binder"),
        PERSISTENT_VOLUME_CLAIMS,
        marked(CLAIM),
        CLAIM,
    ),
    (
        "the same",
        "system:kube-controller-manager",
        PERSISTENT_VOLUME_CLAIMS,
        tweak(CLAIM, "spec.volumeName", "v"),
        CLAIM,
    ),
    (
        "chooses a node",
        "system:kube-scheduler",
        PERSISTENT_VOLUME_CLAIMS,
        marked(CLAIM, "volume.kubernetes.io/a"),
        CLAIM,
    ),
    (
        "lets go of an orphan",
        account("kube-system", "generic-garbage-collector"),
        MACHINE_SETS,
        tweak(SET, "metadata.ownerReferences", []),
        SET,
    ),
    # Snapshots, backups of what is stored, and autoscalers.
    ("a claim of a snapshot", "ann", PERSISTENT_VOLUME_CLAIMS, OF_SNAPSHOT, None),
    ("a disk of a snapshot", "ann", DATA_VOLUMES, DISK_OF_SNAPSHOT, None),
    ("is bound", account("rook-ceph", "csi-provisioner"), PERSISTENT_VOLUME_CLAIMS, marked(OF_SNAPSHOT), OF_SNAPSHOT),
    (
        "grows",
        account("rook-ceph", "csi-resizer"),
        PERSISTENT_VOLUME_CLAIMS,
        tweak(CLAIM, "status", {"capacity": {"storage": "2Gi"}}),
        CLAIM,
    ),
    (
        "is in a backup",
        VELERO,
        PERSISTENT_VOLUME_CLAIMS,
        tweak(CLAIM, "metadata.labels", {"velero.io/backup-name": "a"}),
        CLAIM,
    ),
    (
        "has more Pods",
        account("kube-system", "horizontal-pod-autoscaler"),
        MACHINE_SETS,
        tweak(SET, "spec.replicas", 1),
        SET,
    ),
    ("a front for an application", "ann", SERVICES, manifest(SERVICES, "a", {"type": "ClusterIP"}), None),
    ("a namespace is labelled", "ann", NAMESPACES, tweak(WORLD[2], "metadata.labels.a", "b"), WORLD[2]),
]


# What `clusterctl move` leaves on an object before it deletes it.
GONE = {MOVED_AWAY: ""}
MACHINERY_OF_RAW = ((CLUSTERS, CLUSTER), (KAMAJI_CONTROL_PLANES, FRONT), (KUBEVIRT_CLUSTERS, ENTRANCE))
MACHINES_OF_RAW = ((MACHINE_DEPLOYMENTS, POOL), (MACHINE_SETS, SET), (MACHINES, MACHINE), (KUBEVIRT_MACHINES, GUEST))
ALL_OF_RAW = (*MACHINERY_OF_RAW, *MACHINES_OF_RAW)
MOVED: list[Write] = [
    # Cluster API's `clusterctl move`, in: each with its owner, who has another uid here.
    ("comes paused", PLATFORM, CLUSTERS, tweak(CLUSTER, "spec.paused", True), None),
    *(("comes", PLATFORM, kind, owned(it, CLUSTER), None) for kind, it in MACHINERY_OF_RAW[1:]),
    ("comes", PLATFORM, KUBEVIRT_MACHINE_TEMPLATES, owned(template("moved"), CLUSTER), None),
    ("comes", PLATFORM, MACHINE_DEPLOYMENTS, owned(POOL, CLUSTER), None),
    *(("comes", PLATFORM, kind, it, None) for kind, it in MACHINES_OF_RAW[1:]),
    ("its kubeconfig", PLATFORM, SECRETS, owned(manifest(SECRETS, "raw-kubeconfig", data={"value": "a"}), FRONT), None),
    ("goes on", PLATFORM, CLUSTERS, CLUSTER, tweak(CLUSTER, "spec.paused", True)),
    # And out.
    *(("is marked", PLATFORM, kind, tweak(it, "metadata.annotations", GONE), it) for kind, it in ALL_OF_RAW),
    *(("is let go", PLATFORM, kind, tweak(it, "metadata.finalizers", []), it) for kind, it in ALL_OF_RAW),
    *(("goes", PLATFORM, kind, None, it) for kind, it in ALL_OF_RAW),
    # Velero, whom the platform has named as one of it: namespaces first, each without owners and status.
    ("a namespace", VELERO, NAMESPACES, WORLD[2], None),
    ("a tenant", VELERO, TENANTS, WORLD[1], None),
    ("the catalog", VELERO, CATALOGS, WORLD[0], None),
    ("a claim", VELERO, PERSISTENT_VOLUME_CLAIMS, marked(CLAIM, "cdi.kubevirt.io/storage.import.endpoint"), None),
    ("keys", VELERO, SECRETS, manifest(SECRETS, "raw-ca", data={"ca.crt": "a", "ca.key": "b"}), None),
    ("a kubeconfig", VELERO, SECRETS, manifest(SECRETS, "raw-kubeconfig", data={"value": "a"}), None),
    *(
        ("alone", VELERO, kind, tweak(it, "metadata.ownerReferences", None), None)
        for kind, it in (*ALL_OF_RAW, (TENANT_CONTROL_PLANES, BEHIND), (VIRTUAL_MACHINES, VM), (DATA_VOLUMES, DISK))
    ),
    ("a status", VELERO, TENANT_CLUSTERS, {**cluster(), "status": {"phase": "Ready"}}, cluster()),
]


def refusals(user: str, kind: Resource, new: Any, old: Any, trusted: Trusted) -> dict[str, str]:
    """Why each policy that refuses the write does."""
    name = (new or old)["metadata"]["name"]
    there = [it for it in THERE if (it["kind"], it["metadata"]["name"]) != (kind.kind, name)]
    part = "status" if old and new and old.get("status") != new.get("status") else ""
    asked = request(kind, new and {**new, "apiVersion": kind.api_version}, old=old, user=user, subresource=part)
    world = World(*there, *([old] if old else []))
    verdicts = {policy.name: world.check(policy, asked, trusted=trusted) for policy in ASKED.get(about(asked), ())}
    return {name: verdict.reason for name, verdict in verdicts.items() if isinstance(verdict, Deny)}


def called(rows: list[Write]) -> list[str]:
    return [f"{number}-{row[0]}-{row[2].kind}".replace(" ", "-") for number, row in enumerate(rows)]


@pytest.mark.parametrize(("user", "kind", "new", "old"), [row[1:] for row in DAY], ids=called(DAY))
def test_nobody_is_kept_from_an_ordinary_days_work(user: str, kind: Resource, new: Any, old: Any) -> None:
    assert refusals(user, kind, new, old, Trusted()) == {}


@pytest.mark.parametrize(("user", "kind", "new", "old"), [row[1:] for row in MOVED], ids=called(MOVED))
def test_the_platform_moves_and_restores_what_there_is_room_for(user: str, kind: Resource, new: Any, old: Any) -> None:
    assert refusals(user, kind, new, old, Trusted(platform_users=frozenset({PLATFORM, VELERO}))) == {}


def test_a_cluster_that_was_there_before_the_tenant_goes_on() -> None:
    before = manifest(KUBEVIRT_CLUSTERS, "raw", {})
    after = tweak(before, "spec.controlPlaneEndpoint", {"host": "a", "port": 6443})
    asked = request(KUBEVIRT_CLUSTERS, after, old=before, user=PROVIDER)
    verdicts = [World(*THERE).check(policy, asked) for policy in ASKED[about(asked)]]
    assert [verdict for verdict in verdicts if isinstance(verdict, Deny)] == []
    assert MANAGED_BY not in after["metadata"].get("annotations", {})
